"""The life of a version as the service sees it: what answers, who decided, the shadow, the watch, metrics; over HTTP and the use cases."""

import json
import threading
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from matching.errors import BadInput, Conflict, NotFound, NotReady
from matching.ranking import rank
from service.app import app_of
from service.settings import Settings
from service.shadow import QUEUE, Shown, shadow_report
from service.storage.store import TRAINING_TABLES
from service.use_cases import model_life
from service.use_cases import watch as watching
from service.use_cases.rank import rank_member
from service.use_cases.refer import refer
from service.wiring import open_office
from tests.models import region
from tests.service.records import fill
from tests.service.region import DAY


@pytest.fixture
def living(tmp_path):
    """An office on the small region with two versions stored: the trained scorer and one whose every gate figure is the same."""
    with open_office(Settings(home=tmp_path), day=DAY) as office:
        fill(office)
        for at in ("2026-10-01T08:00:00+08:00", "2026-10-08T08:00:00+08:00"):
            office.registry.save(region.trained(), region.evaluation(), made_by="analyst-1", made_at=at)
        yield office


@pytest.fixture
def http(living):
    return TestClient(app_of(living))


def ask(http, path, status=200):
    answer = http.get(f"/api/v1/models{path}")
    assert answer.status_code == status, answer.text
    return answer.json()


def test_promotion_and_rollback_name_who_decided_and_who_approved_in_both_histories(living):
    found = model_life.promote(living, by="analyst-1", approved_by="head-1")
    assert found["version"] == "v0002" and found["gates"]["passed"]
    assert living.scorer().version == "v0002"
    assert model_life.rollback(living, by="head-1", approved_by="head-2", why="complaints")["production"] == "baseline"
    told = [(e["event"], e["by"], e["approved_by"]) for e in model_life.history(living) if e["event"] != "registered"]
    assert told == [("promoted", "analyst-1", "head-1"), ("rolled_back", "head-1", "head-2")]
    entries = living.store.read("journal", object_type="models")
    assert entries["action"].tolist() == ["model.promoted", "model.rolled_back"]
    assert json.loads(entries["after"].iloc[0])["approved_by"] == "head-1" and entries["reason"].iloc[1] == "complaints"


def test_nobody_approves_what_they_decide_and_nobody_overrides_a_gate_alone(living):
    with pytest.raises(BadInput, match="second person"):
        model_life.promote(living, by="analyst-1", approved_by="analyst-1")
    with pytest.raises(BadInput, match="second person"):
        model_life.promote(living, by="analyst-1", override="ordered in writing")
    with pytest.raises(BadInput, match="second person"):
        model_life.rollback(living, by="analyst-1", approved_by=" ")
    assert living.registry.production() is None


def test_versions_are_listed_shown_and_compared_over_http(http, living):
    model_life.promote(living, "v0001", by="analyst-1")
    found = ask(http, "")
    assert [row["version"] for row in found["items"]] == ["v0001", "v0002"] and found["production"] == "v0001"
    shown = ask(http, "/v0002")
    assert shown["cards"]["zh"].startswith("# 模型卡 v0002") and not shown["production"]
    assert shown["evaluation"]["gates"]["passed"]
    assert ask(http, "/compare")["same_test"] and ask(http, "/compare")["first"] == "v0001"
    assert [e["event"] for e in ask(http, "/history")["items"]] == ["registered", "registered", "promoted"]
    assert ask(http, "/v0009", 404)["status"] == 404
    assert ask(http, "/elsewhere", 422)["status"] == 422


def test_a_shadow_scores_the_lists_that_were_shown_and_changes_none(living, http):
    before = rank_member(living, "M1").as_dict()
    model_life.set_shadow(living, "v0002", by="analyst-1")
    assert rank_member(living, "M1").as_dict() == before
    rank_member(living, "M3")
    living.shadow.wait()
    found = model_life.shadow(living)
    assert (found["version"], found["running"], found["beside"]) == ("v0002", "v0002", ["baseline"])
    assert found["lists"] == 2 and found["failed"] == found["dropped"] == 0 and found["largest"] > 0
    assert 0 <= found["same_first"][0] <= 1 and found["days"][0]["on"] == DAY.isoformat()
    assert ask(http, "/shadow")["lists"] == 2
    notes = (living.shadow.folder / "v0002.jsonl").read_text()
    assert "M1" not in notes and "M3" not in notes


def test_a_version_in_its_own_shadow_would_have_shown_the_same(living):
    model_life.promote(living, "v0001", by="analyst-1")
    model_life.set_shadow(living, "v0001", by="analyst-1")
    rank_member(living, "M1")
    living.shadow.wait()
    found = model_life.shadow(living)
    assert found["same_first"][0] == found["overlap"][0] == 1.0 and found["largest"] == 0.0


def test_a_promoted_version_leaves_the_shadow_and_an_ended_one_writes_no_more(living):
    model_life.set_shadow(living, "v0002", by="analyst-1")
    model_life.promote(living, "v0002", by="analyst-1")
    assert model_life.versions(living)["shadow"] is None
    model_life.set_shadow(living, "v0001", by="analyst-1")
    model_life.set_shadow(living, None, by="analyst-1")
    rank_member(living, "M1")
    living.shadow.wait()
    assert model_life.shadow(living, "v0001")["lists"] == 0
    with pytest.raises(Conflict, match="no version runs"):
        model_life.set_shadow(living, None, by="analyst-1")
    with pytest.raises(NotFound, match="no version runs"):
        model_life.shadow(living)
    with pytest.raises(NotFound, match="no version v0077"):
        model_life.shadow(living, "v0077")


