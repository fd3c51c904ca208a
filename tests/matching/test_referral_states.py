"""The steps a referral may take."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.errors import BadInput, Conflict
from matching.referral_states import holds_a_place, is_final, next_states, step
from matching.vocabulary import ReferralState

WRITTEN = """
draft: issued revoked expired filled
issued: attended no_show rejected declined revoked expired filled no_slip
no_slip: attended no_show rejected declined started revoked
attended: offered rejected declined revoked expired filled
offered: accepted declined revoked expired filled
accepted: started declined revoked expired filled
started: closed
"""
MODEL = {line.split(":")[0]: set(line.split(":")[1].split()) for line in WRITTEN.strip().splitlines()}
STATES = st.sampled_from([s.value for s in ReferralState])


@given(STATES, STATES)
def test_a_step_is_possible_exactly_where_the_written_rules_have_it(state, to):
    if to in MODEL.get(state, set()):
        assert step(state, to) == to and to in next_states(state)
    else:
        with pytest.raises(Conflict, match=f"a referral that is {state} cannot become {to}"):
            step(state, to)


@given(STATES)
def test_a_referral_is_final_where_nothing_may_follow(state):
    assert is_final(state) == (state not in MODEL) == (next_states(state) == ())


def test_silence_is_not_success():
    assert "started" not in next_states("issued") and not holds_a_place("no_slip")


def test_only_open_referrals_hold_a_place():
    assert [s.value for s in ReferralState if holds_a_place(s.value)] == [
        "draft",
        "issued",
        "attended",
        "offered",
        "accepted",
    ]


def test_the_message_says_what_may_follow():
    with pytest.raises(Conflict, match="expected one of offered, rejected, declined, revoked, expired, filled"):
        step("attended", "started")
    with pytest.raises(Conflict, match="no further step, the referral is final"):
        step("closed", "draft")


@pytest.mark.parametrize("pair", [("gone", "issued"), ("issued", "gone")])
def test_a_state_nobody_knows_is_bad_input(pair):
    with pytest.raises(BadInput, match=r"expected a referral state, one of draft, .* found 'gone'"):
        step(*pair)
