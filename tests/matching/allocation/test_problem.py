"""A problem that cannot be posed is refused at the door, with what to do about it."""

import numpy as np
import pytest
from scipy import sparse

from matching.allocation import AllocationProblem, allocate
from matching.allocation.problem import at_pairs
from matching.errors import AllocationError

FULL = sparse.csr_matrix(np.array([[0.5, 0.4, 0.0], [0.3, 0.2, 0.1]]))
ROOM = np.array([1, 1, 1])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"capacity": np.array([1, -1, 1])}, "capacity: expected at least 0"),
        ({"capacity": np.array([1, 1])}, "capacity: expected 3"),
        ({"capacity": np.array([1, 1, 0.5])}, "capacity: expected whole numbers"),
        ({"capacity": np.array([1, 1, np.nan])}, "capacity: expected whole numbers"),
        ({"household": np.array([0])}, "household: expected 2"),
        ({"household": np.array(["a", "b"])}, r"household: expected numbers, found \['a', 'b'\]; number them first"),
        ({"weight": np.array(["a", "b"])}, "weight: expected numbers"),
        ({"slots": np.array([1, 1, 1])}, "slots: expected 2"),
        ({"slots": -1}, "slots: expected at least 0"),
        ({"weight": np.array([1.0, -1.0])}, "weight: expected 2 finite"),
        ({"must": np.array([1, 0])}, "must: expected 2 of true or false"),
        ({"locked": np.array([[0, 2]])}, "forbidden"),
        ({"locked": np.array([[0, 3]])}, "locked: expected rows below 2"),
        ({"locked": np.array([[0, 0], [0, 0]])}, "found one twice"),
        ({"locked": np.array([[0, 0], [1, 0]])}, "locked: position 0 is in 2"),
        ({"locked": np.array([[0, 0], [0, 1]])}, "locked: seeker 0 is in 2"),
        ({"locked": np.array([[0, -1]])}, "locked: expected rows below 2"),
        ({"locked": np.array([[-1, 0]])}, "locked: expected rows below 2"),
        ({"locked": np.array([[2, 0]])}, "locked: expected rows below 2"),
        ({"locked": np.array([[0, 0], [2, 1]])}, "locked: expected rows below 2"),
        ({"locked": np.array([[0, 0], [1, 3]])}, "locked: expected rows below 2 and columns below 3"),
        ({"locked": np.array([[0, 0], [1, -1]])}, "locked: expected rows below 2"),
        ({"locked": np.array([[0.0, 1.0]])}, "locked: expected whole-number pairs"),
        ({"locked": np.array([[0, 1, 2]])}, "locked: expected whole-number pairs"),
        ({"locked": np.array([0, 1, 2])}, "locked: expected whole-number pairs"),
        ({"utility": sparse.csr_matrix(np.array([[np.nan, 0.1, 0.1]]))}, "utility: expected finite"),
        ({"utility": 3.0}, "utility: expected a matrix"),
        ({"utility": FULL * 9, "slots": 2}, "utility: expected chances of at most 1"),
        ({"utility": FULL * 2.1, "slots": 2}, "utility: expected chances of at most 1"),
    ],
)
def test_a_problem_that_does_not_fit_is_refused(changes, message):
    given = {"utility": FULL, "capacity": ROOM, **changes}
    with pytest.raises(AllocationError, match=message):
        AllocationProblem(**given)


@pytest.mark.parametrize("prices", [np.zeros(2), np.array([0.1, -0.1, 0.0]), np.array([np.nan, 0.0, 0.0])])
def test_prices_that_do_not_fit_are_refused(prices):
    with pytest.raises(AllocationError, match="prices: expected 3 finite"):
        allocate(AllocationProblem(FULL, ROOM), prices)


def test_values_too_large_for_exact_integers_are_refused():
    with pytest.raises(AllocationError, match="too large"):
        allocate(AllocationProblem(FULL * 1e18, ROOM))


def test_a_pair_given_as_zero_is_allowed_and_an_absent_one_is_not():
    matrix = sparse.csr_matrix((np.array([0.0, 0.4]), (np.array([0, 1]), np.array([0, 1]))), shape=(2, 2))
    plan = allocate(AllocationProblem(matrix, np.array([1, 1]), locked=np.array([[0, 0]])))
    assert plan.pairs.tolist() == [[0, 0], [1, 1]]


def test_what_is_left_out_is_one_slot_a_seeker_alone_at_weight_one_and_every_value_is_kept():
    posed = AllocationProblem(FULL * 9, ROOM)
    assert (posed.slots.tolist(), posed.household.tolist(), posed.weight.tolist(), posed.place.tolist()) == (
        [1, 1],
        [0, 1],
        [1, 1],
        [0, 0],
    )
    assert (posed.must.tolist(), posed.must_positions.tolist(), posed.locked.shape) == (
        [False, False],
        [True] * 3,
        (0, 2),
    )
    assert posed.utility.data.tolist() == (FULL * 9).data.tolist() and not posed.saturating
    assert AllocationProblem(FULL, ROOM, household=np.array([7, 7])).saturating
    assert AllocationProblem(FULL, ROOM, np.array([5, 5]), weight=np.array([2.0, 3.0])).household_weight.tolist() == [
        3.0
    ]
    assert (
        AllocationProblem(FULL, ROOM, slots=np.array([0, 2])).saturating
        and not AllocationProblem(FULL, ROOM, slots=0).saturating
    )


def test_pairs_are_found_where_they_stand_and_absent_ones_nowhere():
    rng = np.random.default_rng(0)
    full = np.where(rng.random((7, 9)) < 0.4, rng.random((7, 9)), 0.0)
    matrix = sparse.csr_matrix(full)
    pairs = np.array([(i, j) for i in range(7) for j in range(9)])
    at = at_pairs(matrix, pairs)
    assert [0.0 if k < 0 else matrix.data[k] for k in at] == full.ravel().tolist()


def test_whole_numbers_are_taken_as_values_too():
    posed = AllocationProblem(sparse.csr_matrix(np.array([[2, 0, 1]])), ROOM)
    assert posed.utility.dtype == np.float64 and allocate(posed).objective == 2.0
    assert AllocationProblem(FULL.astype(np.float32), ROOM).utility.dtype == np.float32


def test_a_chance_of_exactly_one_is_one():
    assert allocate(AllocationProblem(FULL * 2, ROOM, slots=2)).certificate.feasible
