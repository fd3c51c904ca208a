"""A Parquet file's true size, before a reader opens it: its footer may count less than its pages hold, and one page few bytes for many values."""

import mmap
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, NoReturn

import pyarrow as pa
import pyarrow.parquet as pq

from matching.errors import BadInput
from service.exchange.measure import MAX_CELLS

MAX_PAGES_BYTES = 500_000_000
"""Most bytes the pages of a file may unpack to; and most bytes its values of a fixed length and its texts in lists may take."""

MAX_PAGES = 200_000
"""Most pages of a file."""

_READ = 1 << 24
"""Largest list of texts (dictionary page) that is looked through for its longest, in bytes; of a larger one any text may be as long."""

_SLACK = 100
"""Bytes a reader looks beyond a column's end, for files of old programs that counted its length without the first header."""

_TEXTS = 2
"""Kind of a page that holds texts others count in."""

_DATA = {0: (5, 2), 3: (8, 4)}
"""Kind of a page that holds values → the field of its header that counts them, and the one in it that says how they are written."""

_APART = (6, 7)
"""Texts written apart from their lengths, or as what each shares with the one before: few bytes that are texts without end."""


_Fields = dict[int, Any]
"""Number of a field → its whole number or fields of its own."""


@dataclass(frozen=True, slots=True)
class _Page:
    """What the header of a page says: its kind, values, bytes unpacked and packed, how values are written; and where the page begins."""

    kind: int
    values: int
    unpacked: int
    packed: int
    form: int
    at: int


def damaged(path: Path) -> BadInput:
    """Return the refusal of a file that cannot be read."""
    return BadInput(f"{path.name}: the Parquet file is damaged and cannot be read; write it again")


def require_bearable(path: Path, file: pq.ParquetFile) -> None:
    """Count what the pages say they hold, without unpacking one; BadInput when it is too much, or not what the footer says.

    Every value counts as a cell, those of lists and maps too.
    """
    footer, schema = file.metadata, list(file.schema)
    cells = unpacked = written = pages = 0
    _require_few(path, footer.num_rows * footer.num_columns)
    with path.open("rb") as handle, mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ) as data:
        for group, k in product(range(footer.num_row_groups), range(footer.num_columns)):
            column, held, each = footer.row_group(group).column(k), 0, max(schema[k].length or 0, 0)
            listed = schema[k].path != schema[k].name and column.physical_type == "BYTE_ARRAY"
            for page in _pages(path, data, column):
                held, unpacked, pages = held + page.values, unpacked + page.unpacked, pages + 1
                if listed and page.kind == _TEXTS:
                    each = max(each, _longest(data, page, column.compression))
                _require_small(path, cells + held, max(unpacked, written + held * each), pages)
            if held != max(column.num_values, 0):
                raise damaged(path)
            cells, written = cells + held, written + held * each


def _require_few(path: Path, cells: int) -> None:
    if cells > MAX_CELLS:
        raise BadInput(f"{path.name}: expected at most {MAX_CELLS:,} cells, found {cells:,}; split the file")


def _require_small(path: Path, cells: int, unpacked: int, pages: int) -> None:
    _require_few(path, cells)
    if unpacked > MAX_PAGES_BYTES:
        raise BadInput(f"{path.name}: unpacks to more than {MAX_PAGES_BYTES:,} bytes; split the file")
    if pages > MAX_PAGES:
        raise BadInput(f"{path.name}: expected at most {MAX_PAGES:,} pages, found more; write it again in larger ones")


def _pages(path: Path, data: mmap.mmap, column: pq.ColumnChunkMetaData) -> Iterator[_Page]:
    """Yield the pages a reader unpacks of a column, in its order."""
    at, first = column.data_page_offset, column.dictionary_page_offset
    if first is not None and 0 < first < at:
        at = first
    end, held = min(at + column.total_compressed_size + _SLACK, len(data)), 0
    while held < column.num_values and at < end:
        try:
            page = _page(data, at)
        except (IndexError, ValueError) as error:
            raise damaged(path) from error
        if page.form in _APART and column.physical_type == "BYTE_ARRAY":
            raise BadInput(
                f"{path.name}: expected texts written out or listed once, found them in delta form; write it again"
            )
        yield page
        held, at = held + page.values, page.at + page.packed


def _longest(data: mmap.mmap, page: _Page, packed: str) -> int:
    """Return the longest of the texts of a page that others count in, in bytes."""
    if page.unpacked > _READ:
        return page.unpacked
    texts = data[page.at : page.at + page.packed]
    if packed != "UNCOMPRESSED":
        texts = pa.Codec(packed.lower()).decompress(texts, page.unpacked, asbytes=True)
    longest = k = 0
    while k < len(texts):
        length = int.from_bytes(texts[k : k + 4], "little")
        longest, k = max(longest, length), k + 4 + length
    return longest


def _page(data: mmap.mmap, at: int) -> _Page:
    """Return the page whose header begins at a place; ValueError or IndexError when none does."""
    if at < 0:
        _refuse(at)
    found, at = _fields(data, at, 4)
    kind, unpacked, packed = (_number(found, n) for n in (1, 2, 3))
    if kind not in _DATA:
        return _Page(kind, 0, unpacked, packed, 0, at)
    field, form = _DATA[kind]
    counts = found.get(field)
    if not isinstance(counts, dict):
        _refuse(kind)
    return _Page(kind, _number(counts, 1), unpacked, packed, _number(counts, form), at)


def _number(found: _Fields, field: int) -> int:
    value = found.get(field)
    if not isinstance(value, int) or value < 0:
        _refuse(field)
    return value


def _fields(data: mmap.mmap, at: int, depth: int) -> tuple[_Fields, int]:
    """Return the whole numbers and structures of a Thrift structure in compact form by field, and where it ends."""
    found: _Fields = {}
    number = 0
    while (head := data[at]) != 0:
        kind, step, at = head & 15, head >> 4, at + 1
        if step == 0:
            step, at = _whole(data, at)
            number = 0
        number += step
        if kind in (3, 7):  # one byte, eight bytes
            at += 1 if kind == 3 else 8
        elif kind in (4, 5, 6):
            found[number], at = _whole(data, at)
        elif kind == 8:
            length, at = _natural(data, at)
            at += length
        elif kind == 12 and depth:
            found[number], at = _fields(data, at, depth - 1)
        elif kind not in (
            1,
            2,
        ):  # true and false have no bytes of their own; nothing else stands in the header of a page
            _refuse(kind)
    return found, at + 1


def _whole(data: mmap.mmap, at: int) -> tuple[int, int]:
    value, at = _natural(data, at)
    return (value >> 1) ^ -(value & 1), at


def _natural(data: mmap.mmap, at: int) -> tuple[int, int]:
    value = 0
    for k in range(10):
        value |= (data[at + k] & 127) << (7 * k)
        if data[at + k] < 128:
            return value, at + k + 1
    return _refuse(value)


def _refuse(found: int) -> NoReturn:
    raise ValueError(f"expected the header of a page, found {found}")
