"""When a promise falls due and how many days each member has left."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.calendar import STATE_COUNCIL
from matching.errors import PolicyError, PromiseError
from matching.policy.load import load_policy
from matching.promise import adopt_variant, due_date, missing_for_start, promise_table
from tests.matching.people import household, member, table

TODAY = date(2026, 6, 10)
POLICY = load_policy("440103", TODAY)


def clocks(members=None, households=None, promises=(), as_of=TODAY, policy=POLICY) -> pd.DataFrame:
    """Return the clocks of these rows."""
    people = table("members", *([member()] if members is None else members))
    homes = table("households", *([household()] if households is None else households))
    return promise_table(homes, people, table("promises", *promises), as_of, policy)


def promise(**changes) -> dict:
    """Return a stored promise of household H1."""
    return {
        "promise_id": "Q1",
        "household_id": "H1",
        "scope": "household",
        "started_on": date(2026, 6, 1),
        "due_on": date(2026, 7, 1),
        **changes,
    }


def written_due(start: date, roll_holiday: bool, roll_weekend: bool) -> date:
    """The Civil Code's month a second time, day by day: into the next month, to the same number or its last day, then off days that roll."""
    one = timedelta(days=1)
    day = start + one
    while day.month == start.month or (day.day != start.day and (day + one).day != 1):
        day += one
    while True:
        holiday, weekend = day in STATE_COUNCIL.holidays, day.weekday() >= 5 and day not in STATE_COUNCIL.makeup_days
        if not (roll_holiday if holiday else weekend and roll_weekend):
            return day
        day += one


@settings(max_examples=150, deadline=None)
@given(st.dates(date(2021, 12, 1), date(2026, 11, 30)), st.booleans(), st.booleans())
def test_a_month_ends_where_the_civil_code_read_day_by_day_ends_it(start, holiday, weekend):
    rows = [replace_value("promise.roll_holiday", holiday), replace_value("promise.roll_weekend", weekend)]
    assert due_date(start, POLICY.with_rows(rows)) == written_due(start, holiday, weekend)


def replace_value(key: str, value: object):
    """Return the row in force for a key with another value."""
    return replace(POLICY.row(key), value=value)


def test_a_duration_nobody_can_count_is_refused():
    row = POLICY.row("promise.duration")
    with pytest.raises(PromiseError, match="expected P1M, P30D, P10WD or P1Q, found 'unknown'"):
        due_date(TODAY, POLICY.with_rows([replace(row, value="unknown")]))


def test_a_variant_nobody_published_is_refused():
    with pytest.raises(PolicyError, match=r"unknown policy key 'promise\.variant\.mars'"):
        adopt_variant(POLICY, "mars")


def test_the_clock_starts_on_the_latest_of_recognition_wish_and_declaration():
    days = (date(2026, 5, 25), date(2026, 5, 27), date(2026, 6, 3))
    for k in range(3):
        recognised, wish, declared = days[k:] + days[:k]
        frame = clocks(
            [member(willing_confirmed_on=wish, flexibility_declared_on=declared)], [household(recognised_on=recognised)]
        )
        row = frame.iloc[0]
        assert (row["started_on"].date(), row["due_on"].date(), row["days_left"], row["state"]) == (
            days[2],
            date(2026, 7, 3),
            23,
            "running",
        )


def test_a_clock_that_starts_today_runs_today():
    row = clocks([member(flexibility_declared_on=TODAY)]).iloc[0]
    assert (row["state"], row["started_on"].date(), row["days_left"]) == ("running", TODAY, 30)


@pytest.mark.parametrize(
    ("person", "home"),
    [
        ({"willing": False}, {}),
        ({"flexibility_declared": False}, {}),
        ({"flexibility_declared_on": None}, {}),
        ({"willing_confirmed_on": None}, {}),
        ({"flexibility_declared_on": date(2026, 6, 11)}, {}),
        ({}, {"recognised_on": None}),
        ({}, {"status": "one_employed"}),
        ({}, {"status": "withdrawn"}),
        ({"household_id": "H9"}, {}),
    ],
)  # fmt: skip
def test_no_clock_runs_while_a_condition_is_open(person, home):
    row = clocks([member(**person)], [household(**home)]).iloc[0]
    assert row["state"] == "not_ready" and row["days_left"] is pd.NA and pd.isna(row["due_on"])


