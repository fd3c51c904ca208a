"""What a caseworker writes: contacts, decisions, corrections, slips, registration, the member's switch, messages."""

import base64
from dataclasses import replace
from datetime import date, timedelta

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.errors import BadInput, Conflict, NotFound, TableError
from service.storage.vault import Identity, Vault
from service.use_cases.answers import Complaint, appeal
from service.use_cases.assess import Assessment, record_assessment
from service.use_cases.contacts import Contact, record_contact
from service.use_cases.corrections import correct, current, etag
from service.use_cases.entries import path_number
from service.use_cases.fairs import hold_fair, shortlist
from service.use_cases.household_state import FileStep, record_step
from service.use_cases.letters import letter
from service.use_cases.locks import Lock, lift_lock, lock
from service.use_cases.machine import scorer_for, switch_machine, switched_off
from service.use_cases.post_entry import Unit, register_post
from service.use_cases.rank import rank_member
from service.use_cases.refer import refer
from service.use_cases.refusals import KeyReused, Stale
from service.use_cases.register import Newcomer, register_household
from service.use_cases.slips import Slip, record_slip
from service.web.sms import LIMIT, sms
from service.web.wording import Wording
from tests.service.region import DAY


def ids(office, member_id):
    return [x.position_id for x in rank_member(office, member_id, limit=20).items]


def test_the_same_form_twice_notes_one_contact_and_another_under_its_key_is_refused(office):
    first = record_contact(office, "H1", Contact("phone", "no_answer", "M1", note="打 13912345678"), key="form-1")
    assert (
        record_contact(office, "H1", Contact("phone", "no_answer", "M1", note="打 13912345678"), key="form-1") == first
    )
    assert "13912345678" not in first["note"]
    with pytest.raises(KeyReused):
        record_contact(office, "H1", Contact("sms", "no_answer", "M1"), key="form-1")
    assert office.store.read("members", member_id="M1")["reachable"].iloc[0] == "unsure"
    record_contact(office, "H1", Contact("home_visit", "visited", "M1"))
    assert office.store.read("members", member_id="M1")["reachable"].iloc[0] == "ok"
    with pytest.raises(BadInput):
        record_contact(office, "H1", Contact("phone", member_id="M3"))


def test_an_excluded_post_leaves_the_list_until_it_is_lifted(office):
    post = ids(office, "M1")[0]
    row = lock(office, Lock("exclude", "M1", post, "MEMBER_WISH"), key="k-exclude")
    assert post not in ids(office, "M1")
    with pytest.raises(Conflict):
        lock(office, Lock("pin", "M1", post, "OTHER"))
    lift_lock(office, row["lock_id"])
    assert post in ids(office, "M1")
    with pytest.raises(BadInput):
        lock(office, Lock("exclude", "M1", post, ""))
    with pytest.raises(NotFound):
        lift_lock(office, "X-none")


def test_a_corrected_value_changes_the_list_and_nobody_overwrites_what_they_did_not_see(office):
    before, seen = ids(office, "M1"), etag(current(office, "members", "M1"))
    assert "P3" not in before
    correct(office, "members", "M1", {"night_ok": True}, seen=seen)
    assert "P3" in ids(office, "M1")
    with pytest.raises(Stale):
        correct(office, "members", "M1", {"night_ok": False}, seen=seen)
    with pytest.raises(BadInput):
        correct(office, "members", "M1", {"categories": "older"}, seen=seen)
    with pytest.raises(TableError):
        correct(office, "members", "M1", {"commute_limit_minutes": 900}, seen=seen)
    entry = office.store.read("journal", action="member.corrected").iloc[-1]
    assert (entry["before"], entry["after"]) == ('{"night_ok": false}', '{"night_ok": true}')


def test_a_slip_that_says_hired_takes_every_step_or_none(office):
    number = refer(office, "M1", "P2")["referral_id"]
    with pytest.raises(BadInput):
        record_slip(office, number, Slip("hired", started_on=date(2026, 12, 1)))
    assert office.store.read("referrals", referral_id=number)["state"].iloc[0] == "issued"
    assert (
        record_slip(office, number, Slip("hired", started_on=date(2026, 11, 2), evidence="contract"))["state"]
        == "started"
    )
    assert (
        record_slip(office, number, Slip("hired", started_on=date(2026, 11, 2), evidence="contract"))["state"]
        == "started"
    )
    assert len(office.store.read("placements", referral_id=number)) == 1
    with pytest.raises(Conflict):
        letter(office, number)


def test_the_letter_tells_name_and_phone_only_from_the_vault_and_the_reading_is_journalled(office):
    number = refer(office, "M1", "P2")["referral_id"]
    assert (letter(office, number).name, letter(office, number).phone) == (None, None)
    office.store.vault = Vault.of(base64.b64encode(bytes(32)).decode())
    with office.store.write() as tx:
        office.store.vault.keep(tx, {"M1": Identity("某某", None, "13800000000")})
    assert letter(office, number).phone == "13800000000"
    assert len(office.store.read("journal", action="identity.read", object_id="M1")) == 1


