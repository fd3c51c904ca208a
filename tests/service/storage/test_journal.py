"""The chain of entries: what an entry's hash covers, how each follows the one before, and where a chain no longer holds."""

import hashlib
import json
from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa

from matching.errors import NotReady
from service.settings import Settings
from service.storage import Store, journal
from service.storage.schema import changes, metadata

TABLE = metadata.tables["journal"]
FIELDS = (
    "seq",
    "at",
    "actor",
    "role",
    "action",
    "object_type",
    "object_id",
    "before",
    "after",
    "reason",
    "request_id",
    "prev_hash",
)


def entry(k, **more):
    return {
        "actor": "li", "role": "caseworker", "action": "a", "object_type": "members", "object_id": f"M{k}", "before": None, "after": None,
        "reason": None, "request_id": None, **more,
    }  # fmt: skip


@pytest.fixture
def connection(tmp_path):
    """A record with nothing in its journal, inside a transaction in which entries may be changed."""
    with Store.open(Settings(home=tmp_path)) as store, store.engine.connect() as connection:
        outer = connection.begin()
        for name in ("journal_no_update", "journal_no_delete"):
            connection.execute(sa.text(f"DROP TRIGGER {name}"))
        yield connection
        outer.rollback()


@pytest.fixture
def chain(connection):
    """Six entries."""
    for k in range(6):
        assert journal.append(connection, entry(k)) == k + 1
    return connection


def rows(connection):
    return [dict(r) for r in connection.execute(sa.select(TABLE).order_by(TABLE.c.seq)).mappings()]


def broken(connection):
    found = journal.first_break(connection)
    return None if found is None else (found.seq, found.what)


def test_an_entry_is_numbered_dated_and_follows_the_one_before(chain):
    found = rows(chain)
    assert [r["seq"] for r in found] == [1, 2, 3, 4, 5, 6]
    assert [r["prev_hash"] for r in found] == ["0" * 64, *(r["hash"] for r in found[:-1])]
    for r in found:
        at = datetime.fromisoformat(r["at"])
        assert at.utcoffset() == timedelta(hours=8) and r["at"][19] == "." and len(r["at"]) == 29
    assert broken(chain) is None


def test_what_was_before_and_after_is_kept_as_text_with_its_keys_in_order(connection):
    journal.append(connection, entry(1, before={"b": date(2026, 11, 2), "a": "街道"}, after={"z": 1, "y": None}))
    journal.append(connection, entry(2, before={}))
    first, second = rows(connection)
    assert (first["before"], first["after"]) == ('{"a": "街道", "b": "2026-11-02"}', '{"y": null, "z": 1}')
    assert (second["before"], second["after"]) == ("{}", None)


def test_the_hash_is_over_every_field_and_nothing_else(connection):
    journal.append(connection, entry(1, before={"a": "街道"}, reason="why", request_id="q"))
    [found] = rows(connection)
    text = json.dumps([found[f] for f in FIELDS], ensure_ascii=False, separators=(",", ":"))
    assert found["hash"] == journal.entry_hash(found) == hashlib.sha256(text.encode()).hexdigest()
    assert set(found) == {*FIELDS, "hash"}
    for field in FIELDS:
        assert journal.entry_hash({**found, field: 7}) != found["hash"], field
    assert journal.entry_hash({**found, "hash": "other"}) == found["hash"]


def test_an_empty_journal_holds_and_so_does_one_from_before_entries_were_counted(chain):
    chain.execute(changes.delete().where(changes.c.name == journal.LAST))
    assert broken(chain) is None
    chain.execute(TABLE.delete())
    assert broken(chain) is None


@pytest.mark.parametrize("seq", [1, 3, 6])
def test_an_entry_that_is_gone_is_missed_at_its_place(chain, seq):
    chain.execute(TABLE.delete().where(TABLE.c.seq == seq))
    assert broken(chain) == (seq, "entry is missing")


def test_entries_taken_off_the_end_are_missed_though_the_rest_holds(chain):
    assert chain.execute(sa.select(changes.c.n).where(changes.c.name == journal.LAST)).scalar_one() == 6
    chain.execute(TABLE.delete().where(TABLE.c.seq > 4))
    assert broken(chain) == (5, "entry is missing")


def test_an_entry_that_was_changed_or_hangs_on_another_is_named_the_first_of_several(chain):
    chain.execute(TABLE.update().where(TABLE.c.seq == 5).values(actor="chen"))
    assert broken(chain) == (5, "was changed after it was written")
    chain.execute(TABLE.update().where(TABLE.c.seq == 4).values(prev_hash="1" * 64))
    assert broken(chain) == (4, "does not follow the entry before")
    chain.execute(TABLE.update().where(TABLE.c.seq == 2).values(hash="2" * 64))
    assert broken(chain) == (2, "was changed after it was written")


def test_an_entry_rewritten_with_a_fitting_hash_breaks_the_one_behind_it(chain):
    third = {**rows(chain)[2], "actor": "chen"}
    chain.execute(TABLE.update().where(TABLE.c.seq == 3).values(actor="chen", hash=journal.entry_hash(third)))
    assert broken(chain) == (4, "does not follow the entry before")


def test_a_record_that_was_moved_is_closed_and_says_since_when(chain):
    journal.require_open(chain)
    journal.append(chain, entry(7, action=journal.MOVED, object_type="record"))
    at = rows(chain)[-1]["at"].replace("+", r"\+")
    with pytest.raises(NotReady, match=f"moved to another store at {at}"):
        journal.require_open(chain)
    journal.append(chain, entry(8))
    journal.require_open(chain)
    chain.execute(TABLE.delete())
    journal.require_open(chain)
