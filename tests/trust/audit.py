"""The journal: every change and removal is found at its place, every change of state has its entry, and both outlive a restore."""

import json
import random
import sqlite3

import sqlalchemy as sa

from matching.errors import OneMonthError
from matching.referral_states import next_states
from matching.vocabulary import EmployerRejection, RefusalReason
from service.settings import Settings
from service.storage import Store, journal
from service.use_cases.outcome import Outcome, record_outcome
from service.use_cases.refer import refer
from service.wiring import open_office
from tests.service.records import fill
from tests.service.region import DAY
from tests.trust.frame import STORES, Figure, check

FIELDS = (
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
    "hash",
)


def _entries(store, n):
    with store.write() as tx:
        for k in range(n):
            tx.journal(
                actor=f"officer{k % 7}", role="caseworker", action="referral.issued", object_type="referrals", object_id=f"R{k}",
                before={"state": "draft"}, after={"state": "issued", "n": k}, reason="why", request_id=f"r{k}",
            )  # fmt: skip


def _unlocked(connection):
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("ALTER TABLE journal DISABLE TRIGGER USER"))
    else:
        for name in ("journal_no_update", "journal_no_delete"):
            connection.execute(sa.text(f"DROP TRIGGER {name}"))


def _tamper(connection, rng, n):
    """Change one field of one entry, or take one away; return its number."""
    seq, table = rng.randint(1, n), sa.table("journal", sa.column("seq"), *(sa.column(f) for f in FIELDS))
    if rng.random() < 0.3:
        connection.execute(table.delete().where(table.c.seq == seq))
        return seq
    field = rng.choice(FIELDS)
    old = connection.execute(sa.select(table.c[field]).where(table.c.seq == seq)).scalar_one()
    at = rng.randrange(len(old))
    new = old[:at] + ("0" if old[at] != "0" else "1") + old[at + 1 :] if rng.random() < 0.8 else old + " "
    connection.execute(table.update().where(table.c.seq == seq).values({field: new}))
    return seq


@check
def journal_changes_found(ground):
    """Change one field or take one entry away, as somebody with the database's own rights could: found, and at that entry."""
    n, tries = 150, ground.size(1000, 40)
    for kind in STORES:
        with Store.open(Settings(home=ground.home(), database_url=ground.database(kind))) as store:
            _entries(store, n)
            rng, found, refused = random.Random(0), 0, 0
            for k in range(tries):
                with store.engine.connect() as connection:
                    trial = connection.begin()
                    _unlocked(connection)
                    seq = _tamper(connection, rng, n)
                    broken = journal.first_break(connection)
                    found += broken is not None and broken.seq == seq
                    trial.rollback()
                statement = (
                    f"UPDATE journal SET actor = 'x' WHERE seq = {k % n + 1}"
                    if k % 2
                    else f"DELETE FROM journal WHERE seq = {k % n + 1}"
                )
                refused += _refused(store, statement)
            yield Figure(f"changes and removals found and located, {kind}", found, tries)
            yield Figure(f"changes and removals refused by the record itself, {kind}", refused, tries)
            yield Figure(f"untouched chains found whole, {kind}", int(store.journal_break() is None), 1)


def _refused(store, statement):
    try:
        with store.engine.begin() as connection:
            connection.execute(sa.text(statement))
    except sa.exc.DBAPIError as error:
        return "append-only" in str(error)
    return False


@check
def states_have_entries(ground):
    """Walk referrals at random: the entries of each lead from issued to where it stands, one for one."""
    for kind in STORES:
        with open_office(Settings(home=ground.home(), database_url=ground.database(kind)), day=DAY) as office:
            fill(office)
            rng = random.Random(1)
            for _ in range(ground.size(400, 14)):
                _step(office, rng)
            rows, entries = office.store.read("referrals"), office.store.read("journal", object_type="referrals")
            good = sum(_told(entries[entries["object_id"] == r.referral_id], r.state) for r in rows.itertuples())
            yield Figure(f"referrals whose entries lead to their state one for one, {kind}", good, len(rows))


def _step(office, rng):
    rows = office.store.read("referrals")
    movable = [r for r in rows.itertuples() if next_states(r.state)]
    try:
        if not movable or rng.random() < 0.3:
            refer(office, f"M{rng.randint(1, 6)}", f"P{rng.randint(1, 9)}")
            return
        row = rng.choice(movable)
        to = rng.choice(sorted(next_states(row.state)))
        reason = {"declined": RefusalReason.CARE.value, "rejected": EmployerRejection.SKILL.value}.get(to)
        record_outcome(
            office,
            row.referral_id,
            Outcome(to, reason, None, None, DAY if to == "started" else None, "contract" if to == "started" else None),
        )
    except OneMonthError:
        return


def _told(entries, state):
    """Whether entries form one chain of states that ends at this one."""
    at = None
    for k, entry in enumerate(entries.itertuples()):
        before = json.loads(entry.before)["state"] if isinstance(entry.before, str) else None
        if before != at or (k > 0 and before is None):
            return False
        at = json.loads(entry.after)["state"]
    return at == state


@check
def journal_survives_restore(ground):
    """Copy a record by its own tools and restore it: the chain is whole and ends at the same entry."""
    for kind in STORES:
        with Store.open(Settings(home=ground.home(), database_url=ground.database(kind))) as store:
            _entries(store, 60)
            head = store.read("journal")["hash"].iloc[-1]
            with Store.open(Settings(home=ground.home(), database_url=_restored(ground, store, kind))) as other:
                same = other.journal_break() is None and other.read("journal")["hash"].iloc[-1] == head
                locked = _refused(other, "DELETE FROM journal WHERE seq = 1")
        yield Figure(f"restored records with the same chain, still locked, {kind}", int(same) + int(locked), 2)


def _restored(ground, store, kind):
    url = ground.database(kind)
    if kind == "sqlite":
        source, target = (sqlite3.connect(sa.make_url(u).database) for u in (store.engine.url, url))
        source.backup(target)
        source.close()
        target.close()
        return url
    target, source = sa.make_url(url), store.engine.url.database
    store.engine.dispose()
    with sa.create_engine(
        target.set(drivername="postgresql+psycopg", database="postgres"),
        isolation_level="AUTOCOMMIT",
        poolclass=sa.NullPool,
    ).connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE {target.database}"))
        connection.execute(sa.text(f"CREATE DATABASE {target.database} TEMPLATE {source}"))
    return url
