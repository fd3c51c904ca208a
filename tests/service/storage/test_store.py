"""The record on both stores: whole writes, consistent reads, an append-only journal, leases, migrations."""

import os
import signal
import subprocess
import sys
import time
from datetime import date

import pandas as pd
import pytest
import sqlalchemy as sa
from alembic import command
from sqlalchemy.exc import DBAPIError, IntegrityError

from matching.errors import Conflict
from matching.tables import EXCHANGE, TABLES
from service.settings import Settings
from service.storage import Counts, Store
from service.storage.engine import wal_is_safe
from service.storage.migrate import alembic_config, downgrade, migrate
from service.storage.schema import metadata
from tests.matching.people import household, member, position, table


@pytest.fixture
def store(database_url, tmp_path):
    opened = Store.open(Settings(home=tmp_path, database_url=database_url))
    yield opened
    opened.close()


def fill(store):
    with store.write() as tx:
        tx.insert("households", table("households", household()))
        tx.insert(
            "members",
            table("members", member(), member(member_id="M2", night_ok=None, wage_floor=None, longitude=None)),
        )
        tx.insert("employers", table("employers", {"employer_id": "E1", "name": "厂", "region_code": "440103"}))
        tx.insert("positions", table("positions", position()))


def referral(k=1, **changes):
    return {
        "referral_id": f"R{k}",
        "member_id": "M1",
        "position_id": "P1",
        "created_on": date(2026, 6, 9),
        "source": "caseworker",
        "suitability": "ok",
        "state": "issued",
        **changes,
    }


def test_what_goes_in_comes_out_in_canonical_form(store):
    fill(store)
    want = table("members", member(), member(member_id="M2", night_ok=None, wage_floor=None, longitude=None))
    pd.testing.assert_frame_equal(store.read("members"), want)
    assert list(store.read("members", columns=["member_id"], member_id=["M2", "M9"])["member_id"]) == ["M2"]


@pytest.mark.parametrize("spec", EXCHANGE, ids=lambda t: t.name)
def test_every_table_of_the_dictionary_is_in_the_record_with_its_columns(spec):
    assert tuple(c.name for c in metadata.tables[spec.name].columns) == spec.names


def test_a_write_that_raises_leaves_nothing_behind(store):
    fill(store)
    before = store.version()
    with pytest.raises(RuntimeError), store.write() as tx:
        tx.update("members", {"member_id": "M1"}, {"willing": False})
        tx.journal(actor="a", role="r", action="x", object_type="members", object_id="M1")
        raise RuntimeError
    assert store.read("members", member_id="M1")["willing"].tolist() == [True]
    assert store.version() == before
    assert len(store.read("journal")) == 0


def test_an_upsert_adds_changes_and_leaves_alone(store):
    fill(store)
    rows = table("members", member(), member(member_id="M2", wage_floor=300_000), member(member_id="M3"))
    with store.write() as tx:
        assert tx.upsert("members", rows) == Counts(1, 1, 1)
    with store.write() as tx:
        assert tx.upsert("members", rows) == Counts(0, 0, 3)
    pd.testing.assert_frame_equal(store.read("members"), rows)


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("members", {**member(member_id="M5", household_id="nobody")}),
        ("members", {**member(member_id="M5", education="phd")}),
        ("positions", {**position(position_id="P5", openings_left=9)}),
        ("referrals", referral(5, started_on=date(2026, 6, 1))),
    ],
)
def test_the_record_itself_refuses_what_may_not_be(store, name, row):
    fill(store)
    full = {c.name: None if c.nullable else c.default for c in TABLES[name].columns} | row
    with pytest.raises(IntegrityError), store.write() as tx:
        tx.insert(name, [full])
    assert store.read(name, **{TABLES[name].key[0]: full[TABLES[name].key[0]]}).empty


def test_a_member_has_one_open_referral_to_a_post(store):
    fill(store)
    with store.write() as tx:
        tx.insert("referrals", [referral(1, state="declined"), referral(2)])
    with pytest.raises(IntegrityError), store.write() as tx:
        tx.insert("referrals", [referral(3, state="draft")])


