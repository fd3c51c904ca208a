"""The closed loop: the same luck for every policy, measures a person can check by hand, and the figures the command line promises."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from matching.baseline import BaselineScorer
from matching.errors import BadInput
from models.replay import POLICIES, Lived, ReplayConfig, interval, summary
from models.replay_foresight import Foresight
from models.replay_hindsight import fluid_bound, hindsight, true_chance, true_outlook
from models.replay_measures import Measures, cohort_of, gini, kept, measures_of
from models.replay_policies import Engine, OneByOne, by_lot, by_score
from models.simulation import SCENARIOS, lived
from models.simulation.caseworker import caseworkers
from models.simulation.region import nobody

SMALL = replace(SCENARIOS["base"], households_per_city_day=0.7, history_days=45, horizon_days=50)
DAYS = 5


@pytest.fixture(scope="module")
def start():
    return lived(SMALL, 3)


def gone_on(start, policy, days=DAYS):
    world = start.fork()
    for _ in range(days):
        world.step(policy)
    return world


POLICY = {
    "onemonth": Engine(BaselineScorer(), 3),
    "greedy": OneByOne(BaselineScorer(), by_score),
    "random": OneByOne(BaselineScorer(), by_lot),
    "first_come": caseworkers,
    "hindsight": hindsight,
}


@pytest.mark.parametrize("name", POLICIES)
def test_every_policy_refers_within_slots_and_to_posts_that_were_listed(start, name):
    world = gone_on(start, POLICY[name])
    made = world.referrals.column("day") > start.day
    assert made.sum() > 5
    pairs = np.column_stack([world.referrals.column(c)[made] for c in ("member", "post")])
    assert set(pairs[:, 1]) <= set(np.flatnonzero(start.truth.posts.day <= world.day))
    assert world.held.max() <= 3 and not world.truth.posts.broken[pairs[:, 1]].any()


def test_the_same_seed_lives_the_same_days_and_policies_share_their_luck(start):
    one, two = (gone_on(start, POLICY["onemonth"], 2) for _ in range(2))
    assert one.referrals.post == two.referrals.post
    idle, busy = gone_on(start, nobody), gone_on(start, POLICY["greedy"])
    assert (idle.truth.posts.filled_day == busy.truth.posts.filled_day).all()


def test_the_cohort_s_promises_all_begin_and_fall_due_within_the_replay(start):
    cohort = cohort_of(start, start.day + 1, start.day + 6)
    assert len(cohort.households) and (cohort.due > cohort.started).all()
    assert (start.truth.people.arrives[cohort.households] > start.day).all()
    assert set(cohort.stratum) <= {0, 1, 2}


def test_promises_are_kept_by_a_first_job_on_or_before_the_last_day_and_not_after(start):
    world, cohort = start.fork(), cohort_of(start, start.day + 1, start.day + 6)
    first, second, *_ = cohort.households
    world.first_job_day[first], world.first_job_day[second] = cohort.due_day[0], cohort.due_day[1] + 1
    good = kept(world, cohort)
    assert good[0] and not good[1] and good.sum() == 1
    assert measures_of(world, cohort, start.day).promise_kept == pytest.approx(1 / len(good))


def test_gini_is_nothing_when_all_are_equal_and_near_one_when_one_has_all():
    assert gini(np.array([2, 2, 2])) == pytest.approx(0) and gini(np.array([0] * 99 + [5])) == pytest.approx(0.99)
    assert gini(np.array([], dtype=np.int64)) == 0.0


def test_true_chances_grow_with_time_and_stay_below_the_odds_of_a_start(start):
    rows, stock = start.seeking(), start.listed()
    mi, pj = np.repeat(rows[:20], len(stock)), np.tile(stock, len(rows[:20]))
    odds = start.truth.odds(mi, pj, start.day).success
    short, long = (true_chance(start.truth, mi, pj, start.day, np.full(len(mi), d)) for d in (4.0, 20.0))
    assert (short <= long + 0.05).all() and (long <= odds + 1e-12).all() and long.sum() > short.sum()


def test_hindsight_knows_the_month_that_comes(start):
    seen = true_outlook(start)
    arrives = start.truth.people.member_arrives
    assert 0 < seen.seekers <= (arrives > start.day).sum() and seen.spread == 0
    assert sum(seen.openings.values()) > 0


def bound_with(start, openings):
    """Return the bound where only the first lawful posts have openings."""
    world, cohort = start.fork(), cohort_of(start, start.day + 1, start.day + 8)
    left = np.zeros(len(world.left), dtype=np.int64)
    left[np.flatnonzero(~world.truth.posts.broken & (world.left > 0))[:openings]] = 1
    world.truth = replace(world.truth, posts=replace(world.truth.posts, openings=left))
    return fluid_bound(world, cohort.households, cohort.due_day), len(cohort.households)


def test_the_bound_is_nothing_without_openings_and_no_more_than_the_openings_there_are(start):
    assert bound_with(start, 0)[0] == pytest.approx(0, abs=1e-9)
    one, n = bound_with(start, 1)
    two, _ = bound_with(start, 2)
    assert 0 < one <= 1 / n + 1e-9 and one <= two <= 2 / n + 1e-9


def measured(share, hard):
    return Measures(share, 10.0, share, 0.2, 9, 30, 0.5, 0.4, {"hard": hard}, {"women": share})


def test_the_summary_has_every_figure_and_pairs_policies_seed_by_seed():
    config = ReplayConfig(seeds=3, policies=("onemonth", "greedy"))
    runs = [
        Lived(
            {"onemonth": measured(x + 0.1, 0.5), "greedy": measured(x, 0.4)},
            {"onemonth": np.ones(4)},
            0.9,
            3.0,
            pd.DataFrame({"mark": [7], "chance": [x], "kept": [True]}),
        )
        for x in (0.2, 0.5, 0.7)
    ]
    found = summary(config, runs)
    assert found["label"] == "simulated" and found["households"] == 12 and found["fluid_bound"] == pytest.approx(0.9)
    ours, other = found["policies"]["onemonth"], found["policies"]["greedy"]
    keys = {"promise_kept", "median_days", "stable_90", "welfare_used", "coverage", "gini", "by_stratum", "by_group"}
    assert keys <= set(ours)
    assert other["onemonth_minus"] == pytest.approx([0.1, 0.1, 0.1])
    assert ours["promise_kept_interval"][1] - ours["promise_kept_interval"][0] > 0.5
    assert [(b["low"], b["n"], b["forecast"], b["kept"]) for b in found["forecast"]] == [
        (0.2, 1, 0.2, 1.0), (0.5, 1, 0.5, 1.0), (0.7, 1, 0.7, 1.0),
    ]  # fmt: skip


def night(day, **chances):
    rows = [(f"SIMH{int(k[1:]):06d}", left, chance) for k, (left, chance) in chances.items()]
    return pd.DataFrame(rows, columns=["household_id", "days_left", "chance"]).assign(day=day)


def test_a_forecast_is_taken_once_a_promise_and_mark_the_first_night_at_or_below_it(start):
    cohort = replace(cohort_of(start, start.day + 1, start.day + 6), households=np.array([5, 8]))
    nights = [
        night(1, h5=(29, 0.9), h9=(14, 0.1)),
        night(2, h5=(27, 0.8), h8=(14, 0.3)),
        night(3, h5=(22, 0.7), h8=(9, 0.2)),
    ]
    found = Foresight(nights).beside(cohort, np.array([True, False]))
    assert found.to_records(index=False).tolist() == [(28, 0.8, True), (14, 0.3, False)]
    assert Foresight().beside(cohort, np.array([True, False])).empty


def test_the_engine_s_nights_are_noted_as_a_replay_lives_on(start):
    foresight = Foresight()
    gone_on(start, Engine(BaselineScorer(), 3, foresight.note))
    assert len(foresight.nights) == DAYS
    every = pd.concat(foresight.nights)
    assert len(every) and every["chance"].dropna().between(0, 1).all() and every["day"].nunique() == DAYS


def test_one_seed_has_no_interval():
    assert interval(np.array([0.4])) == [None, None]


@pytest.mark.parametrize(
    ("change", "said"),
    [({"supply": "plenty"}, "plenty"), ({"days": 0}, "at least 1"), ({"policies": ("magic",)}, "magic")],
)
def test_a_wrong_question_is_refused_with_its_reason(change, said):
    with pytest.raises(BadInput, match=said):
        ReplayConfig(**change)
