"""What a record holds, as counts and hashes a table: equal records of either store have equal ones, whatever order their rows lie in."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

BATCH = 5_000

PASSING = frozenset({"sessions", "provider_logins", "leases", "alembic_version"})
"""Tables of the moment: open log-ins and who runs what. A copy of the record leaves them behind."""


@dataclass(frozen=True, slots=True)
class Content:
    """Rows of a table and the SHA-256 over their columns, by name, in key order."""

    rows: int
    sha256: str


def contents(connection: sa.Connection, only: Mapping[str, Sequence[str]] | None = None) -> dict[str, Content]:
    """Return table → content as the connection's transaction sees it, of every table or of some columns of some tables."""
    found = {}
    for table in tables_of(connection):
        if only is None or table.name in only:
            columns = [c for c in table.columns if only is None or c.name in only[table.name]]
            found[table.name] = _content(connection, table, columns)
    return found


def columns_of(connection: sa.Connection) -> dict[str, list[str]]:
    """Return table → names of its columns, as they are in the database."""
    return {table.name: [c.name for c in table.columns] for table in tables_of(connection)}


def tables_of(connection: sa.Connection) -> list[sa.TableClause]:
    """Return the record's tables as they are in the database, of whatever revision; columns by name, ``info`` marks keys."""
    seen = sa.inspect(connection)
    found = []
    for name in sorted(set(seen.get_table_names()) - PASSING):
        columns = sorted(seen.get_columns(name), key=lambda c: c["name"])
        found.append(sa.table(name, *(sa.column(c["name"], c["type"]) for c in columns)))
    return found


def rows_of(connection: sa.Connection, table: Any, columns: Sequence[Any]) -> Iterator[Sequence[sa.Row[Any]]]:
    """Yield batches of a table's rows in the order of its key, byte by byte, which both stores agree on."""
    keys = sa.inspect(connection).get_pk_constraint(table.name)["constrained_columns"]
    bytewise = connection.dialect.name == "postgresql"
    order = [c.collate("C") if bytewise and isinstance(c.type, sa.String) else c for c in (table.c[k] for k in keys)]
    query = sa.select(*columns).order_by(*order).execution_options(yield_per=BATCH)
    yield from connection.execute(query).partitions()


def _content(connection: sa.Connection, table: Any, columns: Sequence[Any]) -> Content:
    total, count = hashlib.sha256(), 0
    for batch in rows_of(connection, table, columns):
        for row in batch:
            total.update(json.dumps(list(row), default=_plain, separators=(",", ":")).encode() + b"\n")
        count += len(batch)
    return Content(count, total.hexdigest())


def _plain(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    raise TypeError(f"expected a date or bytes, found {type(value).__name__}")
