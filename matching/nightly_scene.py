"""The record on the planning day as columns, with every human decision resolved."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

import numpy as np
import pandas as pd

from matching.arrays import Bools, Floats, Ints
from matching.columns import texts
from matching.encoding import encode_members, encode_positions, open_referrals
from matching.errors import TableError
from matching.pairing import Pairing
from matching.policy.load import PolicyBook
from matching.priority import tiers, welfare_order
from matching.promise import promise_table
from matching.reasons import Reason
from matching.tables import TABLES, canonical, empty
from matching.vocabulary import OPEN_REFERRAL_STATES, POSITION_KINDS, WORKING
from matching.welfare import WELFARE, spent
from matching.welfare_queue import planned, waiting

DEFAULT_DAYS = 30
"""Days a member is planned with whose clock does not run or has run out: the promise's own length from tonight."""

RUNNING, BROKEN, OPEN_ENDED, LIFTED = "running", "broken", "open_ended", "lifted"
"""What is at stake for a member: a promise that can still be kept, one past its day, none though nobody works, none because
somebody of the household works."""

NEVER_AGAIN = frozenset({"rejected", "declined", "no_show", "started", "closed"})
"""Ends of a referral after which the same post is not proposed to the same member again."""


class NightState:
    """The record on one day: ``as_of`` and one table a keyword; a table left out is empty.

    TableError when a keyword is no table of the data dictionary or a row is not valid.
    """

    __slots__ = ("as_of", "tables")

    def __init__(self, as_of: date, **tables: pd.DataFrame) -> None:
        unknown = sorted(set(tables) - set(TABLES))
        if unknown:
            raise TableError(f"expected tables of the data dictionary, found {', '.join(unknown)}; see matching/tables")
        self.as_of = as_of
        self.tables: Mapping[str, pd.DataFrame] = MappingProxyType(
            {n: in_key_order(n, canonical(t, tables[n])) if n in tables else empty(t) for n, t in TABLES.items()}
        )

    @classmethod
    def canonical(cls, as_of: date, tables: Mapping[str, pd.DataFrame]) -> "NightState":
        """Return the state of frames that passed the door before (a store's own reading); they are put in order, not checked again."""
        state = object.__new__(cls)
        state.as_of = as_of
        state.tables = MappingProxyType(
            {n: in_key_order(n, _numbered(tables[n])) if n in tables else empty(t) for n, t in TABLES.items()}
        )
        return state

    def __getitem__(self, name: str) -> pd.DataFrame:
        return self.tables[name]


