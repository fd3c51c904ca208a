"""The order in which ``must_positions`` are given: nobody later takes one that an earlier household without any could hold.

A plan of the largest value need not keep to the order. Here each seeker who is passed over, the earliest first, takes the place of the
latest holder at one of the positions in question; whoever loses a place so may be passed over in turn. Every such step gives a place to
somebody earlier, so there is an end to it, and nobody is passed over then.
"""

import heapq

import numpy as np

from matching.allocation.arcs import Arcs
from matching.arrays import Bools, Ints


def in_order(arcs: Arcs, obliged: Bools, chosen: Bools) -> Bools:
    """Return chosen arcs that keep to the order, the same ones where they do already.

    Of later holders at the latest place those who are not ``obliged`` (n_seekers,) give way first, then who is worth the least there.
    """
    given = arcs.must_positions[arcs.position] & (arcs.utility >= 0)
    waiting = _passed_over(arcs, given, chosen)
    return _Seats(arcs, obliged, given, chosen).settled(waiting) if len(waiting) else chosen


def _passed_over(arcs: Arcs, given: Bools, chosen: Bools) -> Ints:
    held = given & chosen
    served = arcs.served.copy()
    served[arcs.home[held]] = True
    latest = np.full(len(arcs.capacity), -1)
    np.maximum.at(latest, arcs.position[held], arcs.place[arcs.seeker[held]])
    waits = given & ~served[arcs.home] & (arcs.slots[arcs.seeker] > 0)
    return np.unique(arcs.seeker[waits & (arcs.place[arcs.seeker] < latest[arcs.position])])


class _Seats:
    """Who holds which of the positions that are given in order, while places change hands."""

    def __init__(self, arcs: Arcs, obliged: Bools, given: Bools, chosen: Bools) -> None:
        self.arcs, self.chosen = arcs, chosen.copy()
        self.given = np.flatnonzero(given)
        worth = arcs.weight[arcs.home] * arcs.utility
        self.worth = worth
        self.yields = np.lexsort((-worth, ~obliged[arcs.seeker], arcs.place[arcs.seeker])).argsort()
        held = np.flatnonzero(given & chosen)
        self.held = arcs.served.astype(np.int64) + np.bincount(arcs.home[held], minlength=len(arcs.served))
        self.holders: dict[int, list[int]] = {}
        for a in held.tolist():
            self.holders.setdefault(int(arcs.position[a]), []).append(a)

    def settled(self, waiting: Ints) -> Bools:
        """Let everybody who waits take a place from somebody later, until nobody can."""
        queue = [(int(self.arcs.place[s]), int(s)) for s in waiting]
        heapq.heapify(queue)
        while queue:
            _, seeker = heapq.heappop(queue)
            for loser in self._seated(seeker):
                heapq.heappush(queue, (int(self.arcs.place[loser]), loser))
        return self.chosen

    def _seated(self, seeker: int) -> list[int]:
        """Give a seeker the place of the latest holder there is to be had; return who waits now because of it."""
        arcs = self.arcs
        mine = self.given[slice(*np.searchsorted(arcs.seeker[self.given], [seeker, seeker + 1]))]
        if not len(mine) or self.held[arcs.home[mine[0]]] or arcs.slots[seeker] <= 0:
            return []
        later = []
        for a in mine.tolist():
            last = max(self.holders.get(int(arcs.position[a]), ()), key=lambda x: int(self.yields[x]), default=None)
            if last is not None and arcs.place[arcs.seeker[last]] > arcs.place[seeker]:
                later.append((int(arcs.place[arcs.seeker[last]]), float(self.worth[a]), -a, last))
        if not later:
            return []
        _, _, arc, loser = max(later)
        self._hand_over(loser, -arc)
        home = int(arcs.home[loser])
        return [] if self.held[home] else self._people(home)

    def _hand_over(self, old: int, new: int) -> None:
        """Take a place from one arc and give it to another, whose seeker drops the weakest referral where no slot is free."""
        arcs, seats = self.arcs, self.holders[int(self.arcs.position[old])]
        seats[seats.index(old)] = new
        self.chosen[old], self.chosen[new] = False, True
        self.held[arcs.home[old]] -= 1
        self.held[arcs.home[new]] += 1
        low, high = np.searchsorted(arcs.seeker, [arcs.seeker[new], arcs.seeker[new] + 1])
        others = low + np.flatnonzero(self.chosen[low:high])
        if len(others) > arcs.slots[arcs.seeker[new]]:
            others = others[others != new]
            self.chosen[others[np.argmin(self.worth[others])]] = False

    def _people(self, home: int) -> list[int]:
        low, high = np.searchsorted(self.arcs.home, [home, home + 1])
        return [int(s) for s in np.unique(self.arcs.seeker[low:high])]
