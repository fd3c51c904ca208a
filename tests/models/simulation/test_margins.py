"""The simulated people and posts against the margins of the domain model (sections 7.2 and 7.3), within two points."""

from dataclasses import replace

import numpy as np
import pytest

from matching.policy.load import load_policy
from models.simulation import SCENARIOS
from models.simulation.config import BASE_HOUSEHOLDS
from models.simulation.truth import days_until
from models.simulation.world import make_truth


@pytest.fixture(scope="module")
def truth():
    return make_truth(replace(SCENARIOS["base"], households_per_city_day=30.0), 5)


def near(found, expected, by=0.02):
    return np.allclose(found, expected, rtol=0, atol=by)


def test_households_have_the_stated_sizes_and_allowances(truth):
    people = truth.people
    size = np.bincount(people.household)
    assert near(np.bincount(size, minlength=5)[1:] / len(size), [0.35, 0.50, 0.13, 0.02])
    assert near(size.mean(), 1.82)
    assert near(people.dibao.mean(), 0.37)


def test_members_have_the_stated_ages_schooling_and_limits(truth):
    people = truth.people
    assert near(people.age_months.mean() / 12, 40.9, by=1.0)
    assert near((people.age_months >= 480).mean(), 0.63)
    assert near(people.female.mean(), 0.497)
    assert near(np.bincount(people.education) / len(people.education), [0.09, 0.42, 0.37, 0.09, 0.03])
    assert near(people.older.mean(), 0.42)
    assert near(people.care.mean(), 0.28)
    assert near(people.limits[:, 0].mean(), 0.158)
    assert near((~people.picky).mean(), 0.78)


def test_wishes_lie_where_the_domain_model_puts_them(truth):
    people, minimum = truth.people, truth.days.minimum
    assert near(np.quantile(people.commute_limit, [0.1, 0.5, 0.9]), [19, 35, 61], by=2)
    reservation = people.reservation / minimum[people.city[people.household], people.member_arrives]
    assert near(np.quantile(reservation, [0.1, 0.5, 0.9]), [0.94, 1.12, 1.34])
    assert near(np.quantile(people.skills, [0.1, 0.5, 0.9]), [28, 46, 64], by=1)


def test_nobody_is_recognised_within_a_year_of_retirement_or_under_age(truth):
    people, book = truth.people, load_policy("440000", truth.config.as_of)
    month = truth.days.dates[people.member_arrives].astype("datetime64[M]")
    born = month - people.age_months.astype("timedelta64[M]")
    retires = book.retirement_months(born.astype(str), np.where(people.female, "F", "M"))
    assert (retires > month + np.timedelta64(12, "M")).all()
    assert people.age_months.min() >= 18 * 12


def test_openings_come_in_the_stated_kinds_trades_and_numbers(truth):
    posts = truth.posts
    share = posts.openings / posts.openings.sum()
    assert near(np.bincount(posts.kind, weights=share), [0.66, 0.12, 0.10, 0.09, 0.03])
    assert near(np.bincount(posts.trade, weights=share), [0.34, 0.30, 0.12, 0.08, 0.08, 0.05, 0.03])
    quiet = truth.days.season == 1.0
    a_day = np.bincount(posts.day, weights=posts.openings, minlength=len(quiet))[quiet][1:].mean()
    assert near(a_day / 30.0 * BASE_HOUSEHOLDS, 6.2, by=0.3)


def test_wages_stand_to_the_minimum_wage_as_stated_and_are_lawful(truth):
    posts = truth.posts
    minimum = truth.days.minimum[posts.city, posts.day]
    medians = [np.median((posts.wage / minimum)[posts.kind == k]) for k in range(5)]
    assert near(medians, [1.50, 1.02, 1.25, 0.95, 1.00])
    assert (posts.wage_low >= minimum)[posts.kind <= 2].all()
    assert (posts.wage_low <= posts.wage_high).all()


def test_tasks_are_shared_out_as_stated(truth):
    posts = truth.posts
    for kind, (heavy, night, low) in enumerate(
        [(0.22, 0.22, 0.12), (0.12, 0.08, 0.55), (0.30, 0.28, 0.10), (0.05, 0, 0.05)]
    ):
        here = posts.kind == kind
        assert near(
            [posts.heavy[here].mean(), posts.night[here].mean(), posts.low_status[here].mean()],
            [heavy, night, low],
            by=0.035,
        )
    assert near(posts.prefers_young[np.isin(posts.kind, [0, 2])].mean(), 0.35)
    assert near(posts.broken.mean(), 0.02, by=0.005)


def test_openings_dry_up_before_spring_festival_and_flow_after_it(truth):
    days = truth.days
    festival = np.datetime64("2026-02-17", "D")
    gap = (days.dates - festival).astype(int)
    assert set(days.season[(gap >= -14) & (gap < 0)]) == {0.3}
    assert set(days.season[(gap >= 0) & (gap < 28)]) == {1.8}


def test_the_minimum_wage_rises_on_its_day():
    days = make_truth(SCENARIOS["drift"], 1).days
    before, after = days.dates < np.datetime64("2025-03-01", "D"), days.dates >= np.datetime64("2025-03-01", "D")
    assert set(days.minimum[0, before]) == {230_000}
    assert set(days.minimum[0, after]) == {250_000}


def test_three_in_four_jobs_last_ninety_days_when_nothing_speaks_against_them():
    hazard = -np.log((np.arange(100_000) + 0.5) / 100_000)
    assert near((days_until(hazard) > 90).mean(), 0.75)
    assert days_until(np.array([1e-9, 50.0])).tolist()[0] == 1
