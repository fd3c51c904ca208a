"""Transactions of the record: reads of one consistent state, writes that are kept whole or not at all, a journal entry beside every change."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from matching.columns import Columns
from matching.tables import TABLES
from service.storage import feed, journal
from service.storage.frames import no_rows, plain, select_columns, to_columns, to_frame, to_rows
from service.storage.parts import NightParts
from service.storage.schema import VAULTS, changes, identities, metadata, refused_rows
from service.storage.scope import scope

_MANY = (list, tuple, set, frozenset)

BATCH = 5_000
"""Rows sent to the database at a time."""

_WRITTEN = changes.update().where(changes.c.name == sa.bindparam("table")).values(n=changes.c.n + 1)


@dataclass(frozen=True, slots=True)
class Counts:
    """What an upsert did."""

    added: int
    changed: int
    unchanged: int


class Reader:
    """Reads inside one transaction, of the whole record or of people in some regions."""

    def __init__(self, connection: sa.Connection, regions: Sequence[str] = ()) -> None:
        self._connection = connection
        self._regions = tuple(regions)

    @property
    def regions(self) -> tuple[str, ...]:
        """Heads of region codes whose people ``seen`` shows; empty for all."""
        return self._regions

    def read(self, table: str, columns: Sequence[str] | None = None, **where: Any) -> pd.DataFrame:
        """Return rows as a canonical frame in key order; a filter is a value, or a list of values any of which will do.

        Within a transaction that writes, the whole record is read: rules about openings and slots hold across regions. What a caller
        names is looked up with ``seen``.
        """
        return self._read(table, columns, (), where)

    def seen(self, table: str, columns: Sequence[str] | None = None, **where: Any) -> pd.DataFrame:
        """Return what ``read`` does, of people in the caller's regions only."""
        return self._read(table, columns, self._regions, where)

    def few(self, table: str, columns: Sequence[str] | None = None, **where: Any) -> Columns:
        """Return what ``seen`` does as plain columns: for the few rows of a household."""
        names = tuple(columns or TABLES[table].names)
        batches = self._batches(table, names, self._regions, where)
        return to_columns(table, names, [row for rows in batches for row in rows])

    def _read(
        self, table: str, columns: Sequence[str] | None, regions: Sequence[str], where: Mapping[str, Any]
    ) -> pd.DataFrame:
        names = tuple(columns or TABLES[table].names)
        batches = self._batches(table, names, regions, where)
        first = next(batches, None)
        return no_rows(table, names) if first is None else to_frame(table, names, chain([first], batches))

    def _batches(
        self, table: str, names: Sequence[str], regions: Sequence[str], where: Mapping[str, Any]
    ) -> Iterator[Sequence[Sequence[Any]]]:
        if any(isinstance(v, _MANY) and not v for v in where.values()):
            return
        asked = {
            k: [plain(v) for v in value] if isinstance(value, _MANY) else plain(value) for k, value in where.items()
        }
        shape = tuple((k, None if v is None else isinstance(v, list)) for k, v in asked.items())
        query = _selected(table, tuple(names), shape, tuple(regions))
        result = self._connection.execute(query, {k: v for k, v in asked.items() if v is not None})
        while rows := result.cursor.fetchmany(BATCH):
            yield rows

    def read_among(
        self, table: str, columns: Sequence[str], key: str, values: Sequence[Any], **where: Any
    ) -> pd.DataFrame:
        """Return the rows whose ``key`` is among many values."""
        starts = range(0, max(len(values), 1), BATCH)
        parts = [self.read(table, columns, **{key: list(values[s : s + BATCH])}, **where) for s in starts]
        return pd.concat(parts, ignore_index=True)

    @property
    def parts(self) -> NightParts:
        """The parts of nights, read and written in this transaction."""
        return NightParts(self._connection)

    def execute(self, statement: sa.Executable, rows: Any = None) -> sa.CursorResult[Any]:
        """Run a statement on the service's own tables (accounts, approvals), which are not of the data dictionary."""
        return self._connection.execute(statement, rows)

    def same_addresses(self) -> pd.DataFrame:
        """Return which caseworkers live where which members do, ``caseworker_id member_id``; by keyed hash, no address is opened."""
        (home, office), names = VAULTS.values(), ("caseworker_id", "member_id")
        query = sa.select(office.c.caseworker_id, home.c.member_id).join(
            home, home.c.address_token == office.c.address_token
        )
        rows = self._connection.execute(query.order_by(office.c.caseworker_id, home.c.member_id)).all()
        return pd.DataFrame([tuple(r) for r in rows], columns=list(names), dtype="str")

    def journal_break(self, entries: Sequence[Mapping[str, Any]]) -> journal.Broken | None:
        """Look at some entries of the journal; None when each is as it was written and follows the one before it."""
        return journal.break_among(self._connection, entries)

    def change(self) -> int:
        """Return the number of the last change to what the index is made of."""
        return feed.count(self._connection)

    def writes(self) -> Mapping[str, int]:
        """Return how often each table was written."""
        return feed.writes(self._connection)

    def touched_since(self, change: int) -> Mapping[str, Collection[str]] | None:
        """Return whose rows changed after a change, by owner column; None when that cannot be told one by one."""
        return feed.since(self._connection, change)


