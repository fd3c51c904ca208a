"""Prompts for categories nobody has recorded."""

from datetime import date

import pytest

from matching.categories import category_prompts, older
from matching.policy.load import load_policy
from tests.matching.people import household, member, table

TODAY = date(2026, 6, 10)
POLICY = load_policy("440103", TODAY)


def prompts(home=None, **changes) -> list[str]:
    """Return the categories the record suggests for the one member."""
    homes = table("households", household(**{"status": "closed", **(home or {})}))
    person = member(**{"birth_month": "1995-05", "categories": "", **changes})
    found = category_prompts(homes, table("members", person), TODAY, POLICY)
    return [r.facts["category"] for r in found.get("M1", ())]


@pytest.mark.parametrize(
    ("sex", "born", "counts"),
    [
        ("F", "1986-06", True),
        ("F", "1986-07", False),
        ("M", "1976-06", True),
        ("M", "1976-07", False),
        ("unknown", "1960-01", False),
        ("F", None, False),
    ],
)
def test_women_from_forty_and_men_from_fifty_count_as_older(sex, born, counts):
    assert older(table("members", member(sex=sex, birth_month=born)), TODAY, POLICY).tolist() == [counts]


def test_the_ages_follow_place_and_period():
    woman = table("members", member(birth_month="1979-01"))
    assert older(woman, date(2015, 6, 1), POLICY.at("440103", date(2015, 6, 1))).tolist() == [True]
    assert older(woman, date(2015, 6, 1), POLICY.at("440303", date(2015, 6, 1))).tolist() == [False]


@pytest.mark.parametrize(
    ("changes", "home", "expected"),
    [
        ({}, {}, []), ({"birth_month": "1980-01"}, {}, ["older"]), ({"birth_month": "1980-01", "categories": "older"}, {}, []),
        ({"disability_level": 3}, {}, ["disabled"]), ({}, {"dibao_status": "receiving"}, ["dibao"]), ({}, {"dibao_status": "closed"}, []),
        ({}, {"status": "in_service"}, ["zero_employment"]), ({}, {"status": "one_employed"}, []),
        ({"unemployed_since": date(2025, 6, 10)}, {}, ["long_unemployed"]), ({"unemployed_since": date(2025, 6, 11)}, {}, []),
        ({"unemployed_since": date(2020, 1, 1), "employment_state": "employed"}, {}, []), ({"household_id": "H9"}, {"status": "in_service"}, []),
        ({"disability_level": 1, "categories": "older"}, {"dibao_status": "receiving"}, ["disabled", "dibao"]),
    ],
)  # fmt: skip
def test_a_category_is_suggested_where_the_record_speaks_for_it_and_nobody_recorded_it(changes, home, expected):
    assert prompts(home, **changes) == expected
