"""The simulated tables: what an office would hold, whole, dated and marked as simulated."""

import ast
import hashlib
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from matching.errors import TableError
from matching.tables import TABLES, check
from matching.vocabulary import OPEN_REFERRAL_STATES, PathStage
from models.simulation import LABEL, SCENARIOS, lived, simulate_region, tables, with_bad_rows
from models.simulation.caseworker import caseworkers
from models.simulation.geography import central_areas
from models.simulation.office import ids, numbers
from models.simulation.province import province
from tests.house.tree import ROOT, sources

SMALL = replace(SCENARIOS["base"], history_days=200, households_per_city_day=4.0)


@pytest.fixture(scope="module")
def region():
    return simulate_region(SMALL, 3)


def digest(region):
    text = "".join(frame.to_csv() for frame in (*region.tables.values(), region.truth, region.latent))
    return hashlib.sha256(text.encode()).hexdigest()


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not():
    short = replace(SMALL, history_days=60)
    assert digest(simulate_region(short, 1)) == digest(simulate_region(short, 1)) != digest(simulate_region(short, 2))


def test_every_table_is_canonical_and_every_reference_leads_somewhere(region):
    for name, frame in region.tables.items():
        pd.testing.assert_frame_equal(check(TABLES[name], frame).require(), frame)
        for column in TABLES[name].columns:
            if column.references in region.tables:
                parent = region.tables[column.references]
                assert frame[column.name].dropna().isin(parent[TABLES[column.references].key[0]]).all(), (
                    name,
                    column.name,
                )


def test_no_date_but_a_deadline_lies_after_the_day_of_the_record(region):
    ahead = {("positions", "valid_until"), ("promises", "due_on"), ("contacts", "next_due_on")}
    late = [
        (name, column)
        for name, frame in region.tables.items()
        for column in frame.columns
        if frame[column].dtype.kind == "M" and (frame[column] > pd.Timestamp(SMALL.as_of)).any()
    ]
    assert set(late) <= ahead


def test_everything_says_that_it_is_simulated(region):
    keys = {
        "households": "household_id",
        "members": "member_id",
        "positions": "position_id",
        "employers": "employer_id",
        "referrals": "referral_id",
    }
    assert all(region.tables[name][key].str.startswith("SIM").all() for name, key in keys.items())
    assert region.tables["employers"]["name"].str.startswith("模拟").all()
    assert region.label == LABEL == region.truth["label"].iloc[0] == region.latent["label"].iloc[0]


def test_identifiers_and_numbers_turn_into_each_other():
    assert numbers(pd.Series(ids("M", np.array([0, 17, 1_234_567])))).tolist() == [0, 17, 1_234_567]


def test_a_referral_has_the_dates_and_reasons_its_state_asks_for(region):
    frame = region.tables["referrals"]
    is_open = frame["state"].isin(OPEN_REFERRAL_STATES)
    assert frame.loc[is_open, "outcome_on"].isna().all()
    assert frame.loc[~is_open, "outcome_on"].notna().all()
    assert (frame["started_on"].notna() == (frame["state"] == "started")).all()
    assert (frame["outcome_on"].dropna() >= frame.loc[frame["outcome_on"].notna(), "created_on"]).all()
    assert frame.loc[frame["state"] == "rejected", "reason_side"].eq("employer").all()
    assert frame.loc[frame["state"] == "declined", "refusal_justified"].notna().all()
    assert set(frame["state"]) >= {
        "issued",
        "attended",
        "no_show",
        "rejected",
        "declined",
        "started",
        "filled",
        "revoked",
        "no_slip",
    }
    assert frame["p_placed"].isna().all()


def test_one_outcome_in_twelve_never_comes_back_and_few_are_wrong(region):
    frame = region.tables["referrals"].merge(region.truth[["referral_id", "ended_as"]], on="referral_id")
    drawn = frame[frame["ended_as"].isin([0, 1, 2, 3])]
    assert 0.06 < (drawn["state"] == "no_slip").mean() < 0.10
    failed = drawn[drawn["ended_as"].isin([0, 1, 2]) & ~drawn["state"].isin(["no_slip", "issued"])]
    truly = failed["ended_as"].map({0: "no_show", 1: "rejected", 2: "declined"})
    assert 0.005 < (failed["state"] != truly).mean() < 0.03


def test_jobs_that_office_learns_of_late_carry_no_referral(region):
    placements, referrals = region.tables["placements"], region.tables["referrals"]
    linked = placements.dropna(subset=["referral_id"])
    started = referrals.set_index("referral_id").loc[linked["referral_id"], "started_on"]
    assert (started.to_numpy() == linked["started_on"].to_numpy()).all()
    assert placements["referral_id"].isna().any()
    assert (placements["ended_on"] >= placements["started_on"]).loc[placements["ended_on"].notna()].all()


def test_a_promise_is_met_exactly_when_the_job_began_in_time(region):
    frame = region.tables["promises"]
    last = frame["due_on"] + pd.to_timedelta(frame["paused_days"], unit="D")
    assert (frame.loc[frame["state"] == "met", "met_on"] <= last[frame["state"] == "met"]).all()
    assert (frame.loc[frame["state"] == "met_late", "met_on"] > last[frame["state"] == "met_late"]).all()
    assert (last[frame["state"].isin(["running", "paused", "reopened"])] >= pd.Timestamp(SMALL.as_of)).all()
    assert (last[frame["state"] == "breached"] < pd.Timestamp(SMALL.as_of)).all()
    assert frame.loc[frame["state"].isin(["breached", "met_late"]), "breach_cause"].notna().all()


