"""The watch: a sound scorer raises no alarm, a scorer gone wrong and inputs gone elsewhere do, in the week they do."""

import json

import numpy as np
import pytest

from matching.baseline import BaselineScorer
from matching.scoring import PairFrame, Scores
from models.plain import plain
from models.splits import temporal_split
from models.train import fit
from models.watch import watch
from tests.models import region
from tests.models.region import QUICK


def late():
    """Return a scorer that learned from the earlier part only, and the day after its last referral."""
    frame = region.frame()
    since = temporal_split(frame).test_from
    past = frame.known_on(since - np.timedelta64(1, "D"))
    return fit(past, QUICK), since


@pytest.fixture(scope="module")
def watched():
    scorer, since = late()
    return scorer, since, watch(scorer, region.frame(), since)


def codes(found):
    return {alarm["code"] for alarm in found["alarms"]}


class Louder:
    """A scorer that promises six times the odds."""

    def __init__(self, scorer):
        self.scorer = scorer

    def score(self, pairs, days_left):
        s = self.scorer.score(pairs, days_left)
        odds = 6.0 * s.p_placed / (1 - s.p_placed)
        return Scores(odds / (1 + odds), s.p_stays, s.order)


def test_weeks_follow_one_another_and_are_judged_once_they_were_followed_to_the_horizon(watched):
    _, since, found = watched
    weeks = [np.datetime64(w["week"]) for w in found["weeks"]]
    assert weeks == sorted(weeks) and all(w.astype(int) % 7 == 4 for w in weeks)  # Mondays
    assert (
        sum(w["referrals"] for w in found["weeks"]) == found["referrals"] == (region.frame().created_on >= since).sum()
    )
    first, last = found["weeks"][0], found["weeks"][-1]
    assert set(first["horizons"]) == {"7", "14", "30"} and last["horizons"] == {}
    assert json.loads(json.dumps(plain(found), allow_nan=False))


def test_a_sound_scorer_on_steady_inputs_raises_no_alarm_of_calibration(watched):
    _, _, found = watched
    assert not codes(found) & {"CALIBRATION", "WORSE_THAN_RULE"}
    gap = found["overall"]["30"]["gap"]
    assert gap[1] < gap[0] < gap[2] and abs(gap[0]) < 0.03


def test_a_scorer_that_promises_too_much_is_told_by_its_outcomes(watched):
    scorer, since, _ = watched
    found = watch(Louder(scorer), region.frame(), since)
    assert {"CALIBRATION", "CALIBRATION_WEEK", "WORSE_THAN_RULE"} <= codes(found)
    assert found["overall"]["30"]["gap"][1] > 0.03


def test_inputs_that_move_are_named(watched):
    _, since, _ = watched
    frame = region.frame()
    features = frame.pairs.features.copy()
    k = frame.pairs.names.index("commute_minutes")
    features[frame.created_on >= since, k] += 60
    moved = type(frame)(**{
        **{name: getattr(frame, name) for name in frame.__slots__},
        "pairs": PairFrame(frame.pairs.member, frame.pairs.position, features, frame.pairs.names),
    })  # fmt: skip
    found = watch(BaselineScorer(), moved, since)
    assert found["inputs"][0]["feature"] == "commute_minutes" and "INPUT_DRIFT" in codes(found)
    assert "commute_minutes" in {m["feature"] for m in found["weeks"][0]["moved"]}


def test_fewer_starts_than_before_are_an_alarm(watched):
    _, since, _ = watched
    frame = region.frame()
    fewer = type(frame)(**{
        **{name: getattr(frame, name) for name in frame.__slots__},
        "event": np.where((frame.created_on >= since) & (np.arange(len(frame)) % 3 > 0), np.minimum(frame.event, 0), frame.event),
    })  # fmt: skip
    assert "FEWER_STARTS" in codes(watch(BaselineScorer(), fewer, since))


def test_nothing_since_the_promotion_says_so_and_raises_nothing():
    found = watch(BaselineScorer(), region.frame(), region.frame().cutoff + np.timedelta64(1, "D"))
    assert found["notes"] == ["NO_REFERRAL_SINCE"] and found["alarms"] == [] and found["weeks"] == []
