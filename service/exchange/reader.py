"""Any file an office has, as sheets of raw cells with the row numbers a person sees."""

import csv
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from python_calamine import CalamineWorkbook

from matching.errors import BadInput
from matching.tables.door import flat
from service.exchange.catalogue import exchanged, header_index, sheet_names, tidy

MAX_BYTES = 200_000_000
"""Largest file read."""

MAX_UNPACKED = 1_500_000_000
"""Largest a workbook may unpack to."""

TITLE_ROWS = 5
"""Rows searched for the header, so that a title above it does no harm."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table of a file: the frame's index holds the row numbers a person sees, its columns the headers as written."""

    name: str
    table: str
    frame: pd.DataFrame
    columns: dict[str, str]


def read_sheets(path: Path, table: str | None = None) -> list[Sheet]:
    """Read every sheet of a file that is a table of the dictionary.

    BadInput when it is no workbook, CSV or Parquet file, is protected, too large, or holds no table that is known.
    """
    if not path.is_file():
        raise BadInput(f"{path.name}: expected a file, found none; check the name")
    if path.stat().st_size > MAX_BYTES:
        raise BadInput(
            f"{path.name}: expected at most {MAX_BYTES:,} bytes, found {path.stat().st_size:,}; split the file"
        )
    with path.open("rb") as file:
        head = file.read(8)
    sheets = [_sheet(path, name, rows, table) for name, rows in _cells(path, head)]
    known = [s for s in sheets if s is not None]
    if not known:
        names = ", ".join(sheet_names(t)[0] for t in exchanged()[:8])
        raise BadInput(f"{path.name}: expected the headers of a table ({names} …), found none; check the header row")
    return known


def _cells(path: Path, head: bytes) -> Iterator[tuple[str, list[list[object]]]]:
    if head[:4] == b"PAR1":
        try:
            frame = pq.read_table(path).to_pandas()
        except (pa.ArrowException, OSError) as error:
            raise BadInput(f"{path.name}: the Parquet file is damaged and cannot be read; write it again") from error
        nested = [c for c in frame.columns if frame[c].map(lambda v: isinstance(v, list | np.ndarray)).any()]
        frame = frame.astype(object).assign(**{c: frame[c].map(flat) for c in nested})
        yield path.stem, [list(frame.columns), *frame.to_numpy().tolist()]
    elif head[:4] == b"PK\x03\x04":
        yield from _workbook(path)
    elif head[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise BadInput(
            f"{path.name}: expected an open .xlsx workbook, found one that is protected or in the old .xls form; save it as .xlsx without a password"
        )
    elif path.suffix.lower() in (".csv", ".txt"):
        yield path.stem, list(csv.reader(io.StringIO(_text(path), newline="")))  # type: ignore[arg-type]
    else:
        raise BadInput(f"{path.name}: expected .xlsx, .csv or .parquet, found something else; check what the file is")


def _workbook(path: Path) -> Iterator[tuple[str, list[list[object]]]]:
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(i.file_size for i in archive.infolist())
            names = set(archive.namelist())
        if unpacked > MAX_UNPACKED:
            raise BadInput(
                f"{path.name}: unpacks to {unpacked:,} bytes, expected at most {MAX_UNPACKED:,}; split the workbook"
            )
        if "xl/workbook.xml" not in names and "xl/workbook.bin" not in names:
            raise BadInput(f"{path.name}: expected an Excel workbook, found another kind of archive")
        book = CalamineWorkbook.from_path(str(path))
        for name in book.sheet_names:
            yield name, book.get_sheet_by_name(name).to_python(skip_empty_area=False)  # type: ignore[misc]
    except BadInput:
        raise
    except Exception as error:
        raise BadInput(
            f"{path.name}: the workbook is damaged and cannot be read ({type(error).__name__}); open it in Excel and save it again"
        ) from error


def _text(path: Path) -> str:
    raw = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadInput(f"{path.name}: expected text in UTF-8 or GB18030, found neither; save it again as CSV UTF-8")


def _sheet(path: Path, name: str, rows: list[list[object]], table: str | None) -> Sheet | None:
    best: tuple[float, int, str, dict[str, str]] | None = None
    for at, row in enumerate(rows[:TITLE_ROWS]):
        for candidate in (table,) if table else exchanged():
            index = header_index(candidate)
            found = {str(h): index[tidy(h)] for h in row if isinstance(h, str) and tidy(h) in index}
            named = any(tidy(n) in tidy(name) for n in (*sheet_names(candidate), candidate))
            share = len(set(found.values())) / max(sum(1 for h in row if isinstance(h, str) and h), 1)
            score = share + 0.02 * len(found) + (0.5 if named else 0.0)
            if len(found) >= 2 and (best is None or score > best[0]):
                best = (score, at, candidate, found)
    if best is None:
        return None
    _, at, chosen, columns = best
    return _framed(path, name, chosen, columns, rows, at)


def _framed(path: Path, name: str, table: str, columns: dict[str, str], rows: list[list[object]], at: int) -> Sheet:
    headers = [str(h) if h not in (None, "") else f"(column {k + 1})" for k, h in enumerate(rows[at])]
    targets = [columns.get(h) for h in headers]
    twice = {t for t in targets if t is not None and targets.count(t) > 1}
    if twice:
        raise BadInput(
            f"{path.name}, sheet {name}: expected each column once, found {', '.join(sorted(twice))} twice; remove one"
        )
    width = len(headers)
    body = rows[at + 1 :]
    if any(len(r) > width and any(c not in (None, "") for c in r[width:]) for r in body):
        raise BadInput(
            f"{path.name}, sheet {name}: a row has more cells than the header has columns; give each column a header"
        )
    frame = pd.DataFrame(
        [r[:width] for r in body], columns=headers, index=range(at + 2, at + 2 + len(body)), dtype=object
    )
    frame = frame[~(frame.isna() | (frame == "")).all(axis=1)]
    empty = [h for h in headers if h.startswith("(column ") and (frame[h].isna() | (frame[h] == "")).all()]
    return Sheet(name, table, frame.drop(columns=empty), columns)
