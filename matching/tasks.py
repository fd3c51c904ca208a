"""What an office still has to do for its households: tasks for people, drawn from the record every day, never decisions."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from matching.arrays import Bools
from matching.columns import among, days, flags, known, texts
from matching.deadlines import letter_valid_until, wish_confirm_due
from matching.policy.load import PolicyBook
from matching.reasons import Fact, Reason


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to do: for whom, about which record, by when (None: as soon as it can be), and what it is."""

    household_id: str
    member_id: str | None
    object_id: str
    due_on: date | None
    reason: Reason


@dataclass(frozen=True, slots=True)
class TaskRecord:
    """The tables tasks are drawn from, canonical, of some households; ``policy`` is the book of the place."""

    households: pd.DataFrame
    members: pd.DataFrame
    promises: pd.DataFrame
    referrals: pd.DataFrame
    placements: pd.DataFrame
    appeals: pd.DataFrame
    notices: pd.DataFrame


def tasks_of(record: TaskRecord, state: pd.DataFrame, as_of: date, policy: PolicyBook) -> tuple[Task, ...]:
    """Return every open task on a day, by due day, then code and record; tasks without a day come first.

    ``state`` is what ``household_table`` says of the record's households that day.
    """
    found = [*_dibao_review(state), *(task for rule in _RULES for task in rule(record, as_of, policy))]
    return tuple(sorted(found, key=lambda t: (t.due_on or date.min, t.reason.code, t.object_id)))


def _dibao_review(state: pd.DataFrame) -> Iterator[Task]:
    """After some months of continuous work the subsistence allowance is reviewed with the household."""
    for row in _rows(state, flags(state, "dibao_review_due")):
        since = _day(row.working_since).isoformat()
        yield _task(
            row.household_id, None, row.household_id, row.dibao_review_on, "TASK_DIBAO_REVIEW", working_since=since
        )


def _confirm_wish(record: TaskRecord, as_of: date, policy: PolicyBook) -> Iterator[Task]:
    """The wish to work is confirmed again after the days policy names, while the member seeks."""
    members = record.members
    seeks = flags(members, "willing") & (texts(members, "employment_state") == "unemployed")
    for row in _rows(members, seeks & ~np.isnat(days(members, "willing_confirmed_on"))):
        due = wish_confirm_due(_day(row.willing_confirmed_on), policy)
        if due <= as_of:
            yield _task(row.household_id, row.member_id, row.member_id, due, "TASK_CONFIRM_WISH")


def _answer_appeal(record: TaskRecord, as_of: date, policy: PolicyBook) -> Iterator[Task]:
    for home, row in _owned(record, record.appeals, ~known(texts(record.appeals, "decision"))):
        yield _task(home, row.member_id, row.appeal_id, row.due_on, "TASK_ANSWER_APPEAL", about=str(row.about))


def _refusals(record: TaskRecord, as_of: date, policy: PolicyBook) -> Iterator[Task]:
    """A refusal without good reason by rule is judged by a person, and told to the member where it is to count."""
    told, offers = _told(record, "refusal", as_of), record.referrals
    declined = (texts(offers, "state") == "declined") & (texts(offers, "suitability") == "ok")
    for home, row in _owned(record, offers, declined):
        if row.refusal_justified == "undecided":
            code = "TASK_JUDGE_REFUSAL"
        elif row.refusal_justified == "no" and row.referral_id not in told:
            code = "TASK_TELL_REFUSAL"
        else:
            continue
        yield _task(home, row.member_id, row.referral_id, None, code, reason=str(row.reason))


def _slips(record: TaskRecord, as_of: date, policy: PolicyBook) -> Iterator[Task]:
    """A letter's return slip that did not come back in time is asked for; silence is not success."""
    out = among(texts(record.referrals, "state"), ("issued", "no_slip"))
    for home, row in _owned(record, record.referrals, out):
        until = letter_valid_until(_day(row.created_on), policy)
        if until < as_of:
            yield _task(home, row.member_id, row.referral_id, until, "TASK_SLIP_OVERDUE")


def _prove_start(record: TaskRecord, as_of: date, policy: PolicyBook) -> Iterator[Task]:
    jobs = record.placements
    for home, row in _owned(record, jobs, np.isnat(days(jobs, "verified_on")) & np.isnat(days(jobs, "ended_on"))):
        since = _day(row.started_on).isoformat()
        yield _task(home, row.member_id, row.placement_id, None, "TASK_PROVE_START", started_on=since)


def _promises(record: TaskRecord, as_of: date, policy: PolicyBook) -> Iterator[Task]:
    """A broken promise has a coded cause; who is told that a promise is void may appeal."""
    told, promises = _told(record, "void", as_of), record.promises
    state = texts(promises, "state")
    uncoded = among(state, ("breached", "met_late")) & ~known(texts(promises, "breach_cause"))
    for row in _rows(promises, uncoded | (state == "void")):
        member = None if pd.isna(row.member_id) else str(row.member_id)
        if row.state != "void":
            due = _day(row.due_on).isoformat()
            yield _task(row.household_id, member, row.promise_id, None, "TASK_CODE_BREACH", due_on=due)
        elif row.promise_id not in told:
            yield _task(row.household_id, member, row.promise_id, None, "TASK_TELL_VOID", reason=str(row.void_reason))


_RULES: tuple[Callable[[TaskRecord, date, PolicyBook], Iterator[Task]], ...] = (
    _confirm_wish, _answer_appeal, _refusals, _slips, _prove_start, _promises,
)  # fmt: skip


def _rows(frame: pd.DataFrame, keep: Bools) -> Iterator[Any]:
    """Yield the rows that are kept, each with its columns by name."""
    if keep.any():
        yield from frame[keep].itertuples()


def _owned(record: TaskRecord, frame: pd.DataFrame, keep: Bools) -> Iterator[tuple[str, Any]]:
    """Yield the household and the row of each row of its members that is kept."""
    home = dict(zip(texts(record.members, "member_id"), texts(record.members, "household_id"), strict=True))
    for row in _rows(frame, keep):
        if row.member_id in home:
            yield home[row.member_id], row


def _told(record: TaskRecord, item: str, as_of: date) -> set[str]:
    today, notices = np.datetime64(as_of, "D"), record.notices
    given = (texts(notices, "item") == item) & (days(notices, "given_on") <= today)
    return set(texts(notices, "object_id")[given & ~(days(notices, "withdrawn_on") <= today)])


def _task(household: object, member: object, record: object, due: object, code: str, **facts: Fact) -> Task:
    day = due.date() if isinstance(due, pd.Timestamp) else due
    return Task(
        str(household), None if member is None else str(member), str(record), day if isinstance(day, date) else None,
        Reason(code, facts),
    )  # fmt: skip


def _day(value: object) -> date:
    assert isinstance(value, pd.Timestamp)
    return value.date()
