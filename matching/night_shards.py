"""A night in shards: regions that are planned apart, each with its own share of the room at posts that several can reach.

A household belongs to the city of its first member; small cities are planned together. A post's free room is dealt out by demand: to each
shard in proportion to the planned members who may reach the post, whole places by systematic sampling, so that the expected share is
exact and no place is dealt twice. A small record is one shard, which has all the room.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from matching.arrays import Bools, Floats, Ints
from matching.nightly_scene import NOBODY, NightState, live_locks, room_of, stands
from matching.pairing import reach_km
from matching.policy.load import PolicyBook
from matching.priority import welfare_order
from matching.ranking import tie_break
from matching.reach import kilometres
from matching.welfare import WELFARE
from matching.welfare_queue import planned

WHOLE = 5_000
"""Records of up to so many members are one shard."""

LEAST = 2_500
"""Members a shard has at least; cities are put together in the order of their codes until they have as many."""

CELL_KM = 2.0
LIMIT_STEP = 5.0
"""Demand is counted for members of the same cell and of the same commute limit, to so many kilometres and minutes."""


@dataclass(frozen=True, slots=True)
class Shard:
    """A part of a night: ``name`` the first and last city, ``state`` what it may see, ``lent`` (n_positions,) room that others deal with,
    ``ahead`` (n_positions,) the earliest place in the order for public-welfare posts of those in other shards who may wait for the post; both
    in the order of ``state["positions"]``."""

    name: str
    state: NightState
    lent: Ints
    ahead: Ints


def shards_of(state: NightState, policy: PolicyBook) -> tuple[Shard, ...]:
    """Cut a state into shards; the same state gives the same shards, and every member is in exactly one."""
    members, positions = state["members"], state["positions"]
    if len(members) <= WHOLE:
        return (Shard("all", state, np.zeros(len(positions), dtype=np.int64), np.full(len(positions), NOBODY)),)
    city, shard = _of_households(members)
    names = [f"{c[0]}-{c[-1]}" for c in (np.unique(city[shard == s]) for s in range(int(shard.max()) + 1))]
    free, dealt, at_home = _dealt(state, policy, shard, city, len(names))
    links = _linked(state, shard, len(names))
    ahead = _ahead(state, policy, shard, len(names))
    rows, parts = _Rows.of(state, shard), []
    for s, name in enumerate(names):
        seen = (dealt[s] > 0) | links[s] | (at_home == s) & (free == 0)
        part = _part(state, rows, shard == s, seen, s)
        parts.append(Shard(name, part, (free - dealt[s])[seen], ahead[s][seen]))
    return tuple(parts)


def _of_households(members: pd.DataFrame) -> tuple[np.ndarray, Ints]:
    """Return each member's city and shard."""
    first = members.groupby("household_id", sort=False)["region_code"].transform("first")
    city = (first.str[:4] + "00").to_numpy(dtype=object).astype(str)
    names, code, counts = np.unique(city, return_inverse=True, return_counts=True)
    shard_of, size, current = np.zeros(len(names), dtype=np.int64), 0, 0
    for k, n in enumerate(counts):
        shard_of[k] = current
        size += int(n)
        if size >= LEAST and counts[k + 1 :].sum() >= LEAST:
            size, current = 0, current + 1
    return city, shard_of[code]


def _dealt(state: NightState, policy: PolicyBook, shard: Ints, city: np.ndarray, n: int) -> tuple[Ints, Ints, Ints]:
    """Return the free room of each post, (n_shards, n_positions) who deals with how much of it, and the shard a post is at home in."""
    positions = state["positions"]
    free = np.maximum(room_of(positions, policy) - _claimed(state, policy), 0)
    homes = dict(zip(city, shard.tolist(), strict=True))
    at_home = positions["region_code"].str[:4].add("00").map(homes).fillna(-1).to_numpy(dtype=np.int64)
    demand = _demand(state, shard, city, at_home, n)
    nobody = demand.sum(axis=0) == 0
    demand[np.maximum(at_home, 0)[nobody], np.flatnonzero(nobody)] = 1.0
    edge = np.cumsum(demand / demand.sum(axis=0), axis=0)
    edge[-1] = 1.0
    luck = (tie_break(positions["position_id"].to_numpy(dtype=object), "shards") >> np.uint64(11)) / float(1 << 53)
    upto = np.clip(np.floor(free * edge - luck) + 1, 0, free).astype(np.int64)
    upto[-1] = free
    return free, np.diff(upto, axis=0, prepend=0), np.maximum(at_home, 0)


