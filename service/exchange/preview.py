"""The first rows of a file, as they lie there and as they would go in; nothing is written."""

from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from matching.tables import TABLES, Table, check
from service.exchange.catalogue import encode, in_yuan
from service.exchange.cells import decoded, identifier_fault
from service.exchange.identities import dropped_columns
from service.exchange.personal import hidden, holds
from service.exchange.reader import Mappings, Sheet, read_sheets
from service.exchange.told import Fault, as_written, fault

ROWS = 8
"""Rows shown."""


@dataclass(frozen=True, slots=True)
class PreviewCell:
    """One cell: what it says, what it becomes in the office's words, and whether it would be refused."""

    written: str
    becomes: str
    refused: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """One sheet: its table, rows in all, header → column ("" not kept), the columns that are missing, what would be dropped, the first
    rows by the number the spreadsheet shows, and the cells of them that would be refused (``row column found expected``)."""

    sheet: str
    table: str
    rows: int
    columns: tuple[tuple[str, str], ...]
    missing: tuple[str, ...]
    dropped: tuple[str, ...]
    first: tuple[tuple[int, tuple[PreviewCell, ...]], ...]
    errors: tuple[Fault, ...]


def preview(path: Path, table: str | None, mapping: Mappings, *, sealing: bool) -> list[Preview]:
    """Return what an import would make of the first rows of each sheet; BadInput when the file cannot be used at all."""
    return [_preview(sheet, TABLES[sheet.table], sealing) for sheet in read_sheets(path, table, mapping)]


def _preview(sheet: Sheet, table: Table, sealing: bool) -> Preview:
    missing = tuple(c.name for c in table.columns if c.required and c.name not in sheet.columns.values())
    frame = sheet.frame.head(ROWS)
    top = replace(
        sheet, frame=frame, misshapen=(), others=(), faulty=tuple(f for f in sheet.faulty if f[0] in frame.index)
    )
    values = decoded(top, table)
    told: list[Fault] = [] if missing else _refused(top, table, values)
    wrong = {(row, header) for row, header, _, _ in told}
    first = tuple(
        (int(row), tuple(_cell(top, table, values, row, h, (int(row), hidden(h)) in wrong) for h in top.frame.columns))
        for row in top.frame.index
    )
    columns = tuple((str(h), sheet.columns.get(h, "")) for h in sheet.frame.columns)
    return Preview(
        sheet.name,
        table.name,
        len(sheet.frame),
        columns,
        missing,
        dropped_columns(sheet, sealing=sealing),
        first,
        tuple(told),
    )


def _refused(sheet: Sheet, table: Table, values: pd.DataFrame) -> list[Fault]:
    lost = [
        fault(row, header, value, expected)
        for header, name in sheet.columns.items()
        if table.column(name).kind == "id"
        for row, value in zip(sheet.frame.index, sheet.frame[header], strict=True)
        if (expected := identifier_fault(name, value)) is not None
    ]
    marked = [fault(*f) for f in sheet.faulty]
    known = {(row, header) for row, header, _, _ in marked}
    lost = [*marked, *(f for f in lost if (f[0], f[1]) not in known)]
    known |= {(row, header) for row, header, _, _ in lost}
    door = as_written(check(table, values).errors, sheet, table)
    rest = [f for f in door.itertuples(index=False, name=None) if (f[0], f[1]) not in known]
    return sorted([*lost, *rest], key=lambda f: (f[0], f[1]))


def _cell(sheet: Sheet, table: Table, values: pd.DataFrame, row: int, header: str, refused: bool) -> PreviewCell:
    raw = sheet.frame.at[row, header]
    written = "" if _empty(raw) else str(raw)
    name = sheet.columns.get(header)
    if name is None:
        what = holds(header)
        return PreviewCell("•••" if what else hidden(written)[:60], "", False)
    column = table.column(name)
    value = values.at[row, name]
    if _empty(value) or refused:
        return PreviewCell(hidden(written)[:60], "", refused)
    shown = encode(table.name, column, value)
    if column.kind == "money" and in_yuan(header) and isinstance(shown, int | float):
        shown = f"{shown / 100:g}"
    return PreviewCell(hidden(written)[:60], hidden(str(shown))[:60], False)


def _empty(value: object) -> bool:
    return value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and value != value)
