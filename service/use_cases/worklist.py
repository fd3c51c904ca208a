"""Who has to be helped first: members with a running promise, by days left."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from matching.errors import BadInput
from service.use_cases.rows import records
from service.wiring import Office

URGENT_DAYS = 7
"""Days left from which a member counts as urgent (warnings of the promise clock)."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list is narrowed to: a region code or the head of one, days left at most, no open referral."""

    region: str = ""
    due: int | None = None
    idle: bool = False


@dataclass(frozen=True, slots=True)
class Worklist:
    """A page of the worklist. The counts are of the whole region; ``matching`` is of the filters."""

    as_of: date
    total: int
    overdue: int
    urgent: int
    without_referral: int
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
    everyone = index.worklist
    days = everyone["days_left"].to_numpy(dtype=np.int64)
    idle = everyone["open_referrals"].to_numpy() == 0
    keep = _keep(everyone, days, idle, filters)
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
        matching=matching,
        items=tuple(records(page)),
        next=_cursor(page.iloc[-1]) if len(at) > limit else None,
        regions=tuple(sorted(everyone["region_code"].unique())),
    )


def _keep(frame: pd.DataFrame, days: np.ndarray, idle: np.ndarray, filters: Filters) -> np.ndarray:
    keep = np.ones(len(frame), dtype=bool)
    if filters.region:
        keep &= frame["region_code"].str.startswith(filters.region).to_numpy(dtype=bool)
    if filters.due is not None:
        keep &= days <= filters.due
    return keep & idle if filters.idle else keep


def _cursor(row: pd.Series) -> str:
    return f"{row['days_left']}.{row['open_referrals']}.{row['member_id']}"


def _behind(frame: pd.DataFrame, days: np.ndarray, after: str) -> np.ndarray:
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
