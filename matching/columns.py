"""Columns of a table as plain arrays, rows by their owner: what is asked of one household costs little, of a province no more than before."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

import numpy as np
import pandas as pd

from matching.arrays import Bools, Days, Floats, Ints

NO_DAY = np.datetime64("NaT", "D")

_TEXT = pd.StringDtype(na_value=np.nan)
"""The type of a canonical column of text, made once."""


@dataclass(frozen=True, slots=True)
class Columns:
    """A few rows of a canonical table as columns by name, (n,) each: text with None, days, numbers and flags; never changed.

    What a frame of pandas would hold, for rows so few that making a frame costs more than what is asked of it.
    """

    cells: Mapping[str, np.ndarray | pd.api.extensions.ExtensionArray]
    n: int

    def __len__(self) -> int:
        return self.n

    @property
    def columns(self) -> Collection[str]:
        """The names, as those of a frame."""
        return self.cells.keys()


Table: TypeAlias = pd.DataFrame | Columns
"""Rows of a canonical table; what a rule reads of either kind it reads by the functions below, so that there is one rule."""

T = TypeVar("T", pd.DataFrame, Columns)


def chosen(table: T, keep: Bools) -> T:
    """Return the rows that are kept."""
    if isinstance(table, pd.DataFrame):
        return table[keep]
    return Columns({name: cells[keep] for name, cells in table.cells.items()}, int(keep.sum()))


def cells(table: Table, keep: Bools, *names: str) -> Iterator[tuple[Any, ...]]:
    """Yield of each row that is kept the texts and dates in some columns; unknown is None."""
    if keep.any():
        yield from zip(*(_told(table, name)[keep].tolist() for name in names), strict=True)


def _told(table: Table, name: str) -> np.ndarray:
    kind = table.cells[name].dtype.kind if isinstance(table, Columns) else table[name].dtype.kind
    return days(table, name) if kind == "M" else texts(table, name)


def texts(frame: Table, name: str) -> np.ndarray:
    """Return a column of text as (n,) objects; unknown is None."""
    if isinstance(frame, Columns):
        return np.asarray(frame.cells[name])
    column = frame[name].array
    if isinstance(column, pd.arrays.ArrowStringArray):
        return np.array(column.__arrow_array__().to_pylist(), dtype=object)
    values = frame[name].to_numpy(dtype=object, copy=True)
    values[frame[name].isna().to_numpy()] = None
    return values


def days(frame: Table, name: str) -> Days:
    """Return a column of dates as (n,) days; unknown is NaT."""
    if isinstance(frame, Columns):
        return np.asarray(frame.cells[name])
    return frame[name].to_numpy().astype("datetime64[D]")


def flags(frame: Table, name: str) -> Bools:
    """Return a column of yes and no as (n,) bool; unknown is no."""
    values = _array(frame, name)
    if isinstance(values, pd.arrays.BooleanArray):
        return values.to_numpy(dtype=bool, na_value=False)
    return np.asarray(values, dtype=bool)


def wholes(frame: Table, name: str) -> Ints:
    """Return a column of whole numbers as (n,) int; unknown is 0."""
    values = _array(frame, name)
    if isinstance(values, pd.arrays.IntegerArray):
        return values.to_numpy(dtype=np.int64, na_value=0)
    return np.array(values, dtype=np.int64)


def numbers(frame: Table, name: str) -> Floats:
    """Return a column of numbers as (n,) float; unknown is NaN."""
    values = _array(frame, name)
    if isinstance(values, pd.arrays.IntegerArray):
        return values.to_numpy(dtype=float, na_value=np.nan)
    return np.asarray(values, dtype=float)


def _array(frame: Table, name: str) -> np.ndarray | pd.api.extensions.ExtensionArray:
    return frame.cells[name] if isinstance(frame, Columns) else frame[name].array


def among(values: np.ndarray, codes: Collection[object]) -> Bools:
    """Return (n,) whether each value is one of some codes; unknown is none of them."""
    return np.fromiter((v in codes for v in values), dtype=bool, count=len(values))


def known(values: np.ndarray) -> Bools:
    """Return (n,) whether each text is known."""
    return np.fromiter((v is not None for v in values), dtype=bool, count=len(values))


def holding(sets: np.ndarray, code: str) -> Bools:
    """Return (n,) whether each set of codes (``;``-joined text) holds a code."""
    return np.fromiter((code in str(v).split(";") for v in sets), dtype=bool, count=len(sets))


def rows_of(ids: np.ndarray, wanted: np.ndarray) -> Ints:
    """Return (n,) the row of each wanted identifier, -1 where it is none of them; ``ids`` are given once each."""
    return looked_up(dict(zip(ids, range(len(ids)), strict=True)), wanted)


def looked_up(row: Mapping[object, int], wanted: np.ndarray) -> Ints:
    """Return (n,) the row kept under each identifier, -1 where none is."""
    return np.fromiter((row.get(w, -1) for w in wanted), dtype=np.int64, count=len(wanted))


def counts(owners: Ints, n: int) -> Ints:
    """Return (n,) how many rows each owner has; a row of nobody (-1) is left out."""
    return np.bincount(owners[owners >= 0], minlength=n)


def in_order(*keys: np.ndarray) -> Ints:
    """Return the rows in the order of the keys, the first counts most; an unknown day comes last, ties stay as they stand."""
    columns = [_rising(key).tolist() for key in keys]
    places = list(zip(*columns, strict=True))
    return np.array(sorted(range(len(places)), key=places.__getitem__), dtype=np.int64)


def _rising(key: np.ndarray) -> np.ndarray:
    return np.where(np.isnat(key), np.iinfo(np.int64).max, key.astype(np.int64)) if key.dtype.kind == "M" else key


def last_of(owners: Ints, order: Ints, n: int) -> Ints:
    """Return (n,) each owner's last row in an order, -1 for an owner without one."""
    out = np.full(n, -1, dtype=np.int64)
    rows = order[owners[order] >= 0]
    out[owners[rows]] = rows
    return out


