"""When a promise falls due, and how many days every member has left."""

import re
from calendar import monthrange
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd

from matching.arrays import Bools, Days, Ints
from matching.columns import (
    NO_DAY,
    Table,
    among,
    dated,
    days,
    first_day,
    flags,
    in_order,
    known,
    last_day,
    last_of,
    looked_up,
    picked,
    rows_of,
    texts,
    whole_days,
    wholes,
    written,
)
from matching.errors import PromiseError
from matching.policy.load import PolicyBook
from matching.policy.schema import keys
from matching.vocabulary import PromiseState

_DURATION = re.compile(r"P(\d+)(M|D|WD|Q)")
RUNS = ("running", "paused", "breached", "reopened")
"""States in which the household is still owed a job."""

ZERO_EMPLOYMENT = ("recognised", "in_service")
"""Household states in which nobody of working age has a job, so that a clock may start by itself."""

WISH = "willing_confirmed_on"
"""Column of the day the wish to work was confirmed."""

START_EVENTS: dict[str, tuple[str, ...]] = {
    "recognised_and_flexibility_declared": ("recognised_on", WISH, "flexibility_declared_on"),
    "agreement_signed": ("recognised_on", "flexibility_declared_on"),
    "recognised": ("recognised_on",),
    "registered": ("registered_on",),
}
"""Start event of ``promise.start_event`` → days of which the latest starts the clock; the assistance agreement carries the declaration."""


def due_date(start: date, policy: PolicyBook) -> date:
    """Return the last day of a promise that starts on ``start``.

    Civil Code articles 201-203: the start day is not counted; a month ends on the corresponding day, or on the month's last day where
    there is none; a last day that is a holiday gives way to the day after it. ``promise.duration`` is ``P1M``, ``P30D``, ``P10WD`` or
    ``P1Q`` (to the end of the quarter).
    """
    text = policy.text("promise.duration")
    match = _DURATION.fullmatch(text)
    if match is None:
        raise PromiseError(f"promise.duration: expected P1M, P30D, P10WD or P1Q, found {text!r}")
    count, unit = int(match[1]), match[2]
    if unit == "WD":
        return policy.calendar.add_workdays(start, count)
    if unit == "Q":
        return rolled(_quarter_end(start), policy)
    return rolled(start + timedelta(days=count) if unit == "D" else months_later(start, count), policy)


def rolled(day: date, policy: PolicyBook) -> date:
    """Return the day a last day moves to under ``promise.roll_holiday`` and ``promise.roll_weekend``."""
    return policy.calendar.roll(
        day, holiday=policy.flag("promise.roll_holiday"), weekend=policy.flag("promise.roll_weekend")
    )


def months_later(start: date, months: int) -> date:
    """Return the corresponding day some months later, or that month's last day where there is none (Civil Code article 202)."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))


def _quarter_end(day: date) -> date:
    month = (day.month + 2) // 3 * 3
    return date(day.year, month, monthrange(day.year, month)[1])


def promise_table(households: Table, members: Table, promises: Table, as_of: date, policy: PolicyBook) -> pd.DataFrame:
    """Return each member's clock on a day, in the order of ``members``.

    A stored promise of the member wins, then one of the household, then the clock the facts imply: in a recognised household without
    a job it starts on the latest of the days ``promise.start_event`` names, for the first ready member where ``promise.scope`` is the
    household, for each member alone where it is the member. A promise that was kept, or declared void, gives way to facts of some member
    that start a new one after it: the household is without work (again) and the wish was confirmed since. After a job that was lost it
    starts on that job's last day (``unemployed_since``) at the earliest.

    Returns
    -------
    DataFrame
        ``member_id household_id started_on due_on due_net_on days_left days_left_gross state calendar_known``. ``due_on`` never moves;
        ``due_net_on`` is put off by the paused days. ``days_left`` (days, net) counts to the latter, ``days_left_gross`` to the
        former; both may be negative and are null where no clock runs. A running clock past its last day reads ``breached``, a pause
        past its limit ``running``, a promise kept on a later day as it stood before.
        ``calendar_known`` is false where the due year's holidays were not published and only weekends count.
    """
    today = np.datetime64(as_of, "D")
    regions = np.array([str(code)[:6] for code in texts(members, "region_code")], dtype=object)
    began, met, due_then = (days(promises, name) for name in ("started_on", "met_on", "due_on"))
    state_then, paused_then = _as_they_stood(promises, households, as_of, policy)
    newest = _newest(members, promises, began, today)
    over = _over_on(promises, met)
    implied = _implied_start(households, members, regions, [picked(over, at, NO_DAY) for at in newest], today, policy)
    started = implied.copy()
    due = _each_once(started, np.zeros(len(members), dtype=np.int64), regions, policy, due_date)
    paused = np.zeros(len(members), dtype=np.int64)
    state = np.where(np.isnat(started), "not_ready", PromiseState.RUNNING.value).astype(object)
    for at in newest:
        hit = (at >= 0) & ~(implied > picked(over, at, NO_DAY))
        started[hit], due[hit], paused[hit], state[hit] = (
            v[at[hit]] for v in (began, due_then, paused_then, state_then)
        )
    net = np.where(paused > 0, _each_once(due, paused, regions, policy, rolled), due)
    return _clocks(members, started, due, net, state, today, policy)


def _newest(members: Table, promises: Table, began: Days, today: np.datetime64) -> tuple[Ints, Ints]:
    """Return (n_members,) the row of the newest promise begun by a day, of each member's household and of each member alone; -1 without."""
    scopes, order = texts(promises, "scope"), in_order(began, texts(promises, "promise_id"))
    counted, rows = np.where(began <= today, scopes, ""), list[Ints]()
    for key, scope in (("household_id", "household"), ("member_id", "member")):
        theirs = texts(members, key)
        place = {owner: k for k, owner in enumerate(dict.fromkeys(theirs))}
        owners = np.where(counted == scope, looked_up(place, texts(promises, key)), -1)
        rows.append(last_of(owners, order, len(place))[looked_up(place, theirs)])
    return rows[0], rows[1]


