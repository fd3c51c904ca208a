"""Discovery in time: days from finding a household to recognising it, to the first referral, to work."""

import pandas as pd

from matching.reports.period import Period, area_of

STEPS = ("days_before_recognition", "days_to_first_referral", "days_to_work")
"""Columns of ``household_table`` that are judged."""


def timeliness(households: pd.DataFrame, lived: pd.DataFrame, period: Period, level: str = "district") -> pd.DataFrame:
    """Return how long each step took for households recognised in a period.

    ``lived`` is ``household_table`` of the same households, in their order. Columns ``area households`` and for each step
    ``<step>_known <step>_median <step>_p90`` (days; NaN where no household has both days).
    """
    rows = period.holds(households["recognised_on"]).to_numpy()
    area = area_of(households.loc[rows, "region_code"], level).reset_index(drop=True)
    steps = lived.loc[rows, list(STEPS)].reset_index(drop=True).astype("Float64").astype(float)
    grouped = steps.groupby(area)
    parts = {"households": area.value_counts().sort_index()}
    for step in STEPS:
        parts[f"{step}_known"] = grouped[step].count()
        parts[f"{step}_median"] = grouped[step].median()
        parts[f"{step}_p90"] = grouped[step].quantile(0.9)
    return pd.DataFrame(parts).rename_axis("area").reset_index()
