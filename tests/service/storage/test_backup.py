"""Backup, restore and the move to another store: everything or nothing, every table equal by its hash, the journal whole."""

import json
import sqlite3
import threading
from datetime import datetime

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from matching.errors import BadInput, Conflict, NotReady
from models.registry import Registry
from service.cli import app
from service.settings import Settings
from service.storage import Store
from service.storage.backup import back_up, move, restore
from service.storage.contents import PASSING, contents
from service.storage.engine import make_engine, reading
from service.storage.migrate import downgrade
from service.storage.schema import failures, metadata
from service.wiring import open_office
from tests.models.test_registry import save
from tests.postgres import new_database
from tests.service.records import fill
from tests.service.region import DAY
from tests.service.storage.everything import everything


def keep_writing(store, going, said):
    """Write an entry and a row together until told to stop: a copy that tore a transaction would hold one without the other."""
    while not going.wait(0.002):
        with store.write() as tx:
            tx.journal(actor="writer", role="r", action="a", object_type="t", object_id="1")
            tx.execute(failures.insert(), {"name": f"w{len(said)}", "n": 1, "until": 0.0, "last_at": 0.0})
        said.append(1)


@pytest.fixture
def kept_here(tmp_path):
    """A record of one machine with a row in every table, and its settings."""
    settings = Settings(home=tmp_path / "home")
    with open_office(settings, day=DAY) as office:
        everything(fill(office))
    return settings


@pytest.fixture
def kept(tmp_path, database_url):
    """A record with a row in every table, and its settings."""
    settings = Settings(home=tmp_path / "home", database_url=database_url)
    with open_office(settings, day=DAY) as office:
        everything(fill(office))
    return settings


def held(engine):
    with reading(engine) as connection:
        return contents(connection)


def fresh(tmp_path, database_url, request, name):
    if database_url.startswith("sqlite"):
        return f"sqlite:///{tmp_path / name}.db"
    return new_database(request.getfixturevalue("postgres"))


def test_a_backup_restored_holds_the_same_rows_and_journal_on_either_store(tmp_path, kept, database_url, request):
    file, home = tmp_path / "copy.db", tmp_path / "new"
    with Store.open(kept) as store:
        before = held(store.engine)
        assert [n for n, c in before.items() if c.rows == 0] == []  # every table has a row to lose
        done = back_up(store.engine, kept.home, file, at="2026-11-02T20:00:00+08:00")
        entries = store.read("journal")
    assert done.rows == {n: c.rows for n, c in before.items()} and done.last_hash == entries["hash"].iloc[-1]
    assert file.stat().st_mode & 0o077 == 0
    for url in (fresh(tmp_path, database_url, request, "again"), f"sqlite:///{tmp_path / 'other.db'}"):
        engine = make_engine(url)
        restore(file, engine, home, actor="test")
        after = held(engine)
        assert {n for n in before if before[n] != after[n]} == {
            "journal",
            "changes",
        }  # the restore is an entry of its own
        with Store(engine) as store:
            again = store.read("journal")
            assert (
                again["hash"].tolist()[:-1] == entries["hash"].tolist()
                and again["action"].iloc[-1] == "record.restored"
            )
            assert store.journal_break() is None
            for name in PASSING - {"alembic_version"}:
                with store.reading() as record:
                    assert (
                        record.execute(sa.select(sa.func.count()).select_from(metadata.tables[name])).scalar_one() == 0
                    )


def test_a_backup_taken_while_others_write_is_one_instant(tmp_path, kept):
    going, said, counts = threading.Event(), [], []
    with Store.open(kept) as store, Store.open(kept) as other:
        writer = threading.Thread(target=keep_writing, args=(other, going, said))
        writer.start()
        for k in range(3):
            back_up(store.engine, kept.home, tmp_path / f"copy{k}.db", at="now")
            counts.append(len(said))
        going.set()
        writer.join()
    assert 0 < counts[0] < counts[1] < counts[2]
    for k in range(3):
        with sqlite3.connect(tmp_path / f"copy{k}.db") as copy:
            one = copy.execute("SELECT count(*) FROM journal WHERE actor = 'writer'").fetchone()
            two = copy.execute("SELECT count(*) FROM failures WHERE name LIKE 'w%'").fetchone()
        copy.close()
        assert one == two


