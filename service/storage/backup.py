"""Copies of the record: into one file while writing goes on, back from it, and from one store to another; counted and hashed a table.

A backup is a SQLite file of the record's own tables, of either store, with what it holds written beside: when it was made, rows and hash
of each table, and the models folder with the key that checks it. The signing key and the vault's key are kept elsewhere.
"""

import hashlib
import os
import re
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from matching.errors import BadInput, Conflict, NotReady
from service.storage import journal
from service.storage.contents import PASSING, Content, columns_of, contents, rows_of, tables_of
from service.storage.engine import make_engine, reading, writing
from service.storage.migrate import migrate, require_known, revisions
from service.storage.schema import metadata

_BESIDE = sa.MetaData()
_FACTS = sa.Table(
    "backup_facts", _BESIDE, sa.Column("name", sa.String, primary_key=True), sa.Column("value", sa.String)
)
_CONTENTS = sa.Table(
    "backup_contents", _BESIDE, sa.Column("name", sa.String, primary_key=True), sa.Column("rows", sa.Integer), sa.Column("sha256", sa.String)
)  # fmt: skip
_FILES = sa.Table(
    "backup_files", _BESIDE, sa.Column("path", sa.String, primary_key=True), sa.Column("content", sa.LargeBinary), sa.Column("sha256", sa.String)
)  # fmt: skip
_BESIDE_NAMES = frozenset(_BESIDE.tables)
_MODEL_FILE = re.compile(r"models/(history\.jsonl|versions/v\d{4,9}/[a-z0-9_.\-]{1,90})|models-keys/checking\.pem")


@dataclass(frozen=True, slots=True)
class Copied:
    """What a copy holds: rows a table, entries of the journal and the hash of the last, files of models."""

    rows: Mapping[str, int]
    entries: int
    last_hash: str
    files: int


def back_up(engine: sa.Engine, home: Path, file: Path, *, at: str) -> Copied:
    """Write the record and the models of ``home`` into a new file, readable by its owner only; it is there whole or not at all."""
    if file.exists():
        raise Conflict(f"{file}: expected no file of this name, found one; name another")
    file.parent.mkdir(parents=True, exist_ok=True)
    with _beside(file) as part:
        copy = make_engine(sa.URL.create("sqlite", database=str(part)))
        try:
            _pour(engine, copy, part)
            with writing(copy) as out:
                _BESIDE.create_all(out)
                held = {n: c for n, c in contents(out).items() if n not in _BESIDE_NAMES}
                out.execute(
                    _CONTENTS.insert(), [{"name": n, "rows": c.rows, "sha256": c.sha256} for n, c in held.items()]
                )
                out.execute(
                    _FACTS.insert(), [{"name": "made_at", "value": at}, {"name": "store", "value": engine.dialect.name}]
                )
                found = [{"path": p, "content": c, "sha256": _sha256(c)} for p, c in _models(home)]
                if found:
                    out.execute(_FILES.insert(), found)
            with reading(copy) as kept:
                return _copied(kept, held, len(found))
        finally:
            copy.dispose()


def restore(file: Path, engine: sa.Engine, home: Path, *, actor: str) -> Copied:
    """Bring a backup back into an empty record and an empty models folder, everything or nothing; every table is hashed again there.

    BadInput when the file is no backup or not what was written, Conflict when something is there already. A backup of an earlier version
    is brought to the present schema on the way.
    """
    if not file.is_file():
        raise BadInput(f"{file}: expected a backup, found no such file")
    if any((home / "models").glob("*")):
        raise Conflict(f"{home / 'models'}: expected no models, found some; set ONEMONTH_HOME to a new folder")
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home) as folder:
        part = Path(folder) / "restoring.db"
        with file.open("rb") as source, part.open("wb") as target:
            while block := source.read(1 << 20):
                target.write(block)
        copy = make_engine(sa.URL.create("sqlite", database=str(part)))
        try:
            files, at = _verified(copy, file)
            migrate(copy)
            migrate(engine)
            with reading(copy) as source_rows, writing(engine) as out:
                _require_empty(out)
                held = _copy(source_rows, out)
                _tell(out, "record.restored", actor, {"made_at": at, "rows": sum(c.rows for c in held.values())})
                _put_back(files, home)
                return _copied(out, held, len(files))
        finally:
            copy.dispose()


def move(source: sa.Engine, target: sa.Engine, *, actor: str) -> Copied:
    """Copy the record into the empty record of another store; both hashed, the old one closed for good. Writers of the old one wait.

    Conflict when the target holds something; nothing is kept there unless every table is equal.
    """
    migrate(target)
    with writing(source) as rows:
        with writing(target) as out:
            _require_empty(out)
            held = _copy(rows, out)
            moved = {"rows": sum(c.rows for c in held.values()), "to": target.dialect.name}
            _tell(out, "record.moved_here", actor, moved)
            copied = _copied(out, held, 0)
        _tell(rows, journal.MOVED, actor, moved)  # last: the new record is kept before the old one is closed
    return copied


@contextmanager
def _beside(file: Path) -> Iterator[Path]:
    """Yield a path to write to, which becomes the file when the block ends well."""
    handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    os.close(handle)
    part = Path(name)
    try:
        yield part
        with part.open("rb+") as written:
            os.fsync(written.fileno())
        os.link(part, file)  # refuses where somebody was quicker
    finally:
        part.unlink()
        for left in ("-journal", "-wal", "-shm", ".migrating"):
            Path(name + left).unlink(missing_ok=True)


