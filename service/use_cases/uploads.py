"""Files sent in from a page or another system: kept aside, looked at, brought in once somebody says so, and taken away."""

import hashlib
import json
import os
import shutil
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import sqlalchemy as sa

from matching.errors import BadInput, Conflict, NotFound, OneMonthError
from matching.tables import TABLES
from matching.vocabulary import Role
from service.clock import seconds, stamp
from service.exchange import import_paths
from service.exchange.catalogue import exchanged
from service.exchange.personal import hidden
from service.exchange.preview import Preview
from service.exchange.preview import preview as preview_of
from service.security.regions import written
from service.storage.schema import mappings, refused_rows, uploads
from service.use_cases.refusals import KeyReused
from service.wiring import Office

SUFFIXES = (".xlsx", ".csv", ".txt", ".parquet")
"""Endings of files that are taken."""

KEPT_HOURS = 24
"""Hours a file that nobody brought in is kept."""

LEASE_MINUTES = 60.0
_OWN_TABLES = ("regions", "agencies", "caseworkers")
_POSTS = ("employers", "positions")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was sent in; ``done`` of ``total`` rows while this process brings it in, ``report`` once it is over."""

    upload_id: str
    actor: str
    name: str
    size: int
    table: str | None
    state: str
    made_at: str
    ended_at: str | None
    report: Mapping[str, Any] | None
    step: str
    done: float
    total: float


_progress: dict[str, tuple[str, float, float]] = {}
_starting = threading.Lock()


def may_bring(role: str) -> tuple[str, ...]:
    """Return the tables a role may bring in; an office without accounts and other systems bring all."""
    if role == Role.POST_OFFICER:
        return _POSTS
    return tuple(t for t in exchanged() if t not in _OWN_TABLES)


def send_in(office: Office, name: str, content: bytes, *, upload_id: str | None = None) -> Upload:
    """Keep a file aside and return it; the same identifier with the same bytes again changes nothing.

    BadInput for a file that is empty or of another kind, KeyReused for an identifier that stands for other bytes.
    """
    suffix, number = Path(name).suffix.lower(), upload_id or uuid.uuid4().hex
    if suffix not in SUFFIXES:
        raise BadInput(
            f"{hidden(name)[:80]}: expected .xlsx, .csv or .parquet, found something else; check what the file is"
        )
    if not content:
        raise BadInput(f"{hidden(name)[:80]}: expected a file with rows, found an empty one; choose it again")
    digest = hashlib.sha256(content).hexdigest()
    _sweep(office)
    with office.store.write() as tx:
        earlier = tx.execute(sa.select(uploads).where(uploads.c.upload_id == number)).first()
        if earlier is not None:
            if (earlier.sha256, earlier.actor) != (digest, office.actor):
                raise KeyReused("this identifier stands for another file already; use a new one")
            return _packed(earlier)
        row = {
            "upload_id": number, "actor": office.actor, "scope": written(office.regions), "name": _kept_name(name),
            "size": len(content), "sha256": digest, "table_name": None, "state": "waiting", "report": None, "made_at": stamp(), "ended_at": None,
        }  # fmt: skip
        tx.execute(uploads.insert(), row)
        path = _path(office, number, _kept_name(name))
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
        return _packed(tx.execute(sa.select(uploads).where(uploads.c.upload_id == number)).one())


def upload(office: Office, upload_id: str) -> Upload:
    """Return a file that was sent in by the caller's office. NotFound without it."""
    with office.store.reading() as reader:
        return _packed(_row(reader.execute(_of(office, upload_id)).first(), upload_id))


def uploads_of(office: Office, *, limit: int = 60, after: str | None = None) -> tuple[list[Upload], str | None]:
    """Return the files of the caller's office, the newest first, and what to go on after."""
    query = sa.select(uploads).where(*_seen(office)).order_by(uploads.c.made_at.desc(), uploads.c.upload_id)
    with office.store.reading() as reader:
        rows = [_packed(r) for r in reader.execute(query)]
    numbers = [r.upload_id for r in rows]
    start = numbers.index(after) + 1 if after in numbers else 0
    page = rows[start : start + limit]
    return page, page[-1].upload_id if start + limit < len(rows) else None


