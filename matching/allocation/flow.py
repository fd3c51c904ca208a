"""One exact min-cost flow: sources of one unit each to positions under capacity. OR-Tools solves it."""

import numpy as np
from ortools.graph.python import min_cost_flow

from matching.allocation.order import mixed
from matching.arrays import Bools, Floats, Ints
from matching.errors import AllocationError

TIE_BITS = 8
"""Below the resolution of values a keyed hash of the pair decides, so that a tie is settled alike when other rows come and go."""

FINEST_BITS = 40
"""Values are rounded to 2**-40 of the next power of two above the largest, or coarser where 64-bit integers ask for it."""

COARSEST_BITS = 20
"""A coarser rounding than 2**-20 (about 1e-6) is refused."""


def best_flow(
    source: Ints,
    position: Ints,
    value: Floats,
    capacity: Ints,
    keys: tuple[Ints, Ints],
    forced: Bools | None = None,
) -> Bools:
    """Choose arcs of the largest total value, at most one a source and ``capacity`` a position.

    ``source position value`` (n,) arcs, in an order that does not depend on how rows were numbered; ``keys`` uint64 tie keys of sources
    and positions. Only positive values are chosen, except that a source marked in ``forced`` takes one of its arcs whatever its value.
    Returns (n,) bool. Raises AllocationError when a forced source finds no room or integers cannot hold the values.
    """
    must = np.zeros(len(keys[0]), dtype=bool) if forced is None else forced
    use = np.flatnonzero(((value > 0) | must[source]) & (capacity[position] > 0))
    chosen = np.zeros(len(source), dtype=bool)
    people, at_i = _numbered(source[use], len(keys[0]))
    if must.sum() > must[people].sum():
        raise AllocationError(
            "must: a seeker bound to be placed has no position with room; expected the caller to check"
        )
    if not len(use):
        return chosen
    posts, at_j = _numbered(position[use], len(keys[1]))
    tie = mixed(keys[0][source[use]] + mixed(keys[1][position[use]])) >> np.uint64(64 - TIE_BITS)
    cost = -(_integers(value[use], len(people) + len(posts)) << TIE_BITS) - tie.astype(np.int64)
    chosen[use] = _solve(at_i, at_j, cost, capacity[posts], must[people]) > 0
    return chosen


def _numbered(ids: Ints, n: int) -> tuple[Ints, Ints]:
    """Return the ids present, ascending, and each id's place among them."""
    present = np.zeros(n, dtype=bool)
    present[ids] = True
    return np.flatnonzero(present), (np.cumsum(present, dtype=np.int32) - 1)[ids]


def _integers(value: Floats, nodes: int) -> Ints:
    """Return values as integers, as fine as the solver's 64-bit sums allow."""
    largest = float(np.abs(value).max())
    if not np.isfinite(largest) or largest > 1e15:
        raise AllocationError(
            f"utility: values up to {largest:g} are too large to solve exactly; divide them all alike"
        )
    top = int(np.ceil(np.log2(max(largest, 1e-300))))
    bits = min(FINEST_BITS, 58 - TIE_BITS - int(np.ceil(np.log2(nodes + 3))))
    if bits < COARSEST_BITS:
        raise AllocationError(
            f"utility: {nodes} seekers and positions are too many for one exact flow; solve by region"
        )
    return np.round(np.ldexp(value, bits - top)).astype(np.int64)


def _solve(at_i: Ints, at_j: Ints, cost: Ints, capacity: Ints, forced: Bools) -> Ints:
    """Nodes: sources, positions, one sink; a source that may stay home has a free arc to the sink."""
    n, m = len(forced), len(capacity)
    solver = min_cost_flow.SimpleMinCostFlow()
    arcs = solver.add_arcs_with_capacity_and_unit_cost(at_i, n + at_j, np.ones(len(cost), dtype=np.int64), cost)
    home = np.flatnonzero(~forced)
    tail = np.concatenate([home, n + np.arange(m)])
    room = np.concatenate([np.ones(len(home), dtype=np.int64), capacity.astype(np.int64)])
    sink = np.full(len(tail), n + m)
    solver.add_arcs_with_capacity_and_unit_cost(tail, sink, room, np.zeros(len(tail), dtype=np.int64))
    solver.set_nodes_supplies(
        np.arange(n + 1) + np.where(np.arange(n + 1) == n, m, 0), np.append(np.ones(n, dtype=np.int64), -n)
    )
    status = solver.solve()
    if status != solver.OPTIMAL:
        raise AllocationError(
            f"flow: the solver answered {status}; expected an optimal solution, check values and capacity"
        )
    return np.asarray(solver.flows(arcs))