def _over_on(promises: Table, met: Days) -> Days:
    """Return (n,) the day after which facts may start a new promise: the first day of the job that kept it, or the day it became void."""
    void = texts(promises, "state") == PromiseState.VOID
    return np.where(void, _later_column(promises, "voided_on"), met)


def _later_column(promises: Table, name: str) -> Days:
    """Return (n,) a day that tables made before the column was kept do not have."""
    return days(promises, name) if name in promises.columns else np.full(len(promises), NO_DAY)


def _as_they_stood(promises: Table, households: Table, as_of: date, policy: PolicyBook) -> tuple[np.ndarray, Ints]:
    """Return (n,) state and paused days of stored promises on a day: the pause that runs counted up to it, a promise that was kept or
    declared void later still running."""
    today = np.datetime64(as_of, "D")
    later = (days(promises, "met_on") > today) | (_later_column(promises, "voided_on") > today)
    state = np.where(later, PromiseState.RUNNING.value, texts(promises, "state"))
    used = wholes(promises, "paused_days")
    since = _later_column(promises, "paused_since")
    runs = np.flatnonzero((state == PromiseState.PAUSED.value) & (since <= today))
    if not len(runs):
        return state, used
    places = dict(zip(texts(households, "household_id"), texts(households, "region_code"), strict=True))
    homes, reasons, reopens = (texts(promises, name) for name in ("household_id", "pause_reason", "reopens_id"))
    again = known(reopens)
    for at in runs:
        limit = pause_limit(reasons[at], int(used[at]), policy.at(places.get(homes[at], policy.region_code)))
        lasted = int((today - since[at]).astype(int))
        if lasted > limit:
            state[at] = (PromiseState.REOPENED if again[at] else PromiseState.RUNNING).value
        used[at] += min(lasted, limit)
    return state, used


def pause_limit(reason: str, used: int, policy: PolicyBook) -> int:
    """Return the days a pause for a coded reason may last when ``used`` days of the total are gone."""
    single = policy.whole("promise.away_max_days" if reason == "away" else "promise.pause_max_days")
    return min(single, policy.whole("promise.pause_total_days") - used)


def _clocks(
    members: Table,
    started: np.ndarray,
    due: np.ndarray,
    net: np.ndarray,
    state: np.ndarray,
    today: np.datetime64,
    policy: PolicyBook,
) -> pd.DataFrame:
    runs = among(state, RUNS)
    late = among(state, ("running", "reopened")) & (net < today)
    years, inverse = np.unique(net.astype("datetime64[Y]"), return_inverse=True)
    published = [np.isnat(y) or (int(y.astype(int)) + 1970) in policy.calendar.years for y in years]
    return pd.DataFrame({
        **{name: written(texts(members, name)) for name in ("member_id", "household_id")}, "started_on": dated(started),
        "due_on": dated(due), "due_net_on": dated(net), "days_left": whole_days(np.where(runs, net, NO_DAY), today),
        "days_left_gross": whole_days(np.where(runs, due, NO_DAY), today),
        "state": written(np.where(late, PromiseState.BREACHED.value, state)),
        "calendar_known": np.array(published, dtype=bool)[inverse] if len(net) else np.zeros(0, dtype=bool),
    })  # fmt: skip


def _implied_start(
    households: Table,
    members: Table,
    regions: np.ndarray,
    over: Sequence[Days],
    today: np.datetime64,
    policy: PolicyBook,
) -> Days:
    """Return (n,) the day the facts start each member's clock, NaT where they do not or not yet.

    ``over`` are the days (n,) the newest stored promises ended, of the household and of the member alone: only facts after them count.
    """
    if not len(members):
        return np.zeros(0, dtype="datetime64[D]")
    facts = _start_facts(households, members, regions, policy)
    start = np.full(len(members), NO_DAY)
    for event, names in facts.events():
        latest = np.column_stack([facts.on[name] for name in names]).max(axis=1)
        start = np.where((facts.event == event) & ~np.isnat(latest), latest, start)
    lost = picked(last_day(facts.home, days(members, "unemployed_since"), len(households)), facts.home, NO_DAY)
    for ended in over:
        start = np.where(
            start > ended,
            np.where(lost > ended, np.maximum(start, lost), start),
            np.where(np.isnat(ended), start, NO_DAY),
        )
    start[~facts.asked | (start > today)] = NO_DAY
    first = picked(first_day(facts.home, start, len(households)), facts.home, NO_DAY)
    willing = flags(members, "willing")
    return np.asarray(np.where(facts.shared & willing, first, start))


