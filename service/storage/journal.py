"""The journal: append-only, each entry carrying the hash of the one before."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from matching.errors import NotReady
from service.clock import local_now
from service.storage.frames import jsonable
from service.storage.schema import changes, metadata

FIRST = "0" * 64
"""Hash before the first entry."""

LAST = "journal.last"
"""Row of ``changes`` that holds the number of the last entry, so that entries taken off the end are missed."""

MOVED = "record.moved"
"""Action of the last entry of a record that was moved to another store; nothing follows it."""

_HASHED = (
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


@dataclass(frozen=True, slots=True)
class Broken:
    """The first entry at which the chain does not hold, and what is wrong there."""

    seq: int
    what: str


def entry_hash(entry: Mapping[str, Any]) -> str:
    """Return the hash of an entry over all its fields and the hash before it."""
    text = json.dumps([entry[k] for k in _HASHED], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


_JOURNAL = metadata.tables["journal"]
_NEWEST = sa.select(_JOURNAL.c.seq, _JOURNAL.c.hash).order_by(_JOURNAL.c.seq.desc()).limit(1)
_ENTERED = _JOURNAL.insert()
_COUNTED = changes.update().where(changes.c.name == LAST).values(n=sa.bindparam("last"))


def append(connection: sa.Connection, fields: Mapping[str, Any]) -> int:
    """Append one entry inside the caller's transaction; returns its number."""
    last = connection.execute(_NEWEST).first()
    entry: dict[str, Any] = {
        **fields,
        "seq": 1 if last is None else last.seq + 1,
        "at": local_now().isoformat(timespec="milliseconds"),
        "prev_hash": FIRST if last is None else last.hash,
    }
    for side in ("before", "after"):
        value = entry.get(side)
        entry[side] = None if value is None else json.dumps(jsonable(value), ensure_ascii=False, sort_keys=True)
    entry["hash"] = entry_hash(entry)
    connection.execute(_ENTERED, entry)
    if not connection.execute(_COUNTED, {"last": entry["seq"]}).rowcount:
        connection.execute(changes.insert(), {"name": LAST, "n": entry["seq"]})
    return int(entry["seq"])


def require_open(connection: sa.Connection) -> None:
    """Refuse a record that was moved to another store: NotReady says where to look."""
    table = metadata.tables["journal"]
    last = connection.execute(sa.select(table.c.action, table.c.at).order_by(table.c.seq.desc()).limit(1)).first()
    if last is not None and last.action == MOVED:
        raise NotReady(f"record: it was moved to another store at {last.at}; name that one in ONEMONTH_DATABASE_URL")


def first_break(connection: sa.Connection) -> Broken | None:
    """Walk the chain; None when every entry holds."""
    table = metadata.tables["journal"]
    expected_seq, previous = 1, FIRST
    for row in connection.execute(sa.select(table).order_by(table.c.seq)).mappings():
        if row["seq"] != expected_seq:
            return Broken(expected_seq, "entry is missing")
        if row["prev_hash"] != previous:
            return Broken(expected_seq, "does not follow the entry before")
        if row["hash"] != entry_hash(dict(row)):
            return Broken(expected_seq, "was changed after it was written")
        expected_seq, previous = expected_seq + 1, row["hash"]
    last = connection.execute(sa.select(changes.c.n).where(changes.c.name == LAST)).scalar()
    if last is not None and last != expected_seq - 1:
        return Broken(expected_seq, "entry is missing")
    return None


def break_among(connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> Broken | None:
    """Look at some entries alone; None when each is as it was written and follows the one before it, whatever became of the others."""
    table = metadata.tables["journal"]
    before = sa.select(table.c.seq, table.c.hash).where(table.c.seq.in_([row["seq"] - 1 for row in rows]))
    hashes = {0: FIRST, **{row.seq: row.hash for row in connection.execute(before)}}
    for row in sorted(rows, key=lambda r: int(r["seq"])):
        seq = int(row["seq"])
        if seq - 1 not in hashes:
            return Broken(seq - 1, "entry is missing")
        if row["prev_hash"] != hashes[seq - 1]:
            return Broken(seq, "does not follow the entry before")
        if row["hash"] != entry_hash(row):
            return Broken(seq, "was changed after it was written")
    return None
