"""Checks on welfare placements: facts for a supervisor."""

from datetime import date, timedelta

import pandas as pd
import pytest

from matching.abuse import WelfareRecord, welfare_findings
from matching.policy.load import load_policy
from tests.matching.people import member, position, table

TODAY = date(2026, 6, 10)
POLICY = load_policy("440103", TODAY)
FIVE = "maternity;medical;pension;unemployment;work_injury"
POST = position(position_id="W1", kind="PUBLIC_WELFARE", insured=FIVE, declared_on=date(2026, 1, 1))


def placement(number: int = 1, days: int = 40, who: str = "M1", **changes) -> dict:
    """Return a verified welfare placement that began some days ago."""
    start = TODAY - timedelta(days=days)
    return {
        "placement_id": f"L{number}", "member_id": who, "position_id": "W1", "kind": "PUBLIC_WELFARE", "started_on": start,
        "evidence": "contract", "verified_on": start, **changes,
    }  # fmt: skip


def referral(**changes) -> dict:
    """Return a welfare referral made by officer C1."""
    return {
        "referral_id": "R1", "member_id": "M1", "position_id": "W1", "created_on": date(2026, 2, 1), "caseworker_id": "C1", "state": "issued", **changes,
    }  # fmt: skip


def codes(
    placements=(), *, referrals=(), posts=(POST,), people=None, officers=(), addresses=()
) -> list[tuple[str, str]]:
    """Return (code, record) of every finding."""
    return [
        (f.reason.code, f.object_id)
        for f in findings(
            placements, referrals=referrals, posts=posts, people=people, officers=officers, addresses=addresses
        )
    ]


def findings(placements=(), *, referrals=(), posts=(POST,), people=None, officers=(), addresses=()):
    """Return every finding of these rows."""
    record = WelfareRecord(
        members=table("members", *(people or [member(), member(member_id="M2")])), positions=table("positions", *posts),
        referrals=table("referrals", *referrals), placements=table("placements", *placements),
        caseworkers=table("caseworkers", *({"agency_id": "A1", "region_scope": "440100", "max_households": 30, **o} for o in officers)),
        shared_addresses=pd.DataFrame(list(addresses), columns=["caseworker_id", "member_id"], dtype="str"),
    )  # fmt: skip
    return welfare_findings(record, TODAY, POLICY)


def test_an_ordinary_placement_raises_nothing():
    assert codes([placement()], referrals=[referral()], officers=[{"caseworker_id": "C1"}]) == []


def test_nothing_is_found_in_an_empty_record():
    assert codes(posts=()) == []


def test_an_officer_who_refers_a_relative_or_a_neighbour_under_one_roof_is_shown():
    kin = [{"caseworker_id": "C1", "declared_relatives": "M1;M7"}]
    assert codes(referrals=[referral()], officers=kin) == [("ABUSE_RELATIVE", "R1")]
    assert codes(referrals=[referral(caseworker_id="C2")], officers=kin) == []
    assert codes(referrals=[referral(state="draft")], officers=kin) == []
    found = findings(referrals=[referral()], addresses=[("C1", "M1")])
    assert [dict(f.reason.facts) for f in found] == [{"caseworker_id": "C1", "tie": "same_address"}]


def test_one_person_in_two_posts_on_the_same_days_is_shown_once():
    both = [placement(1, 40), placement(2, 20)]
    found = findings(both)
    assert [(f.reason.code, f.object_id) for f in found] == [("ABUSE_TWO_POSTS", "L1")]
    assert found[0].reason.facts == {"placement_id_other": "L2", "from": "2026-05-21", "until": "2026-06-10"}
    assert codes([placement(1, 40), placement(2, 20, kind="EMPLOYER", position_id=None)]) == [("ABUSE_TWO_POSTS", "L1")]
    assert codes([placement(1, 40, ended_on=TODAY - timedelta(days=21)), placement(2, 20)]) == []
    handed_over = placement(1, 40, kind="EMPLOYER", position_id=None, ended_on=TODAY - timedelta(days=20))
    assert codes([handed_over, placement(2, 20)]) == [("ABUSE_TWO_POSTS", "L2")]
    assert codes([placement(1, 40), placement(2, 20, who="M2")]) == []


