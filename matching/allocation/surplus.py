"""The most each household could make of given prices: its best set of referrals, value less prices.

Where a household holds up to three referrals the best set is found exactly; beyond three the two strongest are tried in all ways and the
rest are valued as if they did not overlap each other, which can only be too much. Which of a household's seekers uses which slot is left
open, which can only be too much as well. So the sum over households is safe as an upper bound.
"""

from dataclasses import dataclass

import numpy as np

from matching.arrays import Bools, Floats, Ints

CELLS = 4_000_000
"""Households are worked through in blocks of about this many numbers."""


@dataclass(frozen=True, slots=True)
class Menu:
    """Arcs by household: ``home`` (n_arcs,) ascending, ``gain`` weight times utility of what locks left, ``miss`` 1 - u, ``room`` (n_homes,)
    referrals each household may hold."""

    home: Ints
    weight: Floats
    utility: Floats
    room: Ints


def best_surplus(menu: Menu, cost: Floats) -> tuple[float, Bools]:
    """Return the sum of households' best surpluses at arc costs (n_arcs,), and (n_arcs,) which arcs the best sets use."""
    single = menu.weight[menu.home] * menu.utility - cost
    keep = np.flatnonzero((single > 0) & (menu.room[menu.home] > 0))
    used = np.zeros(len(cost), dtype=bool)
    total = 0.0
    home = menu.home[keep]
    order = np.lexsort((cost[keep], -menu.utility[keep], home))
    keep, home = keep[order], home[order]
    present, first, count = np.unique(home, return_index=True, return_counts=True)
    depth = np.minimum(menu.room[present], count)
    for k in np.unique(depth):
        same = np.flatnonzero(depth == k)
        same = same[np.argsort(count[same], kind="stable")]
        start = 0
        while start < len(same):
            wide = int(count[same[start]])
            stop = start + max(1, CELLS // max(wide, 1))
            block = same[start:stop]
            block = block[count[block] <= max(2 * wide, 8)]
            start += len(block)
            at = first[block][:, None] + np.arange(int(count[block].max()))
            live = np.arange(at.shape[1]) < count[block][:, None]
            arcs = keep[np.where(live, at, first[block][:, None])]
            value, sets = _block(
                menu.weight[present[block]], menu.utility[arcs] * live, np.where(live, cost[arcs], np.inf), int(k)
            )
            total += float(value.sum())
            used[arcs[sets]] = True
    return total, used


def _block(weight: Floats, utility: Floats, cost: Floats, k: int) -> tuple[Floats, Bools]:
    """Best sets of at most ``k`` arcs, rows sorted by falling utility; a row a household."""
    if k == 1:
        return _top(weight[:, None] * utility - cost, 1)
    width = utility.shape[1]
    utility, cost, column = _undominated(utility, cost, k)
    rows = np.arange(len(weight))
    best, sets = np.zeros(len(weight)), np.zeros(utility.shape, dtype=bool)
    for p in range(utility.shape[1]):
        left_p = weight * (1 - utility[:, p])
        base_p = weight * utility[:, p] - cost[:, p]
        rest, picked = _top(left_p[:, None] * utility[:, p + 1 :] - cost[:, p + 1 :], 1)
        _keep_better(best, sets, base_p + rest, (p,), picked)
        if k == 2:
            continue
        for q in range(p + 1, utility.shape[1]):
            base = base_p + left_p * utility[:, q] - cost[:, q]
            left = left_p * (1 - utility[:, q])
            rest, picked = _top(left[:, None] * utility[:, q + 1 :] - cost[:, q + 1 :], k - 2)
            _keep_better(best, sets, base + rest, (p, q), picked)
    out = np.zeros((len(weight), width), dtype=bool)
    at = np.nonzero(sets)
    out[rows[at[0]], column[at]] = True
    return best, out


def _keep_better(best: Floats, sets: Bools, value: Floats, fixed: tuple[int, ...], picked: Bools) -> None:
    better = value > best
    best[better] = value[better]
    sets[better] = False
    for p in fixed:
        sets[better, p] = True
    if picked.shape[1]:
        sets[better, fixed[-1] + 1 :] = picked[better]


def _top(surplus: Floats, k: int) -> tuple[Floats, Bools]:
    """Return the sum of each row's ``k`` largest positive numbers, and where they stand."""
    picked = np.zeros(surplus.shape, dtype=bool)
    if not surplus.shape[1]:
        return np.zeros(len(surplus)), picked
    rows = np.arange(len(surplus))
    if k == 1:
        at = surplus.argmax(axis=1)
        value = surplus[rows, at]
        picked[rows, at] = value > 0
        return np.maximum(value, 0.0), picked
    at = np.argsort(-surplus, axis=1, kind="stable")[:, :k]
    value = np.maximum(np.take_along_axis(surplus, at, axis=1), 0.0)
    np.put_along_axis(picked, at, value > 0, axis=1)
    return value.sum(axis=1), picked


def _undominated(utility: Floats, cost: Floats, k: int) -> tuple[Floats, Floats, Ints]:
    """Drop arcs that at least ``k`` others of the household beat on utility and cost; return also each kept arc's column.

    A set that holds such an arc lacks one of those others and is no worse with it in its place.
    """
    width = utility.shape[1]
    beaten = np.zeros(utility.shape, dtype=np.int64)
    for p in range(width - 1):
        beaten[:, p + 1 :] += cost[:, p : p + 1] <= cost[:, p + 1 :]
    cost = np.where(beaten >= k, np.inf, cost)
    order = np.argsort(~np.isfinite(cost), axis=1, kind="stable")
    order = order[:, : max(1, int(np.isfinite(cost).sum(axis=1).max(initial=0)))]
    cost = np.take_along_axis(cost, order, axis=1)
    utility = np.where(np.isfinite(cost), np.take_along_axis(utility, order, axis=1), 0.0)
    return utility, cost, order
