"""Every refusal leaves as a problem document that says what was expected, what came and what to do."""

import pytest
from fastapi.testclient import TestClient
from jsonschema import Draft202012Validator
from sqlalchemy.exc import OperationalError

from matching import errors as core
from service import schemas
from service.api.guard import MAX_BODY_BYTES
from service.app import app_of
from service.errors import EXCEPTIONS, MEDIA_TYPE, PROBLEMS, document, problem_of
from service.use_cases.refusals import Ineligible


def every_subclass(kind):
    return {kind}.union(*(every_subclass(k) for k in kind.__subclasses__()))


def is_problem(answer, status, slug):
    body = answer.json()
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert (answer.status_code, body["status"], body["type"]) == (status, status, f"/problems/{slug}")
    schemas.Problem.model_validate(body)
    return True


def test_every_error_the_software_raises_on_purpose_has_a_place_in_the_table():
    for kind in every_subclass(core.OneMonthError) - {core.OneMonthError}:
        error = kind("x", ()) if kind is Ineligible else kind("x")
        assert problem_of(error).slug != "internal", kind


def test_the_table_names_only_kinds_that_exist():
    assert {slug for _, slug in EXCEPTIONS} <= set(PROBLEMS)


def test_what_was_not_raised_on_purpose_tells_nothing_of_the_inside():
    body = document(ZeroDivisionError("secret figure 42"), "/api/v1/x")
    assert body["status"] == 500
    assert "42" not in str(body)
    body = document(OperationalError("SELECT secret", {"id": 7}, Exception("disk")), "/api/v1/x")
    assert body["status"] == 503
    assert "secret" not in str(body)
    assert "disk" not in str(body)


@pytest.mark.parametrize(
    ("method", "path", "status", "slug"),
    [
        ("GET", "/api/v1/members/M99/ranking", 404, "not-found"),
        ("GET", "/api/v1/positions/P99/ranking", 404, "not-found"),
        ("GET", "/api/v1/members/M1/positions/P99/explanation", 404, "not-found"),
        ("GET", "/api/v1/referrals/R99", 404, "not-found"),
        ("GET", "/api/v1/nowhere", 404, "not-found"),
        ("DELETE", "/api/v1/worklist", 405, "method"),
        ("GET", "/api/v1/worklist?limit=0", 422, "invalid"),
        ("GET", "/api/v1/worklist?after=x", 422, "invalid"),
        ("GET", "/api/v1/members/M1/ranking?kind=NONE", 422, "invalid"),
    ],
)
def test_wrong_questions_are_answered_with_a_problem(client, method, path, status, slug):
    assert is_problem(client.request(method, path), status, slug)


def test_a_body_that_is_not_json_is_400_and_one_of_another_type_415(client):
    broken = client.post("/api/v1/referrals", content=b"{", headers={"Content-Type": "application/json"})
    assert is_problem(broken, 400, "malformed")
    text = client.post("/api/v1/referrals", content=b"member_id=M1", headers={"Content-Type": "text/plain"})
    assert is_problem(text, 415, "media-type")


def test_a_body_over_the_limit_is_413(client):
    large = client.post(
        "/api/v1/rank", content=b" " * (MAX_BODY_BYTES + 1), headers={"Content-Type": "application/json"}
    )
    assert is_problem(large, 413, "too-large")


def test_a_body_of_unknown_length_is_cut_off_at_the_limit(client):
    chunks = (b" " * 100_000 for _ in range(MAX_BODY_BYTES // 100_000 + 1))
    assert is_problem(
        client.post("/api/v1/rank", content=chunks, headers={"Content-Type": "application/json"}), 413, "too-large"
    )


def test_a_missing_field_is_pointed_at(client):
    answer = client.post("/api/v1/referrals", json={"member_id": "M1"})
    assert is_problem(answer, 422, "invalid")
    assert answer.json()["errors"][0]["pointer"] == "/body/position_id"


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "http://evil.example"}]
)
def test_a_change_another_site_asks_for_is_refused(client, office, headers):
    answer = client.post("/api/v1/referrals", json={"member_id": "M1", "position_id": "P1"}, headers=headers)
    assert is_problem(answer, 403, "cross-site")
    assert office.store.read("referrals").empty


