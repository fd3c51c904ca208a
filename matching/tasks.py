"""What an office still has to do for its households: tasks for people, drawn from the record every day, never decisions."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

import pandas as pd

from matching.deadlines import letter_valid_until, wish_confirm_due
from matching.household import household_table
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


def tasks_of(record: TaskRecord, as_of: date, policy: PolicyBook) -> tuple[Task, ...]:
    """Return every open task on a day, by due day, then code and record; tasks without a day come first."""
    found = [task for rule in _RULES for task in rule(record, as_of, policy)]
    return tuple(sorted(found, key=lambda t: (t.due_on or date.min, t.reason.code, t.object_id)))


def _dibao_review(record: TaskRecord, as_of: date, policy: PolicyBook) -> Iterator[Task]:
    """After some months of continuous work the subsistence allowance is reviewed with the household."""
    table = household_table(record.households, record.members, record.placements, record.referrals, as_of, policy)
    for row in table[table["dibao_review_due"]].itertuples():
        since = _day(row.working_since).isoformat()
        yield _task(
            row.household_id, None, row.household_id, row.dibao_review_on, "TASK_DIBAO_REVIEW", working_since=since
        )


def _confirm_wish(record: TaskRecord, as_of: date, policy: PolicyBook) -> Iterator[Task]:
    """The wish to work is confirmed again after the days policy names, while the member seeks."""
    members = record.members
    seeks = members["willing"] & (members["employment_state"] == "unemployed") & members["willing_confirmed_on"].notna()
    for row in members[seeks].itertuples():
        due = wish_confirm_due(_day(row.willing_confirmed_on), policy)
        if due <= as_of:
            yield _task(row.household_id, row.member_id, row.member_id, due, "TASK_CONFIRM_WISH")


def _answer_appeal(record: TaskRecord, as_of: date, policy: PolicyBook) -> Iterator[Task]:
    for row in _owned(record, record.appeals[record.appeals["decision"].isna()]).itertuples():
        yield _task(
            row.household_id, row.member_id, row.appeal_id, row.due_on, "TASK_ANSWER_APPEAL", about=str(row.about)
        )


def _refusals(record: TaskRecord, as_of: date, policy: PolicyBook) -> Iterator[Task]:
    """A refusal without good reason by rule is judged by a person, and told to the member where it is to count."""
    told = _told(record, "refusal", as_of)
    declined = record.referrals[(record.referrals["state"] == "declined") & (record.referrals["suitability"] == "ok")]
    for row in _owned(record, declined).itertuples():
        if row.refusal_justified == "undecided":
            yield _task(
                row.household_id, row.member_id, row.referral_id, None, "TASK_JUDGE_REFUSAL", reason=str(row.reason)
            )
        elif row.refusal_justified == "no" and row.referral_id not in told:
            yield _task(
                row.household_id, row.member_id, row.referral_id, None, "TASK_TELL_REFUSAL", reason=str(row.reason)
            )


def _slips(record: TaskRecord, as_of: date, policy: PolicyBook) -> Iterator[Task]:
    """A letter's return slip that did not come back in time is asked for; silence is not success."""
    for row in _owned(record, record.referrals[record.referrals["state"].isin(["issued", "no_slip"])]).itertuples():
        until = letter_valid_until(_day(row.created_on), policy)
        if until < as_of:
            yield _task(row.household_id, row.member_id, row.referral_id, until, "TASK_SLIP_OVERDUE")


def _prove_start(record: TaskRecord, as_of: date, policy: PolicyBook) -> Iterator[Task]:
    open_ones = record.placements[record.placements["verified_on"].isna() & record.placements["ended_on"].isna()]
    for row in _owned(record, open_ones).itertuples():
        yield _task(
            row.household_id,
            row.member_id,
            row.placement_id,
            None,
            "TASK_PROVE_START",
            started_on=_day(row.started_on).isoformat(),
        )


def _promises(record: TaskRecord, as_of: date, policy: PolicyBook) -> Iterator[Task]:
    """A broken promise has a coded cause; who is told that a promise is void may appeal."""
    told = _told(record, "void", as_of)
    for row in record.promises.itertuples():
        member = None if pd.isna(row.member_id) else str(row.member_id)  # type: ignore[arg-type]
        if row.state in ("breached", "met_late") and pd.isna(row.breach_cause):  # type: ignore[arg-type]
            yield _task(
                row.household_id, member, row.promise_id, None, "TASK_CODE_BREACH", due_on=_day(row.due_on).isoformat()
            )
        if row.state == "void" and row.promise_id not in told:
            yield _task(row.household_id, member, row.promise_id, None, "TASK_TELL_VOID", reason=str(row.void_reason))


_RULES: tuple[Callable[[TaskRecord, date, PolicyBook], Iterator[Task]], ...] = (
    _dibao_review, _confirm_wish, _answer_appeal, _refusals, _slips, _prove_start, _promises,
)  # fmt: skip


def _owned(record: TaskRecord, rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows of members with the household they belong to."""
    home = record.members.set_index("member_id")["household_id"]
    return rows.assign(household_id=rows["member_id"].map(home)).dropna(subset=["household_id"])


def _told(record: TaskRecord, item: str, as_of: date) -> set[str]:
    today = pd.Timestamp(as_of)
    notices = record.notices
    given = (notices["item"] == item) & (notices["given_on"] <= today) & ~(notices["withdrawn_on"] <= today)
    return set(notices.loc[given, "object_id"].dropna())


def _task(household: object, member: object, record: object, due: object, code: str, **facts: Fact) -> Task:
    day = due.date() if isinstance(due, pd.Timestamp) else due
    return Task(
        str(household), None if member is None else str(member), str(record), day if isinstance(day, date) else None,
        Reason(code, facts),
    )  # fmt: skip


def _day(value: object) -> date:
    assert isinstance(value, pd.Timestamp)
    return value.date()
