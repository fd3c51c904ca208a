"""What an office still has to do for a household."""

from datetime import date

import pandas as pd
import pytest

from matching.errors import PromiseError
from matching.household import household_table
from matching.pause_grounds import check_grounds
from matching.policy.load import load_policy
from matching.tasks import TaskRecord, tasks_of
from tests.matching.people import TODAY, household, member, table

POLICY = load_policy("440103", TODAY)
REFERRAL = {
    "referral_id": "R1", "member_id": "M1", "position_id": "P1", "created_on": date(2026, 6, 1), "state": "declined",
    "suitability": "ok", "reason": "WAGE", "refusal_justified": "undecided",
}  # fmt: skip
JOB = {"placement_id": "L1", "member_id": "M1", "kind": "EMPLOYER", "started_on": date(2026, 3, 1)}
PROMISE = {
    "promise_id": "Q1", "household_id": "H1", "started_on": date(2026, 4, 1), "due_on": date(2026, 5, 6), "state": "breached",
}  # fmt: skip


def codes(as_of=TODAY, **rows):
    """Return what is to be done: code, record and day."""
    names = TaskRecord.__dataclass_fields__
    tables = {"households": [household()], "members": [member()], **rows}
    record = TaskRecord(**{n: table(n, *tables.get(n, [])) for n in names})
    state = household_table(record.households, record.members, record.placements, record.referrals, as_of, POLICY)
    return [(t.reason.code, t.object_id, t.due_on) for t in tasks_of(record, state, as_of, POLICY)]


def test_nothing_is_to_be_done_where_nothing_is_open():
    assert codes() == []


def test_after_three_months_of_proven_work_the_allowance_is_reviewed_with_the_household_and_not_before():
    proven = {**JOB, "evidence": "contract", "verified_on": date(2026, 3, 2)}
    home = household(dibao_status="receiving")
    due = ("TASK_DIBAO_REVIEW", "H1", date(2026, 6, 1))
    assert codes(date(2026, 6, 1), households=[home], placements=[proven]) == [due]
    assert codes(date(2026, 5, 31), households=[home], placements=[proven]) == []
    assert codes(date(2026, 6, 1), placements=[proven]) == []


def test_the_wish_is_confirmed_again_every_thirty_days():
    assert codes(members=[member(willing_confirmed_on=date(2026, 5, 11))]) == [
        ("TASK_CONFIRM_WISH", "M1", date(2026, 6, 10))
    ]
    assert codes(members=[member(willing_confirmed_on=date(2026, 5, 12))]) == []
    assert codes(members=[member(willing_confirmed_on=date(2026, 5, 1), employment_state="employed")]) == []


def test_a_refusal_is_judged_by_a_person_then_told_to_the_member():
    assert codes(referrals=[REFERRAL]) == [("TASK_JUDGE_REFUSAL", "R1", None)]
    judged = {**REFERRAL, "refusal_justified": "no"}
    told = {"notice_id": "N1", "member_id": "M1", "item": "refusal", "object_id": "R1", "given_on": date(2026, 6, 2)}
    assert codes(referrals=[judged]) == [("TASK_TELL_REFUSAL", "R1", None)]
    assert codes(referrals=[judged], notices=[told]) == []
    assert codes(referrals=[{**REFERRAL, "suitability": "failed"}]) == []


def test_a_slip_is_asked_for_after_a_week_a_start_proven_an_appeal_answered():
    letter = {**REFERRAL, "state": "issued", "created_on": date(2026, 6, 2), "reason": None, "refusal_justified": None}
    assert codes(referrals=[letter]) == [("TASK_SLIP_OVERDUE", "R1", date(2026, 6, 9))]
    assert codes(date(2026, 6, 9), referrals=[letter]) == []
    assert codes(placements=[JOB]) == [("TASK_PROVE_START", "L1", None)]
    appeal = {
        "appeal_id": "A1",
        "member_id": "M1",
        "about": "clock",
        "filed_on": date(2026, 6, 8),
        "due_on": date(2026, 6, 23),
    }
    assert codes(appeals=[appeal]) == [("TASK_ANSWER_APPEAL", "A1", date(2026, 6, 23))]


def test_a_breach_needs_its_cause_and_a_void_is_told():
    assert codes(promises=[PROMISE]) == [("TASK_CODE_BREACH", "Q1", None)]
    assert codes(promises=[{**PROMISE, "breach_cause": "agency_delay"}]) == []
    void = {**PROMISE, "state": "void", "void_reason": "moved"}
    assert codes(households=[household(status="moved")], promises=[void]) == [("TASK_TELL_VOID", "Q1", None)]


def contacts(*tries) -> pd.DataFrame:
    rows = [
        {
            "contact_id": f"K{k}",
            "household_id": "H1",
            "kind": kind,
            "contacted_on": date(2026, 6, day),
            "result": result,
        }
        for k, (kind, day, result) in enumerate(tries)
    ]
    return table("contacts", *rows)


NONE, THREE = "no_answer", [("phone", 3, "no_answer"), ("sms", 4, "no_answer"), ("phone", 5, "no_answer")]


@pytest.mark.parametrize(
    ("tries", "found"),
    [
        (THREE[:2], "2 in 2"),
        ([("phone", 3, NONE), ("phone", 4, NONE), ("phone", 5, NONE)], "3 in 1"),
        ([("phone", 3, NONE), ("sms", 3, NONE), ("home_visit", 3, NONE)], "1 in 3"),
        ([*THREE, ("home_visit", 6, "visited")], "0 in 0"),
        ([("phone", 11, NONE), *THREE[:2]], "2 in 2"),
    ],
)
def test_unreachable_is_three_attempts_on_three_days_in_two_channels_since_the_last_meeting(tries, found):
    with pytest.raises(PromiseError, match=f"found {found}; try again"):
        check_grounds("unreachable", contacts(*tries), table("trainings"), TODAY, POLICY)


