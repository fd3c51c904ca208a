"""The matrix of rights, cell by cell: every operation × every role × {own region, other region, every region}."""

import json

import pytest
import sqlalchemy as sa

from matching.vocabulary import Role
from service.security.matrix import matrix
from service.security.principals import ANYONE
from service.storage.schema import approvals, bulletins, metadata, uploads
from tests.service.conftest import add
from tests.service.region import DAY
from tests.service.security.cells import (
    ABSENT,
    ELSEWHERE,
    HOME,
    NOTHING_YET,
    PEOPLE,
    PERSONAL,
    call,
    operations,
    personal,
)

DONE = {200, 201, 303, 409, 412, 422, 503}
"""What a caller who may is answered: done, or why the record's present state does not allow it."""


@pytest.fixture
def record(callers):
    """A referral, a lock and an appeal of somebody at home, a fair, and a step that waits for a second person."""
    office = callers.office
    row = {
        "referral_id": "R-home", "member_id": "M1", "position_id": "P4", "created_on": DAY, "source": "caseworker", "state": "issued",
        "suitability": "ok",
    }  # fmt: skip
    add(office, "referrals", [row])
    began = {
        "placement_id": "L-home", "referral_id": "R-home", "member_id": "M1", "position_id": "P4", "kind": "EMPLOYER", "started_on": DAY,
        "evidence": "contract",
    }  # fmt: skip
    add(office, "placements", [began])
    bound = {
        "lock_id": "X-home",
        "kind": "exclude",
        "position_id": "P9",
        "member_id": "M1",
        "reason_code": "OTHER",
        "made_by": "somebody",
        "made_on": DAY,
    }
    add(office, "locks", [bound])
    add(
        office, "appeals", [{"appeal_id": "B-home", "member_id": "M1", "about": "data", "filed_on": DAY, "due_on": DAY}]
    )
    add(
        office,
        "job_fairs",
        [{"job_fair_id": "F-any", "held_on": DAY, "region_code": "440103001", "place": "A", "position_ids": "P2"}],
    )
    waiting = {
        "approval_id": "A-home", "kind": "model.promotion", "object_type": "models", "object_id": "v0001", "region_code": "440103001",
        "payload": "{}", "reason": "M1", "state": "proposed", "proposed_by": "somebody", "proposed_at": "2026-11-02T09:00:00+08:00",
    }  # fmt: skip
    published = {
        "bulletin_id": "Z-home", "kind": "shares", "period": "2026-09", "level": "district", "scope": "440103", "revision": 1,
        "figures": '{"main": []}', "sha256": "0" * 64, "published_by": "somebody", "published_at": "2026-10-08T09:00:00+08:00", "note": "M1",
    }  # fmt: skip
    sent = {
        "upload_id": "Uhome", "actor": "somebody", "scope": "440103", "name": "M1.xlsx", "size": 1, "sha256": "0" * 64, "table_name": None,
        "state": "done", "report": '{"sheets": []}', "made_at": "2026-11-02T09:00:00+08:00", "ended_at": "2026-11-02T09:00:00+08:00",
    }  # fmt: skip
    with office.store.write() as tx:
        tx.execute(uploads.insert(), sent)
        tx.execute(approvals.insert(), waiting)
        tx.execute(bulletins.insert(), published)
    return callers


def expected(name, role, scope, about_somebody):
    """Return the statuses a cell allows."""
    if ANYONE not in matrix().operations[name] and not matrix().allows(name, role):
        return {401, 303} if role == ANYONE else {403}
    if name in ("login_form", "password_form"):
        return {401, 403, 429}
    if name in NOTHING_YET:
        return {NOTHING_YET[name]}
    if about_somebody and scope == ELSEWHERE:
        return {404}
    return (
        DONE | {403, 404} if name in ("post_approval", "post_decision", "approval_form") else DONE
    )  # the kind of step narrows it further


@pytest.mark.parametrize("role", list(Role))
def test_every_cell_is_as_stated_and_tells_nothing_of_other_regions(record, role):
    cells = 0
    for scope in (HOME, ELSEWHERE, None):
        client = record.client(role, scope)
        for name, method, path, body, form in operations(record.app.openapi()):
            if name == "logout_form":
                continue
            answer, told = call(client, name, method, path, body, form)
            about_somebody = personal(name, path, body) and name != "get_referrals" and name != "post_rank"
            assert answer.status_code in expected(name, role, scope, about_somebody), (
                name,
                role,
                scope,
                answer.text[:300],
            )
            if scope == ELSEWHERE or answer.status_code == 403:
                assert PEOPLE.findall(told) == [], (name, role, scope)
            cells += 1
    assert cells >= 3 * len(matrix().operations) - 9


