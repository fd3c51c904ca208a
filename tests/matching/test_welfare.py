"""How long in a public-welfare post, and whether another may follow."""

from datetime import date

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.policy.load import load_policy
from matching.promise import months_later
from matching.welfare import welfare_term_table
from tests.matching.people import member, position, table

TODAY = date(2026, 6, 10)
POLICY = load_policy("440103", TODAY)
POSTS = table(
    "positions", *(position(position_id=f"P{k}") for k in range(4)), position(position_id="W1", kind="PUBLIC_WELFARE")
)


def job(start: date, end: date | None = None, number: int = 1, kind: str = "PUBLIC_WELFARE") -> dict:
    """Return a placement."""
    return {"placement_id": f"L{number}", "member_id": "M1", "kind": kind, "started_on": start, "ended_on": end}


def offer(post: str, day: date = date(2026, 5, 1), **changes) -> dict:
    """Return a suitable offer."""
    return {
        "referral_id": f"R{post}{day}",
        "member_id": "M1",
        "position_id": post,
        "created_on": day,
        "suitability": "ok",
        "state": "declined",
        **changes,
    }


def stands(*jobs: dict, offers=(), **person) -> pd.Series:
    """Return where the one member stands."""
    people = table("members", member(**{"categories": "zero_employment", **person}))
    return welfare_term_table(
        people, table("placements", *jobs), table("referrals", *offers), POSTS, TODAY, POLICY
    ).iloc[0]


PAST = job(date(2023, 1, 1), date(2025, 12, 31))
THREE = [offer(f"P{k}") for k in range(3)]


@pytest.mark.parametrize(
    ("jobs", "offers", "person", "verdict"),
    [
        ([], [], {}, "FIRST"), ([job(date(2026, 1, 1), kind="EMPLOYER")], [], {}, "FIRST"), ([job(date(2026, 7, 1))], [], {}, "FIRST"),
        ([job(date(2026, 1, 1))], THREE, {}, "IN_TERM"), ([job(TODAY)], [], {}, "IN_TERM"), ([PAST], THREE, {}, "REPEAT_ALLOWED"), ([PAST], THREE[:2], {}, "OFFERS_OWED"),
        ([PAST], [*THREE[:2], offer("P1", date(2026, 5, 20))], {}, "OFFERS_OWED"), ([PAST], [*THREE[:2], offer("W1")], {}, "OFFERS_OWED"),
        ([PAST], [*THREE[:2], offer("P3", date(2025, 12, 1))], {}, "OFFERS_OWED"), ([PAST], [*THREE[:2], offer("P3", suitability="failed")], {}, "OFFERS_OWED"),
        ([PAST], THREE, {"categories": "landless"}, "NO_REPEAT_CATEGORY"), ([PAST], THREE, {"categories": "landless", "disability_level": 2}, "REPEAT_ALLOWED"),
        ([PAST], THREE, {"categories": "landless", "disability_level": 3}, "NO_REPEAT_CATEGORY"),
        ([job(date(2019, 1, 1), date(2021, 12, 31), 0), PAST], THREE, {}, "LIFETIME_USED"),
    ],
)  # fmt: skip
def test_whether_another_may_begin_and_why(jobs, offers, person, verdict):
    row = stands(*jobs, offers=offers, **person)
    assert row["verdict"] == verdict and row["may_take"] == (verdict in ("FIRST", "REPEAT_ALLOWED"))


@settings(max_examples=40, deadline=None)
@given(st.dates(date(2023, 7, 1), TODAY))
def test_the_term_ends_the_day_before_the_corresponding_day_three_years_on(start):
    ends = stands(job(start))["term_ends_on"].date()
    first_day_after = months_later(start, 36)
    assert (first_day_after - ends).days == (0 if first_day_after.day < start.day else 1)


def test_near_retirement_the_term_runs_to_it():
    row = stands(job(date(2025, 1, 1)), birth_month="1968-01", sex="M")
    assert row["to_retirement"] and row["term_ends_on"].date() == date(2028, 10, 31)
    young = stands(job(date(2025, 1, 1)), birth_month="1980-01", sex="M")
    assert not young["to_retirement"] and young["term_ends_on"].date() == date(2027, 12, 31)
    unknown = stands(job(date(2025, 1, 1)), birth_month=None)
    assert not unknown["to_retirement"] and unknown["term_ends_on"].date() == date(2027, 12, 31)


@pytest.mark.parametrize(("start", "near"), [(date(2026, 5, 31), False), (date(2026, 6, 1), True)])
def test_near_retirement_begins_five_years_before(start, near):
    assert stands(job(start), birth_month="1970-02", sex="M")["to_retirement"] == near


def test_no_term_runs_outside_a_placement():
    assert pd.isna(stands()["term_ends_on"]) and pd.isna(stands(PAST)["term_ends_on"]) and stands(PAST)["times"] == 1
