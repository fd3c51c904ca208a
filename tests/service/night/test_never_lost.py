"""Two nights at once never; a day that goes on meanwhile is never overruled. Nights killed anywhere: ``night_killed`` of the trust checks."""

import subprocess
import sys
from datetime import datetime

import pytest

from service.batch import Night, office_night, run_night
from service.clock import LOCAL
from service.wiring import open_office
from tests.service.night import places


@pytest.fixture
def settings(tmp_path):
    found = places.settings_of(tmp_path / "home")
    places.filled(found)
    return found


@pytest.fixture
def settings_on_either_store(tmp_path, database_url):
    found = places.settings_of(tmp_path / "home", database_url)
    places.filled(found)
    return found


@pytest.fixture
def shards(monkeypatch):
    monkeypatch.setattr("matching.night_shards.WHOLE", 4)
    monkeypatch.setattr("matching.night_shards.LEAST", 4)


def test_the_second_of_two_nights_at_once_says_so_and_leaves_with_code_3(settings):
    first, second = places.start(settings), places.start(settings)
    told = [p.communicate(timeout=240) for p in (first, second)]
    codes = [p.returncode for p in (first, second)]
    if 3 in codes:  # else the second began when the first had ended, and found nothing to change
        assert sorted(codes) == [0, 3] and "already running" in told[codes.index(3)][1]
    _, referrals, runs = places.written(settings)
    assert set(runs["state"]) == {"done"} and not referrals.duplicated(["member_id", "position_id"]).any()


def test_a_night_during_the_day_plans_from_one_snapshot_and_never_overfills_a_post(settings_on_either_store, shards):
    with open_office(settings_on_either_store.model_copy(update={"workers": 1}), day=places.DAY) as office:
        taken = {}

        def caseworker(step):
            if step == "frozen":
                [post] = office.store.read("positions", position_id="P001").to_dict("records")
                rows = [
                    {"referral_id": f"C{k}", "member_id": f"M0{k:02}", "position_id": "P001", "created_on": places.DAY, "source": "caseworker",
                     "state": "issued", "suitability": "ok"}
                    for k in range(2 * int(post["openings_left"]))
                ]  # fmt: skip
                with office.store.write() as tx:
                    tx.insert("referrals", rows)
                taken["P001"] = len(rows)

        night = Night(office.store, office.scorer(), "440000", places.DAY, datetime.now(LOCAL), reached=caseworker)
        report = run_night(night)
        referrals = office.store.read("referrals")
        held = referrals["position_id"].value_counts()
        room = office.store.read("positions").set_index("position_id")
        ratio = room["kind"].map({"EMPLOYER": 2, "PUBLIC_WELFARE": 1})
        assert (held <= (room["openings_left"] * ratio).reindex(held.index)).all()
        assert held["P001"] == taken["P001"] and report.dropped > 0
        assert referrals.groupby("member_id").size().max() <= 3


def test_a_run_of_another_day_is_closed_as_failed_and_the_new_night_is_planned(settings, shards):
    stopped = subprocess.run(
        [sys.executable, "-c", places.SMALL_SHARDS, "nightly", "--as-of", "2026-06-09"], capture_output=True, text=True, check=False,
        env=places.environment(settings, ONEMONTH_TEST_BUILD="1", ONEMONTH_CRASH_AT="frozen"),
    )  # fmt: skip
    assert stopped.returncode == -9
    with open_office(settings.model_copy(update={"workers": 1}), day=places.DAY) as office:
        report = office_night(office)
    _, _, runs = places.written(settings)
    assert runs.set_index("run_id")["state"].to_dict()[report.run_id] == "done" and sorted(runs["state"]) == [
        "done",
        "failed",
    ]
    assert not report.resumed


def test_a_crash_is_refused_outside_a_test_build(settings):
    told = places.start(settings, ONEMONTH_CRASH_AT="frozen")
    _, error = told.communicate(timeout=120)
    assert told.returncode == 2 and "test build" in error
