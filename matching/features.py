"""What a scorer may know of a pair: the feature list and its one builder, used by training, the API and the batch alike.

Sex, age, birthplace, household registration, marital and family status, disability, carrier status, subsistence allowance and
restricted categories are not here and never may be; functional limits act through eligibility only.
"""

from dataclasses import dataclass

import numpy as np

from matching.arrays import Float32s, Floats, Ints
from matching.pairing import Pairing
from matching.scoring import PairFrame
from matching.vocabulary import POSITION_KINDS


@dataclass(frozen=True, slots=True)
class Feature:
    """One input of the scorers: ``direction`` +1 never lowers the chance as it rises, -1 never raises it, 0 is free."""

    name: str
    unit: str
    direction: int
    reason: str
    meaning: str


FEATURES: tuple[Feature, ...] = (
    Feature(
        "skill_gap_mean", "10 points", -1, "SKILL", "mean shortfall over the required dimensions that are assessed"
    ),
    Feature("skill_gap_max", "10 points", -1, "SKILL", "largest such shortfall"),
    Feature("skill_gap_essential", "10 points", -1, "SKILL", "largest shortfall over the essential dimensions"),
    Feature("skill_margin", "10 points", +1, "SKILL", "mean of have minus need, shortfalls negative"),
    Feature("skill_need", "10 points", 0, "SKILL_DEMAND", "mean level required"),
    Feature("skills_unknown", "share", 0, "SKILL_UNKNOWN", "share of required dimensions not assessed"),
    Feature("commute_minutes", "minute", -1, "COMMUTE", "way to work"),
    Feature("commute_over_limit", "minute", -1, "COMMUTE", "minutes above the member's limit"),
    Feature("wage_over_minimum", "log", +1, "WAGE", "mid wage against the workplace's minimum wage"),
    Feature("wage_over_floor", "log", +1, "WAGE", "mid wage against the member's floor"),
    Feature("wage_span", "share", 0, "WAGE", "width of the wage offered"),
    Feature("experience_same", "log month", +1, "EXPERIENCE", "months in the same occupation"),
    Feature("experience_near", "log month", +1, "EXPERIENCE", "months in the same middle group"),
    Feature("experience_field", "log month", +1, "EXPERIENCE", "months in the same major group"),
    Feature("experience_short", "month", -1, "EXPERIENCE", "months short of the experience required"),
    Feature("wanted", "0/1", +1, "WISH", "the occupation is one the member wants"),
    Feature("wishes_told", "0/1", 0, "WISH", "the member named wanted occupations"),
    Feature("excluded_tasks", "count", -1, "TASK", "tasks of the post the member excludes"),
    Feature("education_short", "level", -1, "EDUCATION", "levels below the education required"),
    Feature("education_over", "level", 0, "EDUCATION", "levels above the education required"),
    Feature("certificates_missing", "count", -1, "CERTIFICATE", "required certificates not held"),
    Feature("night_unasked", "0/1", 0, "SCHEDULE", "night work and the member was not asked"),
    Feature("night_unwilling", "0/1", -1, "SCHEDULE", "night work and the member said no"),
    Feature("night", "0/1", 0, "SCHEDULE", "includes night work"),
    Feature("hours_week", "hour", 0, "SCHEDULE", "working week"),
    Feature("shift_clash", "hour", -1, "SCHEDULE", "hours of the shift outside the member's day"),
    Feature("lift_kg", "kg", 0, "STRAIN", "heaviest load"),
    Feature("standing", "0/1", 0, "STRAIN", "long standing"),
    Feature("customer_contact", "0/1", 0, "STRAIN", "contact with customers"),
    Feature("task_tags", "count", 0, "STRAIN", "tasks people often exclude"),
    Feature("contract_months", "month", 0, "CONTRACT", "length of the contract, at most 60"),
    Feature("insured", "count", 0, "CONTRACT", "insurances paid, of five"),
    Feature("training_provided", "0/1", 0, "TRAINING", "training is given"),
    Feature("openings_left", "log", 0, "OPENINGS", "openings left"),
    Feature("pending_per_opening", "ratio", -1, "COMPETITION", "open referrals for each opening left"),
    Feature("days_listed", "day", 0, "FRESHNESS", "days since it was posted, at most 120"),
    Feature("days_unconfirmed", "day", 0, "FRESHNESS", "days since the employer last confirmed it, at most 60"),
    Feature("flexible", "0/1", +1, "FLEXIBLE", "declared not picky about posts"),
    Feature("reachable", "share", +1, "REACHABLE", "the office can reach the member"),
    Feature("available_in", "day", -1, "AVAILABLE", "days until the member can start"),
    *(Feature(f"kind_{k.lower()}", "0/1", 0, "KIND", f"post of kind {k}") for k in POSITION_KINDS),
)
"""Every feature, in column order."""

