"""One exact min-cost flow: seekers to positions under slots, household limits and capacity. OR-Tools solves it."""

import numpy as np
from ortools.graph.python import min_cost_flow

from matching.arrays import Bools, Floats, Ints
from matching.errors import AllocationError

SCALE = 10_000_000
"""Values are rounded to one ten-millionth."""

TIE_BITS = 8
"""Below that resolution a keyed hash of the pair decides, so that neither a low number nor the order of rows is favoured."""


def best_flow(
    seeker: Ints, position: Ints, value: Floats, slots: Ints, capacity: Ints, keys: tuple[Ints, Ints], groups: tuple[Ints, Ints] | None = None
) -> Bools:
    """Choose arcs of the largest total value.

    ``seeker position value`` (n,) arcs; ``slots`` (n_seekers,), ``capacity`` (n_positions,) limits; ``keys`` tie keys of seekers and
    positions; ``groups`` = (group of each seeker, limit of each group) adds a limit a household. Arcs without a positive value are
    never chosen. Returns (n,) bool.
    """
    use = np.flatnonzero((value > 0) & (slots[seeker] > 0) & (capacity[position] > 0))
    chosen = np.zeros(len(seeker), dtype=bool)
    if not len(use):
        return chosen
    use = use[np.lexsort((keys[1][position[use]], keys[0][seeker[use]]))]
    people, at_i = _ranked(seeker[use], keys[0])
    posts, at_j = _ranked(position[use], keys[1])
    cost = -(np.round(value[use] * SCALE).astype(np.int64) << TIE_BITS) - _noise(keys[0][seeker[use]], keys[1][position[use]])
    if float(np.abs(cost).max()) * (len(people) + len(posts) + 2) > 2**62:
        raise AllocationError(f"utility: values up to {value.max():g} are too large to solve exactly; divide them all by a common number")
    flows = _solve(at_i, at_j, cost, slots[people], capacity[posts], None if groups is None else (groups[0][people], groups[1]))
    chosen[use] = flows > 0
    return chosen


def _ranked(ids: Ints, keys: Ints) -> tuple[Ints, Ints]:
    """Return the distinct ids in key order, and each id's place among them."""
    distinct = np.unique(ids)
    distinct = distinct[np.argsort(keys[distinct], kind="stable")]
    place = np.empty(int(distinct.max()) + 1, dtype=np.int64)
    place[distinct] = np.arange(len(distinct))
    return distinct, place[ids]


def _noise(a: Ints, b: Ints) -> Ints:
    x = a.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + b.astype(np.uint64) * np.uint64(0xC2B2AE3D27D4EB4F)
    x ^= x >> np.uint64(29)
    x *= np.uint64(0xBF58476D1CE4E5B9)
    return (x >> np.uint64(64 - TIE_BITS)).astype(np.int64)


def _solve(at_i: Ints, at_j: Ints, cost: Ints, slots: Ints, capacity: Ints, groups: tuple[Ints, Ints] | None) -> Ints:
    """Nodes: 0 source, 1 sink, then groups, seekers, positions; a free arc from source to sink carries what stays home."""
    homes, group_of = np.unique(groups[0], return_inverse=True) if groups is not None else (np.zeros(0, dtype=np.int64), None)
    n, m, g = len(slots), len(capacity), len(homes)
    first_i, first_j = 2 + g, 2 + g + n
    supply = int(slots.sum())
    solver = min_cost_flow.SimpleMinCostFlow()
    arcs = solver.add_arcs_with_capacity_and_unit_cost(first_i + at_i, first_j + at_j, np.ones(len(cost), dtype=np.int64), cost)
    if groups is None or group_of is None:
        _add(solver, np.zeros(n, dtype=np.int64), first_i + np.arange(n), slots)
    else:
        limit = np.minimum(groups[1][homes], np.bincount(group_of, weights=slots, minlength=g).astype(np.int64))
        _add(solver, np.zeros(g, dtype=np.int64), 2 + np.arange(g), limit)
        _add(solver, 2 + group_of, first_i + np.arange(n), slots)
    _add(solver, first_j + np.arange(m), np.ones(m, dtype=np.int64), capacity)
    _add(solver, np.array([0]), np.array([1]), np.array([supply]))
    solver.set_nodes_supplies(np.array([0, 1]), np.array([supply, -supply]))
    status = solver.solve()
    if status != solver.OPTIMAL:
        raise AllocationError(f"the flow solver answered {status}; expected an optimal solution")
    return np.asarray(solver.flows(arcs))


def _add(solver: min_cost_flow.SimpleMinCostFlow, tail: Ints, head: Ints, room: Ints) -> None:
    solver.add_arcs_with_capacity_and_unit_cost(tail, head, room.astype(np.int64), np.zeros(len(room), dtype=np.int64))
