"""One flow: the best choice under capacity, who is bound to be placed, and what cannot be solved."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from matching.allocation.flow import best_flow
from matching.errors import AllocationError


def flow(value, capacity, forced=None):
    """Return the chosen of all pairs of (n_sources, n_positions) values."""
    n, m = value.shape
    source, position = np.divmod(np.arange(n * m), m)
    keys = tuple(np.arange(k, dtype=np.uint64) for k in (n, m))
    return best_flow(source, position, value.ravel(), np.asarray(capacity), keys, forced).reshape(n, m)


@given(st.integers(0, 10_000), st.integers(1, 5), st.integers(1, 4))
def test_the_choice_is_worth_as_much_as_the_best_assignment(seed, n, m):
    rng = np.random.default_rng(seed)
    value, capacity = rng.uniform(-1.0, 1.0, (n, m)), rng.integers(0, 3, m)
    chosen = flow(value, capacity)
    assert (chosen.sum(axis=1) <= 1).all() and (chosen.sum(axis=0) <= capacity).all()
    assert (value[chosen] > 0).all()
    each = np.maximum(np.repeat(value, capacity, axis=1), 0.0)
    assert value[chosen].sum() == pytest.approx(each[linear_sum_assignment(-each)].sum())


def test_who_is_bound_to_be_placed_is_placed_whatever_it_is_worth():
    chosen = flow(np.array([[-5.0, -7.0], [9.0, 1.0]]), [1, 1], np.array([True, False]))
    assert chosen.tolist() == [[False, True], [True, False]]


def test_more_who_are_bound_to_be_placed_than_openings_are_refused():
    with pytest.raises(AllocationError, match="expected an optimal solution"):
        flow(np.ones((2, 1)), [1], np.array([True, True]))
    with pytest.raises(AllocationError, match="no position with room"):
        flow(np.ones((2, 1)), [0], np.array([True, False]))


@pytest.mark.parametrize("value", [np.inf, np.nan, 2e15])
def test_values_that_integers_cannot_hold_are_refused(value):
    with pytest.raises(AllocationError, match="too large to solve exactly"):
        flow(np.array([[1.0, abs(value)]]), [1, 1], np.array([True]))
