"""Shards: every member once, every place once, and hardly anything lost against one whole plan."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

import matching.night_shards as night_shards
from matching.baseline import BaselineScorer
from matching.night_shards import shards_of
from matching.nightly import NightState, plan_night
from matching.nightly_scene import room_of
from matching.policy.load import load_policy
from tests.matching.people import TODAY, household, member, position, table

POLICY = load_policy("440000", TODAY)
CITIES = (("440103", 113.24, 23.12), ("440604", 113.16, 23.08), ("440304", 114.05, 22.53))


def province(n=36, m=30, seed=0, **more):
    """Return three cities, two of them within reach of each other; some posts are worked at home, some have no place."""
    rng = np.random.default_rng(seed)
    people, posts = [], []
    for k in range(n):
        region, lng, lat = CITIES[k // 2 % 3]
        people.append(
            member(
                member_id=f"M{k:03}", household_id=f"H{k // 2:03}", region_code=region, wage_floor=int(230_000 + 60_000 * rng.random()),
                commute_limit_minutes=60 if k % 9 else None, longitude=lng + 0.1 * rng.random(), latitude=lat + 0.1 * rng.random(),
            )
        )  # fmt: skip
    for k in range(m):
        region, lng, lat = CITIES[k % 3]
        posts.append(
            position(
                position_id=f"P{k:03}", region_code=region, openings_left=1 + k % 3, openings_total=3, home_based=k % 7 == 0,
                kind="PUBLIC_WELFARE" if k % 5 == 0 else "EMPLOYER", wage_min=int(240_000 + 80_000 * rng.random()), wage_max=330_000,
                longitude=None if k % 11 == 0 else lng + 0.1 * rng.random(), latitude=lat + 0.1 * rng.random(),
            )
        )  # fmt: skip
    homes = [household(household_id=f"H{k:03}", file_no=f"F{k}", region_code=CITIES[k % 3][0]) for k in range(n // 2)]
    rows = {"members": people, "positions": posts, "households": homes, **more}
    return NightState(TODAY, **{name: table(name, *found) for name, found in rows.items()})


@pytest.fixture
def small_shards(monkeypatch):
    monkeypatch.setattr(night_shards, "WHOLE", 6)
    monkeypatch.setattr(night_shards, "LEAST", 6)


def referral(k, member_id, position_id, **changes):
    return {
        "referral_id": f"R{k}",
        "member_id": member_id,
        "position_id": position_id,
        "created_on": date(2026, 6, 9),
        "state": "issued",
        **changes,
    }


def test_a_small_record_is_one_shard_with_all_the_room():
    [only] = shards_of(province(), POLICY)
    assert len(only.state["members"]) == 36 and not only.lent.any()


@pytest.mark.parametrize("seed", range(5))
def test_every_member_and_every_place_is_in_exactly_one_shard(small_shards, seed):
    held = [referral(1, "M000", "P001"), referral(2, "M004", "P003"), referral(3, "M003", "P003")]
    state = province(seed=seed, referrals=held)
    shards = shards_of(state, POLICY)
    members = pd.concat([s.state["members"] for s in shards])["member_id"]
    assert len(shards) == 3 and sorted(members) == state["members"]["member_id"].tolist()
    room = pd.Series(room_of(state["positions"], POLICY), index=state["positions"]["position_id"])
    free = room - pd.Series([h["position_id"] for h in held]).value_counts().reindex(room.index).fillna(0)
    dealt = pd.Series(0.0, index=room.index)
    for s in shards:
        dealt = dealt.add(
            pd.Series(
                free[s.state["positions"]["position_id"]].to_numpy() - s.lent, index=s.state["positions"]["position_id"]
            ),
            fill_value=0,
        )
    assert dealt.to_dict() == free.to_dict()
    for s in shards:
        homes = s.state["households"]["household_id"]
        assert set(s.state["members"]["household_id"]) == set(homes)


@pytest.mark.parametrize("seed", range(3))
def test_shards_together_keep_to_the_room_and_lose_little_against_the_whole(monkeypatch, seed):
    held = [referral(1, "M000", "P001"), referral(2, "M004", "P003")]
    state = province(48, 40, seed, referrals=held)
    whole = plan_night(state, BaselineScorer(), POLICY, rng=np.random.default_rng(0))
    monkeypatch.setattr(night_shards, "WHOLE", 6)
    monkeypatch.setattr(night_shards, "LEAST", 6)
    parts = plan_night(state, BaselineScorer(), POLICY, rng=np.random.default_rng(0))
    assert whole.figures["shards"] == 1 and parts.figures["shards"] == 3
    load = pd.concat([parts.referrals["position_id"], pd.Series([h["position_id"] for h in held])]).value_counts()
    room = pd.Series(room_of(state["positions"], POLICY), index=state["positions"]["position_id"])
    assert (load <= room.reindex(load.index)).all() and parts.certificate.feasible
    assert parts.referrals.groupby("member_id").size().max() <= 3
    assert (
        parts.certificate.objective >= 0.93 * whole.certificate.objective
    )  # few places each: the province loses far less, see the bench


def test_a_lock_is_told_of_once_and_a_pin_keeps_its_place_in_its_shard(small_shards):
    made = {"made_by": "officer", "made_on": date(2026, 6, 9), "reason_code": "OFFICER"}
    pin = {"lock_id": "L1", "kind": "pin", "member_id": "M000", "position_id": "P004", **made}
    lost = {"lock_id": "L2", "kind": "exclude", "member_id": "GONE", "position_id": "P004", **made}
    plan = plan_night(province(locks=[pin, lost]), BaselineScorer(), POLICY, rng=np.random.default_rng(0))
    pairs = set(zip(plan.referrals["member_id"], plan.referrals["position_id"], strict=True))
    told = [n.code for n in plan.notes]
    assert (("M000", "P004") in pairs) != ("PIN_NOT_POSSIBLE" in told) and told.count("LOCK_WITHOUT_OBJECT") == 1
