"""Exact for one referral a seeker, rounds of exact flows for saturating households, always with a proven bound.

A household's value is ``w (1 - exp(-T))`` with ``T = sum(-log(1 - u))`` over its referrals: concave in T. Plans come from rounds of
exact flows on marginal value, each round giving a household at most one more referral, and from re-solving one round while the
others stand. The bound comes from tangents: for any T the sum of tangents is an upper bound that one more exact flow maximises; T is
moved by conditional-gradient steps until bound and plan meet closely enough (Frank and Wolfe 1956).
"""

from dataclasses import dataclass

import numpy as np

from matching.allocation.certificate import Certificate, certify, household_weights, plan_value
from matching.allocation.flow import best_flow
from matching.allocation.problem import CEILING, AllocationProblem
from matching.arrays import Bools, Floats, Ints
from matching.errors import AllocationError

GOOD_ENOUGH = 0.002
"""Relative gap at which the search for a better plan or bound stops."""

MAX_STEPS = 12
"""Most conditional-gradient steps, one exact flow each."""


@dataclass(frozen=True, slots=True)
class Allocation:
    """A plan: ``pairs`` (m, 2) sorted, locked ones included; ``objective`` its value without prices; ``certificate`` the independent check."""

    pairs: Ints
    objective: float
    certificate: Certificate


@dataclass(frozen=True, slots=True)
class _Arcs:
    """The matrix as arcs, with the room that locked and compulsory pairs leave."""

    problem: AllocationProblem
    seeker: Ints
    position: Ints
    utility: Floats
    price: Floats
    fixed: Bools
    slots: Ints
    capacity: Ints

    @property
    def home(self) -> Ints:
        """(n_arcs,) household of each arc."""
        assert self.problem.household is not None
        return self.problem.household[self.seeker]

    @property
    def log_miss(self) -> Floats:
        """(n_arcs,) -log(1 - u)."""
        return -np.log1p(-np.minimum(self.utility, CEILING))

    def flow(self, value: Floats, *, limit: Ints | None = None, slots: Ints | None = None, capacity: Ints | None = None) -> Bools:
        """Choose among the free arcs."""
        p = self.problem
        assert p.tie_seeker is not None and p.tie_position is not None and p.household is not None
        groups = None if limit is None else (p.household, limit)
        return best_flow(
            self.seeker, self.position, np.where(self.fixed, 0.0, value), self.slots if slots is None else slots,
            self.capacity if capacity is None else capacity, (p.tie_seeker, p.tie_position), groups,
        )  # fmt: skip

    def room(self, chosen: Bools) -> tuple[Ints, Ints]:
        """Return the slots and capacity that chosen free arcs leave."""
        slots = self.slots - np.bincount(self.seeker[chosen], minlength=len(self.slots))
        return slots, self.capacity - np.bincount(self.position[chosen], minlength=len(self.capacity))

    def pairs(self, chosen: Bools) -> Ints:
        """Return the pairs of a choice with the fixed ones."""
        keep = chosen | self.fixed
        return np.column_stack([self.seeker[keep], self.position[keep]])


def allocate(problem: AllocationProblem, prices: Floats | None = None) -> Allocation:
    """Plan referrals of the largest value under capacity, slots and locks.

    ``prices`` (n_positions,) at least 0: a pair is chosen only where its marginal value is worth the price. The certificate's bound is
    for the same compulsory pairs; with prices it bounds the plan's value plus what the prices set aside, and the gap is against that.
    """
    n_positions = problem.utility.shape[1]
    price = np.zeros(n_positions) if prices is None else np.asarray(prices, dtype=float)
    if price.shape != (n_positions,) or not np.isfinite(price).all() or (price < 0).any():
        raise AllocationError(f"prices: expected {n_positions} finite numbers of at least 0, found shape {price.shape}")
    arcs = _arcs(problem, price)
    chosen, bound = _saturating(arcs) if problem.saturating else _linear(arcs)
    pairs = arcs.pairs(chosen)
    pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    spent = float(price[pairs[:, 1]].sum())
    return Allocation(pairs, plan_value(problem, pairs), certify(problem, pairs, bound + spent))


def _arcs(problem: AllocationProblem, price: Floats) -> _Arcs:
    coo = problem.utility.tocoo()
    seeker, position = coo.row.astype(np.int64), coo.col.astype(np.int64)
    assert problem.locked is not None and isinstance(problem.slots, np.ndarray)
    m = problem.utility.shape[1]
    fixed = np.isin(seeker * m + position, problem.locked[:, 0] * m + problem.locked[:, 1])
    free = _Arcs(problem, seeker, position, coo.data, price[position], fixed, problem.slots, problem.capacity)
    slots, capacity = free.room(fixed)
    arcs = _Arcs(problem, seeker, position, coo.data, price[position], fixed, slots, capacity)
    must = _compulsory(arcs)
    slots, capacity = arcs.room(must)
    return _Arcs(problem, seeker, position, coo.data, price[position], fixed | must, slots, capacity)


