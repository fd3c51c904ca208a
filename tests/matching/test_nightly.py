"""One night: capacity, locks, the bottom line, reasons for everyone left without, the same plan for the same record."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from matching.baseline import BaselineScorer
from matching.errors import BadInput, TableError
from matching.nightly import NightState, plan_night
from matching.policy.load import load_policy
from matching.scoring import Scores
from tests.matching.people import TODAY, household, member, position, table

POLICY = load_policy("440000", TODAY)


def region(n_members=12, n_positions=6, **tables):
    """Return a small region: two members a household, posts of two kinds nearby."""
    people = [
        member(
            member_id=f"M{k:02}",
            household_id=f"H{k // 2:02}",
            wage_floor=240_000 + 5_000 * k,
            longitude=113.24 + 0.001 * k,
        )
        for k in range(n_members)
    ]
    posts = [
        position(
            position_id=f"P{k:02}",
            kind="PUBLIC_WELFARE" if k % 3 == 0 else "EMPLOYER",
            openings_left=1,
            openings_total=1,
            wage_min=280_000 + 10_000 * k,
        )
        for k in range(n_positions)
    ]
    homes = [household(household_id=f"H{k:02}", file_no=f"F{k}") for k in range((n_members + 1) // 2)]
    base = {
        "households": table("households", *homes),
        "members": table("members", *people),
        "positions": table("positions", *posts),
    }
    return {**base, **{name: table(name, *rows) for name, rows in tables.items()}}


def plan(tables, seed=0):
    return plan_night(NightState(TODAY, **tables), BaselineScorer(), POLICY, rng=np.random.default_rng(seed))


def referral(k, member_id, position_id, **changes):
    return {
        "referral_id": f"R{k}",
        "member_id": member_id,
        "position_id": position_id,
        "created_on": date(2026, 6, 9),
        "state": "issued",
        **changes,
    }


def lock(kind, member_id=None, position_id=None, **changes):
    return {
        "lock_id": f"L{kind}{member_id}{position_id}",
        "kind": kind,
        "member_id": member_id,
        "position_id": position_id,
        "reason_code": "OFFICER",
        "made_by": "officer",
        "made_on": date(2026, 6, 9),
        **changes,
    }


def test_nobody_is_referred_beyond_capacity_and_the_certificate_says_so():
    tables = region()
    made = plan(tables)
    room = tables["positions"].set_index("position_id")
    ratio = room["kind"].map({"EMPLOYER": 2, "PUBLIC_WELFARE": 1})
    assert (
        len(made.referrals)
        and (
            made.referrals["position_id"].value_counts()
            <= (room["openings_left"] * ratio).reindex(made.referrals["position_id"].unique()).max()
        ).all()
    )
    assert made.referrals.groupby("member_id").size().max() <= 3
    assert made.certificate.feasible and made.certificate.gap <= 0.01


def test_a_proposal_of_which_a_rule_cannot_be_told_is_not_called_suitable():
    tables = region(n_members=2, n_positions=1)
    tables["members"].loc[0, "commute_limit_minutes"] = None
    tables["members"].loc[1, "household_id"] = "H9"
    tables["positions"].loc[0, ["kind", "openings_left", "openings_total"]] = ["EMPLOYER", 2, 2]
    told = plan(tables).referrals.set_index("member_id")["suitability"].to_dict()
    assert told == {"M00": "unknown", "M01": "ok"}


def test_everyone_left_without_has_a_reason_and_nobody_is_lost():
    tables = region(n_members=30)
    made = plan(tables)
    placed, left = set(made.referrals["member_id"]), set(made.unplaced["member_id"])
    assert placed | left == set(tables["members"]["member_id"]) and not placed & left
    assert set(made.unplaced["code"]) == {"ALL_TAKEN_TONIGHT"}


def test_who_can_reach_nothing_is_told_the_nearest_change():
    tables = region()
    tables["members"].loc[0, "commute_limit_minutes"] = 9
    told = plan(tables).unplaced.set_index("member_id").loc["M00"]
    assert told["code"] in ("NO_POST_IN_REACH", "NOTHING_ELIGIBLE") and "UNBLOCK_COMMUTE" in told["nearest_change"]


def test_the_same_record_gives_the_same_plan_whatever_the_order_of_its_rows():
    tables = region(n_members=20, n_positions=9)
    shuffled = {n: t.sample(frac=1, random_state=5).reset_index(drop=True) for n, t in tables.items()}
    assert plan(tables).fingerprint() == plan(tables).fingerprint() == plan(shuffled).fingerprint()


def test_a_standing_referral_holds_its_place_and_its_slot():
    made = plan(region(referrals=[referral(1, "M00", "P00"), referral(2, "M01", "P01"), referral(3, "M02", "P01")]))
    assert not {("M00", "P00"), ("M01", "P01")} & set(
        zip(made.referrals["member_id"], made.referrals["position_id"], strict=True)
    )
    assert "P00" not in set(made.referrals["position_id"]) and "P01" not in set(made.referrals["position_id"])


@pytest.mark.parametrize("end", ["rejected", "declined", "no_show"])
def test_a_post_that_ended_for_a_member_is_not_proposed_again(end):
    made = plan(
        region(
            n_members=1, n_positions=1, referrals=[referral(1, "M00", "P00", state=end, outcome_on=date(2026, 6, 9))]
        )
    )
    assert len(made.referrals) == 0 and made.unplaced["code"].tolist() == ["NOTHING_ELIGIBLE"]


def test_human_decisions_are_carried_out():
    pinned, excluded = lock("pin", "M07", "P01"), lock("exclude", "M06", "P02")
    made = plan(region(locks=[pinned, excluded, lock("hold", None, "P03"), lock("hold", "M05")]))
    pairs = set(zip(made.referrals["member_id"], made.referrals["position_id"], strict=True))
    assert ("M07", "P01") in pairs and ("M06", "P02") not in pairs
    assert "P03" not in set(made.referrals["position_id"]) and "M05" not in set(made.referrals["member_id"])


def test_an_expired_lock_binds_nobody():
    made = plan(region(n_members=1, n_positions=1, locks=[lock("hold", None, "P00", expires_on=date(2026, 6, 9))]))
    assert made.referrals["position_id"].tolist() == ["P00"]


def test_a_pin_that_may_not_be_carried_out_is_reported_and_not_forced():
    tables = region(locks=[lock("pin", "M00", "P01")])
    tables["positions"].loc[1, "status"] = "paused"
    made = plan(tables)
    assert [n.code for n in made.notes] == ["PIN_NOT_POSSIBLE"] and "GATE_CLOSED" in str(made.notes[0].facts["gates"])
    assert "P01" not in set(made.referrals["position_id"])


def test_in_the_last_days_a_member_with_an_eligible_welfare_opening_holds_one():
    clock = {"promise_id": "X1", "household_id": "H05", "started_on": date(2026, 5, 14), "due_on": date(2026, 6, 15)}
    made = plan(region(promises=[clock]))
    kinds = made.referrals[made.referrals["household_id"] == "H05"]
    assert "PUBLIC_WELFARE" in set(kinds["kind"]) and set(kinds["tier"]) == {"P0"}


def test_yesterday_s_untouched_proposals_are_kept_or_withdrawn_and_the_change_is_told():
    first = plan(region())
    drafts = [
        referral(k, r.member_id, r.position_id, state="draft", source="night")
        for k, r in enumerate(first.referrals.itertuples())
    ]
    again = plan(region(referrals=drafts))
    assert len(again.referrals) == 0 and set(again.diff["change"]) == {"kept"}
    gone = region(referrals=drafts)
    gone["positions"].loc[1, "openings_left"] = 0
    told = plan(gone).diff
    lost = told[told["position_id"] == "P01"]
    assert set(lost["change"]) <= {"withdrawn"} and set(lost["code"]) <= {"NO_LONGER_POSSIBLE"} and len(lost)


def test_an_unknown_table_or_a_bad_row_stops_the_night_with_its_name():
    with pytest.raises(TableError, match="horoscopes"):
        NightState(TODAY, horoscopes=table("members"))
    bad = table("members", member())
    bad["education"] = "phd"
    with pytest.raises(TableError, match="education"):
        NightState(TODAY, members=bad)


def test_an_empty_record_gives_an_empty_plan():
    made = plan({})
    assert len(made.referrals) == len(made.unplaced) == len(made.forecast) == 0 and made.certificate.feasible


def test_a_frame_without_rows_and_columns_is_a_table_left_out_and_nothing_else_passes_for_a_table():
    tables = region(n_members=4, n_positions=3)
    assert (
        plan(tables | {"referrals": pd.DataFrame(), "locks": pd.DataFrame([])}).fingerprint()
        == plan(tables).fingerprint()
    )
    with pytest.raises(TableError, match="referrals: expected a DataFrame, found NoneType"):
        NightState(TODAY, referrals=None)


def test_what_is_no_generator_stops_the_night_before_it_begins():
    with pytest.raises(
        BadInput, match=r"rng: expected a numpy.random.Generator, found None; numpy.random.default_rng\(0\) makes one"
    ):
        plan_night(NightState(TODAY), BaselineScorer(), POLICY, rng=None)


class Told(BaselineScorer):
    """A scorer that answers what it was told."""

    version = "told"

    def __init__(self, answer):
        self.answer = answer

    def score(self, pairs, days_left):
        usual = super().score(pairs, days_left)
        return Scores(self.answer(usual.p_placed), usual.p_stays, usual.order)


@pytest.mark.parametrize(
    "answer, said",
    [
        (lambda p: np.where(p > p.min(), p, np.nan), r"p_placed in \[0, 1\], found nan"),
        (lambda p: np.full(len(p), 1.7), r"p_placed in \[0, 1\], found 1\.7"),
        (lambda p: p[:, None], r"p_placed of shape \(36,\), found \(36, 1\)"),
    ],
)
def test_a_scorer_that_answers_no_chance_a_pair_stops_the_night_with_its_name(answer, said):
    with pytest.raises(BadInput, match=f"scorer told: expected {said}"):
        plan_night(NightState(TODAY, **region(6, 6)), Told(answer), POLICY, rng=np.random.default_rng(0))


def test_the_forecast_counts_every_open_referral_of_the_household():
    made = plan(region())
    held = made.referrals[made.referrals["household_id"] == "H00"]
    row = made.forecast.set_index("household_id").loc["H00"]
    assert row["open_referrals"] == len(held) and row["chance"] >= 1 - np.prod(1 - held["p_placed"])


def clock(number, household_id, due_on, **changes):
    started = {
        "promise_id": f"X{number}",
        "household_id": household_id,
        "started_on": date(2026, 5, 4),
        "due_on": due_on,
    }
    return {**started, **changes}


def test_a_promise_that_can_still_be_kept_comes_before_one_that_is_broken_and_that_before_a_second_job():
    tables = region(
        n_members=6,
        n_positions=1,
        promises=[
            clock(0, "H00", date(2026, 6, 4)),
            clock(1, "H01", date(2026, 6, 24)),
            clock(2, "H02", date(2026, 6, 4), state="met", met_on=date(2026, 6, 3)),
        ],
    )
    tables["positions"].loc[0, ["openings_left", "openings_total"]] = 1
    served = []
    while len(tables["members"]):
        made = plan(tables).referrals
        served.append(made["household_id"].iloc[0])
        tables["members"] = tables["members"][~tables["members"]["household_id"].isin(made["household_id"])]
    assert served == ["H01", "H00", "H02"]


def test_a_broken_promise_is_planned_with_a_month_ahead_and_never_with_no_time_at_all():
    late = plan(region(n_members=1, n_positions=3, promises=[clock(0, "H00", date(2026, 6, 4))])).referrals
    fresh = plan(region(n_members=1, n_positions=3, promises=[clock(0, "H00", date(2026, 7, 10))])).referrals
    assert late["p_placed"].tolist() == pytest.approx(fresh["p_placed"].tolist()) and set(late["days_left"]) == {0}


@pytest.mark.parametrize(("made_on", "held"), [(date(2026, 5, 20), True), (date(2026, 5, 19), False)])
def test_a_referral_nobody_reported_on_for_three_weeks_holds_the_post_no_longer(made_on, held):
    silent = referral(1, "M01", "P00", created_on=made_on)
    made = plan(region(n_members=4, n_positions=1, referrals=[silent]))
    assert (len(made.referrals) == 0) == held and "M01" not in set(made.referrals["member_id"])


def test_who_names_no_limit_may_work_at_home_and_who_finds_no_post_at_all_is_told():
    at_home = region(n_members=1, n_positions=1)
    at_home["members"]["commute_limit_minutes"] = at_home["members"]["commute_limit_minutes"].astype("Int64") * pd.NA
    at_home["positions"]["home_based"] = True
    assert plan(at_home).referrals["position_id"].tolist() == ["P00"]
    nothing = region(n_members=2, n_positions=1)
    del nothing["positions"]
    assert plan(nothing).unplaced["code"].tolist() == ["NO_POST_IN_REACH"] * 2
