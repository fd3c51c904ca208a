"""The tables training reads: checked by name, row and rule, and cut back to what was on record on a given day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from matching.errors import TableError
from matching.tables import TABLES, canonical, empty
from matching.vocabulary import OPEN_REFERRAL_STATES

NEEDED = ("members", "positions", "referrals")
OPTIONAL = ("assessments", "employers", "households", "placements", "promises", "regions")
TOLERATED_SHARE, TOLERATED_ROWS = 0.05, 3
"""Referrals that may break a rule before training refuses the table: this share, and always this many rows."""

Day = np.datetime64


@dataclass(frozen=True, slots=True)
class Record:
    """Canonical tables with nothing after ``cutoff``.

    ``frames`` every needed and optional table (absent ones empty), referrals sorted by day and id; ``left_out`` how many referrals
    each rule left out.
    """

    frames: Mapping[str, pd.DataFrame]
    cutoff: Day
    left_out: Mapping[str, int]

    def __getitem__(self, name: str) -> pd.DataFrame:
        return self.frames[name]


class CheckedTables(dict[str, pd.DataFrame]):
    """The tables training reads, canonical and consistent, so that they need not be checked again; ``left_out`` as in Record."""

    def __init__(self, frames: Mapping[str, pd.DataFrame], left_out: Mapping[str, int]) -> None:
        super().__init__(frames)
        self.left_out = dict(left_out)


def checked_tables(tables: Mapping[str, pd.DataFrame]) -> CheckedTables:
    """Check the tables training reads; those it does not know are ignored, optional ones may be absent.

    TableError names table, row, column or rule when a needed table is absent, a cell is refused, or too many referrals break a rule.
    """
    if isinstance(tables, CheckedTables):
        return tables
    absent = [name for name in NEEDED if name not in tables]
    if absent:
        raise TableError(
            f"expected tables {', '.join(NEEDED)} to train on, found {', '.join(sorted(tables)) or 'none'}; add {', '.join(absent)}"
        )
    frames = {name: canonical(TABLES[name], tables[name]) for name in NEEDED}
    frames |= {
        name: canonical(TABLES[name], tables[name]) if name in tables else empty(TABLES[name]) for name in OPTIONAL
    }
    frames["referrals"], left_out = _consistent(frames)
    return CheckedTables(frames, left_out)


def read_record(tables: Mapping[str, pd.DataFrame], cutoff: date | None = None) -> Record:
    """Return the tables, checked, as they stood at the end of ``cutoff`` (default: the last day any referral speaks of).

    Raises as :func:`checked_tables`.
    """
    frames = checked_tables(tables)
    last = last_day(frames) if cutoff is None else np.datetime64(cutoff, "D")
    return Record(known_by(frames, last), last, frames.left_out)


def last_day(frames: Mapping[str, pd.DataFrame]) -> Day:
    """Return the last day on which a referral was made or came to something; today's date is nobody's business here."""
    referrals, placements = frames["referrals"], frames["placements"]
    days = [referrals[c].max() for c in ("created_on", "outcome_on", "started_on")] + [placements["started_on"].max()]
    known = [d for d in days if not pd.isna(d)]
    return np.datetime64(max(known), "D") if known else np.datetime64("1970-01-01", "D")


def known_by(frames: Mapping[str, pd.DataFrame], day: Day) -> dict[str, pd.DataFrame]:
    """Return what the record said at the end of ``day``: later rows are gone, later outcomes open again, later notes unknown.

    Columns that are overwritten in place and bear no date (openings left, status, employment) are set back to their first value: what
    they say today would tell the past how it ended.
    """
    out = dict(frames)
    limit = pd.Timestamp(day)
    out["assessments"] = frames["assessments"][frames["assessments"]["assessed_on"] <= limit]
    out["referrals"] = _referrals_by(frames["referrals"], limit)
    placements = frames["placements"][frames["placements"]["started_on"] <= limit]
    out["placements"] = placements.assign(ended_on=placements["ended_on"].where(placements["ended_on"] <= limit))
    positions = frames["positions"]
    out["positions"] = positions.assign(
        last_confirmed_on=positions["last_confirmed_on"].where(positions["last_confirmed_on"] <= limit),
        verified_on=positions["verified_on"].where(positions["verified_on"] <= limit),
        openings_left=positions["openings_total"], status="open", review_state="verified",
    )  # fmt: skip
    members = frames["members"]
    told = members["flexibility_declared"] & ~(members["flexibility_declared_on"] > limit)
    out["members"] = members.assign(flexibility_declared=told, employment_state="unemployed", path_stage="BASIC")
    return out


def _referrals_by(referrals: pd.DataFrame, limit: pd.Timestamp) -> pd.DataFrame:
    made = referrals[referrals["created_on"] <= limit]
    started = made["started_on"].where(made["started_on"] <= limit)
    later = (made["outcome_on"] > limit) | ((made["started_on"] > limit) & started.isna())
    return made.assign(
        started_on=started, outcome_on=made["outcome_on"].where(~later), state=made["state"].where(~later, "issued"),
        reason=made["reason"].where(~later), reason_side=made["reason_side"].where(~later),
    )  # fmt: skip


def _consistent(frames: Mapping[str, pd.DataFrame]) -> tuple[pd.DataFrame, dict[str, int]]:
    """Leave out referrals that contradict the other tables or themselves; refuse the table when they are many."""
    referrals = frames["referrals"]
    rules = {
        "its member is in members": referrals["member_id"].isin(frames["members"]["member_id"]),
        "its post is in positions": referrals["position_id"].isin(frames["positions"]["position_id"]),
        "outcome_on is not before created_on": ~(referrals["outcome_on"] < referrals["created_on"]),
        "started_on is not before created_on": ~(referrals["started_on"] < referrals["created_on"]),
    }
    kept = np.ones(len(referrals), dtype=bool)
    left_out = {}
    for rule, holds in rules.items():
        broken = np.flatnonzero(~holds.to_numpy())
        if len(broken) > max(TOLERATED_SHARE * len(referrals), TOLERATED_ROWS):
            first = referrals.iloc[broken[:3]]
            rows = "; ".join(
                f"row {i}, {r.referral_id}: member {r.member_id}, post {r.position_id}, {r.created_on.date()}"
                for i, r in zip(broken, first.itertuples(), strict=False)
            )
            raise TableError(
                f"table referrals: rule '{rule}' is broken by {len(broken)} of {len(referrals)} rows ({rows}); correct them and try again"
            )
        if len(broken):
            left_out[rule] = len(broken)
        kept &= holds.to_numpy()
    return referrals[kept].sort_values(["created_on", "referral_id"], kind="stable", ignore_index=True), left_out


def is_open(state: pd.Series) -> pd.Series:
    """Return (n,) whether a referral's state says it is still under way."""
    return state.isin(OPEN_REFERRAL_STATES)
