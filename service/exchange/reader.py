"""Any file an office has, as sheets of raw cells with the row numbers a person sees."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from matching.errors import BadInput
from matching.tables import TABLES, Kind
from service.exchange.catalogue import column_of, exchanged, sheet_names, tidy
from service.exchange.cell_faults import Faulty
from service.exchange.delimited import delimited_rows
from service.exchange.measure import MAX_COLUMNS, MAX_TEXT
from service.exchange.parquet import parquet_rows
from service.exchange.serials import FIRST_DAY, day_of
from service.exchange.workbook import Cells, workbook_cells

MAX_BYTES = 200_000_000
"""Largest file read."""

TITLE_ROWS = 5
"""Rows searched for the header, so that a title above it does no harm."""

AMOUNTS = (Kind.INT, Kind.MONEY, Kind.FLOAT)
"""Kinds a cell that spans rows is not spread over: one amount for several rows may be each row's or their sum."""

SPANNED = "(one cell over several rows)"
"""What is found in the rows below a cell that spans rows and is not spread."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table of a file: the frame's index holds the row numbers a person sees, its columns the headers as written.

    ``columns`` is header → column of the dictionary; ``misshapen`` the rows with more cells than headers, as (row, cells);
    ``faulty`` cells without a usable value, as (row, header, found, expected); ``others`` the names of sheets of the file that are no
    table and were left.
    """

    name: str
    table: str
    frame: pd.DataFrame
    columns: dict[str, str]
    misshapen: tuple[tuple[int, int], ...] = ()
    others: tuple[str, ...] = ()
    faulty: tuple[tuple[int, str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class _Header:
    score: float
    at: int
    table: str
    columns: dict[str, str]


Mappings = Mapping[str, Mapping[str, str]]
"""Table → an office's own header → column, "" for a column that is not kept."""


def read_sheets(path: Path, table: str | None = None, mapping: Mappings | None = None) -> list[Sheet]:
    """Read every sheet of a file that is a table of the dictionary; ``mapping`` are an office's own headers.

    BadInput when it is no workbook, CSV or Parquet file, is protected, too large, or holds no table that is known.
    """
    if not path.is_file():
        raise BadInput(f"{path.name}: expected a file, found none; check the name")
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise BadInput(f"{path.name}: expected at most {MAX_BYTES:,} bytes, found {size:,}; split the file")
    known: list[Sheet] = []
    others: list[str] = []
    for cells in _cells(path):
        _require_short(path, cells)
        sheet = _sheet(path, cells, table, mapping or {})
        if sheet is not None:
            known.append(sheet)
        elif cells.hidden:
            others.append(f"{cells.name}, hidden")
        elif any(c not in (None, "") for row in cells.rows for c in row):
            others.append(cells.name)
    if not known:
        names = ", ".join(sheet_names(t)[0] for t in exchanged()[:8])
        raise BadInput(f"{path.name}: expected the headers of a table ({names} …), found none; check the header row")
    return [replace(known[0], others=tuple(others)), *known[1:]]


def _cells(path: Path) -> Iterator[Cells]:
    with path.open("rb") as file:
        head = file.read(8)
    if head[:4] == b"PAR1":
        yield Cells(path.stem, parquet_rows(path))
    elif head[:4] == b"PK\x03\x04":
        yield from workbook_cells(path)
    elif head[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise BadInput(
            f"{path.name}: expected an open .xlsx workbook, found one that is protected or in the old .xls form; save it as .xlsx without a password"
        )
    elif path.suffix.lower() in (".csv", ".txt"):
        yield Cells(path.stem, delimited_rows(path))
    else:
        raise BadInput(f"{path.name}: expected .xlsx, .csv or .parquet, found something else; check what the file is")


def _require_short(path: Path, cells: Cells) -> None:
    """Refuse what no spreadsheet can hold, before a text is copied into every row that has it."""
    for at, row in enumerate(cells.rows, start=1):
        if len(row) > MAX_COLUMNS:
            raise BadInput(
                f"{path.name}, row {at}: expected at most {MAX_COLUMNS:,} columns, found {len(row):,}; remove the others"
            )
        for value in row:
            if isinstance(value, str) and len(value) > MAX_TEXT:
                raise BadInput(
                    f"{path.name}, row {at}: expected cells of at most {MAX_TEXT:,} characters, found one of {len(value):,}; shorten it"
                )


def _sheet(path: Path, cells: Cells, table: str | None, mapping: Mappings) -> Sheet | None:
    top = [list(row) for row in cells.rows[:TITLE_ROWS]]
    for start, end, k in cells.spans:
        for at in range(start + 1, min(end + 1, len(top))):
            top[at][k] = top[start][k]
    found = [
        header
        for at, row in enumerate(top)
        for candidate in ((table,) if table else exchanged())
        if (header := _header(cells.name, at, row, candidate, mapping.get(candidate, {}))) is not None
    ]
    if not found:
        return None
    best = max(found, key=lambda h: h.score)
    return _framed(path, cells, best, top[best.at])


def _header(name: str, at: int, row: list[object], table: str, mapping: Mapping[str, str]) -> _Header | None:
    columns = {
        h: column for h in row if isinstance(h, str) and h and (column := column_of(table, h, mapping)) is not None
    }
    if len(set(columns.values())) < 2:
        return None
    named = any(tidy(n) in tidy(name) for n in (*sheet_names(table), table))
    share = len(set(columns.values())) / max(sum(1 for h in row if isinstance(h, str) and h), 1)
    return _Header(share + 0.02 * len(columns) + (0.5 if named else 0.0), at, table, columns)


def _framed(path: Path, cells: Cells, header: _Header, written: list[object]) -> Sheet:
    headers = _told_apart(header, written)
    targets = [header.columns.get(h) for h in headers]
    twice = {t for t in targets if t is not None and targets.count(t) > 1}
    if twice:
        raise BadInput(
            f"{path.name}, sheet {cells.name}: expected each column once, found {', '.join(sorted(twice))} twice; remove one"
        )
    width, first = len(headers), header.at + 1
    body = cells.rows[first:]
    misshapen = tuple(
        (first + k + 1, len(row)) for k, row in enumerate(body) if any(c not in (None, "") for c in row[width:])
    )
    rows = [row[:width] + [None] * (width - len(row)) for row in body]
    kinds = [None if t is None else TABLES[header.table].column(t).kind for t in targets]
    faulty = _marked(rows, cells, first, kinds)
    if cells.first_day != FIRST_DAY:
        _as_days(rows, cells, kinds)
    _spread(rows, cells.spans, first, kinds)
    again = np.array([row == written for row in rows], dtype=bool)
    frame = pd.DataFrame(rows, columns=headers, index=range(first + 1, first + 1 + len(rows)), dtype=object)
    frame = frame[~((frame.isna() | (frame == "")).all(axis=1) | again)]
    empty = [h for h in headers if h.startswith("(column ") and (frame[h].isna() | (frame[h] == "")).all()]
    frame, left = frame.drop(columns=empty), set(frame.index)
    wrong = tuple((row, headers[k], *fault) for (row, k), fault in faulty.items() if row in left)
    return Sheet(cells.name, header.table, frame, header.columns, misshapen, faulty=wrong)


def _marked(
    rows: list[list[object]], cells: Cells, first: int, kinds: list[Kind | None]
) -> dict[tuple[int, int], Faulty]:
    """Return the faulty cells below the header by row number and column; one of a column that is kept shows what stands in it."""
    faulty = {}
    for (at, k), fault in cells.faulty.items():
        if first <= at < first + len(rows) and k < len(kinds):
            faulty[at + 1, k] = fault
            if kinds[k] is not None:
                rows[at - first][k] = fault.found
    return faulty


def _as_days(rows: list[list[object]], cells: Cells, kinds: list[Kind | None]) -> None:
    """Turn serial numbers of a workbook of another calendar into days where a day or month is expected."""
    for k, kind in enumerate(kinds):
        if kind in (Kind.DATE, Kind.MONTH):
            for row in rows:
                row[k] = day_of(row[k], cells.first_day) or row[k]


def _told_apart(header: _Header, written: list[object]) -> list[str]:
    """Return the headers; one that is empty, or no column and there before, has its number behind it."""
    seen: set[object] = set()
    out = []
    for k, h in enumerate(written, start=1):
        again = h in seen and h not in header.columns
        out.append(f"(column {k})" if h in (None, "") else f"{h} (column {k})" if again else str(h))
        seen.add(h)
    return out


def _spread(
    rows: list[list[object]], spans: tuple[tuple[int, int, int], ...], first: int, kinds: list[Kind | None]
) -> None:
    """Give the rows below a cell that spans rows its value; an amount is not given, and the row says so."""
    for start, end, k in spans:
        if k >= len(kinds) or start < first:
            continue
        value = SPANNED if kinds[k] in AMOUNTS else rows[start - first][k]
        for at in range(start + 1 - first, min(end + 1 - first, len(rows))):
            rows[at][k] = value
