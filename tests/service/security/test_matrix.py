"""Every operation has its row, and a row names an operation that exists."""

from matching.tables import TABLES
from service.app import ROUTERS, app_of
from service.security.matrix import RESTRICTED, matrix


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
