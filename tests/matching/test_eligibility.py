"""Gates: met, not met, unknown; the bulk verdict and the single decision are one rule."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.eligibility import Gate, decide, verdicts
from matching.policy.load import load_policy
from matching.reasons import Verdict
from tests.matching.people import MEMBER, TODAY, household, member, pairing, position

POLICY = load_policy("440000", TODAY)


AT_HOME = {"longitude": MEMBER["longitude"], "latitude": MEMBER["latitude"]}


def judge(m=None, p=None, **tables):
    pair = pairing([member(**(m or {}))], [position(**(p or {}))], **tables)
    return decide(pair, POLICY, 0, 0)


def codes(decision):
    return {r.code for r in decision.reasons}, {r.code for r in decision.unknowns}


def test_a_member_and_a_post_that_fit_are_eligible():
    assert judge().verdict is Verdict.MET


@pytest.mark.parametrize(
    ("m", "p", "gate"),
    [
        ({"willing": False}, {}, "GATE_NOT_SEEKING"),
        ({"employment_state": "employed"}, {}, "GATE_NOT_SEEKING"),
        ({"birth_month": "2011-01"}, {}, "GATE_AGE_LEGAL"),
        ({"birth_month": "1950-01"}, {}, "GATE_AGE_LEGAL"),
        ({"available_from": date(2026, 12, 1)}, {}, "GATE_NOT_AVAILABLE"),
        ({}, {"openings_left": 0}, "GATE_CLOSED"),
        ({}, {"status": "paused"}, "GATE_CLOSED"),
        ({}, {"valid_until": date(2026, 6, 9)}, "GATE_CLOSED"),
        ({}, {"last_confirmed_on": date(2026, 5, 26)}, "GATE_STALE"),
        ({}, {"review_state": "quarantined"}, "GATE_QUARANTINE"),
        ({}, {"wage_min": 150_000, "wage_max": 200_000}, "GATE_BELOW_MIN_WAGE"),
        ({"kinds_ok": "PUBLIC_WELFARE"}, {}, "GATE_KIND"),
        ({"accepted_regions": "440106"}, {}, "GATE_REGION"),
        ({"commute_limit_minutes": 10}, {}, "GATE_COMMUTE"),
        ({"earliest_start": 540}, {"shift_start": 480, "shift_end": 1020}, "GATE_SCHEDULE"),
        ({"latest_end": 960}, {"shift_start": 480, "shift_end": 1020}, "GATE_SCHEDULE"),
        ({}, {"night": True}, "GATE_NIGHT"),
        ({"max_hours_week": 30}, {}, "GATE_HOURS"),
        ({"functional_limits": "no_heavy_lift"}, {"lift_kg": 25}, "GATE_HEALTH"),
        ({"functional_limits": "seat_only"}, {"standing": True}, "GATE_HEALTH"),
        ({}, {"required_certificates": "electrician@4"}, "GATE_CERT"),
        ({"certificates": "electrician@5"}, {"required_certificates": "electrician@4"}, "GATE_CERT"),
        ({}, {"min_education": "college"}, "GATE_EDUCATION"),
        ({}, {"kind": "PUBLIC_WELFARE"}, "GATE_PW_ELIGIBILITY"),
        ({}, {"reserved_categories": "disabled"}, "GATE_RESERVED"),
    ],
)  # fmt: skip
def test_each_gate_closes_on_its_own_fact(m, p, gate):
    decision = judge(m, p)
    assert decision.verdict is Verdict.NOT_MET
    assert codes(decision)[0] == {gate}


@pytest.mark.parametrize(
    ("m", "p", "unknown"),
    [
        ({"birth_month": None}, {}, "UNKNOWN_AGE_LEGAL"),
        ({"night_ok": None}, {"night": True}, "UNKNOWN_NIGHT"),
        ({"commute_limit_minutes": None}, {}, "UNKNOWN_COMMUTE"),
        ({"longitude": None}, {}, "UNKNOWN_COMMUTE"),
        ({"latest_end": 1080}, {"shift_start": 480}, "UNKNOWN_SCHEDULE"),
        ({"functional_limits": "no_vibration"}, {}, "UNKNOWN_HEALTH"),
        ({"accommodations_needed": "ramp"}, {}, "UNKNOWN_ACCOMMODATION"),
        ({}, {"required_skills": "numeracy:60", "essential_skills": "numeracy"}, "UNKNOWN_SKILL"),
        ({}, {"review_state": "received"}, "UNKNOWN_QUARANTINE"),
        ({}, {"last_confirmed_on": None, "verified_on": date(2026, 5, 1)}, "UNKNOWN_STALE"),
    ],
)  # fmt: skip
def test_what_is_not_known_is_said_and_does_not_exclude(m, p, unknown):
    decision = judge(m, p)
    assert decision.verdict is Verdict.UNKNOWN
    assert codes(decision) == (set(), {unknown})


def test_a_higher_certificate_proves_the_lower_one():
    assert judge({"certificates": "electrician@3"}, {"required_certificates": "electrician@4"}).verdict is Verdict.MET


def test_an_accepted_city_takes_in_its_districts_and_streets():
    assert judge({"accepted_regions": "440100"}, {"region_code": "440103001"}).verdict is Verdict.MET


def test_a_recognised_household_opens_public_welfare_posts_to_its_members():
    pair = pairing([member()], [position(kind="PUBLIC_WELFARE")], households=[household()])
    assert decide(pair, POLICY, 0, 0).verdict is Verdict.MET


def test_two_public_welfare_terms_close_the_third():
    past = [
        {
            "placement_id": f"X{k}",
            "member_id": "M1",
            "kind": "PUBLIC_WELFARE",
            "started_on": date(2015 + 4 * k, 1, 1),
            "ended_on": date(2016 + 4 * k, 1, 1),
        }
        for k in range(2)
    ]
    pair = pairing([member()], [position(kind="PUBLIC_WELFARE")], households=[household()], placements=past)
    assert codes(decide(pair, POLICY, 0, 0))[0] == {"GATE_PW_TERM"}


def test_piece_rate_posts_are_not_held_to_the_monthly_minimum():
    assert (
        judge({}, {"wage_type": "piece", "kind": "COMMUNITY_BASE", "wage_min": 150_000, "wage_max": 200_000}).verdict
        is Verdict.MET
    )


def test_a_known_shortfall_far_below_an_essential_skill_closes_and_a_near_miss_does_not():
    needs = {"required_skills": "numeracy:60", "essential_skills": "numeracy"}
    exam = {"member_id": "M1", "assessed_on": date(2026, 6, 5), "dimension": "numeracy"}
    assert codes(judge({}, needs, assessments=[{**exam, "score": 20}]))[0] == {"GATE_SKILL"}
    assert judge({}, needs, assessments=[{**exam, "score": 50}]).verdict is Verdict.MET


def test_an_expired_or_future_assessment_does_not_count():
    needs = {"required_skills": "numeracy:60", "essential_skills": "numeracy"}
    for day in (date(2025, 5, 1), date(2026, 6, 11)):
        exam = [{"member_id": "M1", "assessed_on": day, "dimension": "numeracy", "score": 20}]
        assert judge({}, needs, assessments=exam).verdict is Verdict.UNKNOWN


@settings(max_examples=60, deadline=None)
@given(
    st.fixed_dictionaries({}, optional={
        "sex": st.sampled_from(["F", "M"]), "disability_level": st.sampled_from([None, 1, 4]),
        "unemployed_since": st.sampled_from([None, date(2020, 1, 1)]), "categories": st.sampled_from(["", "released", "disabled;dibao"]),
    })
)  # fmt: skip
def test_barred_attributes_alone_change_no_gate_of_an_ordinary_post(changes):
    assert judge(changes) == judge()


def test_the_bulk_verdict_and_the_single_decision_agree():
    rng = np.random.default_rng(7)
    people = [
        member(member_id=f"M{k}", commute_limit_minutes=int(rng.integers(5, 60)), night_ok=[True, False, None][k % 3])
        for k in range(12)
    ]
    posts = [position(position_id=f"P{k}", night=bool(k % 2), openings_left=int(k % 3 > 0)) for k in range(9)]
    pair = pairing(people, posts)
    mi, pj = (x.ravel() for x in np.meshgrid(np.arange(12), np.arange(9), indexing="ij"))
    found = verdicts(pair, POLICY, mi, pj)
    for n in range(len(mi)):
        blocked, unknown = codes(decide(pair, POLICY, int(mi[n]), int(pj[n])))
        assert blocked == {g.name for g in Gate if int(found.blocked[n]) >> g & 1}
        assert unknown == {g.name.replace("GATE", "UNKNOWN", 1) for g in Gate if int(found.unknown[n]) >> g & 1}


def test_a_base_in_the_members_own_street_is_within_the_shortest_limit_and_one_across_town_is_not():
    base = {"kind": "COMMUNITY_BASE", "valid_until": date(2026, 9, 1)}
    assert judge({"commute_limit_minutes": 15}, {**base, **AT_HOME}).verdict is Verdict.MET
    far = judge({"commute_limit_minutes": 15}, {**base, **AT_HOME, "longitude": 113.40})
    assert "GATE_COMMUTE" in codes(far)[0]


@pytest.mark.parametrize(("until", "open_"), [(TODAY, True), (date(2026, 6, 9), False)])
def test_a_base_is_open_as_long_as_its_orders_and_not_a_day_longer(until, open_):
    decision = judge(p={"kind": "COMMUNITY_BASE", "valid_until": until})
    assert (decision.verdict is Verdict.MET) == open_ and ("GATE_CLOSED" in codes(decision)[0]) != open_
