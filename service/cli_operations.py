"""The operator's commands: doctor, backup, restore, move, migrate."""

import hashlib
from dataclasses import asdict
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli_console import Json, out, refusals, say, table
from service.clock import stamp
from service.settings import Settings

if TYPE_CHECKING:
    from service.storage.backup import Copied

BY = "console"


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command(epilog="Example: onemonth doctor --json")(doctor)
    app.command(epilog="Example: onemonth backup /backups/onemonth-2026-11-26.db")(backup)
    app.command(epilog="Example: ONEMONTH_HOME=/var/lib/onemonth-new onemonth restore /backups/onemonth-2026-11-26.db")(
        restore
    )
    app.command(epilog="Example: onemonth move --to postgresql://onemonth@db.office.example/onemonth")(move)
    app.command(epilog="Example: onemonth migrate --to 0014")(migrate)


def doctor(as_json: Json = False) -> None:
    """Look at settings, folder, database, key, model, clock and night; name every fault at once. Code 1 when there is one."""
    from service.doctor import examine

    found = examine()
    faults = sum(f.state == "fault" for f in found)
    rows: list[list[object]] = [[f.state, f.check, f.told] for f in found]
    say(
        as_json,
        {"faults": faults, "findings": [asdict(f) for f in found]},
        lambda: table(f"{faults} faults", ["", "looked at", "found"], rows),
    )
    if faults:
        raise typer.Exit(1)


def backup(file: Path, as_json: Json = False) -> None:
    """Write the record and the models into one new file while work goes on. Keep the keys elsewhere."""
    from service.storage.backup import back_up
    from service.storage.store import as_it_is

    began = perf_counter()
    with refusals():
        settings = Settings()
        with as_it_is(settings) as engine:  # so that a backup can be taken before a migration that is due
            done = back_up(engine, settings.home, file, at=stamp())
    with file.open("rb") as written:
        digest = hashlib.file_digest(written, "sha256").hexdigest()
    size = file.stat().st_size
    more = {"file": str(file), "sha256": digest, "bytes": size}
    _tell(as_json, done, began, more, f"{file}: {size / 1e6:,.1f} MB, sha256 {digest}")


def restore(file: Path, as_json: Json = False) -> None:
    """Bring a backup back into a new, empty ONEMONTH_HOME and database; every table is compared by its hash."""
    from service.storage.backup import restore as bring_back
    from service.storage.store import as_it_is

    began = perf_counter()
    with refusals():
        settings = Settings()
        with as_it_is(settings) as engine:
            done = bring_back(file, engine, settings.home, actor=BY)
    _tell(as_json, done, began, {}, f"restored from {file}")


def move(
    to: Annotated[str, typer.Option(envvar="ONEMONTH_MOVE_TO", help="Address of an empty database.")],
    as_json: Json = False,
) -> None:
    """Copy the record to another store, compare counts and hashes of every table, and close the old one. Stop the service first."""
    from pydantic import ValidationError

    from service.storage.backup import move as move_record
    from service.storage.store import as_it_is
    from service.wiring import open_store

    began = perf_counter()
    with refusals(), open_store(Settings()) as store:
        try:
            address = Settings(database_url=to).database_url
        except ValidationError as error:
            raise typer.BadParameter(f"expected postgresql://… or sqlite:///…, found {to.partition(':')[0]}") from error
        assert address is not None
        with as_it_is(Settings(database_url=address)) as target:
            done = move_record(store.engine, target, actor=BY)
    _tell(as_json, done, began, {}, "moved; name the new store in ONEMONTH_DATABASE_URL, then start")


def _tell(as_json: bool, done: "Copied", began: float, more: dict[str, Any], line: str) -> None:
    seconds = round(perf_counter() - began, 3)
    figures = {
        **more, "tables": dict(done.rows), "rows": sum(done.rows.values()), "entries": done.entries, "last_hash": done.last_hash,
        "files": done.files, "seconds": seconds,
    }  # fmt: skip

    def human() -> None:
        """Print how much was copied and that it is equal."""
        out.print(line, highlight=False)
        out.print(
            f"{figures['rows']:,} rows of {len(done.rows)} tables, every hash equal; {done.files} files of models; {seconds} s"
        )
        out.print(f"journal: {done.entries} entries, the last one's hash {done.last_hash}", highlight=False)

    say(as_json, figures, human)


def migrate(
    to: Annotated[
        str, typer.Option(help="Revision; an earlier one takes the record back for an earlier version.")
    ] = "head",
    as_json: Json = False,
) -> None:
    """Bring the record to a revision. Starting does it by itself; taking it back loses what only later revisions hold."""
    from matching.errors import BadInput
    from service.storage.migrate import downgrade, revisions
    from service.storage.migrate import migrate as bring_forward
    from service.storage.store import as_it_is

    with refusals(), as_it_is(Settings()) as engine:
        with engine.connect() as connection:
            now, known = revisions(connection)
        if to not in ("head", *known):
            raise BadInput(f"revision: expected one of {', '.join(known)}, found {to[:32]!r}")
        back = now in known and to in known and known.index(to) < known.index(now)
        (downgrade if back else bring_forward)(engine, to)
    say(
        as_json,
        {"before": now, "now": known[-1] if to == "head" else to},
        lambda: out.print(f"{now or 'empty'} → {to}"),
    )
