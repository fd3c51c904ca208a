"""The most each household could make of given prices: its best set of referrals, value less prices, or a little more.

A household of up to three referrals gets its best set by trying all that are not plainly worse. A larger one gets the lower of two upper
bounds: every pair of its strongest referrals with the rest valued as if they did not overlap each other, and the best tangent of its
concave value. So the sum over households is never below what is possible.
"""

from dataclasses import dataclass

import numpy as np

from matching.arrays import Bools, Floats, Ints

CELLS = 4_000_000
"""Households are worked through in blocks of about this many numbers."""

EXACT = 3
"""Referrals a household up to which its best set is found exactly."""

WIDE = 24
"""Arcs worth their price beyond which a household of many referrals is bounded by tangents alone."""

HALVINGS = 9
"""Halvings in the search for the lowest tangent of a household's concave value."""

STEEPEST = 7.0
"""Tangents are tried where ``1 - exp(-x)`` has come as far as this ``x``."""


@dataclass(frozen=True, slots=True)
class Menu:
    """Arcs by household, seeker and falling utility.

    ``home seeker utility`` (n_arcs,); ``weight`` (n_homes,) weight times what locks leave undone; ``slots`` (n_seekers,) and ``room``
    (n_homes,) referrals that may still be held.
    """

    home: Ints
    seeker: Ints
    utility: Floats
    weight: Floats
    slots: Ints
    room: Ints


def best_surplus(menu: Menu, cost: Floats) -> tuple[float, Bools]:
    """Return the sum of households' best surpluses at arc costs (n_arcs,), or a little more, and which arcs the best sets use."""
    alone = menu.weight[menu.home] * menu.utility - cost
    keep = _undominated(menu, cost, np.flatnonzero((alone > 0) & (menu.slots[menu.seeker] > 0)))
    count = np.bincount(menu.home[keep], minlength=len(menu.weight))
    tried = (menu.room <= EXACT) | (count <= WIDE)
    used = np.zeros(len(cost), dtype=bool)
    best = np.full(len(menu.weight), np.inf)
    best[count == 0] = 0.0
    _pairwise(menu, cost, keep[tried[menu.home[keep]]], best, used)
    _tangents(menu, cost, keep[menu.room[menu.home[keep]] > EXACT], best, used)
    return float(best.sum()), used


def _undominated(menu: Menu, cost: Floats, keep: Ints) -> Ints:
    """Drop arcs that as many others of the same seeker as it has slots beat on utility and cost.

    A set that holds such an arc lacks one of those others and is no worse with it in its place.
    """
    seeker = menu.seeker[keep]
    starts = np.flatnonzero(np.diff(seeker, prepend=-1))
    sizes = np.diff(starts, append=len(seeker))
    rank = (np.arange(len(seeker)) - np.repeat(starts, sizes)).astype(np.uint16)
    lowest = [np.full(len(menu.slots), np.inf) for _ in range(int(menu.slots[seeker].max(initial=1)))]
    bar = np.full(len(menu.slots), np.inf)
    stays = np.zeros(len(keep), dtype=bool)
    for at in np.split(np.argsort(rank, kind="stable"), np.cumsum(np.bincount(rank))[:-1]):
        at = at[cost[keep[at]] < bar[seeker[at]]]
        stays[at] = True
        who, rest = seeker[at], cost[keep[at]]
        for k, low in enumerate(lowest):
            low[who], rest = np.minimum(low[who], rest), np.maximum(low[who], rest)
            full = menu.slots[who] == k + 1
            bar[who[full]] = low[who[full]]
    return keep[stays]


def _tangents(menu: Menu, cost: Floats, keep: Ints, best: Floats, used: Bools) -> None:
    """Bound by the lowest tangent of ``1 - exp(-sum of -log(1 - u))`` where that is lower; mark what its best set uses instead.

    The height is convex in the slope ``exp(-depth)``: the tangent is too steep where its best set goes deeper than it touches.
    """
    if not len(keep):
        return
    homes, at = np.unique(menu.home[keep], return_inverse=True)
    seeker, weight = menu.seeker[keep], menu.weight[homes]
    mass = -np.log1p(-np.minimum(menu.utility[keep], 1 - 1e-12))
    low, high = np.zeros(len(homes)), np.full(len(homes), STEEPEST)
    for _ in range(HALVINGS):
        depth = (low + high) / 2
        slope = np.exp(-depth)
        surplus = (weight * slope)[at] * mass - cost[keep]
        sets = largest(seeker, surplus, menu.slots)
        height = weight * (1 - slope - slope * depth) + np.bincount(at, surplus * sets, len(homes))
        better = height < best[homes]
        best[homes[better]] = height[better]
        used[keep[better[at]]] = sets[better[at]]
        deeper = np.bincount(at, mass * sets, len(homes)) > depth
        low, high = np.where(deeper, depth, low), np.where(deeper, high, depth)


