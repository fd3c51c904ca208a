"""Places given in order: nobody later takes one that an earlier household without any could hold."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import sparse

from matching.allocation import AllocationProblem, allocate, certify
from tests.matching.allocation.instances import best_by_trying, matrix

REGULATED = np.array([True, True, False])


def posed(utility, capacity, place, **more):
    return AllocationProblem(
        sparse.csr_matrix(np.array(utility)), np.array(capacity), place=np.array(place), must_positions=REGULATED[: len(capacity)], **more
    )  # fmt: skip


@st.composite
def problems(draw, n=st.integers(2, 9), m=st.integers(1, 5), obliged=0.2):
    rng, rows, columns = np.random.default_rng(draw(st.integers(0, 10_000))), draw(n), draw(m)
    slots = draw(st.sampled_from([1, 2]))
    alone = draw(st.booleans())
    utility = matrix(rng, rows, columns, share=draw(st.sampled_from([0.3, 0.8])))
    some = np.argwhere(utility.toarray() > 0)
    locked = some[rng.permutation(len(some))[:1]] if draw(st.booleans()) else None
    return AllocationProblem(
        utility, rng.integers(1, 3, columns), None if alone else np.arange(rows) // 2, slots, locked,
        weight=rng.uniform(0.2, 2.0, rows), must=rng.random(rows) < obliged, must_positions=rng.random(columns) < 0.7,
        place=rng.integers(0, 4, rows),
    )  # fmt: skip


def test_the_earlier_takes_the_place_even_where_the_later_is_worth_more():
    plan = allocate(posed([[0.3, 0.0], [0.9, 0.0]], [1, 1], [0, 1]))
    assert plan.pairs.tolist() == [[0, 0]] and plan.certificate.feasible


def test_the_later_takes_what_the_earlier_cannot_hold():
    plan = allocate(posed([[0.3, 0.0], [0.9, 0.8]], [1, 1], [0, 1]))
    assert plan.pairs.tolist() == [[0, 0], [1, 1]]


def test_who_gave_way_may_take_a_place_from_somebody_later_still():
    plan = allocate(posed([[0.1, 0.0, 0.0], [0.8, 0.1, 0.0], [0.0, 0.9, 0.0]], [1, 1, 1], [0, 1, 2]))
    assert plan.pairs.tolist() == [[0, 0], [1, 1]]


def test_one_place_a_household_is_enough_and_the_next_person_of_it_does_not_come_before_others():
    utility = [[0.5, 0.4, 0.0], [0.5, 0.4, 0.0], [0.6, 0.7, 0.0]]
    plan = allocate(posed(utility, [1, 1, 1], [0, 0, 1], household=np.array([0, 0, 1])))
    assert plan.pairs[:, 1].tolist() in ([0, 1], [1, 0]) and 2 in plan.pairs[:, 0]


def test_the_order_goes_before_the_last_days_of_a_later_household():
    plan = allocate(posed([[0.3, 0.0], [0.9, 0.0]], [1, 1], [0, 1], must=np.array([False, True])))
    assert plan.pairs.tolist() == [[0, 0]]


def test_what_a_person_decided_stands_and_who_has_no_slot_left_is_not_passed_over():
    utility = [[0.3, 0.2, 0.9], [0.9, 0.0, 0.0]]
    assert allocate(posed(utility, [1, 1, 1], [0, 1], locked=np.array([[1, 0]]))).certificate.feasible
    plan = allocate(posed(utility, [1, 1, 1], [0, 1], locked=np.array([[0, 2]])))
    assert plan.pairs.tolist() == [[0, 2], [1, 0]] and plan.certificate.feasible


def test_the_certificate_names_who_was_put_first_and_whose_place_comes_before():
    problem = posed([[0.3, 0.0], [0.9, 0.8]], [1, 1], [0, 3])
    found = certify(problem, np.array([[1, 0]]), bound=9.0)
    assert [(v.rule, v.index, v.found, v.allowed) for v in found.violations] == [("order", 1, 3, 0)]
    assert certify(problem, np.array([[1, 1]]), bound=9.0).feasible


@given(problems())
@settings(max_examples=150, deadline=None)
def test_no_plan_passes_anybody_over(problem):
    plan = allocate(problem)
    assert plan.certificate.feasible and plan.certificate.violations == ()
    assert len(plan.pairs) == len(np.unique(plan.pairs, axis=0))


@given(problems(n=st.integers(2, 4), m=st.integers(1, 3), obliged=0.0))
@settings(max_examples=40, deadline=None)
def test_the_bound_is_above_every_plan_that_keeps_to_the_order(problem):
    assume(problem.utility.nnz <= 9)
    best = best_by_trying(problem, allowed=lambda pairs: certify(problem, pairs, 0.0).feasible)
    plan = allocate(problem)
    assert plan.certificate.objective <= best + 1e-9 <= plan.certificate.bound + 2e-9


@pytest.mark.parametrize("seed", range(5))
def test_without_an_order_the_plan_is_the_same_as_with_one_place_for_all(seed):
    rng = np.random.default_rng(seed)
    utility, capacity = matrix(rng, 20, 8), rng.integers(1, 3, 8)
    plain = AllocationProblem(utility, capacity, np.arange(20) // 2, 2)
    alike = AllocationProblem(utility, capacity, np.arange(20) // 2, 2, place=np.full(20, 3))
    assert allocate(plain).pairs.tolist() == allocate(alike).pairs.tolist()


def test_shuffled_rows_give_the_identical_plan():
    rng = np.random.default_rng(4)
    utility, capacity = matrix(rng, 16, 6), rng.integers(1, 3, 6)
    place, scarce = rng.integers(0, 3, 16), rng.random(6) < 0.6
    plans = set()
    for k in range(8):
        rows = np.arange(16) if k == 0 else rng.permutation(16)
        problem = AllocationProblem(
            utility[rows], capacity, (np.arange(16) // 2)[rows], 2, place=place[rows], must_positions=scarce
        )
        plans.add(tuple(sorted((int(rows[i]), int(j)) for i, j in allocate(problem).pairs)))
    assert len(plans) == 1


def test_a_pair_worth_nothing_is_still_one_the_earlier_could_hold():
    zero = sparse.csr_matrix((np.array([0.0, 0.9]), (np.array([0, 1]), np.array([0, 0]))), shape=(2, 1))
    problem = AllocationProblem(zero, np.array([1]), place=np.array([0, 1]))
    assert [v.rule for v in certify(problem, np.array([[1, 0]]), 9.0).violations] == ["order"]
    assert allocate(problem).certificate.feasible


def test_of_two_at_the_same_place_who_need_not_be_placed_gives_way_first_and_then_who_is_worth_the_least():
    utility = [[0.1, 0.0], [0.5, 0.0], [0.9, 0.0]]
    assert allocate(posed(utility, [2, 1], [0, 1, 1])).pairs.tolist() == [[0, 0], [2, 0]]
    kept = allocate(posed(utility, [2, 1], [0, 1, 1], must=np.array([False, True, False])))
    assert kept.pairs.tolist() == [[0, 0], [1, 0]]


def test_of_two_later_ones_the_latest_gives_way_though_it_is_worth_more():
    plan = allocate(posed([[0.1, 0.0], [0.2, 0.0], [0.9, 0.0]], [2, 1], [0, 1, 2]))
    assert plan.pairs.tolist() == [[0, 0], [1, 0]]


def test_who_takes_a_place_without_a_free_slot_gives_up_the_weakest_of_its_other_posts():
    utility = [[0.1, 0.2, 0.9, 0.0], [0.9, 0.0, 0.0, 0.0]]
    problem = AllocationProblem(
        sparse.csr_matrix(np.array(utility)), np.ones(4, dtype=int), slots=np.array([2, 1]), place=np.array([0, 1]),
        must_positions=np.array([True, False, False, False]),
    )  # fmt: skip
    assert allocate(problem).pairs.tolist() == [[0, 0], [0, 2]]
