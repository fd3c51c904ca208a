"""The most each household could make of given prices: its best set of referrals, value less prices, or a little more.

Sets are grown referral by referral, by falling utility, and given up where even all that may follow cannot beat the best set known: in that
order what one more adds only falls. A household of many arcs is first bounded by the best tangent of its concave value, and stays with that
where its sets are too many to follow. So the sum over households is never below what is possible.
"""

from dataclasses import dataclass

import numpy as np

from matching.arrays import Bools, Floats, Ints

CLOSE = 1e-3
"""Share of its best set by which a household's bound may lie above it."""

WIDE = 8
"""Arcs worth their price beyond which a household is first bounded by tangents."""

OPEN = 20
"""Unfinished sets of a household of more than WIDE arcs beyond which they are no longer followed; with fewer arcs all are."""

ROWS = 2_000_000
"""Households are worked through in blocks that grow to at most about this many rows."""

LOOKS = 4
"""Tangents of a household's concave value that are tried in the search for its lowest."""

STEEPEST = 7.0
"""Tangents are tried where ``1 - exp(-x)`` has come as far as this ``x``."""


@dataclass(frozen=True, slots=True)
class Menu:
    """Arcs by household, seeker and falling utility.

    ``home seeker utility`` (n_arcs,); ``weight`` (n_homes,) weight times what locks leave undone; ``slots`` (n_seekers,) and ``room``
    (n_homes,) referrals that may still be held. ``alone`` (n_arcs,) what each arc is worth by itself; ``falling`` (n_arcs,) rows by household
    and falling utility; ``by_rank`` (n_arcs,) rows by place in the seeker's order, seekers as in ``who`` (those with more arcs first),
    ``widths`` rows of each place; ``depth`` (n_homes,) where the lowest tangent of each household touched last, from where the next search
    starts.
    """

    home: Ints
    seeker: Ints
    utility: Floats
    weight: Floats
    slots: Ints
    room: Ints
    alone: Floats
    falling: Ints
    by_rank: Ints
    who: Ints
    widths: Ints
    depth: Floats

    @classmethod
    def of(cls, home: Ints, seeker: Ints, utility: Floats, weight: Floats, slots: Ints, room: Ints) -> "Menu":
        """Return the menu of arcs that stand by household, seeker and falling utility."""
        count = np.bincount(seeker, minlength=len(slots))
        who = np.argsort(-count, kind="stable")
        place = np.empty(len(who), dtype=np.int64)
        place[who] = np.arange(len(who))
        rank = np.arange(len(seeker)) - (np.cumsum(count) - count)[seeker]
        return cls(
            home, seeker, utility, weight, slots, room, weight[home] * utility, np.lexsort((-utility, home)),
            np.lexsort((place[seeker], rank)), who, np.bincount(rank), np.ones(len(weight)),
        )  # fmt: skip