def test_a_backup_that_was_changed_is_refused_and_names_the_table(tmp_path, kept_here):
    file = tmp_path / "copy.db"
    with Store.open(kept_here) as store:
        back_up(store.engine, kept_here.home, file, at="now")
    whole = file.read_bytes()
    for statement, named in (
        ("UPDATE members SET willing = 1 - willing WHERE member_id = 'M2'", "members"),
        ("DELETE FROM referrals", "referrals"),
        (
            "INSERT INTO backup_files VALUES ('models/../../evil', x'00', '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d')",
            "evil",
        ),
    ):
        file.write_bytes(whole)
        with sqlite3.connect(file) as copy:
            copy.execute(statement)
        copy.close()
        engine = make_engine(f"sqlite:///{tmp_path / 'new.db'}")
        with pytest.raises(BadInput, match=named):
            restore(file, engine, tmp_path / "new", actor="test")
        engine.dispose()
    for content in (b"no database", whole[: len(whole) // 2], b""):
        file.write_bytes(content)
        engine = make_engine(f"sqlite:///{tmp_path / 'new.db'}")
        with pytest.raises(BadInput, match="expected"):
            restore(file, engine, tmp_path / "new", actor="test")
        engine.dispose()


def test_nothing_is_overwritten(tmp_path, kept_here):
    file = tmp_path / "copy.db"
    with Store.open(kept_here) as store:
        back_up(store.engine, kept_here.home, file, at="now")
        with pytest.raises(Conflict, match="found one"):
            back_up(store.engine, kept_here.home, file, at="now")
        before = held(store.engine)
        with pytest.raises(Conflict, match="empty record"):
            restore(file, store.engine, tmp_path / "new", actor="test")
        assert held(store.engine) == before
    assert sorted(p.name for p in tmp_path.glob(".copy*")) == []


def test_models_come_back_with_the_key_that_checks_them_and_without_the_one_that_signs(tmp_path):
    settings = Settings(home=tmp_path / "home")
    registry = Registry(settings.home / "models")
    version = save(registry)
    with Store.open(settings) as store:
        done = back_up(store.engine, settings.home, tmp_path / "copy.db", at="now")
    assert done.files > 3
    engine = make_engine(f"sqlite:///{tmp_path / 'new.db'}")
    restore(tmp_path / "copy.db", engine, tmp_path / "new", actor="test")
    engine.dispose()
    again = Registry(tmp_path / "new" / "models")
    assert again.history() == registry.history() and again.load(version).version == version
    assert not (tmp_path / "new" / "models-keys" / "signing.pem").exists()
    with pytest.raises(Conflict, match="no models"):
        restore(tmp_path / "copy.db", engine, tmp_path / "new", actor="test")


def test_a_backup_of_an_earlier_version_is_brought_forward_on_the_way(tmp_path, kept):
    with Store.open(kept) as store:
        downgrade(store.engine, "0003")
        before = held(store.engine)
        assert "bulletins" not in before
        back_up(store.engine, kept.home, tmp_path / "old.db", at="now")
    engine = make_engine(f"sqlite:///{tmp_path / 'new.db'}")
    done = restore(tmp_path / "old.db", engine, tmp_path / "new", actor="test")
    assert {n: c.rows for n, c in before.items()}.items() <= done.rows.items()
    engine.dispose()


def test_a_record_moves_to_postgresql_and_the_old_one_is_closed(tmp_path, postgres, monkeypatch):
    settings = Settings(home=tmp_path / "home")
    with open_office(settings, day=DAY) as office:
        everything(fill(office))
        before = held(office.store.engine)
    url = new_database(postgres)
    monkeypatch.setenv("ONEMONTH_HOME", str(settings.home))
    done = CliRunner().invoke(app, ["move", "--to", url, "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.output.splitlines()[-1])
    assert told["tables"] == {n: c.rows for n, c in before.items()} and told["rows"] > 60
    with pytest.raises(NotReady, match="moved to another store"):
        Store.open(settings)
    with open_office(Settings(home=tmp_path / "home", database_url=url), day=DAY) as office:
        after = held(office.store.engine)
        assert {n for n in before if before[n] != after[n]} == {"journal", "changes"}
        assert (
            office.store.journal_break() is None
            and office.store.read("journal")["action"].iloc[-1] == "record.moved_here"
        )


def test_a_move_that_cannot_be_whole_leaves_both_as_they_were(tmp_path, kept, database_url, request):
    target = make_engine(fresh(tmp_path, database_url, request, "target"))
    with (
        Store.open(kept) as store,
        Store.open(Settings(home=tmp_path, database_url=target.url.render_as_string(False))) as other,
    ):
        with other.write() as tx:
            tx.journal(actor="a", role="r", action="a", object_type="t", object_id="1")
        before = held(store.engine), held(other.engine)
        with pytest.raises(Conflict, match="empty record"):
            move(store.engine, other.engine, actor="test")
        assert (held(store.engine), held(other.engine)) == before
    target.dispose()
    with Store.open(kept):
        assert datetime.now().year > 2000
