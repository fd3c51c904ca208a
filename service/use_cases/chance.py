"""The bands in which a chance is shown to people."""

CHANCE_BANDS: tuple[tuple[str, float, float], ...] = (("low", 0.0, 0.3), ("mid", 0.3, 0.6), ("high", 0.6, 1.0))
"""Bands with their edges; people are shown the band and its range, never a bare percentage (domain model, section 5.3)."""


def chance_band(probability: float) -> str:
    """Return the band a probability falls in."""
    return next(name for name, _, high in CHANCE_BANDS if probability < high or high == 1.0)