def test_households_with_a_job_are_not_in_service(region):
    households, members = region.tables["households"], region.tables["members"]
    at_work = members[members["employment_state"].isin(["employed", "flexible", "self_employed"])]["household_id"]
    working = households["household_id"].isin(at_work)
    assert not households.loc[working, "status"].isin(["in_service", "recognised"]).any()
    assert set(households["status"]) >= {"in_service", "one_employed", "stable", "withdrawn"}


def test_members_stand_at_every_stage_and_early_ones_lack_assessments(region):
    members, scores = region.tables["members"], region.tables["assessments"]
    assert set(members["path_stage"]) == {stage.value for stage in PathStage}
    per_member = scores[scores["mode"] != "test"].groupby("member_id").size() / 12
    tested = scores[scores["mode"] == "test"].groupby("member_id").size() / 12
    assert abs(per_member.mean() - 0.60) < 0.03
    assert abs(tested.mean() - 0.92) < 0.03
    assert not members["member_id"].isin(scores["member_id"]).all()


def test_stages_of_the_path_follow_one_another(region):
    records = region.tables["path_records"]
    done = records.dropna(subset=["left_on"])
    assert (done["left_on"] >= done["entered_on"]).all()
    for _, mine in records.sort_values(["member_id", "path_record_id"]).groupby("member_id"):
        for earlier, later in pairwise(mine.itertuples()):
            assert earlier.left_on == later.entered_on or earlier.stage == "FOLLOWUP" or earlier.exit == "withdrawn"


def test_posts_the_office_lists_are_fresh_and_some_are_gone_already():
    world = lived(SMALL, 3)
    listed = world.listed()
    frame = tables(world)["positions"].set_index("position_id")
    shown = frame.loc[ids("P", listed)]
    assert (shown["status"] == "open").all()
    assert (shown["openings_left"] > 0).all()
    assert (world.left[listed] == 0).any()
    assert (frame.loc[frame["review_state"] == "quarantined", "status"] == "paused").all()


def test_the_short_form_holds_what_a_night_needs():
    world = lived(SMALL, 3)
    whole, live = tables(world), tables(world, live_only=True)
    open_files = whole["households"].query("status in ('recognised', 'in_service')")["household_id"]
    assert set(open_files) == set(live["households"]["household_id"])
    assert len(live["referrals"]) < len(whole["referrals"]) / 3
    held = whole["referrals"][
        whole["referrals"]["state"].isin(OPEN_REFERRAL_STATES)
        & whole["referrals"]["member_id"].isin(live["members"]["member_id"])
    ]
    assert set(held["referral_id"]) <= set(live["referrals"]["referral_id"])


def test_a_replay_lives_on_after_the_record_and_sees_its_own_day():
    config = replace(SMALL, history_days=60, horizon_days=30)
    world = lived(config, 2)
    assert tables(world)["referrals"]["created_on"].max() <= pd.Timestamp(config.as_of)
    for _ in range(10):
        world.step(caseworkers)
    later = tables(world, live_only=True)
    assert later["referrals"]["created_on"].max() == pd.Timestamp(world.today) > pd.Timestamp(config.as_of)
    assert later["households"]["recognised_on"].max() > pd.Timestamp(config.as_of)
    assert (later["promises"]["started_on"] <= pd.Timestamp(world.today)).all()


def test_a_factory_closure_brings_a_street_to_the_office_in_a_week():
    world = lived(replace(SMALL, history_days=60, closure_households=40), 2)
    frame = tables(world)["households"]
    most = frame.groupby("region_code").size()
    crowd = frame[frame["region_code"] == most.idxmax()]
    away = (crowd["recognised_on"] - crowd["recognised_on"].median()).abs()
    assert (away <= pd.Timedelta(days=7)).sum() >= 40


def test_the_whole_province_is_twenty_one_cities():
    areas = central_areas()
    world = lived(replace(SMALL, areas=areas, history_days=20, households_per_city_day=1.9), 2)
    frames = tables(world)
    assert len({code[:4] for code in areas}) == 21 == len(frames["agencies"])
    assert frames["members"]["region_code"].str[:4].nunique() == 21
    assert frames["members"]["longitude"].notna().all()


def test_an_area_that_is_no_district_is_named():
    with pytest.raises(TableError, match="999999"):
        simulate_region(replace(SMALL, areas=("999999",)), 1)


def test_bad_rows_are_exactly_those_the_door_refuses(region):
    frames, expected = with_bad_rows(region.tables, 5)
    refused = [
        (error.table, error.key, error.column)
        for name, frame in frames.items()
        for error in check(TABLES[name], frame).errors.itertuples()
    ]
    assert sorted(refused) == sorted(expected)
    assert 10 <= len(expected) <= 15
    for name, frame in frames.items():
        good = check(TABLES[name], frame).frame
        assert len(good) == len(region.tables[name]) + (name == "positions")


def test_the_truth_is_under_seal(region):
    sealed = set(region.truth.columns) | set(region.latent.columns)
    shared = {"referral_id", "member_id", "position_id", "propensity"}
    for frame in region.tables.values():
        assert sealed & set(frame.columns) <= shared
    told = []
    for name, tree in sources().items():
        if name.startswith("models.") and not name.startswith(("models.simulation", "models.replay")):
            nodes = [
                n
                for n in ast.walk(tree)
                if isinstance(n, ast.ImportFrom) and (n.module or "").startswith("models.simulation")
            ]
            told += [f"{name}:{node.lineno}" for node in nodes]
    assert told == []
    assert (ROOT / "models" / "simulation").is_dir()


def test_a_province_of_ten_people_in_which_nothing_has_happened_yet_has_its_tables():
    made = province(10, 10, 0)
    assert len(made["members"]) == 10 and len(made["positions"]) == 10
