"""Tiers and the regulated order for public-welfare posts."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.errors import PolicyError
from matching.policy.load import load_policy
from matching.priority import passed_over, tiers, welfare_order
from matching.vocabulary import HardshipCategory
from tests.matching.people import household, member, table

TODAY = date(2026, 6, 10)
POLICY = load_policy("440103", TODAY)


def order(people: list[dict], homes=(), policy=POLICY) -> list[int]:
    """Return the places of these members."""
    return welfare_order(table("households", *homes), table("members", *people), TODAY, policy).tolist()


def person(number: int = 1, **changes) -> dict:
    """Return a member of a household that is not recognised, fifty years from everything."""
    return member(**{"member_id": f"M{number}", "household_id": "H9", "birth_month": "1990-05", **changes})


def with_order(*places: str):
    """Return the book with another order."""
    return POLICY.with_rows([replace(POLICY.row("pw.priority_order"), value=tuple(places))])


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"categories": "zero_employment"}, 0), ({"household_id": "H1"}, 0), ({"categories": "dibao"}, 1), ({"household_id": "H2"}, 1),
        ({"disability_level": 2}, 1), ({"disability_level": 3, "categories": "disabled"}, 3), ({"birth_month": "1972-06"}, 2), ({"birth_month": "1968-01"}, 3),
        ({"birth_month": "1968-01", "sex": "M"}, 2), ({"birth_month": "1962-06", "sex": "M"}, 3), ({"birth_month": None}, 3),
        ({"birth_month": "1968-01", "sex": "unknown"}, 3), ({}, 3), ({"categories": "dibao;zero_employment"}, 0),
        ({"categories": "rural_zero_transfer"}, 3),
    ],
)  # fmt: skip
def test_each_member_has_the_first_place_that_fits(changes, place):
    homes = [
        household(),
        household(household_id="H2", status="closed", dibao_status="receiving"),
        household(household_id="H9", status="closed"),
    ]
    assert order([person(**changes)], homes) == [place]


def test_without_an_other_the_rest_comes_last():
    assert order([person(), person(2, categories="older")], policy=with_order("older")) == [1, 0]


def test_an_order_with_a_word_nobody_knows_is_refused():
    with pytest.raises(
        PolicyError, match="expected hard-to-employ categories, disabled_severe, near_retirement, other, found young"
    ):
        order([person()], policy=with_order("zero_employment", "young"))


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.sets(st.sampled_from([c.value for c in HardshipCategory]), max_size=3), min_size=1, max_size=8),
    st.permutations(["zero_employment", "dibao=landless", "older", "carer"]),
)
def test_the_place_is_that_of_the_best_category_held(held, places):
    found = order(
        [person(k, categories=";".join(sorted(c))) for k, c in enumerate(held)], policy=with_order(*places, "other")
    )
    index = {c: k for k, place in enumerate(places) for c in place.split("=")}
    assert found == [min([index[c] for c in cats if c in index], default=len(places)) for cats in held]


def test_who_is_passed_over_is_eligible_and_stands_earlier():
    place, eligible = np.array([0, 0, 1, 2, 3]), np.array([True, False, True, True, True])
    assert passed_over(place, eligible, 3).tolist() == [0, 2] and passed_over(place, eligible, 0).tolist() == []


def test_tiers_follow_days_left_then_zero_employment_then_hardship():
    people = table(
        "members",
        *(
            person(k, household_id=h, categories=c)
            for k, (h, c) in enumerate([("H1", ""), ("H1", ""), ("H1", ""), ("H9", "older"), ("H9", "")])
        ),
    )
    homes = table("households", household(), household(household_id="H9", status="closed"))
    left = np.array([7.0, 8.0, np.nan, np.nan, np.nan])
    assert tiers(homes, people, left, POLICY).tolist() == ["P0", "P1", "P1", "P2", "P3"]
    assert tiers(homes, people, np.array([-3.0, 0, 30, 5, 8]), POLICY).tolist() == ["P0", "P0", "P1", "P0", "P3"]


def test_an_empty_record_has_no_order():
    assert order([]) == [] and tiers(table("households"), table("members"), np.zeros(0), POLICY).tolist() == []
