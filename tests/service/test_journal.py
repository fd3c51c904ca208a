"""The journal as an auditor reads it: filters, pages, masked facts, and a chain that is walked and shown."""

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from matching.errors import BadInput, NotFound
from service.app import app_of
from service.use_cases.contacts import Contact, record_contact
from service.use_cases.corrections import correct, current, etag
from service.use_cases.journal import MASK, Asked, chain, journal_page
from service.use_cases.rank import rank_member, rank_position
from service.use_cases.refer import refer


@pytest.fixture
def worked(office_on_either_store):
    office = office_on_either_store
    one, other = replace(office, actor="li"), replace(office, actor="chen", role="supervisor")
    refer(one, "M1", "P2")
    record_contact(one, "H1", Contact("phone", "reached", "M1"), key="form-1")
    rank_member(one, "M4")
    rank_position(other, "P2")
    correct(other, "households", "H2", {"hardship_level": 2}, seen=etag(current(other, "households", "H2")))
    return office


def seqs(office, **asked):
    return [e.seq for e in journal_page(office, Asked(**asked)).items]


def test_filters_give_what_reading_the_whole_journal_gives(worked):
    whole = worked.store.read("journal")
    by = {
        "actor": ("li", whole["actor"] == "li"), "role": ("supervisor", whole["role"] == "supervisor"),
        "action": ("referral.", whole["action"].str.startswith("referral.")), "object_type": ("members", whole["object_type"] == "members"),
        "object_id": ("M4", whole["object_id"] == "M4"),
    }  # fmt: skip
    for name, (value, keep) in by.items():
        assert seqs(worked, **{name: value}) == whole.loc[keep, "seq"].tolist()[::-1] != [], name
    day = str(whole["at"].iloc[0])[:10]
    assert seqs(worked, since=date.fromisoformat(day), until=date.fromisoformat(day)) == whole["seq"].tolist()[::-1]
    assert seqs(worked, until=date.fromisoformat(day) - timedelta(days=1)) == []
    assert seqs(worked, until=date(2020, 1, 1)) == seqs(worked, since=date(2999, 1, 1)) == []
    assert seqs(worked, actor="100%") == seqs(worked, action="%") == []


def test_a_household_s_entries_are_those_of_its_people_and_affairs_and_the_reading_is_noted(worked):
    found = journal_page(worked, Asked(household_id="H1")).items
    assert {(e.object_type, e.action.partition(".")[0]) for e in found} >= {
        ("referrals", "referral"),
        ("contacts", "contact"),
    }
    assert not {e.object_id for e in found} & {"M4", "H2", "H3"}
    last = journal_page(worked, limit=1).items[0]
    assert (last.action, last.object_id, last.after) == ("household.read", "H1", {"what": "journal"})
    with pytest.raises(NotFound):
        journal_page(worked, Asked(household_id="H99"))


def test_pages_join_without_gap_or_repeat_though_entries_are_added_meanwhile(worked):
    whole, seen, after = seqs(worked), [], None
    while True:
        page = journal_page(worked, limit=2, after=after)
        seen += [e.seq for e in page.items]
        rank_member(worked, "M3")
        after = page.next
        if after is None:
            break
    assert seen == whole
    with pytest.raises(BadInput, match="start without it"):
        journal_page(worked, after="x")


def test_restricted_facts_are_masked_and_the_hash_stays_that_of_the_entry_as_written(worked):
    [entry] = journal_page(worked, Asked(action="household.corrected")).items
    assert entry.after == {"hardship_level": MASK}
    assert json.loads(worked.store.read("journal", seq=entry.seq)["after"].iloc[0]) == {"hardship_level": 2}
    readers = replace(worked, reads=frozenset({"households.hardship_level"}))
    assert journal_page(readers, Asked(action="household.corrected")).items[0].after == {"hardship_level": 2}


