"""Regions side by side, and the measurement of training made on them."""

from dataclasses import replace

import pytest

from models.simulation import SCENARIOS
from models.simulation.many import several_regions
from models.training_bench import bench_training
from service.storage.store import TRAINING_TABLES
from tests.models.region import QUICK

YOUNG = replace(SCENARIOS["base"], history_days=150)


@pytest.fixture(scope="module")
def tables():
    return several_regions(YOUNG, TRAINING_TABLES, 3_000)


def test_nobody_lives_in_two_regions_and_every_reference_holds(tables):
    assert len(tables["referrals"]) == 3_000
    assert tables["members"]["member_id"].str.rsplit("-").str[-1].nunique() >= 2
    for name, key in (("members", "member_id"), ("positions", "position_id"), ("households", "household_id")):
        assert tables[name][key].is_unique
        assert tables[name][key].str.startswith("SIM").all()
    assert tables["referrals"]["member_id"].isin(tables["members"]["member_id"]).all()
    assert tables["members"]["household_id"].isin(tables["households"]["household_id"]).all()


def test_the_measurement_ends_in_a_registered_version_and_times_lightgbm_on_the_same_rows(tables, tmp_path):
    steps = []
    found = bench_training(tables, tmp_path / "models", QUICK, lambda *told: steps.append(told))
    assert found["version"] == "v0001" and (tmp_path / "models" / "versions" / "v0001" / "manifest.json").is_file()
    assert found["seconds"] > found["fit_seconds"] > 0 and found["lightgbm_seconds"] > 0
    assert found["ratio_to_lightgbm"] == pytest.approx(found["fit_seconds"] / found["lightgbm_seconds"], rel=0.2)
    assert found["peak_rss_bytes"] > 50_000_000 and found["features"] == 46 and 2_000 < found["referrals"] <= 3_000
    assert {"read the record", "learn", "evaluate", "LightGBM alone"} <= {name for name, *_ in steps}
