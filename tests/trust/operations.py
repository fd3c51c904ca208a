"""Running the service: a disk that fills up, a copy taken while others write, moves to another store, every revision up and down."""

import resource
import sqlite3
import threading
from contextlib import contextmanager

import sqlalchemy as sa
from fastapi.testclient import TestClient

from service.app import app_of
from service.errors import MEDIA_TYPE
from service.settings import Settings
from service.storage import Store
from service.storage.backup import back_up, move, restore
from service.storage.contents import contents
from service.storage.engine import make_engine, reading
from service.storage.migrate import downgrade, migrate, revisions
from service.wiring import open_office
from tests.service.records import fill
from tests.service.region import DAY
from tests.service.storage.everything import columns_at, everything
from tests.trust.frame import STORES, Figure, check

CONTACT = {"kind": "phone", "result": "reached", "note": "好" * 900}


@contextmanager
def _largest_file(path, more):
    """No file of this process grows past the record's size and so many bytes: a write then fails as on a broken disk (EFBIG)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + more, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


class _Pages:
    """How many pages the record may have: SQLite then says that the disk is full (SQLITE_FULL)."""

    def __init__(self, engine):
        self.most = 1 << 30
        sa.event.listen(
            engine,
            "checkout",
            lambda connection, *_: connection.execute(f"PRAGMA max_page_count={self.most}").fetchall(),
        )

    @contextmanager
    def at_most(self, path, more):
        self.most = path.stat().st_size // 4096 + more
        try:
            yield
        finally:
            self.most = 1 << 30


@check
def full_disk(ground):
    """Write until the disk is full, at several sizes: 503 with a time to try again, the record whole, and work goes on when there is room."""
    settings = Settings(home=ground.home(), rate_limit="999999999/minute")
    path = settings.home / "onemonth.db"
    with open_office(settings, day=DAY) as office:
        client, pages = TestClient(app_of(fill(office))), _Pages(office.store.engine)
        half = ground.size(20, 6) // 2
        rooms = [lambda k=k: _largest_file(path, 4096 * 3 * k) for k in range(half)] + [
            lambda k=k: pages.at_most(path, 2 * k) for k in range(half)
        ]
        told = whole = again = kept = 0
        for room in rooms:
            with room():
                answers = [_write(client)]
                while answers[-1].status_code == 201 and len(answers) < 200:
                    answers.append(_write(client))
                readable = client.get("/ready").status_code == 200
            last = answers[-1]
            told += (
                last.status_code == 503
                and last.headers["content-type"] == MEDIA_TYPE
                and int(last.headers["retry-after"]) > 0
                and readable
            )
            with sqlite3.connect(path) as apart:
                whole += apart.execute("PRAGMA integrity_check").fetchone() == ("ok",)
                rows = {r[0] for r in apart.execute("SELECT contact_id FROM contacts")}
            apart.close()
            good = {a.json()["contact_id"] for a in answers[:-1]}
            kept += good <= rows and office.store.journal_break() is None
            again += _write(client).status_code == 201
    n = len(rooms)
    yield Figure(
        "sizes of a full disk answered 503 with Retry-After, reading goes on (half by file size, half by pages)",
        told,
        n,
    )
    yield Figure("records whole afterwards (integrity_check)", whole, n)
    yield Figure("records with every acknowledged row and a whole journal", kept, n)
    yield Figure("servers that write again when there is room, without a restart", again, n)


def _write(client):
    return client.post("/api/v1/households/H1/contacts", json=CONTACT)


@check
def copies_are_equal(ground):
    """Back up while others write, restore, move to the other store: every table has the same rows by its hash."""
    for kind in STORES:
        settings = Settings(home=ground.home(), database_url=ground.database(kind))
        with open_office(settings, day=DAY) as office:
            everything(fill(office))
            file, going = settings.home / "copy.db", threading.Event()
            writer = threading.Thread(target=_write_until, args=(office.store, going))
            writer.start()
            back_up(office.store.engine, settings.home, file, at="now")
            going.set()
            writer.join()
            held = _held(office.store.engine)
        restored = make_engine(ground.database(kind))
        restore(file, restored, ground.home(), actor="test")
        copy = make_engine(f"sqlite:///{file}")
        yield from _alike(_held(copy), restored, f"tables of a backup restored, equal by hash, {kind}")
        other = make_engine(ground.database(next(s for s in STORES if s != kind)))
        with Store.open(settings) as store:
            move(store.engine, other, actor="test")
        yield from _alike(held, other, f"tables moved from {kind} to the other store, equal by hash")
        for engine in (copy, restored, other):
            engine.dispose()


def _write_until(store, going):
    while not going.wait(0.002):
        with store.write() as tx:
            tx.journal(actor="writer", role="r", action="a", object_type="t", object_id="1")


def _held(engine):
    with reading(engine) as connection:
        found = contents(connection)
    return {n: c for n, c in found.items() if not n.startswith("backup_")}


def _alike(wanted, engine, what):
    """Yield how many tables are equal, all but the journal and its count, to which the copy has added its own entry."""
    found, copied = _held(engine), sorted(set(wanted) - {"journal", "changes"})
    yield Figure(what, sum(found[n] == wanted[n] for n in copied), len(copied))
    with Store(engine) as store:
        yield Figure(f"{what}: journals whole", int(store.journal_break() is None), 1)


@check
def revisions_keep_rows(ground):
    """From the newest revision down to each other and up again, with a row in every table: nothing both know is lost or changed."""
    for kind in STORES:
        with open_office(Settings(home=ground.home(), database_url=ground.database(kind)), day=DAY) as office:
            everything(fill(office))
            engine = office.store.engine
            with reading(engine) as connection:
                known = revisions(connection)[1]
            kept, tables = 0, 0
            for revision in known[: 1 if ground.short else -1]:
                columns = columns_at(ground.home() / "empty.db", revision)
                with reading(engine) as connection:
                    before = contents(connection, columns)
                downgrade(engine, revision)
                migrate(engine)
                with reading(engine) as connection:
                    after = contents(connection, columns)
                kept += sum(after[n] == before[n] for n in before)
                tables += len(before)
        yield Figure(f"tables kept through a roll-back and an upgrade, {kind}", kept, tables)
