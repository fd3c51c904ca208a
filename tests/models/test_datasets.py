"""Training rows: what a referral's day knew, and what became of it."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from matching.errors import NotReady, TableError
from matching.features import FEATURE_NAMES
from models.datasets import training_frame
from models.leakage import find_leaks, refuse_leaks
from tests.matching.people import position
from tests.models import region
from tests.models.region import DAY, assessment, placement, record, referral

CUTOFF = date(2026, 8, 1)


def made(tables, cutoff=CUTOFF):
    return training_frame(tables, region.policy(), cutoff)


def feature(frame, name, row=0):
    return float(frame.pairs.features[row, FEATURE_NAMES.index(name)])


@pytest.mark.parametrize(
    ("changes", "event", "days"),
    [
        ({"state": "started", "reason": None, "outcome_on": None, "started_on": DAY + timedelta(9)}, 1, 9),
        (
            {"state": "closed", "reason": None, "outcome_on": DAY + timedelta(60), "started_on": DAY + timedelta(9)},
            1,
            9,
        ),
        ({}, 0, 4),
        ({"state": "filled", "reason": "FULL"}, 0, 4),
        ({"state": "declined", "reason": "WAGE", "reason_side": "member"}, 0, 4),
        ({"state": "expired", "reason": None, "outcome_on": None}, 0, np.nan),
        ({"state": "issued", "reason": None, "outcome_on": None}, -1, 152),
        ({"state": "revoked", "reason": "FOUND_OTHER", "reason_side": "member"}, -1, 4),
    ],
)
def test_each_end_of_a_referral_is_a_start_no_start_or_not_known(changes, event, days):
    frame = made(record(referral(**changes)))
    assert frame.event.tolist() == [event]
    assert frame.duration_days.tolist() == pytest.approx([days], nan_ok=True)


@pytest.mark.parametrize(
    "changes",
    [
        {"reason": "AGE"},
        {"reason": "SEX"},
        {"reason": "SKILL;HUKOU"},
        {"state": "draft", "reason": None, "outcome_on": None},
    ],
)
def test_rejections_for_what_a_person_is_and_drafts_teach_nothing(changes):
    frame = made(record(referral(1, **changes), referral(2, position_id="P2")))
    assert frame.referral_id.tolist() == ["R2"]
    assert sum(frame.left_out.values()) == 1


def test_a_start_that_only_the_placements_know_is_found_by_referral_and_by_pair():
    by_number = record(
        referral(state="no_slip", reason=None), placements=[placement(DAY + timedelta(8), referral_id="R1")]
    )
    by_pair = record(referral(state="no_slip", reason=None), placements=[placement(DAY + timedelta(8))])
    elsewhere = record(referral(), placements=[placement(DAY + timedelta(8), position_id="P2")])
    assert made(by_number).event.tolist() == made(by_pair).event.tolist() == [1.0]
    assert made(by_pair).duration_days.tolist() == [8.0]
    assert made(elsewhere).event.tolist() == [0.0]


def test_slips_that_never_came_back_count_as_far_as_their_starts_come_to_light():
    lost = {"state": "no_slip", "reason": None, "outcome_on": None}
    started = {"state": "started", "reason": None, "outcome_on": None, "started_on": DAY + timedelta(5)}
    known = [referral(1, **started), referral(2, position_id="P2")]
    never_found = record(
        *known, referral(3, member_id="M2", **lost), referral(4, member_id="M2", position_id="P2", **lost)
    )
    assert made(never_found).referral_id.tolist() == ["R1", "R2"]
    found = dict(
        never_found,
        placements=record(referral(), placements=[placement(DAY + timedelta(5), member_id="M2")])["placements"],
    )
    assert made(found).weight.tolist() == [1.0] * 4
    assert made(found).event.tolist() == [1.0, 0.0, 1.0, 0.0]


def test_staying_is_told_only_after_ninety_days_even_when_it_failed_early():
    started = {"state": "started", "reason": None, "outcome_on": None, "started_on": DAY}
    left = record(referral(**started), placements=[placement(DAY, referral_id="R1", ended_on=DAY + timedelta(20))])
    stayed = record(referral(**started), placements=[placement(DAY, referral_id="R1", ended_on=DAY + timedelta(90))])
    assert made(left, DAY + timedelta(90)).retained.tolist() == [0.0]
    assert made(stayed, DAY + timedelta(90)).retained.tolist() == [1.0]
    assert np.isnan(made(left, DAY + timedelta(89)).retained).all()


def test_what_came_after_the_cutoff_is_not_known_yet():
    tables = record(
        referral(state="started", reason=None, outcome_on=None, started_on=DAY + timedelta(9)),
        referral(2, position_id="P2", created_on=DAY + timedelta(20), outcome_on=DAY + timedelta(21)),
    )
    frame = made(tables, DAY + timedelta(5))
    assert frame.referral_id.tolist() == ["R1"]
    assert frame.event.tolist() == [-1.0] and frame.duration_days.tolist() == [5.0]


def test_rows_known_on_an_earlier_day_are_those_built_with_that_cutoff():
    whole = region.frame()
    day = np.datetime64("2026-06-01", "D")
    then = training_frame(region.tables(), region.policy(), date(2026, 6, 1))
    now = whole.known_on(day)
    both = np.isin(now.referral_id, then.referral_id)
    assert both.mean() > 0.98
    at = pd.Index(then.referral_id).get_indexer(now.referral_id[both])
    assert np.array_equal(now.pairs.features[both], then.pairs.features[at], equal_nan=True)
    assert (now.event[both] == then.event[at]).mean() > 0.99
    assert np.array_equal(now.retained[both], then.retained[at], equal_nan=True)


def test_an_assessment_counts_from_the_day_it_was_made():
    tables = record(
        referral(1),
        referral(2, member_id="M1", created_on=DAY + timedelta(10), outcome_on=None, state="issued", reason=None),
        assessments=[assessment(DAY + timedelta(3), 40)],
    )
    frame = made(tables)
    assert np.isnan(feature(frame, "skill_gap_mean", 0))
    assert feature(frame, "skill_gap_mean", 1) == 2.0


def test_openings_and_open_referrals_are_those_of_that_morning():
    earlier = referral(1, member_id="M2", created_on=DAY - timedelta(3), outcome_on=DAY + timedelta(2))
    same_day = referral(2, member_id="M2")
    tables = record(earlier, same_day, referral(3), placements=[placement(DAY - timedelta(1), member_id="M2")])
    frame = made(tables)
    assert frame.referral_id.tolist() == ["R1", "R2", "R3"]
    assert feature(frame, "pending_per_opening", 2) == 1.0
    assert feature(frame, "openings_left", 2) == pytest.approx(np.log(2))
    assert feature(frame, "openings_left", 0) == pytest.approx(np.log(3))


def test_flexibility_declared_later_was_not_declared_then():
    people = record(referral())["members"].assign(flexibility_declared_on=pd.Timestamp("2026-03-10"))
    frame = made({**record(referral()), "members": people})
    assert feature(frame, "flexible") == 0.0


def test_columns_overwritten_in_place_tell_the_past_nothing():
    tables = record(referral())
    today = tables["positions"].assign(openings_left=0, status="filled", last_confirmed_on=pd.Timestamp("2026-07-30"))
    people = tables["members"].assign(employment_state="employed", path_stage="FOLLOWUP")
    now = made({**tables, "positions": today, "members": people})
    assert np.array_equal(made(tables).pairs.features, now.pairs.features, equal_nan=True)


FUTURE = {
    "skill_gap_mean": {"assessments": [assessment(DAY + timedelta(1), 30)]},
    "openings_left": {"placements": [placement(DAY + timedelta(1), member_id="M2")]},
}


@pytest.mark.parametrize("name", sorted(FUTURE))
def test_a_planted_fact_from_the_future_is_caught(name):
    honest = record(referral(), **FUTURE[name])
    backdated = {
        key: [{**fact, "assessed_on" if key == "assessments" else "started_on": DAY - timedelta(1)} for fact in facts]
        for key, facts in FUTURE[name].items()
    }
    leaky = made(record(referral(), **backdated))
    assert find_leaks(made(honest), honest, region.policy()) == []
    assert name in {leak.feature for leak in find_leaks(leaky, honest, region.policy())}
    with pytest.raises(TableError, match=f"R1, .*{name}|{name}"):
        refuse_leaks(leaky, honest, region.policy())


def test_a_confirmation_that_came_later_is_caught_when_somebody_uses_it():
    tables = record(referral())
    frame = made(tables)
    frame.pairs.features[0, FEATURE_NAMES.index("days_unconfirmed")] = 0.0
    assert [leak.feature for leak in find_leaks(frame, tables, region.policy())] == ["days_unconfirmed"]


def test_the_simulated_region_s_rows_hold_nothing_from_the_future():
    assert find_leaks(region.frame(), region.tables(), region.policy(), days=6) == []


def test_a_missing_table_a_bad_cell_and_a_broken_rule_are_refused_by_name():
    tables = record(referral())
    with pytest.raises(TableError, match=r"expected tables members, positions, referrals.*add members"):
        made({k: v for k, v in tables.items() if k != "members"})
    bad = tables["referrals"].astype(object).assign(state="hired")
    with pytest.raises(TableError, match=r"table referrals: .*row 0, column state: expected one of .*found hired"):
        made({**tables, "referrals": bad})
    orphans = [referral(k, member_id="M9") for k in range(5)]
    with pytest.raises(TableError, match=r"rule 'its member is in members' is broken by 5 of 6 rows .*R0"):
        made(record(*orphans, referral(9)))


def test_a_few_contradicting_referrals_are_left_out_and_counted():
    odd = referral(2, position_id="P2", outcome_on=DAY - timedelta(3))
    frame = made(record(referral(1), odd))
    assert frame.referral_id.tolist() == ["R1"]
    assert frame.left_out == {"outcome_on is not before created_on": 1}


def test_without_a_usable_referral_there_is_nothing_to_learn_from():
    with pytest.raises(NotReady, match=r"found 1 and none usable"):
        made(record(referral(reason="AGE")))


def test_optional_tables_may_be_absent():
    tables = {
        k: v
        for k, v in record(referral(), positions=[position()]).items()
        if k in ("members", "positions", "referrals")
    }
    assert len(made(tables)) == 1