@pytest.mark.parametrize(("start", "over"), [(date(2023, 6, 10), True), (date(2023, 6, 11), False)])
def test_a_placement_past_three_years_is_shown(start, over):
    assert codes([placement(started_on=start)]) == ([("ABUSE_PAST_TERM", "L1")] if over else [])


def test_a_placement_begun_near_retirement_may_run_to_retirement():
    near = [member(birth_month="1970-05")]
    assert codes([placement(started_on=date(2022, 1, 1))], people=near) == []
    assert codes([placement(started_on=date(2018, 1, 1))], people=near) == [("ABUSE_PAST_TERM", "L1")]
    assert codes([placement(started_on=date(2022, 1, 1))], people=[member(birth_month=None)]) == [
        ("ABUSE_PAST_TERM", "L1")
    ]


def test_the_third_welfare_placement_of_a_life_is_shown():
    past = [placement(k, 400 - 100 * k, ended_on=TODAY - timedelta(days=310 - 100 * k)) for k in (1, 2, 3)]
    assert codes(past[:2]) == [] and codes(past) == [("ABUSE_PAST_LIFETIME", "L3")]


@pytest.mark.parametrize(
    ("changes", "post", "shown"),
    [
        ({}, {}, False), ({}, {"insured": ""}, True), ({"evidence": "none"}, {}, True), ({"verified_on": None}, {}, True), ({"position_id": None}, {}, True),
        ({"days": 29}, {"insured": ""}, False), ({"days": 30}, {"insured": ""}, True),
        ({"evidence": "none", "ended_on": TODAY - timedelta(days=30)}, {}, False),
    ],
)  # fmt: skip
def test_a_placement_nobody_can_prove_after_a_month_is_shown(changes, post, shown):
    found = codes([placement(**changes)], posts=[{**POST, **post}])
    assert found == ([("ABUSE_UNPROVEN", "L1")] if shown else [])


def test_an_employer_with_too_large_a_share_of_a_district_is_shown():
    people = [member(member_id=f"M{k}") for k in range(1, 13)]
    posts = [{**POST, "position_id": f"W{k}", "employer_id": f"E{k}"} for k in range(1, 5)]
    spread = [placement(k, who=f"M{k}", position_id=f"W{1 + k % 4}") for k in range(1, 13)]
    assert codes(spread, people=people, posts=posts) == []
    heavy = [{**p, "position_id": "W1"} if k < 4 else p for k, p in enumerate(spread)]
    found = findings(heavy, people=people, posts=posts)
    assert [(f.object_type, f.object_id, f.reason.code) for f in found] == [("employer", "E1", "ABUSE_CONCENTRATION")]
    assert found[0].reason.facts["of"] == 12 and found[0].reason.facts["placements"] > 3
    assert codes(heavy[:10], people=people, posts=posts) == [("ABUSE_CONCENTRATION", "E1")]
    assert codes(heavy[:9], people=people, posts=posts) == []


def test_a_referral_before_the_post_was_declared_is_shown():
    assert codes(referrals=[referral(created_on=date(2025, 12, 31))]) == [("ABUSE_BEFORE_DECLARATION", "R1")]
    assert codes(referrals=[referral(created_on=date(2026, 1, 1))]) == []
    assert codes(referrals=[referral()], posts=[{**POST, "declared_on": None}]) == [("ABUSE_BEFORE_DECLARATION", "R1")]
    assert codes(referrals=[referral(created_on=date(2025, 12, 31))], posts=[{**POST, "kind": "EMPLOYER"}]) == []


def test_findings_name_no_category_and_come_in_a_fixed_order():
    rows = [placement(1, 40, evidence="none"), placement(2, 35, evidence="none")]
    found = findings(rows, people=[member(categories="released")])
    assert [(f.reason.code, f.object_id) for f in found] == [
        ("ABUSE_TWO_POSTS", "L1"),
        ("ABUSE_UNPROVEN", "L1"),
        ("ABUSE_UNPROVEN", "L2"),
    ]
    assert found == findings(rows[::-1], people=[member(categories="released")]) and "released" not in str(found)
