"""Sets of referrals that households were seen to want, and the best mix of them under capacity: a linear programme over whole sets.

A household takes one of its sets or none. Few sets are taken in part, so that the rounded mix is close to the best plan, and its prices tell the
search for the bound where to look.
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

from matching.allocation.order import mixed
from matching.arrays import Bools, Floats, Ints
from matching.errors import AllocationError

MOST = 8_000
"""Most sets looked at in one programme, beside those that are always: the time it takes grows much faster than they do."""


@dataclass(frozen=True, slots=True)
class Mix:
    """The best mix of the sets known: its ``value``, ``chosen`` (n_arcs,) the sets taken as whole, ``prices`` (n_positions,) of a unit of
    capacity and ``debts`` (n_seekers,) of placing who must be placed."""

    value: float
    chosen: Bools
    prices: Floats
    debts: Floats


class Sets:
    """Sets of arcs, one household's each; ``home seeker position utility cost owed`` (n_arcs,), by household; ``weight`` (n_homes,)."""

    def __init__(
        self, home: Ints, seeker: Ints, position: Ints, utility: Floats, cost: Floats, owed: Bools, weight: Floats
    ) -> None:
        self._home, self._seeker, self._position, self._owed = home, seeker, position, owed
        self._missed, self._cost, self._weight = np.log1p(-np.minimum(utility, 1 - 1e-12)), cost, weight
        self._keys = mixed(np.arange(len(home)))
        self._taken = np.zeros(0, dtype=np.int64)
        self._known: set[int] = set()
        self._arcs, self._sizes = [home[:0]], [np.zeros(0, dtype=np.int64)]

    def add(self, used: Bools) -> None:
        """Add each household's set of ``used`` (n_arcs,) arcs, unless it is known."""
        at = np.flatnonzero(used)
        starts = np.flatnonzero(np.diff(self._home[at], prepend=-1))
        sizes = np.diff(starts, append=len(at)) if len(at) else starts
        keys = np.add.reduceat(self._keys[at], starts).tolist() if len(at) else []
        new = np.array([key not in self._known for key in keys], dtype=bool)
        self._known.update(keys)
        self._arcs.append(at[np.repeat(new, sizes)])
        self._sizes.append(sizes[new])

    def best(self, capacity: Ints, obliged: Bools, cost: Floats, slack: float) -> Mix:
        """Return the best mix under ``capacity`` (n_positions,) in which every ``obliged`` (n_seekers,) seeker holds an owed arc.

        Of the sets known those of the first plan added and of the mix before are looked at, and those that at arc costs (n_arcs,) come as near
        to their household's best as its even share of ``slack``, the nearest ``MOST`` of them. AllocationError where no mix keeps what is owed;
        the caller adds a plan first.
        """
        arcs, sizes = np.concatenate(self._arcs), np.concatenate(self._sizes)
        worth, home = self._worth(arcs, sizes, cost)
        top = np.zeros(len(self._weight))
        np.maximum.at(top, home, worth)
        short = top[home] - worth
        near = np.argsort(short, kind="stable")[:MOST]
        near = near[short[near] <= slack / max(int((top > 0).sum()), 1)]
        looked = np.unique(np.concatenate([np.arange(len(self._sizes[1])), self._taken, near]))
        kept = np.zeros(len(sizes), dtype=bool)
        kept[looked] = True
        arcs, sizes = arcs[np.repeat(kept, sizes)], sizes[looked]
        value, home = self._worth(arcs, sizes, self._cost)
        n, own = len(sizes), np.repeat(np.arange(len(sizes)), sizes)
        debtors, owed = np.flatnonzero(obliged), self._owed[arcs]
        held = _counts(self._seeker[arcs[owed]], own[owed], (len(obliged), n))[debtors]
        rows = sparse.vstack(
            [
                _counts(home, np.arange(n), (len(self._weight), n)),
                _counts(self._position[arcs], own, (len(capacity), n)),
                -held,
            ]
        )
        most = np.concatenate([np.ones(len(self._weight)), capacity, -np.ones(len(debtors))])
        found = linprog(-value, A_ub=rows.tocsc(), b_ub=most, method="highs-ds")
        if found.status:
            raise AllocationError(
                f"mix of sets: expected a best one, the solver answered: {found.message}; check capacity and locks"
            )
        dear = np.maximum(-found.ineqlin.marginals[len(self._weight) :], 0.0)
        self._taken = looked[found.x > 1e-6]
        chosen, debts = np.zeros(len(self._home), dtype=bool), np.zeros(len(obliged))
        chosen[arcs[(found.x > 1 - 1e-6)[own]]] = True
        debts[debtors] = dear[len(capacity) :]
        return Mix(-float(found.fun), chosen, dear[: len(capacity)], debts)

    def _worth(self, arcs: Ints, sizes: Ints, cost: Floats) -> tuple[Floats, Ints]:
        """Return (n_sets,) what sets are worth less arc costs, and whose they are."""
        n, own = len(sizes), np.repeat(np.arange(len(sizes)), sizes)
        home = self._home[arcs[np.cumsum(sizes) - sizes]]
        done = -np.expm1(np.bincount(own, self._missed[arcs], n))
        return self._weight[home] * done - np.bincount(own, cost[arcs], n), home


def _counts(row: Ints, column: Ints, shape: tuple[int, int]) -> sparse.csr_matrix:
    """Return how often each row stands beside each column."""
    return sparse.csr_matrix((np.ones(len(row)), (row, column)), shape=shape)
