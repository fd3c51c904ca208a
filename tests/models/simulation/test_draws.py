"""Luck by key."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from models.simulation.draws import generator, gumbel, normal, uniform

KEYS = st.integers(min_value=-1, max_value=2**40)


@settings(max_examples=50)
@given(seed=st.integers(0, 2**31), a=KEYS, b=KEYS)
def test_a_key_draws_the_same_number_alone_and_among_others(seed, a, b):
    alone = uniform(seed, "x", a, b)
    among = uniform(seed, "x", np.array([a, a, b]), np.array([a, b, b]))
    assert float(alone) == among[1]
    assert 0.0 < float(alone) < 1.0


def test_streams_seeds_and_keys_draw_apart():
    keys = np.arange(2000)
    drawn = [
        uniform(1, "x", keys),
        uniform(2, "x", keys),
        uniform(1, "y", keys),
        uniform(1, "x", keys, 0),
        uniform(1, "x", 0, keys),
    ]
    corr = np.corrcoef(drawn) - np.eye(len(drawn))
    assert np.abs(corr).max() < 0.1


def test_keys_broadcast_as_a_grid():
    rows, columns = np.arange(3), np.arange(4)
    grid = uniform(5, "x", rows[:, None], columns[None, :])
    assert grid.shape == (3, 4)
    assert grid[2, 1] == float(uniform(5, "x", 2, 1))


def test_draws_have_the_law_they_are_named_after():
    keys = np.arange(50_000)
    assert abs(uniform(3, "u", keys).mean() - 0.5) < 0.01
    assert abs(normal(3, "n", keys).std() - 1.0) < 0.02
    assert abs(gumbel(3, "g", keys).mean() - np.euler_gamma) < 0.03


def test_a_named_generator_repeats_itself():
    assert (generator(7, "a").random(5) == generator(7, "a").random(5)).all()
    assert (generator(7, "a").random(5) != generator(7, "b").random(5)).any()