def best_surplus(menu: Menu, cost: Floats) -> tuple[float, Bools]:
    """Return the sum of households' best surpluses at arc costs (n_arcs,), or a little more, and which arcs the best sets use."""
    keep = _undominated(menu, cost)
    count = np.bincount(menu.home[keep], minlength=len(menu.weight))
    used = np.zeros(len(cost), dtype=bool)
    least, most = _tangents(menu, cost, keep[count[menu.home[keep]] > WIDE], used)
    shelf = _Shelf.of(menu, cost, keep, count)
    unsure = np.flatnonzero((count > 0) & (most > least * (1 + CLOSE)))
    pieces = max(1, int(OPEN * count[unsure].sum()) // ROWS)
    for homes in np.array_split(unsure, pieces):
        over = _branched(shelf, homes, least, used)
        most[homes] = np.maximum(np.minimum(most[homes], over), least[homes])
    return float(most[count > 0].sum()), used


def _undominated(menu: Menu, cost: Floats) -> Ints:
    """Return the arcs worth their cost but those that as many others of the same seeker as it has slots beat on utility and cost.

    A set that holds such an arc lacks one of those others and is no worse with it in its place.
    """
    price, slots = np.where(menu.alone > cost, cost, np.inf)[menu.by_rank], menu.slots[menu.who]
    bar = np.where(slots > 0, np.inf, -np.inf)
    lowest = np.full((int(slots.max(initial=1)), len(slots)), np.inf)
    full = [np.flatnonzero(slots == k + 1) for k in range(len(lowest))]
    stays, end = np.zeros(len(cost), dtype=bool), 0
    for width in menu.widths:
        rest = price[end : end + width]
        stays[end : end + width] = rest < bar[:width]
        end += width
        for low, who in zip(lowest[:, :width], full, strict=True):
            low[:], rest = np.minimum(low, rest), np.maximum(low, rest)
            there = who[: np.searchsorted(who, width)]
            bar[there] = low[there]
    kept = np.zeros(len(cost), dtype=bool)
    kept[menu.by_rank[stays]] = True
    return np.flatnonzero(kept)


def _tangents(menu: Menu, cost: Floats, keep: Ints, used: Bools) -> tuple[Floats, Floats]:
    """Return (n_homes,) the surplus of the sets found, 0 without arcs, and the lowest tangent of ``1 - exp(-sum of -log(1 - u))``, infinite
    without arcs; mark the sets.

    The height is convex in the slope ``exp(-depth)``. The lowest tangent touches between any depth and that to which the best set at its slope
    goes.
    """
    least, most = np.zeros(len(menu.weight)), np.full(len(menu.weight), np.inf)
    if not len(keep):
        return least, most
    first = np.diff(menu.home[keep], prepend=-1) != 0
    homes, at = menu.home[keep[first]], np.cumsum(first) - 1
    seeker, weight, price = menu.seeker[keep], menu.weight[homes], cost[keep]
    mass, marked = -np.log1p(-np.minimum(menu.utility[keep], 1 - 1e-12)), np.zeros(len(keep), dtype=bool)
    depth, best = menu.depth[homes], np.full(len(homes), np.inf)
    deep, shallow = _Line.none(len(homes)), _Line(np.zeros(len(homes)), np.zeros(len(homes)))
    for _ in range(LOOKS):
        slope = np.exp(-depth)
        surplus = (weight * slope)[at] * mass - price
        sets = largest(seeker, surplus, menu.slots)
        height = weight * (1 - slope - slope * depth) + np.bincount(at, surplus * sets, len(homes))
        better = height < best
        best[better] = height[better]
        marked[better[at]] = sets[better[at]]
        line = _Line(np.bincount(at, mass * sets, len(homes)), np.bincount(at, price * sets, len(homes)))
        below = line.mass > depth
        deep, shallow = line.where(below, deep), line.where(~below, shallow)
        depth = shallow.meets(deep, weight)
    menu.depth[homes] = depth
    used[keep[marked]] = True
    left = np.exp(-np.bincount(at, mass * marked, len(homes)))
    least[homes] = np.maximum(weight * (1 - left) - np.bincount(at, price * marked, len(homes)), 0.0)
    most[homes] = np.maximum(best, least[homes])
    return least, most


@dataclass(frozen=True, slots=True)
class _Line:
    """What one set of each household is worth at a slope: ``mass`` (n,) times weight and slope, less ``cost`` (n,)."""

    mass: Floats
    cost: Floats

    @classmethod
    def none(cls, n: int) -> "_Line":
        """Return lines of nothing: they meet no other."""
        return cls(np.full(n, np.inf), np.full(n, np.inf))

    def where(self, these: Bools, other: "_Line") -> "_Line":
        """Return these lines, and the others elsewhere."""
        return _Line(np.where(these, self.mass, other.mass), np.where(these, self.cost, other.cost))

    def meets(self, deep: "_Line", weight: Floats) -> Floats:
        """Return (n,) the depth of the lowest tangent if there were no other sets than these and the ``deep`` ones: where the two are worth the
        same, or as deep as one of them goes."""
        both = np.isfinite(deep.mass) & (deep.mass > self.mass)
        slope = np.divide(deep.cost - self.cost, weight * (deep.mass - self.mass), out=np.ones(len(weight)), where=both)
        depth = np.clip(-np.log(np.maximum(slope, 1e-9)), self.mass, np.where(both, deep.mass, self.mass))
        return np.asarray(np.clip(depth, 0.0, STEEPEST))


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


@dataclass(frozen=True, slots=True)
class _Shelf:
    """Arcs worth their cost by household and falling utility: ``at`` (n,) their rows, ``utility cost seeker`` (n,); ``start end`` (n_homes,)."""

    menu: Menu
    at: Ints
    utility: Floats
    cost: Floats
    seeker: Ints
    start: Ints
    end: Ints

    @classmethod
    def of(cls, menu: Menu, cost: Floats, keep: Ints, count: Ints) -> "_Shelf":
        """Return the arcs ``keep``, ``count`` (n_homes,) of each household."""
        kept = np.zeros(len(cost), dtype=bool)
        kept[keep] = True
        at = menu.falling[kept[menu.falling]]
        end = np.cumsum(count)
        return cls(menu, at, menu.utility[at], cost[at], menu.seeker[at], end - count, end)


@dataclass(frozen=True, slots=True)
class _Sets:
    """Unfinished sets: ``home`` (n,), ``held`` (n, size) arcs on the shelf, rising; ``left`` (n,) weight undone, ``value`` (n,) less costs."""

    home: Ints
    held: Ints
    left: Floats
    value: Floats

    def grown(self, shelf: _Shelf) -> tuple[Ints, Ints, Floats, Floats]:
        """Return every set with one more arc: which set, the arc, the value, and the most that all arcs behind it could still add."""
        size = self.held.shape[1]
        first = self.held[:, -1] + 1 if size else shelf.start[self.home]
        count = shelf.end[self.home] - first
        of = np.repeat(np.arange(len(count)), count)
        arc = np.arange(len(of)) - np.repeat(np.cumsum(count) - count - first, count)
        gain = self.left[of] * shelf.utility[arc] - shelf.cost[arc]
        seeker, full = shelf.seeker[arc], np.zeros(len(arc), dtype=np.int64)
        for k in range(size):
            full += shelf.seeker[self.held[of, k]] == seeker
        gain[full >= shelf.menu.slots[seeker]] = 0.0
        gain = np.maximum(gain, 0.0)
        room = shelf.menu.room[self.home[of]] - size - 1
        return of, arc, np.where(gain > 0, self.value[of] + gain, -np.inf), _behind(of, gain, room)


def _behind(of: Ints, gain: Floats, room: Ints) -> Floats:
    """Return (n,) the most that arcs behind each one of the same set may add, at most ``room`` of them; ``of`` ascends."""
    last = np.append(np.diff(of) != 0, True)[: len(of)]
    total = np.cumsum(gain)
    ends = total[last]
    rest = np.repeat(ends, np.diff(np.flatnonzero(last), prepend=-1)) - total
    step = float(gain.max(initial=0.0)) + 1.0
    top = np.maximum.accumulate((gain - step * of)[::-1])[::-1] + step * of
    after = np.append(top[1:], 0.0)
    rest = np.minimum(rest, room * np.where(last, 0.0, after))
    return np.where(last | (room <= 0), 0.0, np.maximum(rest, 0.0) + 1e-9)


def _branched(shelf: _Shelf, homes: Ints, least: Floats, used: Bools) -> Floats:
    """Return (n,) bounds of households ``homes``; raise ``least`` (n_homes,) to the best sets found and mark those."""
    n = len(least)
    sets = _Sets(homes, np.zeros((len(homes), 0), dtype=np.int64), shelf.menu.weight[homes], np.zeros(len(homes)))
    over, best = np.zeros(n), list[tuple[Ints, Ints]]()
    most_open = np.where(shelf.end - shelf.start > WIDE, OPEN, 2**WIDE)
    while len(sets.home):
        of, arc, value, rest = sets.grown(shelf)
        home = sets.home[of]
        row = _bests(home, value, least)
        best.append((home[row], np.column_stack([sets.held[of[row]], arc[row]])))
        follow = (rest > 0) & (value + rest > least[home] * (1 + CLOSE))
        follow &= (np.bincount(home[follow], minlength=n) <= most_open)[home]
        shut = (rest > 0) & ~follow & (value > -np.inf)
        np.maximum.at(over, home[shut], (value + rest)[shut])
        row, of = np.flatnonzero(follow), of[follow]
        left = sets.left[of] * (1.0 - shelf.utility[arc[row]])
        sets = _Sets(home[row], np.column_stack([sets.held[of], arc[row]]), left, value[row])
    if best:
        _mark(shelf, best, used)
    return np.asarray(over[homes])


def _bests(home: Ints, value: Floats, least: Floats) -> Ints:
    """Return the rows of each household's best value where it is above ``least`` (n_homes,), which is raised to it."""
    top = least.copy()
    np.maximum.at(top, home, value)
    rows = np.flatnonzero((value > least[home]) & (value == top[home]))
    rows = rows[np.unique(home[rows], return_index=True)[1]]
    least[home[rows]] = value[rows]
    return rows


def _mark(shelf: _Shelf, best: list[tuple[Ints, Ints]], used: Bools) -> None:
    """Mark the arcs of each household's last, best set in place of what was marked before."""
    done = np.zeros(len(shelf.start), dtype=bool)
    fresh = []
    for home, held in reversed(best):
        fresh.append(held[~done[home]].ravel())
        done[home] = True
    used[used & done[shelf.menu.home]] = False
    used[shelf.at[np.concatenate(fresh)]] = True
