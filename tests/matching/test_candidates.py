"""Short lists: what the full ranking would choose, without looking at every pair."""

import numpy as np

from matching.baseline import BaselineScorer
from matching.candidates import short_lists
from matching.features import FEATURE_NAMES
from matching.policy.load import load_policy
from matching.ranking import rank
from matching.scoring import Scores
from tests.matching.people import TODAY, member, pairing, position

POLICY = load_policy("440000", TODAY)


def scene(n=25, m=60, seed=3):
    rng = np.random.default_rng(seed)
    people = [
        member(
            member_id=f"M{k}",
            longitude=113.2 + 0.3 * rng.random(),
            latitude=23.0 + 0.3 * rng.random(),
            commute_limit_minutes=int(rng.integers(15, 70)) if k % 7 else None,
        )
        for k in range(n)
    ]
    people[3]["longitude"] = None
    posts = [
        position(position_id=f"P{k}", longitude=None if k % 11 == 0 else 113.2 + 0.3 * rng.random(), latitude=23.0 + 0.3 * rng.random(),
                 home_based=k % 13 == 0, kind=["EMPLOYER", "DISPATCH", "COMMUNITY_BASE"][k % 3], openings_left=k % 5)
        for k in range(m)
    ]  # fmt: skip
    return pairing(people, posts)


def test_the_short_list_holds_the_top_of_the_full_ranking():
    pair = scene()
    n, days = len(pair.members), np.full(len(pair.members), 20.0)
    found = short_lists(pair, BaselineScorer(), POLICY, days, keep=20)
    for i in range(n):
        full = rank(pair, i, BaselineScorer(), 20.0, POLICY, limit=20)
        last = min((x.score for x in full.items), default=0.0)
        certain = {x.position for x in full.items if x.score > last or full.eligible <= 20}
        assert certain <= set(found.position[found.member == i].tolist())
        assert found.eligible[i] == full.eligible


def test_welfare_posts_stay_on_the_list_even_when_better_posts_crowd_it():
    people = [member(categories="zero_employment")]
    posts = [position(position_id=f"P{k}", wage_min=500_000, wage_max=600_000) for k in range(30)]
    posts.append(position(position_id="W", kind="PUBLIC_WELFARE", wage_min=250_000, wage_max=250_000, longitude=113.29))
    found = short_lists(
        pairing(people, posts), BaselineScorer(), POLICY, np.array([20.0]), keep=5, spread=0, keep_welfare=2
    )
    assert 30 in found.position and len(found.member) == 6


def test_taken_pairs_and_shut_posts_stay_out_and_are_counted():
    pair = pairing([member()], [position(), position(position_id="P2"), position(position_id="P3")])
    found = short_lists(
        pair, BaselineScorer(), POLICY, np.array([20.0]), taken=np.array([1]), shut=np.array([True, False, False])
    )
    assert found.position.tolist() == [2] and found.blocked[0].sum() == 2


def test_only_the_rows_asked_for_are_served():
    pair = scene()
    found = short_lists(pair, BaselineScorer(), POLICY, np.full(len(pair.members), 20.0), rows=np.array([1, 4]))
    assert set(found.member.tolist()) <= {1, 4}


def test_where_more_posts_are_in_reach_than_are_looked_at_the_guess_finds_the_top_of_the_ranking(monkeypatch):
    monkeypatch.setattr("matching.candidates.LOOK", 60)
    monkeypatch.setattr("matching.candidates.SCORED", 40)
    rng = np.random.default_rng(8)
    people = [
        member(
            member_id=f"M{k}",
            wage_floor=int(rng.integers(200_000, 330_000)),
            experience={"40102": int(rng.integers(1, 90))},
        )
        for k in range(30)
    ]
    posts = [
        position(position_id=f"P{k}", longitude=113.2 + 0.1 * rng.random(), latitude=23.1 + 0.05 * rng.random(), wage_max=400_000,
                 wage_min=int(rng.integers(250_000, 400_000)), occupation_code=str(rng.choice(["40102", "61804"])),
                 kind=str(rng.choice(["EMPLOYER", "DISPATCH", "COMMUNITY_BASE"])))
        for k in range(400)
    ]  # fmt: skip
    pair = pairing(people, posts)
    days = np.full(30, 20.0)
    found = short_lists(pair, BaselineScorer(), POLICY, days, keep=30)
    hit = 0
    for i in range(30):
        top = {x.position for x in rank(pair, i, BaselineScorer(), 20.0, POLICY, limit=10).items}
        hit += len(top & set(found.position[found.member == i].tolist()))
    assert hit >= 0.99 * 300


class Whims:
    """The written rule with a whim a pair that no guess can follow."""

    version = "whims"

    def score(self, pairs, days_left):
        plain = BaselineScorer().score(pairs, days_left)
        way, wage = (
            pairs.features[:, FEATURE_NAMES.index(n)].astype(float) for n in ("commute_minutes", "wage_over_floor")
        )
        whim = 0.03 * np.sin(1e5 * (way + wage))
        odds = plain.p_placed / (1.0 - plain.p_placed) * np.exp(whim)
        placed = odds / (1.0 + odds)
        return Scores(placed, plain.p_stays, placed * plain.p_stays)

    def explain(self, pairs, days_left):
        return BaselineScorer().explain(pairs, days_left)


def test_the_scorer_has_the_last_word_on_who_is_among_the_best():
    rng = np.random.default_rng(9)
    people = [member(member_id=f"M{k}", longitude=113.2 + 0.1 * rng.random()) for k in range(30)]
    posts = [
        position(position_id=f"P{k}", longitude=113.2 + 0.1 * rng.random(), wage_min=int(rng.integers(250_000, 400_000)), wage_max=400_000)
        for k in range(600)
    ]  # fmt: skip
    town = pairing(people, posts)
    found = short_lists(town, Whims(), POLICY, np.full(30, 20.0), spread=0)
    hit = 0
    for i in range(30):
        top = {x.position for x in rank(town, i, Whims(), 20.0, POLICY, limit=20, every=True).items}
        hit += len(top & set(found.position[found.member == i].tolist()))
    assert hit >= 0.99 * 600
