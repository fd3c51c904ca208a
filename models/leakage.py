"""A guard against the future: features must come out the same from the record as it stood on the day of the referral."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from matching.errors import TableError
from matching.policy.load import PolicyBook
from models.datasets import TrainingFrame, features_on_the_day
from models.record import Record, known_by, read_record

SAMPLED_DAYS = 4
ROWS_A_DAY = 200


@dataclass(frozen=True, slots=True)
class Leak:
    """One training value that would be another had the future been hidden."""

    referral_id: str
    feature: str
    used: float
    known_then: float


def find_leaks(
    frame: TrainingFrame, tables: Mapping[str, pd.DataFrame], policy: PolicyBook, *, days: int = SAMPLED_DAYS
) -> list[Leak]:
    """Return the values of a frame that the record of the referral's own day does not give.

    For ``days`` days spread over the frame, everything dated later is taken out of the tables (assessments, outcomes, placements,
    confirmations), undated columns that are overwritten in place are set back, and the features are built again; every value has to be
    the same to the last bit.
    """
    whole = read_record(tables, frame.cutoff.astype("datetime64[D]").item())
    referrals = whole["referrals"].set_index("referral_id", drop=False)
    found = []
    for day in _sample(np.unique(frame.created_on), days):
        rows = np.flatnonzero(frame.created_on == day)[:ROWS_A_DAY]
        then = Record(known_by(whole.frames, day), day, {})
        known = features_on_the_day(then, referrals.loc[frame.referral_id[rows]], policy)
        used = frame.pairs.features[rows]
        differs = (used != known) & ~(np.isnan(used) & np.isnan(known))
        found += [
            Leak(str(frame.referral_id[rows[r]]), frame.pairs.names[k], float(used[r, k]), float(known[r, k]))
            for r, k in zip(*np.nonzero(differs), strict=True)
        ]
    return found


def refuse_leaks(frame: TrainingFrame, tables: Mapping[str, pd.DataFrame], policy: PolicyBook) -> None:
    """Raise TableError naming referral and feature when a frame holds anything its own day did not know."""
    leaks = find_leaks(frame, tables, policy)
    if leaks:
        first = "; ".join(
            f"{x.referral_id}, {x.feature}: used {x.used:g}, known then {x.known_then:g}" for x in leaks[:3]
        )
        raise TableError(
            f"{len(leaks)} training values come from after their referral ({first}); build the frame with training_frame"
        )


def _sample(days: np.ndarray, most: int) -> np.ndarray:
    return days[np.unique(np.linspace(0, len(days) - 1, most).astype(int))]
