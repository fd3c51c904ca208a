"""An allocation problem as plain arrays, checked at the door."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from matching.arrays import Bools, Floats, Ints
from matching.errors import AllocationError


@dataclass(frozen=True, slots=True, init=False, eq=False)
class AllocationProblem:
    """Who may be referred where, what it is worth, and how much room there is.

    Attributes
    ----------
    utility : (n_seekers, n_positions) CSR
        Value of each pair; an absent pair is forbidden, a negative one is never chosen. Where a household (default: a seeker alone) may
        hold several referrals, values are chances in [0, 1] and the household is worth ``weight * (1 - prod(1 - u))``. Where nobody's
        household may hold more than one, values are any finite numbers (also above 1) and are added up as they are.
    capacity : (n_positions,) int
        Referrals each position may hold, at least 0, locked ones included.
    household : (n_seekers,) int, optional
        Household of each seeker; default every seeker is one.
    slots : int or (n_seekers,) int
        Referrals each seeker may hold, locked ones included.
    locked : (m, 2) int, optional
        Pairs (seeker, position) already decided; they use capacity and slots and count first in the household's value.
    weight : (n_seekers,) float, optional
        Weight of each seeker's household (the largest of its seekers' counts); default 1.
    must : (n_seekers,) bool, optional
        Seekers who hold one of the ``must_positions`` (n_positions,) bool (default all) they are eligible for, whatever its price, as many
        of them as there is room for.
    place : (n_seekers,) int, optional
        Each seeker's place in the order in which ``must_positions`` are given, 0 first; default all the same. Nobody newly holds one that an
        earlier seeker could hold (an allowed pair of at least 0, a slot that no lock takes) whose household holds none at all; it goes
        before ``must`` and before value. Locked pairs are nobody's new choice.
    tie_seeker, tie_position : int arrays, optional
        Identifiers that settle ties; default what the rows and columns hold. Either way the plan does not depend on the order of the
        rows; without identifiers, twins that differ in nothing are told apart by row number alone.

    Raises
    ------
    AllocationError
        Shapes that do not fit, values that are not finite, negative capacity, a lock that is forbidden, given twice, or beyond capacity.
    """

    utility: sparse.csr_matrix
    capacity: Ints
    household: Ints
    slots: Ints
    locked: Ints
    weight: Floats
    must: Bools
    must_positions: Bools
    place: Ints
    tie_seeker: Ints | None
    tie_position: Ints | None

    def __init__(
        self,
        utility: sparse.csr_matrix,
        capacity: Ints,
        household: Ints | None = None,
        slots: int | Ints = 1,
        locked: Ints | None = None,
        *,
        weight: Floats | None = None,
        must: Bools | None = None,
        must_positions: Bools | None = None,
        place: Ints | None = None,
        tie_seeker: Ints | None = None,
        tie_position: Ints | None = None,
    ) -> None:
        matrix = _matrix(utility)
        n, m = matrix.shape
        codes = np.arange(n) if household is None else whole("household", household, n, low=None)
        self._put("utility", matrix)
        self._put("capacity", whole("capacity", capacity, m))
        self._put("household", np.unique(codes, return_inverse=True)[1].astype(np.int64))
        self._put("slots", whole("slots", np.full(n, slots) if np.ndim(slots) == 0 else slots, n))
        self._put("locked", _pairs(locked, n, m))
        self._put("weight", np.ones(n) if weight is None else numbers("weight", weight, n))
        self._put("must", _flags("must", must, n, default=False))
        self._put("must_positions", _flags("must_positions", must_positions, m, default=True))
        self._put("place", np.zeros(n, dtype=np.int64) if place is None else whole("place", place, n))
        self._put("tie_seeker", None if tie_seeker is None else whole("tie_seeker", tie_seeker, n, low=None))
        self._put("tie_position", None if tie_position is None else whole("tie_position", tie_position, m, low=None))
        if self.saturating and matrix.nnz and matrix.data.max() > 1:
            raise AllocationError(
                f"utility: expected chances of at most 1 where a household may hold several referrals, found {matrix.data.max():g}"
            )
        _check_locks(self)

    def _put(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    @property
    def saturating(self) -> bool:
        """Whether some household may hold more than one referral, so that its value saturates."""
        return bool((np.bincount(self.household, weights=self.slots) > 1).any())

    @property
    def household_weight(self) -> Floats:
        """(n_households,) the largest weight of each household's seekers, by household number."""
        out = np.zeros(int(self.household.max(initial=-1)) + 1)
        np.maximum.at(out, self.household, self.weight)
        return out


