"""What the commands share: options, tables, progress bars, refusals in one line, JSON for machines."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from matching.errors import Conflict, OneMonthError
from service.clock import local_today

Step = Callable[[str, float, float], None]
"""Told the step, how much is done, and how much there is."""

Json = Annotated[bool, typer.Option("--json", help="The last line of standard output is one JSON object.")]
AsOf = Annotated[
    str | None, typer.Option("--as-of", help="Day to work for, YYYY-MM-DD; today in Guangdong when left out.")
]

out = Console(soft_wrap=True)
told = Console(stderr=True, soft_wrap=True)


@contextmanager
def refusals() -> Iterator[None]:
    """Turn what was raised on purpose into one line and an exit code."""
    try:
        yield
    except Conflict as error:
        told.print(f"[bold]not now:[/] {escape(str(error))}", highlight=False)
        raise typer.Exit(3) from error
    except ValidationError as error:
        for fault in error.errors():
            told.print(
                f"[bold]settings:[/] {'.'.join(map(str, fault['loc'])) or 'environment'}: {fault['msg']}",
                highlight=False,
            )
        raise typer.Exit(2) from error
    except OneMonthError as error:
        told.print(f"[bold]refused:[/] {escape(str(error))}", highlight=False)
        raise typer.Exit(1) from error


def say(as_json: bool, data: dict[str, Any], human: Callable[[], None]) -> None:
    """Print for a person, or one JSON object for a machine."""
    if as_json:
        typer.echo(json.dumps(data, ensure_ascii=False, default=str, allow_nan=False))
    else:
        human()


def day_of(as_of: str | None) -> date:
    """Return the day asked for; wrong dates stop the call."""
    if as_of is None:
        return local_today()
    try:
        return date.fromisoformat(as_of)
    except ValueError:
        raise typer.BadParameter(f"expected a day YYYY-MM-DD, found {as_of}") from None


def table(title: str, columns: list[str], rows: list[list[object]]) -> None:
    """Print a table."""
    shown = Table(title=title, title_justify="left", show_edge=False, pad_edge=False)
    for column in columns:
        shown.add_column(column)
    for row in rows:
        shown.add_row(*["" if x is None else escape(str(x)) for x in row])
    out.print(shown)


@contextmanager
def progress() -> Iterator[Step]:
    """Show one bar a step: call the yielded function with the step, how much is done, and how much there is."""
    columns = (
        TextColumn("{task.description:<28}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f}/{task.total:,.0f}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=told) as bar:
        tasks: dict[str, TaskID] = {}

        def step(name: str, done: float, total: float) -> None:
            """Show how far a step is."""
            if name not in tasks:
                tasks[name] = bar.add_task(name, total=total)
            bar.update(tasks[name], completed=done, total=total)

        yield step


def show_import(reports: list[Any]) -> None:
    """Print what was read and every refused row."""
    rows = [
        [r.file, r.table, r.read, r.added, r.changed, r.unchanged, r.refused, ", ".join(r.dropped)] for r in reports
    ]
    table("imported", ["file", "table", "rows", "added", "changed", "unchanged", "refused", "columns not kept"], rows)
    errors = [e for r in reports for e in r.errors.to_dict("records")]
    if errors:
        table(
            f"{len(errors)} refused cells",
            ["file", "row", "column", "found", "expected"],
            [[e[k] for k in ("file", "row", "column", "found", "expected")] for e in errors],
        )


def show_night(figures: dict[str, Any]) -> None:
    """Print what the night did."""
    c = figures["certificate"]
    out.print(
        f"run {figures['run_id']}: {figures['referrals']} referrals proposed, {figures['withdrawn']} withdrawn, "
        f"{figures['unplaced']} members without; value {figures['objective']:.2f} of at most {figures['bound']:.2f}"
    )
    out.print(f"certificate: feasible {c['feasible']}, {len(c['violations'])} violations, gap {c['gap']:.3%}")
