"""Rows of a Parquet file: measured before it is read, lists and maps before they are written out, a text kept once however many rows have it."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from matching.errors import BadInput
from matching.tables.door import flat
from service.exchange.measure import MAX_TEXT
from service.exchange.parquet_pages import damaged, require_bearable


def parquet_rows(path: Path) -> list[list[object]]:
    """Return the names and then the rows of a Parquet file; lists and maps in text form.

    BadInput when it is damaged, holds bytes that are no text, or is larger than can be read.
    """
    try:
        with pq.ParquetFile(path) as file:
            require_bearable(path, file)
        texts = [c.path for c in file.schema if c.physical_type == "BYTE_ARRAY" and c.path == c.name]
        with pq.ParquetFile(path, read_dictionary=texts) as file:
            table = file.read(use_threads=False).replace_schema_metadata(None)
        columns = [_cells(path, column) for column in table.columns]
    except UnicodeDecodeError as error:
        raise BadInput(f"{path.name}: expected text, found bytes that are none; write the columns as text") from error
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:  # the last two: days beyond the calendar
        raise damaged(path) from error
    return [list(table.column_names), *map(list, zip(*columns, strict=True))]


def _cells(path: Path, column: pa.ChunkedArray) -> list[object]:
    if pa.types.is_nested(column.type):
        _require_short(path, column)
    return [_plain(v) for v in column.to_pandas().astype(object)]


def _plain(value: object) -> object:
    """Return a value of a column as a cell has it: lists and maps in text form, bytes that some programs write as text."""
    return value.decode() if isinstance(value, bytes) else flat(value)


def _require_short(path: Path, column: pa.ChunkedArray) -> None:
    """Refuse lists and maps that are longer as text than a cell may be, before any is written out."""
    before = 2  # the names stand in row 1
    for chunk in column.chunks:
        long = _lengths(chunk)
        if len(long) and long.max() > MAX_TEXT + 2:
            at = int(np.argmax(long > MAX_TEXT + 2))
            raise BadInput(
                f"{path.name}, row {before + at}: expected cells of at most {MAX_TEXT:,} characters, found one of at least "
                f"{int(long[at]) - 2:,}; shorten it"
            )
        before += len(chunk)


def _lengths(array: Any) -> np.ndarray:
    """Return (n,) the least characters each value takes as text, a sign after it included."""
    kind, out = array.type, np.full(len(array), 2, dtype=np.int64)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_map(kind):
        ends = np.concatenate([[0], np.cumsum(_lengths(array.values))])
        at = array.offsets.to_numpy()
        out += ends[at[1:]] - ends[at[:-1]] - 1
    elif pa.types.is_struct(kind):
        out += sum(_lengths(array.field(k)) for k in range(kind.num_fields)) - 1
    elif pa.types.is_nested(kind):
        raise pa.ArrowTypeError(f"lists of another kind: {kind}")
    elif pa.types.is_dictionary(kind):
        out[:] = np.append(_lengths(array.dictionary), 2)[array.indices.fill_null(-1).to_numpy(zero_copy_only=False)]
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind):
        out += pc.utf8_length(array).fill_null(0).to_numpy(zero_copy_only=False) - 1
    return out
