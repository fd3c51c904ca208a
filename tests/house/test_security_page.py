"""The page of security items: every test and every trust check it names is there, and nothing is called met without something that shows it."""

import ast
import re

import pytest

from tests.house.tree import ROOT
from tests.trust.frame import load

PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")
ROWS = [
    [cell.strip() for cell in line.strip().strip("|").split("|")]
    for line in PAGE.splitlines()
    if line.startswith("| ") and not line.startswith(("| item", "|---"))
]


def all_tests():
    """Return the names of all tests of the tree."""
    trees = (ast.parse(path.read_text("utf-8")) for path in (ROOT / "tests").rglob("test_*.py"))
    return {
        n.name for tree in trees for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name.startswith("test")
    }


def test_every_test_the_page_names_is_in_the_tree():
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    assert len(named) > 60 and named - all_tests() == set()


def test_every_trust_check_the_page_names_is_on_the_list():
    named = set(re.findall(r"`trust: (\w+)`", PAGE))
    assert len(named) > 8 and named - set(load()) == set()


def test_every_file_the_page_names_is_in_the_tree():
    named = re.findall(r"`((?:service|matching|models|docs|tests|deploy)/[\w./-]+)`", PAGE)
    assert named and [path for path in named if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:40])
def test_an_item_has_a_state_of_those_there_are(row):
    assert len(row) == 3 and re.match(
        r"met( in part)?$|in part$|proxy\b|n/a$|not met$|not built$|stated|the installation's$", row[1]
    ), row


@pytest.mark.parametrize("row", [r for r in ROWS if r[1] == "met"], ids=lambda row: row[0][:40])
def test_nothing_is_called_met_without_a_test_or_a_check_beside_it(row):
    assert re.search(r"`(test_\w+|trust: \w+)`", row[2]), row
