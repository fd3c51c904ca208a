"""Outcomes at a horizon, with rows lost from sight weighed for by those that stayed in sight."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.horizons import started_within


def test_without_losses_every_row_counts_once():
    y, weight = started_within(np.array([1.0, 1, 0, 0]), np.array([5.0, 20, 3, np.nan]), 14)
    assert y.tolist() == [1, 0, 0, 0]
    assert weight.tolist() == [1, 1, 1, 1]


def test_a_row_lost_before_the_horizon_is_stood_in_for_by_the_rest():
    event = np.array([-1.0, 1, 0, 1])
    y, weight = started_within(event, np.array([2.0, 10, 10, 1]), 14)
    assert weight.tolist() == pytest.approx([0, 1.5, 1.5, 1])
    assert weight.sum() == pytest.approx(4.0)
    assert y.tolist() == [0, 1, 0, 1]


def test_a_row_lost_after_the_horizon_had_not_started_by_then():
    y, weight = started_within(np.array([-1.0, 1]), np.array([20.0, 3]), 14)
    assert y.tolist() == [0, 1] and weight.tolist() == [1, 1]


def test_the_weighted_rate_recovers_the_rate_had_nobody_been_lost():
    rng = np.random.default_rng(0)
    n = 200_000
    start = np.where(rng.random(n) < 0.4, rng.exponential(8.0, n), np.inf)
    close = np.where(np.isinf(start), rng.exponential(10.0, n), np.inf)
    lost = rng.exponential(15.0, n)
    end = np.minimum(start, close)
    event = np.where(lost < end, -1.0, np.isfinite(start).astype(float))
    y, weight = started_within(event, np.minimum(end, lost), 14)
    assert np.average(y, weights=weight) == pytest.approx(float((start <= 14).mean()), abs=0.004)
    assert abs(y[weight > 0].mean() - (start <= 14).mean()) > 0.01


@given(
    st.lists(st.tuples(st.sampled_from([-1.0, 0.0, 1.0]), st.integers(0, 40)), min_size=1, max_size=30),
    st.integers(0, 40),
)
def test_more_days_never_turn_a_start_into_none(rows, days):
    event, last = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    sooner, _ = started_within(event, last, days)
    later, weight = started_within(event, last, days + 5)
    assert (later >= sooner).all()
    assert (weight >= 0).all() and np.isfinite(weight).all()
