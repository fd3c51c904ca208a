"""What a scorer may know of a pair: the feature list and its one builder, used by training, the API and the batch alike.

Sex, age, birthplace, household registration, marital and family status, disability, carrier status, subsistence allowance and
restricted categories are not here and never may be; functional limits act through eligibility only.
"""

from dataclasses import dataclass

import numpy as np

from matching.arrays import Bools, Float32s, Floats, Ints
from matching.eligibility import asks_essential
from matching.pair_columns import PositionColumns
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

_AT = {name: k for k, name in enumerate(FEATURE_NAMES)}


def build(pairing: Pairing, mi: Ints, pj: Ints) -> PairFrame:
    """Build the features of pairs: member rows ``mi`` (n,), or (1,) for one member, post rows ``pj`` (n,) → (n, n_features) float32, NaN unknown."""
    mi, pj = np.asarray(mi, dtype=np.int64), np.asarray(pj, dtype=np.int64)
    out = np.take(pairing.of_posts(alone), pj, axis=0)
    columns = {
        **_skill(pairing, mi, pj),
        **_way_and_floor(pairing, mi, pj),
        **background(pairing, mi, pj),
        **_hours(pairing, mi, pj),
    }
    for first in range(0, len(pj), FILLED):
        rows = slice(first, first + FILLED)
        for name, column in columns.items():
            out[rows, _AT[name]] = column[rows] if len(column) == len(pj) else column
    return PairFrame(np.broadcast_to(mi, pj.shape), pj, out, FEATURE_NAMES)


def alone(p: PositionColumns) -> Float32s:
    """Return (n_positions, n_features) the features that rest on the post alone, the others 0."""
    out = np.zeros((len(p), len(FEATURES)), dtype=np.float32)
    for name, column in _post(p).items():
        out[:, _AT[name]] = column
    return out


def _skill(pairing: Pairing, mi: Ints, pj: Ints) -> dict[str, Floats | Float32s]:
    """Build the features of skill.

    A dimension asked for is a row, the first of each post's, then the second, so that what is summed over them is summed along whole pairs, and
    of all dimensions only as many are looked at as any of the posts asks for.
    """
    n_asked = pairing.of_posts(_n_asked)[pj]
    most = int(n_asked.max(initial=1.0))
    need, of = (np.ascontiguousarray(pairing.of_posts(make)[pj][:, :most].T) for make in (_levels, _dimensions))
    gap = (need - pairing.members.skills[mi, of]) / np.float32(10.0)
    known = gap == gap
    n_known = _counted(known)
    np.copyto(gap, 0.0, where=~known)
    short = np.maximum(gap, np.float32(0.0))
    blank = (n_known == 0) & (n_asked > 0)
    share = np.maximum(n_known, 1)
    return {
        "skill_gap_mean": np.where(blank, np.nan, short.sum(axis=0) / share),
        "skill_gap_max": np.where(blank, np.nan, short.max(axis=0)),
        "skill_gap_essential": _essential_gap(pairing, short, pj, of),
        "skill_margin": np.where(blank, np.nan, -gap.sum(axis=0) / share),
        "skills_unknown": np.where(n_asked > 0, 1.0 - n_known / np.maximum(n_asked, 1), 0.0),
    }


def _essential_gap(pairing: Pairing, short: Float32s, pj: Ints, of: Ints) -> Float32s:
    essential = pairing.positions.essential
    if not pairing.of_posts(asks_essential)[pj].any():
        return np.zeros(1, dtype=np.float32)
    return np.asarray((short * essential[pj, of]).max(axis=0))


def _counted(told: Bools) -> Floats:
    return np.asarray(np.add.reduce(told.view(np.int8), axis=0, dtype=np.int8), dtype=float)


def _n_asked(p: PositionColumns) -> Floats:
    return np.asarray((~np.isnan(p.need)).sum(axis=1), dtype=float)


def _dimensions(p: PositionColumns) -> Ints:
    """Return (n_positions, n_dimensions) the dimensions in order, those a post asks for first."""
    return np.argsort(np.isnan(p.need), axis=1, kind="stable").astype(np.int8)


def _levels(p: PositionColumns) -> Float32s:
    """Return (n_positions, n_dimensions) the levels asked for in the order of ``_dimensions``, NaN behind them."""
    return np.take_along_axis(p.need, _dimensions(p).astype(np.int64), axis=1)


def _way_and_floor(pairing: Pairing, mi: Ints, pj: Ints) -> dict[str, Floats | Float32s]:
    m = pairing.members
    minutes, mid = pairing.minutes(mi, pj), pairing.of_posts(_mid_wage)[pj]
    wanted = m.wage_floor[mi]
    floor = np.where(wanted > 0, wanted, np.nan)
    return {
        "commute_minutes": minutes,
        "commute_over_limit": np.maximum(minutes - m.commute_limit[mi], 0.0),
        "wage_over_floor": np.log(mid / floor),
    }


def _mid_wage(p: PositionColumns) -> Floats:
    return np.asarray(np.maximum((p.wage_min + p.wage_max) / 2.0, 1.0))


def background(pairing: Pairing, mi: Ints, pj: Ints) -> dict[str, Floats | Float32s]:
    """Build the features of a member's past, wishes and readiness; each (n,)."""
    m, p = pairing.members, pairing.positions
    same, near, field = (pairing.experience(mi, pj, width) for width in (None, 3, 1))
    level = m.education[mi] - p.min_education[pj]
    told = pairing.asked("wanted", mi, pj) > 0
    return {
        "experience_same": np.log1p(same),
        "experience_near": np.log1p(near),
        "experience_field": np.log1p(field),
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


def _hours(pairing: Pairing, mi: Ints, pj: Ints) -> dict[str, Floats | Float32s]:
    m, p = pairing.members, pairing.positions
    night, ok = p.night[pj], m.night_ok[mi]
    start, end = p.shift_start[pj], p.shift_end[pj]
    before = np.maximum(np.nan_to_num(m.earliest_start[mi] - start), 0.0)
    after = np.maximum(np.nan_to_num(end - m.latest_end[mi]), 0.0)
    return {
        "night_unasked": (night & np.isnan(ok)).astype(float),
        "night_unwilling": (night & (ok == 0.0)).astype(float),
        "shift_clash": (before + after) / 60.0,
    }


def _post(p: PositionColumns) -> dict[str, Floats | Float32s]:
    """Build the features that rest on the post alone; each (n_positions,)."""
    need = np.ascontiguousarray(p.need.T)
    asked = ~np.isnan(need)
    mid = _mid_wage(p)
    kinds = {f"kind_{k.lower()}": p.kind == i for i, k in enumerate(POSITION_KINDS)}
    return {
        "skill_need": np.where(asked, need, np.float32(0.0)).sum(axis=0) / np.maximum(_counted(asked), 1) / 10.0,
        "wage_over_minimum": np.log(mid / p.minimum_wage),
        "wage_span": (p.wage_max - p.wage_min) / mid,
        "night": p.night,
        "hours_week": p.hours,
        "lift_kg": p.lift_kg,
        "standing": p.standing,
        "customer_contact": p.contact,
        "task_tags": p.task_tags.sizes[p.task_tags.codes],
        "contract_months": np.minimum(p.contract_months, 60.0),
        "insured": p.insured,
        "training_provided": p.training,
        "openings_left": np.log1p(np.maximum(p.openings_left, 0)),
        "pending_per_opening": p.pending / np.maximum(p.openings_left, 1),
        "days_listed": np.minimum(p.days_listed, 120.0),
        "days_unconfirmed": np.minimum(p.days_unconfirmed, 60.0),
        **kinds,
    }