def _claimed(state: NightState, policy: PolicyBook) -> Ints:
    """Return (n_positions,) the open referrals and pins of everybody."""
    referrals, locks = state["referrals"], live_locks(state["locks"], state.as_of)
    held = stands(referrals, state.as_of, policy)
    ids = pd.Index(state["positions"]["position_id"])
    pins = locks[locks["kind"].isin(["pin", "promised"]) & locks["member_id"].notna()]
    at = np.concatenate([ids.get_indexer(referrals.loc[held, "position_id"]), ids.get_indexer(pins["position_id"])])
    return np.bincount(at[at >= 0], minlength=len(ids))


def _demand(state: NightState, shard: Ints, city: np.ndarray, at_home: Ints, n: int) -> Floats:
    """Return (n_shards, n_positions) planned members of each shard who may reach each post."""
    members, positions = state["members"], state["positions"]
    seeks = planned(state["households"], members)
    demand = np.zeros((n, len(positions)))
    anywhere = positions["home_based"].to_numpy(dtype=bool)
    demand[:, anywhere] = np.bincount(shard[seeks], minlength=n)[:, None]
    spots = kilometres(*(_numbers(positions[c]) for c in ("longitude", "latitude")))
    points = kilometres(*(_numbers(members[c]) for c in ("longitude", "latitude")))
    limit = _numbers(members["commute_limit_minutes"])
    tied = seeks & ~np.isnan(points[:, 0]) & ~np.isnan(limit)
    placed = ~anywhere & ~np.isnan(spots[:, 0])
    cells, of_cell = _cells(spots[placed])
    for s in range(n):
        at = np.flatnonzero(placed)
        demand[s, at] += _reached(cells, points[tied & (shard == s)], limit[tied & (shard == s)])[of_cell]
        demand[s, ~anywhere & (at_home == s)] += (seeks & ~tied & (shard == s)).sum()
    lost = ~anywhere & ~placed
    demand[:, lost] = 0.0
    demand[np.maximum(at_home, 0)[lost], np.flatnonzero(lost)] = 1.0
    return demand


def _ahead(state: NightState, policy: PolicyBook, shard: Ints, n: int) -> Ints:
    """Return (n_shards, n_positions) the earliest place of those in other shards who may wait for each public-welfare post.

    It is looked at generously: by cells and without the gates. A post nobody else may wait for is each shard's own.
    """
    members, positions = state["members"], state["positions"]
    first = np.full((n, len(positions)), NOBODY)
    seeks = planned(state["households"], members) & ~_served(state, policy)
    place = np.full(len(members), NOBODY)
    place[seeks] = welfare_order(state["households"], members[seeks], state.as_of, policy)
    posts = np.flatnonzero((positions["kind"] == WELFARE).to_numpy())
    if len(np.unique(place[seeks])) > 1:
        for s, k in {(int(s), int(k)) for s, k in zip(shard[seeks], place[seeks], strict=True)}:
            some = members[seeks & (shard == s) & (place == k)]
            at = posts[_may_reach(some, positions.iloc[posts])]
            first[s, at] = np.minimum(first[s, at], k)
    least = np.sort(first, axis=0)[:2]
    return np.where(first > least[0], least[0], least[-1] if n > 1 else NOBODY)


def _served(state: NightState, policy: PolicyBook) -> Bools:
    """Return (n_members,) whose household holds a standing referral to an open public-welfare post."""
    members, positions, referrals = state["members"], state["positions"], state["referrals"]
    welfare = positions.loc[(positions["kind"] == WELFARE) & (positions["status"] == "open"), "position_id"]
    held = stands(referrals, state.as_of, policy) & referrals["position_id"].isin(welfare).to_numpy()
    homes = members.loc[members["member_id"].isin(referrals.loc[held, "member_id"]), "household_id"]
    return np.asarray(members["household_id"].isin(homes).to_numpy())


def _may_reach(members: pd.DataFrame, posts: pd.DataFrame) -> Bools:
    """Return (n_posts,) posts that somebody may reach, or whose way from somebody of the same city cannot be told."""
    spots, points = (kilometres(*(_numbers(t[c]) for c in ("longitude", "latitude"))) for t in (posts, members))
    limit = _numbers(members["commute_limit_minutes"])
    tied, placed = ~np.isnan(points[:, 0]) & ~np.isnan(limit), ~np.isnan(spots[:, 0])
    out = posts["home_based"].to_numpy(dtype=bool).copy()
    cities, of_post = members["region_code"].str[:4], posts["region_code"].str[:4]
    out |= of_post.isin(cities[~tied]).to_numpy() | (~placed & of_post.isin(cities).to_numpy())
    cells, of_cell = _cells(spots[placed])
    out[placed] |= (_reached(cells, points[tied], limit[tied] * 1.05, slack=1.5 * CELL_KM) > 0)[of_cell]
    return out


