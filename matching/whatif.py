"""What if: the record with a post held, openings added, an employer gone or a policy number changed, and how the night's plan differs."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pandas as pd

from matching.errors import NotFound, PolicyError
from matching.nightly import NightPlan
from matching.nightly_scene import NightState
from matching.policy.load import PolicyBook
from matching.policy.schema import Value


@dataclass(frozen=True, slots=True)
class Supposition:
    """What is supposed for one planning.

    ``hold`` posts nobody is sent to; ``openings`` post → openings added; ``lose_employers`` employers whose posts are all gone;
    ``policy`` key → another value at the book's own place.
    """

    hold: tuple[str, ...] = ()
    openings: Mapping[str, int] = field(default_factory=dict)
    lose_employers: tuple[str, ...] = ()
    policy: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Difference:
    """How one plan differs from another.

    Attributes
    ----------
    members : DataFrame
        ``member_id household_id before after change``: referrals each member would newly be given, ``gains`` or ``loses``; members
        with as many as before are left out.
    households : DataFrame
        ``household_id before after``: chance that the promise is kept, where it moves by a percentage point or more.
    kept_before, kept_after : float
        Households with a job by their due day that the forecast expects in all.
    """

    members: pd.DataFrame
    households: pd.DataFrame
    kept_before: float
    kept_after: float


def suppose(state: NightState, policy: PolicyBook, what: Supposition) -> tuple[NightState, PolicyBook]:
    """Return the state and the policy under a supposition; NotFound for an unknown post or employer, PolicyError for an unknown key."""
    positions = state["positions"].copy()
    _known("post", {*what.hold, *what.openings}, positions["position_id"])
    _known("employer", set(what.lose_employers), positions["employer_id"])
    held = positions["position_id"].isin(what.hold) | positions["employer_id"].isin(what.lose_employers)
    positions.loc[held, "status"] = "paused"
    more = positions["position_id"].map(what.openings).fillna(0).astype("int64")
    for column in ("openings_left", "openings_total"):
        positions[column] = (positions[column] + more).astype(state["positions"][column].dtype)
    positions.loc[(more > 0) & (positions["status"] == "filled"), "status"] = "open"
    return NightState.canonical(state.as_of, {**state.tables, "positions": positions}), _changed(policy, what.policy)


def _known(name: str, asked: set[str], there: pd.Series) -> None:
    if missing := sorted(asked - set(there)):
        raise NotFound(f"expected a {name} on file, found {', '.join(missing)}; see the list of posts")


def _changed(policy: PolicyBook, values: Mapping[str, Value]) -> PolicyBook:
    rows = []
    for key, value in values.items():
        row = policy.row(key)
        if row is None:
            raise PolicyError(
                f"expected a policy key that is answered in {policy.region_code}, found {key!r}; see the policy pages"
            )
        rows.append(replace(row, value=value, source="supposed", note=""))
    return policy.with_rows(rows) if rows else policy


def difference(before: NightPlan, after: NightPlan, members: pd.DataFrame) -> Difference:
    """Compare two plans of the same night for these members and their households."""
    homes = members.set_index("member_id")["household_id"]
    counts = pd.DataFrame({"before": _counts(before, homes), "after": _counts(after, homes)}).fillna(0).astype("int64")
    counts = counts[counts["before"] != counts["after"]].reset_index(names=["member_id", "household_id"])
    counts["change"] = (counts["after"] > counts["before"]).map({True: "gains", False: "loses"})
    chance = pd.DataFrame({
        "before": before.forecast.set_index("household_id")["chance"], "after": after.forecast.set_index("household_id")["chance"],
    })  # fmt: skip
    chance = chance[chance.index.isin(set(homes))]
    moved = chance[(chance["after"] - chance["before"]).abs() >= 0.01].reset_index()
    return Difference(counts, moved, float(chance["before"].sum()), float(chance["after"].sum()))


def _counts(plan: NightPlan, homes: pd.Series) -> pd.Series:
    kept = plan.diff[plan.diff["change"].isin(["kept", "added"])]
    return kept.assign(household_id=kept["member_id"].map(homes)).groupby(["member_id", "household_id"]).size()
