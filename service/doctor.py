"""What an installation needs to work, looked at without changing anything; every fault is found, not the first alone."""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from pydantic import ValidationError

from matching.errors import OneMonthError
from models.registry import Registry
from service.clock import LOCAL, local_now
from service.security.gate import is_loopback
from service.settings import Settings
from service.storage import leasing
from service.storage.engine import reading, wal_is_safe
from service.storage.migrate import revisions
from service.storage.schema import VAULTS, accounts, leases
from service.storage.store import Store, as_it_is
from service.storage.vault import Vault
from service.use_cases.clock_check import clock_fault
from service.use_cases.office_figures import last_night

LEAST_FREE = 1_000_000_000
"""Bytes that have to be free where the record is written."""

NIGHT_DUE = timedelta(hours=36)
"""After so long without a night the morning's proposals are stale."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look found: ``state`` is ok, note (worth knowing) or fault (has to be mended)."""

    check: str
    state: str
    told: str


Look = Callable[[Settings, Store], Iterator[tuple[str, str]]]


def examine() -> list[Finding]:
    """Return what was found of settings, folder, database, key, model, clock and night; a look that cannot be taken is a fault."""
    try:
        settings = Settings()
    except ValidationError as error:
        return [Finding("settings", "fault", f"{_name(e['loc'])}: {e['msg']}") for e in error.errors()]
    found = [Finding("settings", "ok", "every setting can be used")]
    found += _taken("folder", _folder, settings, None)
    vault = None if settings.vault_key is None else Vault.of(settings.vault_key.get_secret_value())
    with as_it_is(settings) as engine:
        store = Store(engine, vault)
        reached = _taken("database", _database, settings, store)
        found += reached
        if all(f.state != "fault" for f in reached):
            for name, look in _OF_A_RECORD.items():
                found += _taken(name, look, settings, store)
    return found + _taken("model", _model, settings, None)


def _name(loc: tuple[int | str, ...]) -> str:
    return ".".join(map(str, loc)) or "environment"


def _taken(
    name: str, look: Callable[..., Iterator[tuple[str, str]]], settings: Settings, store: Store | None
) -> list[Finding]:
    try:
        return [Finding(name, state, told) for state, told in look(settings, store)]
    except (OneMonthError, sa.exc.SQLAlchemyError, OSError) as error:
        told = (
            str(error) if isinstance(error, OneMonthError) else f"{type(error).__name__}: {str(error).splitlines()[0]}"
        )
        return [Finding(name, "fault", told)]


def _folder(settings: Settings, _: Store | None) -> Iterator[tuple[str, str]]:
    home = Path(settings.home)
    there = next(p for p in (home.absolute(), *home.absolute().parents) if p.exists())
    if not os.access(there, os.W_OK | os.X_OK):
        yield (
            "fault",
            f"{there}: expected a folder this account may write to, found none; change its owner or ONEMONTH_HOME",
        )
    free = shutil.disk_usage(there).free
    short = free < LEAST_FREE
    yield (
        ("fault" if short else "ok"),
        f"{free / 1e9:,.1f} GB free" + (f", expected {LEAST_FREE / 1e9:.0f}; make room" if short else ""),
    )


def _database(settings: Settings, store: Store) -> Iterator[tuple[str, str]]:
    with reading(store.engine) as connection:
        now, known = revisions(connection)
        if store.engine.dialect.name == "sqlite":
            mode = connection.execute(sa.text("PRAGMA journal_mode")).scalar_one()
            whole = connection.execute(sa.text("PRAGMA quick_check")).scalar_one()
            why = "" if wal_is_safe() else " (no write-ahead log: this version has the fault of its reset)"
            yield (
                "ok" if whole == "ok" else "fault",
                f"SQLite {sqlite3.sqlite_version}, journal mode {mode}{why}, check: {whole}",
            )
        else:
            version = connection.execute(sa.text("SHOW server_version")).scalar_one()
            yield "ok", f"PostgreSQL {version}"
    if now is None:
        yield "fault", "the record is empty; it is made at the first start, or by `onemonth restore FILE`"
    elif now not in known:
        yield (
            "fault",
            f"revision {now} is of a later version, this one knows up to {known[-1]}; start the later version",
        )
    elif now != known[-1]:
        yield (
            "fault",
            f"revision {now}, {len(known) - known.index(now) - 1} behind {known[-1]}; back up, then `onemonth migrate`",
        )
    else:
        yield "ok", f"revision {now}, the newest"


def _journal(_: Settings, store: Store) -> Iterator[tuple[str, str]]:
    broken = store.journal_break()
    if broken is None:
        yield "ok", "every entry of the journal holds"
    else:
        yield (
            "fault",
            f"entry {broken.seq} of the journal {broken.what}; keep this record, restore one from before beside it",
        )


def _key(_: Settings, store: Store) -> Iterator[tuple[str, str]]:
    with store.reading() as record:
        under = {
            str(k) for kept in VAULTS.values() for k in record.execute(sa.select(kept.c.key_id).distinct()).scalars()
        }
    if store.vault is None:
        told = "no ONEMONTH_VAULT_KEY: names, identity numbers and phones are not kept"
        yield ("fault" if under else "note"), told + ("; start with the key they are sealed under" if under else "")
    elif under - {store.vault.key_id}:
        yield (
            "fault",
            f"identities are sealed under {', '.join(sorted(under - {store.vault.key_id}))}, the key set is {store.vault.key_id}",
        )
    else:
        yield "ok", f"key {store.vault.key_id} fits every sealed identity"


def _people(settings: Settings, store: Store) -> Iterator[tuple[str, str]]:
    with store.reading() as record:
        some = record.execute(sa.select(sa.literal(1)).select_from(accounts).limit(1)).first() is not None
    if some:
        yield "ok", "log-in is needed"
    else:
        here = is_loopback(settings.host)
        yield (
            ("note" if here else "fault"),
            f"no account: this machine alone is served{'' if here else f', not {settings.host}; make one'}",
        )


def _clock(_: Settings, store: Store) -> Iterator[tuple[str, str]]:
    now = local_now()
    fault = clock_fault(store, now)
    yield ("fault", fault) if fault else ("ok", f"{now:%Y-%m-%d %H:%M}")


def _night(_: Settings, store: Store) -> Iterator[tuple[str, str]]:
    with reading(store.engine) as connection:
        clock = leasing.now(connection)
        for row in connection.execute(sa.select(leases)):
            held = leasing.holds(row.holder, row.until, clock)
            yield "note", f"{row.name}: {'running' if held else 'left by a run that died, free'} ({row.holder})"
    with store.reading() as record:
        night = last_night(record)
    if night is None:
        yield "note", "no night has been planned yet"
        return
    ended = datetime.fromtimestamp(night.ended_at, LOCAL)
    late = local_now() - ended > NIGHT_DUE
    yield ("note" if late else "ok"), f"last night ended {ended:%Y-%m-%d %H:%M}{'; look at its timer' if late else ''}"


def _model(settings: Settings, _: Store | None) -> Iterator[tuple[str, str]]:
    registry = Registry(settings.home / "models")
    version = registry.current_scorer().version
    told = (
        "no version is promoted, the written rule answers"
        if registry.production() is None
        else f"{version}: signature, hashes and scores hold"
    )
    yield "ok", told


_OF_A_RECORD: dict[str, Look] = {
    "journal": _journal,
    "key": _key,
    "accounts": _people,
    "clock": _clock,
    "night": _night,
}
