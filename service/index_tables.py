"""Which tables each piece of the index rests on, and the rows of them that are read: all at first, after a change those it concerns.

A contact that is noted changes when somebody last called, and nothing of people, posts or referrals: only what rests on a table that was written is
read and made again.
"""

from collections.abc import Callable, Collection, Mapping, Sequence

import numpy as np
import pandas as pd

from matching.arrays import Ints
from matching.columns import texts
from matching.splicing import find
from matching.tables import TABLES
from service.index import Index
from service.storage.feed import FOLLOWED
from service.storage.frames import no_rows
from service.storage.transactions import Reader

Tables = Mapping[str, pd.DataFrame]

RESTS_ON: Mapping[str, frozenset[str]] = {
    "people": frozenset({"members", "households", "assessments", "placements", "regions"}),
    "posts": frozenset({"positions", "employers", "regions"}),
    "pending": frozenset({"positions", "referrals"}),
    "clocks": frozenset({"members", "households", "promises"}),
    "sent": frozenset({"members", "referrals"}),
    "called": frozenset({"members", "households", "contacts"}),
    "between": frozenset({"referrals", "locks"}),
    "closed": frozenset({"members", "positions", "locks"}),
    "rooms": frozenset({"positions"}),
}
"""Pieces of the index and the tables each rests on: encoded people, encoded posts and the open referrals at each; promise clocks and who a member
is; what was sent, when somebody called; what stands between pairs; who and what is held out of the plan; room at each post."""


EVERY_PIECE = frozenset(RESTS_ON)


def pieces_on(written: Collection[str]) -> frozenset[str]:
    """Return the pieces that rest on any of some tables."""
    return frozenset(piece for piece, tables in RESTS_ON.items() if not tables.isdisjoint(written))


def whole_record(reader: Reader) -> Tables:
    """Read every table the index is made of."""
    return {name: reader.read(name) for name in FOLLOWED}


def rows_touched(
    reader: Reader, touched: Mapping[str, Collection[str]], held: Index, stale: Collection[str] = EVERY_PIECE
) -> Tables:
    """Read all rows of the people and posts a change concerns: whole households, and every post of an employer that changed.

    Only tables that a ``stale`` piece rests on are read; who the people are and which posts, where no piece of theirs is stale, is taken
    from what is ``held``.
    """
    needed = frozenset().union(*(RESTS_ON[piece] for piece in stale))
    found = {"regions": held.places.reset_index()}
    found |= _people_touched(reader, touched, held, "people" in stale)
    found |= _posts_touched(reader, touched, held, "posts" in stale)
    people, posts = (list(texts(found[t], k)) for t, k in (("members", "member_id"), ("positions", "position_id")))
    homes = list(texts(found["households"], "household_id"))
    reads: Mapping[str, Callable[[], pd.DataFrame]] = {
        "assessments": lambda: reader.read("assessments", member_id=people),
        "placements": lambda: reader.read("placements", member_id=people),
        "contacts": lambda: reader.read("contacts", household_id=homes),
        "referrals": lambda: _of_either(reader, "referrals", "referral_id", people, posts),
        "locks": lambda: _of_either(reader, "locks", "lock_id", people, posts),
        "promises": lambda: _once([reader.read("promises", household_id=homes), reader.read("promises", member_id=people)], "promise_id"),
    }  # fmt: skip
    return found | {
        name: read() if name in needed else no_rows(name, TABLES[name].names) for name, read in reads.items()
    }


def _people_touched(
    reader: Reader, touched: Mapping[str, Collection[str]], held: Index, stale: bool
) -> dict[str, pd.DataFrame]:
    if stale:
        moved = reader.read("members", ["member_id", "household_id"], member_id=sorted(touched["member_id"]))
        homes = sorted({*touched["household_id"], *texts(moved, "household_id")})
        return {name: reader.read(name, household_id=homes) for name in ("households", "members")}
    columns = held.pairing.members
    here = find(columns.ids, np.array(sorted(touched["member_id"]), dtype=object))
    homes = sorted({*touched["household_id"], *columns.household_ids[here[1][here[0]]]})
    rows = np.flatnonzero(
        np.logical_or.reduce([columns.household_ids == home for home in homes] or [np.zeros(len(columns), dtype=bool)])
    )
    own = find(held.households.index.to_numpy(dtype=object), np.array(homes, dtype=object))
    return {"members": _some(held.members, rows), "households": _some(held.households, own[1][own[0]])}


def _posts_touched(
    reader: Reader, touched: Mapping[str, Collection[str]], held: Index, stale: bool
) -> dict[str, pd.DataFrame]:
    if not stale:
        there, row = find(held.pairing.positions.ids, np.array(sorted(touched["position_id"]), dtype=object))
        return {
            "positions": _some(held.positions, row[there]),
            "employers": held.employers.iloc[:0].reset_index(drop=True),
        }
    own = reader.read("positions", position_id=sorted(touched["position_id"]))
    firms = sorted(touched["employer_id"])
    others = [reader.read("positions", **{c: firms}) for c in ("employer_id", "user_unit_id")] if firms else []
    positions = _once([own, *others], "position_id")
    units = {*firms, *positions["employer_id"], *positions["user_unit_id"].dropna()}
    return {"positions": positions, "employers": reader.read("employers", employer_id=sorted(units))}


def _some(frame: pd.DataFrame, rows: Ints) -> pd.DataFrame:
    return frame.iloc[rows].reset_index(drop=True)


def _of_either(reader: Reader, table: str, key: str, people: list[str], posts: list[str]) -> pd.DataFrame:
    return _once([reader.read(table, member_id=people), reader.read(table, position_id=posts)], key)


def _once(frames: Sequence[pd.DataFrame], key: str) -> pd.DataFrame:
    filled = [f for f in frames if len(f)] or [frames[0]]
    return (
        filled[0] if len(filled) == 1 else pd.concat(filled, ignore_index=True).drop_duplicates(key, ignore_index=True)
    )
