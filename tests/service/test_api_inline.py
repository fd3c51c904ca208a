"""Ranking for other systems: everything in the request, nothing stored."""

from service.api.examples import EXAMPLES
from tests.service.region import MEMBERS, POSITIONS

BODY = EXAMPLES["rank"]["one post"]["value"]


def ask(client, **changes):
    return client.post("/api/v1/rank", json={**BODY, **changes})


def test_the_example_ranks_and_stores_nothing(client, office):
    before = office.store.version()
    answer = ask(client).json()
    assert [x["position_id"] for x in answer["items"]] == ["B1"]
    assert answer["items"][0]["reasons"]
    assert office.store.version() == before


def test_inline_and_stored_facts_get_the_same_score(client):
    stored = client.get("/api/v1/members/M3/ranking", params={"limit": 10}).json()
    post = next(p for p in POSITIONS if p["position_id"] == "P5")
    member = next(m for m in MEMBERS if m["member_id"] == "M3")
    answer = ask(client, member=member, positions=[post], days_left=stored["days_left"]).json()
    score = {x["position_id"]: x["score"] for x in stored["items"]}["P5"]
    assert answer["items"][0]["score"] == score


def test_a_field_outside_the_data_dictionary_is_named_and_not_read(client):
    answer = ask(client, member={**BODY["member"], "religion": "x"}).json()
    assert answer["ignored"] == ["members.religion"]


def test_a_bad_value_is_named(client):
    answer = ask(client, member={**BODY["member"], "wage_floor": -5})
    assert answer.status_code == 422
    assert "wage_floor" in answer.json()["detail"]
    answer = ask(client, positions=[{**BODY["positions"][0], "kind": "SOMETHING"}])
    assert answer.status_code == 422
    assert "kind" in answer.json()["detail"]


def test_a_post_sent_twice_is_refused(client):
    assert ask(client, positions=BODY["positions"] * 2).status_code == 422


def test_a_member_with_no_suitable_post_learns_what_would_open_one(client):
    post = {**BODY["positions"][0], "longitude": 113.9, "latitude": 23.5}
    answer = ask(client, positions=[post]).json()
    assert answer["items"] == []
    assert answer["blocked"] == {"GATE_COMMUTE": 1}
    assert answer["nearest_change"][0]["code"] == "UNBLOCK_COMMUTE"
