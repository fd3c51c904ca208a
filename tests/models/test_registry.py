"""The registry: versions that never change, promotion through gates, rollback bit for bit, and a history nobody can rewrite."""

import json

import numpy as np
import pytest

from matching.baseline import BaselineScorer
from matching.errors import BadInput, Conflict, ModelRefused, NotFound, NotReady
from models.gates import judge
from models.registry import Registry
from models.registry_log import CHECKING, SIGNING
from models.train import TrainConfig, fit
from models.trained import Blend, TrainedRanker
from tests.models import region

WHEN = "2026-06-10T02:00:00+08:00"


@pytest.fixture
def registry(tmp_path):
    return Registry(tmp_path / "models")


def save(registry, scorer=None, evaluation=None):
    return registry.save(
        scorer or region.trained(), evaluation or region.evaluation(), made_by="analyst-1", made_at=WHEN
    )


def other():
    """Return another scorer: the same, a shade more cautious."""
    s = region.trained()
    return TrainedRanker(s.ranker, Blend(s.placed.base - 0.1, s.placed.baseline, s.placed.learned), s.stays, s.evidence)


def scores(scorer):
    pairs = region.frame().take(np.arange(400)).pairs
    found = scorer.score(pairs, np.full(400, 14.0))
    return found.p_placed.tobytes() + found.p_stays.tobytes() + found.order.tobytes()


def failing():
    found = region.evaluation()
    failed = {
        **found,
        "differences": {**found["differences"], "rule": {"brier": [0.1, 0.05, 0.2], "ndcg_at_10": [0.0, -0.1, 0.1]}},
    }
    return {**failed, "gates": judge(failed).as_dict()}


def test_an_empty_registry_answers_with_the_baseline(registry):
    assert isinstance(registry.current_scorer(), BaselineScorer)
    assert registry.list() == [] and registry.history() == [] and registry.production() is None


def test_saving_promotes_nothing_and_names_versions_in_order(registry):
    assert [save(registry), save(registry)] == ["v0001", "v0002"]
    assert registry.current_scorer().version == "baseline"
    assert [row["production"] for row in registry.list()] == [False, False]


def test_a_promoted_version_scores_as_it_did_when_it_was_trained(registry):
    gates = registry.promote(save(registry), by="head-1", at=WHEN)
    assert gates["passed"]
    scorer = registry.current_scorer()
    assert scorer.version == "v0001" and scores(scorer) == scores(region.trained())


def test_rollback_restores_the_previous_scores_bit_for_bit_one_step_at_a_time(registry):
    registry.promote(save(registry), by="head-1", at=WHEN)
    first = scores(registry.current_scorer())
    registry.promote(save(registry, other()), by="head-1", at=WHEN)
    assert registry.current_scorer().version == "v0002" and scores(registry.current_scorer()) != first
    assert registry.rollback(by="head-1", at=WHEN, why="complaints") == {"left": "v0002", "production": "v0001"}
    assert registry.current_scorer().version == "v0001" and scores(registry.current_scorer()) == first
    assert scores(Registry(registry.folder).current_scorer()) == first
    assert registry.rollback(by="head-1", at=WHEN)["production"] == "baseline"
    with pytest.raises(Conflict, match="nothing to roll back"):
        registry.rollback(by="head-1", at=WHEN)


def test_a_version_that_fails_a_gate_is_promoted_only_with_a_reason_that_is_kept(registry):
    version = save(registry, evaluation=failing())
    with pytest.raises(Conflict, match="no_worse_than_rule"):
        registry.promote(version, by="head-1", at=WHEN)
    with pytest.raises(BadInput, match="reason"):
        registry.promote(version, by="head-1", at=WHEN, override=" ")
    assert registry.production() is None
    registry.promote(version, by="head-1", at=WHEN, override="trial in one district, ordered in writing")
    last = registry.history()[-1]
    assert (last["by"], last["why"], last["failed_gates"]) == (
        "head-1",
        "trial in one district, ordered in writing",
        ["no_worse_than_rule"],
    )


def test_a_version_nobody_compared_with_the_one_in_charge_is_held_back(registry):
    registry.promote(save(registry), by="head-1", at=WHEN)
    found = region.evaluation()
    stranger = save(registry, other(), {**found, "test": {**found["test"], "fingerprint": "elsewhere"}})
    with pytest.raises(Conflict, match="compared_with_v0001"):
        registry.promote(stranger, by="head-1", at=WHEN)