class Transaction(Reader):
    """Writes inside one transaction; nothing is visible to others before it ends well."""

    def __init__(self, connection: sa.Connection, regions: Sequence[str] = ()) -> None:
        super().__init__(connection, regions)
        self._touched: set[str] = set()
        self._owners = feed.Touched()

    def insert(self, table: str, rows: Iterable[Mapping[str, Any]] | pd.DataFrame) -> int:
        """Insert rows; returns how many."""
        plain_rows = to_rows(rows)
        for start in range(0, len(plain_rows), BATCH):
            self._connection.execute(metadata.tables[table].insert(), plain_rows[start : start + BATCH])
        if plain_rows:
            self._note(table, plain_rows)
        return len(plain_rows)

    def _note(self, table: str, rows: Iterable[Mapping[str, Any]]) -> None:
        self._touched.add(table)
        if self._owners.follows(table):
            self._owners.note(table, rows)

    def update(
        self, table: str, key: Mapping[str, Any], values: Mapping[str, Any], where: Mapping[str, Any] | None = None
    ) -> int:
        """Change the row of a key, only where ``where`` still holds; returns how many rows changed."""
        source = metadata.tables[table]
        conditions = [_is(source.c[k], v) for k, v in {**key, **(where or {})}.items()]
        before: list[Mapping[str, Any]] = []
        if self._owners.follows(table):
            owned = sa.select(*(source.c[k] for k in feed.FOLLOWED[table] or TABLES[table].key)).where(*conditions)
            before = [dict(row) for row in self._connection.execute(owned).mappings()]
        result = self._connection.execute(
            source.update().where(*conditions).values({k: plain(v) for k, v in values.items()})
        )
        if result.rowcount:
            self._note(table, [*before, *({**row, **values} for row in before)])
        return int(result.rowcount)

    def delete(self, table: str, **where: Any) -> int:
        """Take rows away; returns how many. What is in memory of a followed table is read afresh."""
        source = metadata.tables[table]
        if not where:
            raise ValueError(f"expected a condition to delete rows of {table} by, found none")
        result = self._connection.execute(source.delete().where(*(_is(source.c[k], v) for k, v in where.items())))
        if result.rowcount:
            self._touched.add(table)
            self._owners.everything |= self._owners.follows(table)
        return int(result.rowcount)

    def update_each(self, table: str, rows: pd.DataFrame, key: Sequence[str], where: Mapping[str, Any]) -> int:
        """Change a row for each of ``rows``: the ``key`` columns find it, the others are set, only where ``where`` still holds."""
        source = metadata.tables[table]
        found = [source.c[n] == sa.bindparam(f"key_{n}") for n in key]
        values: dict[str, Any] = {n: sa.bindparam(f"new_{n}") for n in rows.columns if n not in key}
        statement = source.update().where(*found, *(_is(source.c[k], v) for k, v in where.items())).values(values)
        named = to_rows(rows.rename(columns={n: f"key_{n}" if n in key else f"new_{n}" for n in rows.columns}))
        done = sum(
            int(self._connection.execute(statement, named[start : start + BATCH]).rowcount)
            for start in range(0, len(named), BATCH)
        )
        if done:
            self._note(table, to_rows(rows[list(key)]))
        return done

    def upsert(self, table: str, frame: pd.DataFrame) -> Counts:
        """Bring rows in by key: new ones are added, different ones changed, equal ones left alone."""
        spec = TABLES[table]
        key = list(spec.key)
        frame = frame.reset_index(drop=True)
        before = self.read(table)
        place = pd.MultiIndex.from_frame(before[key]).get_indexer(pd.MultiIndex.from_frame(frame[key]))
        known = place >= 0
        old = before.iloc[place[known]].reset_index(drop=True)
        new = frame[known].reset_index(drop=True)
        same = ((old == new) | (old.isna() & new.isna())).fillna(False).all(axis=1).to_numpy(dtype=bool)
        differs = frame[known].index[~same]
        if len(differs) and self._owners.follows(table):
            self._owners.note(table, to_rows(old[~same]))
        self._replace(table, frame.loc[differs], key)  # first: what ends makes room for what is new
        self.insert(table, frame[~known])
        return Counts(int((~known).sum()), len(differs), int(same.sum()))

    def _replace(self, table: str, frame: pd.DataFrame, key: list[str]) -> None:
        source = metadata.tables[table]
        make = postgresql.insert if self._connection.dialect.name == "postgresql" else sqlite.insert
        statement = make(source)
        names = [c.name for c in source.columns if c.name not in key]
        statement = statement.on_conflict_do_update(index_elements=key, set_={n: statement.excluded[n] for n in names})
        rows = to_rows(frame)
        for start in range(0, len(rows), BATCH):
            self._connection.execute(statement, rows[start : start + BATCH])
        if rows:
            self._note(table, rows)

    def refuse(self, import_id: str, errors: pd.DataFrame) -> None:
        """Keep the list of refused cells of an import."""
        rows = [{"import_id": import_id, "n": k, **row} for k, row in enumerate(to_rows(errors))]
        for start in range(0, len(rows), BATCH):
            self._connection.execute(refused_rows.insert(), rows[start : start + BATCH])

    def sealed(self, owners: Sequence[str], people: str = "members") -> dict[str, tuple[bytes, str]]:
        """Return member (or caseworker) → sealed identity and the key it is sealed under, of those who have one."""
        out: dict[str, tuple[bytes, str]] = {}
        kept, key = VAULTS[people], TABLES[people].key[0]
        for start in range(0, len(owners), BATCH):
            query = sa.select(kept).where(kept.c[key].in_(owners[start : start + BATCH]))
            out |= {
                str(row[key]): (bytes(row["sealed"]), row["key_id"])
                for row in self._connection.execute(query).mappings()
            }
        return out

    def keep_sealed(self, rows: Sequence[Mapping[str, Any]], people: str = "members") -> None:
        """Keep sealed identities in place of earlier ones."""
        kept, key = VAULTS[people], TABLES[people].key[0]
        for start in range(0, len(rows), BATCH):
            some = list(rows[start : start + BATCH])
            self._connection.execute(kept.delete().where(kept.c[key].in_([r[key] for r in some])))
            self._connection.execute(kept.insert(), some)

    def forget_identity(self, member_id: str) -> int:
        """Take away who a member is; returns how many rows went."""
        return int(self._connection.execute(identities.delete().where(identities.c.member_id == member_id)).rowcount)

    def journal(
        self, *, actor: str, role: str, action: str, object_type: str, object_id: str, before: Any = None, after: Any = None,
        reason: str | None = None, request_id: str | None = None,
    ) -> int:  # fmt: skip
        """Append one entry to the journal; returns its number."""
        self._touched.add("journal")
        fields = {
            "actor": actor, "role": role, "action": action, "object_type": object_type, "object_id": object_id, "before": before,
            "after": after, "reason": reason, "request_id": request_id,
        }  # fmt: skip
        return journal.append(self._connection, fields)

    def finish(self) -> None:
        """Count the write and say whose rows it concerns, so that indexes in memory renew them."""
        self._owners.write(self._connection)
        for name in sorted(self._touched):
            if not self._connection.execute(_WRITTEN, {"table": name}).rowcount:
                self._connection.execute(changes.insert(), {"name": name, "n": 1})


@lru_cache(maxsize=2_048)
def _selected(
    table: str, names: tuple[str, ...], shape: tuple[tuple[str, bool | None], ...], regions: tuple[str, ...]
) -> sa.Select[Any]:
    """Return the query of some columns in key order, made once for each shape of a filter: column → none, one value or any of many."""
    source = metadata.tables[table]
    query = select_columns(source, names)
    for name, many in shape:
        told: sa.BindParameter[Any] = sa.bindparam(name, expanding=bool(many))
        column = source.c[name]
        query = query.where(column.is_(None) if many is None else column.in_(told) if many else column == told)
    inside = scope(source, regions)
    if inside is not None:
        query = query.where(inside)
    return query.order_by(*(source.c[k] for k in TABLES[table].key))


def _is(column: sa.Column[Any], value: Any) -> sa.ColumnElement[bool]:
    if isinstance(value, _MANY):
        return column.in_([plain(v) for v in value])
    return column.is_(None) if value is None else column == plain(value)
