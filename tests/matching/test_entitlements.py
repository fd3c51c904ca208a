"""What a placement brings beside the wage (see tests/policy_cases/entitlements.toml), and what the member may use anyway."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.entitlements import effective_pay, entitlements, member_entitlements
from matching.policy.load import load_policy
from tests.matching.people import member, position, table

TODAY = date(2026, 6, 10)
GUANGZHOU = load_policy("440103", TODAY)
SHENZHEN_2006 = load_policy("440303", date(2006, 6, 1))
SHENZHEN_2006 = SHENZHEN_2006.with_rows(
    [replace(SHENZHEN_2006.row("allowance.on_post.amount"), id="mw", key="wage.minimum_month", value=70000)]
)


def one(name: str, row: dict) -> dict:
    """Return one canonical row as a mapping."""
    return table(name, row).iloc[0].to_dict()


def course(kind: str, state: str = "completed", free: bool = True, number: int = 1) -> dict:
    """Return a course of the member."""
    return {
        "training_id": f"T{number}",
        "member_id": "M1",
        "kind": kind,
        "course": "kitchen",
        "state": state,
        "free": free,
    }


def mine(place: str = "440103", day: date = TODAY, trainings=None) -> dict:
    """Return the member's own entitlements by code."""
    rows = None if trainings is None else table("trainings", *trainings)
    found = member_entitlements(one("members", member(region_code=place)), GUANGZHOU, day, trainings=rows)
    return {r.code: r.facts for r in found}


@pytest.mark.parametrize(
    ("trainings", "used", "left"),
    [
        (None, None, None), ([], 0, 1), ([course("skill")], 1, 0), ([course("skill", "running")], 1, 0), ([course("skill", "offered")], 0, 1),
        ([course("skill", "dropped")], 0, 1), ([course("skill", free=False)], 0, 1), ([course("startup")], 0, 1),
        ([course("skill"), course("skill", number=2)], 2, 0),
    ],
)  # fmt: skip
def test_one_free_training_at_least_is_counted_and_unknown_use_stays_unknown(trainings, used, left):
    facts = mine(trainings=trainings)["ENTITLEMENT_TRAINING_SKILL"]
    assert (facts["at_least"], facts["used"], facts["left"], facts["policy_id"]) == (1, used, left, "training-skill")


def test_guidance_is_unlimited_and_every_route_is_told_with_its_row():
    found = mine()
    assert found["ENTITLEMENT_GUIDANCE"]["unlimited"] is True
    assert (
        found["ENTITLEMENT_START_UP_LOAN"]["amount_fen"] is None
        and found["ENTITLEMENT_START_UP_LOAN"]["counter_guarantee_waived"] is True
    )
    assert all(f["policy_id"] and f["source"] and f["verdict"] == "met" for f in found.values())


def test_the_start_up_route_differs_by_city_and_period():
    assert mine("441900003", date(2006, 6, 1))["ENTITLEMENT_START_UP_LOAN"]["amount_fen"] == 8_000_000
    assert mine("440303")["ENTITLEMENT_START_UP_LOAN"]["amount_fen"] == 30_000_000
    assert "ENTITLEMENT_START_UP_LOAN" not in mine("441900003", date(2015, 6, 1))
    assert (
        mine("442000001")["ENTITLEMENT_START_UP_GRANT"]["amount_fen"] is None
        and "ENTITLEMENT_START_UP_GRANT" not in mine()
    )


def test_a_business_with_five_jobs_may_borrow_more_where_a_city_says_so():
    assert mine("440303")["ENTITLEMENT_START_UP_LOAN"]["five_jobs_fen"] == 60_000_000
    assert mine("440103")["ENTITLEMENT_START_UP_LOAN"]["five_jobs_fen"] is None


@pytest.mark.parametrize(
    ("born", "sex", "near"),
    [
        ("1968-01", "M", True),
        ("1970-02", "M", True),
        ("1970-03", "M", False),
        ("1980-01", "M", False),
        ("1960-01", "M", False),
        ("1968-01", "unknown", None),
        (None, "M", None),
    ],
)
def test_within_five_years_of_retirement_the_subsidies_may_run_to_it(born, sex, near):
    person = one("members", member(categories="older", birth_month=born, sex=sex))
    found = {r.code: r.facts for r in entitlements(person, one("positions", position()), GUANGZHOU, TODAY)}
    assert (
        found["ENTITLEMENT_INSURANCE_SUBSIDY"]["to_retirement"] is near
        and found["ENTITLEMENT_WELFARE_SUBSIDIES"]["to_retirement"] is near
    )


def test_before_the_measures_of_2004_nothing_is_known():
    assert mine(day=date(2003, 6, 1)) == {}


@given(st.integers(0, 300_000))
def test_the_allowance_is_paid_at_exactly_the_minimum_wage(wage):
    pay = effective_pay({"region_code": "440303", "wage_min": wage}, SHENZHEN_2006, SHENZHEN_2006.as_of)
    assert pay.total_fen == wage + (80_000 if wage == 70_000 else 0) and pay.at_minimum_fen == 150_000


def test_the_cliff_a_yuan_above_the_minimum_shows():
    at, above = (
        effective_pay({"region_code": "440303", "wage_min": w}, SHENZHEN_2006, SHENZHEN_2006.as_of)
        for w in (70_000, 70_100)
    )
    assert (at.total_fen, at.allowance_fen) == (150_000, 80_000)
    assert (above.total_fen, above.allowance_fen, above.at_minimum_fen) == (70_100, 0, 150_000)


def test_pay_is_the_wage_where_no_allowance_is_and_unknown_where_the_minimum_is():
    today = effective_pay({"region_code": "440303", "wage_min": 252_000}, GUANGZHOU, TODAY)
    assert (today.total_fen, today.allowance_fen, today.at_minimum_fen) == (252_000, 0, 252_000)
    then = effective_pay(
        {"region_code": "440303", "wage_min": 70_000}, load_policy("440303", date(2006, 6, 1)), date(2006, 6, 1)
    )
    assert then.wage_fen == 70_000 and then.total_fen is None and then.allowance_fen is None


@pytest.mark.parametrize(
    "change",
    [
        {"sex": "M"},
        {"disability_level": 1},
        {"birth_month": "1981-01"},
        {"education": "college"},
        {"unemployed_since": date(2020, 1, 1)},
    ],
)
def test_who_the_member_is_changes_nothing_but_category_and_household(change):
    post = one("positions", position())
    before = entitlements(one("members", member(categories="older")), post, GUANGZHOU, TODAY)
    assert entitlements(one("members", member(categories="older", **change)), post, GUANGZHOU, TODAY) == before


def test_no_category_is_told_in_the_facts():
    person = one("members", member(categories="recovered;rehabilitated;released;zero_employment"))
    told = str([r.as_dict() for r in entitlements(person, one("positions", position()), GUANGZHOU, TODAY)])
    assert "recovered" not in told and "rehabilitated" not in told and "released" not in told


def test_an_entitlement_has_no_weight_in_any_score():
    found = entitlements(one("members", member(categories="older")), one("positions", position()), GUANGZHOU, TODAY)
    assert found and all(r.weight == 0.0 for r in found)
