"""Stock of zero-employment households: derived from jobs, balanced to the household."""

from datetime import date, timedelta

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.errors import BadInput
from matching.policy.load import load_policy
from matching.reports import Period, stock_movement, stock_series, zero_spells, zero_stock_list
from matching.reports.stock import standing
from tests.matching.people import table

DAY = date(2026, 6, 30)
POLICY = load_policy("440000", DAY)


def record(jobs, recognised="2026-01-10", **household):
    """One household of two members with verified jobs (member, first day, last day or None)."""
    file = {"household_id": "H1", "file_no": "1", "region_code": "440103001", "recognised_on": recognised, **household}
    people = [{"member_id": m, "household_id": "H1", "region_code": "440103001", "registered_on": "2026-01-01",
               "education": "junior", "willing": True} for m in ("A", "B")]  # fmt: skip
    rows = [{"placement_id": f"L{n}", "member_id": m, "kind": "EMPLOYER", "started_on": first, "ended_on": last,
             "evidence": "contract", "verified_on": first} for n, (m, first, last) in enumerate(jobs)]  # fmt: skip
    return table("households", file), table("members", *people), table("placements", *rows)


def spells(jobs, **household):
    return zero_spells(*record(jobs, **household), DAY, POLICY)


def told(frame):
    return [
        (f"{r.began_on:%m-%d}", "" if pd.isna(r.ended_on) else f"{r.ended_on:%m-%d}", r.came, r.went)
        for r in frame.itertuples()
    ]


def test_a_household_without_a_job_is_in_stock_from_recognition():
    assert told(spells([])) == [("01-10", "", "recognised", "")]


def test_the_first_job_lifts_it_and_the_end_of_the_last_brings_it_back():
    found = spells([("A", "2026-02-01", "2026-02-20"), ("B", "2026-02-10", "2026-03-05")])
    assert told(found) == [("01-10", "02-01", "recognised", "lifted"), ("03-06", "", "job_lost", "")]


def test_a_job_the_day_after_another_ends_goes_on():
    found = spells([("A", "2026-02-01", "2026-02-20"), ("B", "2026-02-21", None)])
    assert told(found) == [("01-10", "02-01", "recognised", "lifted")]


def test_a_household_at_work_when_recognised_comes_in_when_the_job_ends():
    assert told(spells([("A", "2025-12-01", "2026-02-28")])) == [("03-01", "", "job_lost", "")]


def test_a_file_that_was_closed_left_and_is_not_counted_after():
    found = spells([], status="moved", closed_on="2026-04-01")
    assert told(found) == [("01-10", "04-01", "recognised", "left")]
    assert not standing(found, date(2026, 4, 1)).any() and standing(found, date(2026, 3, 31)).all()


def test_an_unverified_job_and_a_trainee_place_lift_nobody():
    households, members, placements = record([("A", "2026-02-01", None)])
    assert (
        len(zero_spells(households, members, placements.assign(evidence="none"), DAY, POLICY).query("went == ''")) == 1
    )
    assert told(zero_spells(households, members, placements.assign(kind="TRAINEE"), DAY, POLICY))[0][3] == ""


@st.composite
def histories(draw):
    out = []
    for n in range(draw(st.integers(1, 6))):
        opens = draw(st.integers(0, 60))
        jobs = []
        for _ in range(draw(st.integers(0, 4))):
            first = draw(st.integers(0, 120))
            jobs.append((draw(st.sampled_from("AB")), first, draw(st.none() | st.integers(first, 150))))
        out.append((n, opens, draw(st.none() | st.integers(opens, 150)), jobs))
    return out


@settings(max_examples=30, deadline=None)
@given(histories(), st.integers(0, 150), st.integers(0, 40))
def test_the_stock_balances_and_agrees_with_a_diary(cases, first, length):
    start = date(2026, 1, 1)
    day = lambda n: start + timedelta(days=n)  # noqa: E731
    files, people, jobs = [], [], []
    for n, opens, shuts, held in cases:
        left = {"status": "moved", "closed_on": day(shuts)} if shuts is not None else {}
        files.append(
            {
                "household_id": f"H{n}",
                "file_no": str(n),
                "region_code": "440103001",
                "recognised_on": day(opens),
                **left,
            }
        )
        people += [{"member_id": f"{m}{n}", "household_id": f"H{n}", "region_code": "440103001", "registered_on": start,
                    "education": "junior", "willing": True} for m in "AB"]  # fmt: skip
        jobs += [{"placement_id": f"L{n}-{k}", "member_id": f"{m}{n}", "kind": "EMPLOYER", "started_on": day(a),
                  "ended_on": None if b is None else day(b), "evidence": "contract", "verified_on": day(a)}
                 for k, (m, a, b) in enumerate(held)]  # fmt: skip
    as_of = day(170)
    found = zero_spells(
        table("households", *files), table("members", *people), table("placements", *jobs), as_of, POLICY
    )

    def in_stock(case, n):
        _, opens, shuts, held = case
        here = opens <= n and (shuts is None or n < shuts)
        return here and not any(a <= n and (b is None or n <= b) for _, a, b in held)

    diary = [sum(in_stock(c, n) for c in cases) for n in range(171)]
    some = range(0, 171, 9)
    assert stock_series(found, [day(n) for n in some])["stock"].tolist() == [diary[n] for n in some]
    period = Period("x", day(first), day(first + length))
    moved = stock_movement(found, period, "city").sum(numeric_only=True)
    if len(found):
        assert moved["stock"] == diary[first + length] if first + length <= 170 else True
        assert (
            moved["stock"]
            == moved["stock_before"] + moved["recognised"] + moved["job_lost"] - moved["lifted"] - moved["left"]
        )
    if first + length <= 170:
        [*rows] = zero_stock_list(found, period, "city", ["440100"]).itertuples()
        with_stock = sum(diary[n] > 0 for n in range(first, first + length + 1))
        assert rows == [] if diary[first + length] else rows[0].days_with_stock == with_stock


@pytest.mark.parametrize(
    "label, first, last, before",
    [
        ("2026-02", date(2026, 2, 1), date(2026, 2, 28), "2026-01"),
        ("2026Q1", date(2026, 1, 1), date(2026, 3, 31), "2025Q4"),
        ("2024", date(2024, 1, 1), date(2024, 12, 31), "2023"),
    ],
)
def test_a_period_is_named_as_offices_name_it(label, first, last, before):
    period = Period.of(label)
    assert (period.first, period.last, period.before.label) == (first, last, before)


@pytest.mark.parametrize("label", ["2026-13", "2026Q5", "May", "", "2026-5"])
def test_another_name_of_a_period_is_refused(label):
    with pytest.raises(BadInput, match="expected a month"):
        Period.of(label)
