"""Any file an office has, as sheets of raw cells with the row numbers a person sees."""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from matching.errors import BadInput
from matching.tables import TABLES, Kind
from matching.tables.door import flat
from service.exchange.catalogue import column_of, exchanged, sheet_names, tidy
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
    ``others`` the names of sheets of the file that are no table and were left.
    """

    name: str
    table: str
    frame: pd.DataFrame
    columns: dict[str, str]
    misshapen: tuple[tuple[int, int], ...] = ()
    others: tuple[str, ...] = ()


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
        sheet = _sheet(path, cells, table, mapping or {})
        if sheet is not None:
            known.append(sheet)
        elif any(c not in (None, "") for row in cells.rows for c in row):
            others.append(cells.name)
    if not known:
        names = ", ".join(sheet_names(t)[0] for t in exchanged()[:8])
        raise BadInput(f"{path.name}: expected the headers of a table ({names} …), found none; check the header row")
    first = known[0]
    known[0] = Sheet(first.name, first.table, first.frame, first.columns, first.misshapen, tuple(others))
    return known


def _cells(path: Path) -> Iterator[Cells]:
    with path.open("rb") as file:
        head = file.read(8)
    if head[:4] == b"PAR1":
        yield Cells(path.stem, _parquet(path))
    elif head[:4] == b"PK\x03\x04":
        yield from workbook_cells(path)
    elif head[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise BadInput(
            f"{path.name}: expected an open .xlsx workbook, found one that is protected or in the old .xls form; save it as .xlsx without a password"
        )
    elif path.suffix.lower() in (".csv", ".txt"):
        yield Cells(path.stem, _delimited(path))
    else:
        raise BadInput(f"{path.name}: expected .xlsx, .csv or .parquet, found something else; check what the file is")


def _parquet(path: Path) -> list[list[object]]:
    try:
        frame = pq.read_table(path).to_pandas()
    except (pa.ArrowException, OSError) as error:
        raise BadInput(f"{path.name}: the Parquet file is damaged and cannot be read; write it again") from error
    nested = [c for c in frame.columns if frame[c].map(lambda v: isinstance(v, list | np.ndarray)).any()]
    frame = frame.astype(object).assign(**{c: frame[c].map(flat) for c in nested})
    return [list(frame.columns), *frame.to_numpy().tolist()]


def _delimited(path: Path) -> list[list[object]]:
    """Rows of a text file; cells part at tabs when the first line has tabs and no comma, else at commas."""
    text = _text(path)
    first = text.partition("\n")[0]
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter="\t" if "\t" in first and "," not in first else ",", strict=True
    )
    try:
        return [list(row) for row in reader]
    except csv.Error as error:
        raise BadInput(
            f"{path.name}, line {reader.line_num}: the text is not a table ({error}); check the quotation marks there"
        ) from error


def _text(path: Path) -> str:
    raw = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadInput(f"{path.name}: expected text in UTF-8 or GB18030, found neither; save it again as CSV UTF-8")


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
    headers = [str(h) if h not in (None, "") else f"(column {k + 1})" for k, h in enumerate(written)]
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
    _spread(rows, cells.spans, first, [None if t is None else TABLES[header.table].column(t).kind for t in targets])
    again = np.array([row == written for row in rows], dtype=bool)
    frame = pd.DataFrame(rows, columns=headers, index=range(first + 1, first + 1 + len(rows)), dtype=object)
    frame = frame[~((frame.isna() | (frame == "")).all(axis=1) | again)]
    empty = [h for h in headers if h.startswith("(column ") and (frame[h].isna() | (frame[h] == "")).all()]
    return Sheet(cells.name, header.table, frame.drop(columns=empty), header.columns, misshapen)


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
