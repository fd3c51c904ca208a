"""The whole province on one day, of a stated size: what a night has to plan for at its largest (scenario S4)."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from matching.errors import BadInput
from models.simulation.config import BASE_HOUSEHOLDS, SCENARIOS
from models.simulation.draws import uniform
from models.simulation.geography import central_areas
from models.simulation.region import lived, tables

MEMBERS, STOCK, POSTS = 1_125.0, 110.0, 264.0
"""Seeking members for each household a city and day; open posts for each of those, and for each opening a city and day (measured)."""

SPARE = 1.03
"""More is simulated than asked for, and what is too much is left out at random."""


def province(n_members: int, n_positions: int, seed: int = 0) -> Mapping[str, pd.DataFrame]:
    """Return the tables of the 21 cities with exactly so many members in search of work and so many open posts, none referred yet.

    Homes and posts are spread over the cities alike, whatever the size: a larger record is a denser one. BadInput for sizes below 1.
    """
    if min(n_members, n_positions) < 1:
        raise BadInput(f"expected at least one member and one post, found {n_members} and {n_positions}")
    spare = SPARE + 20.0 / np.sqrt(min(n_members, n_positions)) / 10.0
    rate = spare * n_members / MEMBERS
    while True:
        flow = max(spare * n_positions - STOCK * rate, 0.05 * n_positions) / POSTS
        base = replace(SCENARIOS["cold_start"], areas=central_areas(), households_per_city_day=rate)
        found = tables(lived(replace(base, openings=flow * BASE_HOUSEHOLDS / rate), seed), live_only=True)
        if len(found["members"]) >= n_members and len(found["positions"]) >= n_positions:
            return _trimmed(found, n_members, n_positions, seed)
        spare *= 1.2
        rate *= 1.2


def _trimmed(found: Mapping[str, pd.DataFrame], n_members: int, n_positions: int, seed: int) -> dict[str, pd.DataFrame]:
    """Keep whole households at random until the members are as many as asked for, single people making up the rest, and posts alike."""
    homes = found["members"].groupby("household_id", sort=True).size()
    homes = homes.iloc[np.argsort(uniform(seed, "province-homes", np.arange(len(homes))), kind="stable")]
    fits = homes.cumsum() <= n_members
    rest = homes[~fits]
    alone = rest[rest == 1].index[: n_members - int(homes[fits].sum())]
    kept = set(homes.index[fits]) | set(alone)
    posts = found["positions"]
    lucky = np.argsort(uniform(seed, "province-posts", np.arange(len(posts))), kind="stable")[:n_positions]
    members = found["members"][found["members"]["household_id"].isin(kept)].reset_index(drop=True)
    out = dict(found) | {"members": members, "positions": posts.iloc[np.sort(lucky)].reset_index(drop=True)}
    for name, key, known in (
        ("households", "household_id", kept),
        ("promises", "household_id", kept),
        ("assessments", "member_id", set(members["member_id"])),
        ("placements", "member_id", set(members["member_id"])),
    ):
        out[name] = found[name][found[name][key].isin(known)].reset_index(drop=True)
    return out
