"""The days of a simulated office: working days, season, minimum wages."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from matching.arrays import Floats, Ints
from matching.policy.load import PolicyBook, load_policy
from models.simulation.config import RegionConfig

SPRING_FESTIVALS = ("2022-02-01", "2023-01-22", "2024-02-10", "2025-01-29", "2026-02-17", "2027-02-06", "2028-01-26")
"""First day of the lunar year."""

BEFORE, AFTER = (14, 0.3), (28, 1.8)
"""Days before and after Spring Festival in which openings come at this multiple (domain model, section 7.5)."""


@dataclass(frozen=True, slots=True)
class Days:
    """The working days of a region.

    Attributes
    ----------
    dates : (n_days,) datetime64[D]
    season : (n_days,) multiple of the usual flow of openings
    intensity : (n_days,) share of full flow of households and openings
    minimum : (n_cities, n_days) minimum monthly wage, fen
    today : index of the last working day of the record
    as_of : last calendar day of the record
    """

    dates: np.ndarray
    season: Floats
    intensity: Floats
    minimum: Floats
    today: int
    as_of: date

    def __len__(self) -> int:
        return len(self.dates)

    def index(self, dates: np.ndarray) -> Ints:
        """Return the index of the first working day on or after each date; ``len`` when there is none."""
        return np.searchsorted(self.dates, dates)


def make_days(config: RegionConfig, cities: tuple[str, ...]) -> Days:
    """List the working days from the first day of the history to the last of the horizon."""
    first = config.as_of - timedelta(days=config.history_days)
    count = config.history_days + config.horizon_days + 1
    book = load_policy("440000", config.as_of)
    worked = [d for d in (first + timedelta(days=k) for k in range(count)) if book.calendar.is_workday(d)]
    dates = np.array(worked, dtype="datetime64[D]")
    today = int(np.searchsorted(dates, np.datetime64(config.as_of, "D"), side="right")) - 1
    ramp = np.minimum(np.arange(len(dates)) / max(today, 1), 1.0) ** 2
    return Days(
        dates=dates,
        season=_season(dates),
        intensity=config.start_intensity + (1.0 - config.start_intensity) * ramp,
        minimum=np.array([_minimum(book, city, worked) for city in cities]),
        today=today,
        as_of=config.as_of,
    )


def _season(dates: np.ndarray) -> Floats:
    season = np.ones(len(dates))
    for festival in SPRING_FESTIVALS:
        gap = (dates - np.datetime64(festival, "D")).astype(int)
        season[(gap >= -BEFORE[0]) & (gap < 0)] = BEFORE[1]
        season[(gap >= 0) & (gap < AFTER[0])] = AFTER[1]
    return season


def _minimum(book: PolicyBook, city: str, worked: list[date]) -> list[float]:
    return [book.at(city, day).number("wage.minimum_month") for day in worked]
