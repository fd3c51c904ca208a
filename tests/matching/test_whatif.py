"""What if: a post held, openings added, an employer gone, another policy number; the record stays as it is."""

import pytest

from matching.baseline import BaselineScorer
from matching.errors import NotFound, PolicyError
from matching.nightly import NightState, plan_night
from matching.whatif import Supposition, difference, suppose
from tests.matching.test_nightly import POLICY, TODAY, np, region


def planned(state, policy):
    return plan_night(state, BaselineScorer(), policy, rng=np.random.default_rng(0))


def asked(what, **size):
    state = NightState(TODAY, **region(**size))
    untouched = {name: frame.copy() for name, frame in state.tables.items()}
    then = planned(*suppose(state, POLICY, what))
    for name, frame in untouched.items():
        assert frame.equals(state[name])
    return then, difference(planned(state, POLICY), then, state["members"])


def test_nobody_is_sent_to_a_post_held_and_whoever_was_loses():
    then, found = asked(Supposition(hold=("P01", "P02")))
    assert not {"P01", "P02"} & set(then.referrals["position_id"])
    assert "loses" in set(found.members["change"]) and found.kept_after < found.kept_before


def test_more_openings_help_somebody():
    _, found = asked(Supposition(openings={"P01": 5}))
    assert "gains" in set(found.members["change"]) and found.kept_after > found.kept_before


def test_an_employer_gone_takes_all_its_posts_along():
    state = NightState(TODAY, **region())
    lost = str(state["positions"]["employer_id"].iloc[0])
    then, found = asked(Supposition(lose_employers=(lost,)))
    assert len(then.referrals) == 0 and set(found.members["change"]) == {"loses"}


def test_another_policy_number_changes_the_plan():
    then, _ = asked(Supposition(policy={"night.max_open_referrals": 1}), n_members=2, n_positions=8)
    assert then.referrals.groupby("member_id").size().max() == 1


def test_nothing_supposed_changes_nothing():
    _, found = asked(Supposition())
    assert not len(found.members) and not len(found.households) and found.kept_before == found.kept_after


def test_what_is_not_on_file_is_named():
    state = NightState(TODAY, **region())
    with pytest.raises(NotFound, match="P99"):
        suppose(state, POLICY, Supposition(hold=("P99",)))
    with pytest.raises(NotFound, match="E99"):
        suppose(state, POLICY, Supposition(lose_employers=("E99",)))
    with pytest.raises(PolicyError, match=r"night\.luck"):
        suppose(state, POLICY, Supposition(policy={"night.luck": 2}))
