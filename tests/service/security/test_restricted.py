"""Restricted columns are read where the matrix says, one person at a time, with an entry in the journal, and nowhere else."""

import json
import re
from pathlib import Path

import pytest

import service.web
from service.security.matrix import RESTRICTED, matrix
from tests.service.security.cells import ELSEWHERE, HOME

NAMES = {column.split(".")[1] for column in RESTRICTED}


def ask(client, member="M1"):
    return client.get(f"/api/v1/members/{member}/restricted", params={"reason": "subsidy asked for"})


@pytest.mark.parametrize("role", ["caseworker", "supervisor"])
def test_a_role_reads_its_columns_and_each_reading_is_an_entry_without_values(callers, role):
    answer = ask(callers.client(role, HOME))
    assert set(answer.json()["facts"]) == matrix().reads[role]
    entry = callers.office.store.read("journal").iloc[-1]
    assert (entry["action"], entry["object_id"], entry["actor"]) == ("restricted.read", "M1", callers.name(role, HOME))
    assert set(json.loads(entry["after"])["columns"]) == matrix().reads[role]
    assert "zero_employment" in str(answer.json()["facts"]) and "zero_employment" not in entry["after"]


@pytest.mark.parametrize("role", ["analyst", "auditor", "post_officer", "admin", "service"])
def test_other_roles_read_none(callers, role):
    assert ask(callers.client(role, HOME)).status_code == 403
    assert matrix().reads[role] == frozenset()


def test_another_region_reads_none_and_leaves_no_entry(callers):
    client = callers.client("supervisor", ELSEWHERE)
    before = len(callers.office.store.read("journal"))
    assert ask(client).status_code == 404
    assert len(callers.office.store.read("journal")) == before


def test_no_answer_of_another_operation_has_a_restricted_column(callers):
    api = callers.app.openapi()
    for path in api["paths"].values():
        for operation in path.values():
            if operation["operationId"] not in matrix().columns:
                good = [r for status, r in operation["responses"].items() if status < "300"]
                named = _properties(good, api["components"]["schemas"], set())
                assert named & NAMES == set(), operation["operationId"]


def _properties(node, schemas, seen):
    """Return the names of all properties an answer may have."""
    if isinstance(node, list):
        return set().union(*(_properties(n, schemas, seen) for n in node)) if node else set()
    if not isinstance(node, dict):
        return set()
    found = set(node.get("properties", {})) if isinstance(node.get("properties"), dict) else set()
    reference = node.get("$ref", "").rpartition("/")[2] if isinstance(node.get("$ref"), str) else ""
    if reference and reference not in seen:
        seen.add(reference)
        found |= _properties(schemas[reference], schemas, seen)
    return found.union(*(_properties(v, schemas, seen) for k, v in node.items() if k != "$ref"))


def test_a_template_shows_a_restricted_column_only_to_who_may_read_it():
    folder = Path(service.web.__file__).parent / "templates"
    told = re.compile(rf"(?<![\"'])\b[a-z_]+[.\[]['\"]?({'|'.join(NAMES)})\b")
    for path in folder.rglob("*.html"):
        text = re.sub(r'name="[^"]*"', "", path.read_text("utf-8"))  # a field to fill in tells nothing
        shown = told.findall(re.sub(r'"[a-z_]+\.[a-z_]+" in reads', "", text))
        assert not shown or '" in reads' in text, (path.name, shown)
