"""Statutory retirement by month of birth: fixed ages until 2024, a table that rises month by month from 2025-01-01."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class RetirementLine:
    """One line of the table.

    Attributes
    ----------
    age_years : int
        Age before the reform.
    first_birth : str or None
        First month of birth (``YYYY-MM``) that is delayed; None before the reform.
    step_months : int
        Months of birth that add one month of delay.
    most_months : int
        Longest delay.
    """

    age_years: int
    first_birth: str | None = None
    step_months: int = 1
    most_months: int = 0


def retirement_months(births: np.ndarray, line: RetirementLine) -> np.ndarray:
    """Return (n,) datetime64[M] the month of retirement for months of birth (n,) datetime64[M]; NaT where birth is."""
    if line.first_birth is None:
        delay = np.zeros(len(births), dtype=np.int64)
    else:
        after = (births - np.datetime64(line.first_birth, "M")).astype(np.int64)
        delay = np.clip((after + line.step_months) // line.step_months, 0, line.most_months)
    months = births + (line.age_years * 12 + delay).astype("timedelta64[M]")
    return np.asarray(np.where(np.isnat(births), np.datetime64("NaT", "M"), months))
