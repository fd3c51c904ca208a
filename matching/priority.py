"""Tiers of urgency across households: they order staff time and scarce posts, never one member's own list."""

import numpy as np
import pandas as pd

from matching.arrays import Floats
from matching.policy.load import PolicyBook

ZERO_EMPLOYMENT = ("recognised", "in_service")
"""Household states in which nobody of working age has a job."""


def tiers(households: pd.DataFrame, members: pd.DataFrame, days_left: Floats, policy: PolicyBook) -> np.ndarray:
    """Return (n_members,) tiers.

    P0 a running promise with few days left (``night.fallback_days``), P1 a zero-employment household, P2 another hard-to-employ person,
    P3 everybody else. ``days_left`` (n_members,) is NaN where no clock runs.
    """
    status = (
        members["household_id"].map(households.set_index("household_id")["status"])
        if len(households)
        else pd.Series("", index=members.index)
    )
    zero = status.isin(ZERO_EMPLOYMENT).to_numpy() | members["categories"].str.contains("zero_employment").to_numpy(
        dtype=bool
    )
    hard = (members["categories"] != "").to_numpy()
    tier = np.where(zero, "P1", np.where(hard, "P2", "P3")).astype(object)
    tier[(days_left <= policy.number("night.fallback_days")) & zero] = "P0"
    return tier
