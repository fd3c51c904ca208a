"""What if: tonight's plan with something supposed, beside tonight's plan as things stand; the record stays as it is."""

from dataclasses import asdict
from typing import Any

import numpy as np

from matching.nightly import NightState, plan_night
from matching.whatif import Difference, Supposition, difference, suppose
from service.batch import READS
from service.wiring import Office

MOST_SHOWN = 500
"""Rows of each list in an answer."""


def what_if(office: Office, what: Supposition, *, seed: int = 0) -> dict[str, Any]:
    """Plan twice from one snapshot, as it is and as supposed, and return the difference for the caller's regions.

    The plans are those of the whole office: posts are one market. NotFound for a post or employer not on file, PolicyError for a policy key
    that nothing answers.
    """
    today = office.today()
    policy, state = office.policy(today), NightState.canonical(today, office.store.snapshot(READS))
    other_state, other_policy = suppose(state, policy, what)
    scorer = office.scorer()
    now = plan_night(state, scorer, policy, rng=np.random.default_rng(seed))
    then = plan_night(other_state, scorer, other_policy, rng=np.random.default_rng(seed))
    found = difference(now, then, state["members"])
    return {
        "as_of": today.isoformat(), "supposed": _plain(what), "model_version": scorer.version,
        "promises_kept_before": round(found.kept_before, 4), "promises_kept_after": round(found.kept_after, 4),
        **_lists(office, state, found),
    }  # fmt: skip


def _lists(office: Office, state: NightState, found: Difference) -> dict[str, Any]:
    members = state["members"]
    seen = members[office.sees(members["region_code"])]
    mine = found.members[found.members["member_id"].isin(set(seen["member_id"]))]
    homes = found.households[found.households["household_id"].isin(set(seen["household_id"]))]
    order = (homes["after"] - homes["before"]).abs().sort_values(ascending=False, kind="stable").index
    return {
        "gaining": int((mine["change"] == "gains").sum()),
        "losing": int((mine["change"] == "loses").sum()),
        "members": mine.head(MOST_SHOWN).to_dict("records"),
        "households": homes.loc[order].head(MOST_SHOWN).to_dict("records"),
    }


def _plain(what: Supposition) -> dict[str, Any]:
    found = asdict(what)
    return {**found, "hold": list(what.hold), "lose_employers": list(what.lose_employers)}
