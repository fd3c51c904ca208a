"""A proven upper bound on any plan: prices on capacity, and each household's best answer to them (Lagrange).

For any prices of at least 0, the prices of all capacity and the best surplus of each household add up to at least the value of every plan.
Prices start from what one more unit would be worth to the plan, and move against unused and overfull capacity by Polyak's step.
"""

import numpy as np

from matching.allocation.arcs import Arcs
from matching.allocation.surplus import Menu, best_surplus
from matching.allocation.worth import MAX_PASSES, chain_worth
from matching.arrays import Bools, Floats, Ints

STEPS = 120
"""Most price steps, for problems of up to ``MANY`` arcs; larger ones take fewer, at least ``FEWEST``."""

MANY = 60_000
FEWEST = 6

CLOSE = 5e-4
"""Relative gap at which the search stops."""

STALLED = 0.05
"""Step, shortened each time the bound does not fall, below which nothing more is to be found."""


def best_bound(arcs: Arcs, obliged: Bools, chosen: Bools, value: float) -> float:
    """Return an upper bound on the priced value of any plan of the free arcs in which every ``obliged`` seeker is placed.

    ``value`` is the priced value of the plan at hand, ``chosen``.
    """
    owed = obliged[arcs.seeker] & arcs.must_positions[arcs.position]
    reward = (
        0.0
        if arcs.saturating
        else 1.0 + 2.0 * float(np.abs(arcs.weight[arcs.home] * arcs.utility - arcs.price).max(initial=0.0))
    )
    cost = arcs.price - np.where(owed, reward, 0.0)
    prices = first_prices(arcs, chosen, cost)
    order = np.lexsort((-arcs.utility, arcs.seeker))
    utility = np.maximum(arcs.utility[order], 0.0)
    menu = Menu(arcs.home[order], arcs.seeker[order], utility, arcs.weight * arcs.missed, arcs.slots, _room(arcs))
    position, cost = arcs.position[order], cost[order]
    bound, step = np.inf, 1.0
    for _ in range(int(np.clip(STEPS * MANY // max(len(arcs.home), 1), FEWEST, STEPS))):
        height, used = best_surplus(menu, cost + prices[position])
        total = height + float((prices * arcs.capacity).sum()) - reward * float(obliged.sum())
        step = step if total < bound else step * 0.8
        bound = min(bound, total)
        slope = (np.bincount(position[used], minlength=len(prices)) - arcs.capacity).astype(float)
        slope[(prices <= 0) & (slope < 0)] = 0.0
        size = float((slope**2).sum())
        if bound - value <= CLOSE * abs(bound) or size == 0 or step < STALLED:
            break
        prices = np.maximum(prices + step * (total - value) / size * slope, 0.0)
    return max(bound, value)


def _room(arcs: Arcs) -> Ints:
    """Return (n_homes,) referrals each household may still hold."""
    seekers, first = np.unique(arcs.seeker, return_index=True)
    return np.bincount(arcs.home[first], weights=arcs.slots[seekers], minlength=len(arcs.weight)).astype(np.int64)


def first_prices(arcs: Arcs, chosen: Bools, cost: Floats) -> Floats:
    """Return what one more unit of each position would set off, a seeker without a free slot giving up the weakest referral.

    Where values saturate the plan is not quite optimal and moves could go round in a gainful circle, so only the first move counts.
    """
    n, none = len(arcs.slots), len(arcs.capacity)
    weakest, freed, saved = np.zeros(n), np.full(n, none), np.zeros(n)
    at = np.flatnonzero(chosen)
    at = at[np.argsort(-arcs.utility[at], kind="stable")]
    weakest[arcs.seeker[at]], freed[arcs.seeker[at]], saved[arcs.seeker[at]] = (
        arcs.utility[at],
        arcs.position[at],
        cost[at],
    )
    free = (arcs.slots - np.bincount(arcs.seeker[chosen], minlength=n)) > 0
    weakest[free], freed[free], saved[free] = 0.0, none, 0.0
    left = (arcs.weight * arcs.missed_after(chosen))[arcs.home]
    if arcs.saturating:
        left = left / np.maximum(1.0 - weakest[arcs.seeker], 1e-9)
    step = left * (arcs.utility - weakest[arcs.seeker]) - cost + saved[arcs.seeker]
    open_ = ~chosen & (arcs.slots[arcs.seeker] > 0)
    passes = 1 if arcs.saturating else MAX_PASSES
    return chain_worth(step[open_], arcs.position[open_], freed[arcs.seeker][open_], none, passes)
