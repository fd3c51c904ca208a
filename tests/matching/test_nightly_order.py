"""The night keeps to the regulated order for public-welfare posts, whoever is on whose short list and in whichever shard."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import matching.candidates as candidates
import matching.night_shards as night_shards
from matching.baseline import BaselineScorer
from matching.eligibility import decide
from matching.nightly import NightState, plan_night
from matching.nightly_scene import scene_of
from matching.policy.load import load_policy
from matching.priority import welfare_order
from tests.matching.crowded import scene
from tests.matching.people import TODAY, household, member, position, table

POLICY = load_policy("440000", TODAY)
TURNED = POLICY.with_rows(
    [
        replace(
            POLICY.row("pw.priority_order"),
            value=("carer", "older", "dibao=disabled_severe", "other", "zero_employment"),
        )
    ]
)
"""An order against the weights of the tiers, so that the best plan and the order disagree nearly everywhere."""


def plan(state, policy=POLICY):
    return plan_night(state, BaselineScorer(), policy, rng=np.random.default_rng(0))


def given_to(made):
    rows = made.referrals[made.referrals["kind"] == "PUBLIC_WELFARE"]
    return set(zip(rows["member_id"], rows["position_id"], strict=True))


def passed_over(state, made, policy=POLICY):
    """Find who is passed over by a plan, one pair after another, with nothing of the night's own search but its reading of the record."""
    seen = scene_of(state, policy)
    people, posts = state["members"], state["positions"]
    place = welfare_order(state["households"], people, TODAY, policy)
    kept = made.diff[made.diff["change"] != "withdrawn"]
    welfare = set(posts.loc[posts["kind"] == "PUBLIC_WELFARE", "position_id"])
    home = dict(zip(people["member_id"], people["household_id"], strict=True))
    new = [(m, p) for m, p in zip(kept["member_id"], kept["position_id"], strict=True) if p in welfare]
    served = {home[m] for m, _ in new}
    taken = set(seen.taken.tolist())
    row = {m: k for k, m in enumerate(people["member_id"])}
    found = []
    for holder, post in new:
        j = posts.index[posts["position_id"] == post][0]
        for i in np.flatnonzero(seen.waits & (place < place[row[holder]])):
            unknown = np.isnan(seen.pairing.minutes(np.array([i]), np.array([j]))[0]) or np.isnan(
                seen.pairing.members.commute_limit[i]
            )
            away = (
                unknown
                and seen.pairing.members.city[i] != seen.pairing.positions.city[j]
                and not seen.pairing.positions.home_based[j]
            )
            if people["household_id"][i] in served:
                continue
            barred = i * len(posts) + j in taken
            if (
                people["household_id"][i] not in served
                and not away
                and not barred
                and decide(seen.pairing, policy, i, j).verdict != "not_met"
            ):
                found.append((people["member_id"][i], holder, post))
    return found


@example(5, True, TURNED)
@example(1, False, TURNED)
@given(st.integers(0, 100_000), st.booleans(), st.sampled_from([POLICY, TURNED]))
@settings(max_examples=6, deadline=None)
def test_nobody_earlier_is_passed_over_at_any_night_however_short_the_lists(seed, short, policy):
    state = scene(seed)
    lengths = candidates.short_lists.__kwdefaults__
    before = dict(lengths)
    lengths.update({"keep": 1, "keep_welfare": 1} if short else {})
    try:
        made = plan(state, policy)
    finally:
        lengths.update(before)
    assert passed_over(state, made, policy) == [] and made.certificate.feasible


@example(7)
@given(st.integers(0, 100_000))
@settings(max_examples=3, deadline=None)
def test_nobody_is_passed_over_across_shards(seed):
    kept = night_shards.WHOLE, night_shards.LEAST
    night_shards.WHOLE, night_shards.LEAST = 6, 6
    try:
        state = scene(seed, n=30, m=16, cities=3)
        made = plan(state, TURNED)
    finally:
        night_shards.WHOLE, night_shards.LEAST = kept
    assert made.figures["shards"] == 3 and passed_over(state, made, TURNED) == []


