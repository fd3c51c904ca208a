"""Shares the law asks of employers."""

from dataclasses import replace
from datetime import date

import pytest

from matching.policy.load import load_policy
from matching.quotas import dispatch_share_table, required_share_table
from tests.matching.people import position, table

TODAY = date(2026, 6, 10)
POLICY = load_policy("441500", TODAY)


def employer(**changes) -> dict:
    """Return an institution in Shanwei with 30 staff, one of them hard to employ."""
    return {
        "employer_id": "E1", "name": "E", "type": "public_institution", "region_code": "441502", "headcount": 30, "hard_to_employ_count": 1,
        "required_share": 0.1, **changes,
    }  # fmt: skip


def share(*rows: dict, policy=POLICY):
    """Return the list of institutions asked for a share."""
    return required_share_table(table("employers", *rows), policy)


def test_the_shortfall_is_whole_people_and_the_consequence_is_named_and_not_carried_out():
    row = share(employer()).iloc[0]
    assert (row["shortfall"], row["required_share"], row["consequence"]) == (2, 0.1, "personnel_budget_cut")
    assert row["actual_share"] == pytest.approx(1 / 30)
    assert share(employer(headcount=31)).iloc[0]["shortfall"] == 3
    assert share(employer(headcount=100, required_share=0.07)).iloc[0]["shortfall"] == 6, (
        "seven of a hundred, not eight by rounding"
    )
    assert share(employer(hard_to_employ_count=9)).iloc[0]["shortfall"] == 0


def test_what_nobody_wrote_down_stays_unknown():
    for unknown in ({"required_share": None}, {"headcount": None}, {"hard_to_employ_count": None}):
        assert share(employer(**unknown))["shortfall"].isna().all() and len(share(employer(**unknown))) == 1


def test_a_city_s_own_share_fills_in_where_the_employer_s_is_not_stated():
    row = POLICY.row("required_share.share")
    assert (
        share(employer(required_share=None), policy=POLICY.with_rows([replace(row, value=0.2)])).iloc[0]["shortfall"]
        == 5
    )


def test_only_institutions_where_a_rule_is_or_employers_with_a_stated_share_are_listed():
    rows = [
        employer(employer_id="E2", type="enterprise", required_share=None), employer(employer_id="E3", region_code="440103", required_share=None),
        employer(employer_id="E4", type="enterprise", region_code="440103"),
    ]  # fmt: skip
    found = share(*rows)
    assert found["employer_id"].tolist() == ["E4"] and found["consequence"].tolist() == [""]
    assert share().empty


def test_dispatched_staff_known_here_are_held_against_the_tenth():
    posts = table(
        "positions",
        position(kind="DISPATCH", user_unit_id="E1"),
        position(position_id="P2", kind="DISPATCH", user_unit_id="E2"),
    )
    jobs = [
        {
            "placement_id": f"L{k}",
            "member_id": f"M{k}",
            "position_id": "P1",
            "kind": "DISPATCH",
            "started_on": date(2026, 5, 1),
            **more,
        }
        for k, more in enumerate(
            [
                {},
                {},
                {},
                {"ended_on": date(2026, 6, 1)},
                {"position_id": "P2"},
                {"kind": "EMPLOYER"},
                {"started_on": date(2026, 7, 1)},
            ]
        )
    ]
    employers = table("employers", employer(headcount=20), employer(employer_id="E2", headcount=None))
    found = dispatch_share_table(employers, posts, table("placements", *jobs), TODAY, POLICY).set_index("employer_id")
    assert found["dispatched"].to_dict() == {"E1": 3, "E2": 1}
    tenth = dispatch_share_table(
        table("employers", employer(headcount=27)), posts, table("placements", *jobs), TODAY, POLICY
    ).set_index("employer_id")
    assert not tenth.loc["E1", "over"], "three of thirty are a tenth, not more"
    assert found.loc["E1", "share"] == pytest.approx(3 / 23) and found.loc["E1", "over"] and not found.loc["E2", "over"]
