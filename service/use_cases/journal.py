"""The journal as an auditor reads it: filtered, a page at a time, the newest first; and whether its chain holds."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from matching.errors import BadInput, NotFound
from service.security.matrix import RESTRICTED
from service.storage.journal import FIRST
from service.storage.schema import metadata
from service.storage.scope import about_household, scope
from service.storage.transactions import Reader
from service.use_cases.readings import note_reading
from service.wiring import Office

_BARRED = {column.split(".")[1] for column in RESTRICTED}

MASK = "(restricted)"
"""Stands where an entry holds a fact the reader may not read."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which entries: days from and to, actor, role, the head of an action, the object, a household with its members and affairs."""

    since: date | None = None
    until: date | None = None
    actor: str = ""
    role: str = ""
    action: str = ""
    object_type: str = ""
    object_id: str = ""
    household_id: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry; ``before`` and ``after`` without what the reader may not see, ``hash`` over all of it as it was written."""

    seq: int
    at: str
    actor: str
    role: str
    action: str
    object_type: str
    object_id: str
    before: Any
    after: Any
    reason: str | None
    request_id: str | None
    prev_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class Entries:
    """A page of entries; ``next`` is the number to go on after, None on the last page.

    Each was compared with its hash and with the entry before it: ``broken_at`` is the first that does not hold, None when all do.
    """

    items: tuple[Entry, ...]
    next: str | None
    broken_at: int | None
    what: str | None


@dataclass(frozen=True, slots=True)
class Chain:
    """Whether every entry follows the one before: how many there are, the last hash, and the first that does not hold, if any."""

    entries: int
    last_hash: str
    broken_at: int | None
    what: str | None


def journal_page(office: Office, asked: Asked = Asked(), *, limit: int = 60, after: str | None = None) -> Entries:
    """Return a page of entries, newest first; a household that is asked for is noted as read. NotFound outside the caller's regions."""
    if asked.household_id:
        _require(office, asked.household_id)
        note_reading(office, "households", asked.household_id, "journal")
    if after is not None and not after.isdecimal():
        raise BadInput(f"after: expected the `next` of an earlier page, found {after[:40]!r}; start without it")
    table = metadata.tables["journal"]
    query = sa.select(table).where(*_conditions(office, asked))
    if after is not None:
        query = query.where(table.c.seq < int(after))
    with office.store.reading() as reader:
        rows = reader.execute(query.order_by(table.c.seq.desc()).limit(limit + 1)).mappings().all()
        shown = [dict(row) for row in rows[:limit]]
        found, broken = told(reader, office, shown), reader.journal_break(shown)
    return Entries(
        tuple(found), str(found[-1].seq) if len(rows) > limit else None, None if broken is None else broken.seq,
        None if broken is None else broken.what,
    )  # fmt: skip


def chain(office: Office) -> Chain:
    """Walk the whole journal and return whether its chain holds; two readings at one instant."""
    table = metadata.tables["journal"]
    broken = office.store.journal_break()
    with office.store.reading() as reader:
        entries = int(reader.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())
        last = reader.execute(sa.select(table.c.hash).order_by(table.c.seq.desc()).limit(1)).scalar()
    return Chain(
        entries, last or FIRST, None if broken is None else broken.seq, None if broken is None else broken.what
    )


def told(reader: Reader, office: Office, rows: Iterable[Mapping[str, Any]]) -> list[Entry]:
    """Return entries as this caller may read them: restricted facts masked, people of other regions left out of lists."""
    entries = [
        Entry(**{**row, **{side: _parsed(row[side]) for side in ("before", "after")}}) for row in rows
    ]  # fmt: skip
    named = {str(i[0]) for e in entries for i in _listed(e.after)}
    seen = set(reader.seen("members", ["member_id"], member_id=sorted(named))["member_id"]) if named else set()
    barred = {c.split(".")[1] for c in RESTRICTED - office.reads}
    return [_masked(e, barred, seen) for e in entries]


def _masked(entry: Entry, barred: set[str], seen: set[str]) -> Entry:
    values = {name: getattr(entry, name) for name in Entry.__slots__}
    after = entry.after
    if _listed(after):
        after = {**after, "items": [i for i in after["items"] if i[0] in seen]}
    return Entry(**{**values, "before": masked(entry.before, barred), "after": masked(after, barred)})


def masked(value: Any, barred: Iterable[str] = _BARRED) -> Any:
    """Return plain values with every barred key's value hidden, however deep."""
    if isinstance(value, Mapping):
        return {k: MASK if k in barred and v is not None else masked(v, barred) for k, v in value.items()}
    return [masked(v, barred) for v in value] if isinstance(value, list) else value


def _listed(after: Any) -> list[Any]:
    """Return the entries of a list that was shown: member, post, chances."""
    items = after.get("items") if isinstance(after, Mapping) else None
    return [i for i in items if isinstance(i, list) and i] if isinstance(items, list) else []


def _parsed(text: str | None) -> Any:
    return None if text is None else json.loads(text)


def _require(office: Office, household_id: str) -> None:
    if office.store.read("households", ["household_id"], household_id=household_id).empty:
        raise NotFound(f"no household {household_id!r} in the record; check the number")


def _conditions(office: Office, asked: Asked) -> list[sa.ColumnElement[bool]]:
    table = metadata.tables["journal"]
    inside = scope(table, office.regions)
    out = [] if inside is None else [inside]
    out += [
        table.c[name] == value
        for name in ("actor", "role", "object_type", "object_id")
        if (value := getattr(asked, name))
    ]
    if asked.action:
        out.append(table.c.action.startswith(asked.action, autoescape=True))
    if asked.since is not None:
        out.append(table.c.at >= asked.since.isoformat())
    if asked.until is not None:
        out.append(table.c.at < (asked.until + timedelta(days=1)).isoformat())
    if asked.household_id:
        out.append(about_household(asked.household_id))
    return out
