"""What a caller of one region reads does not change with what happens in another: not by a count, a total, an order or a header."""

import io
import re
import zipfile

import pytest

from matching.vocabulary import Role
from service.security.matrix import matrix
from tests.service.security.cells import ELSEWHERE, HOME, PERSONAL, QUERY, SHARED, operations
from tests.service.security.conftest import Callers
from tests.service.security.elsewhere import add_elsewhere

OF_THE_WHOLE = {"ready", "get_metrics", "get_journal_chain"}
"""What tells how the program and its record stand as a whole: how many writes there were, and the end of the chain of entries."""

NEVER_TWICE = re.compile(
    r'name="token" value="[^"]+"|"(seq|at|prev_hash|hash)":[^,}]+'  # a form is sent once; a chain runs through all regions
    r'|\d\d:\d\d|data-label="序号">\s*\d+|<p class="code">\s*[0-9a-f]{16}'
)
"""Words of an answer that differ between two records of the same things."""


READERS = (Role.SUPERVISOR, Role.AUDITOR, Role.ANALYST)
"""Who reads, the first who may: what an operation reads of a region is the same for all who may ask it. Every operation has one of them."""


def readers():
    """Return operation → the first of the readers who may ask it."""
    return {
        name: next(role for role in READERS if matrix().allows(name, role))
        for name in set(matrix().operations) - OF_THE_WHOLE
    }


def read(client, name, path):
    """Return status, headers and text of one reading."""
    for parameter in re.findall(r"{(\w+)}", path):
        path = path.replace("{" + parameter + "}", {**SHARED, **PERSONAL}[parameter])
    answer = client.get(path, params=QUERY.get(name, {}), follow_redirects=False)
    headers = {k: v for k, v in answer.headers.items() if k not in ("x-request-id", "content-length", "traceparent")}
    if answer.content.startswith(b"PK"):
        with zipfile.ZipFile(
            io.BytesIO(answer.content)
        ) as book:  # what a workbook says; when it was made is in docProps
            return (
                answer.status_code,
                headers,
                {n: book.read(n) for n in book.namelist() if not n.startswith("docProps")},
            )
    return answer.status_code, headers, NEVER_TWICE.sub("", answer.text.replace(answer.headers["x-request-id"], ""))


@pytest.mark.parametrize("role", list(READERS))
def test_nothing_read_in_one_region_hangs_on_what_happens_in_another(tmp_path, records, role):
    asked = {name for name, reader in readers().items() if reader == role}
    with records.office(tmp_path / "alone") as alone, records.office(tmp_path / "beside") as beside:
        add_elsewhere(beside)
        callers = Callers(alone)
        one, two = callers.client(role, HOME), Callers(beside).client(role, HOME)
        for name, method, path, _, _ in operations(callers.app.openapi()):
            if method == "get" and name in asked:
                assert read(one, name, path) == read(two, name, path), name
    assert asked


def test_who_sees_every_region_reads_what_was_added(tmp_path, records):
    with records.office(tmp_path / "alone") as alone, records.office(tmp_path / "beside") as beside:
        add_elsewhere(beside)
        callers = Callers(alone)
        one, two = callers.client("supervisor"), Callers(beside).client("supervisor")
        paths = {name: path for name, method, path, _, _ in operations(callers.app.openapi()) if method == "get"}
        asked = {
            name for name in paths if name.startswith("get_") and matrix().allows(name, "supervisor")
        } - OF_THE_WHOLE
        differ = {name for name in asked if read(one, name, paths[name]) != read(two, name, paths[name])}
    assert len(differ) >= 8, sorted(asked - differ)


def test_what_if_counts_promises_of_the_caller_s_regions_and_the_parts_add_up(callers):
    def asked(regions):
        return callers.client("supervisor", regions).post("/api/v1/whatif", json={"hold": ["P1", "P2"]}).json()

    whole, parts = asked(None), [asked(("440103",)), asked(("440104",)), asked(ELSEWHERE)]
    for name in ("promises_kept_before", "promises_kept_after", "gaining", "losing"):
        assert sum(part[name] for part in parts) == pytest.approx(whole[name], abs=1e-3), name
    assert (
        0 < parts[0]["promises_kept_before"] < whole["promises_kept_before"] and parts[2]["promises_kept_before"] == 0
    )
