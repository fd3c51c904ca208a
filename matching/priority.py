"""Urgency across households: tiers for staff time and scarce posts, and the regulated order for public-welfare posts."""

from datetime import date

import numpy as np

from matching.arrays import Bools, Floats, Ints
from matching.columns import Table, among, holding, numbers, picked, rows_of, texts
from matching.errors import PolicyError
from matching.policy.load import PolicyBook
from matching.promise import ZERO_EMPLOYMENT
from matching.vocabulary import HardshipCategory

DERIVED_GROUPS = ("disabled_severe", "near_retirement", "other")
"""Places of the welfare order that are computed and no category of their own."""


def tiers(households: Table, members: Table, days_left: Floats, policy: PolicyBook) -> np.ndarray:
    """Return (n_members,) tiers; they order households for staff and scarce posts, never posts for one member.

    P0 a running promise with few days left (``night.fallback_days``) or past its day, P1 a zero-employment household, P2 another
    hard-to-employ person, P3 everybody else. ``days_left`` (n_members,) is NaN where no clock runs.
    """
    zero = _zero_employment(households, members)
    hard = texts(members, "categories") != ""
    tier = np.where(zero, "P1", np.where(hard, "P2", "P3")).astype(object)
    tier[days_left <= policy.number("night.fallback_days")] = "P0"
    return tier


def welfare_order(households: Table, members: Table, as_of: date, policy: PolicyBook) -> Ints:
    """Return (n_members,) each member's place in the regulated order for public-welfare posts, 0 first.

    ``pw.priority_order`` lists categories from the first to the last; ``a=b`` share a place, ``disabled_severe`` is disability of level
    1 or 2, ``near_retirement`` lies within ``pw.near_retire_years`` of retirement, ``other`` is everybody. A member of several
    categories stands at the first. One order holds for the whole list: that of the book's place.
    """
    groups = [tuple(place.split("=")) for place in policy.items("pw.priority_order")]
    known = {c.value for c in HardshipCategory} | set(DERIVED_GROUPS)
    if strange := {g for place in groups for g in place} - known:
        raise PolicyError(
            f"pw.priority_order: expected hard-to-employ categories, {', '.join(DERIVED_GROUPS)}, found {', '.join(sorted(strange))}"
        )
    place = np.full(len(members), len(groups), dtype=np.int64)
    for k in reversed(range(len(groups))):
        for group in groups[k]:
            place[_in_group(group, households, members, as_of, policy)] = k
    return place


def passed_over(place: Ints, eligible: Bools, chosen: int) -> Ints:
    """Return the rows of eligible members with an earlier place than the chosen one.

    Choosing while this is not empty needs a coded reason and a second person. ``place`` (n,) from :func:`welfare_order`.
    """
    return np.flatnonzero(eligible & (place < place[chosen]))


def _in_group(group: str, households: Table, members: Table, as_of: date, policy: PolicyBook) -> Bools:
    if group == "other":
        return np.ones(len(members), dtype=bool)
    if group == "zero_employment":
        return _zero_employment(households, members)
    if group == "disabled_severe":
        return np.asarray(numbers(members, "disability_level") <= 2)
    if group == "near_retirement":
        retires = policy.retirement_months(texts(members, "birth_month"), texts(members, "sex"))
        left = (retires.astype("datetime64[M]") - np.datetime64(as_of, "M")).astype(np.int64)
        return np.asarray(~np.isnat(retires) & (left > 0) & (left <= 12 * policy.whole("pw.near_retire_years")))
    held = holding(texts(members, "categories"), group)
    if group == "dibao":
        held |= among(_of_household(households, members, "dibao_status"), ("receiving", "closing"))
    return held


def _zero_employment(households: Table, members: Table) -> Bools:
    status = _of_household(households, members, "status")
    return among(status, ZERO_EMPLOYMENT) | holding(texts(members, "categories"), "zero_employment")


def _of_household(households: Table, members: Table, column: str) -> np.ndarray:
    """Return (n_members,) a text of each member's household, "" where there is none."""
    at = rows_of(texts(households, "household_id"), texts(members, "household_id"))
    return picked(texts(households, column), at, "")
