"""Categories of hard-to-employ people the record suggests and nobody has recorded: prompts for a person, never an entry."""

from datetime import date

import numpy as np
import pandas as pd

from matching.arrays import Bools
from matching.policy.load import PolicyBook
from matching.promise import ZERO_EMPLOYMENT
from matching.reasons import Reason


def older(members: pd.DataFrame, as_of: date, policy: PolicyBook) -> Bools:
    """Return (n,) members old enough for the category of older people (大龄) on a day; false where age, sex or the rule is not known."""
    month = np.datetime64(as_of, "M")
    born = np.array([b if isinstance(b, str) else "NaT" for b in members["birth_month"]], dtype="datetime64[M]")
    age = (month - born).astype(np.int64) // 12
    out = np.zeros(len(members), dtype=bool)
    for sex, key in (("F", "category.older_age_women"), ("M", "category.older_age_men")):
        least = policy.number_or_none(key)
        if least is not None:
            out |= (members["sex"] == sex).to_numpy() & (age >= least)
    return np.asarray(out & ~np.isnat(born))


def category_prompts(
    households: pd.DataFrame, members: pd.DataFrame, as_of: date, policy: PolicyBook
) -> dict[str, tuple[Reason, ...]]:
    """Return, for each member, the categories the record speaks for and the member does not have; members without one are left out.

    By age (:func:`older`), a disability level, a household on subsistence allowance, a household recognised as zero-employment, and a
    year or more without work. Recognition is somebody else's decision and voluntary.
    """
    homes = households.set_index("household_id")
    at = homes.index.get_indexer(pd.Index(members["household_id"]))
    dibao = np.append(homes["dibao_status"].isin(["receiving", "closing"]).to_numpy(), False)[at]
    zero = np.append(homes["status"].isin(ZERO_EMPLOYMENT).to_numpy(), False)[at]
    a_year = pd.Timestamp(as_of) - pd.DateOffset(years=1)
    speaks = {
        "older": older(members, as_of, policy),
        "disabled": members["disability_level"].notna().to_numpy(),
        "dibao": dibao,
        "zero_employment": zero,
        "long_unemployed": (
            (members["unemployed_since"] <= a_year) & (members["employment_state"] == "unemployed")
        ).to_numpy(dtype=bool),
    }
    held = ";" + members["categories"] + ";"
    ids = members["member_id"].tolist()
    found: dict[str, list[Reason]] = {}
    for code, says in speaks.items():
        missing = says & ~held.str.contains(f";{code};", regex=False).to_numpy(dtype=bool)
        for i in np.flatnonzero(missing):
            found.setdefault(ids[i], []).append(Reason("CATEGORY_MAY_APPLY", {"category": code}))
    return {member: tuple(reasons) for member, reasons in sorted(found.items())}
