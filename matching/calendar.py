"""Working days of the State Council's calendar, with its make-up days."""

import tomllib
from datetime import date, timedelta
from functools import cache
from importlib import resources


@cache
def _published() -> tuple[frozenset[int], frozenset[date], frozenset[date]]:
    text = resources.files("matching.reference").joinpath("holidays.toml").read_text(encoding="utf-8")
    years = tomllib.loads(text)
    off = frozenset(d for y in years.values() for d in y["off"])
    work = frozenset(d for y in years.values() for d in y["work"])
    return frozenset(int(y) for y in years), off, work


def calendar_known(day: date) -> bool:
    """Whether the State Council's calendar of that year is packaged; without it only weekends are known."""
    return day.year in _published()[0]


def is_holiday(day: date) -> bool:
    """Whether a day is a public holiday."""
    return day in _published()[1]


def is_workday(day: date) -> bool:
    """Whether a day is worked: a weekday that is no holiday, or a make-up day."""
    _, off, work = _published()
    return day in work or (day.weekday() < 5 and day not in off)


def roll(day: date, *, holiday: bool, weekend: bool) -> date:
    """Return the first day on or after ``day`` that the stated rules leave standing; a make-up day never rolls."""
    while not is_workday(day) and ((holiday and is_holiday(day)) or (weekend and not is_holiday(day))):
        day += timedelta(days=1)
    return day


def add_workdays(day: date, count: int) -> date:
    """Return the ``count``-th working day after ``day``, which is not counted."""
    while count > 0:
        day += timedelta(days=1)
        count -= is_workday(day)
    return day
