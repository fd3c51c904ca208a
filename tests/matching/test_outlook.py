"""The month to come is learned from the record: who arrives, what is posted, how fast openings go to others, and how sure that is."""

from datetime import timedelta

import numpy as np
import pytest

from matching.outlook import AHEAD_DAYS, USUAL_FILL, fill_rates, outlook_of
from matching.tables import TABLES, empty
from matching.vocabulary import POSITION_KINDS
from tests.matching.people import TODAY, household, member, position, table


def record(days, members_each=1, positions=()):
    """Return tables in which households were recognised so many days ago."""
    homes = [
        household(household_id=f"H{k:04}", file_no=f"F{k}", recognised_on=TODAY - timedelta(days=int(d)))
        for k, d in enumerate(days)
    ]
    people = [
        member(member_id=f"M{k:04}{i}", household_id=f"H{k:04}") for k in range(len(homes)) for i in range(members_each)
    ]
    found = {name: empty(TABLES[name]) for name in TABLES}
    found |= {"households": table("households", *homes), "members": table("members", *people)} if homes else {}
    return found | ({"positions": table("positions", *positions)} if positions else {})


def test_a_steady_stream_goes_on_at_its_pace_with_little_spread():
    seen = outlook_of(record(range(91), members_each=2), TODAY)
    assert seen.seekers == pytest.approx(2 * AHEAD_DAYS, rel=0.02)
    assert 0 < seen.spread < 0.3 * seen.seekers


def test_batches_have_the_same_mean_and_a_wider_spread():
    steady, batches = record(range(91)), record(np.repeat(np.arange(3, 91, 28), 23))
    calm, rough = outlook_of(steady, TODAY), outlook_of(batches, TODAY)
    assert rough.seekers == pytest.approx(calm.seekers, rel=0.25)
    assert rough.spread > 2 * calm.spread


def test_last_year_s_season_moves_the_forecast_and_one_arrival_does_not():
    usual = np.arange(0, 91)
    rush = np.concatenate([usual, 365 + usual, 365 - np.repeat(np.arange(1, 30), 4)])
    lone = np.concatenate([usual, [470]])
    assert outlook_of(record(rush), TODAY).seekers > 1.5 * outlook_of(record(usual), TODAY).seekers
    assert outlook_of(record(lone), TODAY).seekers == pytest.approx(outlook_of(record(usual), TODAY).seekers, rel=0.05)


def test_without_history_nothing_is_expected():
    seen = outlook_of(record([]), TODAY)
    assert (seen.seekers, seen.spread, dict(seen.openings)) == (0.0, 0.0, {})
    assert seen.fill_rate == pytest.approx(USUAL_FILL)


def test_members_without_a_household_table_count_from_their_registration():
    tables = record([])
    tables["members"] = table(
        "members", *[member(member_id=f"M{k}", registered_on=TODAY - timedelta(days=k)) for k in range(70)]
    )
    assert outlook_of(tables, TODAY).seekers == pytest.approx(AHEAD_DAYS, rel=0.05)


def post(k, kind="EMPLOYER", **changes):
    posted = {
        "posted_on": TODAY - timedelta(days=10),
        "last_confirmed_on": TODAY,
        "openings_total": 10,
        "openings_left": 10,
    }
    return position(position_id=f"P{k:03}", kind=kind, **{**posted, **changes})


def test_how_fast_openings_go_to_others_is_found_again_kind_by_kind():
    rng = np.random.default_rng(3)
    rows = []
    for k in range(300):
        kind, rate = (("EMPLOYER", 0.06), ("PUBLIC_WELFARE", 0.015))[k % 2]
        age = int(rng.integers(3, 20))
        left = int(rng.binomial(10, np.exp(-rate * age)))
        rows.append(
            post(
                k, kind, posted_on=TODAY - timedelta(days=age), openings_left=left, status="open" if left else "filled"
            )
        )
    found = fill_rates(table("positions", *rows), empty(TABLES["placements"]), np.datetime64(TODAY))
    assert found[POSITION_KINDS.index("EMPLOYER")] == pytest.approx(0.06, rel=0.15)
    assert found[POSITION_KINDS.index("PUBLIC_WELFARE")] == pytest.approx(0.015, rel=0.2)


def test_an_opening_the_office_filled_itself_was_not_taken_by_others():
    gone = table("positions", *[post(k, openings_total=1, openings_left=0, status="filled") for k in range(40)])
    started = [
        {
            "placement_id": f"J{k}",
            "member_id": f"M{k}",
            "position_id": f"P{k:03}",
            "kind": "EMPLOYER",
            "started_on": TODAY,
        }
        for k in range(40)
    ]
    ours = fill_rates(gone, table("placements", *started), np.datetime64(TODAY))
    others = fill_rates(gone, empty(TABLES["placements"]), np.datetime64(TODAY))
    assert ours[0] < USUAL_FILL < others[0]


def test_openings_to_come_are_counted_by_kind_and_city_and_only_as_far_as_they_last():
    rows = [post(k, posted_on=TODAY - timedelta(days=3 * k), openings_total=2, openings_left=2) for k in range(30)]
    seen = outlook_of(record([], positions=rows), TODAY)
    ((name, count),) = seen.openings.items()
    assert name == ("EMPLOYER", "4401") and 0.7 * 20.5 < count < 20.5
