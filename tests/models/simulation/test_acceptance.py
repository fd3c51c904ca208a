"""The acceptance tests of the domain model, section 7.7: how hard the simulated promise is to keep, and what bias can be found."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from models.simulation import SCENARIOS, World, lived
from models.simulation.ledger import NO_SHOW, REJECTED
from models.simulation.oracle import EASY, HARD, employability, placed_within, thirds, truth_greedy
from models.simulation.world import make_truth

MONTH, WARM_UP, SEEDS = 21, 20, (1, 2, 3, 4, 5)


def in_a_month(world):
    people, today = world.truth.people, world.truth.days.today
    rows = np.flatnonzero((people.arrives >= WARM_UP) & (people.arrives <= today - 2 * MONTH))
    return placed_within(world, rows, MONTH).mean()


@pytest.fixture(scope="module")
def base():
    return [lived(SCENARIOS["base"], seed) for seed in SEEDS]


def test_caseworkers_place_half_to_two_thirds_of_the_households_in_a_month(base):
    assert 0.50 <= np.mean([in_a_month(world) for world in base]) <= 0.65


def test_perfect_odds_ranked_greedily_place_more_but_not_all(base):
    shares = []
    for past in base[:3]:
        world = World(past.truth)
        while world.day < world.truth.days.today:
            world.step(truth_greedy)
        shares.append(in_a_month(world))
    assert 0.62 <= np.mean(shares) <= 0.75


def test_scarce_supply_places_fewer_and_slack_supply_more(base):
    scarce, slack = (
        np.mean([in_a_month(lived(SCENARIOS[name], seed)) for seed in SEEDS[:2]]) for name in ("scarce", "slack")
    )
    assert scarce < np.mean([in_a_month(world) for world in base]) < slack


def test_a_random_pair_leads_to_work_one_time_in_eight():
    means = []
    for seed in SEEDS:
        truth = make_truth(SCENARIOS["base"], seed)
        rng = np.random.default_rng(seed)
        mi, pj = (rng.integers(0, n, 20_000) for n in (len(truth.people.household), len(truth.posts.day)))
        odds = truth.odds(mi, pj, truth.people.member_arrives[mi])
        assert ((odds.success >= 0) & (odds.success < 1)).all()
        assert (odds.success[~odds.barred] > 0).all()
        means.append(odds.success.mean())
    assert 0.10 <= np.mean(means) <= 0.16


def interviews(world):
    """Return inputs without and with the hidden preference, and whether the employer wanted the person."""
    log, truth = world.referrals, world.truth
    member, post, day, fate = (log.column(name) for name in ("member", "post", "day", "fate"))
    odds = truth.odds(member, post, day)
    rows = (fate > NO_SHOW) & np.isin(truth.posts.kind[post], [0, 2]) & ~odds.barred
    short = truth.posts.schooling[post] > truth.people.education[member]
    plain = np.column_stack([odds.gap, truth.posts.kind[post], short])[rows].astype(float)
    return plain, np.column_stack([plain, odds.bias[rows]]), (fate > REJECTED)[rows]


def test_what_employers_hide_can_be_found(base):
    plain, told, wanted = (np.concatenate(parts) for parts in zip(*(interviews(world) for world in base), strict=True))
    half = np.arange(len(wanted)) % 2 == 0
    auc = [
        roc_auc_score(
            wanted[~half], LogisticRegression(max_iter=500).fit(x[half], wanted[half]).predict_proba(x[~half])[:, 1]
        )
        for x in (plain, told)
    ]
    assert auc[1] >= auc[0] + 0.005
    assert wanted[told[:, -1] < -0.5].mean() < wanted[told[:, -1] == 0].mean() - 0.05


def test_doubled_bias_turns_more_people_away(base):
    def touched(world):
        log = world.referrals
        return (world.truth.bias(log.column("member"), log.column("post")) < 0).mean()

    assert touched(lived(SCENARIOS["biased_employers"], 1)) > 1.5 * touched(base[0])


def test_the_hardest_third_really_is_harder_to_place(base):
    world = base[0]
    people = world.truth.people
    rows = np.flatnonzero(people.member_arrives < world.truth.days.today - 2 * MONTH)
    third = thirds(employability(world.truth, rows))
    worked = np.isin(rows, world.jobs.member)
    assert np.bincount(third).min() >= len(rows) // 3 - 1
    assert worked[third == HARD].mean() < worked[third == EASY].mean() - 0.1


def test_rural_households_are_marked_and_an_office_s_first_day_has_no_referral():
    assert (
        abs(make_truth(replace(SCENARIOS["rural"], households_per_city_day=20.0), 1).people.rural.mean() - 0.15) < 0.02
    )
    assert len(lived(SCENARIOS["cold_start"], 1).referrals) == 0
