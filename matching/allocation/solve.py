"""Exact where a household holds one referral at most; rounds of exact flows where its value saturates; always with a proven bound.

Given the household's other referrals, the value of one more is linear. So a flow that gives every household at most one referral is
exact for that referral. The plan is built by such rounds until nothing is worth adding, then bettered: every household puts one of its
referrals back and all of them are placed anew at once, which can only gain.
"""

from dataclasses import dataclass, replace

import numpy as np

from matching.allocation.arcs import Arcs, arcs_of
from matching.allocation.bound import closed, first_prices
from matching.allocation.certificate import Certificate, certify
from matching.allocation.flow import best_flow
from matching.allocation.precedence import in_order
from matching.allocation.problem import AllocationProblem, numbers
from matching.allocation.surplus import largest
from matching.arrays import Bools, Floats, Ints

ENOUGH = 5e-4
"""Relative gain of a whole pass below which bettering stops."""

MAX_PASSES = 4
"""Most passes in which each household's referrals are placed anew, one after another; one pass beyond ``MANY`` arcs."""

MANY = 200_000
"""Arcs beyond which later rounds look only at each household's ``SHORT`` best arcs after prices, and at what it puts back."""

SHORT = 10


@dataclass(frozen=True, slots=True)
class Allocation:
    """A plan.

    Attributes
    ----------
    pairs : (m, 2) int
        Seeker and position of each referral, locked ones included, sorted.
    objective : float
        Value of the plan without prices.
    certificate : Certificate
        The independent check and the gap to a proven bound.
    priced : float
        Value less the prices of what the plan newly uses: what was maximised.
    """

    pairs: Ints
    objective: float
    certificate: Certificate
    priced: float


def allocate(problem: AllocationProblem, prices: Floats | None = None) -> Allocation:
    """Plan referrals of the largest value under capacity, slots and locks.

    ``prices`` (n_positions,) at least 0, in units of value: a pair is chosen only where its marginal value is worth the price, except for
    seekers who ``must`` be placed. Locked pairs pay nothing. Raises AllocationError for prices that do not fit.
    """
    price = (
        np.zeros(problem.utility.shape[1]) if prices is None else numbers("prices", prices, problem.utility.shape[1])
    )
    arcs = arcs_of(problem, price)
    chosen, obliged = _compulsory(arcs, np.zeros(len(arcs.home), dtype=bool), arcs.obliged)
    chosen = _planned(arcs, obliged, chosen) if problem.saturating else replaced(arcs, obliged, chosen, chosen)
    bound, chosen = _closed(arcs, obliged, chosen)
    ordered = in_order(arcs, obliged, chosen)
    if (ordered != chosen).any():
        chosen = _around(arcs, ordered)
        if obliged.any():  # the order may leave them without: the bound is that of plans in which nobody must be placed
            bound = _closed(arcs, np.zeros(len(obliged), dtype=bool), chosen)[0]
    pairs = np.concatenate([arcs.pairs(chosen), problem.locked])
    pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    spent = float(arcs.price[chosen].sum())
    free = arcs.worth(chosen)
    certificate = certify(problem, pairs, 0.0)
    locked_value = certificate.objective - spent - free
    certificate = certify(problem, pairs, max(bound, free) + locked_value + spent)
    return Allocation(pairs, certificate.objective, certificate, certificate.objective - spent)


def _compulsory(arcs: Arcs, kept: Bools, owed: Bools) -> tuple[Bools, Bools]:
    """Place as many ``owed`` seekers (n_seekers,) beside the arcs ``kept`` as there is room for, the best such choice; return all arcs, and
    who was placed."""
    slots, capacity = arcs.room(kept)
    use = (
        owed[arcs.seeker] & arcs.must_positions[arcs.position] & (arcs.utility >= 0) & (slots[arcs.seeker] > 0) & ~kept
    )
    value = arcs.weight[arcs.home] * arcs.utility
    first = (value[use].max(initial=0.0) + 1e-9) * (1 + owed.sum())
    keys = (arcs.seeker_keys, arcs.position_keys)
    added = best_flow(arcs.seeker, arcs.position, np.where(use, first + value, 0.0), capacity, keys)
    placed = np.zeros(len(arcs.slots), dtype=bool)
    placed[arcs.seeker[added]] = True
    return kept | added, placed


def _closed(arcs: Arcs, obliged: Bools, chosen: Bools) -> tuple[float, Bools]:
    """Return a bound on every plan that places the ``obliged``, and the best plan that is met on the way to it."""

    def better(plan: Bools, sets: Bools) -> Bools:
        """Return the better of a plan (n_arcs,) and the one around whole sets; the plan where these leave somebody obliged unplaced."""
        owed = obliged.copy()
        owed[arcs.seeker[sets & arcs.must_positions[arcs.position]]] = False
        whole, placed = _compulsory(arcs, sets, owed)
        if (owed & ~placed).any():
            return plan
        return max(plan, _planned(arcs, obliged, whole), key=arcs.worth)

    return closed(arcs, obliged, chosen, better)


