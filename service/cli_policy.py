"""The policy officer's commands: check a city's own rows, show the row that answers a question, tell two days or two tables apart."""

import re
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from matching.errors import NotFound, PolicyError
from matching.policy.changes import Change, changes
from matching.policy.load import PolicyBook, load_policy, packaged_rows
from matching.policy.schema import PolicyRow, keys, parse_table, refuse_clashes
from matching.promise import adopt_variant
from service.cli_console import AsOf, Json, day_of, out, refusals, say, table
from service.settings import Settings

Place = Annotated[str | None, typer.Option("--region", help="Region code; the office's when left out.")]
SIDE = (
    "A day YYYY-MM-DD, a file or folder of rows, or the name of a published variant of the promise (promise.variant.*)."
)
Tables = Annotated[list[Path], typer.Argument(help="TOML files of rows, or folders of them.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    group = typer.Typer(
        no_args_is_help=True, help="Policy numbers: check a city's rows, show a row, tell two days or tables apart."
    )
    app.add_typer(group, name="policy")
    group.command(epilog="Example: onemonth policy check ./our-city --json")(check)
    group.command(epilog="Example: onemonth policy show wage.minimum_month --region 440300 --as-of 2025-06-01")(show)
    group.command(epilog="Example: onemonth policy diff 2025-02-28 2025-03-01 --region 440100")(diff)


def check(paths: Tables, as_json: Json = False) -> None:
    """Check a city's own rows: keys, units, dates, overlaps with each other and with the packaged rows. An error names the row."""
    with refusals():
        rows = [row for path in paths for row in rows_of(path)]
        _with_packaged(rows)
    data: dict[str, Any] = {"files": [str(p) for p in paths], "rows": len(rows), "keys": sorted({r.key for r in rows})}
    say(as_json, data, lambda: out.print(f"{len(rows)} rows are in order, for {len(data['keys'])} keys"))


def show(key: str, region: Place = None, as_of: AsOf = None, as_json: Json = False) -> None:
    """Show the row that answers a key in a place on a day, and what the key means."""
    with refusals():
        book = load_policy(region or Settings().region_code, day_of(as_of))
        row, found = book.row(key), keys()[key]
    data = {"key": key, "meaning": found.meaning, "unit": found.unit, "region": book.region_code, "as_of": book.as_of.isoformat(),
            "row": None if row is None else told(row)}  # fmt: skip

    def human() -> None:
        """Print the parameter and the row that answers it."""
        out.print(f"{key} ({found.unit}): {found.meaning}", highlight=False)
        if row is None:
            out.print(f"no row answers it in {book.region_code} on {book.as_of}")
        else:
            out.print(f"{data['row']}", highlight=False)

    say(as_json, data, human)


def diff(
    before: Annotated[str, typer.Argument(help=SIDE)],
    after: Annotated[str, typer.Argument(help=SIDE)],
    region: Place = None,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Tell which numbers change between two days, two tables, or with a published variant of the promise, and which rows answer."""
    with refusals():
        place, day = region or Settings().region_code, day_of(as_of)
        found = changes(_book(before, place, day), _book(after, place, day))
    items = [{"key": c.key, "before": told(c.before), "after": told(c.after)} for c in found]
    rows = [[c.key, _value(c.before), _value(c.after), _source(c)] for c in found]
    say(
        as_json,
        {"items": items},
        lambda: table(f"{len(items)} numbers change", ["key", "before", "after", "source"], rows),
    )


def rows_of(path: Path) -> list[PolicyRow]:
    """Return the rows of a TOML file, or of every one in a folder; NotFound without it, PolicyError names file and row."""
    files = sorted(path.glob("*.toml")) if path.is_dir() else [path]
    if not files or not all(f.is_file() for f in files):
        raise NotFound(f"{path}: expected a TOML file of policy rows or a folder of them, found none; check the path")
    return [row for file in files for row in parse_table(_text(file), file.name)]


def told(row: PolicyRow | None) -> dict[str, Any] | None:
    """Return a row as plain values; None where no row answers."""
    if row is None:
        return None
    days = {
        n: None if d is None else d.isoformat() for n, d in (("valid_from", row.valid_from), ("valid_to", row.valid_to))
    }
    value = list(row.value) if isinstance(row.value, tuple) else row.value
    return {"id": row.id, "region": row.region, "value": value, "unit": row.unit, "source": row.source, **days,
            "verified_on": row.verified_on.isoformat(), "note": row.note}  # fmt: skip


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise PolicyError(f"{file.name}: expected text in UTF-8, found byte {error.start}; save it as UTF-8") from None


def _book(what: str, place: str, day: date) -> PolicyBook:
    if re.fullmatch(r"[0-9-]+", what):
        return load_policy(place, day_of(what))
    book = load_policy(place, day)
    if f"promise.variant.{what}" in keys() and book.row(f"promise.variant.{what}") is not None:
        return adopt_variant(book, what)
    return book.with_rows(_own(rows_of(Path(what))))


def _own(rows: Iterable[PolicyRow]) -> tuple[PolicyRow, ...]:
    own = tuple(rows)
    refuse_clashes(own)
    return own


def _with_packaged(rows: list[PolicyRow]) -> None:
    """Refuse rows that clash with each other or with a packaged row; a row with a packaged row's id stands for it."""
    replaced = {r.id for r in _own(rows)}
    refuse_clashes((*(r for r in packaged_rows() if r.id not in replaced), *rows))


def _value(row: PolicyRow | None) -> object:
    return "no row" if row is None else row.value


def _source(change: Change) -> str:
    row = change.after or change.before
    return "" if row is None else row.source
