"""How the index is made from the store, and how a few changed rows get into it.

A part, made of the rows a change concerns, is itself an index; ``joined`` puts it in place of what stood there. A fresh index is the part of
everything, so that there is one way to make one.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from matching.arrays import Bools, Ints
from matching.columns import NO_DAY, among, counts, dated, days, known, last_day, picked, rows_of, texts, written
from matching.encoding import encode_members, encode_positions, open_referrals
from matching.nightly_scene import NEVER_AGAIN, heard, horizon_of, in_key_order, live_locks, untouched
from matching.pairing import Pairing
from matching.policy.load import PolicyBook
from matching.promise import promise_table
from matching.splicing import Splice, find, taken
from matching.vocabulary import OPEN_REFERRAL_STATES
from matching.welfare import WELFARE
from matching.welfare_queue import planned
from service import index as reading
from service.index import Index, Marks
from service.index_tables import EVERY_PIECE, Tables

SIMULATED = "SIM"
"""Identifiers of generated people begin with this; pages that show any say so."""

_NONE, _NOBODY = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=object)


def index_of(
    tables: Tables, version: int, as_of: date, policy: PolicyBook, *, open_only: bool = True, beside: Index | None = None,
    stale: Collection[str] = EVERY_PIECE,
) -> Index:  # fmt: skip
    """Return the index of these rows; of the posts only the open ones, unless all are wanted.

    ``beside`` is the index the part is going to be joined to: a piece that is not ``stale`` is that index's own.
    """
    state = {name: in_key_order(name, frame) for name, frame in tables.items()}
    posts = state["positions"]
    is_open = texts(posts, "status") == "open"
    if open_only and not is_open.all():
        state["positions"] = posts[is_open].reset_index(drop=True)
    fresh = heard(state["referrals"], as_of, policy)
    made: dict[str, Any] = {"version": version, "as_of": as_of, "policy": policy}
    if not {"people", "posts", "pending"}.isdisjoint(stale):
        made["pairing"] = _pairing(state, as_of, policy, None if beside is None else beside.pairing, stale)
    if "people" in stale:
        made |= _people_as_read(state)
    if "posts" in stale:
        made |= _posts_as_read(state)
    if "clocks" in stale:
        clocks = promise_table(state["households"], state["members"], state["promises"], as_of, policy)
        left = clocks["days_left"].to_numpy(dtype=float, na_value=np.nan)
        made |= {"clocks": clocks.set_index("member_id"), "planning_days": horizon_of(left)}
    if not {"clocks", "sent", "called"}.isdisjoint(stale):
        made["desk"] = _desk(state, made.get("clocks"), stale)
    if "pending" in stale:
        made |= _held(state["referrals"], fresh, state["positions"])
    if "rooms" in stale:
        made["room"] = room(state["positions"], policy)
    if not {"between", "closed"}.isdisjoint(stale):
        made |= _stands_between(state, fresh, as_of, stale)
    return Index(**made) if beside is None else replace(beside, **made)


def _people_as_read(state: Tables) -> dict[str, Any]:
    return {
        "members": state["members"].set_index("member_id", drop=False),
        "households": state["households"].set_index("household_id", drop=False),
        "simulated": any(str(i).startswith(SIMULATED) for i in texts(state["members"], "member_id")),
        "places": state["regions"].set_index("region_code"),
    }


def _posts_as_read(state: Tables) -> dict[str, Any]:
    return {
        "positions": state["positions"].set_index("position_id", drop=False),
        "employers": state["employers"].set_index("employer_id", drop=False),
    }


def _stands_between(state: Tables, fresh: Bools, as_of: date, stale: Collection[str]) -> dict[str, Any]:
    """Return what stands between pairs, and who and what is held out of the plan, by referrals and by the locks of a day."""
    locks = live_locks(state["locks"], as_of)
    people, posts, kinds = (texts(locks, name) for name in ("member_id", "position_id", "kind"))
    alone, bars = ~known(people), ~among(kinds, ("pin", "promised"))
    made: dict[str, Any] = {}
    if "between" in stale:
        made["marks"] = _marks(state["referrals"], fresh, locks[~alone & known(posts) & bars])
    if "closed" in stale:
        made["shut"] = among(texts(state["positions"], "position_id"), set(posts[alone]))
        made["out"] = among(texts(state["members"], "member_id"), set(people[~alone & ~known(posts) & bars]))
    return made


def _pairing(
    state: Tables, as_of: date, policy: PolicyBook, beside: Pairing | None, stale: Collection[str]
) -> Pairing:  # fmt: skip
    """Return the encoded people and posts; beside a pairing, its own of the side that is not stale, and nothing is encoded for nobody."""
    members, positions, referrals = state["members"], state["positions"], state["referrals"]
    if beside is not None and "people" not in stale:
        people = beside.members
    elif beside is not None and not len(members):
        people = taken(beside.members, _NONE)
    else:
        people = encode_members(
            members, state["assessments"], as_of, policy,
            placements=state["placements"], households=state["households"], regions=state["regions"],
        )  # fmt: skip
    if beside is not None and "pending" not in stale and "posts" not in stale:
        return Pairing(people, beside.positions)
    if beside is not None and not len(positions):
        return Pairing(people, taken(beside.positions, _NONE))
    kept = referrals[~untouched(referrals)]
    tomorrow = np.full(len(positions), np.datetime64(as_of, "D") + 1)
    pending = open_referrals(kept, positions["position_id"], "position_id", tomorrow, OPEN_REFERRAL_STATES)
    if beside is not None and "posts" not in stale:
        here = find(beside.positions.ids, texts(positions, "position_id"))[1]
        return Pairing(people, replace(taken(beside.positions, here), pending=pending.astype(float)))
    posts = encode_positions(positions, state["employers"], as_of, policy, pending=pending, regions=state["regions"])
    return Pairing(people, posts)


def room(positions: pd.DataFrame, policy: PolicyBook) -> Ints:
    """Return (n,) open referrals each post may carry: openings left times the ratio of its kind."""
    kinds = texts(positions, "kind")
    ratios = {k: policy.number(f"night.referral_ratio.{k}") for k in set(kinds)}
    ratio = np.fromiter((ratios[k] for k in kinds), dtype=float, count=len(kinds))
    return np.asarray(np.floor(positions["openings_left"].to_numpy() * ratio), dtype=np.int64)


def _held(referrals: pd.DataFrame, fresh: Bools, positions: pd.DataFrame) -> dict[str, Any]:
    holding = fresh & among(texts(referrals, "state"), OPEN_REFERRAL_STATES)
    row = rows_of(texts(positions, "position_id"), texts(referrals, "position_id"))
    giving = counts(row[holding & untouched(referrals)], len(positions))
    return {
        "held": counts(row[holding], len(positions)),
        "giving": np.where(texts(positions, "kind") == WELFARE, 0, giving),
    }


def _marks(referrals: pd.DataFrame, fresh: Bools, barred: pd.DataFrame) -> Marks:
    """Return what stands between members and posts, whether or not the posts are open now."""
    state = texts(referrals, "state")
    still = among(state, OPEN_REFERRAL_STATES)
    names = [reading.MOVABLE, reading.STANDING, reading.SILENT, reading.NEVER_AGAIN]
    what = np.select([untouched(referrals), still & fresh, still, among(state, NEVER_AGAIN)], names, -1)
    members, positions = (
        np.concatenate([texts(referrals, name)[what >= 0], texts(barred, name)])
        for name in ("member_id", "position_id")
    )
    order = np.argsort(members, kind="stable")
    kinds = np.concatenate([what[what >= 0], np.full(len(barred), reading.LOCKED)])
    return Marks(members[order], positions[order], kinds[order])


def _desk(state: Tables, clocks: pd.DataFrame | None, stale: Collection[str]) -> pd.DataFrame:
    """Return what a worklist shows of each member, and whether the member is on it; of the columns those that are stale."""
    members, households, referrals, contacts = (
        state[name] for name in ("members", "households", "referrals", "contacts")
    )
    ids, n, shown = texts(members, "member_id"), len(members), dict[str, Any]()
    home = rows_of(texts(households, "household_id"), texts(members, "household_id"))
    if clocks is not None:
        names = ("member_id", "household_id", "region_code", "reachable", "path_stage")
        shown |= {name: members[name].array for name in names}
        shown |= {name: clocks[name].array for name in ("days_left", "days_left_gross", "due_on")}
        shown["file_no"] = written(picked(texts(households, "file_no"), home, None))
    if "sent" in stale:
        sent = rows_of(ids, texts(referrals, "member_id"))
        still = among(texts(referrals, "state"), OPEN_REFERRAL_STATES)
        shown["open_referrals"] = counts(sent[still], n)
        shown["last_referred_on"] = dated(last_day(sent, days(referrals, "created_on"), n))
    if "called" in stale:
        called = rows_of(texts(households, "household_id"), texts(contacts, "household_id"))
        contacted = last_day(called, days(contacts, "contacted_on"), len(households))
        shown["last_contact_on"] = dated(picked(contacted, home, NO_DAY))
    if clocks is not None:
        seeking = planned(households, members)
        shown["running"] = seeking & clocks["days_left"].notna().to_numpy()
        shown["unstarted"] = seeking & clocks["days_left"].isna().to_numpy()
    return pd.DataFrame(shown, index=pd.Index(members["member_id"].array, name="member_id"))


def joined(old: Index, part: Index, touched: Tables) -> Index:
    """Return the index with a part in place of the rows of the people and posts it was made of (``touched``); what is of both stays as it is."""
    named = np.sort(texts(touched["positions"], "position_id"))
    ids = np.sort(texts(touched["members"], "member_id"))
    posted = named if part.positions is old.positions else part.pairing.positions.ids
    people = Splice.of(old.pairing.members.ids, ids, _NOBODY)
    posts = Splice.of(old.pairing.positions.ids, posted, named[~find(posted, named)[0]])
    spliced: dict[str, Any] = {}
    for name in ("members", "clocks", "desk", "planning_days", "out"):
        spliced[name] = _put(people, getattr(old, name), getattr(part, name))
    for name in ("positions", "held", "giving", "room", "shut"):
        spliced[name] = _put(posts, getattr(old, name), getattr(part, name))
    for name in ("households", "employers"):
        was, new = getattr(old, name), getattr(part, name)
        spliced[name] = was if new is was else _added(was, new).frame(was, new)
    marks = old.marks if part.marks is old.marks else _joined_marks(old.marks, part.marks, ids, named)
    return replace(
        part, **spliced, pairing=_joined_pairing(old.pairing, part.pairing, people, posts), places=old.places, marks=marks,
        simulated=old.simulated or part.simulated,
    )  # fmt: skip


def _joined_pairing(old: Pairing, part: Pairing, people: Splice, posts: Splice) -> Pairing:
    members = old.members
    if part.members is not members:
        members = people.columns(members, part.members)
    if part.positions is not old.positions:
        return old.with_posts(members, part.positions, posts)
    return old if members is old.members else old.with_members(members)


def _put(splice: Splice, old: Any, new: Any) -> Any:
    if new is old:
        return old
    return splice.frame(old, new) if isinstance(old, pd.DataFrame) else splice.array(old, new)


def _added(old: pd.DataFrame, part: pd.DataFrame) -> Splice:
    before, fresh = old.index.to_numpy(dtype=object), part.index.to_numpy(dtype=object)
    return Splice.of(before, fresh, _NOBODY)


def _joined_marks(old: Marks, part: Marks, people: np.ndarray, posts: np.ndarray) -> Marks:
    stays = np.ones(len(old.members), dtype=bool)
    low, high = (np.searchsorted(old.members, people, side=side) for side in ("left", "right"))
    for first, last in zip(low, high, strict=True):
        stays[first:last] = False
    if len(posts):
        stays &= ~np.isin(old.positions, posts)
    members = old.members[stays]
    at = np.searchsorted(members, part.members)
    return Marks(
        np.insert(members, at, part.members),
        np.insert(old.positions[stays], at, part.positions),
        np.insert(old.what[stays], at, part.what),
    )
