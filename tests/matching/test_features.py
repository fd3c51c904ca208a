"""One feature builder: right values, right directions, nothing barred."""

from datetime import date

import numpy as np
import pytest

from matching.baseline import WEIGHTS, BaselineScorer
from matching.features import FEATURE_NAMES, FEATURES, REASON_CODES, build
from tests.matching.people import member, pairing, position

BARRED = (
    "sex",
    "gender",
    "age",
    "birth",
    "hukou",
    "ethnic",
    "marri",
    "disab",
    "dibao",
    "relig",
    "child",
    "household",
    "categor",
)


def features(m=None, p=None, **tables):
    pairs = build(pairing([member(**(m or {}))], [position(**(p or {}))], **tables), np.array([0]), np.array([0]))
    return dict(zip(pairs.names, pairs.features[0].tolist(), strict=True))


def test_no_feature_is_named_after_a_barred_attribute():
    assert [f.name for f in FEATURES if any(part.startswith(BARRED) for part in f.name.split("_"))] == []


@pytest.mark.parametrize(
    "change",
    [{"sex": "M"}, {"birth_month": "1999-12"}, {"disability_level": 2}, {"categories": "released;dibao"}, {"relation": "child"},
     {"unemployed_since": date(2019, 1, 1)}],
)  # fmt: skip
def test_a_barred_attribute_alone_changes_no_feature(change):
    assert np.array_equal(list(features(change).values()), list(features().values()), equal_nan=True)


def test_values_are_what_a_person_would_compute():
    got = features(
        {"wanted_occupations": "61804", "experience": "61804:23;61000:1", "excluded_tasks": "dust"},
        {
            "excluded_task_tags": "dust;noise",
            "required_skills": "numeracy:60;verbal:40",
            "essential_skills": "numeracy",
        },
        assessments=[{"member_id": "M1", "assessed_on": date(2026, 6, 1), "dimension": "numeracy", "score": 45}],
        pending=[1],
    )
    assert got["skill_gap_mean"] == got["skill_gap_max"] == got["skill_gap_essential"] == 1.5
    assert got["skills_unknown"] == 0.5 and got["skill_need"] == 5.0
    assert got["wanted"] == 1 and got["excluded_tasks"] == 1 and got["task_tags"] == 2
    assert got["experience_same"] == pytest.approx(np.log(24)) and got["experience_field"] == pytest.approx(np.log(25))
    assert got["pending_per_opening"] == 0.5 and got["days_unconfirmed"] == 2 and got["days_listed"] == 9
    km = np.hypot(0.01 * np.cos(np.radians(23.125)), 0.01) * 111.195
    assert got["commute_minutes"] == pytest.approx(8 + 60 * 1.3 * km / 18, abs=0.01)
    assert got["wage_over_floor"] == pytest.approx(np.log(320_000 / 250_000))


def test_unknown_is_not_zero():
    got = features({"wage_floor": None, "longitude": None}, {"required_skills": "verbal:40", "lift_kg": None})
    assert all(np.isnan(got[name]) for name in ("wage_over_floor", "commute_minutes", "skill_gap_mean", "lift_kg"))
    assert got["skills_unknown"] == 1


def test_skills_are_the_precision_weighted_mean():
    exams = [
        {
            "member_id": "M1",
            "assessed_on": date(2026, 5, 1),
            "dimension": "verbal",
            "score": 40,
            "standard_error": 10,
            "instrument": "a",
        },
        {
            "member_id": "M1",
            "assessed_on": date(2026, 6, 1),
            "dimension": "verbal",
            "score": 70,
            "standard_error": 5,
            "instrument": "b",
        },
    ]
    assert features({}, {"required_skills": "verbal:74"}, assessments=exams)["skill_gap_mean"] == pytest.approx(1.0)


def test_the_baseline_moves_each_feature_in_its_stated_direction_and_adds_up():
    directions = {f.name: f.direction for f in FEATURES}
    assert all(directions[name] in (0, np.sign(w)) for name, w in WEIGHTS.items())
    pair = pairing(
        [member(), member(member_id="M2", commute_limit_minutes=None)],
        [position(), position(position_id="P2", kind="COMMUNITY_BASE")],
    )
    pairs = build(pair, np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]))
    days = np.array([0.0, 3.0, 10.0, 30.0])
    scores, shares = BaselineScorer().score(pairs, days), BaselineScorer().explain(pairs, days)
    assert shares.codes == REASON_CODES
    logit = np.log(scores.p_placed / (1 - scores.p_placed))
    assert np.allclose(shares.values.sum(axis=1) + shares.base, logit, atol=1e-9)
    assert ((scores.p_placed > 0) & (scores.p_placed < 1) & (scores.p_stays > 0) & (scores.p_stays < 1)).all()


def test_the_chance_never_falls_as_days_grow():
    pairs = build(pairing([member()], [position()]), np.zeros(40, dtype=int), np.zeros(40, dtype=int))
    chance = BaselineScorer().score(pairs, np.arange(40.0)).p_placed
    assert (np.diff(chance) > 0).all()


def test_feature_names_are_unique_and_every_reason_has_a_feature():
    assert len(set(FEATURE_NAMES)) == len(FEATURES) and set(REASON_CODES) == {f.reason for f in FEATURES}
