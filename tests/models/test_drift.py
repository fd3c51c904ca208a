"""Drift of inputs: a planted shift is found by name and size, chance alone is not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.drift import DRIFTED, as_rows, input_drift

NAMES = ("steady", "shifted", "vanishing", "constant", "code")


def sides(n=4_000, m=1_200, seed=0):
    rng = np.random.default_rng(seed)
    before = np.column_stack([rng.normal(size=(n, 3)), np.ones(n), rng.integers(0, 3, n)])
    now = np.column_stack([rng.normal(size=(m, 3)), np.ones(m), rng.integers(0, 3, m)])
    now[:, 1] += 1.0
    now[rng.random(m) < 0.5, 2] = np.nan
    return before, now


def test_a_planted_shift_and_a_field_nobody_fills_in_any_more_are_named_and_nothing_else_is():
    before, now = sides()
    rows = {row["feature"]: row for row in as_rows(input_drift(before, now, NAMES, (4_000, 1_200)))}
    assert {name: row["state"] for name, row in rows.items()} == {
        "steady": "steady", "shifted": "drifted", "vanishing": "drifted", "constant": "steady", "code": "steady",
    }  # fmt: skip
    assert rows["vanishing"]["unknown"] == pytest.approx(0.5, abs=0.05) and rows["vanishing"]["unknown_before"] == 0
    assert rows["shifted"]["ks"] == pytest.approx(0.383, abs=0.05)  # sup |Φ(x) - Φ(x - 1)|
    assert rows["shifted"]["psi"] == pytest.approx(1.0, abs=0.25)  # divergence of two normals a deviation apart


def test_the_largest_comes_first():
    psi = [d.psi for d in input_drift(*sides(), NAMES, (4_000, 1_200))]
    assert psi == sorted(psi, reverse=True)


def test_few_members_behind_many_referrals_are_not_taken_for_evidence():
    rng = np.random.default_rng(1)
    before, now = np.repeat(rng.normal(size=(30, 1)), 50, axis=0), np.repeat(rng.normal(size=(8, 1)), 50, axis=0)
    found = input_drift(before, now, ("x",), (30, 8))[0]
    assert found.psi > DRIFTED and found.state(1) == "steady"


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_samples_of_one_distribution_do_not_drift(seed):
    rng = np.random.default_rng(seed)
    before, now = rng.gamma(2, 3, (1_500, 4)), rng.gamma(2, 3, (300, 4))
    assert all(d.state(4) != "drifted" for d in input_drift(before, now, tuple("abcd"), (1_500, 300)))


def test_all_unknown_on_one_side_is_far_and_on_both_is_nothing():
    gone, there = np.full((500, 1), np.nan), np.random.default_rng(0).normal(size=(500, 1))
    assert input_drift(there, gone, ("x",), (500, 500))[0].state(1) == "drifted"
    assert input_drift(gone, there, ("x",), (500, 500))[0].state(1) == "drifted"
    assert input_drift(gone, gone, ("x",), (500, 500))[0].psi == 0.0