def largest(group: Ints, value: Floats, count: Ints) -> Bools:
    """Mark each group's largest positive values, at most ``count`` (n_groups,) of them; ``group`` ascends, the first of equals wins."""
    out = np.zeros(len(value), dtype=bool)
    taken = np.zeros(len(count), dtype=np.int64)
    live = np.flatnonzero((value > 0) & (count[group] > 0))
    while len(live):
        own, worth = group[live], value[live]
        starts = np.flatnonzero(np.diff(own, prepend=-1))
        top = np.repeat(np.maximum.reduceat(worth, starts), np.diff(starts, append=len(live)))
        at = np.flatnonzero(worth == top)
        at = at[np.diff(own[at], prepend=-1) != 0]
        out[live[at]] = True
        taken[own[at]] += 1
        rest = taken[own] < count[own]
        rest[at] = False
        live = live[rest]
    return out


def _pairwise(menu: Menu, cost: Floats, keep: Ints, best: Floats, used: Bools) -> None:
    """Find best sets in blocks of households of alike shape, arcs by falling utility; mark what they use."""
    order = np.lexsort((cost[keep], -menu.utility[keep], menu.home[keep]))
    keep = keep[order]
    present, first, count = np.unique(menu.home[keep], return_index=True, return_counts=True)
    depth = np.minimum(menu.room[present], count)
    for k in np.unique(depth):
        same = np.flatnonzero(depth == k)
        same = same[np.argsort(count[same], kind="stable")]
        while len(same):
            wide = int(count[same[0]])
            block = same[: max(1, CELLS // wide)]
            block = block[count[block] <= max(2 * wide, 8)]
            same = same[len(block) :]
            live = np.arange(int(count[block].max())) < count[block][:, None]
            arcs = keep[np.where(live, first[block][:, None] + np.arange(live.shape[1]), first[block][:, None])]
            block_ = _Block(
                menu.weight[present[block]],
                menu.utility[arcs] * live,
                np.where(live, cost[arcs], np.inf),
                menu.seeker[arcs],
                menu.slots[menu.seeker[arcs]],
                arcs,
            )
            best[present[block]], sets, arcs = _best_sets(block_, int(k))
            used[arcs[sets]] = True


@dataclass(frozen=True, slots=True)
class _Block:
    """A household a row, an arc a column: utility falling; arcs that are not there have utility 0 and infinite cost."""

    weight: Floats
    utility: Floats
    cost: Floats
    seeker: Ints
    slots: Ints
    arcs: Ints

    def surplus(self, left: Floats, after: int, held: tuple[int, ...]) -> Floats:
        """What each arc right of column ``after`` adds when ``left`` is undone, -inf where the seeker's slots are ``held``."""
        value = left[:, None] * self.utility[:, after + 1 :] - self.cost[:, after + 1 :]
        if len(held) < self.slots.min():
            return value
        taken = np.zeros(value.shape, dtype=np.int64)
        for p in held:
            taken += self.seeker[:, after + 1 :] == self.seeker[:, p : p + 1]
        return np.where(taken < self.slots[:, after + 1 :], value, -np.inf)


def _best_sets(block: _Block, k: int) -> tuple[Floats, Bools, Ints]:
    """Return each row's best surplus of at most ``k`` arcs, the set, and the arcs its columns stand for."""
    if k == 1:
        return *_top(block.surplus(block.weight, -1, ()), 1), block.arcs
    best, sets = np.zeros(len(block.weight)), np.zeros(block.utility.shape, dtype=bool)
    for p in range(block.utility.shape[1]):
        left_p = block.weight * (1 - block.utility[:, p])
        base_p = block.weight * block.utility[:, p] - block.cost[:, p]
        _keep_better(best, sets, base_p, (p,), _top(block.surplus(left_p, p, (p,)), 1))
        for q in range(p + 1, block.utility.shape[1] if k > 2 else 0):
            base = base_p + left_p * block.utility[:, q] - block.cost[:, q]
            base = np.where((block.seeker[:, p] == block.seeker[:, q]) & (block.slots[:, p] < 2), -np.inf, base)
            _keep_better(
                best, sets, base, (p, q), _top(block.surplus(left_p * (1 - block.utility[:, q]), q, (p, q)), k - 2)
            )
    return best, sets, block.arcs


def _keep_better(best: Floats, sets: Bools, base: Floats, held: tuple[int, ...], rest: tuple[Floats, Bools]) -> None:
    better = base + rest[0] > best
    best[better] = (base + rest[0])[better]
    sets[better] = False
    for p in held:
        sets[better, p] = True
    sets[better, held[-1] + 1 :] = rest[1][better]


def _top(surplus: Floats, k: int) -> tuple[Floats, Bools]:
    """Return the sum of each row's ``k`` largest positive numbers, and where they stand."""
    picked = np.zeros(surplus.shape, dtype=bool)
    if not surplus.shape[1]:
        return np.zeros(len(surplus)), picked
    if k == 1:
        rows, at = np.arange(len(surplus)), surplus.argmax(axis=1)
        picked[rows, at] = surplus[rows, at] > 0
        return np.maximum(surplus[rows, at], 0.0), picked
    at = np.argsort(-surplus, axis=1, kind="stable")[:, :k]
    value = np.maximum(np.take_along_axis(surplus, at, axis=1), 0.0)
    np.put_along_axis(picked, at, value > 0, axis=1)
    return value.sum(axis=1), picked
