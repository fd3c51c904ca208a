"""The ranker on data nobody tidied: whatever is numeric is learned from, and every answer is a probability."""

import numpy as np
import pandas as pd
import pytest

from matching.errors import BadInput
from models.ranker import PlacementRanker

RNG = np.random.default_rng(0)
N = 240
X = RNG.normal(size=(N, 4))
Y = (RNG.random(N) < 1 / (1 + np.exp(-X[:, 0]))).astype(int)
DAYS = np.ceil(RNG.exponential(8, N)) + 1
GROUPS = np.arange(N) // 8
HOLES = np.where(RNG.random(X.shape) < 0.5, np.nan, X)


def with_column(values):
    return np.column_stack([X[:, :3], values])


FEATURES = {
    "nothing known": np.full_like(X, np.nan),
    "half unknown": HOLES,
    "infinite": with_column(np.where(np.arange(N) % 50 == 0, np.inf, X[:, 3])),
    "beyond single precision": with_column(X[:, 3] * 1e300),
    "a frame beyond single precision": pd.DataFrame(with_column(X[:, 3] * 1e300)),
    "vanishing": with_column(X[:, 3] * 1e-300),
    "constant": np.ones_like(X),
    "one feature": X[:, :1],
    "more features than rows": np.tile(X, (1, 80)),
    "the same row again and again": np.repeat(X[:10], N // 10, axis=0),
    "codes without an order": with_column(RNG.integers(0, 300, N) * 100_003),
    "the outcome itself": with_column(Y),
    "single precision": X.astype(np.float32),
    "whole numbers": np.round(X * 10).astype(int),
    "truth values": X > 0,
    "lists": X.tolist(),
    "a frame with a name twice": pd.DataFrame(X, columns=list("abca")),
    "a frame with a name twice once it is text": pd.DataFrame(X, columns=["a", "1", 1, None]),
    "a frame with missing whole numbers": pd.DataFrame(X, columns=list("abcd")).assign(
        b=pd.array(np.arange(N) % 7, dtype="Int64"), c=X[:, 2] > 0
    ),
}  # fmt: skip

OUTCOMES = {
    "every row a start": {"event": np.ones(N)},
    "no row a start": {"event": np.zeros(N)},
    "every row open": {"event": np.full(N, -1)},
    "starts and open rows only": {"event": np.where(Y == 1, 1, -1)},
    "truth values": {"event": Y.astype(bool)},
    "grades": {"event": RNG.integers(0, 5, N)},
    "no days": {"duration_days": None},
    "days unknown here and there": {"duration_days": np.where(RNG.random(N) < 0.3, np.nan, DAYS)},
    "everything on the first day": {"duration_days": np.zeros(N)},
    "days before the referral": {"duration_days": DAYS - 20},
    "no groups": {"groups": None},
    "one group": {"groups": np.zeros(N)},
    "a group a row": {"groups": np.arange(N)},
    "groups in no order, named": {"groups": np.array([f"g{k}" for k in RNG.integers(0, 30, N)])},
    "weights of nought": {"sample_weight": np.where(np.arange(N) < 80, 0.0, 1.0)},
    "starts that weigh nought": {"sample_weight": np.where(Y == 1, 0.0, 1.0)},
    "one row that outweighs all": {"sample_weight": np.r_[1e12, np.ones(N - 1)]},
    "vanishing weights": {"sample_weight": np.full(N, 1e-12)},
    "all stay": {"retained": np.where(Y == 1, 1.0, np.nan)},
    "nobody known to stay": {"retained": np.full(N, np.nan)},
}  # fmt: skip


def check_answers(ranker, features):
    """Every promise of the seam, on every row."""
    before = None
    for days in (0, 1, 7, 30, 365, 1e9):
        p = ranker.probability_within(features, days)
        assert np.isfinite(p).all() and ((p >= 0) & (p <= 1)).all()
        assert before is None or (p >= before).all()
        before = p
    p, order = ranker.probability_and_order(features, 14)
    assert np.isfinite(order).all()
    log_odds = np.log(np.clip(p, 1e-12, 1 - 1e-12)) - np.log1p(-np.clip(p, 1e-12, 1 - 1e-12))
    assert np.allclose(ranker.contributions(features, 14).sum(axis=1), log_odds, atol=1e-8)
    stays = ranker.retention(features)
    assert stays is None or ((stays >= 0) & (stays <= 1)).all()


@pytest.mark.parametrize("name", FEATURES)
def test_features_as_they_come_give_probabilities(name):
    ranker = PlacementRanker().fit(FEATURES[name], Y, DAYS, groups=GROUPS)
    check_answers(ranker, FEATURES[name])


@pytest.mark.parametrize("name", OUTCOMES)
def test_outcomes_as_they_come_give_probabilities(name):
    given = {"event": Y, "duration_days": DAYS, "groups": GROUPS, **OUTCOMES[name]}
    check_answers(PlacementRanker().fit(X, **given), X)


@pytest.mark.parametrize("n", [1, 2, 5, 30, 149, 151])
def test_however_few_the_rows(n):
    check_answers(PlacementRanker().fit(X[:n], Y[:n], DAYS[:n], groups=GROUPS[:n]), X[:n])


def test_rows_that_are_new_in_every_way_are_answered():
    ranker = PlacementRanker().fit(X, Y, DAYS, groups=GROUPS)
    for odd in (np.nan, np.inf, -np.inf, 1e30, 0.0):
        check_answers(ranker, np.full((3, 4), odd))
    assert ranker.probability_within(X[:0], 7).shape == (0,)


def test_the_same_row_twice_is_a_tie():
    ranker = PlacementRanker().fit(HOLES, Y, DAYS, groups=GROUPS)
    order = ranker.order(np.vstack([HOLES, HOLES]), 14)
    assert np.array_equal(order[:N], order[N:])


@pytest.mark.parametrize(
    "wrong", [{"X": X.astype(str)[:, :2].astype(object) + "?"}, {"X": [[1.0], [1.0, 2.0]] * (N // 2)}, {"event": ["yes"] * N}, {"duration_days": ["soon"] * N}]
)  # fmt: skip
def test_what_is_no_number_is_refused_by_name(wrong):
    with pytest.raises(BadInput, match=r"expected .*numbers"):
        PlacementRanker().fit(**{"X": X, "event": Y, "duration_days": DAYS, **wrong})


def test_days_and_stays_that_say_nothing_are_refused():
    with pytest.raises(BadInput, match=r"expected retained 1 .* found 2"):
        PlacementRanker().fit(X, Y, DAYS, retained=np.full(N, 2.0))
    ranker = PlacementRanker().fit(X[:30], Y[:30], DAYS[:30])
    for days in (np.nan, None, np.r_[np.nan, np.ones(N - 1)]):
        with pytest.raises(BadInput, match="expected days known for every row"):
            ranker.probability_within(X, days)