def test_the_history_tells_what_was_in_production_when_and_who_decided(registry):
    registry.promote(save(registry), by="head-1", at="2026-06-10")
    registry.promote(save(registry, other()), by="head-2", at="2026-06-20")
    registry.rollback(by="head-1", at="2026-06-21", why="complaints")
    told = [(e["event"], e["version"], e["by"], e["at"]) for e in registry.history() if e["event"] != "registered"]
    assert told == [
        ("promoted", "v0001", "head-1", "2026-06-10"), ("promoted", "v0002", "head-2", "2026-06-20"), ("rolled_back", "v0002", "head-1", "2026-06-21"),
    ]  # fmt: skip
    assert registry.show("v0001")["production"] and not registry.show("v0002")["production"]


def test_a_running_reader_sees_what_another_process_s_writer_did(registry):
    reader = Registry(registry.folder)
    assert reader.current_scorer().version == "baseline"
    registry.promote(save(registry), by="head-1", at=WHEN)
    assert reader.current_scorer().version == "v0001"
    assert reader.current_scorer() is reader.current_scorer()
    registry.rollback(by="head-1", at=WHEN)
    assert reader.current_scorer().version == "baseline"


def test_the_manifest_names_features_libraries_data_and_every_file(registry):
    manifest = registry.show(save(registry))["manifest"]
    assert len(manifest["features"]) == len(region.frame().pairs.names)
    assert {"python", "lightgbm", "numpy", "scikit-learn"} <= set(manifest["libraries"])
    assert manifest["data"]["fingerprint"] == region.evaluation()["test"]["fingerprint"]
    assert manifest["evidence"]["config"]["max_rounds"] == 40
    assert {"state.json", "golden.json", "evaluation.json", "card.zh.md", "card.en.md"} <= set(manifest["files"])
    assert not any(name.endswith((".pkl", ".joblib", ".skops")) for name in manifest["files"])


def test_two_versions_are_compared_with_intervals_on_the_same_referrals(registry):
    found = registry.compare(save(registry), save(registry, other()))
    assert found["same_test"] and found["figures"]["ndcg_at_10"] == [0.0, 0.0, 0.0]
    assert (found["first"], found["second"]) == ("v0001", "v0002")


def test_cards_come_with_the_version_in_both_languages(registry):
    version = save(registry)
    assert registry.card(version).startswith("# 模型卡 v0001") and registry.card(version, "en").startswith(
        "# Model card v0001"
    )
    with pytest.raises(BadInput, match="zh, en"):
        registry.card(version, "fr")


@pytest.mark.parametrize("name", ["v9999", "../../etc", "v1", "", "v0001/.."])
def test_names_that_are_no_version_open_nothing(registry, name):
    save(registry)
    with pytest.raises(NotFound):
        registry.load(name)


def test_a_baseline_in_disguise_can_be_registered_and_says_what_it_is(registry):
    untrained = fit(region.frame().take(np.arange(20)), TrainConfig())
    version = save(registry, untrained)
    assert scores(registry.load(version)) == scores(BaselineScorer())


def test_a_machine_with_the_checking_key_alone_serves_but_cannot_promote(registry, tmp_path):
    registry.promote(save(registry), by="head-1", at=WHEN)
    (tmp_path / "models-keys" / SIGNING).unlink()
    assert Registry(registry.folder).current_scorer().version == "v0001"
    with pytest.raises(NotReady, match="signing key"):
        registry.rollback(by="head-1", at=WHEN)
    assert (tmp_path / "models-keys" / CHECKING).is_file()


def test_another_registry_s_key_opens_nothing(registry, tmp_path):
    save(registry)
    foreign = Registry(tmp_path / "others")
    save(foreign)
    with pytest.raises(ModelRefused, match="signature"):
        Registry(registry.folder, keys=tmp_path / "others-keys").list()


def test_a_write_cut_off_half_way_never_happened(registry):
    save(registry)
    log = registry.folder / "history.jsonl"
    whole = log.read_bytes()
    log.write_bytes(whole + b'{"event":"promoted","version":"v00')
    assert Registry(registry.folder).production() is None
    save(registry)
    assert (
        len(log.read_bytes().splitlines()) == 2 and json.loads(log.read_bytes().splitlines()[1])["version"] == "v0002"
    )