def _pour(engine: sa.Engine, copy: sa.Engine, part: Path) -> None:
    """Fill a new SQLite file with the record as it stands at one instant; writers of SQLite wait while its pages are copied, no longer."""
    with reading(engine) as rows:
        now, _ = revisions(rows)
    if now is None:
        raise NotReady("backup: expected a record, found an empty database; nothing was written")
    if engine.dialect.name == "sqlite":
        with closing(sqlite3.connect(str(engine.url.database))) as pages, closing(sqlite3.connect(part)) as out:
            pages.backup(out)
            there = {name for (name,) in out.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            left = sorted(PASSING & there - {"alembic_version"})
            for statement in (
                "PRAGMA journal_mode=DELETE",
                "PRAGMA secure_delete=ON",
                *(f"DELETE FROM {n}" for n in left),
            ):
                out.execute(statement)
            out.commit()
        return
    migrate(copy, now)
    with reading(engine) as rows, writing(copy) as out:
        _copy(rows, out)


def _copy(source: sa.Connection, target: sa.Connection) -> dict[str, Content]:
    """Copy every lasting table in the order of its links; Conflict unless source and target then hold the same."""
    order = {table.name: place for place, table in enumerate(metadata.sorted_tables)}
    for table in sorted(tables_of(source), key=lambda t: order.get(t.name, len(order))):
        if table.name not in _BESIDE_NAMES:
            for batch in rows_of(source, table, list(table.columns)):
                target.execute(table.insert(), [dict(row._mapping) for row in batch])
    names = {n: columns for n, columns in columns_of(source).items() if n not in _BESIDE_NAMES}
    wanted, found = contents(source, names), contents(target, names)
    odd = sorted(n for n in wanted if wanted[n] != found.get(n))
    if odd:
        raise Conflict(
            f"copy: expected the same rows on both sides, found others in {', '.join(odd)}; nothing was kept"
        )
    return found


def _verified(copy: sa.Engine, file: Path) -> tuple[list[tuple[str, bytes]], str]:
    """Return the models' files and when the backup was made; BadInput unless everything in it is as it was written."""
    try:
        with reading(copy) as kept:
            facts = {r.name: r.value for r in kept.execute(sa.select(_FACTS))}
            wanted = {r.name: Content(r.rows, r.sha256) for r in kept.execute(sa.select(_CONTENTS))}
            found = {n: c for n, c in contents(kept).items() if n not in _BESIDE_NAMES}
            files = [(r.path, bytes(r.content), r.sha256) for r in kept.execute(sa.select(_FILES))]
            require_known(kept)
            broken = journal.first_break(kept)
    except sa.exc.DatabaseError as error:
        raise BadInput(f"{file}: expected a backup that `onemonth backup` wrote, found something else") from error
    odd = sorted(n for n in {*wanted, *found} if wanted.get(n) != found.get(n))
    odd += [p for p, content, digest in files if _sha256(content) != digest or not _MODEL_FILE.fullmatch(p)]
    if odd:
        raise BadInput(f"{file}: expected what was written, found changes in {', '.join(odd[:5])}; take another backup")
    if broken is not None:
        raise BadInput(f"{file}: journal entry {broken.seq} {broken.what}; take a backup made before")
    return [(p, c) for p, c, _ in files], facts["made_at"]


def _require_empty(target: sa.Connection) -> None:
    full = [
        t.name
        for t in metadata.sorted_tables
        if target.execute(sa.select(sa.literal(1)).select_from(t).limit(1)).first()
    ]
    if full:
        raise Conflict(
            f"expected an empty record, found rows in {', '.join(full[:5])}; name a new database or a new ONEMONTH_HOME"
        )


def _tell(connection: sa.Connection, action: str, actor: str, after: Mapping[str, object]) -> None:
    fields = {
        "actor": actor, "role": "service", "action": action, "object_type": "record", "object_id": "record", "before": None, "after": after,
        "reason": None, "request_id": None,
    }  # fmt: skip
    journal.append(connection, fields)


def _copied(connection: sa.Connection, held: Mapping[str, Content], files: int) -> Copied:
    entries = metadata.tables["journal"]
    last = connection.execute(sa.select(entries.c.seq, entries.c.hash).order_by(entries.c.seq.desc()).limit(1)).first()
    seq, digest = (0, journal.FIRST) if last is None else last
    return Copied({n: c.rows for n, c in held.items()}, int(seq), str(digest), files)


def _models(home: Path) -> list[tuple[str, bytes]]:
    """Return path and bytes of the registry's files, its history first: what it names is there by then, and is never changed."""
    history, checking = home / "models" / "history.jsonl", home / "models-keys" / "checking.pem"
    first = [p for p in (history, checking) if p.is_file()]
    named = [(str(p.relative_to(home)), p.read_bytes()) for p in first]
    return named + [
        (str(p.relative_to(home)), p.read_bytes())
        for p in sorted((home / "models" / "versions").glob("v*/*"))
        if _MODEL_FILE.fullmatch(str(p.relative_to(home)))
    ]


def _put_back(files: list[tuple[str, bytes]], home: Path) -> None:
    for path, content in files:
        (home / path).parent.mkdir(parents=True, exist_ok=True)
        (home / path).write_bytes(content)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
