"""A problem as arcs in an order that does not depend on how its rows were numbered, less what is locked."""

from dataclasses import dataclass

import numpy as np

from matching.allocation.order import bits, content_keys, mixed
from matching.allocation.problem import AllocationProblem, at_pairs
from matching.arrays import Bools, Floats, Ints


@dataclass(frozen=True, slots=True)
class Arcs:
    """Free pairs, sorted by household, seeker and position key, with the room that locks leave.

    ``home seeker position utility price`` (n_arcs,); ``weight missed`` (n_homes,) weight and the product of (1 - u) over locked pairs;
    ``slots`` (n_seekers,), ``capacity`` (n_positions,) room left; ``obliged`` (n_seekers,) who still has to hold a ``must_positions``;
    ``place`` (n_seekers,) in the order these are given in, ``served`` (n_homes,) who holds one by a lock; ``saturating`` as the problem's; ``rows columns`` original numbers; ``seeker_keys home_keys position_keys`` uint64.
    """

    home: Ints
    seeker: Ints
    position: Ints
    utility: Floats
    price: Floats
    weight: Floats
    missed: Floats
    slots: Ints
    capacity: Ints
    obliged: Bools
    must_positions: Bools
    place: Ints
    served: Bools
    saturating: bool
    rows: Ints
    columns: Ints
    seeker_keys: Ints
    home_keys: Ints
    position_keys: Ints

    def pairs(self, chosen: Bools) -> Ints:
        """Return (k, 2) original row and column numbers of chosen arcs."""
        return np.column_stack([self.rows[self.seeker[chosen]], self.columns[self.position[chosen]]])

    def room(self, chosen: Bools) -> tuple[Ints, Ints]:
        """Return the slots and capacity that chosen arcs leave."""
        slots = self.slots - np.bincount(self.seeker[chosen], minlength=len(self.slots))
        return slots, self.capacity - np.bincount(self.position[chosen], minlength=len(self.capacity))

    def missed_after(self, chosen: Bools) -> Floats:
        """Return (n_homes,) the product of (1 - u) over locked and chosen pairs; 1 where values are plain sums."""
        out = self.missed.copy()
        if not self.saturating:
            return out
        np.multiply.at(out, self.home[chosen], 1.0 - self.utility[chosen])
        return out

    def worth(self, chosen: Bools) -> float:
        """Return what chosen arcs add to the locked ones, less their prices."""
        if not self.saturating:
            return float((self.weight[self.home[chosen]] * self.utility[chosen] - self.price[chosen]).sum())
        return float((self.weight * (self.missed - self.missed_after(chosen))).sum() - self.price[chosen].sum())


def arcs_of(problem: AllocationProblem, price: Floats) -> Arcs:
    """Return the free arcs of a problem in canonical order."""
    rows, columns, seeker_keys, home_keys, position_keys = _canonical(problem, price)
    place_i, place_j = _inverse(rows), _inverse(columns)
    matrix = problem.utility[rows]
    matrix.indices = place_j[matrix.indices].astype(np.int32)
    matrix.has_sorted_indices = False
    matrix.sort_indices()
    home_of = problem.household[rows]
    change = np.append(True, home_of[1:] != home_of[:-1])[: len(rows)]
    home = (np.cumsum(change) - 1).astype(np.int32)
    locked = np.column_stack([place_i[problem.locked[:, 0]], place_j[problem.locked[:, 1]]])
    at = at_pairs(matrix, locked)
    missed = np.ones(int(home.max(initial=-1)) + 1)
    np.multiply.at(missed, home[locked[:, 0]], 1.0 - np.clip(matrix.data[at], 0.0, 1.0) if problem.saturating else 1.0)
    slots = problem.slots[rows] - np.bincount(locked[:, 0], minlength=len(rows))
    obliged = problem.must[rows] & (slots > 0)
    must_positions = problem.must_positions[columns]
    obliged[locked[must_positions[locked[:, 1]], 0]] = False
    served = np.zeros(len(missed), dtype=bool)
    served[home[locked[must_positions[locked[:, 1]], 0]]] = True
    free = np.ones(matrix.nnz, dtype=bool)
    free[at] = False
    seeker = np.repeat(np.arange(len(rows), dtype=np.int32), np.diff(matrix.indptr))[free]
    return Arcs(
        home=home[seeker],
        seeker=seeker,
        position=matrix.indices[free],
        utility=matrix.data[free].astype(np.float64),
        price=price[columns][matrix.indices[free]],
        weight=problem.household_weight[home_of[change]],
        missed=missed,
        slots=slots,
        capacity=problem.capacity[columns] - np.bincount(locked[:, 1], minlength=len(columns)),
        obliged=obliged,
        must_positions=must_positions,
        place=problem.place[rows],
        served=served,
        saturating=problem.saturating,
        rows=rows,
        columns=columns,
        seeker_keys=seeker_keys[rows],
        home_keys=home_keys[home_of[change]],
        position_keys=position_keys[columns],
    )


def _inverse(order: Ints) -> Ints:
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    return place


def _canonical(problem: AllocationProblem, price: Floats) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    """Return rows and columns in canonical order (a household's seekers together) and the keys of seekers, homes and positions."""
    n, m = problem.utility.shape
    given_i, given_j = problem.tie_seeker, problem.tie_position
    if given_i is None or given_j is None:
        held = np.bincount(problem.locked[:, 0], minlength=n) * (1 << 20) + problem.slots * 2 + problem.must
        held += np.unique(problem.place, return_inverse=True)[1] * (1 << 40)
        seeker = mixed(mixed(held) + bits(problem.weight))
        taken = (
            np.bincount(problem.locked[:, 1], minlength=m) * (1 << 31) + problem.capacity * 2 + problem.must_positions
        )
        seeker, position = content_keys(problem.utility, seeker, mixed(mixed(taken) + bits(price)), problem.household)
    seeker = seeker if given_i is None else mixed(given_i.astype(np.uint64))
    position = position if given_j is None else mixed(given_j.astype(np.uint64))
    home = np.zeros(len(problem.household_weight), dtype=np.uint64)
    np.add.at(home, problem.household, mixed(seeker))
    rows = np.lexsort((np.arange(n), seeker, problem.household, home[problem.household]))
    return rows, np.lexsort((np.arange(m), position)), seeker, home, position
