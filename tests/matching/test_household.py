"""Lifted, back, stable, closed: derived from the jobs of the members."""

from datetime import date, timedelta
from itertools import pairwise

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.errors import BadInput, Conflict
from matching.household import (
    FOLLOWED,
    HOUSEHOLD_STEPS,
    counted_members,
    household_table,
    milestone_table,
    step_household,
)
from matching.policy.load import load_policy
from matching.vocabulary import HouseholdStatus
from tests.matching.people import household, member, table

TODAY = date(2026, 6, 10)
POLICY = load_policy("440103", TODAY)


def ago(days: int) -> date:
    """Return the day so many days before today."""
    return TODAY - timedelta(days=days)


def job(number: object = 1, began: int = 30, ended: int | None = None, who: str = "M1", **changes) -> dict:
    """Return a verified job that began, and perhaps ended, some days ago."""
    end = None if ended is None else ago(ended)
    return {
        "placement_id": f"L{number}", "member_id": who, "kind": "EMPLOYER", "started_on": ago(began), "ended_on": end,
        "evidence": "contract", "verified_on": ago(began), **changes,
    }  # fmt: skip


def state(jobs=(), home=None, people=None, referrals=(), as_of=TODAY) -> pd.Series:
    """Return the one household's row."""
    homes = table("households", household(**{"discovered_on": date(2026, 5, 10), **(home or {})}))
    members = table("members", *(people or [member(), member(member_id="M2")]))
    return household_table(
        homes, members, table("placements", *jobs), table("referrals", *referrals), as_of, POLICY
    ).iloc[0]


@pytest.mark.parametrize(
    ("jobs", "status"),
    [
        ([], "in_service"),
        ([job(began=0)], "one_employed"),
        ([job(began=89)], "one_employed"),
        ([job(began=90)], "stable"),
        ([job(began=179)], "stable"),
        ([job(began=180)], "closed"),
        ([job(began=100, ended=1)], "in_service"),
        ([job(began=100, ended=0)], "stable"),
        ([job(began=100, ended=50), job(2, began=49, who="M2")], "stable"),
        ([job(began=100, ended=50), job(2, began=48, who="M2")], "one_employed"),
        ([job(began=200, ended=10), job(2, began=190, ended=100, who="M2")], "in_service"),
        ([job(began=200, ended=10), job(2, began=190, who="M2")], "closed"),
        ([job(began=-1)], "in_service"),
        ([job(began=30, verified_on=None)], "in_service"),
        ([job(began=30, evidence="none")], "in_service"),
        ([job(began=30, kind="TRAINEE")], "in_service"),
        ([job(began=30, kind="self_employed")], "one_employed"),
        ([job(began=30, verified_on=TODAY + timedelta(days=1))], "in_service"),
    ],
)  # fmt: skip
def test_the_state_follows_the_jobs(jobs, status):
    assert state(jobs)["status"] == status


@pytest.mark.parametrize("status", sorted({s.value for s in HouseholdStatus} - set(FOLLOWED)))
def test_what_people_decided_stands_as_recorded(status):
    assert state([job(began=30)], {"status": status})["status"] == status


def test_a_member_who_is_said_to_work_is_shown_and_not_counted():
    row = state([job(began=30, verified_on=None)], people=[member(employment_state="employed"), member(member_id="M2")])
    assert (row["employed_members"], row["employed_unverified"], row["status"]) == (0, 1, "in_service")
    proven = state([job(began=30)], people=[member(employment_state="employed"), member(member_id="M2")])
    assert (proven["employed_members"], proven["employed_unverified"]) == (1, 0)


def test_the_milestones_are_days_that_can_be_written_in_a_calendar():
    row = state([job(began=40)])
    assert row["working_since"].date() == ago(40) and row["days_in_work"] == 40
    assert (row["stable_on"].date(), row["closes_on"].date()) == (
        ago(40) + timedelta(days=90),
        ago(40) + timedelta(days=180),
    )
    lost = state([job(began=40, ended=5)])
    assert lost["lost_on"].date() == ago(4) and pd.isna(lost["working_since"])


def test_after_three_months_of_continuous_work_a_review_of_the_allowance_is_due_as_a_task():
    receiving = {"dibao_status": "receiving"}
    start = date(2026, 3, 10)
    due = state([job(started_on=start, verified_on=start)], receiving)
    assert due["dibao_review_on"].date() == TODAY and due["dibao_review_due"]
    assert not state([job(started_on=start + timedelta(days=1), verified_on=start)], receiving)["dibao_review_due"]
    for other in ("none", "applied", "closing", "closed"):
        assert not state([job(started_on=start, verified_on=start)], {"dibao_status": other})["dibao_review_due"]
    month_end = date(2025, 11, 30)
    assert state([job(started_on=month_end, verified_on=month_end)], receiving)["dibao_review_on"].date() == date(
        2026, 2, 28
    )


def test_days_lost_are_counted_from_discovery_to_recognition_to_referral_to_work():
    sent = {"referral_id": "R1", "member_id": "M2", "position_id": "P1", "created_on": date(2026, 5, 29)}
    earlier = {**sent, "referral_id": "R0", "created_on": date(2026, 5, 1)}
    row = state([job(started_on=date(2026, 6, 2))], referrals=[sent, earlier])
    assert (row["days_before_recognition"], row["days_to_first_referral"], row["days_to_work"]) == (15, 4, 4)