def test_a_household_registers_with_its_intake_once_and_is_on_the_list_of_posts(office):
    household = {"region_code": "440103001", "recognised_on": date(2026, 11, 1)}
    signed = {"flexibility_declared": True, "flexibility_declared_on": date(2026, 11, 1)}
    head = Newcomer({"relation": "head", "education": "junior", "willing": True, **signed}, "LAID_OFF", "电工")
    made = register_household(office, household, [head], key="form-9")
    assert register_household(office, household, [head], key="form-9") == made
    assert len(office.store.read("members", household_id=made.household_id)) == 1
    row, file = current(office, "members", made.member_ids[0]), current(office, "households", made.household_id)
    assert (row["willing_confirmed_on"], row["flexibility_declared_on"]) == (DAY, date(2026, 11, 1))
    assert (file["recognised_on"], file["discovered_on"]) == (date(2026, 11, 1), None)
    assert "LAID_OFF" in office.store.read("contacts", household_id=made.household_id)["note"].iloc[0]
    assert ids(office, made.member_ids[0])
    with pytest.raises(BadInput):
        register_household(office, household, [])


def test_what_is_sent_again_on_another_day_under_its_key_is_the_same_entry_whichever_way_the_clock_went(office):
    unit, post = (
        Unit("E1"),
        {
            "kind": "PUBLIC_WELFARE",
            "title": "保洁员",
            "occupation_code": "40802",
            "region_code": "440103001",
            "wage_min": 300000,
            "wage_max": 320000,
        },
    )
    home, head = (
        {"region_code": "440103001", "recognised_on": date(2026, 10, 30)},
        Newcomer({"relation": "head", "education": "junior", "willing": True}),
    )

    def sent(days, **more):
        then = replace(office, today=lambda: DAY + timedelta(days=days))
        return [
            record_contact(then, "H1", Contact("phone", "reached", "M1", **more), key="form-1"),
            lock(then, Lock("exclude", "M1", "P2", "MEMBER_WISH"), key="form-2"),
            appeal(then, "M1", Complaint("ranking"), key="form-3"),
            refer(then, "M2", "P2", key="form-4"),
            register_household(then, home, [head], key="form-5"),
            register_post(then, unit, post, key="form-6"),
        ]  # fmt: skip

    first, before = sent(0), len(office.store.read("journal"))
    assert sent(1) == first and sent(-1) == first and len(office.store.read("journal")) == before
    with pytest.raises(KeyReused, match="contacted_on"):
        sent(0, contacted_on=date(2026, 10, 31))


def test_steps_of_one_day_stand_in_the_order_they_were_taken_in_also_from_the_tenth_on():
    numbers = [path_number("M1", n) for n in range(1, 30)]
    assert numbers == sorted(numbers)


def test_a_member_who_switched_the_machine_off_gets_the_written_rule(office):
    assert not switched_off(office, "M1")
    switch_machine(office, "M1", False)
    assert scorer_for(office, "M1").version == "baseline"
    assert switched_off(office, "M1")
    switch_machine(office, "M1", True)
    assert not switched_off(office, "M1")


def test_scores_entered_again_replace_those_of_the_same_sitting(office):
    for score in (40, 60):
        record_assessment(office, "M1", Assessment({"verbal": score}, instrument="A"))
    assert office.store.read("assessments", member_id="M1", dimension="verbal", instrument="A")["score"].tolist() == [
        60
    ]
    with pytest.raises(BadInput):
        record_assessment(office, "M1", Assessment({}))


def test_nobody_is_invited_to_two_tables_of_a_fair(office):
    tables = shortlist(office, hold_fair(office, date(2026, 11, 20), "440103001", "广场", ["P1", "P2", "P4"]))
    invited = [m.member_id for t in tables for m in t.members]
    assert invited and len(invited) == len(set(invited))
    with pytest.raises(BadInput):
        hold_fair(office, date(2026, 11, 20), "440103001", "广场", ["P6"])


@given(title=st.text(min_size=1, max_size=80), employer=st.text(min_size=1, max_size=80))
def test_a_message_is_never_longer_than_one_message(title, employer):
    from service.use_cases.post_facts import PostFacts

    post = PostFacts(
        "P1",
        title,
        "EMPLOYER",
        employer,
        "440103001",
        False,
        260000,
        300000,
        None,
        None,
        None,
        None,
        None,
        "",
        None,
        1,
        0,
    )
    assert all(len(sms(Wording(language), post, "R123456789")) <= LIMIT for language in ("zh", "en"))


def test_a_letter_is_a_pdf_on_the_paper_asked_for(client, office):
    number = refer(office, "M1", "P2")["referral_id"]
    answer = client.get(f"/letters/{number}.pdf?size=A5")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert answer.content.startswith(b"%PDF")