def test_the_journal_takes_no_change_and_tells_where_it_was_changed(store):
    with store.write() as tx:
        for k in range(6):
            tx.journal(
                actor="officer",
                role="caseworker",
                action=f"a{k}",
                object_type="t",
                object_id=str(k),
                after={"day": date(2026, 6, k + 1)},
            )
    assert store.journal_break() is None
    for statement in ("UPDATE journal SET actor = 'x' WHERE seq = 3", "DELETE FROM journal WHERE seq = 3"):
        with pytest.raises(DBAPIError, match="append-only"), store.engine.begin() as connection:
            connection.execute(sa.text(statement))
    for change, at in (("UPDATE journal SET actor = 'x' WHERE seq = 3", 3), ("DELETE FROM journal WHERE seq = 2", 2)):
        _without_triggers(store, change)
        broken = store.journal_break()
        assert broken is not None and broken.seq == at


def _without_triggers(store, statement):
    with store.engine.connect() as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("ALTER TABLE journal DISABLE TRIGGER USER"))
        else:
            for name in ("journal_no_update", "journal_no_delete"):
                connection.execute(sa.text(f"DROP TRIGGER IF EXISTS {name}"))
        connection.execute(sa.text(statement))


def test_a_lease_is_held_by_one_and_let_go_at_the_end(store):
    with (
        store.lease("nightly", minutes=5),
        pytest.raises(Conflict, match="already running"),
        store.lease("nightly", minutes=5),
    ):
        pass
    with store.lease("nightly", minutes=5):
        assert store.version() == 0


def test_a_lease_of_a_killed_process_on_this_machine_is_free(store):
    code = (
        "import sys, time; from service.storage import Store; from service.storage.engine import make_engine\n"
        "with Store(make_engine(sys.argv[1])).lease('nightly', minutes=60):\n    print('held', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, store.engine.url.render_as_string(hide_password=False)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline().strip() == "held"
    with pytest.raises(Conflict), store.lease("nightly", minutes=5):
        pass
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    with store.lease("nightly", minutes=5):
        assert True is not None and store.version() == 0


def test_a_snapshot_is_one_instant_while_others_write(store):
    fill(store)
    with store.write() as tx:
        tx.insert("referrals", [referral(1)])
    frames = store.snapshot(["members", "referrals"])
    assert len(frames["members"]) == 2 and frames["referrals"]["referral_id"].tolist() == ["R1"]


def test_migrations_go_up_down_and_up_again_and_match_the_schema(store):
    with store.engine.connect() as connection:
        command.check(alembic_config(connection))
    downgrade(store.engine, "base")
    assert set(sa.inspect(store.engine).get_table_names()) <= {"alembic_version"}
    migrate(store.engine)
    fill(store)
    assert len(store.read("members")) == 2


def test_eight_writers_at_once_lose_nothing_and_the_chain_holds(store):
    fill(store)
    code = (
        "import sys; from service.storage import Store; from service.storage.engine import make_engine\n"
        "store = Store(make_engine(sys.argv[1]))\n"
        "for k in range(10):\n"
        "    with store.write() as tx:\n"
        "        left = int(tx.read('positions', position_id='P1')['openings_left'][0])\n"
        "        tx.update('positions', {'position_id': 'P1'}, {'openings_left': left}); tx.journal(actor=sys.argv[2], role='r', action='a', object_type='t', object_id=str(k))\n"
    )
    url = store.engine.url.render_as_string(hide_password=False)
    runs = [subprocess.Popen([sys.executable, "-c", code, url, str(n)]) for n in range(4)]
    assert [r.wait() for r in runs] == [0] * 4
    assert len(store.read("journal")) == 40 and store.journal_break() is None


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 40, 1), False),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 50, 7), True),
        ((3, 44, 6), True),
        ((3, 45, 0), False),
        ((3, 54, 1), True),
    ],
)
def test_write_ahead_logging_is_used_only_where_sqlite_has_its_repair(version, safe):
    assert wal_is_safe(version) is safe


def test_wrong_settings_are_all_named_at_once(monkeypatch):
    monkeypatch.setenv("ONEMONTH_PORT", "nine")
    monkeypatch.setenv("ONEMONTH_REGION_CODE", "Guangzhou")
    with pytest.raises(ValueError, match="port") as told:
        Settings()
    assert "region_code" in str(told.value)


def test_time_runs_forward_in_the_journal(store):
    with store.write() as tx:
        tx.journal(actor="a", role="r", action="one", object_type="t", object_id="1")
    time.sleep(0.01)
    with store.write() as tx:
        tx.journal(actor="a", role="r", action="two", object_type="t", object_id="1")
    first, second = store.read("journal")["at"]
    assert first < second
