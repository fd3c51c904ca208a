"""One promise through its life: started, paused, voided, met, broken, reopened; every step coded, no step silent."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from matching.errors import PromiseError
from matching.policy.load import PolicyBook
from matching.promise import due_date, pause_limit, rolled
from matching.reasons import Reason
from matching.vocabulary import PromiseState


class ClockEventKind(StrEnum):
    """What may happen to a promise."""

    PAUSE = "pause"
    RESUME = "resume"
    VOID = "void"
    REINSTATE = "reinstate"
    PLACED = "placed"
    JOB_ENDED = "job_ended"
    CAUSE = "cause"


@dataclass(frozen=True, slots=True)
class ClockEvent:
    """One recorded fact about a promise.

    Attributes
    ----------
    kind : ClockEventKind
        What happened.
    on : date
        The day it counts from; for a placement the day its evidence was verified.
    reason : str
        Coded reason of a pause, a void or a breach cause.
    by, second : str
        Who recorded it and, for a pause, a void and its reinstatement, who approved it.
    first_day : date or None
        First day of work of a placement.
    job_kind : str
        Kind of a placement, one of ``promise.met_by``; a trainee place keeps no promise.
    """

    kind: ClockEventKind
    on: date
    reason: str = ""
    by: str = ""
    second: str = ""
    first_day: date | None = None
    job_kind: str = "EMPLOYER"


@dataclass(frozen=True, slots=True)
class Promise:
    """A promise as it stands on the last day it was looked at.

    Attributes
    ----------
    started_on, due_on : date
        Start day, which is not counted, and the last day; ``due_on`` never moves (gross).
    state : PromiseState
        Where it stands.
    paused_days : int
        Days of the pauses that are over.
    paused_since, pause_reason : date or None, str
        The pause that runs now.
    met_on : date or None
        First day of the job that kept the promise, in time or late.
    void_reason, breach_cause : str
        Coded reasons.
    voided_on : date or None
        The day from which it is void.
    breached_on : date or None
        First day after the net due day; stays when late evidence corrects the state to met, so that both facts are kept.
    previous : Promise or None
        The promise this one reopened, where it is known.
    reopened : bool
        Whether it reopened an earlier one.
    calendar_known : bool
        False where the due year's holidays were not published and only weekends count.
    """

    started_on: date
    due_on: date
    state: PromiseState = PromiseState.RUNNING
    paused_days: int = 0
    paused_since: date | None = None
    pause_reason: str = ""
    met_on: date | None = None
    void_reason: str = ""
    voided_on: date | None = None
    breached_on: date | None = None
    breach_cause: str = ""
    previous: "Promise | None" = None
    reopened: bool = False
    calendar_known: bool = True

    @property
    def corrected(self) -> bool:
        """Whether evidence that came late showed that a promise recorded as broken was kept."""
        return self.state is PromiseState.MET and self.breached_on is not None

    @property
    def met_gross(self) -> bool:
        """Whether it was kept even without the days of pause."""
        return self.met_on is not None and self.met_on <= self.due_on


def open_promise(started_on: date, policy: PolicyBook, *, recognised_on: date | None = None) -> Promise:
    """Start a clock; PromiseError when it would start before the household was recognised."""
    if recognised_on is not None and started_on < recognised_on:
        raise PromiseError(
            f"promise: expected a start on or after the recognition of {recognised_on}, found {started_on}; correct the date"
        )
    due = due_date(started_on, policy)
    return Promise(started_on, due, calendar_known=policy.calendar.known(due))


def clock(
    started_on: date,
    events: Iterable[ClockEvent],
    as_of: date,
    policy: PolicyBook,
    *,
    recognised_on: date | None = None,
) -> Promise:
    """Return a promise on a day, from its start and all events up to that day, in the order of their days.

    PromiseError when a step is not allowed: an unknown reason, a pause past its limit, a pause, void or reinstatement without a second
    person, a step the state does not allow.
    """
    promise = open_promise(started_on, policy, recognised_on=recognised_on)
    for event in sorted((e for e in events if e.on <= as_of), key=lambda e: e.on):
        promise = apply(promise, event, policy)
    return advance(promise, as_of, policy)


def row_of(promise: Promise) -> dict[str, object]:
    """Return the promise as the columns of the promises table that it decides; the inverse of :func:`promise_of`."""
    return {
        "started_on": promise.started_on, "due_on": promise.due_on, "state": promise.state.value, "paused_days": promise.paused_days,
        "met_on": promise.met_on, "void_reason": promise.void_reason or None, "breach_cause": promise.breach_cause or None,
        "paused_since": promise.paused_since, "pause_reason": promise.pause_reason or None, "breached_on": promise.breached_on,
        "voided_on": promise.voided_on,
    }  # fmt: skip


def promise_of(row: Mapping[str, object], policy: PolicyBook) -> Promise:
    """Return a row of the promises table as a promise; ``paused_days`` of the row are those of the pauses that are over."""
    days: dict[str, Any] = {
        k: v for k in ("met_on", "breached_on", "voided_on", "paused_since") if isinstance(v := row.get(k), date)
    }
    started, due, state = row["started_on"], row["due_on"], PromiseState(str(row["state"]))
    assert isinstance(started, date) and isinstance(due, date)
    return Promise(
        started, due, state, paused_days=int(str(row["paused_days"])), pause_reason=str(row.get("pause_reason") or ""),
        void_reason=str(row.get("void_reason") or ""), breach_cause=str(row.get("breach_cause") or ""),
        reopened=row.get("reopens_id") is not None or state is PromiseState.REOPENED,
        calendar_known=policy.calendar.known(due), **days,
    )  # fmt: skip


def net_due(promise: Promise, day: date, policy: PolicyBook) -> date:
    """Return the last day with the days paused up to ``day`` put on top, moved off a holiday as the rules say."""
    paused = promise.paused_days + _running_pause(promise, day, policy)
    return rolled(promise.due_on + timedelta(days=paused), policy) if paused else promise.due_on


def days_left(promise: Promise, day: date, policy: PolicyBook) -> int | None:
    """Return the net days left on a day, negative when past; None when nothing is owed any more."""
    return (net_due(promise, day, policy) - day).days if promise.state in _OWED else None


def days_left_gross(promise: Promise, day: date) -> int | None:
    """Return the days left had the clock never paused; None when nothing is owed any more."""
    return (promise.due_on - day).days if promise.state in _OWED else None


def warning(left: int | None, policy: PolicyBook) -> Reason | None:
    """Return the warning for the net days left; None before the first threshold of ``promise.warning_days``."""
    reached = [int(x) for x in policy.items("promise.warning_days") if left is not None and left <= int(x)]
    return Reason("PROMISE_DAYS_LEFT", {"days_left": left, "threshold_days": min(reached)}) if reached else None


def advance(promise: Promise, day: date, policy: PolicyBook) -> Promise:
    """Let time pass up to a day: a pause ends at its limit, a clock past its last day is broken."""
    if promise.paused_since is not None:
        limit = _limit(promise, policy)
        if (day - promise.paused_since).days > limit:
            promise = _resumed(promise, promise.paused_since + timedelta(days=limit), policy)
    due = net_due(promise, day, policy)
    if promise.state in (PromiseState.RUNNING, PromiseState.REOPENED) and day > due:
        return replace(promise, state=PromiseState.BREACHED, breached_on=due + timedelta(days=1))
    return promise


def apply(promise: Promise, event: ClockEvent, policy: PolicyBook) -> Promise:
    """Return the promise after an event; PromiseError when the event is not possible."""
    if event.on < promise.started_on:
        raise PromiseError(
            f"promise of {promise.started_on}: expected a {event.kind} on or after its start, found {event.on}"
        )
    promise = advance(promise, event.on, policy)
    if promise.state not in _FROM[event.kind]:
        allowed = ", ".join(sorted(_FROM[event.kind]))
        raise PromiseError(
            f"promise of {promise.started_on}: expected state {allowed} for {event.kind} on {event.on}, found {promise.state}"
        )
    return _STEPS[event.kind](promise, event, policy)


def _pause(promise: Promise, event: ClockEvent, policy: PolicyBook) -> Promise:
    _coded(event, "promise.pause_reasons", policy)
    _two_people(event)
    left = policy.whole("promise.pause_total_days") - promise.paused_days
    if left <= 0:
        raise PromiseError(
            f"pause on {event.on}: all {promise.paused_days} days of pause are used up; the clock goes on"
        )
    return replace(promise, state=PromiseState.PAUSED, paused_since=event.on, pause_reason=event.reason)


def _resume(promise: Promise, event: ClockEvent, policy: PolicyBook) -> Promise:
    return _resumed(promise, event.on, policy)


def _void(promise: Promise, event: ClockEvent, policy: PolicyBook) -> Promise:
    _coded(event, "promise.void_reasons", policy)
    _two_people(event)
    stopped = _resumed(promise, event.on, policy) if promise.paused_since is not None else promise
    return replace(stopped, state=PromiseState.VOID, void_reason=event.reason, voided_on=event.on)


def _reinstate(promise: Promise, event: ClockEvent, policy: PolicyBook) -> Promise:
    """The clock stands where it would have stood: the days between were no fault of the member."""
    _two_people(event)
    return advance(replace(promise, state=_running(promise), void_reason="", voided_on=None), event.on, policy)


def _placed(promise: Promise, event: ClockEvent, policy: PolicyBook) -> Promise:
    first, kinds = event.first_day, policy.items("promise.met_by")
    if event.job_kind not in kinds:
        raise PromiseError(
            f"placement verified on {event.on}: expected a kind that keeps the promise, {', '.join(kinds)}, found {event.job_kind!r}"
        )
    if first is None or not promise.started_on <= first <= event.on:
        raise PromiseError(
            f"placement verified on {event.on}: expected a first day of work from {promise.started_on} to the day of verification, found {first}"
        )
    stopped = promise if promise.paused_since is None else _resumed(promise, max(first, promise.paused_since), policy)
    in_time = first <= net_due(stopped, event.on, policy)
    return replace(stopped, state=PromiseState.MET if in_time else PromiseState.MET_LATE, met_on=first)


def _job_ended(promise: Promise, event: ClockEvent, policy: PolicyBook) -> Promise:
    assert promise.met_on is not None
    if (event.on - promise.met_on).days >= policy.whole("promise.reopen_days"):
        return promise
    fresh = open_promise(event.on, policy)
    return replace(fresh, state=PromiseState.REOPENED, previous=promise, reopened=True)


def _cause(promise: Promise, event: ClockEvent, policy: PolicyBook) -> Promise:
    _coded(event, "promise.breach_causes", policy)
    if promise.breach_cause:
        raise PromiseError(
            f"breach of {promise.breached_on}: its cause is {promise.breach_cause} and is never rewritten; found {event.reason}"
        )
    return replace(promise, breach_cause=event.reason)


def _coded(event: ClockEvent, key: str, policy: PolicyBook) -> None:
    codes = policy.items(key)
    if event.reason not in codes:
        raise PromiseError(
            f"{event.kind} on {event.on}: expected one of {', '.join(codes)}, found {event.reason or 'no reason'!r}"
        )


def _resumed(promise: Promise, day: date, policy: PolicyBook) -> Promise:
    paused = promise.paused_days + _running_pause(promise, day, policy)
    return replace(promise, state=_running(promise), paused_days=paused, paused_since=None, pause_reason="")


def _running_pause(promise: Promise, day: date, policy: PolicyBook) -> int:
    if promise.paused_since is None:
        return 0
    return min(max((day - promise.paused_since).days, 0), _limit(promise, policy))


def _limit(promise: Promise, policy: PolicyBook) -> int:
    return pause_limit(promise.pause_reason, promise.paused_days, policy)


def _running(promise: Promise) -> PromiseState:
    return PromiseState.REOPENED if promise.reopened else PromiseState.RUNNING


def _two_people(event: ClockEvent) -> None:
    if not event.by or not event.second or event.by == event.second:
        raise PromiseError(
            f"{event.kind} on {event.on}: expected two different people, found {event.by or 'nobody'!r} and {event.second or 'nobody'!r}"
        )


_OWED = (PromiseState.RUNNING, PromiseState.PAUSED, PromiseState.BREACHED, PromiseState.REOPENED)
_RUNNING = frozenset({PromiseState.RUNNING, PromiseState.REOPENED})
_DONE = frozenset({PromiseState.MET, PromiseState.MET_LATE})
_FROM: dict[ClockEventKind, frozenset[PromiseState]] = {
    ClockEventKind.PAUSE: _RUNNING,
    ClockEventKind.RESUME: frozenset({PromiseState.PAUSED}),
    ClockEventKind.VOID: _RUNNING | {PromiseState.PAUSED},
    ClockEventKind.REINSTATE: frozenset({PromiseState.VOID}),
    ClockEventKind.PLACED: frozenset(_OWED),
    ClockEventKind.JOB_ENDED: _DONE,
    ClockEventKind.CAUSE: frozenset({PromiseState.BREACHED, PromiseState.MET_LATE}),
}
_STEPS = {
    ClockEventKind.PAUSE: _pause,
    ClockEventKind.RESUME: _resume,
    ClockEventKind.VOID: _void,
    ClockEventKind.REINSTATE: _reinstate,
    ClockEventKind.PLACED: _placed,
    ClockEventKind.JOB_ENDED: _job_ended,
    ClockEventKind.CAUSE: _cause,
}
