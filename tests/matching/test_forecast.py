"""Which promises will break and why, what one more opening is worth, and that forecasts keep what they say."""

import json
from datetime import date, timedelta

import numpy as np
import pytest

from matching.forecast import DEFAULT_DAYS, kept_at_this_pace, reliability, started_within_days
from tests.matching.people import TODAY, table
from tests.matching.test_nightly import clock, plan, referral, region


def chances(**tables):
    made = plan(region(**tables)).forecast
    return made.set_index("household_id")


def test_a_household_with_more_time_has_the_better_chance():
    due = [clock(k, f"H{k:02}", TODAY + timedelta(days=d)) for k, d in enumerate((2, 9, 30))]
    seen = chances(n_members=6, n_positions=9, promises=due)["chance"]
    assert seen["H00"] < seen["H01"] < seen["H02"]


def test_what_later_nights_bring_counts_beyond_the_referrals_of_tonight():
    made = plan(region())
    held = made.referrals.groupby("household_id")["p_placed"].apply(lambda p: 1 - np.prod(1 - p))
    seen = made.forecast.set_index("household_id")["chance"]
    assert (seen.reindex(held.index) > held).all() and (seen < 1).all()


def promises_of(kept, broken):
    """Promises that fell due in the last three weeks, those kept on their tenth day."""
    began = [TODAY - timedelta(days=31 + k % 20) for k in range(kept + broken)]
    return [
        {**clock(1000 + k, f"X{k:03}", day + timedelta(days=30)), "started_on": day,
         **({"state": "met", "met_on": day + timedelta(days=10 + k % 20)} if k < kept else {"state": "breached"})}
        for k, day in enumerate(began)
    ]  # fmt: skip


def test_a_region_that_keeps_most_promises_is_forecast_better_than_one_that_breaks_most():
    good, bad = (
        chances(n_members=20, n_positions=2, promises=promises_of(*counts))["chance"].mean()
        for counts in ((90, 10), (10, 90))
    )
    assert good > bad + 0.2


def lived(rates, n=3_000, seed=1):
    """Promises begun over the last ninety days, each met at the rate of the day; ``rates`` of a day so many days before today."""
    rng, rows = np.random.default_rng(seed), []
    for k in range(n):
        begun = int(rng.integers(0, 90))
        met = next((d for d in range(1, 31) if begun - d >= 0 and rng.random() < rates(begun - d)), None)
        day = TODAY - timedelta(days=begun)
        state = (
            {"state": "met", "met_on": day + timedelta(days=met)}
            if met
            else {"state": "breached" if begun >= 30 else "running"}
        )
        rows.append({**clock(k, f"X{k}", day + timedelta(days=30)), "started_on": day, **state})
    return table("promises", *rows)


def test_the_share_kept_at_the_pace_of_now_is_found_from_promises_met_running_and_broken():
    steady = kept_at_this_pace(lived(lambda ago: 0.03), TODAY, 0.2)
    assert steady == pytest.approx(1 - 0.97**30, abs=0.04)


def test_a_pace_that_changed_three_weeks_ago_is_seen_long_before_the_promises_of_then_fall_due():
    found = kept_at_this_pace(lived(lambda ago: 0.06 if ago <= 21 else 0.01), TODAY, 0.2)
    assert found == pytest.approx(1 - 0.94**30, abs=0.05)


def test_where_the_record_is_silent_the_share_is_what_is_expected_and_a_late_start_keeps_no_promise():
    assert kept_at_this_pace(table("promises"), TODAY, 0.37) == pytest.approx(0.37)
    met, late = (
        table("promises", *[{**r, "state": state} for r in promises_of(100, 0)]) for state in ("met", "met_late")
    )
    assert kept_at_this_pace(late, TODAY, 0.37) < 0.25 < 0.37 < kept_at_this_pace(met, TODAY, 0.37)


def test_what_blocks_a_household_is_named():
    tables = region(n_members=6, n_positions=3)
    tables["members"].loc[[0, 1], "reachable"] = "unreachable"
    tables["members"].loc[[2, 3], "commute_limit_minutes"] = 9
    tables["members"].loc[[4, 5], "education"] = "primary"
    tables["positions"]["min_education"] = "college"
    seen = plan(tables).forecast.set_index("household_id")
    assert seen.loc["H00", "blocker"] == "UNREACHABLE" and seen.loc["H01", "blocker"] == "NO_POST_IN_REACH"
    assert (
        seen.loc["H02", "blocker"] == "GATE_EDUCATION"
        and json.loads(seen.loc["H02", "blocking"])["GATE_EDUCATION"] == 6
    )
    assert (seen["chance"] < 0.5).all()


def test_who_holds_nothing_because_all_is_taken_waits_for_openings():
    due = [clock(k, f"H{k:02}", TODAY + timedelta(days=8)) for k in range(10)]
    seen = plan(region(n_members=20, n_positions=1, promises=[*due, *promises_of(0, 60)])).forecast
    left = seen[seen["open_referrals"] == 0]
    assert len(left) >= 8 and set(left["blocker"]) == {"OPENINGS"}


def test_one_more_opening_is_worth_most_where_most_is_left_to_gain_and_never_more_than_a_promise():
    few = plan(region(n_members=20, n_positions=2, promises=promises_of(20, 80))).openings
    many = plan(region(n_members=4, n_positions=12, promises=promises_of(90, 10))).openings
    assert (few["worth"].between(0, 1)).all() and set(few["kind"]) <= {"EMPLOYER", "PUBLIC_WELFARE"}
    assert few["worth"].max() > many["worth"].max() if len(many) else True
    assert set(few["region_code"]) == {"440103"}


def test_the_worth_of_an_opening_is_borne_out_when_it_is_added():
    tables = region(n_members=20, n_positions=2, promises=promises_of(20, 80))
    before = plan(tables)
    kind = before.openings.iloc[0]["kind"]
    at = tables["positions"].index[tables["positions"]["kind"] == kind][0]
    tables["positions"].loc[at, ["openings_left", "openings_total"]] += 1
    gained = plan(tables).forecast["chance"].sum() - before.forecast["chance"].sum()
    assert gained > 0.5 * before.openings.iloc[0]["worth"] > 0


def test_the_time_to_a_start_is_that_of_the_record():
    started = [
        referral(
            k,
            f"M{k}",
            "P1",
            created_on=date(2026, 3, 2),
            state="started",
            started_on=date(2026, 3, 2) + timedelta(days=d),
        )
        for k, d in enumerate([2] * 50 + [12] * 50)
    ]
    seen = started_within_days(table("referrals", *started))
    assert seen[1] < 0.1 and seen[5] == pytest.approx(0.5, abs=0.05) and seen[12] > 0.9
    assert (np.diff(seen) >= 0).all() and len(seen) == DEFAULT_DAYS + 1
    assert started_within_days(table("referrals"))[8] == pytest.approx(0.5)


def test_the_reliability_table_shows_forecast_beside_outcome():
    found = reliability(np.array([0.1, 0.15, 0.9, 1.0]), np.array([0.0, 1.0, 1.0, 1.0]))
    assert [(r["n"], r["kept"]) for r in found] == [(2.0, 0.5), (2.0, 1.0)]
