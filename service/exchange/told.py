"""The list of refused cells in the words of the file: its row numbers, its headers, what the cell shows."""

from collections.abc import Sequence

import pandas as pd

from matching.tables import Kind, Table
from service.exchange.catalogue import in_yuan, words
from service.exchange.personal import hidden
from service.exchange.reader import Sheet

COLUMNS = ("row", "column", "found", "expected")
"""Columns of the list; an import adds the file's name before them."""

Fault = tuple[int, str, str, str]
"""Row, header, what was found, what was expected."""

_LONGEST = 120


def fault(row: int, header: str, found: object, expected: str) -> Fault:
    """State one refused cell; a personal number in it is named and not repeated."""
    return int(row), hidden(header), hidden(_shown(found))[:_LONGEST], expected


def faults(rows: Sequence[Fault]) -> pd.DataFrame:
    """Return refused cells as a list."""
    frame = pd.DataFrame(list(rows), columns=list(COLUMNS), dtype=object)
    return frame.astype({"row": "int64"})


def as_written(errors: pd.DataFrame, sheet: Sheet, table: Table) -> pd.DataFrame:
    """Return what the door or a rule refused, in the words of the file."""
    headers = {column: header for header, column in sheet.columns.items()}
    rows = []
    for row, name, found, expected in zip(*(errors[c] for c in ("row", "column", "found", "expected")), strict=True):
        header = headers.get(name)
        if header is not None:
            found, expected = sheet.frame.at[row, header], _expected(table, name, header, expected)
        rows.append(fault(row, header or name, found, expected))
    return faults(rows)


def _expected(table: Table, name: str, header: str, said: str) -> str:
    column = table.column(name)
    if said != column.expected:
        return said
    chinese = words(table.name, name) if not header.isascii() else {}
    if column.codes is not None and chinese:
        several = "any of " if column.kind in (Kind.SET, Kind.MAP) else "one of "
        return several + "|".join(chinese[code][0] if code in chinese else code for code in sorted(column.codes))
    if column.kind is Kind.MONEY and in_yuan(header):
        high = "" if column.high is None else f", at most {column.high / 100:,.0f}"
        return f"an amount in yuan, not below {(column.low or 0) / 100:g}{high}"
    return said


def _shown(value: object) -> str:
    if value is None or value == "" or (not isinstance(value, str) and pd.isna(value)):  # type: ignore[call-overload]
        return "(empty)"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)
