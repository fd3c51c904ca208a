"""A log that chose by what nobody recorded: training on it as it stands misses the planted effect, training by its propensities finds it."""

from functools import cache

import numpy as np
import pytest
from scipy.special import expit, logit
from scipy.stats import t

from models.ranker import PlacementRanker

N = 8_000
LOGS = 8
TRUE_EFFECT, TRUE_CHANCE = 0, 1


def biased_log(seed=0):
    """Return feature, outcome and propensity of the posts a caseworker chose.

    Skill helps; so does an impression that is on no record. Caseworkers send whoever makes up for low skill by a good impression.
    """
    rng = np.random.default_rng(seed)
    skill, impression = rng.normal(size=(2, N))
    started = (rng.random(N) < expit(skill + 1.5 * impression - 1.0)).astype(int)
    propensity = np.clip(expit(2.0 * (skill + 1.5 * impression)), 0.03, 1.0)
    chosen = rng.random(N) < propensity
    return skill[chosen, None], started[chosen], propensity[chosen]


def planted(at):
    """Return the true chance at a skill, over everybody's impressions."""
    impression = np.random.default_rng(1).normal(size=200_000)
    return float(expit(at + 1.5 * impression - 1.0).mean())


@cache
def truths():
    """Return the planted effect of two deviations of skill in log-odds, and the chance at average skill."""
    return np.array([logit(planted(1.0)) - logit(planted(-1.0)), planted(0.0)])


def effect(ranker):
    """Return what two deviations of skill add to the log-odds."""
    low, high = ranker.probability_within(np.array([[-1.0], [1.0]]), 30)
    return float(logit(high) - logit(low))


@cache
def learned():
    """Return the effect and the average chance found in each of the logs, (logs, 2): as they stand, and by propensity."""
    found = {"naive": [], "weighed": []}
    for seed in range(LOGS):
        X, y, propensity = biased_log(seed)
        for name, weight in (("naive", None), ("weighed", 1.0 / propensity)):
            ranker = PlacementRanker(n_threads=1).fit(X, y, sample_weight=weight)
            found[name].append((effect(ranker), ranker.probability_within(np.array([[0.0]]), 30)[0]))
    return {name: np.array(values) for name, values in found.items()}


def interval(values):
    """Return the 99 % t-interval of the mean of independent values."""
    half = t.ppf(0.995, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return values.mean() - half, values.mean() + half


@pytest.mark.parametrize("what", [TRUE_EFFECT, TRUE_CHANCE], ids=["effect of skill", "chance at average skill"])
def test_training_by_propensity_comes_closer_to_the_truth_than_naive_training_on_the_same_logs(what):
    truth = truths()[what]
    naive, weighed = (np.abs(learned()[name][:, what] - truth) for name in ("naive", "weighed"))
    low, _ = interval(naive - weighed)
    assert low > 0


def test_naive_training_understates_the_effect_and_overstates_the_chance_of_those_sent():
    effect_found, chance_found = learned()["naive"].T
    assert interval(effect_found)[1] < truths()[TRUE_EFFECT]
    assert interval(chance_found)[0] > truths()[TRUE_CHANCE]


def test_training_by_propensity_leaves_less_than_half_of_the_naive_error():
    errors = {name: np.abs(values.mean(axis=0) - truths()) for name, values in learned().items()}
    assert (errors["weighed"] < errors["naive"] / 2).all()
