"""How the record is opened: SQLite safely by its linked version, PostgreSQL with one writer at a time."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

WRITERS = 7_207_101
"""Advisory lock that makes writes to PostgreSQL queue, as SQLite's own lock does."""

MIGRATION = 7_207_102
"""Advisory lock of migrations on PostgreSQL."""

PATIENCE = 30.0
"""Seconds a write waits for its turn on SQLite before it gives up; on PostgreSQL writers queue without a limit."""

POOL: dict[str, Any] = {"pool_size": 10, "max_overflow": 20, "pool_use_lifo": True}
"""Connections that are kept, and beyond them opened at need; the one given back last is taken first, so that few of them fill their caches."""


def wal_is_safe(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> bool:
    """Whether the linked SQLite has the repair of the write-ahead log's reset fault (3.51.3, and 3.50.7 and 3.44.6 of older lines)."""
    return version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)


def make_engine(url: str | sa.URL) -> sa.Engine:
    """Return an engine for a database address."""
    url = sa.make_url(url)
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() != "sqlite":
        return sa.create_engine(url, pool_pre_ping=True, **POOL, connect_args={"connect_timeout": 10})
    engine = sa.create_engine(url, **POOL, connect_args={"timeout": PATIENCE, "check_same_thread": False})
    sa.event.listen(engine, "connect", _prepare)
    sa.event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: Any, _: object) -> None:
    connection.isolation_level = None
    mode = "WAL" if wal_is_safe() else "TRUNCATE"
    for pragma in (f"journal_mode={mode}", "synchronous=FULL", "foreign_keys=ON", _waits(PATIENCE)):
        connection.execute(f"PRAGMA {pragma}").fetchall()


def _begin(connection: sa.Connection) -> None:
    immediate = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


@contextmanager
def reading(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Open a transaction that sees one consistent state."""
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with connection.begin():
            yield connection


def _waits(seconds: float) -> str:
    return f"busy_timeout={int(seconds * 1000)}"


@contextmanager
def writing(engine: sa.Engine, patience: float = PATIENCE) -> Iterator[sa.Connection]:
    """Open a transaction that writes; writers queue, on SQLite for ``patience`` seconds at most, and everything in it is kept or nothing."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.connection.cursor().execute(f"PRAGMA {_waits(patience)}").close()
        connection = connection.execution_options(writes=True)
        with connection.begin():
            if engine.dialect.name == "postgresql":
                connection.execute(sa.text("SELECT pg_advisory_xact_lock(:k)"), {"k": WRITERS})
            yield connection
