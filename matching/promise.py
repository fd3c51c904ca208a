"""The one-month clock: when it starts, when it falls due, and how many days are left."""

import re
from calendar import monthrange
from datetime import date, timedelta

import numpy as np
import pandas as pd

from matching.calendar import add_workdays, roll
from matching.errors import PromiseError
from matching.policy.load import PolicyBook

_DURATION = re.compile(r"P(\d+)(M|D|WD)")


def due_date(start: date, policy: PolicyBook) -> date:
    """Return the last day of a promise that starts on ``start``.

    Civil Code articles 201-203: the start day is not counted; a month ends on the corresponding day, or on the month's last day where
    there is none; a last day that is a holiday gives way to the day after it. ``promise.duration`` is ``P1M``, ``P30D`` or ``P10WD``.
    """
    match = _DURATION.fullmatch(policy.text("promise.duration"))
    if match is None:
        raise PromiseError(f"promise.duration: expected P1M, P30D or P10WD, found {policy.text('promise.duration')!r}")
    count, unit = int(match[1]), match[2]
    if unit == "WD":
        return add_workdays(start, count)
    end = start + timedelta(days=count) if unit == "D" else _month_later(start, count)
    return roll(end, holiday=policy.flag("promise.roll_holiday"), weekend=policy.flag("promise.roll_weekend"))


def _month_later(start: date, months: int) -> date:
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))


def promise_table(
    households: pd.DataFrame, members: pd.DataFrame, promises: pd.DataFrame, as_of: date, policy: PolicyBook
) -> pd.DataFrame:
    """Return each member's clock on a day, in the order of ``members``.

    Columns ``member_id household_id started_on due_on days_left days_left_gross state``. A stored promise of the member wins, then one of
    the household, then the clock the facts imply: it starts at the latest of recognition, confirmed wish and flexibility declaration.
    ``days_left`` counts to the due day put off by the paused days, ``days_left_gross`` to the day that never moves; both may be
    negative and are null where no clock runs.
    """
    frame = members[["member_id", "household_id", "region_code"]].reset_index(drop=True)
    started = _implied_start(households, members)
    today = np.datetime64(as_of, "D")
    started = np.where(started <= today, started, np.datetime64("NaT", "D"))
    due = _due_dates(started, frame["region_code"], policy)
    paused = np.zeros(len(frame))
    state = np.where(np.isnat(started), "not_ready", "running").astype(object)
    for key, scope in (("household_id", "household"), ("member_id", "member")):
        mine = promises[promises["scope"] == scope].dropna(subset=[key])
        latest = mine.sort_values(["started_on", "promise_id"]).drop_duplicates(key, keep="last").set_index(key)
        hit = frame[key].isin(latest.index).to_numpy()
        rows = latest.reindex(frame.loc[hit, key])
        started[hit] = rows["started_on"].to_numpy().astype("datetime64[D]")
        due[hit] = rows["due_on"].to_numpy().astype("datetime64[D]")
        paused[hit] = rows["paused_days"].to_numpy(dtype=float)
        state[hit] = rows["state"].to_numpy(dtype=object)
    runs = np.isin(state, ["running", "paused", "breached", "reopened"])
    gross = (due - today) / np.timedelta64(1, "D")
    left = np.where(runs, gross + paused, np.nan)
    frame["started_on"], frame["due_on"] = started.astype("datetime64[s]"), due.astype("datetime64[s]")
    frame["days_left"] = pd.array(left, dtype="Float64").astype("Int64")
    frame["days_left_gross"] = pd.array(np.where(runs, gross, np.nan), dtype="Float64").astype("Int64")
    frame["state"] = state
    return frame.drop(columns="region_code")


def _implied_start(households: pd.DataFrame, members: pd.DataFrame) -> np.ndarray:
    recognised = (
        members["household_id"].map(households.set_index("household_id")["recognised_on"])
        if len(households)
        else pd.Series(pd.NaT, index=members.index)
    )
    days = [recognised, members["willing_confirmed_on"], members["flexibility_declared_on"]]
    columns = (
        np.column_stack([d.to_numpy().astype("datetime64[D]") for d in days])
        if len(members)
        else np.zeros((0, 3), dtype="datetime64[D]")
    )
    ready = (
        ~np.isnat(columns).any(axis=1)
        & members["willing"].to_numpy(dtype=bool)
        & members["flexibility_declared"].to_numpy(dtype=bool)
    )
    latest = columns.max(axis=1) if len(columns) else np.zeros(0, dtype="datetime64[D]")
    return np.where(ready, latest, np.datetime64("NaT", "D"))


def _due_dates(started: np.ndarray, regions: pd.Series, policy: PolicyBook) -> np.ndarray:
    """Compute each distinct (start, city) once."""
    due = np.full(len(started), np.datetime64("NaT", "D"))
    keys = pd.DataFrame({"start": started, "city": regions.str[:6].to_numpy(dtype=object)})
    for (start, city), rows in keys[~np.isnat(started)].groupby(["start", "city"]).groups.items():
        due[np.asarray(rows)] = np.datetime64(due_date(pd.Timestamp(start).date(), policy.at(city)), "D")
    return due
