"""Serial numbers of days, as spreadsheets keep them: counted from 1899-12-30, or from 1904-01-01 in workbooks of old machines."""

from datetime import date, timedelta

FIRST_DAY = date(1899, 12, 30)
FIRST_DAY_1904 = date(1904, 1, 1)
_FIRST, _LAST = date(1913, 9, 9), date(2201, 3, 1)


def day_of(value: object, first_day: date = FIRST_DAY) -> date | None:
    """Return the day a whole number stands for, None for anything else or a number too small or too large to be meant as a day."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not float(value).is_integer():
        return None
    if not 0 < value < 200_000:
        return None
    day = first_day + timedelta(days=int(value))
    return day if _FIRST <= day <= _LAST else None
