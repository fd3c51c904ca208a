"""The evaluation: figures that can be read, gates that let a good model pass and stop a biased and a worse one."""

import json

import numpy as np
import pytest

from matching.errors import NotReady
from matching.scoring import Scores
from models.baselines import references
from models.card import card
from models.evaluate import evaluate, evaluate_split, render, train_and_evaluate
from models.gates import judge, judge_against
from models.people_groups import member_groups
from models.registry_compare import compare_evaluations
from models.splits import temporal_split
from models.train import TrainConfig
from models.trained import Blend, TrainedRanker
from tests.models import region
from tests.models.region import QUICK, record, referral


def sides():
    frame = region.frame()
    split = temporal_split(frame)
    return frame.take(split.train).known_on(split.test_from - np.timedelta64(1, "D")), frame.take(split.test)


class Biased:
    """A scorer that holds women's chances down."""

    def __init__(self, scorer, members):
        self.scorer = scorer
        self.woman = (members["sex"] == "F").to_numpy()

    def score(self, pairs, days_left):
        s = self.scorer.score(pairs, days_left)
        p = np.where(self.woman[pairs.member % len(self.woman)], s.p_placed * 0.3, s.p_placed)
        return Scores(p, s.p_stays, s.order)


def judged(scorer, **options):
    past, test = sides()
    return evaluate(scorer, test, past, region.tables(), **options)


def worse():
    scorer = region.trained()
    return TrainedRanker(scorer.ranker, Blend(-1.0, 0.0, -0.8), scorer.stays, scorer.evidence)


def test_the_evaluation_is_plain_json_with_n_everywhere():
    found = region.evaluation()
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    for scorer in found["scorers"].values():
        assert set(scorer["horizons"]) == {"7", "14", "30"} and all(h["n"] > 1_000 for h in scorer["horizons"].values())
    assert {"kind", "city", "sex", "age", "disability", "dibao", "hukou", "area", "district"} == set(found["groups"])
    assert sum(g["n"] for g in found["groups"]["kind"].values()) == found["scorers"]["model"]["horizons"]["30"]["n"]
    assert set(found["strata"]) == {"hardest", "middle", "easiest"}


def test_the_model_beats_chance_the_longest_listed_and_the_rule_out_of_time():
    scorers = region.evaluation()["scorers"]
    order = {name: s["ndcg_at_10"][0] for name, s in scorers.items()}
    skill = {name: s["horizons"]["30"]["brier_skill"][0] for name, s in scorers.items()}
    assert order["model"] > max(order["random"], order["first_come"], order["skill_overlap"])
    assert skill["model"] > max(0.02, skill["rule"], skill["random"])
    assert scorers["model"]["ndcg_at_10"][1] < order["model"] < scorers["model"]["ndcg_at_10"][2]


def test_a_sound_model_passes_every_gate():
    assert region.evaluation()["gates"]["failed"] == []
    assert len(region.evaluation()["gates"]["gates"]) >= 8


def test_a_biased_model_is_stopped_by_the_group_gates():
    found = judged(Biased(region.trained(), region.tables()["members"]))
    assert {"calibration_by_group"} <= set(found["gates"]["failed"])
    gate = next(g for g in found["gates"]["gates"] if g["name"] == "calibration_by_group")
    assert any(key.startswith("sex=F") for key in gate["figures"]["beyond"])


def test_a_worse_model_is_stopped_by_error_and_order():
    found = judged(worse(), current=region.trained())
    assert "no_worse_than_current" in found["gates"]["failed"]
    assert found["differences"]["current"]["ndcg_at_10"][2] < 0


def test_promotion_wants_a_comparison_with_what_is_in_production():
    good, bad = region.evaluation(), judged(worse())
    assert judge_against(judge(good), good, "v0001", good).failed == ()
    assert "compared_with_v0001" in judge_against(judge(bad), bad, "v0001", good).failed
    other = {**good, "test": {**good["test"], "fingerprint": "another"}}
    assert judge_against(judge(good), good, "v0001", other).failed == ("compared_with_v0001",)


