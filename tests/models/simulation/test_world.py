"""The stepped world: common luck, limits kept, gates never violated in true hires."""

from dataclasses import replace

import numpy as np
import pytest

from models.simulation import SCENARIOS, World, lived
from models.simulation.caseworker import PER_MEMBER, caseworkers
from models.simulation.ledger import FILLED, OPEN, REVOKED, STARTED, Proposals
from models.simulation.oracle import truth_greedy
from models.simulation.people import LIMITS
from models.simulation.world import make_truth

SMALL = replace(SCENARIOS["base"], history_days=150)


@pytest.fixture(scope="module")
def truth():
    return make_truth(SMALL, 11)


@pytest.fixture(scope="module")
def world():
    return lived(SMALL, 11)


def fates(world):
    log = world.referrals
    keys = zip(log.member, log.post, log.day, strict=True)
    drawn = zip(log.fate, log.attend_day, log.decide_day, log.start_day, strict=True)
    return dict(zip(keys, drawn, strict=True))


def test_the_same_pair_on_the_same_day_meets_the_same_fate_under_every_policy(truth):
    one, other = World(truth), World(truth)
    for _ in range(80):
        one.step(caseworkers)
        other.step(truth_greedy)
    here, there = fates(one), fates(other)
    both = set(here) & set(there)
    assert len(both) > 20
    assert all(here[key] == there[key] for key in both)


def test_a_fork_lives_on_as_its_original_does(truth):
    world = World(truth)
    for _ in range(20):
        world.step(caseworkers)
    fork = world.fork()
    for _ in range(20):
        world.step(caseworkers)
        fork.step(caseworkers)
    assert fork.truth is world.truth
    assert fates(fork) == fates(world)
    assert (fork.left == world.left).all()


def test_true_hires_violate_no_gate(world):
    people, posts, jobs = world.truth.people, world.truth.posts, world.jobs
    m, p = np.array(jobs.member), np.array(jobs.post)
    m, p = m[p >= 0], p[p >= 0]
    limit = {name: people.limits[m, k] for k, (name, _) in enumerate(LIMITS)}
    assert len(m) > 100
    assert not (limit["no_heavy_lift"] & posts.heavy[p]).any()
    assert not (limit["no_night"] & posts.night[p]).any()
    assert not (limit["no_long_standing"] & posts.standing[p]).any()
    assert not (posts.certificate[p] & ~people.certificate[m, posts.trade[p]]).any()
    assert not posts.broken[p].any()


def test_openings_are_never_filled_twice(world):
    posts = world.truth.posts
    hired = np.bincount([p for p in world.jobs.post if p >= 0], minlength=len(posts.day))
    known = posts.day <= world.day
    assert (world.left >= 0).all()
    outsiders = posts.openings - world.left - hired
    assert (outsiders[known] >= 0).all()
    assert outsiders[known].sum() > 100


def test_members_hold_no_more_referrals_than_allowed_and_counts_agree(world):
    log = world.referrals
    still = [k for k in range(len(log)) if log.ended_as[k] == OPEN]
    assert world.held.max() <= PER_MEMBER
    assert (np.bincount([log.member[k] for k in still], minlength=len(world.held)) == world.held).all()
    assert (np.bincount([log.post[k] for k in still], minlength=len(world.pending)) == world.pending).all()


def test_nobody_has_two_jobs_at_once(world):
    jobs = world.jobs
    began = world.truth.days.dates[jobs.day]
    order = np.lexsort((began, jobs.member))
    member, began, ends = (
        np.array(jobs.member)[order],
        began[order],
        np.array(jobs.ends_on, dtype="datetime64[D]")[order],
    )
    again = member[1:] == member[:-1]
    assert again.any()
    assert (began[1:][again] >= ends[:-1][again]).all()


def test_would_be_starts_are_lost_to_outsiders_and_to_earlier_jobs(world):
    log = world.referrals
    would = (log.column("fate") == STARTED) & (log.column("ended_as") != OPEN)
    ended = log.column("ended_as")[would]
    assert set(ended) == {STARTED, FILLED, REVOKED}
    assert 0.3 < (ended != STARTED).mean() < 0.6


def test_propensities_are_those_of_a_choice(world):
    log = world.referrals
    propensity = log.column("propensity")
    first = log.column("rank") == 1
    assert ((propensity > 0) & (propensity <= 1)).all()
    expected = 1.0 / propensity[first]
    assert 5 < expected.mean() < 200


def test_an_empty_day_of_proposals_changes_nothing_else(truth):
    world = World(truth)
    none = np.zeros(0, dtype=np.int64)
    for _ in range(10):
        world.step(lambda _: Proposals.of(none, none))
    assert len(world.referrals) == 0
    assert world.day == 9