def _matrix(utility: Any) -> sparse.csr_matrix:
    if np.ndim(utility) != 2 and not sparse.issparse(utility):
        raise AllocationError(f"utility: expected a matrix of seekers by positions, found {type(utility).__name__}")
    matrix = sparse.csr_matrix(utility)
    if not matrix.has_canonical_format:
        matrix = matrix.copy()
        matrix.sum_duplicates()
    if matrix.dtype.kind != "f":
        matrix = matrix.astype(float)
    if not np.isfinite(matrix.data).all():
        raise AllocationError(
            "utility: expected finite numbers, found NaN or infinity; leave forbidden pairs out of the matrix"
        )
    return matrix


def whole(name: str, values: Any, n: int, low: int | None = 0) -> Ints:
    """Return (n,) int64 from any whole numbers of at least ``low``, or raise AllocationError."""
    array = np.asarray(values)
    if array.shape != (n,):
        raise AllocationError(f"{name}: expected {n} whole numbers, found shape {array.shape}")
    if array.dtype.kind not in "iub":
        array = _as_floats(name, array)
        if not (np.isfinite(array) & (array == np.floor(array))).all():
            raise AllocationError(f"{name}: expected whole numbers, found {array[:5]}")
    if low is not None and (array < low).any():
        raise AllocationError(f"{name}: expected at least {low}, found {array.min()}")
    return array.astype(np.int64)


def numbers(name: str, values: Any, n: int) -> Floats:
    """Return (n,) finite float64 of at least 0, or raise AllocationError."""
    array = _as_floats(name, np.asarray(values))
    if array.shape != (n,) or not np.isfinite(array).all() or (array < 0).any():
        raise AllocationError(
            f"{name}: expected {n} finite numbers of at least 0, found shape {array.shape}, {array.ravel()[:5]}"
        )
    return array


def _as_floats(name: str, array: np.ndarray) -> Floats:
    try:
        return array.astype(float)
    except (TypeError, ValueError):
        raise AllocationError(
            f"{name}: expected numbers, found {array.ravel()[:5].tolist()}; number them first"
        ) from None


def _flags(name: str, values: Any, n: int, *, default: bool) -> Bools:
    array = np.full(n, default) if values is None else np.asarray(values)
    if array.shape != (n,) or array.dtype != bool:
        raise AllocationError(f"{name}: expected {n} of true or false, found {array.dtype} of shape {array.shape}")
    return array


def _pairs(locked: Any, n: int, m: int) -> Ints:
    if locked is None or not len(locked):
        return np.zeros((0, 2), dtype=np.int64)
    pairs = np.asarray(locked)
    if pairs.ndim != 2 or pairs.shape[1] != 2 or pairs.dtype.kind not in "iu":
        raise AllocationError(f"locked: expected whole-number pairs (m, 2), found {pairs.dtype} of shape {pairs.shape}")
    if pairs.min() < 0 or pairs[:, 0].max() >= n or pairs[:, 1].max() >= m:
        raise AllocationError(f"locked: expected rows below {n} and columns below {m}, found up to {pairs.max(axis=0)}")
    return pairs.astype(np.int64)


def at_pairs(matrix: sparse.csr_matrix, pairs: Ints) -> Ints:
    """Return where each pair (k, 2) stands in the data of a CSR matrix with sorted rows, -1 where it is absent."""
    row, column = pairs[:, 0], pairs[:, 1]
    low, high = matrix.indptr[row].astype(np.int64), matrix.indptr[row + 1].astype(np.int64)
    end = high.copy()
    while (low < high).any():
        middle = (low + high) // 2
        open_ = low < high
        below = np.zeros(len(row), dtype=bool)
        below[open_] = matrix.indices[middle[open_]] < column[open_]
        low, high = np.where(open_ & below, middle + 1, low), np.where(open_ & ~below, middle, high)
    found = low < end
    found[found] = matrix.indices[low[found]] == column[found]
    return np.where(found, low, -1)


def _check_locks(problem: AllocationProblem) -> None:
    locked = problem.locked
    m = problem.utility.shape[1]
    if len(np.unique(locked[:, 0] * m + locked[:, 1])) != len(locked):
        raise AllocationError("locked: expected each pair once, found one twice")
    absent = np.flatnonzero(at_pairs(problem.utility, locked) < 0)
    if len(absent):
        raise AllocationError(
            f"locked: pair {tuple(locked[absent[0]].tolist())} is forbidden; give it a utility or drop the lock"
        )
    for name, column, room in (("position", 1, problem.capacity), ("seeker", 0, problem.slots)):
        held = np.bincount(locked[:, column], minlength=len(room))
        over = np.flatnonzero(held > room)
        if len(over):
            raise AllocationError(
                f"locked: {name} {over[0]} is in {held[over[0]]} locked pairs, expected at most {room[over[0]]}"
            )