def test_comparing_a_model_with_itself_differs_by_nothing_and_with_a_worse_one_beyond_the_interval():
    good, bad = region.evaluation(), judged(worse())
    same = compare_evaluations(good, good)
    assert same["same_test"] and all(f[0] == 0 for f in same["figures"].values())
    assert compare_evaluations(good, bad)["figures"]["ndcg_at_10"][2] < 0


def test_too_few_test_starts_say_nothing():
    few = {**region.evaluation(), "test": {**region.evaluation()["test"], "starts": 12}}
    assert judge(few).failed == ("enough_evidence",)


def test_a_group_shown_few_employer_posts_passes_only_where_its_limits_explain_it():
    def with_exposure(available):
        rows = {
            "F": {"n": 60, "non_welfare": 0.4, "available": available, "mean_wage": 1.0},
            "M": {"n": 60, "non_welfare": 0.9, "available": 0.9, "mean_wage": 1.0},
        }
        found = region.evaluation()
        return judge({**found, "fairness": {**found["fairness"], "exposure": {"sex": rows}}}).failed

    assert with_exposure(0.9) == ("exposure",)
    assert with_exposure(0.42) == ()


def test_a_score_that_moves_with_a_barred_attribute_is_stopped():
    found = region.evaluation()
    changed = {"rows": 300, "changed": {"sex": 1}}
    assert judge({**found, "fairness": {**found["fairness"], "perturbation": changed}}).failed == ("barred_attributes",)


def test_no_score_moved_when_only_a_barred_attribute_did():
    test = region.evaluation()["fairness"]["perturbation"]
    assert test["rows"] >= 250
    assert test["changed"] == dict.fromkeys(("sex", "age", "disability", "categories", "hukou", "dibao"), 0)


def test_groups_read_what_the_record_says():
    groups = member_groups(
        record(referral()), np.array(["M1", "M2"], dtype=object), np.full(2, np.datetime64("2026-06-10", "D"))
    )
    assert groups["sex"].tolist() == ["F", "F"] and groups["age"].tolist() == ["40-49", "40-49"]
    assert groups["hukou"].tolist() == ["unknown", "unknown"] and groups["disability"].tolist() == ["none_recorded"] * 2


def test_a_history_too_short_to_judge_is_refused_with_what_is_missing():
    with pytest.raises(NotReady, match="found none"):
        evaluate_split({})
    with pytest.raises(NotReady, match="collect"):
        evaluate_split(record(referral(1), referral(2, position_id="P2")), TrainConfig())


def test_training_and_evaluating_together_is_the_same_as_one_after_the_other():
    scorer, found = train_and_evaluate(region.tables(), QUICK)
    assert found == region.evaluation()
    pairs = region.frame().take(np.arange(200)).pairs
    a, b = (s.score(pairs, np.full(200, 14.0)).p_placed.tobytes() for s in (scorer, region.trained()))
    assert a == b


def test_references_order_by_what_they_are_named_after():
    past, test = sides()
    scorers = references(past)
    pairs = test.take(np.arange(100)).pairs
    listed = pairs.features[:, pairs.names.index("days_listed")]
    assert np.array_equal(
        np.argsort(scorers["first_come"].score(pairs, np.full(100, 7.0)).order), np.argsort(listed.astype(float))
    )
    assert len(set(scorers["random"].score(pairs, np.full(100, 7.0)).order.tolist())) == 100


def test_the_text_and_the_cards_are_made_from_the_evaluation():
    found = region.evaluation()
    shown = render(found)
    assert "written rule" in shown and "hardest" in shown and "FAILED" not in shown
    zh, en = (card(found, "v0007", language, evidence=region.trained().evidence) for language in ("zh", "en"))
    assert zh.startswith("# 模型卡 v0007") and en.startswith("# Model card v0007")
    for text in (zh, en):
        assert str(found["test"]["referrals"]) in text and f"{found['scorers']['model']['ndcg_at_10'][0]:.3f}" in text
    failed = {**found, "gates": {**found["gates"], "gates": [{**found["gates"]["gates"][0], "passed": False}]}}
    assert "failed" in card(failed, "v0007", "en") and "未通过" in card(failed, "v0007", "zh")
