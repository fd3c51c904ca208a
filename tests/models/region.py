"""One small simulated region and what is learned from it, made once a process; and hand-made records a person can follow."""

from datetime import date
from functools import cache

import pandas as pd

from matching.policy.load import load_policy
from models.datasets import training_frame
from models.evaluate import evaluate_split
from models.record import checked_tables
from models.simulation import SCENARIOS, simulate_region
from models.train import TrainConfig, train
from tests.matching.people import member, position, table

QUICK = TrainConfig(weighting="none", max_rounds=40, n_threads=1)
DAY = date(2026, 3, 2)


@cache
def tables():
    """Return a simulated region's tables, checked."""
    return checked_tables(simulate_region(SCENARIOS["base"], 0).tables)


@cache
def trained():
    """Return the scorer learned from the region."""
    return train(tables(), QUICK)


@cache
def evaluation():
    """Return the evaluation of the region."""
    return evaluate_split(tables(), QUICK)


@cache
def frame():
    """Return the region's training rows."""
    return training_frame(tables(), policy())


def policy():
    """Return the province's policy."""
    return load_policy("440000", date(2026, 6, 10))


def referral(number=1, **changes):
    """Return a referral row: member M1 to post P1 on ``DAY``, rejected after four days."""
    return {
        "referral_id": f"R{number}", "member_id": "M1", "position_id": "P1", "created_on": DAY, "state": "rejected", "reason": "SKILL",
        "reason_side": "employer", "outcome_on": date(2026, 3, 6), **changes,
    }  # fmt: skip


def assessment(on, score=80, dimension="physical_stamina"):
    """Return an assessment row of member M1."""
    return {
        "member_id": "M1",
        "assessed_on": on,
        "instrument": "GATB",
        "mode": "test",
        "dimension": dimension,
        "score": score,
    }


def placement(on, **changes):
    """Return a placement row of member M1 at post P1."""
    return {
        "placement_id": "L1",
        "member_id": "M1",
        "position_id": "P1",
        "kind": "EMPLOYER",
        "started_on": on,
        "evidence": "contract",
        **changes,
    }


def record(*referrals, assessments=(), placements=(), members=None, positions=None):
    """Return tables around these referrals: member M1 and M2, posts P1 (wants stamina 60, two openings) and P2."""
    people = members or [member(), member(member_id="M2", household_id="H2")]
    posts = positions or [position(required_skills="physical_stamina:60"), position(position_id="P2")]
    posts = [
        {**p, "posted_on": date(2026, 2, 20), "last_confirmed_on": date(2026, 2, 27), "verified_on": date(2026, 2, 21)}
        for p in posts
    ]
    return {
        "members": table("members", *people), "positions": table("positions", *posts), "referrals": table("referrals", *referrals),
        "assessments": table("assessments", *assessments), "placements": table("placements", *placements),
    }  # fmt: skip


def rows(**columns):
    """Return a plain frame of columns."""
    return pd.DataFrame(columns)
