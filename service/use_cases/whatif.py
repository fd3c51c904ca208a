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

    The plans are those of the whole office, for posts are one market; what is told of them, the sums too, is of the caller's regions.
    NotFound for a post or employer not on file, PolicyError for a policy key that nothing answers.
    """
    today = office.today()
    with office.store.reading() as record:
        policy, state = office.policy(today), NightState.canonical(today, {name: record.read(name) for name in READS})
    other_state, other_policy = suppose(state, policy, what)
    scorer = office.scorer()
    now = plan_night(state, scorer, policy, rng=np.random.default_rng(seed))
    then = plan_night(other_state, scorer, other_policy, rng=np.random.default_rng(seed))
    members = state["members"]
    found = difference(now, then, members[office.sees(members["region_code"])])
    return {
        "as_of": today.isoformat(), "supposed": _plain(what), "model_version": scorer.version,
        "promises_kept_before": round(found.kept_before, 4), "promises_kept_after": round(found.kept_after, 4),
        **_lists(found),
    }  # fmt: skip


def _lists(found: Difference) -> dict[str, Any]:
    order = (
        (found.households["after"] - found.households["before"]).abs().sort_values(ascending=False, kind="stable").index
    )
    return {
        "gaining": int((found.members["change"] == "gains").sum()),
        "losing": int((found.members["change"] == "loses").sum()),
        "members": found.members.head(MOST_SHOWN).to_dict("records"),
        "households": found.households.loc[order].head(MOST_SHOWN).to_dict("records"),
    }


def _plain(what: Supposition) -> dict[str, Any]:
    found = asdict(what)
    return {**found, "hold": list(what.hold), "lose_employers": list(what.lose_employers)}
