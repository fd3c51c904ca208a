"""What an office still has to do for its households: tasks for people, drawn from the record every day, never decisions."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from matching.arrays import Bools
from matching.columns import NO_DAY, Table, among, cells, days, flags, known, picked, rows_of, texts
from matching.deadlines import letter_valid_until, wish_confirm_due
from matching.household import counted_members
from matching.policy.load import PolicyBook
from matching.promise import START_EVENTS, WISH, missing_for_start, promise_table
from matching.reasons import Fact, Reason
from matching.vocabulary import RESULT_OWED
from matching.welfare_queue import OPEN_HOUSEHOLDS, planned

OWED = ("running", "paused", "reopened")
"""States of a promise that may still be kept in time."""


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

    households: Table
    members: Table
    promises: Table
    referrals: Table
    placements: Table
    appeals: Table
    notices: Table


def tasks_of(record: TaskRecord, state: Table, as_of: date, policy: PolicyBook) -> tuple[Task, ...]:
    """Return every open task on a day, by due day, then code and record; tasks without a day come first.

    ``state`` is what ``household_table`` says of the record's households that day.
    """
    found = [*_dibao_review(state), *_void(record, state, as_of, policy)]
    found += [task for rule in _RULES for task in rule(record, as_of, policy)]
    return tuple(sorted(found, key=lambda t: (t.due_on or date.min, t.reason.code, t.object_id)))


def _dibao_review(state: Table) -> Iterator[Task]:
    """After some months of continuous work the subsistence allowance is reviewed with the household."""
    due = flags(state, "dibao_review_due")
    for home, since, on in cells(state, due, "household_id", "working_since", "dibao_review_on"):
        yield _task(home, None, home, on, "TASK_DIBAO_REVIEW", working_since=since.isoformat())


def _confirm_wish(record: TaskRecord, as_of: date, policy: PolicyBook) -> Iterator[Task]:
    """The wish to work is confirmed again after the days policy names, while the member seeks and the household is open."""
    members = record.members
    seeks = planned(record.households, members) & ~np.isnat(days(members, WISH))
    for home, member, confirmed in cells(members, seeks, "household_id", "member_id", WISH):
        due = wish_confirm_due(confirmed, policy)
        if due <= as_of:
            yield _task(home, member, member, due, "TASK_CONFIRM_WISH")


def _start_clock(record: TaskRecord, as_of: date, policy: PolicyBook) -> Iterator[Task]:
    """A household without a job for which no promise runs: what is missing for one to begin is to be recorded, unless the wish is to be
    confirmed anyway."""
    clocks = promise_table(record.households, record.members, record.promises, as_of, policy)
    missing = missing_for_start(record.households, record.members, clocks, policy)
    seeks = planned(record.households, record.members) & np.array([bool(names) for names in missing], dtype=bool)
    lacks = [names for names, asked in zip(missing, seeks, strict=True) if asked]
    due = {task.object_id for task in _confirm_wish(record, as_of, policy)}
    for (home, member), names in zip(cells(record.members, seeks, "household_id", "member_id"), lacks, strict=True):
        if names != (WISH,) or member not in due:
            yield Task(home, member, member, None, start_clock(names))


def start_clock(missing: Iterable[str]) -> Reason:
    """Return what is to be recorded before a promise can begin, by the columns that lack it."""
    return Reason("TASK_START_CLOCK", {"missing": ";".join(missing)})


def _answer_appeal(record: TaskRecord, as_of: date, policy: PolicyBook) -> Iterator[Task]:
    waiting = ~known(texts(record.appeals, "decision"))
    for home, member, appeal, due, about in _owned(record, record.appeals, waiting, "appeal_id", "due_on", "about"):
        yield _task(home, member, appeal, due, "TASK_ANSWER_APPEAL", about=str(about))


def _refusals(record: TaskRecord, as_of: date, policy: PolicyBook) -> Iterator[Task]:
    """A refusal without good reason by rule is judged by a person, and told to the member where it is to count."""
    told, offers = _told(record, "refusal", as_of), record.referrals
    declined = (texts(offers, "state") == "declined") & (texts(offers, "suitability") == "ok")
    said = _owned(record, offers, declined, "referral_id", "refusal_justified", "reason")
    for home, member, referral, justified, reason in said:
        if justified == "undecided":
            code = "TASK_JUDGE_REFUSAL"
        elif justified == "no" and referral not in told:
            code = "TASK_TELL_REFUSAL"
        else:
            continue
        yield _task(home, member, referral, None, code, reason=str(reason))


def _slips(record: TaskRecord, as_of: date, policy: PolicyBook) -> Iterator[Task]:
    """A letter whose result, or whose first day of work, nobody has told in time is asked about; silence is not success."""
    out = among(texts(record.referrals, "state"), RESULT_OWED)
    for home, member, referral, created in _owned(record, record.referrals, out, "referral_id", "created_on"):
        until = letter_valid_until(created, policy)
        if until < as_of:
            yield _task(home, member, referral, until, "TASK_SLIP_OVERDUE")


def _prove_start(record: TaskRecord, as_of: date, policy: PolicyBook) -> Iterator[Task]:
    jobs = record.placements
    unproven = np.isnat(days(jobs, "verified_on")) & np.isnat(days(jobs, "ended_on"))
    for home, member, placement, since in _owned(record, jobs, unproven, "placement_id", "started_on"):
        yield _task(home, member, placement, None, "TASK_PROVE_START", started_on=since.isoformat())


def _promises(record: TaskRecord, as_of: date, policy: PolicyBook) -> Iterator[Task]:
    """A broken promise has a coded cause; who is told that a promise is void may appeal."""
    told, promises = _told(record, "void", as_of), record.promises
    state = texts(promises, "state")
    uncoded = among(state, ("breached", "met_late")) & ~known(texts(promises, "breach_cause"))
    whose = ("household_id", "member_id", "promise_id")
    for home, member, promise, due in cells(promises, uncoded, *whose, "due_on"):
        yield _task(home, member, promise, None, "TASK_CODE_BREACH", due_on=due.isoformat())
    for home, member, promise, reason in cells(promises, state == "void", *whose, "void_reason"):
        if promise not in told:
            yield _task(home, member, promise, None, "TASK_TELL_VOID", reason=str(reason))


def _void(record: TaskRecord, state: Table, as_of: date, policy: PolicyBook) -> Iterator[Task]:
    """A promise that still runs and cannot be meant any more is decided on by people: the file is not the office's, nobody it was made to
    wishes to work on its terms, or somebody of the household worked before it began and still does."""
    promises, members = record.promises, record.members
    owner, owed = texts(promises, "household_id"), among(texts(promises, "state"), OWED)
    homes, alone = texts(record.households, "household_id"), texts(promises, "scope") == "member"
    open_now = among(owner, set(homes[among(texts(record.households, "status"), OPEN_HOUSEHOLDS)]))
    declared = "flexibility_declared_on" in START_EVENTS[policy.text("promise.start_event")]
    waits = counted_members(members, as_of, policy) & (flags(members, "flexibility_declared") | (not declared))
    meant = np.where(alone, among(texts(promises, "member_id"), set(texts(members, "member_id")[waits])),
                     among(owner, set(texts(members, "household_id")[waits])))  # fmt: skip
    since = picked(days(state, "working_since"), rows_of(texts(state, "household_id"), owner), NO_DAY)
    worked = ~alone & (since < days(promises, "started_on"))
    codes = np.select([~open_now, ~meant, worked], ["TASK_VOID_PROMISE", "TASK_VOID_NOBODY", "TASK_VOID_WORKED"], "")
    keep = owed & (codes != "")
    rows = cells(promises, keep, "household_id", "member_id", "promise_id", "due_on")
    for (home, member, promise, due), code, on in zip(rows, codes[keep], since[keep], strict=True):
        facts = {"working_since": str(on)} if code == "TASK_VOID_WORKED" else {}
        yield _task(home, member, promise, due, str(code), due_on=due.isoformat(), **facts)


_RULES: tuple[Callable[[TaskRecord, date, PolicyBook], Iterator[Task]], ...] = (
    _start_clock, _confirm_wish, _answer_appeal, _refusals, _slips, _prove_start, _promises,
)  # fmt: skip


def _owned(record: TaskRecord, table: Table, keep: Bools, *names: str) -> Iterator[tuple[Any, ...]]:
    """Yield of each row of the record's members that is kept the household, the member and some columns."""
    home = dict(zip(texts(record.members, "member_id"), texts(record.members, "household_id"), strict=True))
    for member, *rest in cells(table, keep, "member_id", *names):
        if member in home:
            yield home[member], member, *rest


def _told(record: TaskRecord, item: str, as_of: date) -> set[str]:
    today, notices = np.datetime64(as_of, "D"), record.notices
    given = (texts(notices, "item") == item) & (days(notices, "given_on") <= today)
    return set(texts(notices, "object_id")[given & ~(days(notices, "withdrawn_on") <= today)])


def _task(household: str, member: str | None, record: str, due: date | None, code: str, **facts: Fact) -> Task:
    return Task(household, member, record, due, Reason(code, facts))