def test_the_household_s_clock_starts_with_its_first_ready_member_and_counts_for_all():
    late = member(member_id="M2", flexibility_declared_on=date(2026, 6, 8))
    undeclared = member(member_id="M3", flexibility_declared=False, flexibility_declared_on=None)
    unwilling = member(member_id="M4", willing=False)
    frame = clocks([late, member(), undeclared, unwilling])
    assert [None if pd.isna(d) else d.date() for d in frame["started_on"]] == [date(2026, 6, 1)] * 3 + [None]
    alone = clocks(
        [late, member(), undeclared, unwilling], policy=POLICY.with_rows([replace_value("promise.scope", "member")])
    )
    assert [None if pd.isna(d) else d.date() for d in alone["started_on"]] == [
        date(2026, 6, 8),
        date(2026, 6, 1),
        None,
        None,
    ]


def test_a_city_that_starts_at_recognition_does_not_wait_for_the_declaration():
    person = member(flexibility_declared=False, flexibility_declared_on=None)
    row = clocks([person], policy=adopt_variant(POLICY, "shanghai")).iloc[0]
    assert (row["started_on"].date(), row["due_on"].date()) == (date(2026, 5, 25), date(2026, 6, 25))


def test_two_cities_with_different_lengths_stand_in_one_table():
    policy = adopt_variant(POLICY.at("440300"), "ten_days")
    away = member(member_id="M2", household_id="H2", region_code="440305001")
    frame = clocks(
        [member(), away], [household(), household(household_id="H2", region_code="440305001")], policy=policy
    )
    assert [d.date() for d in frame["due_on"]] == [date(2026, 7, 1), date(2026, 6, 8)]


def test_a_stored_promise_goes_before_the_facts_and_the_member_s_before_the_household_s():
    stored = promise(started_on=date(2026, 5, 28), due_on=date(2026, 6, 29))
    own = promise(promise_id="Q2", member_id="M2", scope="member", started_on=date(2026, 6, 2), due_on=date(2026, 7, 2))
    frame = clocks([member(), member(member_id="M2")], promises=[stored, own])
    assert frame["days_left"].tolist() == [19, 22]


def test_the_latest_stored_promise_counts_and_one_of_tomorrow_does_not_yet():
    old = promise(started_on=date(2026, 3, 1), due_on=date(2026, 4, 1), state="met_late")
    new = promise(promise_id="Q2", started_on=date(2026, 6, 1), due_on=date(2026, 7, 1), state="reopened")
    ahead = promise(promise_id="Q3", started_on=date(2026, 6, 11), due_on=date(2026, 7, 13))
    row = clocks(promises=[new, ahead, old]).iloc[0]
    assert (row["state"], row["days_left"]) == ("reopened", 21)


def test_paused_days_put_off_the_net_day_and_never_the_gross_one():
    row = clocks(promises=[promise(paused_days=3)]).iloc[0]
    assert (row["due_on"].date(), row["due_net_on"].date()) == (date(2026, 7, 1), date(2026, 7, 6)), (
        "4 July is a Saturday and rolls"
    )
    assert (row["days_left"], row["days_left_gross"]) == (26, 21)


def test_a_pause_that_runs_counts_up_to_the_day_and_ends_by_itself_at_its_limit():
    paused = promise(state="paused", paused_days=2, paused_since=date(2026, 6, 5), pause_reason="illness")
    at = {day: clocks(promises=[paused], as_of=date(2026, 6, day)).iloc[0] for day in (5, 10, 20, 21, 25)}
    assert [at[d]["state"] for d in at] == ["paused", "paused", "paused", "running", "running"]
    assert [(at[d]["due_net_on"].date() - date(2026, 7, 1)).days for d in at] == [2, 7, 19, 19, 19]
    assert [at[d]["days_left_gross"] for d in at] == [26, 21, 11, 10, 6]


def test_away_ends_a_day_sooner_and_a_reopened_clock_reads_reopened_again():
    away = promise(state="paused", paused_since=date(2026, 6, 1), pause_reason="away", reopens_id="Q0")
    row = clocks(promises=[away], as_of=date(2026, 6, 20)).iloc[0]
    assert (row["state"], (row["due_net_on"].date() - date(2026, 7, 1)).days) == ("reopened", 14)


