"""Several regions side by side, for measurements at sizes no single region has. Simulated, like every one of them."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pandas as pd

from models.simulation.config import RegionConfig
from models.simulation.region import simulate_region


def several_regions(
    config: RegionConfig,
    names: Sequence[str],
    referrals: int,
    seed: int = 0,
    progress: Callable[[str, float, float], None] = lambda step, done, total: None,
) -> dict[str, pd.DataFrame]:
    """Return the tables ``names`` of as many regions as hold ``referrals`` logged referrals, each of its own seed.

    Identifiers of the k-th region begin with ``SIM`` and end in ``-k``, so that nobody lives in two; places are shared. The last
    referrals beyond ``referrals`` are left out.
    """
    parts: list[dict[str, pd.DataFrame]] = []
    made = 0
    while made < referrals:
        region = simulate_region(replace(config, horizon_days=0), seed + len(parts)).tables
        parts.append({name: _renamed(region[name], f"-{len(parts)}") for name in names})
        made += len(parts[-1]["referrals"])
        progress("simulate", min(made, referrals), referrals)
    joined = {name: pd.concat([part[name] for part in parts], ignore_index=True) for name in names}
    return {**joined, "regions": parts[0]["regions"], "referrals": joined["referrals"].iloc[:referrals]}


def _renamed(frame: pd.DataFrame, ending: str) -> pd.DataFrame:
    own = [name for name in frame.columns if name.endswith("_id")]
    return frame.assign(**{name: frame[name] + ending for name in own})
