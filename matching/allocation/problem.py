"""An allocation problem as plain arrays, checked at the door."""

from dataclasses import dataclass, field

import numpy as np
from scipy import sparse

from matching.arrays import Bools, Floats, Ints
from matching.errors import AllocationError

CEILING = 0.9999
"""Utilities of problems with households or several slots are kept below 1, so that a second referral is never worth exactly nothing."""


@dataclass(frozen=True, eq=False)
class AllocationProblem:
    """Who may be referred where, what it is worth, and how much room there is.

    Attributes
    ----------
    utility : (n_seekers, n_positions) CSR
        Value of each pair; an absent pair is forbidden. With ``household`` or more than one slot a value is a chance in [0, 1] and several
        referrals of a household are worth ``1 - prod(1 - u)``; otherwise any finite number, summed. Negative values are never chosen.
    capacity : (n_positions,) int
        Referrals each position may hold, at least 0.
    household : (n_seekers,) int, optional
        Household of each seeker; default every seeker is one.
    slots : int or (n_seekers,) int
        Referrals each seeker may hold.
    locked : (m, 2) int, optional
        Pairs already decided; they use capacity and slots and count first in the household's value.
    weight : (n_seekers,) float, optional
        Weight of each seeker's household (the largest of its seekers' counts); default 1.
    must : (n_seekers,) bool, optional
        Seekers who hold one of the ``must_positions`` (n_positions,) bool whenever there is one for them.
    tie_seeker, tie_position : int arrays, optional
        Keys that order seekers and positions for ties; default their row numbers. With keys that travel with the rows the answer does not
        depend on the order of the rows.

    Raises
    ------
    AllocationError
        Shapes that do not fit, values that are not finite, negative capacity, a lock that is forbidden, given twice, or beyond capacity.
    """

    utility: sparse.csr_matrix
    capacity: Ints
    household: Ints | None = None
    slots: int | Ints = 1
    locked: Ints | None = None
    weight: Floats | None = None
    must: Bools | None = None
    must_positions: Bools | None = None
    tie_seeker: Ints | None = None
    tie_position: Ints | None = None
    saturating: bool = field(init=False)

    def __post_init__(self) -> None:
        matrix = sparse.csr_matrix(self.utility, copy=True).astype(float)
        matrix.sum_duplicates()
        n, m = matrix.shape
        put = object.__setattr__
        put(self, "utility", matrix)
        put(self, "capacity", _whole("capacity", self.capacity, m))
        put(self, "slots", _whole("slots", np.broadcast_to(np.asarray(self.slots), (n,)), n))
        put(self, "saturating", self.household is not None or bool((np.asarray(self.slots) > 1).any()))
        put(self, "household", np.arange(n) if self.household is None else _whole("household", self.household, n, low=None))
        put(self, "locked", _pairs(self.locked, n, m))
        put(self, "weight", np.ones(n) if self.weight is None else _finite("weight", self.weight, n))
        put(self, "must", np.zeros(n, dtype=bool) if self.must is None else np.asarray(self.must, dtype=bool))
        put(self, "must_positions", np.ones(m, dtype=bool) if self.must_positions is None else np.asarray(self.must_positions, dtype=bool))
        put(self, "tie_seeker", np.arange(n) if self.tie_seeker is None else _whole("tie_seeker", self.tie_seeker, n, low=None))
        put(self, "tie_position", np.arange(m) if self.tie_position is None else _whole("tie_position", self.tie_position, m, low=None))
        if not np.isfinite(matrix.data).all():
            raise AllocationError("utility: expected finite numbers, found NaN or infinity; leave forbidden pairs out of the matrix")
        if self.saturating and len(matrix.data) and (matrix.data.max() > 1 or matrix.data.min() < 0):
            raise AllocationError(f"utility: expected chances in [0, 1] with households or several slots, found {matrix.data.min():g} to {matrix.data.max():g}")
        self._check_locks()

    def _check_locks(self) -> None:
        locked = self.locked
        assert locked is not None and isinstance(self.slots, np.ndarray)
        n, m = self.utility.shape
        if len(np.unique(locked[:, 0] * m + locked[:, 1])) != len(locked):
            raise AllocationError("locked: expected each pair once, found one twice")
        present = np.asarray(self.utility[locked[:, 0], locked[:, 1]] != 0).ravel() if len(locked) else np.zeros(0, dtype=bool)
        if not present.all():
            raise AllocationError(f"locked: pair {tuple(locked[np.argmin(present)].tolist())} is forbidden; give it a utility or drop the lock")
        over = np.flatnonzero(np.bincount(locked[:, 1], minlength=m) > self.capacity)
        if len(over):
            raise AllocationError(f"locked: position {int(over[0])} has more locked pairs than capacity {int(self.capacity[over[0]])}")
        full = np.flatnonzero(np.bincount(locked[:, 0], minlength=n) > self.slots)
        if len(full):
            raise AllocationError(f"locked: seeker {int(full[0])} has more locked pairs than slots {int(self.slots[full[0]])}")


def _whole(name: str, values: Ints, n: int, low: int | None = 0) -> Ints:
    array = np.asarray(values)
    if array.shape != (n,):
        raise AllocationError(f"{name}: expected {n} numbers, found shape {array.shape}")
    if not np.isfinite(array.astype(float)).all() or (array != np.floor(array)).any():
        raise AllocationError(f"{name}: expected whole numbers, found {array[:5]}")
    if low is not None and (array < low).any():
        raise AllocationError(f"{name}: expected at least {low}, found {array.min()}")
    return array.astype(np.int64)


def _finite(name: str, values: Floats, n: int) -> Floats:
    array = np.asarray(values, dtype=float)
    if array.shape != (n,) or not np.isfinite(array).all() or (array < 0).any():
        raise AllocationError(f"{name}: expected {n} finite numbers of at least 0, found shape {array.shape}")
    return array


def _pairs(locked: Ints | None, n: int, m: int) -> Ints:
    pairs = np.zeros((0, 2), dtype=np.int64) if locked is None else np.asarray(locked, dtype=np.int64).reshape(-1, 2)
    if len(pairs) and (pairs.min() < 0 or pairs[:, 0].max() >= n or pairs[:, 1].max() >= m):
        raise AllocationError(f"locked: expected rows below {n} and columns below {m}, found {pairs.max(axis=0)}")
    return pairs
