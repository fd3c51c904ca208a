"""What an operator sees: figures for Prometheus, lines of JSON, traces; each names routes and never a person."""

import json
import subprocess
import sys
import time

import pytest
from fastapi.testclient import TestClient
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from prometheus_client.parser import text_string_to_metric_families

from service.api.watch import BOUNDS
from service.app import app_of
from service.batch import office_night
from service.settings import Settings
from service.storage.schema import approvals, refused_rows
from service.tracing import tracer_of
from service.wiring import open_office
from tests.house.tree import ROOT
from tests.service.records import fill
from tests.service.region import DAY


def figures(client, **headers):
    answer = client.get("/metrics", headers=headers)
    assert answer.status_code == 200
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_requests_are_counted_by_route_and_status_and_no_identifier_is_in_a_label(client):
    for path in (
        "/api/v1/members/M1/ranking",
        "/api/v1/members/M2/ranking",
        "/api/v1/members/M99/ranking",
        "/M1/typed",
    ):
        client.get(path)
    client.post("/api/v1/referrals", content=b"x", headers={"Content-Type": "text/plain"})
    found, route = figures(client), "/api/v1/members/{member_id}/ranking"
    assert found["onemonth_http_requests_total", *sorted(("GET", route, "200"))] == 2
    assert found["onemonth_http_requests_total", *sorted(("GET", route, "404"))] == 1
    assert found["onemonth_http_requests_total", "(none)", "404", "GET"] == 1
    assert found["onemonth_http_requests_total", "(none)", "415", "POST"] == 1
    assert found["onemonth_http_request_seconds_count", *sorted(("GET", route))] == 3
    assert found["onemonth_http_request_seconds_bucket", *sorted(("+Inf", "GET", route))] == 3
    assert found["onemonth_http_requests_open",] == 1
    assert len([1 for name, *_ in found if name == "onemonth_http_request_seconds_bucket"]) % (len(BOUNDS) + 1) == 0
    text = client.get("/metrics").text
    assert "M1" not in text and "M99" not in text and "typed" not in text


def test_the_office_s_work_is_in_the_figures(client, office):
    assert ("onemonth_night_seconds",) not in figures(client)
    report = office_night(office)
    waiting = {
        "approval_id": "A1", "kind": "model.promotion", "object_type": "models", "object_id": "v0001", "region_code": "", "payload": "{}",
        "reason": "x", "state": "proposed", "proposed_by": "x", "proposed_at": "2026-11-02T09:00:00+08:00",
    }  # fmt: skip
    cell = {"import_id": "I1", "n": 0, "file": "a.csv", "row": 2, "column": "c", "found": "f", "expected": "e"}
    with office.store.write() as tx:
        tx.execute(approvals.insert(), waiting)
        tx.execute(refused_rows.insert(), cell)
    found = figures(client)
    assert found["onemonth_night_proposals",] == report.written > 0
    assert found["onemonth_night_gap",] == report.plan.certificate.gap
    assert 0 <= found["onemonth_night_seconds",] < 60 and found["onemonth_nights_running",] == 0
    assert found["onemonth_approvals_waiting", "model.promotion"] == 1
    assert found["onemonth_import_refused_cells_total",] == 1
    assert found["onemonth_model_info", "baseline"] == 1


def test_a_problem_and_its_answer_carry_the_request_s_number(client):
    answer = client.get("/api/v1/members/M99/ranking", headers={"X-Request-Id": "desk-7.1"})
    assert answer.headers["x-request-id"] == answer.json()["request_id"] == "desk-7.1"
    assert "desk-7.1" in client.get("/members/M99", headers={"X-Request-Id": "desk-7.1"}).text
    odd = client.get("/api/v1/members/M99/ranking", headers={"X-Request-Id": "a b\tc"})
    assert odd.headers["x-request-id"] == odd.json()["request_id"] != "a b\tc"


@pytest.mark.parametrize("path", ["/api/v1/broken", "/broken"])
def test_a_fault_of_ours_leaves_with_its_number_and_safe_headers(office, path):
    app = app_of(office)

    @app.get(path, name="health")
    def broken():
        raise RuntimeError("secret of M1")

    answer = TestClient(app).get(path, headers={"X-Request-Id": "number-1"})
    assert (answer.status_code, answer.headers["x-request-id"]) == (500, "number-1")
    assert "default-src 'self'" in answer.headers["content-security-policy"] and "secret" not in answer.text


def test_every_line_of_the_log_is_json_with_the_request_s_number_and_no_value():
    code = (
        "import logging, sys; from service import logs; logs.configure(); from fastapi.testclient import TestClient\n"
        "from tests.service.records import fill; from service.app import app_of; from service.wiring import open_office\n"
        "from service.settings import Settings; from tests.service.region import DAY; import tempfile, pathlib\n"
        "with tempfile.TemporaryDirectory() as d, open_office(Settings(home=pathlib.Path(d)), day=DAY) as office:\n"
        "    app = app_of(fill(office))\n"
        "    @app.get('/api/v1/broken/{m}', name='health')\n"
        "    def broken(m): raise ValueError('secret ' + m)\n"
        "    client = TestClient(app)\n"
        "    client.get('/api/v1/broken/M1', headers={'X-Request-Id': 'n1'}); client.get('/members/M2', headers={'X-Request-Id': 'n2'})\n"
        "    client.get('/health')\n"
        "try: int('secret')\n"
        "except ValueError: logging.getLogger('other').exception('odd')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout == "" and "secret" not in done.stderr and "M1" not in done.stderr and "M2" not in done.stderr
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert all({"event", "level", "timestamp"} <= set(line) for line in lines)
    fault, first, second, other = lines
    assert (fault["error"], fault["request_id"], first["request_id"], second["request_id"]) == (
        "ValueError",
        "n1",
        "n1",
        "n2",
    )
    assert (first["status"], second["status"], second["route"]) == (500, 200, "/members/{member_id}")
    assert (other["event"], other["error"]) == ("odd", "ValueError") and other["at"]


def test_one_setting_sends_a_span_a_request_with_its_statements_and_nobody_s_number(tmp_path, collector, monkeypatch):
    address, sent = collector
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
    with open_office(Settings(home=tmp_path, traces_url=address), day=DAY) as office:
        client = TestClient(app_of(fill(office)))
        parent = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
        client.get("/api/v1/members/M1/ranking?q=M-typed", headers={"traceparent": parent, "X-Request-Id": "n1"})
        until = time.monotonic() + 20
        while not any(b"GET /api" in body for _, body in sent) and time.monotonic() < until:
            time.sleep(0.02)
    assert {path for path, _ in sent} == {"/v1/traces"}
    assert not any(b"M1" in body or b"M-typed" in body for _, body in sent)
    batches = [ExportTraceServiceRequest.FromString(body) for _, body in sent]
    spans = [s for b in batches for r in b.resource_spans for scope in r.scope_spans for s in scope.spans]
    [request] = [s for s in spans if s.name == "GET /api/v1/members/{member_id}/ranking"]
    assert request.trace_id.hex() == "a" * 32 and request.parent_span_id.hex() == "b" * 16
    inside = [s for s in spans if s.name.startswith("store ")]
    assert inside and {s.parent_span_id for s in inside} == {request.span_id}


def test_without_the_setting_nothing_is_traced(office):
    assert tracer_of(office.settings) is None
