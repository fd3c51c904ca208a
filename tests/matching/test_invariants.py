"""The sixteen invariants of the domain model, those of the core; tests/service/test_invariants.py has those of the record.

Each test carries the number of the invariant it holds.
"""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.baseline import BaselineScorer
from matching.eligibility import decide, verdicts
from matching.nightly import NightState, plan_night
from matching.policy.load import load_policy
from matching.post_review import hourly_fen
from matching.priority import passed_over, welfare_order
from matching.promise_clock import ClockEvent, ClockEventKind, clock
from matching.ranking import rank
from matching.reasons import Verdict
from matching.refusals import refusal_log
from matching.vocabulary import DIMENSIONS, PromiseState
from tests.matching.people import TODAY, household, member, pairing, position, table

POLICY = load_policy("440000", TODAY)
FEW = settings(max_examples=8, deadline=None)


def ranking(people, posts, *, seeker=0, days=20.0, **tables):
    """Return the list of one member."""
    return rank(pairing(people, posts, **tables), seeker, BaselineScorer(), days, POLICY, limit=50)


def chance(person=None, post=None, **tables):
    """Return the probability of a start of one member at one post."""
    items = ranking([member(**(person or {}))], [position(**(post or {}))], **tables).items
    return items[0].p_placed


POSTS = st.lists(
    st.fixed_dictionaries({
        "status": st.sampled_from(["open", "paused", "filled", "expired", "closed", "stale"]), "openings_left": st.integers(0, 2),
        "last_confirmed_on": st.sampled_from([TODAY, TODAY - timedelta(days=14), TODAY - timedelta(days=15)]),
        "review_state": st.sampled_from(["verified", "quarantined"]), "valid_until": st.sampled_from([None, TODAY, TODAY - timedelta(days=1)]),
    }),
    min_size=1, max_size=8,
)  # fmt: skip


@FEW
@given(POSTS)
def test_1_nothing_is_suggested_that_is_not_open_fresh_and_has_openings_left(drawn):
    posts = [position(position_id=f"P{k}", **changes) for k, changes in enumerate(drawn)]
    may = {
        k for k, p in enumerate(drawn)
        if p["status"] == "open" and p["openings_left"] > 0 and p["review_state"] == "verified"
        and p["last_confirmed_on"] >= TODAY - timedelta(days=14) and p["valid_until"] != TODAY - timedelta(days=1)
    }  # fmt: skip
    assert {x.position for x in ranking([member()], posts).items} == may


@FEW
@given(
    st.integers(10, 80), st.sampled_from(["F", "M"]),
    st.sampled_from(["unemployed", "training", "inactive", "moved", "employed"]),
)  # fmt: skip
def test_3_nobody_under_sixteen_beyond_retirement_or_out_of_work_s_reach_is_suggested_anything(age, sex, state):
    born = f"{TODAY.year - age}-03"
    retires = POLICY.retirement_month(born, sex)
    may = age >= 16 and f"{TODAY:%Y-%m}" < retires and state in ("unemployed", "training")
    assert bool(ranking([member(birth_month=born, sex=sex, employment_state=state)], [position()]).items) == may


@FEW
@given(
    st.sampled_from(["", "carer", "older", "released;dibao"]),
    st.integers(0, 3),
    st.sampled_from(["in_service", "moved"]),
)
def test_4_a_welfare_post_goes_to_a_valid_category_within_the_lifetime_limit(categories, times, status):
    past = [
        {"placement_id": f"X{k}", "member_id": "M1", "kind": "PUBLIC_WELFARE", "started_on": date(2012 + 2 * k, 1, 1), "ended_on": date(2012 + 2 * k, 9, 1)}
        for k in range(times)
    ]  # fmt: skip
    found = ranking(
        [member(categories=categories)], [position(kind="PUBLIC_WELFARE")], households=[household(status=status)], placements=past
    )  # fmt: skip
    held = set(filter(None, categories.split(";"))) | ({"zero_employment"} if status == "in_service" else set())
    may = bool(held & set(POLICY.items("pw.eligible_categories"))) and times < POLICY.whole("pw.max_lifetime")
    assert bool(found.items) == may


def test_4_choosing_one_while_others_stand_before_names_whom_it_passes_over():
    people = table("members", member(), member(member_id="M2", categories="carer"), member(member_id="M3"))
    homes = table("households", household(status="moved"))
    homes = table("households", household(), household(household_id="H2", status="moved"))
    people.loc[1, "household_id"] = "H2"
    order = welfare_order(homes, people, TODAY, POLICY)
    assert passed_over(order, np.ones(3, dtype=bool), 1).tolist() == [0, 2]
    assert passed_over(order, np.ones(3, dtype=bool), 0).tolist() == []


