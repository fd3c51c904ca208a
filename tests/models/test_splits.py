"""Splits in time: a gap between the sides, and no household on both."""

import numpy as np
import pytest

from matching.errors import NotReady
from models.splits import household_folds, temporal_split
from tests.models import region


def test_the_later_side_begins_a_gap_after_the_earlier_one_ends_and_was_followed_to_the_end():
    frame = region.frame()
    split = temporal_split(frame)
    gap = np.timedelta64(30, "D")
    assert frame.created_on[split.train].max() < split.test_from - gap
    assert frame.created_on[split.test].min() >= split.test_from
    assert frame.created_on[split.test].max() <= frame.cutoff - gap
    assert split.follow_up_days == 30


def test_no_household_is_on_both_sides():
    frame = region.frame()
    split = temporal_split(frame)
    sides = [set(frame.household_id[rows]) for rows in (split.train, split.test)]
    assert min(len(side) for side in sides) > 50
    assert sides[0] & sides[1] == set()


def test_the_same_frame_is_split_the_same_way():
    one, two = (temporal_split(region.frame()) for _ in range(2))
    assert np.array_equal(one.train, two.train) and np.array_equal(one.test, two.test)


def test_a_history_too_short_to_split_is_refused():
    frame = region.frame()
    first_day = frame.take(np.flatnonzero(frame.created_on == frame.created_on.min()))
    with pytest.raises(NotReady, match="both sides"):
        temporal_split(first_day)


def test_folds_keep_households_whole_and_are_dealt_the_same_for_a_seed():
    frame = region.frame()
    fold = household_folds(frame, 3, 7)
    assert np.array_equal(fold, household_folds(frame, 3, 7))
    assert not np.array_equal(fold, household_folds(frame, 3, 8))
    assert all(len(set(fold[frame.household_id == h])) == 1 for h in np.unique(frame.household_id.astype(str))[:100])
    assert sorted(set(fold.tolist())) == [0, 1, 2]
