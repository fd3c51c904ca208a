"""Splits in time: learn from the past, judge on what came after, and no household on both sides."""

from dataclasses import dataclass

import numpy as np

from matching.arrays import Ints
from matching.errors import NotReady
from models.datasets import TrainingFrame

LABEL_GAP_DAYS = 30
"""Days between the last training referral and the first test referral, so that an outcome cannot reach across."""


@dataclass(frozen=True, slots=True)
class Split:
    """Row numbers of the two sides, the first test day, and the follow-up every test row has at least (days)."""

    train: Ints
    test: Ints
    test_from: np.datetime64
    follow_up_days: int


def temporal_split(frame: TrainingFrame, *, test_share: float = 0.25, gap_days: int = LABEL_GAP_DAYS) -> Split:
    """Split a frame in time.

    The test side is the last ``test_share`` of the referrals that were followed for ``gap_days``; the training side ends ``gap_days``
    before it and leaves out every household of the test side. Short histories use a quarter of their length instead of ``gap_days``.

    Raises
    ------
    NotReady
        When one side would be empty.
    """
    span = int((frame.cutoff - frame.created_on.min()) / np.timedelta64(1, "D"))
    days = min(gap_days, span // 4)
    gap = np.timedelta64(days, "D")
    followed = np.sort(frame.created_on[frame.created_on <= frame.cutoff - gap])
    if not len(followed):
        raise NotReady(f"expected referrals followed for {days} days, found none; wait for outcomes")
    test_from = followed[int((1.0 - test_share) * (len(followed) - 1))]
    test = np.flatnonzero((frame.created_on >= test_from) & (frame.created_on <= frame.cutoff - gap))
    tested = np.unique(frame.household_id[test].astype(str))
    early = frame.created_on < test_from - gap
    train = np.flatnonzero(early & ~np.isin(frame.household_id.astype(str), tested))
    if not len(train) or not len(test):
        raise NotReady(
            f"expected referrals on both sides of {test_from} with {days} days between, found {len(train)} before and {len(test)} after; "
            "collect a longer history"
        )
    return Split(train, test, test_from, days)


def household_folds(frame: TrainingFrame, n_folds: int, seed: int) -> Ints:
    """Return (n,) folds 0 ... n_folds - 1; a household is in one fold, and the same seed deals the same folds."""
    _, code = np.unique(frame.household_id.astype(str), return_inverse=True)
    dealt = np.random.default_rng(seed).permutation(int(code.max()) + 1)
    return np.asarray(dealt[code] % n_folds)