FEATURE_NAMES: tuple[str, ...] = tuple(f.name for f in FEATURES)
"""Names of the columns of ``PairFrame.features``."""

REASON_CODES: tuple[str, ...] = tuple(dict.fromkeys(f.reason for f in FEATURES))
"""Reason codes the features are grouped into, in order."""


FILLED = 4096
"""Rows of features filled in at a time: few enough that they stay near the processor while all columns are put beside each other."""


def build(pairing: Pairing, mi: Ints, pj: Ints) -> PairFrame:
    """Build the features of pairs: member rows ``mi`` (n,), or (1,) for one member, post rows ``pj`` (n,) → (n, n_features) float32, NaN unknown."""
    mi, pj = np.asarray(mi, dtype=np.int64), np.asarray(pj, dtype=np.int64)
    out = np.empty((len(pj), len(FEATURES)), dtype=np.float32)
    columns = {
        **_skill(pairing, mi, pj),
        **_way_and_wage(pairing, mi, pj),
        **background(pairing, mi, pj),
        **_conditions(pairing, mi, pj),
        **_post(pairing, mi, pj),
    }
    for first in range(0, len(pj), FILLED):
        rows = slice(first, first + FILLED)
        for k, name in enumerate(FEATURE_NAMES):
            column = columns[name]
            out[rows, k] = column[rows] if len(column) == len(pj) else column
    return PairFrame(np.broadcast_to(mi, pj.shape), pj, out, FEATURE_NAMES)


def _skill(pairing: Pairing, mi: Ints, pj: Ints) -> dict[str, Floats | Float32s]:
    """Build the features of skill; a dimension a row, so that what is summed over the dimensions is summed along whole pairs."""
    need, have, essential = (
        np.ascontiguousarray(rows.T)
        for rows in (pairing.positions.need[pj], pairing.members.skills[mi], pairing.positions.essential[pj])
    )
    gap = (need - have) / np.float32(10.0)
    asked, known = need == need, gap == gap
    n_asked, n_known = (
        np.add.reduce(told.view(np.int8), axis=0, dtype=np.int8).astype(float) for told in (asked, known)
    )
    np.copyto(gap, 0.0, where=~known)
    np.copyto(need, 0.0, where=~asked)
    short = np.maximum(gap, np.float32(0.0))
    blank = (n_known == 0) & (n_asked > 0)
    share = np.maximum(n_known, 1)
    return {
        "skill_gap_mean": np.where(blank, np.nan, short.sum(axis=0) / share),
        "skill_gap_max": np.where(blank, np.nan, short.max(axis=0)),
        "skill_gap_essential": (short * essential).max(axis=0),
        "skill_margin": np.where(blank, np.nan, -gap.sum(axis=0) / share),
        "skill_need": need.sum(axis=0) / np.maximum(n_asked, 1) / 10.0,
        "skills_unknown": np.where(n_asked > 0, 1.0 - n_known / np.maximum(n_asked, 1), 0.0),
    }


