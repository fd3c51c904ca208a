"""The trained scorer: the seam, what it may not know, how far it trusts itself, and that the same record gives the same bytes."""

import hashlib
import itertools

import numpy as np
import pytest

from matching.baseline import BaselineScorer
from matching.errors import BadInput, TableError
from matching.features import FEATURES
from matching.scoring import PairFrame
from models.datasets import training_frame
from models.fairness import barred_changes
from models.train import TrainConfig, fit, train
from models.trained import TrainedRanker
from tests.models import region
from tests.models.region import QUICK, record, referral


def days(value, n):
    return np.full(n, float(value))


def test_scores_are_probabilities_and_more_days_never_lower_them():
    pairs = region.frame().take(np.arange(500)).pairs
    scores = [region.trained().score(pairs, days(d, 500)) for d in (0, 1, 3, 7, 14, 30, 90)]
    for s in scores:
        assert ((s.p_placed >= 0) & (s.p_placed <= 1) & (s.p_stays > 0) & (s.p_stays < 1) & np.isfinite(s.order)).all()
    assert all((later.p_placed >= sooner.p_placed).all() for sooner, later in itertools.pairwise(scores))


def test_contributions_by_reason_add_up_to_the_log_odds_of_the_start():
    pairs = region.frame().take(np.arange(300)).pairs
    limit = np.random.default_rng(0).integers(1, 40, 300).astype(float)
    p = region.trained().score(pairs, limit).p_placed
    told = region.trained().explain(pairs, limit)
    assert np.allclose(told.values.sum(axis=1) + told.base, np.log(p / (1 - p)), atol=1e-9)
    assert (told.values < 0).any() and (told.values > 0).any()


@pytest.mark.parametrize("name", [f.name for f in FEATURES if f.direction])
def test_no_feature_moves_the_chance_against_its_direction(name):
    pairs = region.frame().take(np.arange(0, 3000, 30)).pairs
    k = pairs.names.index(name)
    direction = FEATURES[k].direction
    seen = [
        _with(pairs, k, value) for value in np.nanquantile(region.frame().pairs.features[:, k], np.linspace(0, 1, 9))
    ]
    p = np.array([region.trained().score(x, days(14, len(x))).p_placed for x in seen])
    assert (direction * np.diff(p, axis=0) >= -1e-12).all()


def _with(pairs, column, value):
    features = pairs.features.copy()
    features[:, column] = value
    return PairFrame(pairs.member, pairs.position, features, pairs.names)


@pytest.mark.parametrize("name", ["sex", "age", "disability", "categories", "hukou", "dibao"])
def test_training_on_other_barred_attributes_gives_the_same_scorer_to_the_last_bit(name):
    changed = barred_changes(region.tables())[name]
    frame = training_frame(changed, region.policy())
    assert frame.pairs.features.tobytes() == region.frame().pairs.features.tobytes()
    assert np.array_equal(frame.event, region.frame().event)


def test_the_same_record_gives_the_same_bytes_in_any_order_of_rows():
    shuffled = {name: t.sample(frac=1.0, random_state=3) for name, t in region.tables().items()}
    assert _digest(train(shuffled, QUICK)) == _digest(region.trained())


def _digest(trained):
    state, parts = trained.to_state()
    digest = hashlib.sha256(repr(sorted((k, v) for k, v in state["ranker"].items())).encode())
    for name in sorted(parts):
        digest.update(parts[name] if isinstance(parts[name], bytes) else parts[name].encode())
    return digest.hexdigest(), state["placed"], state["stays"]


def test_a_stored_scorer_scores_the_same_to_the_last_bit():
    state, parts = region.trained().to_state()
    again = TrainedRanker.from_state(state, parts)
    pairs = region.frame().pairs
    a, b = (s.score(pairs, days(14, len(pairs))) for s in (region.trained(), again))
    assert (
        a.p_placed.tobytes() == b.p_placed.tobytes()
        and a.order.tobytes() == b.order.tobytes()
        and a.p_stays.tobytes() == b.p_stays.tobytes()
    )


def test_without_outcomes_it_is_the_baseline_and_says_so():
    pairs = region.frame().take(np.arange(200)).pairs
    for tables in (
        {},
        {**record(), "referrals": record(referral())["referrals"].iloc[:0]},
        record(referral(1), referral(2, position_id="P2")),
    ):
        scorer = train(tables)
        assert scorer.ranker is None and scorer.version == "untrained" and "baseline answers" in scorer.evidence["note"]
        assert np.array_equal(
            scorer.score(pairs, days(9, 200)).p_placed, BaselineScorer().score(pairs, days(9, 200)).p_placed
        )
        assert np.array_equal(
            scorer.explain(pairs, days(9, 200)).values, BaselineScorer().explain(pairs, days(9, 200)).values
        )


def test_a_few_hundred_referrals_lean_on_the_rule_and_thousands_on_what_was_learned():
    frame = region.frame()
    few = fit(frame.take(np.arange(300)), QUICK)
    assert few.placed.baseline > few.placed.learned
    assert region.trained().placed.learned > region.trained().placed.baseline


def test_a_foreign_record_with_only_the_needed_tables_and_columns_is_enough():
    needed = {name: region.tables()[name] for name in ("members", "positions", "referrals")}
    needed["members"] = needed["members"].drop(
        columns=["birth_month", "reachable", "night_ok", "longitude", "latitude", "wanted_occupations"]
    )
    needed["positions"] = needed["positions"].drop(
        columns=["lift_kg", "last_confirmed_on", "contract_months", "declared_on"]
    )
    needed["referrals"] = needed["referrals"].drop(columns=["propensity", "rank_shown", "source", "reason"])
    scorer = train(needed, QUICK)
    frame = training_frame(needed, region.policy())
    assert scorer.ranker is not None
    assert 0.03 < scorer.score(frame.pairs, days(30, len(frame))).p_placed.mean() < 0.2


def test_bad_rows_are_refused_before_anything_is_learned():
    tables = dict(region.tables())
    tables["members"] = tables["members"].astype(object).assign(education="doctor")
    with pytest.raises(TableError, match=r"table members: .*column education: expected one of .*found doctor"):
        train(tables, QUICK)


def test_pairs_with_other_features_are_refused():
    pairs = region.frame().take(np.arange(3)).pairs
    odd = PairFrame(pairs.member, pairs.position, pairs.features, tuple(reversed(pairs.names)))
    with pytest.raises(BadInput, match=r"expected the features of matching.features"):
        region.trained().score(odd, days(3, 3))


def test_weights_by_propensity_change_what_is_learned_only_when_asked_for():
    frame = region.frame().take(np.arange(2_000))
    plain = fit(frame, QUICK)
    weighted = fit(frame, TrainConfig(weighting="propensity", max_rounds=40, n_threads=1))
    assert (plain.evidence["weighting"], weighted.evidence["weighting"]) == ("none", "propensity")
    assert _digest(plain) != _digest(weighted)
