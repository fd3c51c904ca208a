"""The seven stages: where a member stands, what comes next and why."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.errors import BadInput, Conflict
from matching.path import (
    PATH_REASONS,
    PATH_STEPS,
    best_training,
    certificate_unlocks,
    path_table,
    step_path,
    telling_dimensions,
    training_unlocks,
)
from matching.policy.load import load_policy
from matching.vocabulary import DIMENSIONS, PathStage
from tests.matching.people import member, table

TODAY = date(2026, 6, 10)
POLICY = load_policy("440103", TODAY)


def ago(days: int) -> date:
    """Return the day so many days before today."""
    return TODAY - timedelta(days=days)


def record(stage: str, days: int = 3, **changes) -> dict:
    """Return a record of a stage entered some days ago."""
    return {"path_record_id": "S1", "member_id": "M1", "stage": stage, "entered_on": ago(days), **changes}


def referral(number: int, days: int = 1, **changes) -> dict:
    """Return a referral."""
    return {
        "referral_id": f"R{number}",
        "member_id": "M1",
        "position_id": f"P{number}",
        "created_on": ago(days),
        "state": "rejected",
        **changes,
    }


def assessed(count: int, **changes) -> list[dict]:
    """Return so many dimensions assessed yesterday."""
    return [
        {"member_id": "M1", "assessed_on": ago(1), "dimension": d, "score": 50, **changes} for d in DIMENSIONS[:count]
    ]


def job(days: int, **changes) -> dict:
    """Return a job that began some days ago."""
    return {"placement_id": "L1", "member_id": "M1", "kind": "EMPLOYER", "started_on": ago(days), **changes}


def course(kind: str, days: int = 1, state: str = "completed") -> dict:
    """Return a course."""
    return {
        "training_id": "T1",
        "member_id": "M1",
        "kind": kind,
        "course": "kitchen",
        "completed_on": ago(days),
        "state": state,
    }


def stands(records=(), *, referrals=(), assessments=(), trainings=(), placements=(), gaps=None, **person) -> pd.Series:
    """Return where the one member stands."""
    tables = (
        ("path_records", records),
        ("referrals", referrals),
        ("assessments", assessments),
        ("trainings", trainings),
        ("placements", placements),
    )
    frames = [table(name, *rows) for name, rows in tables]
    return path_table(table("members", member(**person)), *frames, TODAY, POLICY, gaps=gaps).iloc[0]


def proposal(*args, **kw) -> tuple:
    """Return the stage, the next one proposed (None: stays) and why."""
    row = stands(*args, **kw)
    return row["stage"], None if pd.isna(row["next_stage"]) else row["next_stage"], row["reason"]


def test_basic_service_leads_on_after_two_referrals_or_a_week():
    assert proposal([record("BASIC", 6)]) == ("BASIC", None, "PATH_STAYS")
    assert proposal([record("BASIC", 7)]) == ("BASIC", "JOBSEARCH", "PATH_NOT_PLACED")
    assert proposal([record("BASIC", 3)], referrals=[referral(1), referral(2)]) == (
        "BASIC",
        "JOBSEARCH",
        "PATH_NOT_PLACED",
    )
    assert proposal([record("BASIC", 3)], referrals=[referral(1), referral(2, state="draft")])[1] is None
    assert proposal([record("BASIC", 3)], referrals=[referral(1), referral(2, days=4)])[1] is None
    assert proposal([record("BASIC", 3)], referrals=[referral(1), referral(2, days=3)])[1] == "JOBSEARCH"


def test_job_search_guidance_and_the_interview_lead_to_assessment():
    assert proposal([record("JOBSEARCH")]) == ("JOBSEARCH", None, "PATH_STAYS")
    assert proposal([record("JOBSEARCH", sessions=1)]) == ("JOBSEARCH", "ASSESS", "PATH_GUIDED")
    assert proposal([record("JOBSEARCH", exit="next")]) == ("JOBSEARCH", "ASSESS", "PATH_GUIDED")
    assert proposal([record("EXPERT", sessions=1)]) == ("EXPERT", "ASSESS", "PATH_INTERVIEWED")


def test_an_assessment_is_complete_with_eight_dimensions_that_still_count():
    assert proposal([record("ASSESS")], assessments=assessed(7)) == ("ASSESS", None, "PATH_ASSESS_INCOMPLETE")
    assert proposal([record("ASSESS")], assessments=assessed(8)) == ("ASSESS", "SKILL_TRAIN", "PATH_GAP_FOUND")
    assert proposal([record("ASSESS")], assessments=assessed(8), gaps=np.array([False])) == (
        "ASSESS",
        None,
        "PATH_REMATCH",
    )
    assert stands([record("ASSESS")], assessments=assessed(8, expires_on=ago(1)))["assessed"] == 0
    assert stands([record("ASSESS")], assessments=assessed(8, assessed_on=ago(366)))["assessed"] == 0
    assert stands([record("ASSESS")], assessments=[*assessed(3), *assessed(3, instrument="again")])["assessed"] == 3


def test_training_leads_on_when_a_course_of_its_kind_is_completed_in_the_stage():
    assert proposal([record("SKILL_TRAIN")]) == ("SKILL_TRAIN", None, "PATH_STAYS")
    assert proposal([record("SKILL_TRAIN")], trainings=[course("startup")]) == (
        "SKILL_TRAIN",
        "TARGET_TRAIN",
        "PATH_TRAINED",
    )
    assert proposal([record("SKILL_TRAIN")], trainings=[course("skill", days=3)])[1] == "TARGET_TRAIN"
    assert proposal([record("SKILL_TRAIN")], trainings=[course("targeted")])[1] is None
    assert proposal([record("SKILL_TRAIN")], trainings=[course("skill", days=9)])[1] is None
    assert proposal([record("SKILL_TRAIN")], trainings=[course("skill", state="running")])[1] is None
    assert proposal([record("TARGET_TRAIN")], trainings=[course("targeted")]) == (
        "TARGET_TRAIN",
        None,
        "PATH_TRAINEE_DONE",
    )


@pytest.mark.parametrize("stage", [s.value for s in PathStage if s != "FOLLOWUP"])
def test_a_job_leads_to_follow_up_from_every_stage(stage):
    assert proposal([record(stage)], placements=[job(0)]) == (stage, "FOLLOWUP", "PATH_PLACED")


def test_follow_up_ends_after_half_a_year_and_a_lost_job_starts_the_path_again():
    assert proposal([record("FOLLOWUP")], placements=[job(179)]) == ("FOLLOWUP", None, "PATH_FOLLOW")
    assert proposal([record("FOLLOWUP")], placements=[job(180)]) == ("FOLLOWUP", None, "PATH_STABLE")
    assert proposal([record("FOLLOWUP")], placements=[job(30, ended_on=ago(0))]) == ("FOLLOWUP", None, "PATH_FOLLOW")
    assert proposal([record("FOLLOWUP")], placements=[job(30, ended_on=ago(1))]) == (
        "FOLLOWUP",
        "BASIC",
        "PATH_JOB_LOST",
    )


def test_the_latest_record_counts_and_without_one_the_member_s_own_stage():
    both = [record("BASIC", 20), record("JOBSEARCH", 5, path_record_id="S2")]
    assert stands(both)["stage"] == "JOBSEARCH" and stands(both)["days_in_stage"] == 5
    assert stands([record("ASSESS", -1)], path_stage="EXPERT")["stage"] == "EXPERT"


def test_the_path_leads_forward_and_back_to_the_start_only():
    order = [s.value for s in PathStage]
    for stage, after in PATH_STEPS.items():
        assert after == ({"BASIC"} if stage == "FOLLOWUP" else set(order[order.index(stage) + 1 :])), stage
    with pytest.raises(Conflict, match="the path does not lead from ASSESS to BASIC"):
        step_path("ASSESS", "BASIC")
    with pytest.raises(BadInput, match="expected a stage, one of BASIC"):
        step_path("basic", "ASSESS")


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from([s.value for s in PathStage]), st.integers(0, 30), st.integers(0, 2), st.integers(0, 12), st.booleans(), st.integers(0, 3),
)  # fmt: skip
def test_every_proposal_is_a_step_the_path_allows_with_a_known_reason(stage, days, sessions, dimensions, works, sent):
    stage, following, reason = proposal(
        [record(stage, days, sessions=sessions)], referrals=[referral(k) for k in range(sent)], assessments=assessed(dimensions),
        placements=[job(10)] if works else [],
    )  # fmt: skip
    assert reason in PATH_REASONS and (following is None or step_path(stage, following) == following)


NEEDS = np.full((4, 12), np.nan)
NEEDS[0, 7], NEEDS[1, 7], NEEDS[2, 6], NEEDS[2, 7], NEEDS[3, 0] = 60, 70, 50, 60, 40
OPENINGS = np.array([5, 3, 2, 10])


def skills(**values: float) -> np.ndarray:
    """Return a skill vector, not assessed where nothing is said."""
    return np.array([values.get(d, np.nan) for d in DIMENSIONS])


def test_the_dimension_to_assess_first_bears_on_most_openings():
    found = [tuple(r.facts.values()) for r in telling_dimensions(NEEDS, skills(), OPENINGS)]
    assert found == [("physical_stamina", 10), ("numeracy", 10), ("verbal", 2)]
    known = telling_dimensions(NEEDS, skills(physical_stamina=10, numeracy=10), OPENINGS)
    assert [r.facts["dimension"] for r in known] == ["verbal"]


def test_training_unlocks_posts_for_which_it_alone_falls_short():
    member_skills = skills(numeracy=50, verbal=20, physical_stamina=45)
    found = dict(zip(DIMENSIONS, training_unlocks(NEEDS, member_skills, OPENINGS), strict=True))
    assert {d: n for d, n in found.items() if n} == {"numeracy": 8}
    assert training_unlocks(NEEDS, skills(numeracy=60), OPENINGS)[DIMENSIONS.index("numeracy")] == 3, (
        "as much as asked is no shortfall"
    )
    assert training_unlocks(NEEDS, skills(), OPENINGS).sum() == 0


def test_a_certificate_unlocks_posts_that_lack_nothing_else():
    wanted = [frozenset({"guard"}), frozenset({"guard", "driver"}), frozenset({"driver", "health"}), frozenset()]
    assert certificate_unlocks(wanted, frozenset({"health"}), OPENINGS) == {"guard": 5, "driver": 2}


def test_the_best_training_is_told_with_its_number():
    member_skills = skills(numeracy=50, verbal=60)
    none = [frozenset()] * 4
    assert best_training(NEEDS, member_skills, OPENINGS, none, frozenset()).facts == {
        "course": "numeracy",
        "openings": 10,
    }
    guard = [frozenset({"guard"})] * 4
    assert best_training(NEEDS, member_skills, OPENINGS, guard, frozenset()).facts == {
        "course": "guard",
        "openings": 20,
    }
    assert best_training(NEEDS, skills(), OPENINGS, none, frozenset()) is None


def test_arrays_that_do_not_belong_together_are_refused():
    with pytest.raises(
        BadInput,
        match=r"expected required \(n, 12\), skills \(12,\), openings \(n,\); found \(4, 12\), \(12,\), \(3,\)",
    ):
        training_unlocks(NEEDS, skills(), OPENINGS[:3])
    with pytest.raises(BadInput, match="expected required"):
        telling_dimensions(NEEDS[:, :5], skills(), OPENINGS)
