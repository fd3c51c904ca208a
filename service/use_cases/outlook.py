"""What the last night foresaw: which promises are likely to break, what blocks each, what one more opening is worth. Read as it was kept."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from matching.errors import NotFound
from matching.forecast import LIKELY
from matching.nightly import NightPlan
from matching.reasons import Reason
from service.batch import last_plan
from service.security.regions import within
from service.use_cases.rows import only, records
from service.wiring import Office

MOST_OPENINGS = 20
"""Kinds and places of openings that are named, those worth most."""


@dataclass(frozen=True, slots=True)
class Held:
    """A member who holds nothing after the night: the code of why, its facts, and the smallest changes that would open posts."""

    member_id: str
    code: str
    facts: Mapping[str, Any]
    nearest: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Breaking:
    """A household whose promise is likely to break; ``chance`` that somebody starts in time, ``blocking`` posts in reach by gate."""

    household_id: str
    file_no: str
    region_code: str
    due_on: date | None
    days_left: int
    chance: float
    open_referrals: int
    blocker: str
    blocking: Mapping[str, int]
    unplaced: tuple[Held, ...]


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a night foresaw for the caller's regions.

    Attributes
    ----------
    run_id, as_of, model_version
        The night it is of.
    households, expected : int, float
        Promises looked at, and how many of them are expected to be kept.
    blockers : mapping
        What blocks the promises likely to break, with how many.
    items : tuple of Breaking
        A page of them, the first due first; ``matching`` is how many there are, ``next`` where to go on, None on the last page.
    openings : tuple
        ``kind region_code worth`` of one more opening, promises kept more, the best first.
    regions : tuple of str
        Districts that may be asked for.
    """

    run_id: str
    as_of: date
    model_version: str
    households: int
    expected: float
    blockers: Mapping[str, int]
    items: tuple[Breaking, ...]
    matching: int
    next: str | None
    openings: tuple[Mapping[str, object], ...]
    regions: tuple[str, ...]


def outlook(
    office: Office, *, region: str = "", blocker: str = "", limit: int = 60, after: str | None = None
) -> Outlook:
    """Return what the last night foresaw, narrowed to a region and a blocker; NotFound before the first night."""
    run_id, plan = last_plan(office.store)
    run = only(office.store.read("runs", run_id=run_id))
    homes = office.store.read("households", ["household_id", "file_no", "region_code"])
    frame = plan.forecast.merge(homes, on="household_id")
    regions = tuple(sorted(frame["region_code"].str[:6].unique()))
    frame = frame[frame["region_code"].str.startswith(region)]
    breaking = frame[frame["chance"] < LIKELY].sort_values(["days_left", "household_id"], ignore_index=True)
    asked = breaking[breaking["blocker"] == blocker] if blocker else breaking
    rows = records(asked)
    begin = 0 if after is None else next((n + 1 for n, r in enumerate(rows) if r["household_id"] == after), len(rows))
    page = rows[begin : begin + limit]
    held = _held(plan, {str(r["household_id"]) for r in page})
    as_of = run["as_of"]
    assert isinstance(as_of, date)
    return Outlook(
        run_id, as_of, plan.model_version, len(frame), float(frame["chance"].sum()),
        {str(k): int(v) for k, v in breaking["blocker"].value_counts().items()},
        tuple(_breaking(r, held.get(str(r["household_id"]), ())) for r in page), len(rows),
        str(page[-1]["household_id"]) if begin + limit < len(rows) else None, _openings(office, plan, region), regions,
    )  # fmt: skip


def last_outlook(office: Office, **asked: Any) -> Outlook | None:
    """Return what ``outlook`` does, None before the first night."""
    try:
        return outlook(office, **asked)
    except NotFound:
        return None


def _held(plan: NightPlan, homes: set[str]) -> dict[str, tuple[Held, ...]]:
    out: dict[str, tuple[Held, ...]] = {}
    for row in records(plan.unplaced[plan.unplaced["household_id"].isin(homes)]):
        changes = tuple(
            Reason(c["code"], c["facts"], float(c.get("weight", 0.0))) for c in json.loads(str(row["nearest_change"]))
        )
        one = Held(str(row["member_id"]), str(row["code"]), json.loads(str(row["facts"])), changes)
        out[str(row["household_id"])] = (*out.get(str(row["household_id"]), ()), one)
    return out


def _breaking(row: Mapping[str, Any], held: tuple[Held, ...]) -> Breaking:
    due = row["due_on"]
    return Breaking(
        str(row["household_id"]), str(row["file_no"]), str(row["region_code"]), due if isinstance(due, date) else None, int(row["days_left"]),
        round(float(row["chance"]), 4), int(row["open_referrals"]), str(row["blocker"]), json.loads(str(row["blocking"])), held,
    )  # fmt: skip


def _openings(office: Office, plan: NightPlan, region: str) -> tuple[Mapping[str, object], ...]:
    """Return what one more opening is worth, by kind and district: posts are one market, a supervisor acts in districts of theirs."""
    found: pd.DataFrame = plan.openings
    if len(found):
        mine = within(found["region_code"], [head[:6] for head in office.regions])
        found = found[mine & within(found["region_code"], [region[:6]])]
    return tuple(records(found[found["worth"] > 0].head(MOST_OPENINGS)))
