"""Guangdong's regions: province, cities, districts, streets and towns."""

from functools import cache
from importlib import resources

import pandas as pd

from matching.errors import NotFound
from matching.tables import TABLES, check
from matching.tokens import region_chain


@cache
def _regions() -> pd.DataFrame:
    with resources.files("matching.reference").joinpath("regions.csv").open(encoding="utf-8") as file:
        raw = pd.read_csv(file, dtype={"region_code": str, "parent_code": str})
    return check(TABLES["regions"], raw).require()


@cache
def _names() -> dict[str, str]:
    return dict(zip(_regions()["region_code"], _regions()["name_zh"], strict=True))


def load_regions() -> pd.DataFrame:
    """Return the canonical table of regions; streets have no coordinates of their own."""
    return _regions().copy()


def ancestors(code: str) -> tuple[str, ...]:
    """Return the packaged regions above a code, nearest first: street → district → city → province."""
    return tuple(c for c in region_chain(code)[1:] if c in _names())


def name_of(code: str) -> str:
    """Return the Chinese name of a region; NotFound for a code that is not packaged."""
    if code not in _names():
        raise NotFound(
            f"no region {code!r} in the packaged table of Guangdong; expected a GB/T 2260 code of 6 or 9 digits"
        )
    return _names()[code]


def codes_of(name: str) -> tuple[str, ...]:
    """Return the codes of every region with this Chinese name, with or without its suffix (市, 区, 县, 镇, 街道)."""
    wanted = {name, *(name + suffix for suffix in ("市", "区", "县", "镇", "乡", "街道", "街道办事处", "省"))}
    return tuple(code for code, found in _names().items() if found in wanted)
