"""Who has to be helped first: members with a running promise, by days left, with what the morning asks about each."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from matching.arrays import Bools, Ints
from matching.errors import BadInput
from matching.vocabulary import Reachable
from service.index import Index
from service.use_cases.rows import records
from service.use_cases.worklist_marks import marked, members_with_slips_due
from service.wiring import Office

URGENT_DAYS = 7
"""Days left from which a member counts as urgent (warnings of the promise clock)."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list is narrowed to.

    Attributes
    ----------
    region : str
        Region code or the head of one.
    due : int or None
        Days left at most.
    idle, mine, unreachable, slips : bool
        No open referral; paired with the caller; cannot be reached; a letter is out past its last day.
    quiet_days : int or None
        No referral within so many days.
    """

    region: str = ""
    due: int | None = None
    idle: bool = False
    mine: bool = False
    unreachable: bool = False
    slips: bool = False
    quiet_days: int | None = None


@dataclass(frozen=True, slots=True)
class Worklist:
    """A page of the worklist. The counts are of the whole region, or of the caller's own households with ``mine``; ``matching`` is of the filters."""

    as_of: date
    total: int
    overdue: int
    urgent: int
    without_referral: int
    unreachable: int
    matching: int
    items: tuple[Mapping[str, object], ...]
    next: str | None
    regions: tuple[str, ...]


def worklist(office: Office) -> list[dict[str, Any]]:
    """Return every member with a running promise, most urgent first."""
    return records(office.now().worklist)


def worklist_page(
    office: Office, filters: Filters = Filters(), *, limit: int = 60, after: str | None = None
) -> Worklist:
    """Return a page of the worklist; ``after`` is the ``next`` of the page before."""
    index = office.now()
    everyone = _whose(office, index, filters.mine)
    days = everyone["days_left"].to_numpy(dtype=np.int64)
    idle = everyone["open_referrals"].to_numpy() == 0
    lost = (everyone["reachable"] == Reachable.UNREACHABLE).to_numpy(dtype=bool)
    keep = (
        _keep(everyone, days, filters, index.as_of)
        & (idle if filters.idle else True)
        & (lost if filters.unreachable else True)
    )
    if filters.slips:
        keep &= everyone["member_id"].isin(members_with_slips_due(office)).to_numpy(dtype=bool)
    matching = int(keep.sum())
    if after is not None:
        keep &= _behind(everyone, days, after)
    at = np.flatnonzero(keep)
    page = everyone.iloc[at[:limit]]
    return Worklist(
        as_of=index.as_of,
        total=len(everyone),
        overdue=int((days < 0).sum()),
        urgent=int(((days >= 0) & (days <= URGENT_DAYS)).sum()),
        without_referral=int(idle.sum()),
        unreachable=int(lost.sum()),
        matching=matching,
        items=tuple(marked(office, index, records(page))),
        next=_cursor(page.iloc[-1]) if len(at) > limit else None,
        regions=tuple(sorted(everyone["region_code"].unique())),
    )


def _whose(office: Office, index: Index, mine: bool) -> pd.DataFrame:
    if not mine:
        return index.worklist
    paired = index.households["paired_caseworker_id"] == office.actor
    own = index.households.index[paired.fillna(False).to_numpy(dtype=bool)]
    return index.worklist[index.worklist["household_id"].isin(own)]


def _keep(frame: pd.DataFrame, days: Ints, filters: Filters, today: date) -> Bools:
    keep = np.ones(len(frame), dtype=bool)
    if filters.region:
        keep &= frame["region_code"].str.startswith(filters.region).to_numpy(dtype=bool)
    if filters.due is not None:
        keep &= days <= filters.due
    if filters.quiet_days is not None:
        since = pd.Timestamp(today - timedelta(days=filters.quiet_days))
        keep &= ~(frame["last_referred_on"] > since).to_numpy(dtype=bool)
    return keep


def _cursor(row: pd.Series) -> str:
    return f"{row['days_left']}.{row['open_referrals']}.{row['member_id']}"


def _behind(frame: pd.DataFrame, days: Ints, after: str) -> Bools:
    """Return (n,) rows that come after a cursor; it stays good when rows before it come and go."""
    parts = after.split(".", 2)
    try:
        left, held, member_id = int(parts[0]), int(parts[1]), parts[2]
    except (ValueError, IndexError):
        raise BadInput(
            f"after: expected the `next` of an earlier page, found {after[:40]!r}; start without it"
        ) from None
    open_ones, ids = frame["open_referrals"].to_numpy(), frame["member_id"]
    same = days == left
    return np.asarray(
        (days > left) | (same & (open_ones > held)) | (same & (open_ones == held) & (ids > member_id).to_numpy())
    )
