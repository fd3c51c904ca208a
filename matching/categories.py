"""Categories of hard-to-employ people the record suggests and nobody has recorded: prompts for a person, never an entry."""

from datetime import date

import numpy as np

from matching.arrays import Bools
from matching.columns import Table, among, days, holding, numbers, picked, rows_of, texts
from matching.policy.load import PolicyBook
from matching.promise import ZERO_EMPLOYMENT, months_later
from matching.reasons import Reason


def older(members: Table, as_of: date, policy: PolicyBook) -> Bools:
    """Return (n,) members old enough for the category of older people (大龄) on a day; false where age, sex or the rule is not known."""
    month = np.datetime64(as_of, "M")
    born = np.array([b if isinstance(b, str) else "NaT" for b in texts(members, "birth_month")], dtype="datetime64[M]")
    age, sexes = (month - born).astype(np.int64) // 12, texts(members, "sex")
    out = np.zeros(len(members), dtype=bool)
    for sex, key in (("F", "category.older_age_women"), ("M", "category.older_age_men")):
        least = policy.number_or_none(key)
        if least is not None:
            out |= (sexes == sex) & (age >= least)
    return np.asarray(out & ~np.isnat(born))


def category_prompts(
    households: Table, members: Table, as_of: date, policy: PolicyBook
) -> dict[str, tuple[Reason, ...]]:
    """Return, for each member, the categories the record speaks for and the member does not have; members without one are left out.

    By age (:func:`older`), a disability level, a household on subsistence allowance, a household recognised as zero-employment, and a
    year or more without work. Recognition is somebody else's decision and voluntary.
    """
    at = rows_of(texts(households, "household_id"), texts(members, "household_id"))
    jobless = texts(members, "employment_state") == "unemployed"
    speaks = {
        "older": older(members, as_of, policy),
        "disabled": ~np.isnan(numbers(members, "disability_level")),
        "dibao": picked(among(texts(households, "dibao_status"), ("receiving", "closing")), at, False),
        "zero_employment": picked(among(texts(households, "status"), ZERO_EMPLOYMENT), at, False),
        "long_unemployed": jobless
        & (days(members, "unemployed_since") <= np.datetime64(months_later(as_of, -12), "D")),
    }
    held, ids = texts(members, "categories"), texts(members, "member_id")
    found: dict[str, list[Reason]] = {}
    for code, says in speaks.items():
        for i in np.flatnonzero(says & ~holding(held, code)):
            found.setdefault(ids[i], []).append(Reason("CATEGORY_MAY_APPLY", {"category": code}))
    return {member: tuple(reasons) for member, reasons in sorted(found.items())}