def look(office: Office, upload_id: str, table: str | None = None) -> list[Preview]:
    """Return what the first rows of a file would become, by the office's headers. BadInput when it cannot be used, NotFound without it."""
    return preview_of(
        _file(office, upload_id), _table(table), mappings_of(office), sealing=office.store.vault is not None
    )


def mappings_of(office: Office) -> dict[str, dict[str, str]]:
    """Return the headers of the caller's office by table: header → column, "" for one that is not kept."""
    query = sa.select(mappings).where(mappings.c.scope == written(office.regions))
    out: dict[str, dict[str, str]] = {}
    with office.store.reading() as reader:
        for row in reader.execute(query):
            out.setdefault(row.table_name, {})[row.header] = row.column
    return out


def remember(office: Office, table: str, headers: Mapping[str, str | None], *, request_id: str | None = None) -> None:
    """Keep what an office's headers of a table mean, for its next file too; None forgets one. BadInput for an unknown column."""
    columns = TABLES[_table(table) or ""].names
    strange = sorted({c for c in headers.values() if c and c not in columns})
    if strange:
        raise BadInput(f"{table}: {', '.join(strange)} is no column; expected one of {', '.join(columns)}")
    known = mappings_of(office).get(table, {})
    changed = {h: c for h, c in headers.items() if known.get(h) != c}
    if not changed:
        return
    own = {"scope": written(office.regions), "table_name": table}
    with office.store.write() as tx:
        for header, column in changed.items():
            key = (mappings.c.scope == own["scope"], mappings.c.table_name == table, mappings.c.header == header[:200])
            tx.execute(mappings.delete().where(*key))
            if column is not None:
                tx.execute(mappings.insert(), {**own, "header": header[:200], "column": column})
        tx.journal(
            actor=office.actor, role=office.role, action="mapping.changed", object_type="mappings", object_id=table,
            before={hidden(h): known[h] for h in changed if h in known}, after={hidden(h): c for h, c in changed.items()}, request_id=request_id,
        )  # fmt: skip


def bring_in(office: Office, upload_id: str, table: str | None = None, *, wait: bool = False) -> Upload:
    """Start to bring a file in and return it; ``wait`` stays until it is over. A file that is in already is brought in again.

    Conflict while it is being brought in, NotFound when the file is gone.
    """
    path, wanted = _file(office, upload_id), _table(table)
    with _starting:
        if upload_id in _progress:
            raise Conflict(f"file {upload_id} is being brought in; wait for it to end")
        _progress[upload_id] = ("read files", 0.0, 1.0)
    with office.store.write() as tx:
        tx.execute(
            uploads.update()
            .where(uploads.c.upload_id == upload_id)
            .values(state="running", table_name=wanted, report=None)
        )
    thread = threading.Thread(target=_run, args=(office, upload_id, path, wanted), name=f"import-{upload_id}")
    thread.start()
    if wait:
        thread.join()
    return upload(office, upload_id)


def refused(office: Office, upload_id: str) -> pd.DataFrame:
    """Return the cells an import refused, columns ``file row column found expected``."""
    found = upload(office, upload_id)
    numbers = [s["import_id"] for s in (found.report or {}).get("sheets", ())]
    query = (
        sa.select(refused_rows)
        .where(refused_rows.c.import_id.in_(numbers))
        .order_by(refused_rows.c.import_id, refused_rows.c.n)
    )
    names = ["file", "row", "column", "found", "expected"]
    with office.store.reading() as reader:
        rows = [[getattr(r, n) for n in names] for r in reader.execute(query).all()]
    return pd.DataFrame(rows, columns=names)


def discard(office: Office, upload_id: str) -> None:
    """Take a file away that is not to be brought in; the record of it goes too. Conflict while it is being brought in."""
    upload(office, upload_id)
    if upload_id in _progress:
        raise Conflict(f"file {upload_id} is being brought in; wait for it to end")
    with office.store.write() as tx:
        tx.execute(uploads.delete().where(uploads.c.upload_id == upload_id, uploads.c.state == "waiting"))
    _unlink(office, upload_id)


