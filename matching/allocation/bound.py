"""A proven upper bound on any plan, and the plan that the search for it leads to.

Prices on capacity, and on placing who must be placed, let each household answer alone with its best set (Lagrange): for any of at least 0, the
prices of all capacity and the best surplus of each household add up to at least the value of every plan. Prices start from what one more unit
would be worth to the plan, and move against unused and overfull capacity by Polyak's step, the less the more may ask for a position. Where
values saturate the households' answers are kept: the best mix of them is the better plan, and its prices, mixed with the best so far, are asked
next.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from matching.allocation.arcs import Arcs
from matching.allocation.mix import Mix, Sets
from matching.allocation.surplus import Menu, best_surplus
from matching.allocation.worth import MAX_PASSES, chain_worth
from matching.arrays import Bools, Floats, Ints

STEPS, MORE = 30, 20
"""Steps by Polyak's rule before the first mix of sets, and before each later one."""

MIXES = 3
"""Most mixes of sets."""

CLOSE, ENOUGH = 7e-3, 9e-3
"""Gap, as a share of everything the plan is worth, at which the search stops; and at which no further mix is looked for."""

SLOWER = 0.8
"""By how much a step is shortened that did not lower the bound."""

TURN = 1.5
"""How strongly a direction keeps away from going back on the one before (Camerini, Fratta and Maffioli 1975)."""

KEPT = 0.97
"""Share of the best prices so far in those the search goes on from after a mix."""

WITHIN = 3.0
"""Sets worth less than their household's best by more than so many times its share of the gap are left out of a mix."""


@dataclass(frozen=True, slots=True)
class _Prices:
    """``unit`` (n_positions,) what a unit of each position costs, ``debt`` (n_seekers,) what placing who must be placed is worth."""

    unit: Floats
    debt: Floats

    def mixed(self, other: "_Prices", kept: float) -> "_Prices":
        """Return ``kept`` parts of these prices and the rest of the other ones."""
        return _Prices(kept * self.unit + (1 - kept) * other.unit, kept * self.debt + (1 - kept) * other.debt)

    def scaled(self, by: "_Prices") -> "_Prices":
        """Return each of these numbers times its own one."""
        return _Prices(self.unit * by.unit, self.debt * by.debt)

    def square(self) -> float:
        """Return the sum of squares."""
        return float((self.unit**2).sum() + (self.debt**2).sum())

    def turned_from(self, before: "_Prices") -> "_Prices":
        """Return this direction, turned away from going back on the one ``before``."""
        along = float((self.unit * before.unit).sum() + (self.debt * before.debt).sum())
        share = max(0.0, -TURN * along / before.square())
        return _Prices(self.unit + share * before.unit, self.debt + share * before.debt)


class _Households:
    """All households as they answer prices, with the arcs that are worth more than they cost while capacity is free: the ``least`` total so far,
    the ``best`` prices, at which it was found, where to ``start``, and the ``ease`` with which each price moves; ``beside`` is what a plan is
    worth that no price tells of."""

    def __init__(self, arcs: Arcs, obliged: Bools, prices: _Prices, beside: float) -> None:
        self._arcs, self._obliged = arcs, obliged
        self._owed = obliged[arcs.seeker] & arcs.must_positions[arcs.position]
        self._owed_at = np.flatnonzero(self._owed)
        undone = arcs.weight * arcs.missed
        order = np.lexsort((-arcs.utility, arcs.seeker))
        self._order = order[(undone[arcs.home] * arcs.utility > arcs.price)[order] | self._owed[order]]
        home, seeker = (ids[self._order].astype(np.int64) for ids in (arcs.home, arcs.seeker))
        utility = np.maximum(arcs.utility[self._order], 0.0)
        self._menu = Menu.of(home, seeker, utility, undone, arcs.slots, _room(arcs))
        self.sets = Sets(
            arcs.home, arcs.seeker, arcs.position, np.maximum(arcs.utility, 0.0), arcs.price, self._owed, self._menu.weight
        )  # fmt: skip
        self.least, self.best, self.start = np.inf, prices, prices
        self._beside = beside
        self.ease = _Prices(1.0 / np.sqrt(np.maximum(arcs.capacity + _usual(arcs), 1.0)), np.ones(len(arcs.slots)))

    def answer(self, prices: _Prices) -> tuple[float, _Prices]:
        """Return the total at prices, and by how much each is over- or undersubscribed; keep the sets answered with."""
        arcs, cost = self._arcs, self._cost(prices)
        height, answered = best_surplus(self._menu, cost[self._order])
        used = np.zeros(len(cost), dtype=bool)
        used[self._order] = answered
        total = height + float((prices.unit * arcs.capacity).sum()) - float(prices.debt[self._obliged].sum())
        if arcs.saturating:
            self.sets.add(used)
        taken = np.bincount(arcs.position[used], minlength=len(arcs.capacity)) - arcs.capacity
        held = np.bincount(arcs.seeker[used & self._owed], minlength=len(arcs.slots))
        if total < self.least:
            self.least, self.best = total, prices
        return total, _Prices(_uphill(taken, prices.unit), _uphill(np.where(self._obliged, 1 - held, 0), prices.debt))

    def near(self, value: float, share: float = CLOSE) -> bool:
        """Whether a plan of this priced value comes as near to the bound as a ``share`` of all it is worth."""
        return self.least - value <= share * (abs(self.least) + self._beside)

    def mix(self, value: float) -> Mix:
        """Return the best mix of the sets that come near their household's best, so that it may beat ``value``."""
        return self.sets.best(self._arcs.capacity, self._obliged, self._cost(self.best), WITHIN * (self.least - value))

    def _cost(self, prices: _Prices) -> Floats:
        arcs, at = self._arcs, self._owed_at
        cost = arcs.price + prices.unit[arcs.position]
        cost[at] -= prices.debt[arcs.seeker[at]]
        return np.asarray(cost)


