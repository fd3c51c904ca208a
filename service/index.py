"""Members and open posts as columns in memory, refreshed when the store has moved on.

Ranking one member against many posts reads these columns; nothing is fetched or parsed row by row while a person waits.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd

from matching.arrays import Bits, Bools, Ints
from matching.eligibility import Gate
from matching.errors import NotFound
from matching.nightly_scene import NightState, Scene, scene_of
from matching.policy.load import PolicyBook
from matching.promise import promise_table
from matching.vocabulary import OPEN_REFERRAL_STATES, SEEKING
from service.security.regions import within
from service.storage.store import Store

TABLES = (
    "regions", "households", "members", "assessments", "employers", "positions", "referrals", "placements", "promises",
    "locks", "contacts",
)  # fmt: skip
"""Tables the index is made of; a write to any other leaves it as it is."""

SIMULATED = "SIM"
"""Identifiers of generated people begin with this; pages that show any say so."""


@dataclass(frozen=True, slots=True)
class Index:
    """One consistent reading of the store.

    Attributes
    ----------
    scene : Scene
        Columns of all members beside all open posts, with locks and open referrals.
    members, positions : DataFrame
        Canonical rows in the order of the scene's rows, indexed by identifier.
    clocks : DataFrame
        Promise clocks in the order of ``members``.
    held : (n_positions,) int
        Open referrals at each post, proposals of the night included.
    room : (n_positions,) int
        Open referrals a post may carry.
    seen : (n_members,) bool
        Members the caller sees; None for all. Rows keep their places, so that columns and scene stay side by side.
    """

    version: int
    as_of: date
    policy: PolicyBook
    scene: Scene
    members: pd.DataFrame
    positions: pd.DataFrame
    clocks: pd.DataFrame
    households: pd.DataFrame
    employers: pd.DataFrame
    places: pd.DataFrame
    held: Ints
    room: Ints
    worklist: pd.DataFrame
    simulated: bool
    seen: Bools | None = None

    def limited_to(self, heads: Sequence[str]) -> "Index":
        """Return this reading as a caller of some regions has it: other people's members answer to nothing and are on no list."""
        if not heads:
            return self
        inside = within(self.worklist["region_code"], heads)
        return replace(
            self,
            seen=within(self.members["region_code"], heads),
            worklist=self.worklist[inside].reset_index(drop=True),
        )

    def member_row(self, member_id: str) -> int:
        """Return the row of a member; NotFound when there is none the caller sees."""
        row = _row(self.members.index, member_id, "member")
        if self.seen is not None and not self.seen[row]:
            raise _nobody(member_id, "member")
        return row

    def seen_rows(self) -> Ints | None:
        """Return the rows of the members the caller sees; None for all."""
        return None if self.seen is None else np.flatnonzero(self.seen)

    def position_row(self, position_id: str) -> int:
        """Return the row of an open post; NotFound when there is none."""
        return _row(self.positions.index, position_id, "open post")

    def days_left(self, i: int) -> int | None:
        """Return the net days left of a member's promise; None when no clock runs."""
        value = self.clocks["days_left"].iloc[i]
        return None if pd.isna(value) else int(value)

    def taken(self, i: int) -> Bits:
        """Return (n_positions,) the bits that stand against a member's posts from outside the pair: referred, locked, full."""
        n = len(self.positions)
        out = np.zeros(n, dtype=np.uint32)
        low, high = np.searchsorted(self.scene.taken, [i * n, (i + 1) * n])
        mine = self.scene.taken[low:high] - i * n
        referred = self.scene.standing.loc[self.scene.standing["mi"] == i, "pj"].to_numpy()
        out[mine] |= _bit(Gate.GATE_LOCK)
        out[referred] = _bit(Gate.GATE_ALREADY_REFERRED)
        out[self.scene.shut] |= _bit(Gate.GATE_LOCK)
        drafts = self.scene.movable.loc[self.scene.movable["mi"] == i, "pj"].to_numpy()
        others = self.held.copy()
        others[drafts] -= 1
        out[others >= self.room] |= _bit(Gate.GATE_CLOSED)
        return out

    def taken_members(self, j: int) -> Bits:
        """Return (n_members,) the same for one post: who is referred to it, locked out, or whether it is full."""
        n = len(self.positions)
        out = np.zeros(len(self.members), dtype=np.uint32)
        out[self.scene.taken[self.scene.taken % n == j] // n] |= _bit(Gate.GATE_LOCK)
        out[self.scene.standing.loc[self.scene.standing["pj"] == j, "mi"].to_numpy()] = _bit(Gate.GATE_ALREADY_REFERRED)
        full = self.held[j] >= self.room[j]
        return (
            out
            | (_bit(Gate.GATE_LOCK) if self.scene.shut[j] else np.uint32(0))
            | (_bit(Gate.GATE_CLOSED) if full else np.uint32(0))
        )


def _bit(gate: Gate) -> np.uint32:
    return np.uint32(1 << gate)


def _row(ids: pd.Index, wanted: str, what: str) -> int:
    row = int(ids.get_indexer(pd.Index([wanted]))[0])
    if row < 0:
        raise _nobody(wanted, what)
    return row


def _nobody(wanted: str, what: str) -> NotFound:
    return NotFound(f"no {what} {wanted!r} in the record; check the identifier")


def read_index(
    tables: Mapping[str, pd.DataFrame], version: int, as_of: date, policy: PolicyBook, *, open_only: bool = True
) -> Index:
    """Build the index from one consistent snapshot of the tables; of the posts only the open ones, unless all are wanted."""
    posts = tables["positions"]
    if open_only:
        tables = {**tables, "positions": posts[posts["status"] == "open"].reset_index(drop=True)}
    state = NightState.canonical(as_of, tables)
    scene = scene_of(state, policy)
    members, positions = state["members"], state["positions"]
    clocks = promise_table(state["households"], members, state["promises"], as_of, policy)
    clocks = clocks.set_index("member_id").reindex(members["member_id"])
    held = _held(state["referrals"], positions["position_id"])
    return Index(
        version=version, as_of=as_of, policy=policy, scene=scene,
        members=members.set_index("member_id", drop=False), positions=positions.set_index("position_id", drop=False),
        clocks=clocks, households=state["households"].set_index("household_id", drop=False),
        employers=state["employers"].set_index("employer_id", drop=False),
        places=state["regions"].set_index("region_code"), held=held, room=room(positions, policy),
        worklist=_worklist(state, clocks), simulated=bool(members["member_id"].str.startswith(SIMULATED).any()),
    )  # fmt: skip


def room(positions: pd.DataFrame, policy: PolicyBook) -> Ints:
    """Return (n,) open referrals each post may carry: openings left times the ratio of its kind."""
    kinds = {k: policy.number(f"night.referral_ratio.{k}") for k in positions["kind"].unique()}
    ratio = positions["kind"].map(kinds).to_numpy(dtype=float) if kinds else np.zeros(0)
    return np.asarray(np.floor(positions["openings_left"].to_numpy() * ratio), dtype=np.int64)


def _held(referrals: pd.DataFrame, position_ids: pd.Series) -> Ints:
    open_ones = referrals.loc[referrals["state"].isin(OPEN_REFERRAL_STATES), "position_id"]
    return np.asarray(position_ids.map(open_ones.value_counts()).fillna(0), dtype=np.int64)


def _worklist(state: NightState, clocks: pd.DataFrame) -> pd.DataFrame:
    """Return members with a running promise who seek work, most urgent first."""
    members, referrals = state["members"], state["referrals"]
    frame = members[["member_id", "household_id", "region_code", "reachable", "path_stage"]].copy()
    for name in ("days_left", "days_left_gross", "due_on"):
        frame[name] = clocks[name].to_numpy()
    frame["file_no"] = frame["household_id"].map(state["households"].set_index("household_id")["file_no"])
    open_ones = referrals[referrals["state"].isin(OPEN_REFERRAL_STATES)]
    frame["open_referrals"] = frame["member_id"].map(open_ones["member_id"].value_counts()).fillna(0).astype("int64")
    frame["last_referred_on"] = (
        referrals.groupby("member_id")["created_on"].max().reindex(frame["member_id"]).to_numpy()
    )
    contacts = state["contacts"]
    frame["last_contact_on"] = (
        contacts.groupby("household_id")["contacted_on"].max().reindex(frame["household_id"]).to_numpy()
    )
    seeking = (members["willing"] & members["employment_state"].isin(SEEKING)).to_numpy(dtype=bool)
    running = seeking & clocks["days_left"].notna().to_numpy()
    return frame[running].sort_values(["days_left", "open_referrals", "member_id"], kind="stable", ignore_index=True)


class LiveIndex:
    """Holds the newest index; the first caller after a change rebuilds it, the others wait for the same one."""

    def __init__(self, store: Store, policy: Callable[[date], PolicyBook]) -> None:
        self._store = store
        self._policy = policy
        self._lock = threading.Lock()
        self._index: Index | None = None
        self._views: dict[tuple[str, ...], Index] = {}

    def at(self, as_of: date, heads: tuple[str, ...] = ()) -> Index:
        """Return the index of a day as the store stands now, with the people of some regions (empty: of all)."""
        index = self._whole(as_of)
        if not heads:
            return index
        view = self._views.get(heads)
        if view is None or view.scene is not index.scene:
            view = self._views[heads] = index.limited_to(heads)
        return view

    def _whole(self, as_of: date) -> Index:
        held = self._index
        if held is not None and held.as_of == as_of and held.version == self._store.version(TABLES):
            return held
        with self._lock:
            version = self._store.version(TABLES)
            held = self._index
            if held is None or held.as_of != as_of or held.version != version:
                held = read_index(self._store.snapshot(TABLES), version, as_of, self._policy(as_of))
                self._index = held
                self._views.clear()
            return held