def _planned(arcs: Arcs, obliged: Bools, chosen: Bools) -> Bools:
    """Add what is worth adding to chosen arcs, and place it better."""
    return _bettered(arcs, obliged, _filled(arcs, obliged, chosen))


def _around(arcs: Arcs, ordered: Bools) -> Bools:
    """Place everything else anew around the ``must_positions`` that are given in order."""
    nobody, given = np.zeros(len(arcs.slots), dtype=bool), arcs.must_positions[arcs.position]
    held = np.bincount(arcs.position[ordered], minlength=len(arcs.capacity))
    rest = replace(arcs, capacity=np.where(arcs.must_positions, held, arcs.capacity))
    if not arcs.saturating:
        return replaced(rest, nobody, ordered, ordered & ~given)
    return _bettered(rest, nobody, _filled(rest, nobody, ordered), ~given)


def replaced(arcs: Arcs, obliged: Bools, chosen: Bools, release: Bools, scarcity: Floats | None = None) -> Bools:
    """Put back the ``release`` arcs (at most one a household) and place one more referral a household anew, exactly.

    ``scarcity`` (n_positions,) prices shorten the lists of a large problem first.
    """
    keep = chosen & ~release
    slots, capacity = arcs.room(keep)
    value = (arcs.weight * arcs.missed_after(keep))[arcs.home] * arcs.utility - arcs.price
    usable = ~keep & (slots[arcs.seeker] > 0) & (capacity[arcs.position] > 0) & (arcs.utility >= 0)
    owed = obliged.copy()
    owed[arcs.seeker[keep & arcs.must_positions[arcs.position]]] = False
    bound_home = np.zeros(len(arcs.weight), dtype=bool)
    bound_home[arcs.home[owed[arcs.seeker]]] = True
    usable &= ~bound_home[arcs.home] | (owed[arcs.seeker] & arcs.must_positions[arcs.position])
    at = np.flatnonzero(usable & ((value > 0) | bound_home[arcs.home]))
    if scarcity is not None and len(at) > MANY:
        at = _shortened(arcs, at, value[at] - scarcity[arcs.position[at]], release | bound_home[arcs.home])
    keys = (arcs.home_keys, arcs.position_keys)
    added = best_flow(arcs.home[at], arcs.position[at], value[at], capacity, keys, bound_home)
    keep[at[added]] = True
    return keep


def _shortened(arcs: Arcs, at: Ints, surplus: Floats, always: Bools) -> Ints:
    """Keep each household's best arcs by surplus, and those ``always`` to be kept."""
    count = np.full(len(arcs.weight), SHORT)
    return at[always[at] | largest(arcs.home[at], surplus - surplus.min() + 1.0, count)]


def _filled(arcs: Arcs, obliged: Bools, chosen: Bools) -> Bools:
    """Add rounds of one referral a household until nothing is worth adding."""
    none = np.zeros(len(chosen), dtype=bool)
    scarcity = None
    while True:
        more = replaced(arcs, obliged, chosen, none, scarcity)
        if more.sum() == chosen.sum():
            return chosen
        chosen = more
        scarcity = _scarcity(arcs, chosen)


def _scarcity(arcs: Arcs, chosen: Bools) -> Floats | None:
    return first_prices(arcs, chosen, arcs.price) if len(arcs.home) > MANY else None


def _bettered(arcs: Arcs, obliged: Bools, chosen: Bools, free: Bools | None = None) -> Bools:
    """Place each household's first, second, ... referral anew while the others stand, until a whole pass gains next to nothing.

    Arcs that are not ``free`` (n_arcs,), default all, stay as they are.
    """
    free = np.ones(len(chosen), dtype=bool) if free is None else free
    value = arcs.worth(chosen)
    for _ in range(MAX_PASSES if len(arcs.home) <= MANY else 1):
        before = value
        scarcity = _scarcity(arcs, chosen)
        for k in range(int(np.bincount(arcs.home[chosen & free]).max(initial=0))):
            other = replaced(arcs, obliged, chosen, _nth(arcs, chosen & free, k), scarcity)
            now = arcs.worth(other)
            if now > value:
                chosen, value = other, now
        if value - before <= ENOUGH * abs(before):
            break
    return chosen


def _nth(arcs: Arcs, chosen: Bools, k: int) -> Bools:
    """Mark each household's k-th chosen arc."""
    at = np.flatnonzero(chosen)
    home = arcs.home[at]
    first = np.searchsorted(home, home, side="left")
    out = np.zeros(len(chosen), dtype=bool)
    out[at[np.arange(len(at)) - first == k]] = True
    return out