def test_a_promise_kept_on_a_later_day_still_ran_before_it():
    kept = promise(state="met", met_on=date(2026, 6, 12))
    before, on_it = (clocks(promises=[kept], as_of=date(2026, 6, day)).iloc[0] for day in (11, 12))
    assert (before["state"], before["days_left"]) == ("running", 20)
    assert on_it["state"] == "met" and pd.isna(on_it["days_left"])


def test_a_household_without_work_again_has_a_new_clock_once_it_confirms_its_wish_after_the_promise_was_kept():
    kept = promise(
        promise_id="Q0", started_on=date(2026, 1, 5), due_on=date(2026, 2, 5), state="met", met_on=date(2026, 1, 20)
    )
    early = member(willing_confirmed_on=date(2026, 1, 5), flexibility_declared_on=date(2026, 1, 5))
    home = household(recognised_on=date(2026, 1, 5))
    assert clocks([early], [home], [kept])["state"].tolist() == ["met"]
    again = clocks([{**early, "willing_confirmed_on": date(2026, 6, 8)}], [home], [kept]).iloc[0]
    assert (again["state"], again["started_on"].date(), again["due_on"].date()) == (
        "running",
        date(2026, 6, 8),
        date(2026, 7, 8),
    )
    lifted = clocks([{**early, "willing_confirmed_on": date(2026, 6, 8)}], [{**home, "status": "one_employed"}], [kept])
    assert lifted["state"].tolist() == ["met"]


def test_after_a_kept_promise_one_member_s_wish_is_enough_and_the_clock_does_not_begin_before_the_job_was_lost():
    kept = promise(
        promise_id="Q0", started_on=date(2026, 1, 5), due_on=date(2026, 2, 5), state="met", met_on=date(2026, 1, 20)
    )
    home = household(recognised_on=date(2026, 1, 5))
    early = member(willing_confirmed_on=date(2026, 1, 5), flexibility_declared_on=date(2026, 1, 5))
    lost = {**early, "member_id": "M2", "unemployed_since": date(2026, 6, 2)}
    for confirmed, start in ((date(2026, 5, 10), date(2026, 6, 2)), (date(2026, 6, 8), date(2026, 6, 8))):
        found = clocks([{**early, "willing_confirmed_on": confirmed}, lost], [home], [kept])
        assert [d.date() for d in found["started_on"]] == [start, start] and found["state"].tolist() == ["running"] * 2


@pytest.mark.parametrize(
    ("voided", "confirmed", "state"),
    [
        (date(2026, 5, 20), date(2026, 6, 8), "running"),
        (date(2026, 6, 8), date(2026, 6, 8), "void"),
        (date(2026, 6, 9), date(2026, 6, 8), "void"),
        (None, date(2026, 6, 8), "void"),
    ],
)
def test_a_void_promise_gives_way_to_a_wish_of_a_later_day_alone(voided, confirmed, state):
    void = promise(started_on=date(2026, 5, 1), due_on=date(2026, 6, 1), state="void", voided_on=voided)
    row = clocks([member(willing_confirmed_on=confirmed)], [household(recognised_on=date(2026, 4, 20))], [void]).iloc[0]
    assert (row["state"], row["started_on"].date()) == (state, confirmed if state == "running" else date(2026, 5, 1))


def test_past_its_day_a_running_clock_reads_breached_and_counts_below_zero():
    row = clocks(promises=[promise(started_on=date(2026, 5, 6), due_on=date(2026, 6, 8))]).iloc[0]
    assert (row["state"], row["days_left"], row["days_left_gross"]) == ("breached", -2, -2)
    on_time = clocks(promises=[promise(started_on=date(2026, 5, 8), due_on=TODAY)]).iloc[0]
    assert (on_time["state"], on_time["days_left"]) == ("running", 0)


@pytest.mark.parametrize("state", ["met", "met_late", "void"])
def test_nothing_is_left_of_a_promise_that_is_over(state):
    row = clocks(promises=[promise(state=state)]).iloc[0]
    assert row["state"] == state and row["days_left"] is pd.NA and row["days_left_gross"] is pd.NA


def test_a_due_day_in_a_year_without_a_calendar_is_flagged():
    person = member(willing_confirmed_on=date(2026, 12, 15), flexibility_declared_on=date(2026, 12, 15))
    frame = clocks([person, member(member_id="M2", household_id="H9")], as_of=date(2026, 12, 20))
    assert frame["calendar_known"].tolist() == [False, True]
    assert frame["due_on"].iloc[0].date() == date(2027, 1, 15)


