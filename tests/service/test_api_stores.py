"""The interface on SQLite and on PostgreSQL: one caseworker's case from the list to the job."""

import json

import pytest

from tests.service.region import DAY
from tests.service.test_api import items, move, refer, started


@pytest.fixture
def office(office_on_either_store):
    return office_on_either_store


def test_a_case_from_the_worklist_to_a_job(client, office):
    assert [x["member_id"] for x in items(client.get("/api/v1/worklist"))] == ["M4", "M1", "M2", "M3", "M6"]
    shown = items(client.get("/api/v1/members/M1/ranking", headers={"X-Request-Id": "ask-1"}))
    [entry] = office.store.read("journal", request_id="ask-1").to_dict("records")
    assert [x[1] for x in json.loads(entry["after"])["items"]] == [x["position_id"] for x in shown]
    declined = refer(client, "M1", "P5", "key-00000003").json()
    assert refer(client, "M1", "P5", "key-00000003").json() == declined
    assert move(client, declined["referral_id"], "declined", reason="CARE").json()["refusal_justified"] == "yes"
    assert move(client, declined["referral_id"], "attended").status_code == 409
    referral, answer = started(client)
    assert answer.json()["started_on"] == DAY.isoformat()
    assert office.store.read("placements")["referral_id"].tolist() == [referral]
    assert office.store.read("promises", household_id="H1")["state"].tolist() == ["met"]
    assert office.store.read("positions", position_id="P1")["openings_left"].tolist() == [0]
    assert office.store.journal_break() is None


def test_what_is_refused_leaves_the_store_as_it_was(client, office):
    referral = refer(client, "M1", "P1").json()["referral_id"]
    before = office.store.version()
    assert refer(client, "M4", "P1").status_code == 409
    assert move(client, referral, "started", started_on=DAY.isoformat()).status_code == 409
    assert move(client, referral, "rejected", reason="CARE").status_code == 422
    assert office.store.version() == before