def test_days_lost_are_unknown_where_a_day_is():
    row = state(home={"discovered_on": None})
    assert (
        row["days_before_recognition"] is pd.NA
        and row["days_to_first_referral"] is pd.NA
        and row["days_to_work"] is pd.NA
    )


@pytest.mark.parametrize(
    ("began", "ended", "days", "stable"),
    [
        (0, None, 0, [None, None, None]), (30, None, 30, [True, None, None]), (89, None, 89, [True, None, None]), (90, None, 90, [True, True, None]),
        (200, None, 200, [True, True, True]), (200, 171, 29, [False, False, False]), (200, 110, 90, [True, True, False]), (-3, None, None, [None, None, None]),
        (20, 0, 20, [None, None, None]),
    ],
)  # fmt: skip
def test_a_milestone_is_reached_missed_or_still_open(began, ended, days, stable):
    row = milestone_table(table("placements", job(began=began, ended=ended)), TODAY, POLICY).iloc[0]
    assert [None if pd.isna(x) else x for x in row.iloc[1:]] == [days, *stable]


def test_who_counts_as_a_member():
    people = [
        member(), member(member_id="M2", willing=False), member(member_id="M3", employment_state="inactive"), member(member_id="M4", birth_month="2010-07"),
        member(member_id="M5", birth_month="2010-06"), member(member_id="M8", birth_month="1971-02"), member(member_id="M9", birth_month="1971-03"), member(member_id="M6", birth_month="1950-01"), member(member_id="M7", birth_month=None),
    ]  # fmt: skip
    assert counted_members(table("members", *people), TODAY, POLICY).tolist() == [
        True,
        False,
        False,
        False,
        True,
        False,
        True,
        False,
        True,
    ]


def test_steps_outside_the_table_are_refused():
    assert step_household("stable", "closed") == "closed"
    with pytest.raises(Conflict, match="a household that is discovered cannot become stable; expected one of applied"):
        step_household("discovered", "stable")
    with pytest.raises(BadInput, match="expected a household state"):
        step_household("lost", "closed")
    assert set(HOUSEHOLD_STEPS) == {s.value for s in HouseholdStatus}


SPANS = st.lists(
    st.tuples(st.integers(0, 260), st.integers(0, 120), st.booleans(), st.sampled_from(["M1", "M2"])), max_size=5
)


@settings(max_examples=40, deadline=None)
@given(SPANS)
def test_the_state_agrees_with_a_walk_back_through_the_days(spans):
    jobs = [
        job(k, began, None if runs else max(began - length, 0), who)
        for k, (began, length, runs, who) in enumerate(spans)
    ]
    worked = {ago(d) for j in jobs for d in range(-1, 400) if j["started_on"] <= ago(d) <= (j["ended_on"] or TODAY)}
    days = 0
    while ago(days + 1) in worked:
        days += 1
    expected = (
        "in_service" if TODAY not in worked else "closed" if days >= 180 else "stable" if days >= 90 else "one_employed"
    )
    row = state(jobs)
    assert row["status"] == expected
    assert row["days_in_work"] is pd.NA if TODAY not in worked else row["days_in_work"] == days


@settings(max_examples=15, deadline=None)
@given(SPANS)
def test_from_one_day_to_the_next_the_state_takes_only_lawful_steps(spans):
    """One household a day: the same jobs, each household a day further back."""
    backs = range(260, -1, -1)
    homes = [household(household_id=f"H{b}", status="recognised", recognised_on=ago(700)) for b in backs]
    people = [member(member_id=f"{who}-{b}", household_id=f"H{b}") for b in backs for who in ("M1", "M2")]
    jobs = [
        job(f"{b}-{k}", began - b, None if runs else max(began - length, 0) - b, f"{who}-{b}")
        for b in backs
        for k, (began, length, runs, who) in enumerate(spans)
    ]
    frame = household_table(
        table("households", *homes),
        table("members", *people),
        table("placements", *jobs),
        table("referrals"),
        TODAY,
        POLICY,
    )
    days = frame["status"].tolist()
    for before, now in pairwise(["recognised", *days]):
        assert now == before or before == "closed" or step_household(before, now) == now


@pytest.mark.parametrize(
    ("owed", "status"),
    [
        ({}, "stable"),
        ({"state": "breached"}, "stable"),
        ({"state": "met"}, "closed"),
        ({"state": "void"}, "closed"),
        ({"scope": "household", "member_id": None}, "closed"),
        ({"member_id": "M1"}, "closed"),
    ],
)
def test_a_file_does_not_close_while_a_member_who_seeks_is_owed_a_promise_of_their_own(owed, status):
    homes, jobs = table("households", household()), table("placements", job(began=180))
    people = table("members", member(employment_state="employed"), member(member_id="M2"))
    row = {
        "promise_id": "Q2",
        "household_id": "H1",
        "member_id": "M2",
        "scope": "member",
        "started_on": ago(200),
        "due_on": ago(170),
    }
    promises = table("promises", {**row, "state": "running", **owed})
    found = household_table(homes, people, jobs, table("referrals"), TODAY, POLICY, promises)
    assert found["status"].tolist() == [status]
