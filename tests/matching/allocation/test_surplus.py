"""What a household could make of prices: never below its best set, hardly above it, and the set is one it may hold."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from matching.allocation.mix import Sets
from matching.allocation.surplus import Menu, best_surplus, largest


def _menu(rng, homes=6, seekers=2, arcs=6, slots=2, largest=0.9):
    n = homes * seekers * arcs
    seeker = np.repeat(np.arange(homes * seekers), arcs)
    utility = rng.uniform(0.01, largest, n)
    order = np.lexsort((-utility, seeker))
    weight, room = rng.uniform(0.5, 2.0, homes), np.full(homes, seekers * slots)
    home, utility = seeker // seekers, utility[order]
    return Menu.of(home, seeker, utility, weight, np.full(homes * seekers, slots), room)


def _best_by_trying(menu, cost, home):
    at = np.flatnonzero(menu.home == home)
    best = 0.0
    for size in range(1, int(menu.room[home]) + 1):
        for chosen in itertools.combinations(at, size):
            rows = list(chosen)
            if (np.bincount(menu.seeker[rows], minlength=len(menu.slots)) <= menu.slots).all():
                value = menu.weight[home] * (1 - np.prod(1 - menu.utility[rows])) - cost[rows].sum()
                best = max(best, float(value))
    return best


@pytest.mark.parametrize(("seed", "dearest"), [(0, 0.2), (1, 0.5), (2, 1.0), (3, 0.05)])
def test_the_sum_is_no_less_than_the_best_sets_by_trying_and_at_most_two_percent_more(seed, dearest):
    rng = np.random.default_rng(seed)
    menu = _menu(rng)
    cost = rng.uniform(-0.02, dearest, len(menu.home))
    total, used = best_surplus(menu, cost)
    best = sum(_best_by_trying(menu, cost, h) for h in range(6))
    assert best - 1e-9 <= total <= best * 1.02
    left = np.exp(np.bincount(menu.home[used], np.log1p(-menu.utility[used]), 6))
    worth = float((menu.weight * (1 - left)).sum() - cost[used].sum())
    assert best * 0.98 <= worth <= best + 1e-9
    assert (np.bincount(menu.seeker[used], minlength=len(menu.slots)) <= menu.slots).all()


@pytest.mark.parametrize("dearest", [0.02, 0.4, 1.2])
def test_a_sure_arc_is_counted_as_one_and_no_more(dearest):
    rng = np.random.default_rng(5)
    menu = _menu(rng)
    menu.utility[np.unique(menu.seeker, return_index=True)[1][::2]] = 1.0
    menu = Menu.of(menu.home, menu.seeker, menu.utility, menu.weight, menu.slots, menu.room)
    cost = rng.uniform(0.01, dearest, len(menu.home))
    total, _ = best_surplus(menu, cost)
    best = sum(_best_by_trying(menu, cost, h) for h in range(6))
    assert best - 1e-9 <= total <= best * 1.02


@pytest.mark.parametrize("seed", range(12))
def test_a_household_of_few_arcs_gets_its_best_set_exactly_however_many_it_may_hold(seed):
    rng = np.random.default_rng(seed)
    menu = _menu(rng, homes=4, seekers=2, arcs=4, slots=3, largest=0.3)
    cost = menu.weight[menu.home] * menu.utility * rng.uniform(-0.1, 0.3, len(menu.home))
    total, _ = best_surplus(menu, cost)
    assert total == pytest.approx(sum(_best_by_trying(menu, cost, h) for h in range(4)), rel=2e-3)


def test_a_household_gets_nothing_where_no_arc_is_worth_its_price():
    menu = _menu(np.random.default_rng(4))
    total, used = best_surplus(menu, np.full(len(menu.home), 3.0))
    assert (total, used.any()) == (0.0, False)


def test_the_best_mix_takes_whole_sets_under_capacity_and_keeps_what_is_owed():
    home, seeker, position = np.array([0, 0, 1, 1]), np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    utility, owed = np.array([0.8, 0.2, 0.6, 0.1]), np.array([False, False, True, False])
    sets = Sets(home, seeker, position, utility, np.zeros(4), owed, np.ones(2))
    for arcs in ([0, 2], [1, 3], [1], [0, 1, 2]):
        sets.add(np.isin(np.arange(4), arcs))
    free = sets.best(np.array([1, 1]), np.zeros(2, dtype=bool), np.zeros(4), 9.0)
    assert free.value == pytest.approx(0.9)
    assert np.flatnonzero(free.chosen).tolist() == [0, 3]
    bound = sets.best(np.array([1, 1]), np.array([False, True]), np.zeros(4), 9.0)
    assert bound.value == pytest.approx(0.8)
    assert np.flatnonzero(bound.chosen).tolist() == [1, 2]
    assert bound.debts[1] > 0


def test_the_largest_of_each_group_are_marked_as_many_as_it_may_hold_and_none_worth_nothing():
    rng = np.random.default_rng(6)
    for _ in range(40):
        group = np.sort(rng.integers(0, 5, 14))
        value, count = rng.integers(-2, 5, 14).astype(float), rng.integers(0, 4, 5)
        wanted = np.zeros(14, dtype=bool)
        for g in range(5):
            best = sorted((i for i in np.flatnonzero(group == g) if value[i] > 0), key=lambda i: (-value[i], i))
            wanted[best[: count[g]]] = True
        assert largest(group, value, count).tolist() == wanted.tolist()
    assert largest(np.zeros(0, dtype=int), np.zeros(0), np.zeros(2, dtype=int)).tolist() == []


def test_who_has_no_slot_gets_nothing_and_the_others_their_best():
    rng = np.random.default_rng(9)
    menu = _menu(rng, homes=4, seekers=2, arcs=4, slots=2)
    slots = np.array([0, 2, 1, 0, 2, 2, 0, 0])
    menu = replace(menu, slots=slots, room=slots.reshape(4, 2).sum(axis=1))
    cost = rng.uniform(-0.02, 0.3, len(menu.home))
    total, used = best_surplus(menu, cost)
    assert total == pytest.approx(sum(_best_by_trying(menu, cost, h) for h in range(4)), rel=2e-3)
    assert not used[slots[menu.seeker] == 0].any()
