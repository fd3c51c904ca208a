"""Intervals drawn over members hold the truth about as often as they say, and are wider where referrals hang together."""

import numpy as np

from models.resampling import MemberBootstrap


def test_the_interval_of_a_mean_is_that_of_its_standard_error():
    x = np.random.default_rng(1).normal(size=4_000)
    middle, low, high = MemberBootstrap(np.arange(4_000)).ratio(x, np.ones(4_000))
    assert middle == x.mean()
    assert abs((high - low) / (2 * 1.96 / np.sqrt(4_000)) - 1.0) < 0.15


def test_repeating_each_member_s_row_does_not_make_the_interval_narrower():
    x = np.random.default_rng(1).normal(size=500)
    once = MemberBootstrap(np.arange(500)).ratio(x, np.ones(500))
    tenfold = MemberBootstrap(np.repeat(np.arange(500), 10)).ratio(np.repeat(x, 10), np.ones(5_000))
    assert np.allclose(once, tenfold)


def test_more_members_than_bunches_are_still_all_counted():
    x = np.random.default_rng(1).normal(size=30_000)
    middle, low, high = MemberBootstrap(np.arange(30_000)).ratio(x, np.ones(30_000))
    assert np.isclose(middle, x.mean()) and low < middle < high
    assert abs((high - low) / (2 * 1.96 / np.sqrt(30_000)) - 1.0) < 0.15


def test_nothing_in_sight_says_nothing():
    assert np.isnan(MemberBootstrap(np.arange(3)).ratio(np.zeros(3), np.zeros(3))).all()