def _usual(arcs: Arcs) -> Floats:
    """Return (n_positions,) how many would ask for each position if every seeker filled its slots from its arcs by lot."""
    own = np.bincount(arcs.seeker, minlength=len(arcs.slots))
    picks = np.minimum(arcs.slots, own) / np.maximum(own, 1)
    return np.bincount(arcs.position, weights=picks[arcs.seeker], minlength=len(arcs.capacity))


def _uphill(slope: Ints, price: Floats) -> Floats:
    return np.where((price <= 0) & (slope < 0), 0.0, slope.astype(float))


def closed(arcs: Arcs, obliged: Bools, chosen: Bools, better: Callable[[Bools, Bools], Bools]) -> tuple[float, Bools]:
    """Return an upper bound on the priced value of any plan of the free arcs in which every ``obliged`` seeker is placed, and the best plan met.

    It starts from the plan ``chosen``; ``better(plan, sets)`` makes a plan at least as good of it and of whole sets taken together.
    """
    owed = obliged[arcs.seeker] & arcs.must_positions[arcs.position]
    reward = 1.0 + 2.0 * float(np.abs(arcs.weight[arcs.home] * arcs.utility - arcs.price).max(initial=0.0))
    debt = np.where(obliged, 0.0 if arcs.saturating else reward, 0.0)
    unit = first_prices(arcs, chosen, arcs.price - debt[arcs.seeker] * owed)
    prices = _Prices(unit, _first_debts(arcs, owed, unit) if arcs.saturating else debt)
    locked = float((arcs.weight * (1.0 - arcs.missed)).sum())
    households = _Households(arcs, obliged, prices, locked + float(arcs.price[chosen].sum()))
    if arcs.saturating:
        households.sets.add(chosen)
    for steps in (STEPS, *(MORE,) * (MIXES - 1)):
        value = arcs.worth(chosen)
        _descend(households, value, steps)
        if households.near(value) or not arcs.saturating:
            break
        mix = households.mix(value)
        chosen = better(chosen, mix.chosen)
        if households.near(arcs.worth(chosen), ENOUGH):
            break
        households.sets.add(chosen)
        households.start = households.best.mixed(_Prices(mix.prices, mix.debts), KEPT)
    return max(min(households.least, _all_lifted(arcs)), arcs.worth(chosen)), chosen


def _all_lifted(arcs: Arcs) -> float:
    """Return what saturating values can come to at most: every household that has arcs lifted for certain."""
    if not arcs.saturating:
        return float("inf")
    asked = np.bincount(arcs.home, minlength=len(arcs.weight)) > 0
    return float((arcs.weight * arcs.missed)[asked].sum())


def _first_debts(arcs: Arcs, owed: Bools, unit: Floats) -> Floats:
    """Return (n_seekers,) what the cheapest owed arc of each seeker costs beyond what it is worth at prices of ``unit``."""
    at = np.flatnonzero(owed)
    short = arcs.price[at] + unit[arcs.position[at]] - (arcs.weight * arcs.missed)[arcs.home[at]] * arcs.utility[at]
    least = np.full(len(arcs.slots), np.inf)
    np.minimum.at(least, arcs.seeker[at], np.maximum(short, 0.0))
    return np.where(np.isfinite(least), least, 0.0)


def _descend(households: _Households, value: float, steps: int) -> None:
    """Move prices against what is over- and undersubscribed, so far that the total would meet ``value`` on a straight line."""
    step, prices, turned = 1.0, households.start, None
    for _ in range(steps):
        before = households.least
        total, slope = households.answer(prices)
        slope = slope.scaled(households.ease)
        if households.near(value) or not slope.square():
            return
        turned = slope if turned is None else slope.turned_from(turned)
        step = step if total < before else step * SLOWER
        far = step * (total - value) / turned.square()
        move = turned.scaled(households.ease)
        unit, debt = prices.unit + far * move.unit, prices.debt + far * move.debt
        prices = _Prices(np.maximum(unit, 0.0), np.maximum(debt, 0.0))


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
