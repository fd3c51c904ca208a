"""What a simulated region is asked to be: places, days, supply, and the scenarios of the domain model (section 7.8)."""

from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType

BASE_HOUSEHOLDS, BASE_CASEWORKERS, BASE_STOCK = 1.9, 10, 60
"""Households a city and working day, caseworkers a city and openings in stock on the first day, at scale 1 (sections 7.1, 7.3, 7.5)."""

SIMULATED_HOUSEHOLD = 1.82
"""Mean able and willing members of a household (section 7.2)."""

SCARCE, BASE, SLACK = 4.6, 6.2, 7.0
"""Openings a working day for every ``BASE_HOUSEHOLDS`` households (section 7.3)."""


@dataclass(frozen=True, slots=True)
class RegionConfig:
    """What to simulate.

    Attributes
    ----------
    areas : tuple of str
        Districts (6 digits); for cities without districts, the city itself.
    as_of, history_days, horizon_days : date, int, int
        Last day of the record, calendar days before it, calendar days after it that a replay may live through.
    households_per_city_day : float
        Newly recognised households a city and working day, at full intensity.
    openings : float
        New openings a working day for every 1.9 households: ``SCARCE``, ``BASE`` or ``SLACK``.
    start_intensity : float
        Share of full intensity on the first day; arrivals of households and posts rise from there with the square of time.
    spread_km : float
        Standard deviation of home positions about the middle of their city, each way (section 7.2: 6 km where cities are compact).
    biased_share : float
        Share of employer and dispatch posts whose employer has a hidden age or sex preference.
    rural_share : float
        Share of rural households without transferred labour.
    drift : float
        What is added to the employers' logit after the minimum-wage change of 2025-03-01.
    closure_households : int
        Households of one street that lose their jobs to a factory closure and come within one week, two weeks before ``as_of``.
    logged : bool
        False leaves the first day of an office: people and posts, no referral yet.
    """

    areas: tuple[str, ...] = (
        "440103", "440104", "440105", "440604", "440605", "440606", "441202", "441203", "441204", "440203", "440204", "440205",
    )  # fmt: skip
    as_of: date = date(2026, 6, 10)
    history_days: int = 730
    horizon_days: int = 0
    households_per_city_day: float = 6.5
    openings: float = BASE
    start_intensity: float = 0.10
    spread_km: float = 6.5
    biased_share: float = 0.35
    rural_share: float = 0.0
    drift: float = 0.0
    closure_households: int = 60
    logged: bool = True

    @property
    def scale(self) -> float:
        """How many times the reference city of the domain model one city is."""
        return self.households_per_city_day / BASE_HOUSEHOLDS

    @property
    def caseworkers_per_city(self) -> int:
        """Caseworkers of one city."""
        return max(2, round(BASE_CASEWORKERS * self.scale))


_CITY = RegionConfig(
    areas=("440103", "440104", "440105"),
    households_per_city_day=BASE_HOUSEHOLDS,
    start_intensity=1.0,
    history_days=365,
    closure_households=0,
)

SCENARIOS = MappingProxyType(
    {
        "demo": RegionConfig(),
        "base": _CITY,
        "scarce": replace(_CITY, openings=SCARCE),
        "slack": replace(_CITY, openings=SLACK),
        "cold_start": replace(_CITY, history_days=45, logged=False),
        "drift": replace(_CITY, as_of=date(2025, 6, 30), drift=-0.4),
        "biased_employers": replace(_CITY, biased_share=0.7),
        "rural": replace(_CITY, areas=("440224", "440229", "440232"), rural_share=0.15),
    }
)
"""Name → configuration; the whole province is ``replace(SCENARIOS["base"], areas=central_areas())`` (scenario S4)."""