def test_an_empty_record_has_no_clocks():
    frame = clocks(members=[], households=[])
    assert len(frame) == 0 and str(frame["days_left"].dtype) == "Int64"


def test_the_table_is_the_same_for_many_members_and_for_one():
    rng = np.random.default_rng(0)
    homes = [
        household(household_id=f"H{k}", recognised_on=TODAY - timedelta(days=int(rng.integers(0, 60))))
        for k in range(12)
    ]
    people = [
        member(member_id=f"M{k}", household_id=f"H{rng.integers(0, 12)}", flexibility_declared_on=TODAY - timedelta(days=int(rng.integers(-3, 50))),
               region_code=str(rng.choice(["440103", "440305001", "441900003"])))
        for k in range(12)
    ]  # fmt: skip
    policy = adopt_variant(POLICY.at("441900"), "thirty_days").with_rows([replace_value("promise.scope", "member")])
    stored = [promise(household_id="H3", paused_days=4), promise(promise_id="Q2", household_id="H4", state="met")]
    many = clocks(people, homes, stored, policy=policy)
    for k, person in enumerate(people):
        pd.testing.assert_frame_equal(
            clocks([person], homes, stored, policy=policy), many.iloc[[k]].reset_index(drop=True)
        )


def test_a_clock_in_a_city_no_table_answers_for_is_refused_and_names_the_number_the_place_and_the_day():
    ours = POLICY.at("440000").with_rows([replace(POLICY.row("promise.duration"), region="440000")])
    people, homes = table("members", member()), table("households", household())
    assert promise_table(homes, people, table("promises"), TODAY, ours)["days_left"].notna().all()
    away = homes.assign(region_code="360103"), people.assign(region_code="360103")
    with pytest.raises(PolicyError, match=r"promise\.duration in 360103 on 2026-06-10; add a dated row"):
        promise_table(*away, table("promises"), TODAY, ours)


def of_rule(**values):
    """Return the policy with other values of ``promise.*``."""
    return POLICY.with_rows([replace_value(f"promise.{key}", value) for key, value in values.items()])


@pytest.mark.parametrize(
    ("start", "last"),
    [
        (date(2025, 12, 31), date(2025, 12, 31)), (date(2026, 1, 1), date(2026, 3, 31)), (date(2026, 3, 31), date(2026, 3, 31)),
        (date(2026, 4, 1), date(2026, 6, 30)), (date(2026, 8, 9), date(2026, 9, 30)), (date(2026, 10, 1), date(2026, 12, 31)),
    ],
)  # fmt: skip
def test_a_duration_of_a_quarter_ends_with_the_quarter(start, last):
    assert due_date(start, of_rule(duration="P1Q")) == last


@pytest.mark.parametrize(
    ("duration", "last"), [("P30D", date(2026, 7, 10)), ("P3M", date(2026, 9, 10)), ("P7M", date(2027, 1, 11))]
)
def test_a_duration_is_counted_in_days_and_months_across_the_turn_of_a_year(duration, last):
    assert due_date(TODAY, of_rule(duration=duration)) == last


def test_under_a_signed_agreement_the_clock_starts_on_the_later_of_recognition_and_declaration():
    signed = of_rule(start_event="agreement_signed")
    days = {"willing_confirmed_on": date(2026, 6, 8), "flexibility_declared_on": date(2026, 6, 3)}
    [row] = clocks([member(**days)], [household(recognised_on=date(2026, 6, 2))], policy=signed).to_dict("records")
    assert row["started_on"] == pd.Timestamp(2026, 6, 3)
    [row] = clocks([member(**days)], [household(recognised_on=date(2026, 6, 5))], policy=signed).to_dict("records")
    assert row["started_on"] == pd.Timestamp(2026, 6, 5)


@pytest.mark.parametrize("event", ["recognised_and_flexibility_declared", "agreement_signed"])
def test_a_clock_does_not_start_while_one_of_its_days_is_missing(event):
    frame = clocks([member(flexibility_declared=True, flexibility_declared_on=None)], policy=of_rule(start_event=event))
    assert (
        frame["state"].tolist() == ["not_ready"]
        and frame["started_on"].isna().all()
        and frame["days_left"].isna().all()
    )


