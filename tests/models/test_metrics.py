"""Metrics against hand-made answers, brute force over tie orders, and scikit-learn."""

from itertools import pairwise, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score, roc_auc_score

from matching.errors import BadInput
from models.metrics import (
    auc,
    brier,
    brier_skill,
    calibration_table,
    expected_calibration_error,
    group_bootstrap,
    ndcg_at_k,
    recall_at_k,
    wilson_interval,
)


def _plain_ndcg(grades: list[int], k: int) -> float:
    def dcg(g: list[int]) -> float:
        return sum((2**v - 1) / np.log2(i + 2) for i, v in enumerate(g[:k]))

    return dcg(grades) / dcg(sorted(grades, reverse=True))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), min_size=1, max_size=6).filter(
        lambda rows: any(g for g, _ in rows)
    ),
    st.integers(1, 7),
)
def test_ties_count_as_the_mean_over_every_order_of_the_tied_rows(rows: list[tuple[int, int]], k: int) -> None:
    orders = [p for p in permutations(rows) if all(a[1] >= b[1] for a, b in pairwise(p))]
    expected = np.mean([_plain_ndcg([g for g, _ in order], k) for order in orders])
    found = ndcg_at_k([g for g, _ in rows], [s for _, s in rows], np.zeros(len(rows)), k)
    assert found == pytest.approx(expected)
    relevant = sum(g > 0 for g, _ in rows)
    held = np.mean([sum(g > 0 for g, _ in order[:k]) for order in orders]) / relevant
    assert recall_at_k([g for g, _ in rows], [s for _, s in rows], np.zeros(len(rows)), k) == pytest.approx(held)


def test_the_mean_over_groups_agrees_with_scikit_learn_on_unsorted_rows() -> None:
    rng = np.random.default_rng(1)
    groups = rng.integers(0, 40, 900)
    y, score = rng.integers(0, 2, 900), rng.normal(size=900)
    each = [ndcg_score([y[groups == g]], [score[groups == g]], k=10) for g in np.unique(groups) if y[groups == g].any()]
    assert ndcg_at_k(y, score, groups, 10) == pytest.approx(np.mean(each))


def test_groups_without_a_relevant_row_are_left_out_of_the_mean() -> None:
    y, score, groups = [1, 0, 0, 0], [0.1, 0.9, 0.5, 0.4], ["a", "a", "b", "b"]
    values = ndcg_at_k(y, score, groups, 2, per_group=True)
    assert np.isnan(values[1])
    assert ndcg_at_k(y, score, groups, 2) == pytest.approx(1 / np.log2(3))
    assert np.isnan(ndcg_at_k([0, 0], [1, 2], [0, 0]))


def test_auc_agrees_with_scikit_learn_under_ties() -> None:
    rng = np.random.default_rng(2)
    y, score = rng.integers(0, 2, 500), rng.integers(0, 9, 500)
    assert auc(y, score) == pytest.approx(roc_auc_score(y, score))
    assert np.isnan(auc([1, 1], [0.2, 0.3]))


def test_brier_skill_is_one_for_the_truth_zero_for_the_base_rate_and_negative_for_worse() -> None:
    y = np.array([1, 0, 0, 1, 0])
    assert brier_skill(y, y) == 1.0
    assert brier_skill(y, np.full(5, 0.4)) == pytest.approx(0.0)
    assert brier_skill(y, 1 - y) < 0
    assert brier(y, np.full(5, 0.5), weight=[1, 2, 3, 4, 5]) == pytest.approx(0.25)
    assert np.isnan(brier_skill([1, 1], [0.3, 0.4]))


def test_wilson_interval_matches_the_published_formula_and_knows_nothing_without_trials() -> None:
    low, high = wilson_interval([2, 0], [10, 0])
    assert (low[0], high[0]) == (pytest.approx(0.0567, abs=1e-4), pytest.approx(0.5098, abs=1e-4))
    assert (low[1], high[1]) == (0.0, 1.0)


def test_calibration_table_holds_every_row_once_and_its_intervals_hold_a_true_probability() -> None:
    rng = np.random.default_rng(3)
    p = rng.random(20_000)
    y = (rng.random(20_000) < p).astype(int)
    table = calibration_table(y, p)
    assert table["n"].sum() == 20_000
    assert ((table["low"] <= table["predicted"]) & (table["predicted"] <= table["high"])).mean() >= 0.8
    assert expected_calibration_error(y, p) < 0.02 < expected_calibration_error(y, p**2)


def test_equal_probabilities_never_fall_into_two_bins() -> None:
    table = calibration_table([0, 1] * 50, [0.3] * 90 + [0.6] * 10)
    assert len(table) <= 2
    assert table["n"].sum() == 100


def test_the_group_bootstrap_is_wider_than_one_that_splits_groups_whose_rows_agree() -> None:
    rng = np.random.default_rng(4)
    groups = np.repeat(np.arange(50), 20)
    value = rng.normal(size=50)[groups]
    mean, low, high = group_bootstrap(lambda rows, codes: float(value[rows].mean()), groups)
    _, naive_low, naive_high = group_bootstrap(lambda rows, codes: float(value[rows].mean()), np.arange(1000))
    assert low < mean < high
    assert high - low > 2 * (naive_high - naive_low)


def test_the_group_bootstrap_counts_a_group_drawn_twice_as_two() -> None:
    seen: list[int] = []

    def count(rows: np.ndarray, codes: np.ndarray) -> float:
        seen.append(len(np.unique(codes)))
        return float(len(rows))

    group_bootstrap(count, np.repeat(np.arange(7), 3), draws=10)
    assert set(seen) == {7}


@pytest.mark.parametrize(
    ("y", "score", "groups", "k"),
    [
        ([1, 0], [1.0], [0, 0], 5),
        ([1, 0], [1.0, np.nan], [0, 0], 5),
        ([1, 0], [1.0, 2.0], [2], 5),
        ([1, 0], [1.0, 2.0], [0, 0], 0),
    ],
)
def test_columns_that_do_not_fit_are_refused(y: list[int], score: list[float], groups: list[int], k: int) -> None:
    with pytest.raises(BadInput, match="expected"):
        ndcg_at_k(y, score, groups, k)
