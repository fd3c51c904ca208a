"""Rows that cannot be true together."""

from datetime import date

import pytest

from matching.coherence import incoherent
from tests.matching.people import household, position, table

D = date(2026, 6, 1)
PROMISE = {"promise_id": "Q1", "household_id": "H1", "started_on": D, "due_on": date(2026, 7, 1)}
REFERRAL = {"referral_id": "R1", "member_id": "M1", "position_id": "P1", "created_on": D}
PLACEMENT = {
    "placement_id": "L1",
    "member_id": "M1",
    "referral_id": "R1",
    "kind": "EMPLOYER",
    "started_on": date(2026, 6, 5),
}


def found(**changes) -> list[tuple]:
    """Return the contradictions of one promise, referral, placement and post with some values changed."""
    rows = {
        "households": household(),
        "promises": PROMISE,
        "referrals": REFERRAL,
        "placements": PLACEMENT,
        "positions": position(),
    }
    for name, values in changes.items():
        rows[name] = {**rows[name], **values}
    frame = incoherent({name: table(name, row) for name, row in rows.items()})
    return [tuple(r) for r in frame.drop(columns="row").itertuples(index=False)]


def test_a_record_that_can_be_true_raises_nothing():
    assert found() == []
    assert (
        found(
            placements={"started_on": D, "ended_on": D},
            referrals={"started_on": D},
            promises={"started_on": date(2026, 5, 25)},
        )
        == []
    )
    assert found(positions={"openings_left": 2, "openings_total": 2, "wage_max": 300_000}) == []


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"promises": {"started_on": date(2026, 5, 24)}}, ("promises", "Q1", "started_on", "2026-05-24", "on or after recognition on 2026-05-25")),
        ({"promises": {"due_on": date(2026, 5, 31)}}, ("promises", "Q1", "due_on", "2026-05-31", "not before the start on 2026-06-01")),
        ({"placements": {"started_on": date(2026, 5, 31)}}, ("placements", "L1", "started_on", "2026-05-31", "on or after its referral of 2026-06-01")),
        ({"placements": {"member_id": "M2"}}, ("placements", "L1", "member_id", "M2", "the member of its referral, M1")),
        ({"placements": {"ended_on": date(2026, 6, 4)}}, ("placements", "L1", "ended_on", "2026-06-04", "on or after the first day 2026-06-05")),
        ({"referrals": {"started_on": date(2026, 5, 1)}}, ("referrals", "R1", "started_on", "2026-05-01", "on or after the referral of 2026-06-01")),
        ({"positions": {"openings_left": 3}}, ("positions", "P1", "openings_left", "3", "at most 2")),
        ({"positions": {"wage_max": 290_000}}, ("positions", "P1", "wage_max", "290000", "at least wage_min, 300000")),
    ],
)  # fmt: skip
def test_a_contradiction_names_table_row_column_and_what_was_expected(changes, fault):
    assert found(**changes) == [fault]


@pytest.mark.parametrize(
    "changes",
    [
        {"households": {"recognised_on": None}},
        {"placements": {"referral_id": None, "started_on": date(2026, 1, 1)}},
        {"placements": {"referral_id": "R9"}},
    ],
)
def test_what_is_not_known_contradicts_nothing(changes):
    assert found(**changes) == []


def test_a_table_left_out_is_not_looked_at():
    assert incoherent({"promises": table("promises", {**PROMISE, "started_on": date(2026, 5, 1)})}).empty
    both = {
        "promises": table("promises", {**PROMISE, "started_on": date(2026, 5, 1)}),
        "households": table("households", household()),
    }
    assert incoherent(both)["row"].tolist() == [0]
