"""Plant a truth, find it again: what was put into the world can be estimated from what the world lets see."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from models.simulation import SCENARIOS, World, lived
from models.simulation.caseworker import PER_OPENING, caseworkers
from models.simulation.ledger import DECLINED, NO_SHOW, REJECTED
from models.simulation.occupations import FIELD_OF_TRADE


@pytest.fixture(scope="module")
def world():
    return lived(replace(SCENARIOS["base"], households_per_city_day=6.0), 21)


def drawn(world):
    log = world.referrals
    return tuple(log.column(name) for name in ("member", "post", "day", "fate"))


def test_the_employers_rule_is_found_from_interviews(world):
    member, post, day, fate = drawn(world)
    truth = world.truth
    odds = truth.odds(member, post, day)
    rows = (fate > NO_SHOW) & ~odds.barred
    same = np.array(FIELD_OF_TRADE)[truth.posts.trade[post]] == truth.people.trade_field[member]
    short = truth.posts.schooling[post] > truth.people.education[member]
    kinds = truth.posts.kind[post][:, None] == np.arange(5)
    x = np.column_stack([odds.gap, same, short, odds.bias, kinds])[rows].astype(float)
    fit = LogisticRegression(C=100.0, fit_intercept=False, max_iter=1000).fit(x, fate[rows] > REJECTED)
    gap, field, schooling, bias, *levels = fit.coef_[0]
    assert np.allclose([gap, field, schooling, bias], [-1.3, 0.8, -1.0, 1.0], rtol=0, atol=0.3)
    assert np.allclose(levels[:4], [-0.55, 1.15, -0.20, 0.70], rtol=0, atol=0.3)


def test_distance_keeps_people_from_interviews_and_wages_bring_them_to_accept(world):
    member, post, day, fate = drawn(world)
    truth = world.truth
    odds = truth.odds(member, post, day)
    far = np.maximum(odds.minutes - 25, 0.0)
    good = truth.people.reach[member] > 0.5
    way = LogisticRegression(C=100.0).fit(far[good, None] / 50.0, fate[good] > NO_SHOW)
    assert abs(way.coef_[0, 0] / 50.0 + 0.018) < 0.004
    asked = (fate >= DECLINED) & ~odds.barred
    pay = np.log(truth.posts.wage[post] / truth.reservation(member, day))
    over = np.maximum(odds.minutes - truth.people.commute_limit[member], 0.0)
    x = np.column_stack([pay, over / 20.0, truth.posts.night[post] & ~truth.people.night_ok[member]])[asked].astype(
        float
    )
    fit = LogisticRegression(C=100.0).fit(x, fate[asked] > DECLINED)
    assert abs(fit.coef_[0, 0] - 2.4) < 0.6
    assert abs(fit.coef_[0, 1] / 20.0 + 0.05) < 0.015


def test_logged_propensities_undo_the_caseworkers_choice():
    """Inverse propensity estimates the success of a uniform choice among posts that take referrals, which is measured directly beside it."""
    uniform: list[float] = []

    def watched(world):
        made = caseworkers(world)
        listed = world.listed()
        room = PER_OPENING * world.known_left[listed] > world.pending[listed]
        for m in made.member[made.rank == 1]:
            stock = listed[room & ~np.isin(listed, world.sent_to[m])]
            odds = world.truth.odds(np.full(len(stock), m), stock, world.day)
            uniform.append(odds.success[~odds.barred].mean())
        return made

    world = World.build(replace(SCENARIOS["base"], households_per_city_day=4.0, history_days=250), 21)
    while world.day < world.truth.days.today:
        world.step(watched)
    log = world.referrals
    first = np.flatnonzero(log.column("rank") == 1)
    member, post, day = (log.column(name)[first] for name in ("member", "post", "day"))
    value = world.truth.odds(member, post, day).success
    weight = 1.0 / log.column("propensity")[first]
    snips = (weight * value).sum() / weight.sum()
    chosen, even = value.mean(), float(np.mean(uniform))
    assert chosen > even + 0.02
    assert abs(snips - even) < 0.3 * (chosen - even)