def test_a_change_from_the_service_s_own_pages_passes(client):
    headers = {"Sec-Fetch-Site": "same-origin", "Origin": "http://testserver"}
    body = {"member_id": "M1", "position_id": "P1"}
    assert client.post("/api/v1/referrals", json=body, headers=headers).status_code == 201


def test_a_store_that_does_not_answer_is_503_with_a_time_to_try_again(office):
    app = app_of(office)

    @app.get("/api/v1/broken", name="health")
    def broken():
        raise OperationalError("SELECT 1", {}, Exception("gone"))

    answer = TestClient(app, raise_server_exceptions=False).get("/api/v1/broken")
    assert is_problem(answer, 503, "store-unavailable")
    assert int(answer.headers["retry-after"]) > 0


def test_a_fault_of_ours_is_500_with_the_request_s_number(office):
    app = app_of(office)

    @app.get("/api/v1/broken", name="health")
    def broken():
        return 1 / 0

    answer = TestClient(app, raise_server_exceptions=False).get("/api/v1/broken")
    assert is_problem(answer, 500, "internal")
    assert "zero" not in answer.text


def test_people_get_a_page_in_their_language(client):
    answer = client.get("/members/M99")
    assert answer.status_code == 404
    assert "没有这个编号" in answer.text
    client.cookies.set("language", "en")
    assert "Nothing has this number" in client.get("/members/M99").text


def test_answers_travel_with_safe_headers(client):
    for path in ("/worklist", "/api/v1/worklist", "/members/M99", "/nowhere"):
        headers = client.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'self'")
        assert (headers["x-content-type-options"], headers["cache-control"]) == ("nosniff", "no-store")


def test_no_answer_lets_another_site_read_it_no_route_traces_and_no_file_of_the_checkout_is_served(client):
    there = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST"}
    for method, path in (
        ("GET", "/worklist"),
        ("GET", "/api/v1/worklist"),
        ("OPTIONS", "/api/v1/referrals"),
        ("GET", "/nowhere"),
    ):
        found = client.request(method, path, headers=there).headers
        assert [name for name in found if name.startswith("access-control-")] == []
    assert client.request("TRACE", "/api/v1/worklist").status_code == 405
    hidden = ("/.git/config", "/static/../app.py", "/static/%2e%2e/view.py", "/pyproject.toml", "/static/")
    assert {client.get(path).status_code for path in hidden} == {404} and not client.app.debug


def test_every_operation_documents_its_problems_with_examples_that_are_valid(client):
    api = client.get("/openapi.json").json()
    validator = Draft202012Validator({**api["components"]["schemas"]["Problem"], "components": api["components"]})
    for path, operations in api["paths"].items():
        for method, operation in operations.items():
            told = {int(s): r for s, r in operation["responses"].items() if int(s) >= 400}
            assert {400, 401, 403, 422, 429, 500, 503} <= set(told), (path, method)
            assert method == "get" or {403, 413, 415} <= set(told), (path, method)
            for status, response in told.items():
                for example in response["content"][MEDIA_TYPE]["examples"].values():
                    validator.validate(example["value"])
                    assert example["value"]["status"] == status


def test_every_request_example_is_valid(client):
    api = client.get("/openapi.json").json()
    bodies = [
        op["requestBody"]["content"]["application/json"]
        for ops in api["paths"].values()
        for op in ops.values()
        if "requestBody" in op and "application/json" in op["requestBody"]["content"]
    ]
    assert len(bodies) >= 20
    for body in bodies:
        validator = Draft202012Validator({**body["schema"], "components": api["components"]})
        for example in body["examples"].values():
            validator.validate(example["value"])