def test_who_has_not_logged_in_gets_nothing_but_the_open_pages(record):
    client = record.nobody()
    for name, method, path, body, form in operations(record.app.openapi()):
        answer, told = call(client, name, method, path, body, form)
        assert PEOPLE.findall(told) == [], name
        if ANYONE not in matrix().operations[name]:
            assert answer.status_code in (401, 303), name
            assert answer.status_code == 401 or answer.headers["location"].startswith("/login"), name


def test_somebody_elsewhere_and_nobody_at_all_get_the_same_answer_by_the_same_statements(record):
    client = record.client("supervisor", ELSEWHERE)
    engine, seen = record.office.store.engine, []
    sa.event.listen(engine, "before_cursor_execute", lambda c, cur, statement, *rest: seen.append(statement))
    compared = 0
    for name, method, path, body, form in operations(record.app.openapi()):
        if personal(name, path, body) and matrix().allows(name, "supervisor") and name != "post_rank":
            answers = []
            for people in (PERSONAL, ABSENT, PERSONAL):
                seen.clear()
                answer, told = call(client, name, method, path, body, form, people)
                answers.append((answer.status_code, told.replace("absent", ""), sorted(answer.headers), list(seen)))
            assert answers[1][:3] == answers[2][:3], name
            assert answers[1][3] == answers[2][3], name
            compared += 1
    assert compared >= 6


def test_counts_are_of_the_people_the_caller_sees(record):
    here = record.client("supervisor", HOME).get("/api/v1/worklist").json()
    assert (here["total"], {x["member_id"] for x in here["items"]}) == (3, {"M1", "M2", "M3"})
    elsewhere = record.client("supervisor", ELSEWHERE)
    assert elsewhere.get("/api/v1/worklist").json()["total"] == 0
    ranking = elsewhere.get("/api/v1/positions/P2/ranking").json()
    assert (ranking["considered"], ranking["eligible"], ranking["blocked"], ranking["items"]) == (0, 0, {}, [])
    assert record.client("supervisor", HOME).get("/api/v1/positions/P2/ranking").json()["considered"] == 3


def test_a_member_s_list_does_not_depend_on_who_asks(record):
    one = record.client("caseworker", HOME).get("/api/v1/members/M1/ranking").json()
    assert one == record.client("supervisor").get("/api/v1/members/M1/ranking").json()


def test_rights_that_change_hold_at_once_in_an_open_session(record):
    client = record.client("caseworker", HOME)
    assert client.get("/api/v1/members/M1/ranking").status_code == 200
    name = record.name("caseworker", HOME)
    with record.office.store.write() as tx:
        tx.execute(metadata.tables["accounts"].update().values(regions="440183").where(sa.column("name") == name))
    assert client.get("/api/v1/members/M1/ranking").status_code == 404
    record.accounts.disable(name, by="test")
    assert client.get("/api/v1/members/M1/ranking").status_code == 401


def test_each_reading_of_a_member_is_an_entry_in_the_journal_with_its_reader(record):
    silent = []
    client = record.client("supervisor", HOME)
    for name, method, path, body, form in operations(record.app.openapi()):
        if method == "get" and "{member_id}" in path and matrix().allows(name, "supervisor"):
            before = len(record.office.store.read("journal"))
            answer, _ = call(client, name, method, path, body, form)
            entries = record.office.store.read("journal").iloc[before:]
            mine = entries[(entries["object_id"] == "M1") & (entries["actor"] == record.name("supervisor", HOME))]
            if answer.status_code == 200 and mine.empty:
                silent.append(name)
    assert silent == []


def test_a_change_leaves_one_entry_by_its_actor(record):
    client = record.client("caseworker", HOME)
    before = len(record.office.store.read("journal"))
    assert client.post("/api/v1/referrals/R-home/transitions", json={"to": "attended"}).status_code == 200
    entries = record.office.store.read("journal").iloc[before:]
    assert [(e.actor, e.action, json.loads(e.before)["state"]) for e in entries.itertuples()] == [
        (record.name("caseworker", HOME), "referral.attended", "issued")
    ]
