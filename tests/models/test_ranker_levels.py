"""A feature that holds codes is read as codes: what a value is worth hangs on that value, drawn to nothing where it was seen seldom."""

import numpy as np

from models.metrics import brier_skill
from models.ranker import PlacementRanker
from models.ranker_levels import Levels, fit_levels


def _places(seed: int, n: int = 6_000, n_codes: int = 120, spread: float = 1.2):
    """Rows with a code whose number says nothing of its worth, and a plain feature."""
    rng = np.random.default_rng(seed)
    worth = np.random.default_rng(7).normal(0, spread, n_codes)
    code, x = rng.integers(0, n_codes, n), rng.normal(size=n)
    y = (rng.random(n) < 1 / (1 + np.exp(-(worth[code] + 0.5 * x - 0.5)))).astype(int)
    return np.column_stack([code, x]).astype(np.float32), y, worth


def _fitted(X, y, directions=(0, 0)):
    n = len(y)
    return fit_levels(
        X, y.astype(float), np.ones(n), np.full(n, np.log(y.mean() / (1 - y.mean()))), np.arange(n) % 3, directions
    )


def test_what_each_code_is_worth_is_found_again():
    X, y, worth = _places(0)
    levels, _ = _fitted(X, y)
    assert levels is not None and list(levels.features) == [0]
    found = levels.margin(np.column_stack([np.arange(len(worth)), np.zeros(len(worth))]).astype(np.float32))
    assert np.corrcoef(found, worth)[0, 1] > 0.9
    assert found.std() < worth.std() * 1.1, "heights are drawn towards nothing, not away from it"


def test_the_ranker_predicts_better_by_reading_codes_as_codes():
    X, y, _ = _places(0)
    later, outcome, _ = _places(1)
    skill = brier_skill(outcome, PlacementRanker().fit(X, y).probability_within(later, 30))
    told_apart = np.column_stack([np.random.default_rng(3).permutation(120)[X[:, 0].astype(int)], X[:, 1]])
    again = np.column_stack([np.random.default_rng(3).permutation(120)[later[:, 0].astype(int)], later[:, 1]])
    renamed = brier_skill(outcome, PlacementRanker().fit(told_apart, y).probability_within(again, 30))
    assert skill > 0.15
    assert abs(skill - renamed) < 0.02, "what a code is called must hardly matter"


def test_a_code_never_seen_and_an_unknown_one_add_nothing():
    X, y, _ = _places(0)
    levels, _ = _fitted(X, y)
    strange = np.array([[10_000.0, 0.0], [np.nan, 0.0], [0.5, 0.0]], dtype=np.float32)
    assert levels is not None and not levels.margin(strange).any()


def test_codes_that_say_nothing_make_no_member():
    rng = np.random.default_rng(5)
    X = np.column_stack([rng.integers(0, 400, 4_000), rng.normal(size=4_000)]).astype(np.float32)
    y = rng.integers(0, 2, 4_000)
    levels, held_out = _fitted(X, y)
    assert levels is None or np.abs(levels.heights).max() < 0.2
    assert np.abs(held_out).max() < 0.3


def test_a_feature_with_a_direction_is_never_read_as_codes():
    X, y, _ = _places(0)
    levels, held_out = _fitted(X, y, (1, 0))
    assert levels is None and not held_out.any()


def test_a_code_of_the_group_itself_earns_nothing_for_groups_held_out():
    rng = np.random.default_rng(2)
    group = np.repeat(np.arange(300), 12)
    luck = rng.normal(0, 1.5, 300)[group]
    x = rng.normal(size=len(group))
    y = (rng.random(len(group)) < 1 / (1 + np.exp(-(luck + x)))).astype(int)
    X = np.column_stack([group, x]).astype(np.float32)
    ranker = PlacementRanker().fit(X, y, groups=group)
    assert ranker.head_.weights.get("levels", 0.0) <= 0.5, "no more than the weight it starts from"


def test_shares_of_codes_add_up_and_survive_being_stored():
    X, y, _ = _places(0)
    ranker = PlacementRanker().fit(X, y)
    assert any(isinstance(member, Levels) for member in ranker.head_.members.values())
    p = ranker.probability_within(X[:200], 30)
    np.testing.assert_allclose(ranker.contributions(X[:200], 30).sum(axis=1), np.log(p / (1 - p)), atol=1e-9)
    again = PlacementRanker.from_state(*ranker.to_state())
    assert (again.probability_within(X, 30) == ranker.probability_within(X, 30)).all()
