"""What one unit of a position is worth in an optimal flow: the two ends of its dual price, by shortest paths on the residual graph."""

import numpy as np

from matching.arrays import Bools, Floats, Ints

MAX_PASSES = 400
"""Most passes of the shortest-path iteration; a path can visit each position once."""


def gain_of_one_more(
    source: Ints, position: Ints, value: Floats, chosen: Bools, n_positions: int, passes: int = MAX_PASSES
) -> Floats:
    """Return (n_positions,) what the optimum gains from one more unit of each position: the least dual price.

    A unit goes to some source, which frees the unit it held, which goes to another, and so on; the best such chain is found by
    Bellman-Ford passes from below. ``chosen`` marks an optimal flow, at most one arc a source.
    """
    n_sources = int(source.max(initial=-1)) + 1
    own, held = np.zeros(n_sources), np.full(n_sources, n_positions)
    own[source[chosen]], held[source[chosen]] = value[chosen], position[chosen]
    return chain_worth(value - own[source], position, held[source], n_positions, passes)


def chain_worth(step: Floats, position: Ints, freed: Ints, n_positions: int, passes: int = MAX_PASSES) -> Floats:
    """Return (n_positions,) the best chain of moves that one more unit of each position sets off, at least 0.

    An arc is a move: it takes a unit of ``position``, gains ``step`` and frees a unit of ``freed`` (``n_positions`` for none).
    """
    order = np.argsort(position, kind="stable")
    step, freed, position = step[order], freed[order], position[order]
    starts = np.flatnonzero(np.diff(position, prepend=-1))
    to = position[starts]
    worth = np.zeros(n_positions + 1)
    for _ in range(min(passes, n_positions + 1) if len(starts) else 0):
        better = np.maximum(np.maximum.reduceat(step + worth[freed], starts), worth[to])
        if not (better > worth[to] + 1e-12).any():
            break
        worth[to] = better
    return worth[:-1]


def loss_of_one(
    source: Ints, position: Ints, value: Floats, chosen: Bools, capacity: Ints, passes: int = MAX_PASSES
) -> Floats:
    """Return (n_positions,) what the optimum loses with one unit less of each position: the greatest dual price.

    Positions with room to spare lose nothing; a position without capacity has no such price and gets NaN. Arcs are sorted by source.
    """
    load = np.bincount(position[chosen], minlength=len(capacity))
    worth = np.where(load < capacity, 0.0, np.inf)
    placed = np.zeros(int(source.max(initial=-1)) + 1, dtype=bool)
    placed[source[chosen]] = True
    own, held = value[chosen], position[chosen]
    other = np.flatnonzero(placed[source] & ~chosen)
    who = (np.cumsum(placed) - 1)[source[other]]
    starts = np.flatnonzero(np.diff(who, prepend=-1))
    for _ in range(min(passes, len(capacity) + 1) if len(own) else 0):
        best = np.zeros(len(own))
        if len(starts):
            best[who[starts]] = np.maximum(np.maximum.reduceat(value[other] - worth[position[other]], starts), 0.0)
        less = np.full(len(capacity), np.inf)
        np.minimum.at(less, held, np.maximum(own - best, 0.0))
        less = np.minimum(less, worth)
        if np.array_equal(less, worth):
            break
        worth = less
    return np.where(np.isfinite(worth), worth, np.nan)