def first_day(owners: Ints, on: Days, n: int) -> Days:
    """Return (n,) each owner's first day, NaT for an owner without one; rows of nobody (-1) and unknown days are left out."""
    return _extreme(np.minimum, np.iinfo(np.int64).max, owners, on, n)


def last_day(owners: Ints, on: Days, n: int) -> Days:
    """Return (n,) each owner's last day, as ``first_day``."""
    return _extreme(np.maximum, np.iinfo(np.int64).min, owners, on, n)


def _extreme(which: np.ufunc, start: int, owners: Ints, on: Days, n: int) -> Days:
    there = (owners >= 0) & ~np.isnat(on)
    out = np.full(n, start, dtype=np.int64)
    which.at(out, owners[there], on[there].astype(np.int64))
    return np.where(out == start, NO_DAY, out.astype("datetime64[D]"))


def picked(values: np.ndarray, rows: Ints, missing: object) -> np.ndarray:
    """Return (n,) the value of each row, ``missing`` for row -1."""
    if not len(values):
        return np.full(len(rows), missing, dtype=values.dtype)
    return np.where(rows >= 0, values[rows], np.array(missing, dtype=values.dtype))


def whole_days(later: Days | np.datetime64, earlier: Days | np.datetime64) -> pd.arrays.IntegerArray:
    """Return (n,) whole days from one day to another, unknown where either is."""
    gap = np.asarray(later - earlier)
    unknown = np.isnat(gap)
    return pd.arrays.IntegerArray(np.where(unknown, 1, gap.astype(np.int64)), unknown)


def dated(on: Days) -> np.ndarray:
    """Return days as a canonical column of dates."""
    return on.astype("datetime64[s]")


def written(values: np.ndarray) -> pd.api.extensions.ExtensionArray:
    """Return texts as a canonical column."""
    return pd.array(values, dtype=_TEXT)
