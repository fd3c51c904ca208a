"""Canonical frames in and out of the record, column by column."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import sqlalchemy as sa
from pandas.api.extensions import ExtensionArray

from matching.columns import Columns, Table
from matching.tables import TABLES, Column, Kind

_TEXT = pd.StringDtype(na_value=np.nan)
"""The type of a canonical column of text, made once."""


def select_columns(table: sa.Table, names: Sequence[str]) -> sa.Select[Any]:
    """Select columns with dates as the driver gives them, so that they are parsed a column at a time."""
    spec = TABLES[table.name]
    return sa.select(
        *(sa.type_coerce(table.c[n], sa.String) if spec.column(n).kind is Kind.DATE else table.c[n] for n in names)
    )


def to_frame(table: str, names: Sequence[str], batches: Iterable[Sequence[Sequence[Any]]]) -> pd.DataFrame:
    """Return batches of rows as a canonical frame; one batch of rows at a time is held as the driver gave it."""
    columns = [TABLES[table].column(n) for n in names]
    parts: list[list[Any]] = [[] for _ in names]
    for rows in batches:
        for part, column, values in zip(parts, columns, zip(*rows, strict=True), strict=True):
            part.append(_cells(column, values))
    return pd.DataFrame({n: _joined(c, part) for n, c, part in zip(names, columns, parts, strict=True)})


def _joined(column: Column, parts: list[Any]) -> np.ndarray | ExtensionArray:
    """Return the cells of batches as one column."""
    if not parts:
        return _joined(column, [_cells(column, ())])
    if isinstance(parts[0], pa.Array):
        whole: ExtensionArray = pd.array(pa.concat_arrays(parts), dtype=_TEXT)
    elif isinstance(parts[0], np.ndarray):
        return np.concatenate(parts)
    else:
        whole = pd.concat([pd.Series(p) for p in parts], ignore_index=True).array
    return whole


def to_columns(table: str, names: tuple[str, ...], rows: Sequence[Sequence[Any]]) -> Columns:
    """Return a few rows as plain columns."""
    return _columns(table, names, rows) if rows else _no_columns(table, names)


def _columns(table: str, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> Columns:
    values = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    cells = {n: _plain_cells(TABLES[table].column(n), c) for n, c in zip(names, values, strict=True)}
    for column in cells.values():
        if isinstance(column, np.ndarray):
            column.flags.writeable = False
    return Columns(cells, len(rows))


@lru_cache(maxsize=512)
def _no_columns(table: str, names: tuple[str, ...]) -> Columns:
    return _columns(table, names, [])


def no_rows(table: str, names: tuple[str, ...]) -> pd.DataFrame:
    """Return a canonical frame without rows; made once, for a few changed rows ask for many of them."""
    return _without_rows(table, names).copy()


@lru_cache(maxsize=512)
def _without_rows(table: str, names: tuple[str, ...]) -> pd.DataFrame:
    return to_frame(table, names, ())


def _cells(column: Column, values: Sequence[Any]) -> Any:
    """Return the cells of a batch: arrays, and text as Arrow has it until a column is whole."""
    if column.kind is Kind.DATE:
        return _days(values).astype("datetime64[s]")
    cells = _plain_cells(column, values)
    return pa.array(cells, pa.large_string()) if cells.dtype == object else cells


def _days(values: Sequence[Any]) -> np.ndarray:
    return np.asarray(pa.array(values).cast(pa.date32()).to_numpy(zero_copy_only=False))


def _plain_cells(column: Column, values: Sequence[Any]) -> np.ndarray | ExtensionArray:
    """Return values as a column of ``matching.columns``."""
    if column.kind is Kind.DATE:
        return _days(values)
    if column.kind in (Kind.INT, Kind.MONEY):
        known, unknown = _known(values, "int64")
        return pd.arrays.IntegerArray(known, unknown) if column.nullable else known
    if column.kind is Kind.BOOL:
        known, unknown = _known(values, "bool")
        return pd.arrays.BooleanArray(known, unknown) if column.nullable else known
    if column.kind is Kind.FLOAT:
        return np.array(values, dtype="float64")
    return np.array(values, dtype=object)


def _known(values: Sequence[Any], dtype: str) -> tuple[np.ndarray, np.ndarray]:
    """Return values, those that are unknown as zero, and which are."""
    unknown = np.array([v is None for v in values], dtype=bool)
    return np.array([0 if v is None else v for v in values], dtype=dtype), unknown


def to_rows(rows: Iterable[Mapping[str, Any]] | Table) -> list[dict[str, Any]]:
    """Return rows as plain values a driver takes."""
    if not isinstance(rows, pd.DataFrame | Columns):
        return [{k: plain(v) for k, v in row.items()} for row in rows]
    if not len(rows):
        return []
    held = rows.cells.items() if isinstance(rows, Columns) else ((n, rows[n].array) for n in rows.columns)
    columns = {str(name): _plain_column(cells) for name, cells in held}
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def _plain_column(cells: np.ndarray | ExtensionArray) -> list[Any]:
    if cells.dtype.kind == "M":
        return list(np.asarray(cells).astype("datetime64[D]").tolist())
    if isinstance(cells, pd.arrays.ArrowStringArray):
        return list(cells.__arrow_array__().to_pylist())
    if isinstance(cells, pd.arrays.IntegerArray | pd.arrays.BooleanArray):
        return [None if v is pd.NA else v for v in cells.to_numpy(dtype=object).tolist()]
    if isinstance(cells.dtype, np.dtype) and cells.dtype.kind in "fib":
        return [None if v != v else v for v in cells.tolist()]
    values, missing = cells.astype(object).tolist(), pd.isna(cells).tolist()
    return [None if unknown else v for v, unknown in zip(values, missing, strict=True)]


def plain(value: Any) -> Any:
    """Return one value as a driver takes it."""
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, pd.Timestamp | datetime):
        return value.date()
    if isinstance(value, np.datetime64):
        return value.astype("datetime64[D]").item()
    if isinstance(value, np.generic):
        return value.item()
    return value


def jsonable(value: Any) -> Any:
    """Return a value as JSON takes it."""
    value = plain(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(k): jsonable(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [jsonable(v) for v in value]
    return value
