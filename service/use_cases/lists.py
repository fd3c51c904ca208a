"""Plain lists: referrals and open posts, a page at a time by key."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from matching.errors import NotFound
from service.use_cases.rows import only, records
from service.wiring import Office


@dataclass(frozen=True, slots=True)
class Page:
    """A page of rows; ``next`` is the key to go on after, None on the last page."""

    items: tuple[Mapping[str, object], ...]
    next: str | None


def referrals(
    office: Office, *, member_id: str | None = None, position_id: str | None = None, state: str | None = None,
    limit: int = 60, after: str | None = None,
) -> Page:  # fmt: skip
    """Return referrals by number."""
    wanted = {"member_id": member_id, "position_id": position_id, "state": state}
    frame = office.store.read("referrals", **{k: v for k, v in wanted.items() if v is not None})
    return _page(frame, "referral_id", limit, after)


def referral(office: Office, referral_id: str) -> Mapping[str, object]:
    """Return one referral; NotFound without it."""
    frame = office.store.read("referrals", referral_id=referral_id)
    if frame.empty:
        raise NotFound(f"no referral {referral_id!r} in the record; check the number")
    return only(frame)


def posts(
    office: Office, *, kind: str | None = None, region: str = "", limit: int = 60, after: str | None = None
) -> Page:
    """Return open posts by identifier, with how many open referrals each carries."""
    index = office.now()
    frame = index.positions.reset_index(drop=True).assign(open_referrals=index.held)
    if kind is not None:
        frame = frame[frame["kind"] == kind]
    return _page(frame[frame["region_code"].str.startswith(region)], "position_id", limit, after)


def page_of(rows: Sequence[Mapping[str, object]], key: str, limit: int, after: str | None) -> Page:
    """Return a page of rows that are at hand, by their key."""
    ordered = sorted(rows, key=lambda row: str(row[key]))
    behind = [row for row in ordered if after is None or str(row[key]) > after]
    return Page(tuple(behind[:limit]), str(behind[limit - 1][key]) if len(behind) > limit else None)


def _page(frame: pd.DataFrame, key: str, limit: int, after: str | None) -> Page:
    frame = frame.sort_values(key, kind="stable", ignore_index=True)
    if after is not None:
        frame = frame[frame[key] > after]
    items = tuple(records(frame.head(limit)))
    return Page(items, str(items[-1][key]) if len(frame) > limit else None)
