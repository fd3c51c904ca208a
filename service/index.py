"""Members and open posts as columns in memory: one consistent reading of the store.

Ranking one member against many posts reads these columns; nothing is fetched or parsed row by row while a person waits. How a reading is
made and renewed is in ``service.index_reading``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

import numpy as np
import pandas as pd

from matching.arrays import Bits, Bools, Floats, Ints
from matching.eligibility import Gate, bit
from matching.errors import NotFound
from matching.pairing import Pairing
from matching.policy.load import PolicyBook
from matching.promise import missing_for_start
from matching.splicing import find
from service.security.regions import within

STANDING, MOVABLE, SILENT, NEVER_AGAIN, LOCKED = range(5)
"""What a mark says of a pair: an open referral; a proposal of the night; an open referral nobody heard of for so long that it holds neither
slot nor room; a referral that ended for good; a person's lock."""


@dataclass(frozen=True, slots=True)
class Marks:
    """Pairs of members and posts something stands between, open posts or not; (n,) each, in the order of members."""

    members: np.ndarray
    positions: np.ndarray
    what: Ints


@dataclass(frozen=True)
class Index:
    """One consistent reading of the store.

    Attributes
    ----------
    version : int
        The last change of the store it knows of.
    pairing : Pairing
        Columns of all members beside all open posts; rows stand in the order of identifiers.
    members, positions : DataFrame
        Canonical rows in the order of the columns' rows, indexed by identifier.
    clocks, desk : DataFrame
        Promise clocks, and what a worklist shows of a member, in the order of ``members``.
    planning_days : (n_members,) float
        Days until the promise falls due (30 without a clock, at least 0).
    held, room : (n_positions,) int
        Open referrals at each post, proposals of the night included, and open referrals it may carry.
    giving : (n_positions,) int
        Of those held the untouched proposals that give way to a person's choice of somebody else; none at a public-welfare post, whose place
        goes by the regulated order.
    shut : (n_positions,) bool
        Posts a person holds out of the plan.
    out : (n_members,) bool
        Members a person holds out of it.
    seen : (n_members,) bool
        Members the caller sees; None for all. Rows keep their places, so that columns and frames stay side by side.
    """

    version: int
    as_of: date
    policy: PolicyBook
    pairing: Pairing
    members: pd.DataFrame
    positions: pd.DataFrame
    clocks: pd.DataFrame
    desk: pd.DataFrame
    households: pd.DataFrame
    employers: pd.DataFrame
    places: pd.DataFrame
    planning_days: Floats
    held: Ints
    giving: Ints
    room: Ints
    shut: Bools
    out: Bools
    marks: Marks
    simulated: bool
    seen: Bools | None = None

    def limited_to(self, heads: Sequence[str]) -> "Index":
        """Return this reading as a caller of some regions has it: other people's members answer to nothing and are on no list."""
        return replace(self, seen=within(self.members["region_code"], heads)) if heads else self

    def member_row(self, member_id: str) -> int:
        """Return the row of a member; NotFound when there is none the caller sees."""
        row = _row(self.pairing.members.ids, member_id, "member")
        if self.seen is not None and not self.seen[row]:
            raise _nobody(member_id, "member")
        return row

    def seen_rows(self) -> Ints | None:
        """Return the rows of the members the caller sees; None for all."""
        return None if self.seen is None else np.flatnonzero(self.seen)

    def position_row(self, position_id: str) -> int:
        """Return the row of an open post; NotFound when there is none."""
        return _row(self.pairing.positions.ids, position_id, "open post")

    def is_open(self, position_id: str) -> bool:
        """Whether the post is open."""
        return bool(find(self.pairing.positions.ids, np.array([position_id], dtype=object))[0][0])

    def days_left(self, i: int) -> int | None:
        """Return the net days left of a member's promise; None when no clock runs."""
        value = self.clocks["days_left"].iloc[i]
        return None if pd.isna(value) else int(value)

    def taken(self, i: int) -> Bits:
        """Return (n_positions,) the bits that stand against a member's posts from outside the pair: referred, locked, full."""
        me = [self.pairing.members.ids[i]]
        low, high = (int(np.searchsorted(self.marks.members, me, side=side)[0]) for side in ("left", "right"))
        there, row = find(self.pairing.positions.ids, self.marks.positions[low:high])
        what, posts = self.marks.what[low:high][there], row[there]
        mine, gives = np.unique(posts[what == MOVABLE], return_counts=True)
        out = self._standing.copy()
        out[mine] = self._full_or_shut(mine, np.maximum(self.giving[mine], gives))
        out[posts[(what == NEVER_AGAIN) | (what == LOCKED)]] |= bit(Gate.GATE_LOCK)
        out[posts[(what == STANDING) | (what == SILENT)]] |= bit(Gate.GATE_ALREADY_REFERRED)
        return out

    @cached_property
    def _standing(self) -> Bits:
        """What stands against posts whoever asks, (n_positions,): they are full, or held out of the plan."""
        return self._full_or_shut(np.arange(len(self.held)), self.giving)

    def _full_or_shut(self, posts: Ints, gives: Ints) -> Bits:
        full = (self.held[posts] - gives >= self.room[posts]) * bit(Gate.GATE_CLOSED)
        return np.asarray(full | self.shut[posts] * bit(Gate.GATE_LOCK))

    def taken_members(self, j: int) -> Bits:
        """Return (n_members,) the same for one post: who is referred to it, locked out, or whether it is full."""
        here = np.flatnonzero(self.marks.positions == self.pairing.positions.ids[j])
        what, rows = self.marks.what[here], find(self.pairing.members.ids, self.marks.members[here])[1]
        out = np.zeros(len(self.members), dtype=np.uint32)
        out[rows[(what == NEVER_AGAIN) | (what == LOCKED)]] |= bit(Gate.GATE_LOCK)
        out[rows[(what == STANDING) | (what == SILENT)]] |= bit(Gate.GATE_ALREADY_REFERRED)
        if self.shut[j]:
            out |= bit(Gate.GATE_LOCK)
        if self.held[j] - self.giving[j] >= self.room[j]:
            out |= bit(Gate.GATE_CLOSED)
        return out

    def holding(self, posts: Bools) -> Bools:
        """Return (n_members,) who holds an open referral that was heard of to one of some posts (n_positions,)."""
        still = np.flatnonzero(self.marks.what <= MOVABLE)
        there, row = find(self.pairing.positions.ids, self.marks.positions[still])
        theirs = self.marks.members[still[there][posts[row[there]]]]
        out = np.zeros(len(self.members), dtype=bool)
        out[find(self.pairing.members.ids, theirs)[1]] = True
        return out

    def standing(self) -> Ints:
        """Return (n_members,) open referrals of each member that stand, proposals of the night left out."""
        theirs = self.marks.members[self.marks.what == STANDING]
        there, row = find(self.pairing.members.ids, theirs)
        return np.bincount(row[there], minlength=len(self.members))

    @cached_property
    def worklist(self) -> pd.DataFrame:
        """Members with a running promise who seek work, most urgent first."""
        on_it = self.desk["running"].to_numpy(dtype=bool)
        running = self.desk[on_it if self.seen is None else on_it & self.seen]
        days = running["days_left"].to_numpy(dtype=np.int64)
        order = np.lexsort((running["open_referrals"].to_numpy(), days))
        return running.iloc[order].drop(columns=["running", "unstarted"]).reset_index(drop=True)

    @cached_property
    def unstarted(self) -> Ints:
        """Return the rows of members who seek work in a household without any, for whom no promise runs because something is missing."""
        waits = self.desk["unstarted"].to_numpy(dtype=bool)
        rows = np.flatnonzero(waits if self.seen is None else waits & self.seen)
        lacks = missing_for_start(self.households, self.members.iloc[rows], self.clocks.iloc[rows], self.policy)
        return np.array([i for i, names in zip(rows, lacks, strict=True) if names], dtype=np.int64)


def _row(ids: np.ndarray, wanted: str, what: str) -> int:
    there, row = find(ids, np.array([wanted], dtype=object))
    if not there[0]:
        raise _nobody(wanted, what)
    return int(row[0])


def _nobody(wanted: str, what: str) -> NotFound:
    return NotFound(f"no {what} {wanted!r} in the record; check the identifier")
