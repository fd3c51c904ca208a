"""The certificate finds every broken rule by itself."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from matching.allocation import AllocationProblem, allocate, certify, plan_value
from tests.matching.allocation.instances import saturating


def problem():
    utility = sparse.csr_matrix(np.array([[0.5, 0.4, 0.0], [0.3, 0.2, 0.1], [0.6, 0.0, 0.7]]))
    return AllocationProblem(utility, np.array([1, 2, 1]), slots=np.array([1, 2, 1]), locked=np.array([[1, 1]]))


@pytest.mark.parametrize(
    ("pairs", "found"),
    [
        ([[1, 1], [0, 0], [2, 2]], []),
        ([[0, 0]], [("lock", 1)]),
        ([[1, 1], [0, 2]], [("forbidden", 0)]),
        ([[1, 1], [0, 0], [2, 0]], [("capacity", 0)]),
        ([[1, 1], [0, 0], [0, 1]], [("slots", 0)]),
        ([[1, 1], [1, 1]], [("repeated", 1)]),
        ([[1, 1], [3, 0]], [("outside", 3)]),
        ([[1, 1], [0, -1]], [("outside", 0)]),
        ([[1, 1], [-1, 0]], [("outside", -1)]),
        ([[1, 1], [0, 3]], [("outside", 0)]),
        ([[1, 1], [0, 0], [0, 1], [2, 0]], [("capacity", 0), ("slots", 0)]),
    ],
)
def test_each_broken_rule_is_named_with_its_row(pairs, found):
    certificate = certify(problem(), np.array(pairs), bound=9.0)
    assert [(v.rule, v.index) for v in certificate.violations] == found
    assert certificate.feasible is (not found)


def test_planted_violations_in_real_plans_are_all_found():
    rng = np.random.default_rng(2)
    for _ in range(15):
        posed = saturating(rng, 14, 8)
        plan = allocate(posed)
        absent = np.column_stack(np.nonzero(posed.utility.toarray() == 0))
        forbidden = absent[rng.integers(len(absent))]
        again = plan.pairs[rng.integers(len(plan.pairs))]
        rules = {
            "forbidden": np.vstack([plan.pairs, forbidden]),
            "repeated": np.vstack([plan.pairs, again]),
        }
        for rule, pairs in rules.items():
            certificate = certify(posed, pairs, plan.certificate.bound)
            assert rule in {v.rule for v in certificate.violations}
        tighter = posed.capacity.copy()
        tighter[again[1]] = np.bincount(plan.pairs[:, 1])[again[1]] - 1
        smaller = AllocationProblem(posed.utility, tighter, posed.household, posed.slots, weight=posed.weight)
        found = certify(smaller, plan.pairs, plan.certificate.bound).violations
        assert [(v.rule, v.index) for v in found] == [("capacity", again[1])]


def test_the_value_is_recomputed_from_the_pairs_alone():
    posed = problem()
    assert plan_value(posed, np.array([[1, 0], [1, 1]])) == pytest.approx(1 - 0.7 * 0.8)
    assert certify(posed, np.array([[1, 1]]), bound=0.4).gap == pytest.approx(0.5)


def test_a_bound_below_a_feasible_plan_is_lifted_to_it():
    certificate = certify(problem(), np.array([[1, 1], [2, 2]]), bound=0.1)
    assert certificate.bound == certificate.objective
    assert certificate.gap == 0.0


def test_each_broken_rule_says_how_many_were_found_and_how_many_are_allowed():
    pairs = np.array([[0, 0], [0, 1], [2, 0], [2, 2], [2, 2], [0, 2], [9, 0]])
    found = {(v.rule, v.index): (v.found, v.allowed) for v in certify(problem(), pairs, bound=9.0).violations}
    assert found == {
        ("outside", 9): (1, 0), ("forbidden", 0): (1, 0), ("repeated", 2): (2, 1), ("capacity", 0): (2, 1), ("capacity", 2): (3, 1),
        ("slots", 0): (3, 1), ("slots", 2): (3, 1), ("lock", 1): (0, 1),
    }  # fmt: skip


def test_a_lock_the_plan_lacks_is_told_by_its_seeker():
    lacking = replace(problem(), locked=np.array([[1, 2]]))
    [found] = certify(lacking, np.array([[0, 0]]), bound=9.0).violations
    assert (found.rule, found.index, found.found, found.allowed) == ("lock", 1, 0, 1)
