"""A programme's target ("three years, 300,000"): how far it has come, and the pace it would need."""

from dataclasses import dataclass
from datetime import date

import pandas as pd

from matching.policy.load import PolicyBook


@dataclass(frozen=True, slots=True)
class Progress:
    """People helped into work since the programme began.

    Attributes
    ----------
    placed, target : int
        People with a verified job so far; people the programme promised.
    workdays_gone, workdays_left : int
        Working days since it began and until it ends.
    pace, pace_needed : float
        People a working day so far, and from now on to reach the target (0 once it is reached; NaN without a day left).
    """

    placed: int
    target: int
    workdays_gone: int
    workdays_left: int
    pace: float
    pace_needed: float

    @property
    def share(self) -> float:
        """Share of the target reached."""
        return self.placed / self.target if self.target else float("nan")


def programme_progress(
    placements: pd.DataFrame, first: date, last: date, target: int, as_of: date, policy: PolicyBook
) -> Progress:
    """Return a programme's progress on a day, counting each person once; a trainee place is no job."""
    today = pd.Timestamp(as_of)
    jobs = placements[(placements["verified_on"] <= today) & (placements["evidence"] != "none")]
    jobs = jobs[jobs["kind"].isin(policy.items("promise.met_by"))]
    jobs = jobs[(jobs["started_on"] >= pd.Timestamp(first)) & (jobs["started_on"] <= today)]
    placed = int(jobs["member_id"].nunique())
    gone = _workdays(first, min(as_of, last), policy)
    left = _workdays(max(first, as_of), last, policy) if as_of < last else 0
    missing = max(target - placed, 0)
    needed = 0.0 if missing == 0 else missing / left if left else float("nan")
    return Progress(placed, target, gone, left, placed / gone if gone else 0.0, needed)


def _workdays(first: date, last: date, policy: PolicyBook) -> int:
    days = pd.date_range(first, last)
    return sum(policy.calendar.is_workday(day.date()) for day in days)
