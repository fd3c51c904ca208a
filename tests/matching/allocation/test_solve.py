"""The plan: exact where it is linear, close to the bound where households saturate, the same for the same people in any order."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from matching.allocation import AllocationProblem, allocate
from tests.matching.allocation.instances import best_by_trying, districts, matrix, referee, saturating


def test_one_referral_a_seeker_equals_the_linear_programme_on_three_hundred_problems():
    rng = np.random.default_rng(1)
    for _ in range(300):
        n, m = rng.integers(1, 16), rng.integers(1, 9)
        scale = rng.choice([1.0, 1000.0])
        utility = matrix(rng, n, m) * scale
        capacity = rng.integers(0, 4, m)
        plan = allocate(AllocationProblem(utility, capacity))
        assert plan.objective == pytest.approx(referee(utility, capacity), abs=1e-7 * scale)
        assert plan.certificate.feasible
        assert plan.certificate.gap < 1e-9


def test_raw_weights_above_one_add_up_and_negative_ones_are_never_chosen():
    utility = sparse.csr_matrix(np.array([[5.0, -1.0], [4.0, -2.0], [0.0, -3.0]]))
    plan = allocate(AllocationProblem(utility, np.array([1, 5])))
    assert plan.pairs.tolist() == [[0, 0]]
    assert plan.objective == 5.0


def test_values_however_small_are_planned_like_those_that_are_not():
    utility = matrix(np.random.default_rng(3), 5, 4)
    plans = [allocate(AllocationProblem(utility * scale, np.array([1, 2, 0, 1]))) for scale in (1.0, 2.0**-990)]
    assert plans[0].pairs.tolist() == plans[1].pairs.tolist() and len(plans[0].pairs)


def test_a_household_as_good_as_lifted_is_bound_by_what_it_weighs_however_many_it_is_of():
    rng = np.random.default_rng(0)
    problem = AllocationProblem(matrix(rng, 40, 30), rng.integers(1, 4, 30), np.zeros(40, dtype=int), 3)
    made = allocate(problem).certificate
    assert made.feasible and made.bound <= 1.0 + 1e-9 and made.gap <= 0.01


@pytest.mark.parametrize("seed", range(12))
def test_tiny_saturating_plans_are_within_one_percent_of_trying_everything_and_the_bound_holds(seed):
    rng = np.random.default_rng(seed)
    utility = matrix(rng, 4, 4, share=0.65)
    locked = np.column_stack(utility.nonzero())[:1]
    problem = AllocationProblem(utility, np.array([1, 2, 1, 1]), np.array([0, 0, 1, 2]), 2, locked=locked)
    prices = rng.uniform(0, 0.3, 4)
    plan, best = allocate(problem, prices), best_by_trying(problem, prices)
    assert plan.certificate.feasible
    assert best * 0.99 <= plan.priced <= best + 1e-9
    spent = plan.objective - plan.priced
    assert plan.certificate.bound - spent >= best - 1e-9


@pytest.mark.parametrize(
    ("n", "m", "members", "slots"), [(30, 20, 2, 1), (40, 30, 1, 3), (60, 40, 2, 3), (60, 40, 3, 2)]
)
def test_households_saturate_with_a_gap_of_at_most_one_percent(n, m, members, slots):
    plan = allocate(saturating(np.random.default_rng(n + slots), n, m, members, slots))
    assert plan.certificate.feasible
    assert plan.certificate.gap <= 0.01


@pytest.mark.parametrize(("n", "slots"), [(600, 3), (2_000, 3)])
def test_districts_of_households_who_want_the_same_posts_are_within_one_percent_of_the_bound(n, slots):
    plan = allocate(districts(np.random.default_rng(n), n, slots=slots))
    assert plan.certificate.feasible
    assert plan.certificate.gap <= 0.01


def test_one_referral_a_seeker_equals_trying_everything_on_two_hundred_tiny_problems():
    rng = np.random.default_rng(8)
    for _ in range(200):
        problem = AllocationProblem(matrix(rng, 3, 3), rng.integers(0, 3, 3), weight=rng.uniform(0.5, 2.0, 3))
        prices = rng.uniform(0, 0.4, 3)
        assert allocate(problem, prices).priced == pytest.approx(best_by_trying(problem, prices), abs=1e-9)


def test_the_second_member_of_a_household_gets_what_the_first_leaves_undone():
    utility = sparse.csr_matrix(np.array([[0.9, 0.8], [0.9, 0.8], [0.3, 0.3]]))
    apart = allocate(AllocationProblem(utility, np.array([1, 1])))
    together = allocate(AllocationProblem(utility, np.array([1, 1]), household=np.array([0, 0, 1])))
    assert apart.pairs[:, 0].tolist() == [0, 1]
    assert 2 in together.pairs[:, 0]
    assert together.objective == pytest.approx(0.9 + 0.3)


@given(seed=st.integers(0, 10_000), slots=st.integers(1, 3), household=st.booleans())
@settings(max_examples=30, deadline=None)
def test_never_over_capacity_locks_honoured_and_more_room_never_hurts(seed, slots, household):
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(2, 9)), int(rng.integers(2, 6))
    utility, capacity = matrix(rng, n, m), rng.integers(0, 3, m)
    free = np.column_stack(utility.nonzero())
    locked = free[capacity[free[:, 1]] > 0][:1]
    homes = np.arange(n) // 2 if household else None
    small = allocate(AllocationProblem(utility, capacity, homes, slots, locked))
    large = allocate(AllocationProblem(utility, capacity + 1, homes, slots, locked))
    assert small.certificate.feasible
    assert {tuple(p) for p in locked.tolist()} <= {tuple(p) for p in small.pairs.tolist()}
    assert (np.bincount(small.pairs[:, 1], minlength=m) <= capacity).all()
    assert large.certificate.bound >= small.objective - 1e-9
    if slots == 1 and not household:
        assert large.objective >= small.objective - 1e-9


def test_a_price_nobody_is_worth_leaves_only_the_locked_pair():
    rng = np.random.default_rng(3)
    utility = matrix(rng, 6, 4, share=1.0)
    locked = np.array([[2, 1]])
    for slots in (1, 3):
        problem = AllocationProblem(utility, np.full(4, 9), slots=slots, locked=locked)
        assert allocate(problem, np.full(4, 99.0)).pairs.tolist() == locked.tolist()


def test_a_pair_is_chosen_only_where_it_is_worth_its_price():
    utility = sparse.csr_matrix(np.array([[0.6, 0.5], [0.4, 0.1]]))
    plan = allocate(AllocationProblem(utility, np.array([2, 2])), np.array([0.5, 0.2]))
    assert plan.pairs.tolist() == [[0, 1]]
    assert (plan.objective, plan.priced) == (pytest.approx(0.5), pytest.approx(0.3))


@pytest.mark.parametrize("slots", [1, 2])
def test_whoever_must_be_placed_is_placed_first_whatever_it_costs(slots):
    utility = sparse.csr_matrix(np.array([[0.9, 0.0], [0.2, 0.0], [0.8, 0.7]]))
    must = np.array([False, True, False])
    problem = AllocationProblem(
        utility, np.array([1, 1]), slots=slots, must=must, must_positions=np.array([True, False])
    )
    plan = allocate(problem, np.array([0.5, 0.0]))
    assert plan.pairs.tolist() == [[1, 0], [2, 1]]
    assert plan.certificate.feasible


def test_as_many_who_must_be_placed_are_placed_as_there_is_room_for():
    rng = np.random.default_rng(5)
    for _ in range(20):
        utility = matrix(rng, 12, 5, share=0.4)
        scarce = np.array([True, True, True, False, False])
        problem = AllocationProblem(
            utility, rng.integers(0, 3, 5), np.arange(12) // 2, 2, must=np.ones(12, dtype=bool), must_positions=scarce
        )
        pairs = allocate(problem).pairs
        placed = len(np.unique(pairs[scarce[pairs[:, 1]], 0]))
        ones = sparse.csr_matrix((utility.toarray() * scarce > 0).astype(float))
        assert placed == round(referee(ones, problem.capacity))


@pytest.mark.parametrize("kind", ["linear", "saturating"])
def test_a_hundred_shuffles_of_rows_and_columns_give_the_identical_plan(kind):
    rng = np.random.default_rng(11)
    n, m = 24, 10
    utility, capacity = matrix(rng, n, m, whole=3), rng.integers(0, 4, m)
    slots = 1 if kind == "linear" else 2
    ids, posts = rng.permutation(10_000)[:n], rng.permutation(10_000)[:m]
    plans, by_content = set(), set()
    for k in range(100):
        order_i, order_j = (np.arange(n), np.arange(m)) if k == 0 else (rng.permutation(n), rng.permutation(m))
        parts = (utility[order_i][:, order_j], capacity[order_j], None, slots)
        keyed = allocate(AllocationProblem(*parts, tie_seeker=ids[order_i], tie_position=posts[order_j])).pairs
        plans.add(tuple(sorted((ids[order_i][i], posts[order_j][j]) for i, j in keyed.tolist())))
        bare = allocate(AllocationProblem(*parts)).pairs
        by_content.add(tuple(sorted((ids[order_i][i], posts[order_j][j]) for i, j in bare.tolist())))
    assert len(plans) == 1
    assert len(by_content) == 1


def test_an_empty_problem_has_an_empty_plan():
    for shape in ((0, 0), (3, 0), (0, 3), (3, 2)):
        plan = allocate(AllocationProblem(sparse.csr_matrix(shape), np.ones(shape[1], dtype=int)))
        assert plan.pairs.shape == (0, 2)
        assert plan.certificate.feasible


@pytest.mark.parametrize("side", ["tie_seeker", "tie_position"])
def test_identifiers_of_one_side_alone_still_give_the_identical_plan_in_any_order(side):
    rng = np.random.default_rng(13)
    n, m = 16, 8
    utility, capacity = matrix(rng, n, m, whole=2), rng.integers(0, 3, m)
    ids, plans = rng.permutation(1000)[: n if side == "tie_seeker" else m], set()
    for k in range(12):
        i, j = (np.arange(n), np.arange(m)) if k == 0 else (rng.permutation(n), rng.permutation(m))
        given_ = {side: ids[i] if side == "tie_seeker" else ids[j]}
        found = allocate(AllocationProblem(utility[i][:, j], capacity[j], **given_)).pairs
        plans.add(tuple(sorted((int(i[a]), int(j[b])) for a, b in found)))
    assert len(plans) == 1


@pytest.mark.parametrize("slots", [1, 2])
def test_whoever_must_be_placed_is_placed_even_where_the_pair_is_worth_nothing(slots):
    pairs = (np.array([0, 1, 1]), np.array([0, 0, 1]))
    utility = sparse.csr_matrix((np.array([0.0, 0.9, 0.8]), pairs), shape=(2, 2))
    must, regulated = np.array([True, False]), np.array([True, False])
    plan = allocate(AllocationProblem(utility, np.array([1, 1]), slots=slots, must=must, must_positions=regulated))
    assert plan.pairs.tolist() == [[0, 0], [1, 1]] and plan.certificate.feasible