def in_key_order(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a table in the order of its key."""
    key = list(TABLES[name].key)
    return frame if _in_order(frame, key) else frame.sort_values(key, kind="stable", ignore_index=True)


def _numbered(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame with its rows numbered from 0."""
    plain = isinstance(frame.index, pd.RangeIndex) and frame.index.start == 0 and frame.index.step == 1
    return frame if plain else frame.reset_index(drop=True)


def _in_order(frame: pd.DataFrame, key: list[str]) -> bool:
    """Whether the rows already stand in the order of a key; cheaper to see than to sort again."""
    tied = np.ones(max(len(frame) - 1, 0), dtype=bool)
    for name in key:
        column = frame[name].array
        here, after = column[:-1], column[1:]
        same = np.asarray(here == after, dtype=bool)
        if (tied & ~same & ~np.asarray(here < after, dtype=bool)).any():
            return False
        tied &= same
    return True


@dataclass(frozen=True, slots=True)
class Scene:
    """A night's state as columns.

    Attributes
    ----------
    pairing : Pairing
        All members beside all posts on the day.
    rows : (n,) int
        Member rows that are planned for.
    days_left, due_on, tier : (n_members,)
        Days until the promise falls due (``DEFAULT_DAYS`` without a clock, at least 0), the day it does, the tier.
    stake : (n_members,) str
        ``RUNNING``, ``BROKEN``, ``OPEN_ENDED`` or ``LIFTED``.
    horizon : (n_members,) float
        Days within which a start is worth something: ``days_left``, and ``DEFAULT_DAYS`` again once the promise is broken.
    slots : (n_members,) int
        Referrals each member may hold at once.
    standing : DataFrame
        Open referrals that stay as they are, with rows ``mi`` and ``pj``; those silent for longer than ``night.silent_days`` hold
        neither slot nor room any more.
    movable : DataFrame
        Yesterday's untouched proposals, with rows ``mi`` and ``pj``.
    taken : (k,) int
        Sorted keys ``mi * n_positions + pj`` of pairs that may not be proposed.
    shut : (n_positions,) bool
        Posts a person holds out of the plan.
    room : (n_positions,) int
        Referrals each post may hold, beside those of members who are planned elsewhere.
    pins : tuple of (mi, pj)
        Pairs a person wants proposed.
    spent : (n_members,) bool
        Who may not begin a public-welfare post today: the term runs, or another one is not allowed yet or any more.
    place : (n_members,) int
        Place in the regulated order for public-welfare posts, 0 first.
    waits : (n_members,) bool
        Who waits for one (``matching.welfare_queue``) before the night proposes any.
    ahead : (n_positions,) int
        The earliest place of those planned elsewhere who may wait for the post; ``NOBODY`` where there is none.
    """

    as_of: date
    pairing: Pairing
    rows: Ints
    days_left: Floats
    due_on: np.ndarray
    tier: np.ndarray
    stake: np.ndarray
    horizon: Floats
    slots: Ints
    standing: pd.DataFrame
    movable: pd.DataFrame
    taken: Ints
    shut: Bools
    room: Ints
    pins: tuple[tuple[int, int], ...]
    spent: Bools
    place: Ints
    waits: Bools
    ahead: Ints
    notes: tuple[Reason, ...]
    history: Mapping[str, pd.DataFrame]


NOBODY = 1 << 30
"""A place after every other."""


def scene_of(state: NightState, policy: PolicyBook, lent: Ints | None = None, ahead: Ints | None = None) -> Scene:
    """Resolve a state: clocks, tiers, standing referrals, locks, the order for public-welfare posts.

    ``lent`` (n_positions,) is room that is dealt with elsewhere, ``ahead`` (n_positions,) the earliest place of who waits elsewhere (default
    none).
    """
    members, positions, referrals = state["members"], state["positions"], state["referrals"]
    day = np.full(len(positions), np.datetime64(state.as_of, "D"))
    kept = referrals[~untouched(referrals)]
    pending = open_referrals(kept, positions["position_id"], "position_id", day + 1, OPEN_REFERRAL_STATES)
    pairing = Pairing(
        encode_members(
            members, state["assessments"], state.as_of, policy,
            placements=state["placements"], households=state["households"], regions=state["regions"],
        ),
        encode_positions(positions, state["employers"], state.as_of, policy, pending=pending, regions=state["regions"]),
    )  # fmt: skip
    clocks = promise_table(state["households"], members, state["promises"], state.as_of, policy)
    clocks = clocks.set_index("member_id").reindex(members["member_id"])
    left = clocks["days_left"].to_numpy(dtype=float, na_value=np.nan)
    located = _located(referrals, members, positions)
    standing = located[stands(located, state.as_of, policy)]
    locks = _locks(state, members, positions)
    seeks = planned(state["households"], members) & ~locks.members_out
    barred = spent(members, state["placements"], referrals, positions, state.as_of, policy)
    stake = _stakes(state, members, left, clocks["state"].to_numpy(dtype=object))
    days_left = np.maximum(np.where(np.isnan(left), DEFAULT_DAYS, left), 0.0)
    away = _held_away(state, policy) + (0 if lent is None else lent)
    return Scene(
        as_of=state.as_of,
        pairing=pairing,
        rows=np.flatnonzero(seeks),
        days_left=days_left,
        due_on=clocks["due_on"].to_numpy(),
        tier=tiers(state["households"], members, left, policy),
        stake=stake,
        horizon=horizon_of(left),
        slots=np.full(len(members), policy.whole("night.max_open_referrals"), dtype=np.int64),
        standing=standing,
        movable=located[located["movable"]],
        taken=_taken(located, locks.excluded, len(positions)),
        shut=locks.posts_out,
        room=np.maximum(room_of(positions, policy) - away, 0),
        pins=locks.pins,
        spent=barred,
        place=welfare_order(state["households"], members, state.as_of, policy),
        waits=_waits(members, positions, standing, seeks & ~barred, policy),
        ahead=np.full(len(positions), NOBODY) if ahead is None else ahead,
        notes=locks.notes,
        history=state.tables,
    )


def _waits(
    members: pd.DataFrame, positions: pd.DataFrame, standing: pd.DataFrame, seeks: Bools, policy: PolicyBook
) -> Bools:
    mi, pj = standing["mi"].to_numpy(dtype=np.int64), standing["pj"].to_numpy(dtype=np.int64)
    welfare = ((positions["kind"] == WELFARE) & (positions["status"] == "open")).to_numpy(dtype=bool)
    holds = np.zeros(len(members), dtype=bool)
    holds[mi[welfare[pj]]] = True
    held = np.bincount(mi, minlength=len(members))
    return waiting(seeks, members["household_id"].to_numpy(dtype=object), holds, held, policy)


def horizon_of(days_left: Floats) -> Floats:
    """Return (n,) days within which a start is worth something: those left, a month where no clock runs or the promise is broken."""
    return np.where(np.isnan(days_left) | (days_left < 0), float(DEFAULT_DAYS), days_left)


def _stakes(state: NightState, members: pd.DataFrame, left: Floats, clock: np.ndarray) -> np.ndarray:
    """Return (n_members,) what is at stake; somebody at work lifts every household but a member with a clock of his own."""
    own = state["promises"].loc[state["promises"]["scope"] == "member", "member_id"]
    at_work = members["employment_state"].isin(WORKING).to_numpy()
    homes = members["household_id"]
    lifted = homes.isin(set(homes[at_work])).to_numpy() | np.isin(clock, ["met", "met_late"])
    if len(state["households"]):
        status = homes.map(state["households"].set_index("household_id")["status"])
        lifted |= status.isin(["one_employed", "stable"]).to_numpy()
    runs = ~np.isnan(left)
    lifted &= ~(runs & members["member_id"].isin(own).to_numpy())
    return np.select([lifted, runs & (left >= 0), runs], [LIFTED, RUNNING, BROKEN], OPEN_ENDED)


def room_of(positions: pd.DataFrame, policy: PolicyBook) -> Ints:
    """Return (n,) referrals each post may hold at once: openings left times the ratio of its kind."""
    ratio = np.array([policy.number(f"night.referral_ratio.{k}") for k in POSITION_KINDS])
    kind = positions["kind"].map({k: i for i, k in enumerate(POSITION_KINDS)}).to_numpy(dtype=np.int64)
    return np.asarray(np.floor(positions["openings_left"].to_numpy() * ratio[kind]), dtype=np.int64)


def heard(referrals: pd.DataFrame, as_of: date, policy: PolicyBook) -> Bools:
    """Return (n,) referrals that were not sent out so long ago, without a word since, that they hold neither slot nor room any more."""
    since = pd.Timestamp(as_of) - pd.Timedelta(days=policy.whole("night.silent_days"))
    return np.asarray(((referrals["created_on"] >= since) | (referrals["state"] != "issued")).to_numpy(dtype=bool))


def untouched(referrals: pd.DataFrame) -> Bools:
    """Return (n,) proposals of the night that nobody has issued yet."""
    return np.asarray((texts(referrals, "state") == "draft") & (texts(referrals, "source") == "night"))


def stands(referrals: pd.DataFrame, as_of: date, policy: PolicyBook) -> Bools:
    """Return (n,) referrals that hold a slot and room: open, no proposal the night may move, not silent for too long."""
    still = referrals["state"].isin(OPEN_REFERRAL_STATES).to_numpy(dtype=bool) & ~untouched(referrals)
    return np.asarray(still & heard(referrals, as_of, policy))


def _held_away(state: NightState, policy: PolicyBook) -> Ints:
    """Return (n_positions,) the referrals that stand of members who are not in this state."""
    referrals, ids = state["referrals"], pd.Index(state["positions"]["position_id"])
    away = (
        stands(referrals, state.as_of, policy) & ~referrals["member_id"].isin(state["members"]["member_id"]).to_numpy()
    )
    at = ids.get_indexer(referrals.loc[away, "position_id"])
    return np.bincount(at[at >= 0], minlength=len(ids))


def _located(referrals: pd.DataFrame, members: pd.DataFrame, positions: pd.DataFrame) -> pd.DataFrame:
    """Return referrals with member row ``mi`` and post row ``pj``; those of unknown members or posts are left out."""
    frame = referrals[["referral_id", "member_id", "position_id", "state", "source", "created_on"]].copy()
    frame["mi"] = pd.Index(members["member_id"]).get_indexer(referrals["member_id"])
    frame["pj"] = pd.Index(positions["position_id"]).get_indexer(referrals["position_id"])
    frame["movable"] = untouched(frame)
    return frame[(frame["mi"] >= 0) & (frame["pj"] >= 0)].sort_values("referral_id", ignore_index=True)


@dataclass(frozen=True, slots=True)
class _Locks:
    members_out: Bools
    posts_out: Bools
    excluded: Ints
    pins: tuple[tuple[int, int], ...]
    notes: tuple[Reason, ...]


def live_locks(locks: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Return the locks that are in force on a day."""
    today = pd.Timestamp(as_of)
    return locks[(locks["made_on"] <= today) & ~(locks["expires_on"] < today)]


def _locks(state: NightState, members: pd.DataFrame, positions: pd.DataFrame) -> _Locks:
    live = live_locks(state["locks"], state.as_of)
    mi = pd.Index(members["member_id"]).get_indexer(live["member_id"].fillna(""))
    pj = pd.Index(positions["position_id"]).get_indexer(live["position_id"].fillna(""))
    asks = live["kind"].isin(["pin", "promised"]).to_numpy()
    pair = (mi >= 0) & (pj >= 0)
    only_member = live["position_id"].isna().to_numpy() & (mi >= 0)
    only_post = live["member_id"].isna().to_numpy() & (pj >= 0)
    members_out = np.zeros(len(members), dtype=bool)
    posts_out = np.zeros(len(positions), dtype=bool)
    members_out[mi[only_member & ~asks]] = True
    posts_out[pj[only_post]] = True
    lost = live[~(pair | only_member | only_post)]
    return _Locks(
        members_out=members_out,
        posts_out=posts_out,
        excluded=mi[pair & ~asks] * len(positions) + pj[pair & ~asks],
        pins=tuple(sorted({(int(i), int(j)) for i, j in zip(mi[pair & asks], pj[pair & asks], strict=True)})),
        notes=tuple(Reason("LOCK_WITHOUT_OBJECT", {"lock_id": str(x)}) for x in lost["lock_id"]),
    )


def _taken(located: pd.DataFrame, excluded: Ints, n_positions: int) -> Ints:
    closed = located[~located["movable"] & located["state"].isin(OPEN_REFERRAL_STATES | NEVER_AGAIN)]
    keys = closed["mi"].to_numpy(dtype=np.int64) * n_positions + closed["pj"].to_numpy(dtype=np.int64)
    return np.unique(np.concatenate([keys, excluded]))