def test_grounds_that_the_record_bears_out_pass():
    met_before = [("home_visit", 2, "visited"), *THREE]
    assert check_grounds("unreachable", contacts(*met_before), table("trainings"), TODAY, POLICY) is None
    course = {
        "training_id": "T1",
        "member_id": "M1",
        "kind": "skill",
        "course": "电工",
        "started_on": TODAY,
        "state": "running",
    }
    assert check_grounds("in_training", contacts(), table("trainings", course), TODAY, POLICY) is None
    with pytest.raises(PromiseError, match="expected a course that runs"):
        check_grounds("in_training", contacts(), table("trainings", {**course, "state": "offered"}), TODAY, POLICY)
    assert check_grounds("illness", contacts(), table("trainings"), TODAY, POLICY) is None


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"willing_confirmed_on": None}, "willing_confirmed_on"),
        ({"flexibility_declared_on": None}, "flexibility_declared_on"),
        (
            {"flexibility_declared_on": None, "willing_confirmed_on": None},
            "willing_confirmed_on;flexibility_declared_on",
        ),
    ],
)
def test_what_a_promise_waits_for_is_asked_for_by_name(changes, missing):
    names = TaskRecord.__dataclass_fields__
    rows = {"households": [household()], "members": [member(**changes)]}
    record = TaskRecord(**{n: table(n, *rows.get(n, [])) for n in names})
    state = household_table(record.households, record.members, record.placements, record.referrals, TODAY, POLICY)
    [task] = tasks_of(record, state, TODAY, POLICY)
    assert (task.reason.code, task.member_id, task.due_on) == ("TASK_START_CLOCK", "M1", None)
    assert task.reason.facts == {"missing": missing}


@pytest.mark.parametrize(
    ("person", "home", "promises"),
    [
        ({"willing": False}, {}, []),
        ({"flexibility_declared": False}, {}, []),
        ({"employment_state": "employed"}, {}, []),
        ({}, {"status": "one_employed"}, []),
        ({}, {"status": "applied", "recognised_on": None}, []),
        ({}, {}, [{**PROMISE, "state": "running", "due_on": date(2026, 7, 1)}]),
    ],
)
def test_nothing_is_asked_for_where_no_promise_is_to_begin_or_one_runs(person, home, promises):
    people = [member(willing_confirmed_on=None, **person)]
    assert codes(households=[household(**home)], members=people, promises=promises) == []


@pytest.mark.parametrize("status", ["withdrawn", "ended", "moved"])
@pytest.mark.parametrize(
    ("state", "asked"), [("running", True), ("paused", True), ("breached", False), ("void", False)]
)
def test_a_promise_of_a_file_that_left_the_office_is_decided_on_by_people(status, state, asked):
    told = {"notice_id": "N1", "member_id": "M1", "item": "void", "object_id": "Q1", "given_on": date(2026, 6, 2)}
    row = {
        **PROMISE,
        "state": state,
        "due_on": date(2026, 6, 20),
        "breach_cause": "agency_delay",
        "void_reason": "moved",
    }
    found = codes(households=[household(status=status)], promises=[row], notices=[told])
    assert found == ([("TASK_VOID_PROMISE", "Q1", date(2026, 6, 20))] if asked else [])


RUNS = {**PROMISE, "state": "running", "started_on": date(2026, 6, 1), "due_on": date(2026, 7, 1)}
VOID = ("TASK_VOID_NOBODY", "Q1", date(2026, 7, 1))


@pytest.mark.parametrize(
    ("person", "expected"),
    [
        ({}, []),
        ({"willing": False}, [VOID]),
        ({"employment_state": "moved"}, [VOID]),
        ({"flexibility_declared": False}, [VOID]),
        ({"birth_month": "1955-01"}, [VOID]),
    ],
)
def test_a_promise_nobody_wishes_for_any_more_does_not_run_on_unseen(person, expected):
    other = member(member_id="M2", willing=False)
    assert codes(members=[member(**person), other], promises=[RUNS]) == expected
    own = {**RUNS, "scope": "member", "member_id": "M2"}
    assert codes(members=[member(), other], promises=[own]) == [VOID]
    assert codes(members=[member(**person), member(member_id="M2")], promises=[RUNS]) == []


@pytest.mark.parametrize(("began", "asked"), [(date(2026, 5, 31), True), (date(2026, 6, 1), False)])
def test_a_promise_that_began_while_somebody_worked_is_decided_on_by_people(began, asked):
    job = {**JOB, "started_on": began, "evidence": "contract", "verified_on": date(2026, 6, 3)}
    found = codes(members=[member(employment_state="employed")], promises=[RUNS], placements=[job])
    assert found == ([("TASK_VOID_WORKED", "Q1", date(2026, 7, 1))] if asked else [])


@pytest.mark.parametrize(
    ("state", "confirmed", "expected"),
    [
        ("met", date(2026, 5, 15), [("TASK_START_CLOCK", "M1", None)]),
        ("met", date(2026, 5, 1), [("TASK_CONFIRM_WISH", "M1", date(2026, 5, 31))]),
        ("met", date(2026, 6, 2), []),
    ],
)
def test_a_household_back_without_work_is_asked_for_its_wish_before_a_new_promise_begins(state, confirmed, expected):
    over = {**PROMISE, "state": state, "met_on": date(2026, 6, 1)}
    people = [member(willing_confirmed_on=confirmed, flexibility_declared_on=date(2026, 5, 1))]
    assert codes(members=people, promises=[over]) == expected
    assert codes(households=[household(status="withdrawn")], members=people, promises=[over]) == []
