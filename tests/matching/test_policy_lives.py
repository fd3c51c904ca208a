"""Lives of promises, households and welfare terms, as an officer would tell them, hold."""

from datetime import date

import pytest

from matching.household import household_table
from matching.policy.load import load_policy
from matching.promise_clock import ClockEvent, ClockEventKind, clock, days_left, days_left_gross
from matching.welfare import welfare_term_table
from tests.matching.people import TODAY, household, member, position, table
from tests.matching.test_policy_cases import cases

POLICY = load_policy("440103", TODAY)


def told(day, what, reason, by="C1", second=""):
    """Return an event as a case tells it."""
    first = date.fromisoformat(reason) if what == "placed" else None
    return ClockEvent(ClockEventKind(what), date.fromisoformat(day), "" if first else reason, by, second, first)


@pytest.mark.parametrize("case", cases("clock"))
def test_a_promise_stands_where_the_case_says(case):
    found = clock(case["started"], [told(*event) for event in case["events"]], case["on"], POLICY)
    left, gross = days_left(found, case["on"], POLICY), days_left_gross(found, case["on"])
    broken = None if found.breached_on is None else found.breached_on.isoformat()
    assert (found.state, left, gross, broken) == (
        case["state"], case.get("left"), case.get("gross"), case.get("broken"),
    )  # fmt: skip


def jobs(rows, kind):
    """Return placements as a case tells them."""
    return table("placements", *[
        {"placement_id": f"L{k}", "member_id": "M1", "kind": kind, "started_on": first, "ended_on": last or None,
         "evidence": proof, "verified_on": None if proof == "none" else first}
        for k, (first, last, proof) in enumerate(rows)
    ])  # fmt: skip


@pytest.mark.parametrize("case", cases("household"))
def test_a_household_stands_where_the_case_says(case):
    found = household_table(
        table("households", household()), table("members", member()), jobs(case["jobs"], "EMPLOYER"), table("referrals"), case["on"], POLICY
    )  # fmt: skip
    assert found["status"].tolist() == [case["status"]]


@pytest.mark.parametrize("case", cases("second_post"))
def test_another_welfare_post_may_begin_as_the_case_says(case):
    posts = [position(position_id=f"P{k}") for k in range(case["offers"])]
    offers = [
        {"referral_id": f"R{k}", "member_id": "M1", "position_id": f"P{k}", "created_on": date(2026, 6, 1), "suitability": "ok"}
        for k in range(case["offers"])
    ]  # fmt: skip
    past = jobs([(first, last, "contract") for first, last in case["past"]], "PUBLIC_WELFARE")
    people = table("members", member(categories="zero_employment"))
    found = welfare_term_table(people, past, table("referrals", *offers), table("positions", *posts), TODAY, POLICY)
    assert found["verdict"].tolist() == [case["verdict"]]
