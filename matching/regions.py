"""Guangdong's regions: province, cities, districts, streets and towns."""

from functools import cache
from importlib import resources

import pandas as pd

from matching.tables import TABLES, check


@cache
def _regions() -> pd.DataFrame:
    with resources.files("matching.reference").joinpath("regions.csv").open(encoding="utf-8") as file:
        raw = pd.read_csv(file, dtype={"region_code": str, "parent_code": str})
    return check(TABLES["regions"], raw).require()


def load_regions() -> pd.DataFrame:
    """Return the canonical table of regions; streets have no coordinates of their own."""
    return _regions().copy()