def test_a_stored_promise_gives_its_own_days_and_a_broken_one_still_counts():
    stored = promise(started_on=date(2026, 5, 1), due_on=date(2026, 6, 1), state="breached")
    [row] = clocks(promises=[stored]).to_dict("records")
    assert (row["started_on"], row["due_on"], row["days_left"], row["state"]) == (
        pd.Timestamp(2026, 5, 1),
        pd.Timestamp(2026, 6, 1),
        -9,
        "breached",
    )


def test_a_clock_that_would_start_on_the_very_day_a_promise_was_kept_is_not_a_new_one():
    started = clocks()["started_on"].iloc[0].date()
    kept = {"started_on": date(2026, 5, 1), "due_on": date(2026, 6, 1), "state": "met"}
    assert clocks(promises=[promise(**kept, met_on=started)])["state"].tolist() == ["met"]
    assert clocks(promises=[promise(**kept, met_on=started - timedelta(days=1))])["state"].tolist() == ["running"]


def test_a_pause_that_begins_later_does_not_count_yet():
    later = promise(state="paused", paused_since=TODAY + timedelta(days=5), pause_reason="illness")
    [row] = clocks(promises=[later]).to_dict("records")
    assert (row["days_left"], row["days_left_gross"]) == (21, 21)


def test_every_row_says_whether_the_holidays_of_its_due_year_were_published():
    rows = [promise(started_on=date(2026, 6, 1), due_on=due) for due in (date(2026, 12, 31), date(2027, 1, 4))]
    assert [clocks(promises=[row])["calendar_known"].tolist() for row in rows] == [[True], [False]]


LACKING = {"willing_confirmed_on": None}


@pytest.mark.parametrize(
    ("people", "home", "promises", "missing"),
    [
        ([], {}, (), []),
        ([LACKING], {}, (), [("willing_confirmed_on",)]),
        ([LACKING], {"status": "recognised"}, (), [("willing_confirmed_on",)]),
        ([{**LACKING, "flexibility_declared_on": None}], {}, (), [("willing_confirmed_on", "flexibility_declared_on")]),
        ([{}], {"recognised_on": None}, (), [("recognised_on",)]),
        ([{}], {}, (), [()]),
        ([LACKING], {"status": "one_employed"}, (), [()]),
        ([{**LACKING, "willing": False}], {}, (), [()]),
        ([{**LACKING, "flexibility_declared": False}], {}, (), [()]),
        ([LACKING], {}, (promise(),), [()]),
        ([{}], {}, (promise(state="met", met_on=date(2026, 6, 5)),), [("willing_confirmed_on",)]),
        ([{"willing_confirmed_on": date(2026, 6, 6)}], {}, (promise(state="met", met_on=date(2026, 6, 5)),), [()]),
        ([LACKING, {}], {}, (), [(), ()]),
    ],
)
def test_what_a_clock_waits_for_is_named_where_none_runs_and_one_is_to_start(people, home, promises, missing):
    members = table("members", *(member(member_id=f"M{k}", **changes) for k, changes in enumerate(people)))
    homes, kept = table("households", household(**home)), table("promises", *promises)
    found = promise_table(homes, members, kept, TODAY, POLICY)
    assert missing_for_start(homes, members, found, POLICY) == missing


def test_each_city_is_asked_for_what_its_own_start_needs():
    own = replace(POLICY.row("promise.start_event"), id="own", region="440104", value="recognised")
    policy = POLICY.with_rows([own])
    people = table(
        "members", member(**LACKING), member(member_id="M2", household_id="H2", region_code="440104", **LACKING)
    )
    other = household(household_id="H2", file_no="F2", region_code="440104", recognised_on=None)
    homes = table("households", household(), other)
    found = promise_table(homes, people, table("promises"), TODAY, policy)
    assert missing_for_start(homes, people, found, policy) == [("willing_confirmed_on",), ("recognised_on",)]


@pytest.mark.parametrize("status", ["recognised", "in_service"])
def test_a_clock_starts_in_a_household_that_is_recognised_or_in_service(status):
    assert clocks(households=[household(status=status)])["state"].tolist() == ["running"]


def test_a_promise_declared_void_on_a_later_day_still_ran_before_it():
    row = promise(state="void", void_reason="moved", voided_on=TODAY + timedelta(days=1))
    assert clocks(promises=[row])["state"].tolist() == ["running"]
    assert clocks(promises=[row], as_of=TODAY + timedelta(days=1))["state"].tolist() == ["void"]
