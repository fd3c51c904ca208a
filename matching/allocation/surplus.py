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

SLOPES = np.exp(-np.linspace(0.0, 7.0, 29))
"""Slopes at which a household's concave value is bounded by a tangent."""


@dataclass(frozen=True, slots=True)
class Menu:
    """Arcs by household and seeker, both ascending.

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
    keep = np.flatnonzero((alone > 0) & (menu.slots[menu.seeker] > 0))
    count = np.bincount(menu.home[keep], minlength=len(menu.weight))
    tried = (menu.room <= EXACT) | (count <= WIDE)
    used = np.zeros(len(cost), dtype=bool)
    best = np.full(len(menu.weight), np.inf)
    best[count == 0] = 0.0
    _pairwise(menu, cost, keep[tried[menu.home[keep]]], best, used)
    _tangents(menu, cost, keep[menu.room[menu.home[keep]] > EXACT], best, used)
    return float(best.sum()), used


def _tangents(menu: Menu, cost: Floats, keep: Ints, best: Floats, used: Bools) -> None:
    """Bound by the best tangent of ``1 - exp(-sum of -log(1 - u))`` where that is lower; mark what its best set uses instead."""
    if not len(keep):
        return
    homes, at = np.unique(menu.home[keep], return_inverse=True)
    seeker = menu.seeker[keep]
    mass = -np.log1p(-np.minimum(menu.utility[keep], 1 - 1e-12))
    lowest, slope = best[homes], np.zeros(len(homes))
    for s in SLOPES:
        surplus = menu.weight[menu.home[keep]] * s * mass - cost[keep]
        sets = _most(seeker, surplus, menu.slots)
        height = menu.weight[homes] * (1 - s + s * np.log(s)) + np.bincount(at, surplus * sets, len(homes))
        slope[height < lowest] = s
        lowest = np.minimum(lowest, height)
    best[homes] = lowest
    lower = slope[at] > 0
    sets = _most(seeker, menu.weight[menu.home[keep]] * slope[at] * mass - cost[keep], menu.slots)
    used[keep[lower]] = sets[lower]


def _most(seeker: Ints, surplus: Floats, slots: Ints) -> Bools:
    """Mark each seeker's largest positive surpluses, as many as there are slots; arcs are sorted by seeker."""
    order = np.lexsort((-surplus, seeker))
    sorted_seeker = seeker[order]
    rank = np.arange(len(order)) - np.searchsorted(sorted_seeker, sorted_seeker)
    out = np.zeros(len(surplus), dtype=bool)
    out[order] = (rank < slots[sorted_seeker]) & (surplus[order] > 0)
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
        taken = np.zeros(value.shape, dtype=np.int64)
        for p in held:
            taken += self.seeker[:, after + 1 :] == self.seeker[:, p : p + 1]
        return np.where(taken < self.slots[:, after + 1 :], value, -np.inf)


def _best_sets(block: _Block, k: int) -> tuple[Floats, Bools, Ints]:
    """Return each row's best surplus of at most ``k`` arcs, the set, and the arcs its columns stand for."""
    if k == 1:
        return *_top(block.surplus(block.weight, -1, ()), 1), block.arcs
    b = _undominated(block)
    best, sets = np.zeros(len(b.weight)), np.zeros(b.utility.shape, dtype=bool)
    for p in range(b.utility.shape[1]):
        left_p = b.weight * (1 - b.utility[:, p])
        base_p = b.weight * b.utility[:, p] - b.cost[:, p]
        _keep_better(best, sets, base_p, (p,), _top(b.surplus(left_p, p, (p,)), 1))
        for q in range(p + 1, b.utility.shape[1] if k > 2 else 0):
            base = base_p + left_p * b.utility[:, q] - b.cost[:, q]
            base = np.where((b.seeker[:, p] == b.seeker[:, q]) & (b.slots[:, p] < 2), -np.inf, base)
            _keep_better(best, sets, base, (p, q), _top(b.surplus(left_p * (1 - b.utility[:, q]), q, (p, q)), k - 2))
    return best, sets, b.arcs


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


def _undominated(b: _Block) -> _Block:
    """Drop arcs that as many others of the same seeker as it has slots beat on utility and cost.

    A set that holds such an arc lacks one of those others and is no worse with it in its place.
    """
    beaten = np.zeros(b.utility.shape, dtype=np.int64)
    for p in range(b.utility.shape[1] - 1):
        beaten[:, p + 1 :] += (b.cost[:, p : p + 1] <= b.cost[:, p + 1 :]) & (
            b.seeker[:, p : p + 1] == b.seeker[:, p + 1 :]
        )
    cost = np.where(beaten >= b.slots, np.inf, b.cost)
    order = np.argsort(~np.isfinite(cost), axis=1, kind="stable")
    order = order[:, : max(1, int(np.isfinite(cost).sum(axis=1).max(initial=0)))]
    cost, utility, seeker, slots, arcs = (
        np.take_along_axis(x, order, axis=1) for x in (cost, b.utility, b.seeker, b.slots, b.arcs)
    )
    return _Block(b.weight, np.where(np.isfinite(cost), utility, 0.0), cost, seeker, slots, arcs)
