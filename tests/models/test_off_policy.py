"""Off-policy estimates find the value of a policy that did not choose the log, and say when they cannot."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.errors import BadInput
from models.off_policy import off_policy

VALUE = np.array([0.1, 0.3, 0.6])


def logged(n=20_000, log=(0.5, 0.3, 0.2), new=(0.1, 0.2, 0.7), seed=0):
    rng = np.random.default_rng(seed)
    action = rng.choice(3, n, p=log)
    reward = (rng.random(n) < VALUE[action]).astype(float)
    return (
        reward,
        np.asarray(log)[action],
        np.asarray(new)[action],
        np.arange(n) // 3,
        VALUE[action],
        np.full(n, VALUE @ new),
    )


def test_all_three_estimators_find_the_planted_value_and_their_intervals_hold_it():
    reward, propensity, chosen, members, q, v = logged()
    found = off_policy(reward, propensity, chosen, members, expected=q, expected_new=v)
    truth = float(VALUE @ np.array([0.1, 0.2, 0.7]))
    for estimate in (found.ips, found.snips, found.dr):
        assert estimate[1] < truth < estimate[2]
        assert estimate[0] == pytest.approx(truth, abs=0.03)
    assert found.enough and found.mean_weight == pytest.approx(1.0, abs=0.05)
    assert abs(found.logged[0] - truth) > 0.15


def test_the_doubly_robust_estimate_survives_wrong_chances_of_choice_when_the_model_is_right():
    reward, propensity, chosen, members, q, v = logged()
    wrong = np.clip(propensity * 1.6, 0, 1)
    truth = float(VALUE @ np.array([0.1, 0.2, 0.7]))
    assert off_policy(reward, wrong, chosen, members, expected=q, expected_new=v).dr[0] == pytest.approx(
        truth, abs=0.02
    )
    assert abs(off_policy(reward, wrong, chosen, members).ips[0] - truth) > 0.1


def test_a_policy_the_log_hardly_ever_followed_is_too_thin_to_tell():
    found = off_policy(*logged(400, log=(0.98, 0.01, 0.01), new=(0.0, 0.0, 1.0))[:4])
    assert not found.enough
    assert found.as_dict()["overlap"] == "too thin to tell"


def test_propensities_of_other_decisions_than_the_choices_show_in_the_mean_weight():
    reward, propensity, chosen, members, *_ = logged()
    found = off_policy(reward, propensity / 4, chosen, members)
    assert found.mean_weight == pytest.approx(4.0, abs=0.2) and not found.enough


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.floats(0.05, 1.0)), min_size=2, max_size=40))
def test_the_logging_policy_itself_is_worth_what_was_logged(rows):
    reward, propensity = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    found = off_policy(reward, propensity, propensity, np.arange(len(rows)))
    assert found.ips[0] == pytest.approx(reward.mean())
    assert found.snips[0] == pytest.approx(reward.mean())
    assert found.effective == pytest.approx(len(rows)) and found.clipped == 0.0


def test_a_propensity_of_nought_is_refused():
    with pytest.raises(BadInput, match="propensities in \\(0, 1\\]"):
        off_policy(np.ones(2), np.array([0.0, 0.5]), np.ones(2), np.arange(2))