@FEW
@given(st.sampled_from(["440103", "440305", "441900", "445103"]), st.integers(-5, 5), st.sampled_from([40, 36, 30]))
def test_5_full_time_pays_the_minimum_of_the_workplace_on_the_day(place, over, hours):
    unit = "month" if hours >= 35 else "hour"
    floor = int(POLICY.at(place).number(f"wage.minimum_{unit}") * (1 if unit == "month" else hours * 52 / 12))
    wage = floor + over * 100
    blocked = "GATE_BELOW_MIN_WAGE" in {
        r.code
        for r in decide(
            pairing([member(region_code="440103")], [position(region_code=place, wage_min=wage, wage_max=wage, hours_week=hours)]), POLICY, 0, 0
        ).reasons
    }  # fmt: skip
    assert blocked == (over < 0)


def test_5_a_piece_rate_post_shows_what_it_pays_an_hour():
    posts = table("positions", position(kind="COMMUNITY_BASE", wage_type="piece", wage_min=208_000, hours_week=24))
    assert hourly_fen(posts).tolist() == [2_000.0]


UNKNOWNS = st.fixed_dictionaries({}, optional={
    "birth_month": st.none(), "commute_limit_minutes": st.none(), "night_ok": st.none(), "wage_floor": st.none(), "longitude": st.none(),
})  # fmt: skip


@FEW
@given(UNKNOWNS, st.sampled_from([{}, {"night": True}, {"required_skills": "verbal:40", "essential_skills": "verbal"}]))
def test_6_what_is_not_known_never_excludes_and_is_said(untold, post):
    people, posts = [member(**{"night_ok": True, **untold})], [position(region_code="440103", **post)]
    pair = pairing(people, posts)
    judged = decide(pair, POLICY, 0, 0)
    assert judged.verdict in (Verdict.MET, Verdict.UNKNOWN)
    [item] = ranking(people, posts).items
    assert item.unknowns == judged.unknowns
    bulk = verdicts(pair, POLICY, np.array([0]), np.array([0]))
    assert int(bulk.blocked[0]) == 0 and bool(bulk.unknown[0]) == bool(judged.unknowns)


@FEW
@given(st.fixed_dictionaries({}, optional={
    "sex": st.sampled_from(["F", "M", "unknown"]), "disability_level": st.sampled_from([None, 1, 3]), "relation": st.sampled_from(["spouse", "child"]),
    "categories": st.sampled_from(["released", "recovered;dibao", "older"]), "unemployed_since": st.just(date(2019, 1, 1)),
    "member_id": st.sampled_from(["M9", "Z"]), "household_id": st.just("H7"), "birth_month": st.sampled_from(["1999-12", "1975-01"]),
}))  # fmt: skip
def test_7_scores_do_not_change_with_what_may_not_decide(changes):
    posts = [
        position(),
        position(position_id="P2", wage_min=260_000),
        position(position_id="P3", customer_contact=True),
    ]
    before = {x.position: (x.p_placed, x.p_stays, x.score) for x in ranking([member()], posts).items}
    after = {x.position: (x.p_placed, x.p_stays, x.score) for x in ranking([member(**changes)], posts).items}
    assert before == after


@FEW
@given(st.integers(20, 90), st.integers(1, 10), st.sampled_from(DIMENSIONS))
def test_8_a_skill_point_more_never_lowers_the_chance(score, more, dimension):
    needs = {"required_skills": f"{dimension}:60"}
    exam = {"member_id": "M1", "assessed_on": TODAY, "dimension": dimension, "mode": "test"}
    low, high = (chance({}, needs, assessments=[{**exam, "score": s}]) for s in (score, min(score + more, 100)))
    assert high >= low


@FEW
@given(st.integers(0, 14), st.integers(1, 14))
def test_8_a_shorter_way_never_lowers_the_chance(far, nearer):
    here = [chance({"commute_limit_minutes": 300}, {"longitude": 113.24 + 0.01 * k}) for k in (far + nearer, far)]
    assert here[1] >= here[0]


@FEW
@given(st.integers(250_000, 500_000), st.integers(0, 100_000))
def test_8_a_higher_wage_never_lowers_the_chance(wage, more):
    assert chance({}, {"wage_min": wage + more, "wage_max": wage + more}) >= chance(
        {}, {"wage_min": wage, "wage_max": wage}
    )


def test_8_a_certificate_more_never_lowers_the_chance():
    assert chance({"certificates": "electrician@5"}) >= chance({}) and chance(
        {"certificates": "electrician@4;driver@5"}
    ) >= chance({})


def night(people, posts, **tables):
    state = NightState(
        TODAY, households=table("households", household()), members=table("members", *people), positions=table("positions", *posts),
        **{name: table(name, *rows) for name, rows in tables.items()},
    )  # fmt: skip
    return plan_night(state, BaselineScorer(), POLICY, rng=np.random.default_rng(0))


