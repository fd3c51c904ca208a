"""Every operation has its row, and a row names an operation that exists."""

import pytest

from matching.tables import TABLES
from service.app import ROUTERS, app_of
from service.security.matrix import RESTRICTED, Matrix, matrix
from service.security.principals import ANYONE


def names():
    return [route.name for router in ROUTERS for route in router.routes]


def test_every_operation_and_every_page_has_a_row_and_every_row_an_operation(office):
    api = app_of(office).openapi()
    operations = {op["operationId"] for path in api["paths"].values() for op in path.values()}
    assert operations <= set(names())
    assert set(names()) | {"favicon"} == set(matrix().operations)


def test_no_two_operations_share_a_name():
    behind = {(route.name, route.endpoint) for router in ROUTERS for route in router.routes}
    assert len(behind) == len(set(names()))


def test_restricted_columns_exist():
    for column in RESTRICTED:
        table, name = column.split(".")
        assert name in TABLES[table].names


def test_an_operation_without_a_row_is_refused_to_everybody(callers):
    @callers.app.get("/api/v1/unlisted")
    def unlisted():
        return {"all": "of it"}

    for role in ("admin", "supervisor", "service"):
        assert callers.client(role).get("/api/v1/unlisted").status_code == 403
    assert callers.nobody().get("/api/v1/unlisted").status_code == 403


def test_a_role_may_what_its_row_says_and_anyone_what_is_open_to_anyone():
    made = Matrix(
        {"open": frozenset({ANYONE}), "own": frozenset({"caseworker"}), "shut": frozenset()},
        {"caseworker": frozenset({"members.sex"}), "auditor": frozenset()},
        {"own": frozenset({"members.sex", "members.categories"})},
    )
    assert made.allows("open", ANYONE) and made.allows("open", "auditor") and made.allows("own", "caseworker")
    assert (
        not made.allows("own", ANYONE) and not made.allows("own", "auditor") and not made.allows("shut", "caseworker")
    )
    assert not made.allows("unlisted", "caseworker") and not made.allows("unlisted", ANYONE)
    assert made.readable("own", "caseworker") == {"members.sex"}
    assert (
        made.readable("own", "auditor")
        == made.readable("own", "admin")
        == made.readable("open", "caseworker")
        == frozenset()
    )


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            '[operations]\nx = ["boss"]\n[reads]\n[columns]\n',
            r"expected roles of admin, analyst, anyone, .*found \['boss'\]",
        ),
        ('[operations]\nx = ["admin"]\n[reads]\nboss = []\n[columns]\n', r"found \['boss'\]"),
        (
            '[operations]\n[reads]\nadmin = ["members.name"]\n[columns]\n',
            r"expected restricted columns, found \['members.name'\]",
        ),
        ('[operations]\n[reads]\n[columns]\nx = ["members.name"]\n', r"found \['members.name'\]"),
    ],
)
def test_a_matrix_that_names_what_there_is_not_stops_the_start(tmp_path, monkeypatch, rows, message):
    (tmp_path / "matrix.toml").write_text(rows, "utf-8")
    monkeypatch.setattr("service.security.matrix.files", lambda package: tmp_path)
    with pytest.raises(ValueError, match=message):
        matrix.__wrapped__()


def test_the_columns_that_serve_priority_and_audit_only_are_these_eight():
    assert {
        "members.sex", "members.birth_month", "members.categories", "members.disability_level", "members.unemployed_since",
        "households.dibao_status", "households.hardship_level", "households.hukou_region_code",
    } == RESTRICTED  # fmt: skip