def test_a_shadow_that_cannot_be_loaded_or_fails_leaves_the_answer_alone(living):
    model_life.set_shadow(living, "v0002", by="analyst-1")
    (living.registry.folder / "versions" / "v0002" / "state.json").write_bytes(b"{}")
    assert rank_member(living, "M1").items
    living.shadow.wait()
    assert shadow_report(living.shadow.folder, "v0002")["lists"] == 0


class Stuck:
    """A scorer that waits until it is told to go on, and then fails."""

    version = "stuck"

    def __init__(self):
        self.go = threading.Event()

    def score(self, pairs, days_left):
        assert self.go.wait(60)
        raise ValueError("cannot")


def test_lists_that_find_the_shadow_busy_are_let_go_and_counted(living):
    model_life.set_shadow(living, "v0002", by="analyst-1")
    rank_member(living, "M1")
    living.shadow.wait()
    stuck = Stuck()
    living.shadow._scorer.current = lambda: stuck
    index = living.now()
    i = index.member_row("M1")
    ranking = rank(index.pairing, i, living.scorer(), 4.0, index.policy, taken=index.taken(i))
    shown = Shown(index, i, 4.0, 5, None, index.taken(i), ranking)
    for _ in range(QUEUE + 10):
        living.shadow.beside(shown)
    stuck.go.set()
    living.shadow.wait()
    failed = shadow_report(living.shadow.folder, "stuck")
    assert failed["lists"] == 0 and QUEUE <= failed["failed"] <= QUEUE + 1
    del living.shadow._scorer.current
    living.shadow.beside(shown)
    living.shadow.wait()
    assert model_life.shadow(living)["dropped"] >= 9


@pytest.fixture(scope="module")
def watched_office(tmp_path_factory):
    """The simulated region in an office of its own, on the last day of its record, its scorer promoted twelve weeks before."""
    home = tmp_path_factory.mktemp("watched")
    day = region.frame().cutoff.astype("datetime64[D]").item()
    with open_office(Settings(home=home), day=day) as office:
        with office.store.write() as tx:
            for name in TRAINING_TABLES:
                tx.insert(name, region.tables()[name])
        version = office.registry.save(
            region.trained(), region.evaluation(), made_by="a", made_at="2026-03-18T08:00:00+08:00"
        )
        office.registry.promote(version, by="a", at="2026-03-18T08:00:00+08:00")
        yield office


def test_the_watch_begins_with_the_promotion_is_made_once_a_day_and_read_by_the_metrics(watched_office):
    assert [f.name for f in watching.figures(watched_office)] == ["onemonth_model_info"]
    found = watching.watch(watched_office)
    assert (found["version"], found["since"]) == ("v0001", "2026-03-18") and len(found["weeks"]) >= 10
    assert "LEARNED_FROM_SOME" in found["notes"]
    assert watching.watch(watched_office) == found
    figures = watching.figures(watched_office)
    assert {f.name for f in figures} >= {
        "onemonth_model_alarms",
        "onemonth_model_input_psi",
        "onemonth_model_calibration_gap",
    }
    assert next(f.value for f in figures if f.name == "onemonth_model_alarms") == len(found["alarms"])
    gaps = {f.labels["days"]: f.value for f in figures if f.name == "onemonth_model_calibration_gap"}
    assert gaps["30"] == found["overall"]["30"]["gap"][0]


def test_the_watch_and_the_override_report_answer_over_http(watched_office):
    http = TestClient(app_of(watched_office))
    assert ask(http, "/watch")["since"] == "2026-03-18"
    assert ask(http, "/watch?since=2026-05-04")["since"] == "2026-05-04"
    found = ask(http, "/overrides")
    assert found["referrals"] > 1_000 and found["not_shown"] == found["referrals"] and found["verdict"] == "too_few"


def test_an_office_without_outcomes_has_nothing_to_watch(office, client):
    with pytest.raises(NotReady, match="referrals"):
        watching.watch(office)
    assert client.get("/api/v1/models/watch").status_code == 503


def test_the_reason_of_a_departure_is_the_one_the_officer_gave(office):
    listed = rank_member(office, "M3").items
    refer(office, "M3", listed[1].position_id, reason="KNOWS_EMPLOYER")
    found = watching.overrides(office)
    assert found["referrals"] == 1 and found["pending"] == 1
    entry = office.store.read("journal", action="referral.issued")
    assert entry["reason"].tolist() == ["KNOWS_EMPLOYER"]


@pytest.mark.parametrize(("regions", "seen"), [(("440103",), 1), (("440183",), 0)])
def test_the_report_on_departures_counts_people_of_the_caller_s_regions_only(office, regions, seen):
    refer(office, "M3", rank_member(office, "M3").items[1].position_id, reason="KNOWS_EMPLOYER")
    there = replace(office, regions=regions, store=office.store.limited_to(regions))
    assert watching.overrides(there)["referrals"] == seen
