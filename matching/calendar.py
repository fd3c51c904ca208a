"""Working days of the State Council's calendar, with its make-up days."""

import tomllib
from dataclasses import dataclass
from datetime import date, timedelta
from importlib import resources

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Calendar:
    """Public holidays and make-up working days of the years that were published; in other years only weekends are known."""

    years: frozenset[int]
    holidays: frozenset[date]
    makeup_days: frozenset[date]

    def known(self, day: date) -> bool:
        """Whether the calendar of that year was published."""
        return day.year in self.years

    def is_holiday(self, day: date) -> bool:
        """Whether a day is a public holiday."""
        return day in self.holidays

    def is_workday(self, day: date) -> bool:
        """Whether a day is worked: a weekday that is no holiday, or a make-up day."""
        return day in self.makeup_days or (day.weekday() < 5 and day not in self.holidays)

    def next_workday(self, day: date) -> date:
        """Return the first working day on or after a day."""
        return self.roll(day, holiday=True, weekend=True)

    def roll(self, day: date, *, holiday: bool, weekend: bool) -> date:
        """Return the first day on or after ``day`` that the stated rules leave standing; a make-up day never rolls."""
        while not self.is_workday(day) and (holiday if self.is_holiday(day) else weekend):
            day += _DAY
        return day

    def add_workdays(self, day: date, count: int) -> date:
        """Return the ``count``-th working day after ``day``, which is not counted."""
        while count > 0:
            day += _DAY
            count -= self.is_workday(day)
        return day


def read_calendar(text: str) -> Calendar:
    """Read a calendar from TOML: one table a year with the lists ``off`` and ``work``."""
    years = tomllib.loads(text)
    return Calendar(
        years=frozenset(int(y) for y in years),
        holidays=frozenset(d for y in years.values() for d in y["off"]),
        makeup_days=frozenset(d for y in years.values() for d in y["work"]),
    )


STATE_COUNCIL = read_calendar(
    resources.files("matching.reference").joinpath("holidays.toml").read_text(encoding="utf-8")
)
"""The packaged calendar (``matching/reference``)."""
