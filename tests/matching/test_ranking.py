"""Ranked lists: eligible only, best first, ties without favour, reasons that name real facts."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.baseline import BaselineScorer
from matching.eligibility import Gate, out_of_reach, verdicts
from matching.features import FEATURES, build
from matching.policy.load import load_policy
from matching.prescore import guess
from matching.ranking import SAMPLE, SHORT, best_first, promising, rank, rank_members, tie_break
from tests.matching.people import TODAY, member, pairing, position
from tests.matching.test_candidates import scene

POLICY = load_policy("440000", TODAY)


def listing(members, positions, **options):
    return rank(pairing(members, positions), 0, BaselineScorer(), 20.0, POLICY, **{"limit": 10, **options})


def test_a_list_holds_eligible_posts_best_first_and_counts_what_stood_against_the_others():
    posts = [
        position(position_id="near"), position(position_id="far", longitude=113.30), position(position_id="shut", openings_left=0),
        position(position_id="night", night=True), position(position_id="stale", status="stale"),
    ]  # fmt: skip
    found = listing([member()], posts)
    assert [x.position for x in found.items] == [0, 1] and [x.rank for x in found.items] == [1, 2]
    assert found.considered == 5 and found.eligible == 2 and found.model_version == "baseline"
    assert found.blocked == {"GATE_CLOSED": 2, "GATE_NIGHT": 1}


def test_every_score_comes_with_reasons_for_and_against_that_name_facts():
    found = listing([member(wanted_occupations="61804")], [position(longitude=113.30, required_skills="verbal:50")])
    item = found.items[0]
    told = {r.code: r for r in (*item.reasons, *item.problems)}
    assert told["WISH"].facts["wanted"] is True and told["WISH"].weight > 0
    assert told["COMMUTE"].facts["commute_minutes"] > 20 and told["COMMUTE"].facts["limit_minutes"] == 40
    assert all(r.weight > 0 for r in item.reasons) and all(r.weight < 0 for r in item.problems)


def test_a_kind_may_be_asked_for_and_a_taken_post_stays_out():
    posts = [position(), position(position_id="P2", kind="FLEXIBLE"), position(position_id="P3", kind="FLEXIBLE")]
    taken = np.array([0, 1 << Gate.GATE_ALREADY_REFERRED, 0], dtype=np.uint32)
    found = listing([member()], posts, kinds=frozenset({"FLEXIBLE"}), taken=taken)
    assert [x.position for x in found.items] == [2] and found.blocked == {"GATE_ALREADY_REFERRED": 1}


def test_the_reverse_list_ranks_members_for_a_post_with_the_same_scores():
    people = [member(), member(member_id="M2", longitude=113.26), member(member_id="M3", willing=False)]
    pair = pairing(people, [position()])
    found = rank_members(pair, 0, BaselineScorer(), np.full(3, 20.0), POLICY)
    alone = {i: rank(pair, i, BaselineScorer(), 20.0, POLICY).items[0].p_placed for i in (0, 1)}
    assert {x.member: x.p_placed for x in found.items} == alone and found.blocked == {"GATE_NOT_SEEKING": 1}


def test_ties_do_not_favour_an_identifier():
    keys = np.array([f"P{k:03}" for k in range(50)], dtype=object)
    firsts = {int(best_first(np.zeros(50), keys, f"M{m}")[0]) for m in range(40)}
    assert len(firsts) > 15
    again = np.random.default_rng(0).permutation(50)
    assert [keys[k] for k in best_first(np.zeros(50), keys, "M1")] == [
        keys[again][k] for k in best_first(np.zeros(50), keys[again], "M1")
    ]


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=30), st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=6, unique=True))
def test_any_identifier_may_break_ties(salt, keys):
    numbers = tie_break(np.array(keys, dtype=object), salt)
    assert len(numbers) == len(keys) and np.array_equal(numbers, tie_break(np.array(keys, dtype=object), salt))


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 9)), max_size=40), st.integers(1, 5))
def test_the_promising_rows_are_the_largest_of_their_group(rows, keep):
    groups, values = np.array([g for g, _ in rows], dtype=int), np.array([v for _, v in rows], dtype=float)
    chosen = promising(values, groups, keep)
    for group in set(groups.tolist()):
        mine, took = values[groups == group], values[(groups == group) & chosen]
        assert sorted(took) == sorted(mine)[max(len(mine) - keep, 0) :]


def test_a_list_of_posts_in_reach_is_the_list_of_all_posts_judged_one_by_one():
    pair = scene()
    pj = np.arange(len(pair.positions))
    for i in range(len(pair.members)):
        full = verdicts(pair, POLICY, np.full(len(pj), i), pj)
        beside = verdicts(pair, POLICY, np.array([i]), pj)
        assert (beside.blocked == full.blocked).all() and (beside.unknown == full.unknown).all()
        alone = pair.beside(i)
        far = out_of_reach(alone, 0)
        assert not (far & ~full.blocked).any()
        found = rank(pair, i, BaselineScorer(), 20.0, POLICY, limit=len(pj))
        keep = np.flatnonzero(full.blocked == 0)
        assert found.eligible == len(keep) and {x.member for x in found.items} <= {i}
        pairs = build(pair, np.full(len(keep), i), keep)
        order = BaselineScorer().score(pairs, np.full(len(keep), 20.0)).order
        best = best_first(order, pair.positions.ids[keep], str(pair.members.ids[i]))
        assert [x.position for x in found.items] == keep[best].tolist()


def many_posts(n):
    rng = np.random.default_rng(3)
    return [
        position(
            position_id=f"P{k:04}", longitude=113.23 + rng.random() / 12, wage_max=250_000 + int(rng.integers(200_000)),
            required_skills=f"verbal:{rng.integers(20, 80)}", contract_months=int(rng.integers(1, 48)),
            kind=("EMPLOYER", "FLEXIBLE", "COMMUNITY_BASE")[k % 3], home_based=bool(k % 2),
        )
        for k in range(n)
    ]  # fmt: skip


def test_of_very_many_posts_the_best_are_found_without_scoring_them_all_and_stand_as_the_full_list_has_them():
    pair = pairing([member(commute_limit_minutes=None)], many_posts(SAMPLE + SHORT + 500))
    scored = []

    class Counted(BaselineScorer):
        def score(self, pairs, days_left):
            scored.append(len(pairs))
            return super().score(pairs, days_left)

    found = rank(pair, 0, Counted(), 20.0, POLICY, limit=20)
    assert sum(scored) == SAMPLE + SHORT < found.eligible
    full = rank(pair, 0, BaselineScorer(), 20.0, POLICY, limit=20, every=True)
    assert [(x.position, x.score) for x in found.items] == [(x.position, x.score) for x in full.items]


def test_who_told_no_limit_of_the_way_is_scored_with_the_posts_of_the_city_where_it_has_enough_of_them():
    enough = many_posts(SAMPLE + SHORT + 1)
    elsewhere = [
        position(position_id=f"Q{k:04}", region_code="440300", longitude=114.05, latitude=22.55) for k in range(50)
    ]

    def looked_at(posts):
        seen = set()

        class Noted(BaselineScorer):
            def score(self, pairs, days_left):
                seen.update(pairs.position.tolist())
                return super().score(pairs, days_left)

        pair = pairing([member(commute_limit_minutes=None)], posts)
        return rank(pair, 0, Noted(), 20.0, POLICY, limit=20), seen

    found, seen = looked_at([*enough, *elsewhere])
    assert found.eligible == len(enough) + len(elsewhere) and max(seen) < len(enough)
    few, seen = looked_at([*enough[:100], *elsewhere])
    assert few.eligible == 150 == len(seen)


def test_a_list_longer_than_the_guess_is_good_for_scores_every_post():
    pair = pairing([member(commute_limit_minutes=None)], many_posts(SAMPLE + SHORT + 100))
    lists = [
        rank(pair, 0, BaselineScorer(), 20.0, POLICY, limit=SAMPLE + SHORT + 100, every=every).items
        for every in (True, False)
    ]
    assert len(lists[0]) > SAMPLE + SHORT and lists[0] == lists[1]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_a_guess_finds_an_order_that_is_a_sum_of_what_is_known(seed):
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(300, len(FEATURES))).astype(np.float32)
    features[rng.random(features.shape) < 0.05] = np.nan
    features[:, 7] = 1.0
    order = np.nan_to_num(features) @ rng.normal(size=len(FEATURES))
    found = guess(features, np.arange(0, 300, 2), order[::2])
    assert np.corrcoef(found, order)[0, 1] > 0.97
