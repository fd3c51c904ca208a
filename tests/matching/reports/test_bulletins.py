"""The bulletins on a record a person can follow: four households in two cities, one quarter."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from matching.household import household_table
from matching.policy.load import load_policy
from matching.reports import (
    Period,
    assistance_bulletin,
    breach_causes,
    pairing_bulletin,
    placements_by_kind,
    post_use,
    programme_progress,
    timeliness,
    zero_spells,
)
from tests.matching.people import table

QUARTER, MAY = Period.of("2026Q2"), Period.of("2026-05")
POLICY = load_policy("440000", date(2026, 7, 10))


@pytest.fixture(scope="module")
def tables():
    place = {"H1": "440103001", "H2": "440103001", "H3": "440104001", "H4": "440203001"}
    recognised = {"H1": "2026-03-20", "H2": "2026-04-02", "H3": "2026-04-10", "H4": "2026-05-05"}
    files = [
        {
            "household_id": h,
            "file_no": h,
            "region_code": c,
            "recognised_on": recognised[h],
            "discovered_on": "2026-03-15",
            "status": "in_service",
        }
        for h, c in place.items()
    ]
    files[1]["dibao_status"], files[1]["closed_on"] = "closed", "2026-06-20"
    people = [
        {"member_id": f"M{h[1]}", "household_id": h, "region_code": c, "registered_on": "2026-03-01", "education": "junior", "willing": True,
         "reachable": "unreachable" if h == "H4" else "ok"}
        for h, c in place.items()
    ]  # fmt: skip
    promises = [
        {"promise_id": "C1", "household_id": "H1", "started_on": "2026-03-20", "due_on": "2026-04-20", "state": "met", "met_on": "2026-04-18"},
        {"promise_id": "C2", "household_id": "H2", "started_on": "2026-04-02", "due_on": "2026-05-06", "state": "met", "met_on": "2026-05-08", "paused_days": 5},
        {"promise_id": "C3", "household_id": "H3", "started_on": "2026-04-10", "due_on": "2026-05-11", "state": "met_late", "met_on": "2026-06-01", "breach_cause": "no_suitable_post"},
        {"promise_id": "C4", "household_id": "H4", "started_on": "2026-05-05", "due_on": "2026-06-05", "state": "breached", "breach_cause": "unreachable"},
    ]  # fmt: skip
    jobs = [
        {"placement_id": f"L{n}", "member_id": f"M{n}", "kind": kind, "started_on": day, "ended_on": end, "evidence": "contract", "verified_on": day, "position_id": post}
        for n, kind, day, end, post in (
            (1, "PUBLIC_WELFARE", "2026-04-18", None, "P1"),
            (2, "DISPATCH", "2026-05-08", "2026-06-01", "P2"),
            (3, "self_employed", "2026-06-01", None, None),
        )
    ]  # fmt: skip
    post = {"employer_id": "E1", "occupation_code": "40802", "region_code": "440103001", "openings_total": 2, "openings_left": 1,
            "wage_min": 250000, "wage_max": 260000, "posted_on": "2026-04-01", "declared_on": "2026-04-08"}  # fmt: skip
    five = "maternity;medical;pension;unemployment;work_injury"
    return {
        "households": table("households", *files), "members": table("members", *people), "promises": table("promises", *promises),
        "placements": table("placements", *jobs),
        "positions": table("positions", {**post, "position_id": "P1", "kind": "PUBLIC_WELFARE", "title": "保洁", "insured": five},
                           {**post, "position_id": "P2", "kind": "DISPATCH", "title": "派遣", "insured": "pension;medical"}),
        "referrals": table("referrals", *[
            {"referral_id": f"R{n}", "member_id": f"M{m}", "position_id": p, "created_on": d, "state": s, "reason": why, "outcome_on": d}
            for n, (m, p, d, s, why) in enumerate([
                (1, "P1", "2026-04-10", "started", None), (2, "P1", "2026-05-01", "rejected", "AGE"), (3, "P1", "2026-05-02", "rejected", "SKILL"),
                (2, "P2", "2026-05-04", "started", None), (4, "P2", "2026-05-20", "draft", None),
            ])]),
        "trainings": table("trainings", {"training_id": "T1", "member_id": "M3", "kind": "skill", "course": "家政", "started_on": "2026-04-20", "state": "completed"}),
        "appeals": table("appeals", {"appeal_id": "A1", "member_id": "M4", "about": "clock", "filed_on": "2026-06-08", "due_on": "2026-06-22"}),
        "pairings": table("pairings", {"pairing_id": "Q1", "caseworker_id": "K1", "household_id": "H1", "started_on": "2026-03-21"},
                          {"pairing_id": "Q2", "caseworker_id": "K1", "household_id": "H2", "started_on": "2026-04-03"},
                          {"pairing_id": "Q3", "caseworker_id": "K2", "household_id": "H3", "started_on": "2026-04-11", "ended_on": "2026-05-20"}),
        "contacts": table("contacts", {"contact_id": "V1", "household_id": "H1", "kind": "home_visit", "contacted_on": "2026-05-03", "next_due_on": "2026-06-03"},
                          {"contact_id": "V2", "household_id": "H2", "kind": "phone", "contacted_on": "2026-04-20", "next_due_on": "2026-05-20"}),
    }  # fmt: skip


def row(frame, area):
    return frame.set_index("area").loc[area]


def test_the_monthly_bulletin_counts_pairs_visits_and_who_cannot_be_reached(tables):
    found = pairing_bulletin(
        tables["households"], tables["members"], tables["pairings"], tables["contacts"], MAY, "city"
    )
    guangzhou, shaoguan = row(found, "440100"), row(found, "440200")
    assert guangzhou[
        ["open_households", "paired", "staff", "visits_due", "visits_done", "overdue", "unreachable"]
    ].tolist() == [3, 2, 1, 1, 1, 1, 0]
    assert guangzhou["share"] == pytest.approx(2 / 3) and guangzhou["households_per_staff"] == 2
    assert shaoguan[["open_households", "paired", "unreachable"]].tolist() == [1, 0, 1] and np.isnan(
        shaoguan["households_per_staff"]
    )


def test_the_quarterly_bulletin_tells_in_time_late_and_broken_apart(tables):
    spells = zero_spells(tables["households"], tables["members"], tables["placements"], date(2026, 7, 10), POLICY)
    found = assistance_bulletin(tables, spells, QUARTER, POLICY, "city")
    guangzhou, shaoguan = row(found, "440100"), row(found, "440200")
    assert guangzhou[["stock_before", "recognised", "job_lost", "lifted", "stock"]].tolist() == [1, 2, 1, 3, 1]
    assert guangzhou[["placed_households", "placed_members", "insured_five", "startups", "dispatched"]].tolist() == [
        3,
        3,
        1,
        1,
        1,
    ]
    assert guangzhou[["due", "kept_net", "kept_gross", "met_late", "breached", "void"]].tolist() == [3, 2, 1, 1, 0, 0]
    assert guangzhou[["judged_30", "retained_30", "judged_90"]].tolist() == [2, 1, 0]
    assert guangzhou[["trainings", "dibao_closed", "appeals"]].tolist() == [1, 1, 0]
    assert shaoguan[["recognised", "stock", "due", "breached", "appeals"]].tolist() == [1, 1, 1, 1, 1]
    districts = assistance_bulletin(tables, spells, QUARTER, POLICY, "district").drop(columns="area").sum()
    assert (districts == found.drop(columns="area").sum()).all()


@pytest.mark.parametrize(
    ("changes", "counted"),
    [
        ({"state": "running", "due_on": "2026-06-28"}, "breached"),
        ({"state": "running", "due_on": "2026-06-28", "paused_days": 12}, "running"),
        ({"state": "met_late", "met_on": "2026-07-02"}, "breached"),
        ({"state": "met", "met_on": "2026-07-02", "paused_days": 15}, "running"),
        ({"state": "met", "met_on": "2026-05-02", "reopened_on": "2026-05-12"}, None),
        ({"state": "met", "met_on": "2026-05-02", "reopened_on": "2026-07-01"}, "kept_net"),
    ],
)
def test_a_promise_is_counted_once_as_it_stood_at_the_end_of_the_period(tables, changes, counted):
    base = {"promise_id": "C9", "household_id": "H4", "started_on": "2026-05-20", "due_on": "2026-06-22"}
    reopened = changes.get("reopened_on")
    rows = [{**base, **{k: v for k, v in changes.items() if k != "reopened_on"}}]
    if reopened:
        rows.append(
            {
                **base,
                "promise_id": "C9-2",
                "started_on": reopened,
                "due_on": "2026-08-03",
                "state": "reopened",
                "reopens_id": "C9",
            }
        )
    spells = zero_spells(tables["households"], tables["members"], tables["placements"], date(2026, 7, 10), POLICY)
    found = row(
        assistance_bulletin({**tables, "promises": table("promises", *rows)}, spells, QUARTER, POLICY, "city"), "440200"
    )
    names = ["kept_net", "met_late", "breached", "running", "void"]
    assert {n: int(found[n]) for n in names} == {n: int(n == counted) for n in names}
    assert found["due"] == int(counted is not None)


def test_a_trainee_place_is_no_job_in_any_figure(tables):
    spells = zero_spells(tables["households"], tables["members"], tables["placements"], date(2026, 7, 10), POLICY)
    trainees = {**tables, "placements": tables["placements"].assign(kind="TRAINEE")}
    found = row(assistance_bulletin(trainees, spells, QUARTER, POLICY, "city"), "440100")
    assert found[["placed_households", "placed_members", "judged_30", "retained_30"]].tolist() == [0, 0, 0, 0]
    assert (
        programme_progress(
            trainees["placements"], date(2026, 4, 1), date(2026, 12, 31), 9, date(2026, 6, 30), POLICY
        ).placed
        == 0
    )


def test_causes_and_kinds_are_listed_by_area(tables):
    causes = breach_causes(tables, QUARTER)
    assert causes.values.tolist() == [
        ["440100", "met_late", "no_suitable_post", 1],
        ["440200", "breached", "unreachable", 1],
    ]
    kinds = placements_by_kind(tables, QUARTER)
    assert dict(zip(kinds["kind"], kinds["count"], strict=True)) == {
        "DISPATCH": 1,
        "PUBLIC_WELFARE": 1,
        "self_employed": 1,
    }


def test_the_use_of_posts_shows_starred_refusals_and_leaves_out_proposals(tables):
    found = post_use(tables["positions"], tables["referrals"], tables["placements"], QUARTER).set_index("position_id")
    assert found.loc["P1", ["filled", "days_to_first_start", "referrals", "rejected", "rejected_starred"]].tolist() == [
        1,
        10,
        3,
        2,
        1,
    ]
    assert found.loc["P1", "referrals_per_opening"] == 1.5 and found.loc["P2", "referrals"] == 1


def test_days_lost_are_medians_of_households_recognised_in_the_period(tables):
    lived = household_table(
        tables["households"], tables["members"], tables["placements"], tables["referrals"], date(2026, 7, 10), POLICY
    )
    found = row(timeliness(tables["households"], lived, QUARTER, "city"), "440100")
    assert found["households"] == 2 and found["days_before_recognition_median"] == pytest.approx((18 + 26) / 2)
    assert found["days_to_work_known"] == 2


def test_a_programme_counts_people_once_and_says_the_pace_it_needs(tables):
    first, last = date(2026, 4, 1), date(2026, 12, 31)
    found = programme_progress(tables["placements"], first, last, 300, date(2026, 6, 30), POLICY)
    assert found.placed == 3 and found.share == 0.01 and found.workdays_gone > 55
    assert found.pace_needed == pytest.approx(297 / found.workdays_left)
    reached = programme_progress(tables["placements"], first, last, 3, date(2026, 6, 30), POLICY)
    assert reached.pace_needed == 0.0
    assert np.isnan(
        programme_progress(tables["placements"], first, date(2026, 6, 30), 300, date(2026, 7, 1), POLICY).pace_needed
    )


def test_an_office_without_records_reports_nothing_and_does_not_fall(tables):
    empty = {name: frame.iloc[:0] for name, frame in tables.items()}
    spells = zero_spells(empty["households"], empty["members"], empty["placements"], date(2026, 7, 10), POLICY)
    assert len(spells) == 0 and len(assistance_bulletin(empty, spells, QUARTER, POLICY)) == 0
    assert len(pairing_bulletin(empty["households"], empty["members"], empty["pairings"], empty["contacts"], MAY)) == 0
    assert isinstance(post_use(empty["positions"], empty["referrals"], empty["placements"], MAY), pd.DataFrame)
