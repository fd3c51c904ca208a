"""Is there ground for the pause somebody asks for? Two reasons rest on facts of the record and are checked against them."""

from datetime import date

import pandas as pd

from matching.errors import PromiseError
from matching.policy.load import PolicyBook

ANSWERED = ("reached", "visited")
"""Results of a contact in which the household was met."""


def check_grounds(reason: str, contacts: pd.DataFrame, trainings: pd.DataFrame, day: date, policy: PolicyBook) -> None:
    """Raise PromiseError when the record does not bear out a pause from ``day``; ``contacts`` and ``trainings`` are the household's.

    ``unreachable`` rests on ``promise.unreachable_attempts`` attempts without an answer, each on a day of its own, in
    ``promise.unreachable_channels`` channels, since the household was last met; ``in_training`` on a course that runs. A certificate of
    illness, an absence and a disaster are seen by the two people who decide.
    """
    if reason == "unreachable":
        _unreachable(contacts, day, policy)
    elif reason == "in_training":
        runs = (trainings["state"] == "running") & ~(trainings["started_on"] > pd.Timestamp(day))
        if not runs.any():
            raise PromiseError(
                "pause for in_training: expected a course that runs, found none; record the course first"
            )


def _unreachable(contacts: pd.DataFrame, day: date, policy: PolicyBook) -> None:
    past = contacts[contacts["contacted_on"] <= pd.Timestamp(day)]
    met_on = past.loc[past["result"].isin(ANSWERED), "contacted_on"].max()
    tried = past[~past["result"].isin(ANSWERED) & ~(past["contacted_on"] <= met_on)]
    days, channels = tried["contacted_on"].nunique(), tried["kind"].nunique()
    need, ways = policy.whole("promise.unreachable_attempts"), policy.whole("promise.unreachable_channels")
    if days < need or channels < ways:
        raise PromiseError(
            f"pause for unreachable: expected attempts on {need} days in {ways} channels since the household was last met, "
            f"found {days} in {channels}; try again and record each attempt"
        )