@dataclass(frozen=True, slots=True)
class _StartFacts:
    """What starts a clock, by member: row of the household, days on record, start event, whether the household shares one clock, and
    whether the conditions hold: willing, in a household without a job, not picky where the event asks for it."""

    home: Ints
    on: Mapping[str, np.ndarray]
    event: np.ndarray
    shared: Bools
    asked: Bools

    def events(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield each start event that is in force for somebody, and the days it needs."""
        for event in np.unique(self.event):
            yield str(event), START_EVENTS[str(event)]


def _start_facts(households: Table, members: Table, regions: np.ndarray, policy: PolicyBook) -> _StartFacts:
    at = rows_of(texts(households, "household_id"), texts(members, "household_id"))
    jobless = picked(among(texts(households, "status"), ZERO_EMPLOYMENT), at, False)
    on = {"recognised_on": picked(days(households, "recognised_on"), at, NO_DAY)}
    on |= {name: days(members, name) for name in (WISH, "flexibility_declared_on", "registered_on")}
    places, inverse = np.unique(regions.astype(str), return_inverse=True)
    events = np.array([policy.at(str(p)).text("promise.start_event") for p in places])[inverse]
    shared = np.array([policy.at(str(p)).text("promise.scope") == "household" for p in places])[inverse]
    unasked = among(events, [e for e, names in START_EVENTS.items() if "flexibility_declared_on" not in names])
    asked = flags(members, "willing") & jobless & (flags(members, "flexibility_declared") | unasked)
    return _StartFacts(at, on, events, shared, asked)


def missing_for_start(households: Table, members: Table, clocks: Table, policy: PolicyBook) -> list[tuple[str, ...]]:
    """Return of each member, in the order of ``members``, the days (columns) the record lacks for the facts to start a clock.

    ``clocks`` is ``promise_table`` of the same members. Where a promise was kept or void and nothing has started a new one since, that is
    the day that is to be given anew. Empty where nothing is missing or a clock runs, and for whom no clock is to start: not willing, not
    declared flexible where that is a condition, in a household that has work or is not recognised.
    """
    regions = np.array([str(code)[:6] for code in texts(members, "region_code")], dtype=object)
    out: list[tuple[str, ...]] = [()] * len(members)
    if not len(members):
        return out
    facts, state = _start_facts(households, members, regions, policy), texts(clocks, "state")
    waits = facts.asked & ~among(state, RUNS)
    for event, names in facts.events():
        anew = WISH if WISH in names else names[-1]
        for k in np.flatnonzero(waits & (facts.event == event)):
            lacks = tuple(name for name in names if np.isnat(facts.on[name][k]))
            out[k] = lacks if state[k] == "not_ready" else lacks or (anew,)
    return out


def _each_once(
    days: np.ndarray, more: Ints, regions: np.ndarray, policy: PolicyBook, rule: Callable[[date, PolicyBook], date]
) -> np.ndarray:
    """Return (n,) ``rule(day + more, policy of the region)``, computed once for each distinct day and region; NaT where the day is."""
    out = np.full(len(days), NO_DAY)
    places, place = np.unique(regions.astype(str), return_inverse=True)
    there = np.flatnonzero(~np.isnat(days))
    if not len(there):
        return out
    keys = (days[there].astype(np.int64) + more[there]) * len(places) + place[there]
    unique, inverse = np.unique(keys, return_inverse=True)
    epoch = date(1970, 1, 1)
    found = [
        rule(epoch + timedelta(days=int(k) // len(places)), policy.at(str(places[int(k) % len(places)])))
        for k in unique
    ]
    out[there] = np.array(found, dtype="datetime64[D]")[inverse]
    return out


def adopt_variant(policy: PolicyBook, name: str) -> PolicyBook:
    """Return the book with a published variant of the promise (``promise.variant.<name>``) in force at its place."""
    rows = []
    source = policy.row(f"promise.variant.{name}")
    if source is None:
        raise PromiseError(
            f"no promise variant {name!r} in {policy.region_code} on {policy.as_of}; see promise.variant.* of the policy tables"
        )
    for key, value in zip(("duration", "start_event", "scope"), policy.items(source.key), strict=True):
        rows.append(
            replace(
                source,
                id=f"{source.id}-{key}",
                key=f"promise.{key}",
                region=policy.region_code[:6],
                value=value,
                unit=keys()[f"promise.{key}"].unit,
            )
        )
    return policy.with_rows(rows)
