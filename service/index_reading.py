"""How the index is made from the store, and how a few changed rows get into it.

A part, made of the rows a change concerns, is itself an index; ``joined`` puts it in place of what stood there. A fresh index is the part of
everything, so that there is one way to make one.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd

from matching.arrays import Bools, Ints
from matching.columns import NO_DAY, among, counts, dated, days, flags, known, last_day, picked, rows_of, texts, written
from matching.encoding import encode_members, encode_positions, open_referrals
from matching.nightly_scene import NEVER_AGAIN, NightState, heard, horizon_of, live_locks
from matching.pairing import Pairing
from matching.policy.load import PolicyBook
from matching.promise import promise_table
from matching.splicing import Splice, find, taken
from matching.vocabulary import OPEN_REFERRAL_STATES, SEEKING
from service import index as reading
from service.index import Index, Marks
from service.storage.feed import FOLLOWED
from service.storage.store import Reader

SIMULATED = "SIM"
"""Identifiers of generated people begin with this; pages that show any say so."""

Tables = Mapping[str, pd.DataFrame]

_NONE = np.zeros(0, dtype=np.int64)


def whole_record(reader: Reader) -> Tables:
    """Read every table the index is made of."""
    return {name: reader.read(name) for name in FOLLOWED}


def rows_touched(reader: Reader, touched: Mapping[str, Collection[str]], places: pd.DataFrame) -> Tables:
    """Read all rows of the people and posts a change concerns: whole households, and every post of an employer that changed."""
    moved = reader.read("members", ["member_id", "household_id"], member_id=sorted(touched["member_id"]))
    homes = sorted({*touched["household_id"], *moved["household_id"]})
    members = reader.read("members", household_id=homes)
    people = sorted(members["member_id"])
    own = reader.read("positions", position_id=sorted(touched["position_id"]))
    firms = sorted(touched["employer_id"])
    others = [reader.read("positions", **{c: firms}) for c in ("employer_id", "user_unit_id")] if firms else []
    positions = _once([own, *others], "position_id")
    posts = sorted(positions["position_id"])
    units = {*firms, *positions["employer_id"], *positions["user_unit_id"].dropna()}
    return {
        "regions": places,
        "households": reader.read("households", household_id=homes),
        "members": members,
        "assessments": reader.read("assessments", member_id=people),
        "employers": reader.read("employers", employer_id=sorted(units)),
        "positions": positions,
        "referrals": _of_either(reader, "referrals", "referral_id", people, posts),
        "placements": reader.read("placements", member_id=people),
        "promises": _once([reader.read("promises", household_id=homes), reader.read("promises", member_id=people)], "promise_id"),
        "locks": _of_either(reader, "locks", "lock_id", people, posts),
        "contacts": reader.read("contacts", household_id=homes),
    }  # fmt: skip


def _of_either(reader: Reader, table: str, key: str, people: list[str], posts: list[str]) -> pd.DataFrame:
    return _once([reader.read(table, member_id=people), reader.read(table, position_id=posts)], key)


def _once(frames: Sequence[pd.DataFrame], key: str) -> pd.DataFrame:
    filled = [f for f in frames if len(f)] or [frames[0]]
    return (
        filled[0] if len(filled) == 1 else pd.concat(filled, ignore_index=True).drop_duplicates(key, ignore_index=True)
    )


def index_of(
    tables: Tables, version: int, as_of: date, policy: PolicyBook, *, open_only: bool = True, beside: Pairing | None = None
) -> Index:  # fmt: skip
    """Return the index of these rows; of the posts only the open ones, unless all are wanted.

    ``beside`` is the pairing the part is going to be joined to: where the part has nobody, or no posts, nothing is encoded.
    """
    posts = tables["positions"]
    is_open = texts(posts, "status") == "open"
    state = NightState.canonical(
        as_of, {**tables, "positions": posts[is_open] if open_only and not is_open.all() else posts}
    )
    members, positions, referrals = state["members"], state["positions"], state["referrals"]
    clocks = promise_table(state["households"], members, state["promises"], as_of, policy)
    left = clocks["days_left"].to_numpy(dtype=float, na_value=np.nan)
    locks, fresh = live_locks(state["locks"], as_of), heard(referrals, as_of, policy)
    people, posts_locked, kinds = (texts(locks, name) for name in ("member_id", "position_id", "kind"))
    alone, bars = ~known(people), ~among(kinds, ("pin", "promised"))
    ids, numbers = texts(members, "member_id"), texts(positions, "position_id")
    return Index(
        version=version, as_of=as_of, policy=policy, pairing=_pairing(state, policy, beside),
        members=members.set_index("member_id", drop=False), positions=positions.set_index("position_id", drop=False),
        clocks=clocks.set_index("member_id"), desk=_desk(state, clocks),
        households=state["households"].set_index("household_id", drop=False),
        employers=state["employers"].set_index("employer_id", drop=False), places=state["regions"].set_index("region_code"),
        planning_days=horizon_of(left), held=_held(referrals, fresh, numbers), room=room(positions, policy),
        shut=among(numbers, set(posts_locked[alone])), out=among(ids, set(people[~alone & ~known(posts_locked) & bars])),
        marks=_marks(referrals, fresh, locks[~alone & known(posts_locked) & bars]),
        simulated=any(str(i).startswith(SIMULATED) for i in ids),
    )  # fmt: skip


def _pairing(state: NightState, policy: PolicyBook, beside: Pairing | None) -> Pairing:
    referrals, members, positions = state["referrals"], state["members"], state["positions"]
    if beside is not None and not len(members):
        people = taken(beside.members, _NONE)
    else:
        people = encode_members(
            members, state["assessments"], state.as_of, policy,
            placements=state["placements"], households=state["households"], regions=state["regions"],
        )  # fmt: skip
    if beside is not None and not len(positions):
        return Pairing(people, taken(beside.positions, _NONE))
    kept = referrals[~((texts(referrals, "state") == "draft") & (texts(referrals, "source") == "night"))]
    tomorrow = np.full(len(positions), np.datetime64(state.as_of, "D") + 1)
    pending = open_referrals(kept, positions["position_id"], "position_id", tomorrow, OPEN_REFERRAL_STATES)
    posts = encode_positions(
        positions, state["employers"], state.as_of, policy, pending=pending, regions=state["regions"]
    )
    return Pairing(people, posts)


def room(positions: pd.DataFrame, policy: PolicyBook) -> Ints:
    """Return (n,) open referrals each post may carry: openings left times the ratio of its kind."""
    kinds = texts(positions, "kind")
    ratios = {k: policy.number(f"night.referral_ratio.{k}") for k in set(kinds)}
    ratio = np.fromiter((ratios[k] for k in kinds), dtype=float, count=len(kinds))
    return np.asarray(np.floor(positions["openings_left"].to_numpy() * ratio), dtype=np.int64)


def _held(referrals: pd.DataFrame, fresh: Bools, numbers: np.ndarray) -> Ints:
    holding = fresh & among(texts(referrals, "state"), OPEN_REFERRAL_STATES)
    return counts(rows_of(numbers, texts(referrals, "position_id")[holding]), len(numbers))


def _marks(referrals: pd.DataFrame, fresh: Bools, barred: pd.DataFrame) -> Marks:
    """Return what stands between members and posts, whether or not the posts are open now."""
    state = texts(referrals, "state")
    still = among(state, OPEN_REFERRAL_STATES)
    night = (state == "draft") & (texts(referrals, "source") == "night")
    names = [reading.MOVABLE, reading.STANDING, reading.SILENT, reading.NEVER_AGAIN]
    what = np.select([night, still & fresh, still, among(state, NEVER_AGAIN)], names, -1)
    members, positions = (
        np.concatenate([texts(referrals, name)[what >= 0], texts(barred, name)])
        for name in ("member_id", "position_id")
    )
    order = np.argsort(members, kind="stable")
    kinds = np.concatenate([what[what >= 0], np.full(len(barred), reading.LOCKED)])
    return Marks(members[order], positions[order], kinds[order])


def _desk(state: NightState, clocks: pd.DataFrame) -> pd.DataFrame:
    """Return what a worklist shows of each member, and whether the member is on it."""
    members, households, referrals, contacts = (
        state[name] for name in ("members", "households", "referrals", "contacts")
    )
    ids, n = texts(members, "member_id"), len(members)
    home = rows_of(texts(households, "household_id"), texts(members, "household_id"))
    sent = rows_of(ids, texts(referrals, "member_id"))
    still = among(texts(referrals, "state"), OPEN_REFERRAL_STATES)
    called = rows_of(texts(households, "household_id"), texts(contacts, "household_id"))
    contacted = last_day(called, days(contacts, "contacted_on"), len(households))
    seeking = flags(members, "willing") & among(texts(members, "employment_state"), SEEKING)
    return pd.DataFrame({
        **{name: members[name].array for name in ("member_id", "household_id", "region_code", "reachable", "path_stage")},
        **{name: clocks[name].array for name in ("days_left", "days_left_gross", "due_on")},
        "file_no": written(picked(texts(households, "file_no"), home, None)), "open_referrals": counts(sent[still], n),
        "last_referred_on": dated(last_day(sent, days(referrals, "created_on"), n)),
        "last_contact_on": dated(picked(contacted, home, NO_DAY)),
        "running": seeking & clocks["days_left"].notna().to_numpy(),
    }).set_index("member_id", drop=False)  # fmt: skip


def joined(old: Index, part: Index, touched: Tables) -> Index:
    """Return the index with a part in place of the rows of the people and posts it was made of (``touched``)."""
    named = np.sort(touched["positions"]["position_id"].to_numpy(dtype=object))
    people = Splice.of(old.pairing.members.ids, part.pairing.members.ids, np.zeros(0, dtype=object))
    posts = Splice.of(
        old.pairing.positions.ids, part.pairing.positions.ids, named[~find(part.pairing.positions.ids, named)[0]]
    )
    homes, firms = _added(old.households, part.households), _added(old.employers, part.employers)
    pairing = Pairing(
        people.columns(old.pairing.members, part.pairing.members), posts.columns(old.pairing.positions, part.pairing.positions)
    )  # fmt: skip
    return replace(
        part, pairing=pairing, members=people.frame(old.members, part.members), positions=posts.frame(old.positions, part.positions),
        clocks=people.frame(old.clocks, part.clocks), desk=people.frame(old.desk, part.desk),
        households=homes.frame(old.households, part.households), employers=firms.frame(old.employers, part.employers),
        places=old.places, planning_days=people.array(old.planning_days, part.planning_days),
        held=posts.array(old.held, part.held), room=posts.array(old.room, part.room), shut=posts.array(old.shut, part.shut),
        out=people.array(old.out, part.out),
        marks=_joined_marks(old.marks, part.marks, part.pairing.members.ids, named), simulated=old.simulated or part.simulated,
    )  # fmt: skip


def _added(old: pd.DataFrame, part: pd.DataFrame) -> Splice:
    before, fresh = old.index.to_numpy(dtype=object), part.index.to_numpy(dtype=object)
    return Splice.of(before, fresh, np.zeros(0, dtype=object))


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
