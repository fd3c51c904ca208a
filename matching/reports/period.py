"""A reporting period, and the place a row is counted under."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from matching.errors import BadInput

_FORM = re.compile(r"(\d{4})(?:-(\d{2})|-?Q([1-4]))?")


@dataclass(frozen=True, slots=True)
class Period:
    """Days from ``first`` to ``last``, both counted; ``label`` is ``2026``, ``2026-05`` or ``2026Q2``."""

    label: str
    first: date
    last: date

    @classmethod
    def of(cls, label: str) -> "Period":
        """Return a year, a month or a quarter by its label; BadInput for any other text."""
        match = _FORM.fullmatch(label)
        if match is None or (match[2] is not None and not 1 <= int(match[2]) <= 12):
            raise BadInput(f"period: expected a month 2026-05, a quarter 2026Q2 or a year 2026, found {label!r}")
        year = int(match[1])
        if match[2] is not None:
            first = last = int(match[2])
            name = f"{year}-{first:02d}"
        elif match[3] is not None:
            first, last = 3 * int(match[3]) - 2, 3 * int(match[3])
            name = f"{year}Q{match[3]}"
        else:
            first, last, name = 1, 12, str(year)
        return cls(name, date(year, first, 1), date(year, last, monthrange(year, last)[1]))

    @classmethod
    def month_of(cls, day: date) -> "Period":
        """Return the month a day lies in."""
        return cls.of(f"{day:%Y-%m}")

    @classmethod
    def quarter_of(cls, day: date) -> "Period":
        """Return the quarter a day lies in."""
        return cls.of(f"{day.year}Q{(day.month + 2) // 3}")

    @property
    def before(self) -> "Period":
        """The period of the same length just before."""
        day = self.first - timedelta(days=1)
        if len(self.label) == 4:
            return Period.of(str(day.year))
        return Period.quarter_of(day) if "Q" in self.label else Period.month_of(day)

    def holds(self, days: pd.Series) -> pd.Series:
        """Return which days lie in the period; an unknown day does not."""
        return (days >= pd.Timestamp(self.first)) & (days <= pd.Timestamp(self.last))


LEVELS = {"province": 2, "city": 4, "district": 6, "street": 9}
"""Level of a region → digits of its code."""


def area_of(codes: pd.Series, level: str) -> pd.Series:
    """Return the region code of a level above each code, padded to six digits; a code that is coarser stands for itself."""
    if level not in LEVELS:
        raise BadInput(f"level: expected one of {', '.join(LEVELS)}, found {level!r}")
    return codes.str[: LEVELS[level]].str.pad(6, side="right", fillchar="0")


def counted(areas: pd.Series, index: pd.Index) -> pd.Series:
    """Return how many rows fall on each area of an index."""
    return areas.value_counts().reindex(index).fillna(0).astype("int64")
