"""A log that chose by what nobody recorded: training on it as it stands misses the planted effect, training by its propensities finds it."""

import numpy as np
from scipy.special import expit, logit

from models.ranker import PlacementRanker

N = 24_000


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


def effect(ranker):
    """Return what two deviations of skill add to the log-odds."""
    low, high = ranker.probability_within(np.array([[-1.0], [1.0]]), 30)
    return float(logit(high) - logit(low))


def test_naive_training_misses_the_planted_effect_and_training_by_propensity_finds_it():
    X, y, propensity = biased_log()
    truth = float(logit(planted(1.0)) - logit(planted(-1.0)))
    naive = PlacementRanker(n_threads=1).fit(X, y)
    weighed = PlacementRanker(n_threads=1).fit(X, y, sample_weight=1.0 / propensity)
    assert effect(naive) < 0.75 * truth
    assert abs(effect(weighed) - truth) < 0.25 * truth
    assert abs(weighed.probability_within(np.array([[0.0]]), 30)[0] - planted(0.0)) < 0.05
    assert naive.probability_within(np.array([[0.0]]), 30)[0] > planted(0.0) + 0.1