def test_a_caller_of_some_regions_sees_their_people_s_entries_and_none_of_others_in_lists(worked):
    heads = ("440104",)
    there = replace(worked, regions=heads, store=worked.store.limited_to(heads))
    entries = journal_page(there).items
    [shown] = [e for e in entries if e.action == "position.ranking_shown"]
    assert {i[0] for i in shown.after["items"]} <= {"M4", "M6"} and shown.after["items"]
    assert not any(m in json.dumps([e.after, e.object_id]) for e in entries for m in ("M1", "M2", "M3", "H1", "H2"))


def test_the_chain_is_walked_and_a_changed_or_missing_entry_is_named(worked):
    assert chain(worked).broken_at is None and chain(worked).entries == len(worked.store.read("journal"))
    engine = worked.store.engine
    guard = "journal_is_final ON journal" if engine.dialect.name == "postgresql" else "journal_no_update"
    with engine.begin() as connection:
        connection.execute(sa.text(f"DROP TRIGGER {guard}"))
        connection.execute(sa.text("UPDATE journal SET actor = 'somebody' WHERE seq = 3"))
    assert (chain(worked).broken_at, chain(worked).what) == (3, "was changed after it was written")
    page = TestClient(app_of(worked)).get("/journal")
    assert 'role="alert"' in page.text and "链条在第 3 条断开" in page.text


def test_a_page_answers_for_its_own_entries_and_the_whole_chain_is_walked_when_asked(office):
    with office.store.write() as tx:
        for k in range(75):
            tx.journal(actor="night", role="service", action="night_done", object_type="runs", object_id=f"N{k}")
    with office.store.engine.begin() as connection:
        connection.execute(sa.text("DROP TRIGGER journal_no_update"))
        connection.execute(sa.text("UPDATE journal SET actor = 'somebody' WHERE seq = 3"))
    newest = journal_page(office)
    assert len(newest.items) == 60
    assert newest.broken_at is None and journal_page(office, after=newest.next).broken_at == 3
    client = TestClient(app_of(office))
    first, asked, second = (client.get(f"/journal?{q}").text for q in ("", "verify=all", f"after={newest.next}"))
    assert "本页以外的没有核对" in first and 'role="alert"' not in first and 'class="done"' not in first
    assert "链条在第 3 条断开" in asked and "链条在第 3 条断开" in second
    with office.store.engine.begin() as connection:
        connection.execute(sa.text("DROP TRIGGER journal_no_delete"))
        connection.execute(sa.text("DELETE FROM journal WHERE seq = 70"))
    assert (journal_page(office).broken_at, journal_page(office).what) == (70, "entry is missing")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_filters_pages_and_shows_that_the_chain_holds(office, language):
    for member in ("M1", "M2", "M3") * 25:
        rank_member(office, member)
    client = TestClient(app_of(office), cookies={"language": language})
    page = client.get("/journal?verify=all").text
    assert 'class="done"' in page and "journal." not in page and 'rel="next"' in page
    told = client.get("/api/v1/journal/chain").json()
    assert told["broken_at"] is None and told["last_hash"][:16] in page
    assert client.get("/journal?object_id=M2").text.count("<small>M2</small>") == 25
    assert 'action="/journal/households/H1/evidence"' in client.get("/journal?household=H1").text
    assert client.get("/journal?household=H99").status_code == 404
    assert client.get("/journal?since=soon").status_code == 422


def test_the_interface_tells_whether_the_entries_it_gives_are_as_they_were_written(worked):
    page = TestClient(app_of(worked)).get("/api/v1/journal", params={"limit": 5}).json()
    assert [e["seq"] for e in page["items"]] == seqs(worked)[:5]
    assert (page["broken_at"], page["what"]) == (None, None)


def test_entries_of_a_list_that_are_no_people_shown_are_told_as_they_are(office):
    for after in ({"items": ["posts.xlsx", "members.xlsx"]}, {"items": []}, {"items": [[]]}, {"items": "none"}):
        with office.store.write() as tx:
            tx.journal(actor="li", role="r", action="a", object_type="t", object_id="1", after=after)
        assert journal_page(office, limit=1).items[0].after == after
