"""The ranker finds planted truths, keeps its promises of form, and survives thin and ugly data."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from matching.errors import BadInput, ModelRefused
from models.metrics import auc, brier_skill, calibration_table, ndcg_at_k
from models.ranker import PlacementRanker
from models.ranker_additive import Additive
from models.ranker_timing import Timing
from tests.models.planted import World, plant


@pytest.fixture(scope="module")
def world() -> World:
    return plant()


@pytest.fixture(scope="module")
def later() -> World:
    return plant(n=3000, seed=1)


@pytest.fixture(scope="module")
def fitted(world: World) -> PlacementRanker:
    stays = np.where(world.event == 1, (world.X["noise"] > -0.5).astype(float), np.nan)
    ranker = PlacementRanker(n_threads=1, monotone={"skill": 1, "commute": -1})
    return ranker.fit(world.X, world.event, world.days, groups=world.groups, retained=stays)


def test_the_planted_order_is_found_again(fitted: PlacementRanker, later: World) -> None:
    found = ndcg_at_k(later.event, fitted.order(later.X, 60), later.groups)
    best = ndcg_at_k(later.event, later.chance, later.groups)
    blind = ndcg_at_k(later.event, np.zeros(len(later.event)), later.groups)
    assert found - blind > 0.85 * (best - blind)


def test_probabilities_agree_with_what_happens_at_every_horizon(fitted: PlacementRanker, later: World) -> None:
    for days in (3, 7, 14, 60):
        y = (later.event == 1) & (later.days <= days)
        p = fitted.probability_within(later.X, days)
        assert abs(p.mean() - y.mean()) < 0.03
        table = calibration_table(y, p, bins=5)
        assert ((table["predicted"] > table["low"] - 0.04) & (table["predicted"] < table["high"] + 0.04)).all()
        assert brier_skill(y, p) > 0.05


def test_haste_changes_when_but_hardly_whether(fitted: PlacementRanker, later: World) -> None:
    quick, slow = later.X.assign(haste=1.5), later.X.assign(haste=-1.5)
    assert (fitted.probability_within(quick, 4) > fitted.probability_within(slow, 4) * 1.3).mean() > 0.95
    whether = fitted.probability_within(quick, 500).mean() - fitted.probability_within(slow, 500).mean()
    assert abs(whether) < 0.06


@settings(max_examples=40, deadline=None)
@given(row=st.integers(0, 2999), first=st.floats(-5, 200), more=st.floats(0, 200))
def test_more_days_never_lower_the_probability(
    fitted: PlacementRanker, later: World, row: int, first: float, more: float
) -> None:
    one = later.X.iloc[[row]]
    early, late = fitted.probability_within(one, first)[0], fitted.probability_within(one, first + more)[0]
    assert 0.0 <= early <= late <= 1.0


def test_days_may_differ_by_row(fitted: PlacementRanker, later: World) -> None:
    days = np.arange(50) % 17
    together = fitted.probability_within(later.X[:50], days)
    alone = [fitted.probability_within(later.X[i : i + 1], days[i])[0] for i in range(50)]
    assert together.tolist() == alone


@settings(max_examples=15, deadline=None)
@given(row=st.integers(0, 2999), days=st.integers(1, 60))
def test_stated_directions_are_kept_by_probability_and_order(
    fitted: PlacementRanker, later: World, row: int, days: int
) -> None:
    ladder = pd.concat([later.X.iloc[[row]]] * 60, ignore_index=True)
    more_skill, more_commute = (
        ladder.assign(skill=np.linspace(-4, 4, 60)),
        ladder.assign(commute=np.linspace(-4, 4, 60)),
    )
    for score in (fitted.probability_within, fitted.order):
        assert (np.diff(score(more_skill, days)) >= -1e-12).all()
        assert (np.diff(score(more_commute, days)) <= 1e-12).all()


def test_contributions_add_up_to_the_log_odds_of_the_probability(fitted: PlacementRanker, later: World) -> None:
    some = later.X[:500]
    for days in (2, 9, 400):
        shares = fitted.contributions(some, days)
        p = fitted.probability_within(some, days)
        assert shares.shape == (500, later.X.shape[1] + 1)
        assert np.abs(shares.sum(axis=1) - np.log(p / (1 - p))).max() < 1e-6
    assert np.ptp(fitted.contributions(some, 9)[:, -1]) < 1e-9
    assert (fitted.contributions(some, 9)[:, 4] == 0).all()


def test_contributions_name_what_was_planted(fitted: PlacementRanker, later: World) -> None:
    known = later.X[later.X["skill"].notna()][:500]
    shares = fitted.contributions(known, 400)
    assert np.corrcoef(shares[:, 0], known["skill"])[0, 1] > 0.9
    assert np.corrcoef(shares[:, 1], known["commute"])[0, 1] < -0.9
    assert shares[:, 3].std() < 0.25 * shares[:, 0].std()


def test_retention_is_learned_from_starts_only(fitted: PlacementRanker, world: World, later: World) -> None:
    stays = fitted.retention(later.X)
    assert stays is not None
    assert auc(later.X["noise"] > -0.5, stays) > 0.9
    plain = PlacementRanker(n_threads=1).fit(world.X[:300], world.event[:300], world.days[:300])
    assert plain.retention(later.X) is None


def test_open_rows_are_neither_starts_nor_failures() -> None:
    world, later = plant(n=6000, seed=3), plant(n=6000, seed=4)
    cut = np.random.default_rng(5).integers(0, 30, 6000)
    is_open = world.days > cut
    assert is_open.mean() > 0.2
    duration = np.where(is_open, cut, world.days)
    ours = PlacementRanker(n_threads=1).fit(world.X, np.where(is_open, -1, world.event), duration)
    as_nan = PlacementRanker(n_threads=1).fit(world.X, np.where(is_open, np.nan, world.event), duration)
    naive = PlacementRanker(n_threads=1).fit(world.X, np.where(is_open, 0, world.event), duration)
    for days, worst in ((7, 0.02), (20, 0.03)):
        truth = ((later.event == 1) & (later.days <= days)).mean()
        found = ours.probability_within(later.X, days)
        assert abs(found.mean() - truth) < worst
        assert naive.probability_within(later.X, days).mean() < truth - 2 * abs(found.mean() - truth) - 0.02
        assert (as_nan.probability_within(later.X, days) == found).all()


def test_the_same_seed_gives_the_same_bytes_on_one_thread_and_two(world: World) -> None:
    part = slice(0, 1500)
    states = []
    for seed, threads in ((7, 1), (7, 2), (8, 1)):
        ranker = PlacementRanker(random_state=seed, n_threads=threads, max_rounds=8)
        states.append(
            ranker.fit(world.X[part], world.event[part], world.days[part], groups=world.groups[part]).to_state()
        )
    assert states[0] == states[1]
    assert states[2][1] != states[0][1]


def test_the_stored_state_gives_the_same_answers_to_the_last_bit(fitted: PlacementRanker, later: World) -> None:
    meta, parts = fitted.to_state()
    again = PlacementRanker.from_state(json.loads(json.dumps(meta)), parts, n_threads=1)
    assert again.to_state() == (meta, parts)
    for name in ("probability_within", "order", "contributions"):
        assert (getattr(again, name)(later.X, 9) == getattr(fitted, name)(later.X, 9)).all()
    assert (again.retention(later.X) == fitted.retention(later.X)).all()
    assert list(again.feature_names_in_) == list(later.X.columns)


def test_a_state_with_a_part_missing_or_of_another_format_is_refused(fitted: PlacementRanker) -> None:
    meta, parts = fitted.to_state()
    for name in parts:
        with pytest.raises(ModelRefused, match="expected a part"):
            PlacementRanker.from_state(meta, {k: v for k, v in parts.items() if k != name})
    with pytest.raises(ModelRefused, match="format"):
        PlacementRanker.from_state({**meta, "format": 0}, parts)


def test_equal_rows_score_exactly_equal_and_batches_change_nothing(fitted: PlacementRanker, later: World) -> None:
    twice = pd.concat([later.X[:40], later.X[:40]], ignore_index=True)
    score = fitted.order(twice, 9)
    assert (score[:40] == score[40:]).all()
    assert (score[:40] == fitted.order(later.X, 9)[:40]).all()
    chance, order = fitted.probability_and_order(later.X, 9)
    assert (chance == fitted.probability_within(later.X, 9)).all()
    assert (order == fitted.order(later.X, 9)).all()


def test_graded_relevance_orders_by_grade_and_keeps_the_probability_of_any_grade() -> None:
    rng = np.random.default_rng(6)
    X = rng.normal(size=(5000, 4))
    value = X[:, 0] + 0.7 * X[:, 1] * X[:, 2] + rng.normal(0, 0.5, 5000)
    grade, groups = np.digitize(value, [0.5, 1.2, 1.9]), np.arange(5000) // 20
    ranker = PlacementRanker(n_threads=1).fit(X[:3000], grade[:3000], None, groups=groups[:3000])
    order, p = ranker.order(X[3000:], 30), ranker.probability_within(X[3000:], 30)
    assert ndcg_at_k(grade[3000:], order, groups[3000:]) >= ndcg_at_k(grade[3000:], p, groups[3000:]) - 0.005
    assert ndcg_at_k(grade[3000:], order, groups[3000:]) > 0.75
    assert brier_skill(grade[3000:] > 0, p) > 0.35


def test_without_any_days_the_probability_is_the_chance_of_a_start(world: World) -> None:
    ranker = PlacementRanker(n_threads=1).fit(world.X[:1000], world.event[:1000])
    assert (ranker.probability_within(world.X, 0) == ranker.probability_within(world.X, 900)).all()
    assert (ranker.probability_within(world.X, -1) == 0).all()
    same = PlacementRanker(n_threads=1).fit(world.X[:1000], world.event[:1000], np.full(1000, 30.0))
    assert (same.probability_within(world.X, 30) == ranker.probability_within(world.X, 30)).all()
    assert (same.probability_within(world.X, 29) <= same.probability_within(world.X, 30)).all()


@pytest.mark.parametrize("n", [1, 20, 60])
@pytest.mark.parametrize("kind", ["none", "all", "mixed", "open"])
def test_thin_and_one_sided_data_give_shrunken_probabilities(n: int, kind: str) -> None:
    rng = np.random.default_rng(n)
    event = {"none": np.zeros(n), "all": np.ones(n), "mixed": np.arange(n) % 2, "open": np.full(n, -1)}[kind]
    X = rng.normal(size=(n, 3))
    ranker = PlacementRanker(n_threads=1).fit(X, event, np.arange(n) % 5, groups=np.arange(n) // 4, retained=event)
    p = ranker.probability_within(X, 10)
    assert ((p > 0) & (p < 1)).all()
    assert np.isfinite(ranker.order(X, 10)).all()
    if kind == "none":
        assert p.max() < 0.5
    if kind == "all":
        assert p.min() > 0.5


def test_a_few_hundred_rows_of_pure_noise_are_not_believed() -> None:
    rng = np.random.default_rng(9)
    X, event = rng.normal(size=(700, 15)), (rng.random(700) < 0.3).astype(int)
    ranker = PlacementRanker(n_threads=1).fit(X[:300], event[:300], None, groups=np.arange(300) // 10)
    assert brier_skill(event[300:], ranker.probability_within(X[300:], 1)) > -0.05


def test_unknown_values_constant_columns_infinities_and_missing_codes_are_read() -> None:
    rng = np.random.default_rng(10)
    X = pd.DataFrame(
        {
            "a": pd.array([1, None, 3, 4] * 100, dtype="Int64"),
            "b": rng.normal(size=400),
            "flag": [True, False] * 200,
            "gone": np.nan,
            "wild": np.where(rng.random(400) < 0.1, np.inf, 1.0),
        }
    )
    event = (rng.random(400) < 1 / (1 + np.exp(-2 * X["b"]))).astype(int)
    ranker = PlacementRanker(n_threads=1).fit(X, event, np.where(rng.random(400) < 0.5, np.nan, 3.0))
    assert auc(event, ranker.order(X, 5)) > 0.7
    assert np.isfinite(ranker.contributions(X, 5)).all()
    assert (ranker.order(X[X.columns[::-1]], 5) == ranker.order(X, 5)).all()


def test_it_is_a_scikit_learn_estimator(fitted: PlacementRanker) -> None:
    fresh = clone(fitted)
    assert fresh.get_params() == fitted.get_params()
    assert fresh.set_params(random_state=3).random_state == 3
    assert fitted.n_features_in_ == 5
    with pytest.raises(NotFittedError):
        fresh.order(np.zeros((1, 5)), 1)


def test_weights_count_as_copies_do() -> None:
    rng = np.random.default_rng(11)
    X, event = np.zeros((40, 1)), (rng.random(40) < 0.5).astype(int)
    heavy = PlacementRanker(n_threads=1).fit(X, event, sample_weight=np.where(event == 1, 3.0, 1.0))
    share = 3 * event.sum() / (3 * event.sum() + (1 - event).sum())
    assert heavy.probability_within(X, 1)[0] == pytest.approx(share, abs=0.02)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"event": [0, 1, 0.5]}, "event"),
        ({"event": [0, 1, -3]}, "event"),
        ({"event": [0, 1]}, "event"),
        ({"groups": [3]}, "labels, not sizes"),
        ({"sample_weight": [1, 1, -1]}, "sample_weight"),
        ({"X": pd.DataFrame({"a": ["x", "y", "z"]})}, "numeric"),
        ({"X": np.zeros(3)}, "shape"),
        ({"duration_days": [1, 2]}, "duration_days"),
    ],
)
def test_data_that_cannot_be_learned_from_are_refused_with_what_was_expected(
    change: dict[str, object], message: str
) -> None:
    good = {"X": np.zeros((3, 1)), "event": [0, 1, 0], "duration_days": [1, 2, 3]}
    with pytest.raises(BadInput, match=message):
        PlacementRanker().fit(**{**good, **change})


def test_directions_that_fit_no_column_and_other_features_are_refused(fitted: PlacementRanker, later: World) -> None:
    with pytest.raises(BadInput, match="wages"):
        PlacementRanker(monotone={"wages": 1}).fit(later.X, later.event)
    with pytest.raises(BadInput, match="directions"):
        PlacementRanker(monotone=[1, 2]).fit(np.zeros((3, 2)), [0, 1, 0])
    with pytest.raises(BadInput, match="haste"):
        fitted.order(later.X.drop(columns="haste"), 3)
    with pytest.raises(BadInput, match="features"):
        fitted.order(np.zeros((2, 3)), 3)


def test_a_stored_ranker_scores_to_the_last_bit_whatever_the_order_its_members_are_written_in(
    fitted: PlacementRanker, later: World
) -> None:
    meta, parts = fitted.to_state()
    again = PlacementRanker.from_state(json.loads(json.dumps(meta, sort_keys=True)), parts)
    assert np.array_equal(fitted.probability_within(later.X, 30), again.probability_within(later.X, 30))
    assert np.array_equal(fitted.contributions(later.X, 30), again.contributions(later.X, 30))


def test_curves_read_all_at_once_are_those_of_numpy_to_the_last_bit():
    rng = np.random.default_rng(5)
    knots = np.sort(rng.normal(size=(6, 17)), axis=1)
    knots[1, 2:], knots[2] = knots[1, 1], 0.0  # a yes or no is padded at the top; nothing is known of the third
    heights = rng.normal(size=knots.shape)
    heights[1, 2:], heights[3] = heights[1, 1], 0.0
    curves = Additive(knots, heights, np.array([0.5, -1.0, 0.0, 0.0, 2.0, 0.1]), 0.25)
    X = rng.normal(size=(5_000, 6)).astype(np.float32)
    X[:17] = knots.T
    X[20:26, :] = np.array([np.nan, np.inf, -np.inf, 0.0, 9.0, -9.0], dtype=np.float32)[:, None]
    total = np.full(len(X), curves.base)
    for f in (0, 1, 2, 4, 5):
        told = np.interp(X[:, f], knots[f], heights[f])
        total += np.where(np.isnan(X[:, f]), curves.unknown[f], told)
    assert np.array_equal(curves.margin(X), total)
    assert np.allclose(curves.contributions(X).sum(axis=1), total) and not curves.contributions(X)[:, 3].any()


def test_the_share_by_a_day_does_not_depend_on_which_days_are_asked_beside_it():
    ends = np.array([1.0, 3.0, 7.0, 20.0])
    timing = Timing(ends, np.array([-1.0, 0.2, 0.5]), 1.0, None)
    margin, days = np.linspace(-2.0, 2.0, 60), np.arange(60) / 2.0
    together = timing.share_by(margin, days)
    alone = [timing.share_by(margin[k : k + 1], days[k : k + 1])[0] for k in range(60)]
    assert np.array_equal(together, alone) and together[-1] == 1.0
