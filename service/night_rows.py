"""A shard's plan as rows of the record: its proposals, what each rests on, and which of them the day has left room for."""

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from datetime import date

import pandas as pd

from matching.nightly import NightPlan
from matching.nightly_scene import heard, room_of
from matching.policy.load import PolicyBook
from matching.vocabulary import OPEN_REFERRAL_STATES
from service.night_parts import plan_of
from service.storage.transactions import Transaction
from service.use_cases.shown import kept_inputs


@dataclass(frozen=True, slots=True)
class PartRows:
    """A shard's plan, its ``proposals`` as rows of the record, and ``shown`` what each of them rests on, row by row."""

    plan: NightPlan
    proposals: pd.DataFrame
    shown: pd.DataFrame

    @classmethod
    def of(cls, run_id: str, packed: bytes, as_of: date) -> "PartRows":
        """Return the rows of a plan that was packed: all that is made of it without looking at the record."""
        plan = plan_of(packed)
        rows = proposals(run_id, plan, as_of)
        return cls(plan, rows, suggestions(rows, plan))


def proposals(run_id: str, plan: NightPlan, as_of: date) -> pd.DataFrame:
    """Return a shard's new referrals as rows of the record; the same run and pair have the same number for ever."""
    made = plan.referrals
    pairs = zip(made["member_id"], made["position_id"], strict=True)
    return pd.DataFrame(
        {
            "referral_id": [f"R{hashlib.sha256(f'{run_id}|{m}|{p}'.encode()).hexdigest()[:20]}" for m, p in pairs],
            "member_id": made["member_id"],
            "position_id": made["position_id"],
            "created_on": pd.Timestamp(as_of),
            "source": "night",
            "model_version": plan.model_version,
            "run_id": run_id,
            "p_placed": made["p_placed"],
            "p_stays": made["p_stays"],
            "rank_shown": made["rank_shown"],
            "suitability": made["suitability"],
            "state": "draft",
        }
    )


def suggestions(made: pd.DataFrame, plan: NightPlan) -> pd.DataFrame:
    """Return what each proposal rests on, in the order of the proposals and in the form of a list that was shown: some 250 bytes of inputs each, and why this kind of post."""
    pair, same = (
        ["member_id", "position_id"],
        ["run_id", "member_id", "position_id", "p_placed", "p_stays", "model_version"],
    )
    worth = plan.referrals[[*pair, "utility", "trade", "p_other_side"]]
    rows = made.merge(worth, on=pair).merge(plan.inputs, on=pair)
    kept = [kept_inputs(features) for features in rows["features"]]
    reasons = [
        json.dumps([{"code": code, "facts": {"p_other_side": other}}])
        for code, other in zip(rows["trade"].tolist(), rows["p_other_side"].tolist(), strict=True)
    ]
    return rows[same].assign(
        suggestion_id=[f"{run}-{number[1:]}" for run, number in zip(rows["run_id"], rows["referral_id"], strict=True)], rank=rows["rank_shown"], score=rows["utility"],
        reasons=reasons, problems="[]", unknowns="[]", **{name: [k[name] for k in kept] for name in ("features_hash", "features")},
        shown_on=rows["created_on"], action="none",
    )  # fmt: skip


def still_room(tx: Transaction, rows: pd.DataFrame, as_of: date, policy: PolicyBook) -> list[bool]:
    """Mark the rows whose post is open and has room and whose member has a slot, as the record stands inside the transaction."""
    posts, people = rows["position_id"].unique().tolist(), rows["member_id"].unique().tolist()
    now = tx.read_among("positions", ["position_id", "status", "kind", "openings_left"], "position_id", posts)
    places = dict(zip(now["position_id"], room_of(now, policy) * (now["status"] == "open"), strict=True))
    columns = ["member_id", "position_id", "state", "created_on"]
    at_posts = tx.read_among("referrals", columns, "position_id", posts, state=sorted(OPEN_REFERRAL_STATES))
    of_people = tx.read_among("referrals", columns, "member_id", people, state=sorted(OPEN_REFERRAL_STATES))
    held = Counter(at_posts.loc[heard(at_posts, as_of, policy), "position_id"])
    slots = Counter(of_people.loc[heard(of_people, as_of, policy), "member_id"])
    pairs = set(zip(of_people["member_id"], of_people["position_id"], strict=True))
    most, good = policy.whole("night.max_open_referrals"), []
    for member, post in zip(rows["member_id"], rows["position_id"], strict=True):
        fits = held[post] < places.get(post, 0) and slots[member] < most and (member, post) not in pairs
        held[post] += fits
        slots[member] += fits
        good.append(fits)
    return good