def _compulsory(arcs: _Arcs) -> Bools:
    """Give as many seekers who must hold one a compulsory position as there is room for, the best such choice among them."""
    p = arcs.problem
    assert p.must is not None and p.must_positions is not None and p.weight is not None
    bound_for = p.must & (arcs.slots > 0)
    bound_for[arcs.seeker[arcs.fixed & p.must_positions[arcs.position]]] = False
    use = bound_for[arcs.seeker] & p.must_positions[arcs.position] & (arcs.utility > 0)
    if not use.any():
        return np.zeros(len(use), dtype=bool)
    worth = p.weight[arcs.seeker] * arcs.utility
    return arcs.flow(np.where(use, 1.0 + worth / (worth[use].max() * (use.sum() + 1)) + worth / worth[use].max(), 0.0), slots=np.minimum(arcs.slots, 1))


def _linear(arcs: _Arcs) -> tuple[Bools, float]:
    assert arcs.problem.weight is not None
    worth = arcs.problem.weight[arcs.seeker] * arcs.utility
    chosen = arcs.flow(worth - arcs.price)
    keep = chosen | arcs.fixed
    return chosen, float((worth - arcs.price)[keep].sum())


def _saturating(arcs: _Arcs) -> tuple[Bools, float]:
    weight = household_weights(arcs.problem)
    start = _mass(arcs, arcs.fixed, len(weight))
    layers = _rounds(arcs, weight, start)
    layers = _again(arcs, weight, start, layers)
    chosen = np.logical_or.reduce(layers) if layers else np.zeros(len(arcs.seeker), dtype=bool)
    return _bounded(arcs, weight, start, chosen)


def _mass(arcs: _Arcs, chosen: Bools, n_homes: int) -> Floats:
    return np.bincount(arcs.home[chosen], weights=arcs.log_miss[chosen], minlength=n_homes)


def _worth(arcs: _Arcs, weight: Floats, chosen: Bools) -> float:
    """Priced value of a choice with the fixed arcs."""
    keep = chosen | arcs.fixed
    value = (weight * -np.expm1(-_mass(arcs, keep, len(weight)))).sum()
    return float(value - arcs.price[keep].sum())


def _rounds(arcs: _Arcs, weight: Floats, start: Floats) -> list[Bools]:
    layers: list[Bools] = []
    mass, taken = start, np.zeros(len(arcs.seeker), dtype=bool)
    while True:
        layer = _one_more(arcs, weight, mass, taken)
        if not layer.any():
            return layers
        layers.append(layer)
        taken = taken | layer
        mass = mass + _mass(arcs, layer, len(weight))


def _one_more(arcs: _Arcs, weight: Floats, mass: Floats, taken: Bools) -> Bools:
    """Give every household at most one more referral, at its marginal value."""
    slots, capacity = arcs.room(taken)
    marginal = weight[arcs.home] * np.exp(-mass[arcs.home]) * np.minimum(arcs.utility, CEILING) - arcs.price
    return arcs.flow(np.where(taken, 0.0, marginal), limit=np.ones(len(weight), dtype=np.int64), slots=slots, capacity=capacity)


def _again(arcs: _Arcs, weight: Floats, start: Floats, layers: list[Bools]) -> list[Bools]:
    """Solve each round anew while the others stand; stop when a whole pass gains next to nothing."""
    value = _worth(arcs, weight, np.logical_or.reduce(layers)) if layers else 0.0
    for _ in range(3):
        before = value
        for k in range(len(layers)):
            others = [layer for q, layer in enumerate(layers) if q != k]
            rest = np.logical_or.reduce(others) if others else np.zeros(len(arcs.seeker), dtype=bool)
            layer = _one_more(arcs, weight, start + _mass(arcs, rest, len(weight)), rest)
            now = _worth(arcs, weight, rest | layer)
            if now > value:
                layers[k], value = layer, now
        if value - before <= GOOD_ENOUGH * max(before, 1e-9) / 4:
            break
    return layers


def _bounded(arcs: _Arcs, weight: Floats, start: Floats, chosen: Bools) -> tuple[Bools, float]:
    """Return the best plan seen and the least upper bound found."""
    best, bound = _worth(arcs, weight, chosen), np.inf
    spend = float(arcs.price[chosen].sum())
    fixed_price = float(arcs.price[arcs.fixed].sum())
    mass = start + _mass(arcs, chosen, len(weight))
    for _ in range(MAX_STEPS):
        slope = weight * np.exp(-mass)
        linear = slope[arcs.home] * arcs.log_miss - arcs.price
        flow = arcs.flow(linear)
        height = float((weight * (1.0 - np.exp(-mass) * (1.0 + mass))).sum() + (slope * start).sum() + linear[flow].sum() - fixed_price)
        bound = min(bound, height)
        value = _worth(arcs, weight, flow)
        if value > best:
            best, chosen = value, flow
        if bound - best <= GOOD_ENOUGH * max(abs(bound), 1e-12):
            break
        mass, spend = _step(arcs, weight, mass, spend, start + _mass(arcs, flow, len(weight)), float(arcs.price[flow].sum()))
    return chosen, bound


def _step(arcs: _Arcs, weight: Floats, mass: Floats, spend: float, target: Floats, target_spend: float) -> tuple[Floats, float]:
    """Move towards the flow's masses as far as the concave value still rises."""
    low, high = 0.0, 1.0
    for _ in range(30):
        mid = (low + high) / 2
        at = mass + mid * (target - mass)
        rise = float((weight * np.exp(-at) * (target - mass)).sum()) - (target_spend - spend)
        low, high = (mid, high) if rise > 0 else (low, mid)
    share = (low + high) / 2
    return mass + share * (target - mass), spend + share * (target_spend - spend)
