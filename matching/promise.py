"""When a promise falls due, and how many days every member has left."""

import re
from calendar import monthrange
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd

from matching.arrays import Floats, Ints
from matching.errors import PromiseError
from matching.policy.load import PolicyBook
from matching.policy.schema import keys
from matching.vocabulary import PromiseState

_DURATION = re.compile(r"P(\d+)(M|D|WD|Q)")
RUNS = ("running", "paused", "breached", "reopened")
"""States in which the household is still owed a job."""

ZERO_EMPLOYMENT = ("recognised", "in_service")
"""Household states in which nobody of working age has a job, so that a clock may start by itself."""

START_EVENTS: dict[str, tuple[str, ...]] = {
    "recognised_and_flexibility_declared": ("recognised_on", "willing_confirmed_on", "flexibility_declared_on"),
    "agreement_signed": ("recognised_on", "flexibility_declared_on"),
    "recognised": ("recognised_on",),
    "registered": ("registered_on",),
}
"""Start event of ``promise.start_event`` → days of which the latest starts the clock; the assistance agreement carries the declaration."""

NO_DAY = np.datetime64("NaT", "D")


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


def promise_table(
    households: pd.DataFrame, members: pd.DataFrame, promises: pd.DataFrame, as_of: date, policy: PolicyBook
) -> pd.DataFrame:
    """Return each member's clock on a day, in the order of ``members``.

    A stored promise of the member wins, then one of the household, then the clock the facts imply: in a recognised household without
    a job it starts on the latest of the days ``promise.start_event`` names, for the first ready member where ``promise.scope`` is the
    household, for each member alone where it is the member. A promise that was kept gives way to facts that start a new one after it:
    the job was lost, the household is without work again and has confirmed its wish since.

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
    regions = members["region_code"].str[:6].to_numpy(dtype=object)
    implied = _implied_start(households, members, regions, today, policy)
    started = implied.copy()
    due = _each_once(started, np.zeros(len(members), dtype=np.int64), regions, policy, due_date)
    paused = np.zeros(len(members), dtype=np.int64)
    state = np.where(np.isnat(started), "not_ready", PromiseState.RUNNING.value).astype(object)
    known = _as_they_stood(promises[promises["started_on"] <= pd.Timestamp(as_of)], households, as_of, policy)
    for key, scope in (("household_id", "household"), ("member_id", "member")):
        mine = known[known["scope"] == scope].dropna(subset=[key])
        latest = mine.sort_values(["started_on", "promise_id"]).drop_duplicates(key, keep="last").set_index(key)
        at = latest.index.get_indexer(pd.Index(members[key]))
        kept = np.append(latest["met_on"].to_numpy().astype("datetime64[D]"), NO_DAY)[at]
        hit = (at >= 0) & ~(implied > kept)
        started[hit] = latest["started_on"].to_numpy().astype("datetime64[D]")[at[hit]]
        due[hit] = latest["due_on"].to_numpy().astype("datetime64[D]")[at[hit]]
        paused[hit] = latest["paused_days"].to_numpy(dtype=np.int64)[at[hit]]
        state[hit] = latest["state"].to_numpy(dtype=object)[at[hit]]
    net = np.where(paused > 0, _each_once(due, paused, regions, policy, rolled), due)
    return _clocks(members, started, due, net, state, today, policy)


def _as_they_stood(promises: pd.DataFrame, households: pd.DataFrame, as_of: date, policy: PolicyBook) -> pd.DataFrame:
    """Return stored promises on a day: the pause that runs counted up to it, a promise that was kept later still running."""
    today = pd.Timestamp(as_of)
    rows = promises.assign(state=promises["state"].mask(promises["met_on"] > today, PromiseState.RUNNING.value))
    if "paused_since" not in rows.columns or not rows["paused_since"].notna().any():
        return rows
    places = households.set_index("household_id")["region_code"].to_dict()
    now = rows[(rows["state"] == PromiseState.PAUSED.value) & (rows["paused_since"] <= today)]
    columns = ("household_id", "paused_days", "pause_reason", "reopens_id")
    for at, since, *cells in zip(now.index, now["paused_since"].dt.date, *(now[c] for c in columns), strict=True):
        home, used, reason, reopens = cells
        limit, days = pause_limit(reason, used, policy.at(places.get(home, policy.region_code))), (as_of - since).days
        if days > limit:
            runs = PromiseState.RUNNING if pd.isna(reopens) else PromiseState.REOPENED
            rows.loc[at, "state"] = runs.value
        rows.loc[at, "paused_days"] = used + min(days, limit)
    return rows


def pause_limit(reason: str, used: int, policy: PolicyBook) -> int:
    """Return the days a pause for a coded reason may last when ``used`` days of the total are gone."""
    single = policy.whole("promise.away_max_days" if reason == "away" else "promise.pause_max_days")
    return min(single, policy.whole("promise.pause_total_days") - used)


def _clocks(
    members: pd.DataFrame,
    started: np.ndarray,
    due: np.ndarray,
    net: np.ndarray,
    state: np.ndarray,
    today: np.datetime64,
    policy: PolicyBook,
) -> pd.DataFrame:
    runs = np.isin(state, RUNS)
    left = _days_between(today, net)
    late = np.isin(state, ["running", "reopened"]) & (left < 0)
    frame = members[["member_id", "household_id"]].reset_index(drop=True)
    for name, days in (("started_on", started), ("due_on", due), ("due_net_on", net)):
        frame[name] = days.astype("datetime64[s]")
    frame["days_left"] = _whole(left, runs)
    frame["days_left_gross"] = _whole(_days_between(today, due), runs)
    frame["state"] = pd.array(np.where(late, PromiseState.BREACHED.value, state), dtype="str")
    years, inverse = np.unique(net.astype("datetime64[Y]"), return_inverse=True)
    known = [np.isnat(y) or (int(y.astype(int)) + 1970) in policy.calendar.years for y in years]
    frame["calendar_known"] = np.array(known, dtype=bool)[inverse] if len(frame) else np.zeros(0, dtype=bool)
    return frame


def _days_between(today: np.datetime64, days: np.ndarray) -> Floats:
    return np.asarray((days - today) / np.timedelta64(1, "D"), dtype=float)


def _whole(values: Floats, known: np.ndarray) -> pd.Series:
    return pd.Series(pd.array(np.where(known, values, np.nan), dtype="Float64")).astype("Int64")


def _implied_start(
    households: pd.DataFrame, members: pd.DataFrame, regions: np.ndarray, today: np.datetime64, policy: PolicyBook
) -> np.ndarray:
    """Return (n,) the day the facts start each member's clock, NaT where they do not or not yet."""
    if not len(members):
        return np.zeros(0, dtype="datetime64[D]")
    houses = households.set_index("household_id")
    at = houses.index.get_indexer(pd.Index(members["household_id"]))
    recognised = np.append(houses["recognised_on"].to_numpy().astype("datetime64[D]"), NO_DAY)[at]
    jobless = np.append(houses["status"].isin(ZERO_EMPLOYMENT).to_numpy(), False)[at]
    days = {"recognised_on": recognised}
    for name in ("willing_confirmed_on", "flexibility_declared_on", "registered_on"):
        days[name] = members[name].to_numpy().astype("datetime64[D]")
    declared = members["flexibility_declared"].to_numpy(dtype=bool)
    places, inverse = np.unique(regions.astype(str), return_inverse=True)
    events = np.array([policy.at(str(p)).text("promise.start_event") for p in places])[inverse]
    shared = np.array([policy.at(str(p)).text("promise.scope") == "household" for p in places])[inverse]
    start = np.full(len(members), NO_DAY)
    for event in np.unique(events):
        names = START_EVENTS[str(event)]
        latest = np.column_stack([days[name] for name in names])
        ready = ~np.isnat(latest).any(axis=1) & (declared | ("flexibility_declared_on" not in names))
        start = np.where((events == event) & ready, latest.max(axis=1), start)
    start[~(members["willing"].to_numpy(dtype=bool) & jobless) | (start > today)] = NO_DAY
    first = pd.Series(start.astype("datetime64[s]")).groupby(members["household_id"].to_numpy()).transform("min")
    willing = members["willing"].to_numpy(dtype=bool)
    return np.asarray(np.where(shared & willing, first.to_numpy().astype("datetime64[D]"), start))


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