def _run(office: Office, upload_id: str, path: Path, table: str | None) -> None:
    """Bring a file in and write down what became of it; the file goes once it is in."""

    def told(step: str, done: float, total: float) -> None:
        """Keep how far the import is, for who asks."""
        _progress[upload_id] = (step, done, total)

    try:
        with office.store.lease(f"import-{upload_id}", minutes=LEASE_MINUTES):
            reports = import_paths(
                office.store, [path], actor=office.actor, role=office.role, table=table, progress=told, mapping=mappings_of(office),
                allowed=may_bring(office.role),
            )  # fmt: skip
        sheets = [{k: v for k, v in r.as_dict().items() if k != "errors"} | {"errors": len(r.errors)} for r in reports]
        _end(office, upload_id, "done", {"sheets": sheets})
        _unlink(office, upload_id)
    except OneMonthError as error:
        _end(office, upload_id, "failed", {"error": str(error)})
    except BaseException:
        _end(office, upload_id, "failed", {"error": "a fault on our side; nothing was stored"})
        raise
    finally:
        _progress.pop(upload_id, None)


def _end(office: Office, upload_id: str, state: str, report: Mapping[str, Any]) -> None:
    with office.store.write() as tx:
        own = uploads.c.upload_id == upload_id
        text = json.dumps(report, ensure_ascii=False)
        tx.execute(uploads.update().where(own).values(state=state, report=text, ended_at=stamp()))


def _sweep(office: Office) -> None:
    """Take away files nobody brought in for a day."""
    oldest = seconds() - KEPT_HOURS * 3600
    for folder in _folder(office).glob("*"):
        if folder.stat().st_mtime < oldest and folder.name not in _progress:
            shutil.rmtree(folder, ignore_errors=True)


def _of(office: Office, upload_id: str) -> sa.Select[Any]:
    return sa.select(uploads).where(uploads.c.upload_id == upload_id, *_seen(office))


def _seen(office: Office) -> list[sa.ColumnElement[bool]]:
    """Files of the caller's own regions; of every office for who sees every region."""
    return [uploads.c.scope == written(office.regions)] if office.regions else []


def _row(row: Any, upload_id: str) -> Any:
    if row is None:
        raise NotFound(f"no file {upload_id!r} was sent in; check the number")
    return row


def _packed(row: Any) -> Upload:
    step, done, total = _progress.get(row.upload_id, ("", 0.0, 0.0))
    report = None if row.report is None else json.loads(row.report)
    return Upload(
        row.upload_id,
        row.actor,
        row.name,
        row.size,
        row.table_name,
        row.state,
        row.made_at,
        row.ended_at,
        report,
        step,
        done,
        total,
    )


def _file(office: Office, upload_id: str) -> Path:
    found = upload(office, upload_id)
    path = _path(office, found.upload_id, found.name)
    if not path.is_file():
        raise NotFound(f"file {found.name} is no longer here; send it in again")
    return path


def _path(office: Office, upload_id: str, name: str) -> Path:
    if not (upload_id.isalnum() and upload_id.isascii()):
        raise BadInput("identifier: expected letters and digits; choose another")
    return _folder(office) / upload_id / name


def _kept_name(name: str) -> str:
    """Return the name a file is shown and kept under: no folder, no personal number, short enough for every disk."""
    plain = Path(name.replace("\\", "/"))
    return f"{hidden(plain.stem)[:60]}{plain.suffix.lower()}"


def _unlink(office: Office, upload_id: str) -> None:
    shutil.rmtree(_folder(office) / upload_id, ignore_errors=True)


def _folder(office: Office) -> Path:
    return Path(office.settings.home) / "uploads"


def _table(table: str | None) -> str | None:
    if table and table not in exchanged():
        raise BadInput(f"expected a table of {', '.join(exchanged())}, found {table[:40]}")
    return table or None
