"""A row in every table of the record, made from the columns themselves, so that a copy has something to lose everywhere."""

from datetime import date

import sqlalchemy as sa

from matching.tables import TABLES
from service.storage import journal
from service.storage.contents import columns_of
from service.storage.engine import make_engine, reading
from service.storage.migrate import migrate
from service.storage.schema import metadata

_SAID = {"state": "proposed", "level": "district", "regions": "*"}


def everything(office):
    """Put a row into every table that has none; returns the office."""
    with office.store.write() as tx:
        journal.append(tx._connection, {
            "actor": "沙面", "role": "service", "action": "filled", "object_type": "record", "object_id": "1", "before": None,
            "after": {"day": date(2026, 11, 2), "text": "引号\"和\n换行"}, "reason": None, "request_id": None,
        })  # fmt: skip
        for table in metadata.sorted_tables:
            if tx.execute(sa.select(sa.func.count()).select_from(table)).scalar_one() == 0:
                tx.execute(table.insert(), _row(tx, table))
    return office


def columns_at(path, revision):
    """Return table → columns of an empty record of a revision; ``path`` is where it is made."""
    empty = make_engine(f"sqlite:///{path}")
    migrate(empty, revision)
    with reading(empty) as connection:
        columns = columns_of(connection)
    empty.dispose()
    return columns


def _row(tx, table):
    return {column.name: _value(tx, table, column) for column in table.columns}


def _value(tx, table, column):
    """Return a value the column takes: that of the row it points at, one of its codes, or one of its kind."""
    for link in column.foreign_keys:
        return tx.execute(sa.select(link.column).limit(1)).scalar_one()
    if table.name in TABLES and (spec := {c.name: c for c in TABLES[table.name].columns}[column.name]).codes:
        return sorted(spec.codes)[0]
    if column.name in _SAID and table.name in ("approvals", "bulletins", "accounts"):
        return _SAID[column.name]
    if table.name == "approvals" and column.name == "decided_by":
        return None
    kind = column.type
    if isinstance(kind, sa.Boolean):
        return True
    if isinstance(kind, sa.Integer | sa.BigInteger):
        return 1
    if isinstance(kind, sa.Float):
        return 0.1
    if isinstance(kind, sa.Date):
        return date(2026, 11, 2)
    if isinstance(kind, sa.LargeBinary):
        return bytes(range(256))
    return "1" if column.name == "month" else "广州 1"[: kind.length or 9]