def test_who_is_not_on_the_short_list_is_still_served_first(monkeypatch):
    short = candidates.short_lists.__kwdefaults__
    monkeypatch.setitem(short, "keep_welfare", 1)
    monkeypatch.setitem(short, "keep", 1)
    people = [member(member_id=f"A{k}", household_id=f"H{k}", categories="zero_employment") for k in range(3)]
    later = [
        member(
            member_id="Z",
            household_id="HZ",
            categories="carer",
            commute_limit_minutes=10,
            longitude=113.2,
            latitude=23.1,
        )
    ]
    homes = [
        household(household_id=m["household_id"], file_no=m["household_id"], status="stable") for m in people + later
    ]
    posts = [
        position(
            position_id=f"P{k}", kind="PUBLIC_WELFARE", openings_left=1, wage_min=300_000 + 9_000 * k, wage_max=400_000,
            longitude=113.25 - 0.05 * (k == 0), latitude=23.13 - 0.03 * (k == 0),
        )
        for k in range(2)
    ]  # fmt: skip
    tables = {"members": table("members", *people, *later), "households": table("households", *homes)}
    state = NightState(TODAY, positions=table("positions", *posts), **tables)
    made = plan(state)
    assert {p for _, p in given_to(made)} == {"P0", "P1"} and "Z" not in {m for m, _ in given_to(made)}
    assert passed_over(state, made) == []


def two(**later):
    people = [
        member(categories="zero_employment"),
        member(member_id="M2", household_id="H2", categories="carer", **later),
    ]
    homes = [household(), household(household_id="H2", file_no="F2", status="stable")]
    return {
        "members": table("members", *people), "households": table("households", *homes),
        "positions": table("positions", position(kind="PUBLIC_WELFARE", openings_left=1, openings_total=1)),
    }  # fmt: skip


LOCK = {
    "lock_id": "L1", "kind": "pin", "member_id": "M2", "position_id": "P1", "reason_code": "OFFICER", "made_by": "officer",
    "made_on": date(2026, 6, 9),
}  # fmt: skip


def test_a_pin_of_one_person_does_not_set_the_order_aside_and_the_note_says_why():
    made = plan(NightState(TODAY, locks=table("locks", LOCK), **two()))
    assert given_to(made) == {("M1", "P1")}
    assert [(n.code, n.facts["gates"]) for n in made.notes] == [("PIN_NOT_POSSIBLE", "WELFARE_ORDER")]


@pytest.mark.parametrize(
    "locks",
    [
        [{**LOCK, "kind": "exclude", "member_id": "M1"}],
        [{**LOCK, "kind": "hold", "member_id": "M1", "position_id": None}],
    ],
)
def test_whom_a_person_holds_out_is_not_waited_for(locks):
    assert given_to(plan(NightState(TODAY, locks=table("locks", *locks), **two()))) == {("M2", "P1")}


PAST = {
    "placement_id": "X1", "member_id": "M1", "kind": "PUBLIC_WELFARE", "started_on": date(2023, 1, 10), "ended_on": date(2025, 6, 30),
    "evidence": "contract", "verified_on": date(2023, 1, 12),
}  # fmt: skip


@pytest.mark.parametrize(
    ("categories", "offers", "first"),
    [("zero_employment", 0, "M2"), ("zero_employment", 3, "M1"), ("dibao", 3, "M2")],
    ids=["other posts are owed first", "three other posts were offered", "no second time in this category"],
)
def test_a_second_welfare_post_waits_for_the_offers_owed_and_the_category_that_allows_it(categories, offers, first):
    tables = two()
    tables["members"].loc[0, "categories"] = categories
    others = [position(position_id=f"E{k}", kind="EMPLOYER", status="filled", openings_left=0) for k in range(3)]
    tables["positions"] = table(
        "positions", position(kind="PUBLIC_WELFARE", openings_left=1, openings_total=1), *others
    )
    sent = [
        {"referral_id": f"R{k}", "member_id": "M1", "position_id": f"E{k}", "created_on": date(2025, 8, 1), "state": "rejected",
         "suitability": "ok", "outcome_on": date(2025, 8, 9)}
        for k in range(offers)
    ]  # fmt: skip
    state = NightState(TODAY, placements=table("placements", PAST), referrals=table("referrals", *sent), **tables)
    assert given_to(plan(state)) == {(first, "P1")}


def test_the_order_is_the_place_s_own():
    tables = two()
    jiangxi = load_policy("360000", TODAY)
    tables["members"].loc[1, "categories"] = "zero_employment"
    assert len(given_to(plan(NightState(TODAY, **tables), jiangxi))) == 1