def _numbers(series: pd.Series) -> Floats:
    return series.to_numpy(dtype=float, na_value=np.nan)


def _cells(points: Floats) -> tuple[Floats, Ints]:
    """Return the middles of the cells points lie in, and each point's cell."""
    cell, at = np.unique(np.floor(points / CELL_KM).astype(np.int64), axis=0, return_inverse=True)
    return (cell + 0.5) * CELL_KM, at.reshape(-1)


def _reached(cells: Floats, points: Floats, limit: Floats, slack: float = 0.0) -> Floats:
    """Return (n_cells,) how many members may reach each cell; ``slack`` kilometres more than the middles of cells are apart."""
    out = np.zeros(len(cells))
    if not len(points) or not len(cells):
        return out
    step = np.ceil(limit / LIMIT_STEP)
    group, count = np.unique(
        np.column_stack([np.floor(points / CELL_KM), step]).astype(np.int64), axis=0, return_counts=True
    )
    near = cKDTree(cells).query_ball_point((group[:, :2] + 0.5) * CELL_KM, reach_km(group[:, 2] * LIMIT_STEP) + slack)
    for cells_near, members in zip(near, count, strict=True):
        out[cells_near] += members
    return out


def _linked(state: NightState, shard: Ints, n: int) -> Bools:
    """Return (n_shards, n_positions) posts that a member of the shard is referred to, locked to or barred from."""
    out = np.zeros((n, len(state["positions"])), dtype=bool)
    for name in ("referrals", "locks"):
        table = state[name]
        mi = pd.Index(state["members"]["member_id"]).get_indexer(table["member_id"].fillna(""))
        pj = pd.Index(state["positions"]["position_id"]).get_indexer(table["position_id"].fillna(""))
        both = (mi >= 0) & (pj >= 0)
        out[shard[mi[both]], pj[both]] = True
    return out


@dataclass(frozen=True, slots=True)
class _Rows:
    """Whose each row of a table is, looked up once for all shards: ``shard`` table → (n_rows,) the shard of its member or household, -1 where
    there is none; ``post`` table → (n_rows,) its post's row, -1 where there is none."""

    shard: dict[str, Ints]
    post: dict[str, Ints]

    @classmethod
    def of(cls, state: NightState, shard: Ints) -> "_Rows":
        """Look up the owners of every table; ``shard`` (n_members,)."""
        members = state["members"]
        home, first = np.unique(members["household_id"].to_numpy(dtype=object).astype(str), return_index=True)
        known = {
            "member_id": (pd.Index(members["member_id"]), np.append(shard, -1)),
            "household_id": (pd.Index(home), np.append(shard[first], -1)),
        }
        owners = {"assessments": "member_id", "placements": "member_id", "referrals": "member_id", "locks": "member_id",
                  "households": "household_id", "promises": "household_id"}  # fmt: skip
        posts = pd.Index(state["positions"]["position_id"])
        found = {n: known[key][1][known[key][0].get_indexer(state[n][key].fillna(""))] for n, key in owners.items()}
        return cls(found, {n: posts.get_indexer(state[n]["position_id"].fillna("")) for n in ("referrals", "locks")})


def _part(state: NightState, rows: _Rows, members: Bools, seen: Bools, s: int) -> NightState:
    """Return what shard ``s`` may see of a state."""
    positions, locks = state["positions"][seen], state["locks"]
    looked_at = np.append(seen, False)
    nobody = locks["member_id"].isna().to_numpy(dtype=bool)
    post, owner = rows.post["locks"], rows.shard["locks"]
    stray = ((owner < 0) & ~nobody) | (nobody & (post < 0))
    tables = {
        "regions": state["regions"],
        "members": state["members"][members],
        "employers": state["employers"][state["employers"]["employer_id"].isin(positions["employer_id"].unique())],
        "positions": positions,
        "referrals": state["referrals"][(rows.shard["referrals"] == s) | looked_at[rows.post["referrals"]]],
        "locks": locks[(owner == s) | (nobody & looked_at[post]) | (stray & (s == 0))],
    } | {
        n: state[n].take(np.flatnonzero(rows.shard[n] == s))
        for n in ("households", "assessments", "placements", "promises")
    }
    return NightState.canonical(state.as_of, tables)
