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
from matching.encoding import encode_members, encode_positions, open_referrals
from matching.nightly_scene import NEVER_AGAIN, NightState, heard, horizon_of, live_locks
from matching.pairing import Pairing
from matching.policy.load import PolicyBook
from matching.promise import promise_table
from matching.splicing import Splice, find
from matching.vocabulary import OPEN_REFERRAL_STATES, SEEKING
from service import index as reading
from service.index import Index, Marks
from service.storage.feed import FOLLOWED
from service.storage.store import Reader

SIMULATED = "SIM"
"""Identifiers of generated people begin with this; pages that show any say so."""

Tables = Mapping[str, pd.DataFrame]


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
    return pd.concat(filled, ignore_index=True).drop_duplicates(key, ignore_index=True)


def index_of(tables: Tables, version: int, as_of: date, policy: PolicyBook, *, open_only: bool = True) -> Index:
    """Return the index of these rows; of the posts only the open ones, unless all are wanted."""
    posts = tables["positions"]
    state = NightState.canonical(
        as_of, {**tables, "positions": posts[posts["status"] == "open"] if open_only else posts}
    )
    members, positions, referrals = state["members"], state["positions"], state["referrals"]
    clocks = promise_table(state["households"], members, state["promises"], as_of, policy)
    left = clocks["days_left"].to_numpy(dtype=float, na_value=np.nan)
    locks = live_locks(state["locks"], as_of)
    alone = locks["member_id"].isna()
    members_by_id, positions_by_id = (
        members.set_index("member_id", drop=False),
        positions.set_index("position_id", drop=False),
    )
    return Index(
        version=version, as_of=as_of, policy=policy, pairing=_pairing(state, policy), members=members_by_id, positions=positions_by_id,
        clocks=clocks.set_index("member_id"), desk=_desk(state, clocks),
        households=state["households"].set_index("household_id", drop=False),
        employers=state["employers"].set_index("employer_id", drop=False), places=state["regions"].set_index("region_code"),
        planning_days=horizon_of(left),
        held=_held(referrals[heard(referrals, as_of, policy)], positions["position_id"]), room=room(positions, policy),
        shut=positions["position_id"].isin(locks.loc[alone, "position_id"]).to_numpy(dtype=bool),
        out=members["member_id"].isin(_held_out(locks)).to_numpy(dtype=bool),
        marks=_marks(referrals, heard(referrals, as_of, policy), locks[~alone & locks["position_id"].notna()]),
        simulated=bool(members["member_id"].str.startswith(SIMULATED).any()),
    )  # fmt: skip


def _pairing(state: NightState, policy: PolicyBook) -> Pairing:
    referrals, positions = state["referrals"], state["positions"]
    kept = referrals[~((referrals["state"] == "draft") & (referrals["source"] == "night")).to_numpy()]
    tomorrow = np.full(len(positions), np.datetime64(state.as_of, "D") + 1)
    pending = open_referrals(kept, positions["position_id"], "position_id", tomorrow, OPEN_REFERRAL_STATES)
    return Pairing(
        encode_members(
            state["members"], state["assessments"], state.as_of, policy,
            placements=state["placements"], households=state["households"], regions=state["regions"],
        ),
        encode_positions(positions, state["employers"], state.as_of, policy, pending=pending, regions=state["regions"]),
    )  # fmt: skip


def room(positions: pd.DataFrame, policy: PolicyBook) -> Ints:
    """Return (n,) open referrals each post may carry: openings left times the ratio of its kind."""
    kinds = {k: policy.number(f"night.referral_ratio.{k}") for k in positions["kind"].unique()}
    ratio = positions["kind"].map(kinds).to_numpy(dtype=float) if kinds else np.zeros(0)
    return np.asarray(np.floor(positions["openings_left"].to_numpy() * ratio), dtype=np.int64)


def _held(referrals: pd.DataFrame, position_ids: pd.Series) -> Ints:
    open_ones = referrals.loc[referrals["state"].isin(OPEN_REFERRAL_STATES), "position_id"]
    return np.asarray(position_ids.map(open_ones.value_counts()).fillna(0), dtype=np.int64)


def _held_out(locks: pd.DataFrame) -> pd.Series:
    return locks.loc[locks["position_id"].isna() & ~locks["kind"].isin(["pin", "promised"]), "member_id"].dropna()


def _marks(referrals: pd.DataFrame, fresh: Bools, locks: pd.DataFrame) -> Marks:
    """Return what stands between members and posts, whether or not the posts are open now."""
    still = referrals["state"].isin(OPEN_REFERRAL_STATES).to_numpy()
    night = ((referrals["state"] == "draft") & (referrals["source"] == "night")).to_numpy()
    ended = referrals["state"].isin(NEVER_AGAIN).to_numpy()
    names = [reading.MOVABLE, reading.STANDING, reading.SILENT, reading.NEVER_AGAIN]
    what = np.select([night, still & fresh, still, ended], names, -1)
    barred = locks[~locks["kind"].isin(["pin", "promised"])]
    pairs = [referrals.loc[what >= 0, ["member_id", "position_id"]], barred[["member_id", "position_id"]]]
    members, positions = (
        np.concatenate([p[c].to_numpy(dtype=object) for p in pairs]) for c in ("member_id", "position_id")
    )
    order = np.argsort(members, kind="stable")
    kinds = np.concatenate([what[what >= 0], np.full(len(barred), reading.LOCKED)])
    return Marks(members[order], positions[order], kinds[order])


def _desk(state: NightState, clocks: pd.DataFrame) -> pd.DataFrame:
    """Return what a worklist shows of each member, and whether the member is on it."""
    members, referrals, contacts = state["members"], state["referrals"], state["contacts"]
    frame = members[["member_id", "household_id", "region_code", "reachable", "path_stage"]].copy()
    for name in ("days_left", "days_left_gross", "due_on"):
        frame[name] = clocks[name].to_numpy() if name == "due_on" else clocks[name].array
    frame["file_no"] = frame["household_id"].map(state["households"].set_index("household_id")["file_no"])
    open_ones = referrals[referrals["state"].isin(OPEN_REFERRAL_STATES)]
    frame["open_referrals"] = frame["member_id"].map(open_ones["member_id"].value_counts()).fillna(0).astype("int64")
    frame["last_referred_on"] = (
        referrals.groupby("member_id")["created_on"].max().reindex(frame["member_id"]).to_numpy()
    )
    frame["last_contact_on"] = (
        contacts.groupby("household_id")["contacted_on"].max().reindex(frame["household_id"]).to_numpy()
    )
    seeking = (members["willing"] & members["employment_state"].isin(SEEKING)).to_numpy(dtype=bool)
    frame["running"] = seeking & clocks["days_left"].notna().to_numpy()
    return frame.set_index("member_id", drop=False)


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
    stays = ~(_among(old.members, people) | _among(old.positions, posts))
    members = old.members[stays]
    at = np.searchsorted(members, part.members)
    return Marks(
        np.insert(members, at, part.members),
        np.insert(old.positions[stays], at, part.positions),
        np.insert(old.what[stays], at, part.what),
    )


def _among(ids: np.ndarray, some: np.ndarray) -> Bools:
    return np.asarray(pd.Index(ids).isin(some))