def _way_and_wage(pairing: Pairing, mi: Ints, pj: Ints) -> dict[str, Floats | Float32s]:
    m, p = pairing.members, pairing.positions
    minutes = pairing.minutes(mi, pj)
    low, high = p.wage_min[pj], p.wage_max[pj]
    mid = np.maximum((low + high) / 2.0, 1.0)
    wanted = m.wage_floor[mi]
    floor = np.where(wanted > 0, wanted, np.nan)
    return {
        "commute_minutes": minutes,
        "commute_over_limit": np.maximum(minutes - m.commute_limit[mi], 0.0),
        "wage_over_minimum": np.log(mid / p.minimum_wage[pj]),
        "wage_over_floor": np.log(mid / floor),
        "wage_span": (high - low) / mid,
    }


def background(pairing: Pairing, mi: Ints, pj: Ints) -> dict[str, Floats | Float32s]:
    """Build the features of a member's past, wishes and readiness; each (n,)."""
    m, p = pairing.members, pairing.positions
    same = pairing.experience(mi, pj, None)
    level = m.education[mi] - p.min_education[pj]
    told = pairing.asked("wanted", mi, pj) > 0
    return {
        "experience_same": np.log1p(same),
        "experience_near": np.log1p(pairing.experience(mi, pj, 3)),
        "experience_field": np.log1p(pairing.experience(mi, pj, 1)),
        "experience_short": np.maximum(np.nan_to_num(p.experience_months[pj]) - same, 0.0),
        "wanted": (pairing.shared("wanted", mi, pj) > 0).astype(float),
        "wishes_told": told.astype(float),
        "excluded_tasks": pairing.shared("tasks", mi, pj).astype(float),
        "education_short": np.maximum(-level, 0.0),
        "education_over": np.maximum(level, 0.0),
        "certificates_missing": np.maximum(
            pairing.asked("certificates", mi, pj) - pairing.shared("certificates", mi, pj), 0.0
        ),
        "flexible": m.flexible[mi].astype(float),
        "reachable": m.reachable[mi],
        "available_in": np.maximum(m.available_in[mi], 0.0),
    }


def _conditions(pairing: Pairing, mi: Ints, pj: Ints) -> dict[str, Floats | Float32s]:
    m, p = pairing.members, pairing.positions
    night, ok = p.night[pj], m.night_ok[mi]
    start, end = p.shift_start[pj], p.shift_end[pj]
    before = np.maximum(np.nan_to_num(m.earliest_start[mi] - start), 0.0)
    after = np.maximum(np.nan_to_num(end - m.latest_end[mi]), 0.0)
    return {
        "night_unasked": (night & np.isnan(ok)).astype(float),
        "night_unwilling": (night & (ok == 0.0)).astype(float),
        "night": night.astype(float),
        "hours_week": p.hours[pj],
        "shift_clash": (before + after) / 60.0,
        "lift_kg": p.lift_kg[pj],
        "standing": p.standing[pj].astype(float),
        "customer_contact": p.contact[pj].astype(float),
        "task_tags": p.task_tags.sizes[p.task_tags.codes[pj]].astype(float),
    }


def _post(pairing: Pairing, mi: Ints, pj: Ints) -> dict[str, Floats | Float32s]:
    p = pairing.positions
    kinds = {f"kind_{k.lower()}": (p.kind[pj] == i).astype(float) for i, k in enumerate(POSITION_KINDS)}
    return {
        "contract_months": np.minimum(p.contract_months[pj], 60.0),
        "insured": p.insured[pj],
        "training_provided": p.training[pj].astype(float),
        "openings_left": np.log1p(np.maximum(p.openings_left[pj], 0)),
        "pending_per_opening": p.pending[pj] / np.maximum(p.openings_left[pj], 1),
        "days_listed": np.minimum(p.days_listed[pj], 120.0),
        "days_unconfirmed": np.minimum(p.days_unconfirmed[pj], 60.0),
        **kinds,
    }
