"""Every code the rules give a reason or a task has its sentence in both catalogues."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from matching.reasons import Reason
from matching.vocabulary import POSITION_KINDS
from service.web.wording import LANGUAGES, Wording, catalogue, placeholders

ROOT = Path(__file__).parents[2]
MAKERS = {"Reason", "_task", "_found", "_reason"}
"""Calls that are given a code."""

CODE = re.compile(r"[A-Z]+(_[A-Z]+)+")
FINDINGS = ROOT / "matching/post_review.py"
"""Findings on posts are a table, of code and words or of code and rule, and no calls."""


def constants(node):
    return {n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)}


@cache
def codes():
    """Find every code: given to a maker of reasons as it is or chosen there, or named in the module that makes it."""
    found = set()
    for path in [*ROOT.glob("matching/**/*.py"), *ROOT.glob("service/**/*.py")]:
        tree = ast.parse(path.read_text("utf-8"))
        for node in ast.walk(tree):
            name = getattr(getattr(node, "func", None), "id", "")
            if name in MAKERS:
                found |= {c for given in node.args for c in constants(given) if CODE.fullmatch(c)}
        found |= {c for c in constants(tree) if re.fullmatch(r"(TASK|ABUSE|REFUSALS)(_[A-Z]+)+", c)}
    return sorted(found - {"TASK_DISLIKE"})


def test_the_codes_of_every_area_are_found():
    assert {
        "TASK_TELL_VOID",
        "TASK_PATH",
        "REFUSALS_REACHED",
        "ABUSE_RELATIVE",
        "PIN_NOT_POSSIBLE",
    } <= set(codes())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_has_its_sentence(language):
    words = Wording(language)
    assert [c for c in codes() if c in words.reason(Reason(c, {}))] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_finding_on_a_post_has_its_name_and_what_to_change(language):
    tree = ast.parse(FINDINGS.read_text("utf-8"))
    found = {c for c in constants(tree) if CODE.fullmatch(c)} - set(POSITION_KINDS)
    words = Wording(language)
    assert "FEE_CHARGED" in found
    assert [c for c in found if not (words.has(f"label.finding.{c}") and words.has(f"desk.change.{c}"))] == []


def test_no_sentence_is_kept_for_a_code_that_is_gone():
    kept = {k.split(".")[1] for k in catalogue("zh") if re.match(r"reason\.(TASK|ABUSE|REFUSALS)_", k)}
    assert kept - set(codes()) == set()


def test_sentences_quote_facts_by_name_only():
    assert all(
        re.fullmatch(r"[a-z_]+", name)
        for k, text in catalogue("en").items()
        for name in placeholders(text)
        if k.startswith("reason.")
    )