@settings(max_examples=3, deadline=None)
@given(st.permutations(range(6)), st.permutations(range(3)))
def test_9_the_same_record_gives_the_same_plan_byte_for_byte_whatever_its_order(posts, people):
    rows = [position(position_id=f"P{k}") for k in range(6)], [member(member_id=f"M{k}") for k in range(3)]
    first = night(rows[1], rows[0])
    again = night([rows[1][k] for k in people], [rows[0][k] for k in posts])
    assert first.fingerprint() == again.fingerprint() and len(first.referrals)


@pytest.mark.parametrize("kind", ["exclude", "hold"])
def test_10_the_night_never_moves_what_a_person_locked(kind):
    locked = {
        "lock_id": "K1", "kind": kind, "member_id": "M1", "position_id": "P1", "reason_code": "OFFICER", "made_by": "C1", "made_on": TODAY,
    }  # fmt: skip
    assert len(night([member()], [position()]).referrals) == 1
    assert len(night([member()], [position()], locks=[locked]).referrals) == 0


def test_10_a_pin_that_cannot_be_carried_out_is_reported_and_not_forced():
    pin = {
        "lock_id": "K1",
        "kind": "pin",
        "member_id": "M1",
        "position_id": "P1",
        "reason_code": "OFFICER",
        "made_by": "C1",
        "made_on": TODAY,
    }
    plan = night([member()], [position(night=True)], locks=[pin])
    assert len(plan.referrals) == 0 and [n.code for n in plan.notes] == ["PIN_NOT_POSSIBLE"]


ANSWERS = st.tuples(
    st.sampled_from(["ok", "failed", "unknown"]), st.sampled_from(["yes", "no", "undecided"]),
    st.sampled_from(["WAGE", "STIGMA", "CARE", None]), st.booleans(), st.sampled_from([None, "waiting", "upheld", "rejected"]),
)  # fmt: skip


@settings(max_examples=20, deadline=None)
@given(ANSWERS)
def test_11_a_refusal_counts_only_suitable_unjustified_by_a_person_told_and_not_reversed(answer):
    suitable, judged, reason, told, appealed = answer
    referral = {
        "referral_id": "R1", "member_id": "M1", "position_id": "P1", "created_on": date(2026, 5, 1), "outcome_on": date(2026, 5, 2),
        "state": "declined", "suitability": suitable, "refusal_justified": judged, "reason": reason, "reason_side": "member",
    }  # fmt: skip
    notice = {"notice_id": "N1", "member_id": "M1", "item": "refusal", "object_id": "R1", "given_on": date(2026, 5, 3)}
    appeal = {
        "appeal_id": "A1", "member_id": "M1", "about": "refusal_count", "object_id": "R1", "filed_on": date(2026, 5, 4), "due_on": date(2026, 5, 20),
        **({} if appealed == "waiting" else {"decision": appealed, "decided_on": date(2026, 5, 6)}),
    }  # fmt: skip
    log = refusal_log(
        table("referrals", referral), table("notices", *([notice] if told else [])),
        table("appeals", *([appeal] if appealed else [])), TODAY,
    )  # fmt: skip
    counts = (
        suitable == "ok" and judged == "no" and reason in ("WAGE", "STIGMA") and told and appealed in (None, "rejected")
    )
    assert log["counts"].tolist() == [counts]


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 60), st.integers(0, 30), st.integers(0, 60))
def test_12_met_is_a_verified_start_on_or_before_the_last_day_and_a_breach_is_never_rewritten(first, lag, wait):
    start = date(2026, 6, 1)
    begun, verified = start + timedelta(days=first), start + timedelta(days=first + lag)
    found = clock(
        start, [ClockEvent(ClockEventKind.PLACED, verified, first_day=begun)], verified + timedelta(days=wait), POLICY
    )
    assert found.state is (PromiseState.MET if begun <= found.due_on else PromiseState.MET_LATE)
    assert (found.breached_on is not None) == (verified > found.due_on)


@FEW
@given(st.floats(0, 30), st.sampled_from(["", "older", "dibao"]), st.sampled_from(["in_service", "moved"]))
def test_14_the_order_of_one_member_s_posts_ignores_tier_and_household(days, categories, status):
    posts = [
        position(position_id=f"P{k}", wage_min=240_000 + 20_000 * k, longitude=113.25 + 0.01 * k) for k in range(5)
    ]
    plain = [x.position for x in ranking([member()], posts, days=days).items]
    tiered = ranking([member(categories=categories)], posts, days=days, households=[household(status=status)])
    assert [x.position for x in tiered.items] == plain


def test_15_where_no_model_is_in_charge_the_rule_answers_and_says_so():
    assert ranking([member()], [position()]).model_version == "baseline"
    assert night([member()], [position()]).model_version == "baseline"