def test_a_correction_by_the_interface_needs_what_was_read(client):
    read = client.get("/api/v1/members/M1")
    asked = {"url": "/api/v1/members/M1", "json": {"commute_limit_minutes": 20}}
    assert client.patch(**asked).status_code == 412
    done = client.patch(**asked, headers={"If-Match": read.headers["etag"]})
    assert (done.status_code, done.json()["commute_limit_minutes"]) == (200, 20)
    assert done.headers["etag"] != read.headers["etag"]


def test_a_kept_promise_of_the_household_is_not_told_by_the_broken_one_of_a_member(client, office):
    row = {"household_id": "H1", "started_on": date(2025, 9, 3), "due_on": date(2025, 10, 9)}
    with office.store.write() as tx:
        tx.update("promises", {"promise_id": "C1"}, {**row, "state": "met", "met_on": date(2025, 9, 19)})
        tx.insert(
            "promises",
            pd.DataFrame(
                [
                    {
                        **row,
                        "promise_id": "C1-M1",
                        "member_id": "M1",
                        "scope": "member",
                        "state": "breached",
                        "paused_days": 0,
                    }
                ]
            ),
        )
    panel = client.get("/households/H1").text.partition('<h2 id="clock">')[2].partition("<details")[0]
    assert "按期兑现" in panel and "超" not in panel


def test_a_promise_that_waits_for_a_day_is_asked_for_in_the_morning_and_begins_by_the_form_of_its_task(client, office):
    def unstarted():
        return client.get("/morning").text.partition('id="unstarted"')[2]

    assert "H4" not in unstarted()
    with office.store.write() as tx:
        tx.delete("promises", promise_id="C4")
        tx.update("members", {"member_id": "M6"}, {"willing_confirmed_on": None})
    assert "/households/H4" in unstarted() and "求职意愿确认日期" in unstarted()
    seen = etag(current(office, "members", "M6"))
    assert f'name="etag" value="{seen}"' in client.get("/households/H4").text
    values = {"willing_confirmed_on": "2026-11-02", "flexibility_declared_on": "2026-11-01"}
    form = {
        "etag": seen,
        "home": "H4",
        "fields": [*values, "willing"],
        "willing": "yes",
        **values,
    }
    answer = client.post("/members/M6/values", data=form, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/households/H4?done=corrected")
    assert "H4" not in unstarted()
    [row] = [r for r in client.get("/api/v1/worklist").json()["items"] if r["member_id"] == "M6"]
    assert row["due_on"] == "2026-12-02"


@pytest.mark.parametrize(("said", "willing"), [("yes", True), ("no", False)])
def test_the_wish_is_confirmed_or_taken_back_by_the_form_of_its_task(client, office, said, willing):
    with office.store.write() as tx:
        tx.update("members", {"member_id": "M1"}, {"willing_confirmed_on": date(2026, 9, 1)})
    page = client.get("/households/H1").text
    assert "请再次确认求职意愿" in page and "已无求职意愿" in page
    form = {"etag": etag(current(office, "members", "M1")), "home": "H1", "fields": ["willing_confirmed_on", "willing"]}
    client.post("/members/M1/values", data={**form, "willing_confirmed_on": DAY.isoformat(), "willing": said})
    row = current(office, "members", "M1")
    assert (row["willing"], row["willing_confirmed_on"]) == (willing, DAY)
    assert "请再次确认求职意愿" not in client.get("/households/H1").text


@pytest.mark.parametrize("to", ["withdrawn", "ended", "moved"])
def test_a_file_that_leaves_keeps_its_day_and_is_on_no_list_until_it_comes_back(client, office, to):
    def on_list():
        return {r["household_id"] for r in client.get("/api/v1/worklist").json()["items"]}

    assert "H2" in on_list()
    record_step(office, "H2", FileStep(to, date(2026, 11, 1), "told the office"))
    assert current(office, "households", "H2")["closed_on"] == date(2026, 11, 1)
    assert "H2" not in on_list()
    assert "TASK_VOID_PROMISE" in {t["reason"]["code"] for t in client.get("/api/v1/households/H2").json()["tasks"]}
    record_step(office, "H2", FileStep("recognised", DAY))
    assert current(office, "households", "H2")["closed_on"] is None
    assert "H2" in on_list()


@pytest.mark.parametrize("name", ["willing_confirmed_on", "flexibility_declared_on"])
def test_nobody_confirmed_anything_tomorrow(office, name):
    before = current(office, "members", "M1")
    with pytest.raises(BadInput, match=name):
        correct(office, "members", "M1", {name: DAY + timedelta(days=1)}, seen=etag(before))
    assert current(office, "members", "M1") == before
    assert correct(office, "members", "M1", {name: DAY}, seen=etag(before))[name] == DAY
