"""Prices of being wanted by many: they rise where neighbours want the same, are nothing where there is room, and widen what is planned with."""

import numpy as np
import pytest

from matching.baseline import BaselineScorer
from matching.candidates import BEST, LOOK, SPREAD, short_lists
from matching.crowding import crowding
from matching.policy.load import load_policy
from matching.prescore import learn_prescore
from matching.ranking import rank
from tests.matching.people import TODAY, member, pairing, position

POLICY = load_policy("440000", TODAY)
MEMBERS, POSTS = 240, 260


def neighbours(posts_open):
    """Neighbours before many posts: everybody wants the best paid most, each the less the farther it is."""
    rng = np.random.default_rng(4)
    people = [
        member(member_id=f"M{k:03}", household_id=f"H{k:03}", longitude=113.2 + 0.1 * rng.random())
        for k in range(MEMBERS)
    ]
    posts = [
        position(position_id=f"P{k:03}", longitude=113.2 + 0.1 * rng.random(), wage_min=pay, wage_max=pay)
        for k, pay in enumerate(range(300_000, 300_000 + 1_000 * posts_open, 1_000))
    ]
    return pairing(people, posts)


@pytest.fixture(scope="module")
def town():
    return neighbours(POSTS)


def prices(town, room):
    days = np.full(MEMBERS, 20.0)
    guess = learn_prescore(town, BaselineScorer(), days, np.arange(MEMBERS))
    return crowding(town, guess, np.arange(MEMBERS), room, 3)


def test_what_everybody_wants_costs_most(town):
    price = prices(town, np.ones(POSTS, dtype=np.int64))
    assert (price >= 0).all() and price[-20:].mean() > price[:20].mean()
    assert np.array_equal(price, prices(town, np.ones(POSTS, dtype=np.int64)))


def test_room_for_everybody_costs_nothing(town):
    assert prices(town, np.full(POSTS, 3 * MEMBERS)).max() == 0.0


def test_a_post_with_more_room_costs_no_more(town):
    room = np.ones(POSTS, dtype=np.int64)
    before = prices(town, room)
    room[-1] = 50
    assert prices(town, room)[-1] < before[-1]


@pytest.mark.parametrize("posts_open", [POSTS, (BEST + SPREAD + LOOK) // 2])
def test_neighbours_lists_hold_the_best_of_each_and_together_more_posts_than_without_prices(posts_open, monkeypatch):
    town, days = neighbours(posts_open), np.full(MEMBERS, 20.0)
    found = short_lists(town, BaselineScorer(), POLICY, days)
    assert np.bincount(found.member).max() <= BEST + SPREAD
    top = {x.position for x in rank(town, 0, BaselineScorer(), 20.0, POLICY, limit=20, every=True).items}
    assert top <= set(found.position[found.member == 0].tolist())
    monkeypatch.setattr("matching.candidates.crowding", lambda *_: np.zeros(posts_open))
    crowded = short_lists(town, BaselineScorer(), POLICY, days)
    assert len(np.unique(found.position)) > 1.2 * len(np.unique(crowded.position))


def test_the_way_to_work_is_told_apart_whoever_the_landmarks_are():
    people = [member(member_id=f"M{k:04}", household_id=f"H{k:04}") for k in range(47 * 24)]
    posts = [position(position_id=f"P{k:03}", wage_min=300_000 + 1_000 * k) for k in range(94)]
    town, days = pairing(people, posts), np.full(len(people), 20.0)
    every, some = (
        learn_prescore(town, BaselineScorer(), days, rows)
        for rows in (np.arange(len(people)), np.arange(0, len(people), 47))
    )
    assert every.minute < -0.005
    assert some.minute == pytest.approx(every.minute, rel=0.1)
