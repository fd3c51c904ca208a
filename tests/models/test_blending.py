"""The blend trusts the written rule where rows are few and whatever predicts better where they are many."""

import numpy as np
from scipy.special import expit

from models.blending import fit_blend


def rows(n, seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.normal(-2.0, 1.2, n)
    rule = truth * 0.4 + rng.normal(0.5, 1.0, n)
    learned = truth + rng.normal(0.0, 0.4, n)
    return rule, learned, (rng.random(n) < expit(truth)).astype(float), np.ones(n)


def test_with_few_rows_the_rule_keeps_most_of_its_weight_and_with_many_the_learned_part_takes_over():
    few, many = fit_blend(*rows(120)), fit_blend(*rows(40_000))
    assert few.baseline > 0.5 and few.learned < 0.5
    assert many.baseline < 0.15 and many.learned > 0.75


def test_the_blend_is_calibrated_on_the_whole_even_when_the_rule_is_far_off():
    rule, learned, y, weight = rows(3_000)
    blend = fit_blend(rule + 3.0, learned, y, weight)
    p = expit(blend.base + blend.baseline * (rule + 3.0) + blend.learned * learned)
    assert abs(p.mean() - y.mean()) < 0.002


def test_a_ranker_that_orders_backwards_gets_no_weight():
    rule, learned, y, weight = rows(3_000)
    assert fit_blend(rule, -learned, y, weight).learned == 0.0
