"""The coverage page: every row of the source document that the service must answer, with code and a test that exist."""

import ast
import re
from functools import cache

import pytest

from tests.house.tree import ROOT

BOUNDARY = {
    6, 10, 12, 13, 14, 16, 27, 28, 29, 30, 34, 55, 64, 69, 79, 83, 95, 96, 98, 102, 103,
}  # fmt: skip
"""Rows of the domain model, section 1, that are recorded or left to other systems; the other 83 are core or supporting."""

ROWS = [
    [cell.strip() for cell in line.strip().strip("|").split("|")]
    for line in (ROOT / "docs" / "coverage.md").read_text("utf-8").splitlines()
    if re.match(r"\| \d+ \|", line)
]


@cache
def named_in(path: str) -> frozenset[str]:
    """Return the names of the tests of a file."""
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return frozenset(n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name.startswith("test"))


def test_all_eighty_three_rows_are_there_each_once_in_order():
    assert len(BOUNDARY) == 21
    assert [int(row[0]) for row in ROWS] == [n for n in range(1, 105) if n not in BOUNDARY]
    assert all(len(row) == 4 and all(row) for row in ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_code_and_test_of_a_row_are_in_the_tree(row):
    _, _, where, proof = row
    paths, proofs = re.findall(r"`([^`]+)`", where), re.findall(r"`([^`]+)`", proof)
    assert paths and [p for p in paths if not (ROOT / p).exists()] == []
    later = re.fullmatch(r"issue [4-7](: .+)?", proof.split(";")[-1].strip())
    assert proofs or later, "expected a test, or the issue that brings it"
    for named in proofs:
        path, _, name = named.partition("::")
        assert name in named_in(path), named
