"""Statutory retirement by month of birth: the table that rises from 2025-01-01.

Source: decision of the Standing Committee of the National People's Congress of 2024-09-13 on gradually raising the statutory retirement
age. Men 60 → 63 by one month for every four months of birth from 1965-01; women 55 → 58 likewise from 1970-01; women 50 → 55 by
one month for every two months of birth from 1975-01.
"""

import numpy as np

LINES: dict[str, tuple[int, str, int, int]] = {
    "men": (60, "1965-01", 4, 36),
    "women_55": (55, "1970-01", 4, 36),
    "women_50": (50, "1975-01", 2, 60),
}
"""Line → age before the reform, first month of birth it delays, months of birth a month of delay, most months of delay."""


def retirement_months(births: np.ndarray, line: str) -> np.ndarray:
    """Return (n,) datetime64[M] the month of retirement for months of birth (n,) datetime64[M]; NaT where birth is."""
    age, first, step, most = LINES[line]
    after = (births - np.datetime64(first, "M")).astype(np.int64)
    delay = np.clip((after + step) // step, 0, most)
    return np.asarray(
        np.where(np.isnat(births), np.datetime64("NaT", "M"), births + (age * 12 + delay).astype("timedelta64[M]"))
    )
