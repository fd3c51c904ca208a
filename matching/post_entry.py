"""What a desk asks of a post it takes in itself, where the employer is there to answer: nothing left out, nothing twice."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from matching.arrays import Bools
from matching.policy.load import PolicyBook
from matching.post_review import QUARANTINES, Finding, found_on, listed
from matching.vocabulary import PositionStatus

HOLDS = QUARANTINES | {"INCOMPLETE", "DUPLICATE"}
"""Codes with which a post of the desk may not be shown until it is corrected or an officer has judged it."""

_EMPLOYED = ("EMPLOYER", "DISPATCH", "PUBLIC_WELFARE")
_ASKED: Mapping[str, tuple[str, ...]] = {
    "duties": ("EMPLOYER", "DISPATCH", "PUBLIC_WELFARE", "COMMUNITY_BASE", "TRAINEE", "FLEXIBLE"),
    "contract_months": _EMPLOYED, "insured": _EMPLOYED, "shift_start": (*_EMPLOYED, "TRAINEE"), "shift_end": (*_EMPLOYED, "TRAINEE"),
}  # fmt: skip
"""Column → kinds of post that have to say it."""

_SAME = ("employer_id", "kind", "title", "region_code", "wage_min", "wage_max", "shift_start", "shift_end")
_OVER = (PositionStatus.CLOSED.value, PositionStatus.EXPIRED.value, PositionStatus.FILLED.value)


def review_entries(positions: pd.DataFrame, others: pd.DataFrame, policy: PolicyBook) -> pd.DataFrame:
    """Return the findings of ``review_posts`` with what is left out and what is there already, held back by ``HOLDS``.

    ``others`` are the posts of the same employers; a post that is among them is no duplicate of itself, and of two alike the one that
    was posted later is.
    """
    found = [*found_on(positions, policy), *_left_out(positions), *_duplicates(positions, others)]
    return listed(positions, found, HOLDS)


def _left_out(positions: pd.DataFrame) -> list[Finding]:
    out = []
    for column, kinds in _ASKED.items():
        values = positions[column]
        empty: Bools = np.asarray((values.isna() | (values.astype(object) == "")).to_numpy(dtype=bool))
        asked = positions["kind"].isin(kinds).to_numpy() & ~_free_of(positions, column)
        out += [Finding(int(k), "INCOMPLETE", column, column) for k in np.flatnonzero(empty & asked)]
    return out


def _free_of(positions: pd.DataFrame, column: str) -> Bools:
    """(n,) posts that need not say a column: work at home has no shift."""
    home = positions["home_based"].to_numpy(dtype=bool)
    return home & column.startswith("shift_")


def _duplicates(positions: pd.DataFrame, others: pd.DataFrame) -> list[Finding]:
    live = others[~others["status"].isin(list(_OVER))].sort_values(["posted_on", "position_id"], ascending=False)
    known = dict(
        zip(_keys(live), live["position_id"], strict=True)
    )  # of several alike the first posted is written last
    ids = positions["position_id"].to_numpy(dtype=object)
    firsts = [known.get(row) for row in _keys(positions)]
    return [
        Finding(k, "DUPLICATE", "title", str(first)) for k, first in enumerate(firsts) if first not in (None, ids[k])
    ]


def _keys(positions: pd.DataFrame) -> list[tuple[object, ...]]:
    rows = positions[list(_SAME)].astype(object)
    return list(rows.where(rows.notna(), None).itertuples(index=False, name=None))
