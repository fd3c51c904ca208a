"""Every word in both languages, every reason with a sentence."""

import re
from importlib.resources import files

import pytest

from matching import vocabulary as v
from matching.eligibility import Gate
from matching.features import REASON_CODES
from matching.reasons import Reason
from service.errors import PROBLEMS
from service.web.forms import form
from service.web.wording import LANGUAGES, Wording, catalogue, placeholders

ENTITLEMENTS = [
    "POST_SUBSIDY",
    "INSURANCE_SUBSIDY",
    "ON_POST_ALLOWANCE",
    "WELFARE_SUBSIDIES",
    "FLEXIBLE_SUBSIDY",
    "DIBAO_LINKAGE",
]

CODES = [
    *(f"ENTITLEMENT_{e}" for e in ENTITLEMENTS),
    *REASON_CODES,
    *(g.name for g in Gate),
    *(g.name.replace("GATE_", "UNKNOWN_") for g in Gate if g not in (Gate.GATE_LOCK, Gate.GATE_ALREADY_REFERRED)),
    *(g.name.replace("GATE_", "UNBLOCK_") for g in Gate
      if g not in (Gate.GATE_CLOSED, Gate.GATE_QUARANTINE, Gate.GATE_EMPLOYER_BARRED, Gate.GATE_BELOW_MIN_WAGE, Gate.GATE_AGE_LEGAL, Gate.GATE_LOCK)),
]  # fmt: skip

LABELS = {
    "reachable": v.Reachable, "path_stage": v.PathStage, "education": v.Education, "functional_limit": v.FunctionalLimit,
    "kind": v.PositionKind, "referral_state": v.ReferralState, "refusal": v.RefusalReason, "rejection": v.EmployerRejection,
    "justified": v.Justified, "evidence": v.Evidence, "dimension": v.Dimension, "category": v.HardshipCategory,
}  # fmt: skip


def test_both_catalogues_have_the_same_keys_and_quote_the_same_facts():
    zh, en = catalogue("zh"), catalogue("en")
    assert set(zh) == set(en)
    assert {k for k in zh if placeholders(zh[k]) != placeholders(en[k])} == set()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", CODES)
def test_every_reason_code_has_a_sentence(language, code):
    w = Wording(language)
    for weight in (-1.0, 0.0, 1.0):
        assert code not in w.reason(Reason(code, {}, weight))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("family", LABELS)
def test_every_code_of_a_closed_list_has_a_label(language, family):
    assert [c.value for c in LABELS[family] if not Wording(language).has(f"label.{family}.{c.value}")] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_of_problem_and_every_gate_has_words(language):
    w = Wording(language)
    assert all(w.has(f"problem.{slug}") for slug in PROBLEMS)
    assert all(w.has(f"label.gate.{g.name}") for g in Gate)


def test_templates_hold_no_words_of_their_own():
    for file in (files("service.web") / "templates").iterdir():
        text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<!--.*?-->|<[^>]*>", " ", file.read_text("utf-8"), flags=re.S)
        assert re.findall(r"[A-Za-z一-鿿]{2,}", text) == [], file.name


def test_every_key_a_template_asks_for_is_in_the_catalogue():
    asked = set()
    for file in (files("service.web") / "templates").iterdir():
        asked |= set(re.findall(r"""w\(['"]([a-z_.0-9-]+[a-z0-9_])['"]""", file.read_text("utf-8")))
    assert asked - set(catalogue("zh")) == set()
    assert len(asked) > 50


def test_facts_are_written_in_the_way_of_the_language():
    zh, en = Wording("zh", {"440103": "荔湾区"}.get), Wording("en", {"440103": "Liwan"}.get)
    wage = Reason("WAGE", {"wage_min_fen": 260000, "wage_max_fen": 320050, "floor_fen": 230000}, 0.3)
    assert zh.reason(wage) == "工资 ¥2,600 至 ¥3,200.5，本人期望不低于 ¥2,300"
    assert en.reason(wage) == "pays CN¥2,600 to CN¥3,200.5, the member expects at least CN¥2,300"
    gate = Reason("GATE_REGION", {"region_code": "440103", "accepted": "440103"})
    assert zh.reason(gate) == "工作地在荔湾区，成员只接受：荔湾区"
    assert (
        en.reason(Reason("GATE_EDUCATION", {"have": 1, "need": 3}))
        == "education junior secondary, the post asks college"
    )
    assert zh.reason(
        Reason("GATE_SCHEDULE", {"shift_start": 510, "shift_end": 1050, "earliest_start": 540, "latest_end": None})
    ) == ("班次 08:30 至 17:30，成员只能 09:00 至 不详")


def test_the_sentence_follows_the_facts_and_the_weight():
    w = Wording("en")
    assert w.reason(Reason("COMMUTE", {"home_based": True, "commute_minutes": 0}, 0.1)) == "done at home, no commute"
    assert (
        w.reason(Reason("COMMUTE", {"commute_minutes": 70, "limit_minutes": None}, -0.1))
        == "about 70 min to work (own limit unknown min)"
    )
    assert form(Reason("WISH", {"wanted": False, "told": False})) == "untold"
    assert w.reason(Reason("NEW_CODE", {}, 1.0)) == "reason code NEW_CODE"


def test_a_chance_is_shown_as_a_band_with_its_range():
    assert [Wording("zh").chance(p) for p in (0.0, 0.3, 0.6, 1.0)] == [
        "低（0%–30%）",
        "中（30%–60%）",
        "高（60%–100%）",
        "高（60%–100%）",
    ]


def test_restricted_categories_are_never_printed():
    for language in LANGUAGES:
        words = Wording(language)
        shown = {words.label("category", c) for c in ("rehabilitated", "released", "recovered")}
        assert len(shown) == 1
