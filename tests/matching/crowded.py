"""Nights in which many kinds of people want few public-welfare posts: the scenes of the tests about the regulated order."""

from datetime import date, timedelta

import numpy as np

from matching.nightly import NightState
from tests.matching.people import TODAY, household, member, position, table

CITIES = (("440103", 113.24, 23.12), ("440604", 113.16, 23.08), ("440304", 114.05, 22.53))
CATEGORIES = ("zero_employment", "dibao", "older", "carer", "")


def crowded(seed, n=24, m=10, cities=1):
    """Return the tables of a night at random: people of every place in the order, referrals of every kind, locks, earlier placements."""
    rng = np.random.default_rng(seed)
    people, homes, posts = [], [], []
    for k in range(n):
        region, lng, lat = CITIES[k // 2 % cities]
        people.append(
            member(
                member_id=f"M{k:03}", household_id=f"H{k // 2:03}", region_code=region, categories=str(rng.choice(CATEGORIES)),
                birth_month=str(rng.choice(["1970-03", "1984-05", "1995-11"])), disability_level=2 if rng.random() < 0.1 else None,
                commute_limit_minutes=int(rng.choice([15, 40, 90])) if rng.random() < 0.9 else None, willing=bool(rng.random() < 0.95),
                longitude=None if rng.random() < 0.1 else lng + 0.05 * rng.random(), latitude=lat + 0.05 * rng.random(),
            )
        )  # fmt: skip
        if k % 2 == 0:
            status = str(rng.choice(["in_service", "in_service", "one_employed", "stable", "closed", "applied"]))
            homes.append(household(household_id=f"H{k // 2:03}", file_no=f"F{k}", region_code=region, status=status))
    for k in range(m):
        region, lng, lat = CITIES[k % cities]
        posts.append(
            position(
                position_id=f"P{k:03}", kind="PUBLIC_WELFARE" if rng.random() < 0.7 else "EMPLOYER", openings_total=2, region_code=region,
                openings_left=int(rng.integers(1, 3)), home_based=bool(rng.random() < 0.1), wage_min=int(260_000 + 60_000 * rng.random()),
                longitude=None if rng.random() < 0.1 else lng + 0.05 * rng.random(), latitude=lat + 0.05 * rng.random(),
            )
        )  # fmt: skip
    pairs = rng.permutation(n * m)[: n // 2]
    return {
        "members": people, "households": homes, "positions": posts,
        "referrals": [_referral(rng, k, int(p // m), int(p % m)) for k, p in enumerate(pairs[: n // 3])],
        "locks": [_lock(rng, k, int(p // m), int(p % m)) for k, p in enumerate(pairs[n // 3 :])],
        "placements": [_placement(rng, k) for k in rng.permutation(n)[:3]],
        "promises": [_promise(rng, h["household_id"]) for h in homes if h["status"] == "in_service" and rng.random() < 0.7],
        "employers": [{"employer_id": "E1", "name": "示例公司", "region_code": "440103"}],
    }  # fmt: skip


def scene(seed, **size):
    """Return a crowded night as a state."""
    return NightState(TODAY, **{name: table(name, *rows) for name, rows in crowded(seed, **size).items()})


def _referral(rng, k, i, j):
    state, days = str(rng.choice(["issued", "issued", "accepted", "declined", "draft"])), int(rng.choice([2, 60]))
    return {
        "referral_id": f"R{k:03}", "member_id": f"M{i:03}", "position_id": f"P{j:03}", "created_on": TODAY - timedelta(days=days),
        "source": "night" if state == "draft" else "caseworker", "state": state,
        "outcome_on": TODAY if state == "declined" else None,
    }  # fmt: skip


def _lock(rng, k, i, j):
    kind, alone = str(rng.choice(["pin", "pin", "exclude", "hold"])), rng.random()
    return {
        "lock_id": f"L{k:03}", "kind": kind, "made_by": "officer", "made_on": date(2026, 6, 9), "reason_code": "OFFICER",
        "member_id": None if kind == "hold" and alone < 0.3 else f"M{i:03}",
        "position_id": None if kind == "hold" and alone > 0.6 else f"P{j:03}",
    }  # fmt: skip


def _placement(rng, k):
    return {
        "placement_id": f"X{k:03}", "member_id": f"M{k:03}", "kind": "PUBLIC_WELFARE", "started_on": date(2024, 1, 10),
        "ended_on": date(2025, 6, 30) if rng.random() < 0.8 else None, "evidence": "contract", "verified_on": date(2024, 1, 12),
    }  # fmt: skip


def _promise(rng, household_id):
    due = TODAY + timedelta(days=int(rng.integers(1, 29)))
    return {
        "promise_id": f"C{household_id}",
        "household_id": household_id,
        "started_on": due - timedelta(days=30),
        "due_on": due,
    }
