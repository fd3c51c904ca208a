"""Where the simulated people live and work: real districts and streets, simulated street centroids."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from matching.arrays import Floats, Ints
from matching.errors import TableError
from matching.pairing import KM_PER_DEGREE
from matching.regions import load_regions
from models.simulation.config import RegionConfig
from models.simulation.draws import normal

INNER = 0.35
"""Public-welfare and community posts lie this much closer to the middle than homes do (section 7.3)."""


@dataclass(frozen=True, slots=True)
class Places:
    """Streets of the region.

    Attributes
    ----------
    regions : DataFrame
        Canonical rows of the province, the cities, the districts and their streets; the record's own, without simulated points.
    cities : tuple of str
        City codes.
    codes : (n_streets,) street codes
    city : (n_streets,) index of the city
    lng, lat : (n_streets,) simulated centroid, degrees
    inner : (n_streets,) chance that an inner post of its city lies here
    """

    regions: pd.DataFrame
    cities: tuple[str, ...]
    codes: np.ndarray
    city: Ints
    lng: Floats
    lat: Floats
    inner: Floats

    def streets_of(self, city: int) -> Ints:
        """Return the streets of one city."""
        return np.flatnonzero(self.city == city)


def make_places(config: RegionConfig, seed: int) -> Places:
    """Lay out the streets of the chosen areas about their district's point; TableError when an area is not known."""
    regions = load_regions()
    areas = regions[regions["region_code"].isin(config.areas)]
    if len(areas) != len(set(config.areas)):
        lost = sorted(set(config.areas) - set(areas["region_code"]))
        raise TableError(
            f"simulated areas: expected districts of matching/reference/regions.csv, found {', '.join(lost)}"
        )
    cities = tuple(sorted({code[:4] + "00" for code in config.areas}))
    streets = regions[regions["parent_code"].isin(config.areas) & (regions["level"] == "street")].sort_values(
        "region_code"
    )
    points = areas.set_index("region_code")
    parents = streets["parent_code"].to_numpy(dtype=object)
    city = np.array([cities.index(p[:4] + "00") for p in parents], dtype=np.int64)
    lng, lat = (points.loc[parents, c].to_numpy(dtype=float) for c in ("longitude", "latitude"))
    number = streets["region_code"].astype("int64").to_numpy()
    east, north = (normal(seed, f"street-{way}", number) for way in ("east", "north"))
    sd = _street_spread(config.spread_km, city, lng, lat)
    lat2 = lat + north * sd / KM_PER_DEGREE
    lng2 = lng + east * sd / (KM_PER_DEGREE * np.cos(np.radians(lat)))
    kept = regions["region_code"].isin({"440000", *cities, *config.areas, *streets["region_code"]})
    return Places(
        regions[kept].reset_index(drop=True), cities, streets["region_code"].to_numpy(dtype=object), city,
        np.round(lng2, 5), np.round(lat2, 5), _inner(config.spread_km, city, lng2, lat2),
    )  # fmt: skip


def central_areas(within_km: float = 15.0) -> tuple[str, ...]:
    """Return, for each of the 21 cities, the districts near its middle, at least one; a city without districts stands for itself."""
    regions = load_regions()
    cities = regions[regions["level"] == "city"].set_index("region_code")
    districts = regions[regions["level"] == "district"]
    home = cities.loc[districts["parent_code"]]
    x = (districts["longitude"].to_numpy() - home["longitude"].to_numpy()) * np.cos(
        np.radians(home["latitude"].to_numpy())
    )
    y = districts["latitude"].to_numpy() - home["latitude"].to_numpy()
    km = pd.Series(np.sqrt(x * x + y * y) * KM_PER_DEGREE, index=districts["region_code"])
    nearest = km.groupby(districts["parent_code"].to_numpy()).idxmin()
    near = set(km.index[km <= within_km]) | set(nearest)
    return tuple(sorted(near | (set(cities.index) - set(districts["parent_code"]))))


def _offsets(city: Ints, lng: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Return kilometres east and north of the mean of each city's points."""
    x, y = np.zeros(len(city)), np.zeros(len(city))
    for c in np.unique(city):
        here = city == c
        x[here] = (lng[here] - lng[here].mean()) * KM_PER_DEGREE * np.cos(np.radians(lat[here].mean()))
        y[here] = (lat[here] - lat[here].mean()) * KM_PER_DEGREE
    return x, y


def _street_spread(spread_km: float, city: Ints, lng: Floats, lat: Floats) -> Floats:
    """Return what must be added to the spread of the districts to reach the city's; at least a third of it."""
    x, y = _offsets(city, lng, lat)
    between = np.zeros(len(city))
    for c in np.unique(city):
        here = city == c
        between[here] = (x[here] ** 2 + y[here] ** 2).mean() / 2.0
    return np.asarray(np.sqrt(np.maximum(spread_km**2 - between, (spread_km / 3.0) ** 2)))


def _inner(spread_km: float, city: Ints, lng: Floats, lat: Floats) -> Floats:
    x, y = _offsets(city, lng, lat)
    tight = INNER * spread_km
    weight = np.exp(-0.5 * (x**2 + y**2) * (1.0 / tight**2 - 1.0 / spread_km**2))
    for c in np.unique(city):
        weight[city == c] /= weight[city == c].sum()
    return np.asarray(weight)
