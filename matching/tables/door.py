"""The one door every table passes: canonical dtypes, refused cells named, good rows kept."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd

from matching.errors import TableError
from matching.tables.schema import REQUIRED, Column, Kind, Table

_MISSING = object()
_BAD = object()
_UNSEEN = re.compile(r"[\x00-\x1f\x7f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff\ufffe\uffff]")
"""Characters nobody sees, which make two identifiers look like one."""

_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
"""Characters no file of an office can hold, or that turn round what stands after them."""

_MONTH = re.compile(r"(?:19|20)\d\d-(?:0[1-9]|1[0-2])")
_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]00:00(?::00(?:\.0+)?)?)?")
_TRUE, _FALSE = frozenset({"true", "1", "1.0"}), frozenset({"false", "0", "0.0"})
EMPTY = frozenset({"", "nan", "none", "null", "<na>", "nat"})
"""Words that stand for an empty cell, lower case."""

ERROR_COLUMNS = ("table", "row", "key", "column", "found", "expected")
"""Columns of the list of refused cells."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What came through the door.

    Attributes
    ----------
    frame : DataFrame
        Good rows only, canonical dtypes, columns in dictionary order; the index is that of the input.
    errors : DataFrame
        One row a refused cell, columns ``ERROR_COLUMNS``; ``row`` is the input's index label.
    dropped : tuple of str
        Columns of the input the dictionary does not know; they were not kept.
    """

    frame: pd.DataFrame
    errors: pd.DataFrame
    dropped: tuple[str, ...]

    def require(self) -> pd.DataFrame:
        """Return the frame; TableError that names the first refused cells if there are any."""
        if len(self.errors):
            first = "; ".join(
                f"row {e.row}, column {e.column}: expected {e.expected}, found {e.found}"
                for e in self.errors.head(5).itertuples()
            )
            name = self.errors["table"].iloc[0]
            raise TableError(f"table {name}: {len(self.errors)} cells refused; correct them and try again: {first}")
        return self.frame


def check(table: Table, frame: pd.DataFrame) -> Checked:
    """Bring a frame into canonical form, refusing rows that cannot be.

    Accepts text, native Python values, numpy and Arrow columns; sets and maps as text, lists, tuples or dicts.
    TableError when a required column is absent.
    """
    missing = [c.name for c in table.columns if c.required and c.name not in frame.columns]
    if missing:
        raise TableError(
            f"table {table.name}: expected columns {', '.join(missing)}, found {', '.join(map(str, frame.columns))}; add them"
        )
    columns: dict[str, pd.Series] = {}
    refused = np.zeros(len(frame), dtype=bool)
    rows: list[tuple[np.ndarray, Column, pd.Series]] = []
    for column in table.columns:
        values, bad = _column(column, frame)
        columns[column.name] = values
        if bad.any():
            refused |= bad
            rows.append(
                (np.flatnonzero(bad), column, frame.get(column.name, pd.Series(index=frame.index, dtype=object)))
            )
    out = pd.DataFrame(columns, index=frame.index)
    errors = _errors(table, frame, rows)
    keys = out.loc[~refused, list(table.key)]
    twice = keys.duplicated(keep="last" if table.last_wins else "first").to_numpy()
    if twice.any():
        at = np.flatnonzero(~refused)[twice]
        refused[at] = True
    if twice.any() and not table.last_wins:
        more = _error_frame(table, frame, at, table.key[0], "each key once in a file", out[table.key[0]])
        errors = pd.concat([errors, more], ignore_index=True)
    known = set(table.names)
    return Checked(out[~refused], errors, tuple(str(c) for c in frame.columns if c not in known))


def canonical(table: Table, frame: pd.DataFrame) -> pd.DataFrame:
    """Return all rows in canonical form, numbered from 0; a frame that has neither rows nor columns is the empty table.

    TableError names the first refused cells if there are any.
    """
    if not isinstance(frame, pd.DataFrame):
        raise TableError(
            f"table {table.name}: expected a DataFrame, found {type(frame).__name__}; leave a table out that has no rows"
        )
    if not len(frame) and not len(frame.columns):
        return empty(table)
    return check(table, frame.reset_index(drop=True)).require().reset_index(drop=True)


def empty(table: Table) -> pd.DataFrame:
    """Return the table with no rows and canonical dtypes; the dtypes are worked out once."""
    if table.name not in _EMPTY or _EMPTY[table.name][0] is not table:
        frame = check(table, pd.DataFrame({c.name: pd.Series(dtype=object) for c in table.columns})).frame
        _EMPTY[table.name] = (table, frame)
    return _EMPTY[table.name][1].copy()


_EMPTY: dict[str, tuple[Table, pd.DataFrame]] = {}


def _errors(table: Table, frame: pd.DataFrame, rows: list[tuple[np.ndarray, Column, pd.Series]]) -> pd.DataFrame:
    parts = [_error_frame(table, frame, at, c.name, c.expected, found) for at, c, found in rows]
    if not parts:
        return pd.DataFrame({name: pd.Series(dtype=object) for name in ERROR_COLUMNS})
    return pd.concat(parts, ignore_index=True)


def _error_frame(
    table: Table, frame: pd.DataFrame, at: np.ndarray, column: str, expected: str, found: pd.Series
) -> pd.DataFrame:
    keys = frame[table.key[0]].to_numpy(dtype=object)[at] if table.key[0] in frame.columns else [""] * len(at)
    return pd.DataFrame(
        {
            "table": table.name,
            "row": frame.index.to_numpy()[at],
            "key": [str(k)[:80] for k in keys],
            "column": column,
            "found": ["(empty)" if _missing(x) else str(x)[:120] for x in found.to_numpy(dtype=object)[at]],
            "expected": expected,
        }
    )


def _column(column: Column, frame: pd.DataFrame) -> tuple[pd.Series, np.ndarray]:
    if column.name not in frame.columns:
        fill = _MISSING if column.nullable else column.default
        parsed = [fill]
        codes = np.zeros(len(frame), dtype=np.intp)
    else:
        codes, uniques = _factorize(frame[column.name])
        parse = _PARSERS[column.kind]
        parsed = [_one(column, parse, value) for value in uniques]
    bad_unique = np.array([p is _BAD for p in parsed], dtype=bool)
    good = [_MISSING if p is _BAD else p for p in parsed]
    series = _typed(column, good, codes, frame.index)
    return series, bad_unique[codes] if len(frame) else np.zeros(0, dtype=bool)


def _factorize(series: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    try:
        codes, found = pd.factorize(series, use_na_sentinel=False)
        uniques = np.asarray(found, dtype=object)
    except TypeError:
        texts = [flat(x) for x in series.to_numpy(dtype=object)]
        codes, uniques = pd.factorize(np.array(texts, dtype=object), use_na_sentinel=False)
    return codes, uniques


def flat(value: object) -> object:
    """Return a set or map in the text form it is kept in; anything else as it came."""
    if isinstance(value, Mapping):
        return ";".join(f"{k}:{v}" for k, v in value.items() if v is not None)
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, Collection) and not isinstance(value, str):
        return ";".join(f"{x[0]}:{x[1]}" if isinstance(x, tuple) else str(x) for x in value)
    return value


def _missing(value: object) -> bool:
    if value is None or value is pd.NA or value is pd.NaT:
        return True
    if isinstance(value, (float, np.floating)):
        return bool(np.isnan(value))
    return isinstance(value, str) and value.strip().lower() in EMPTY


def _one(column: Column, parse: Callable[[Column, Any], object], value: object) -> object:
    value = flat(value)
    if _missing(value):
        if column.nullable:
            return _MISSING
        return _BAD if column.default is REQUIRED else column.default
    return parse(column, value.strip() if isinstance(value, str) else value)


def _whole_text(value: Any) -> str:
    """Text of a cell; a number such as 440103.0 that a spreadsheet made of a code becomes 440103."""
    if isinstance(value, (float, np.floating)) and float(value).is_integer() and abs(float(value)) < 1e15:
        return str(int(value))
    return str(value).strip()


def _parse_id(_: Column, value: Any) -> object:
    if isinstance(value, (float, np.floating)) and abs(float(value)) >= 1e15:
        return _BAD
    text = _whole_text(value)
    return text if 0 < len(text) <= 64 and not _UNSEEN.search(text) else _BAD


def _parse_text(_: Column, value: Any) -> object:
    text = str(value).strip()
    return text if not _UNPRINTABLE.search(text) else _BAD


def _parse_code(column: Column, value: Any) -> object:
    text = _whole_text(value)
    if column.codes is None:
        return text if 0 < len(text) <= 64 and not _UNSEEN.search(text) else _BAD
    return text if text in column.codes else _BAD


def _parse_date(_: Column, value: Any) -> object:
    if isinstance(value, (pd.Timestamp, datetime)):
        value = value.date() if value.hour == value.minute == value.second == 0 else _BAD
    if isinstance(value, np.datetime64):
        value = value.astype("datetime64[D]").item()
    if isinstance(value, str):
        match = _DATE.fullmatch(value)
        try:
            value = date(int(match[1]), int(match[2]), int(match[3])) if match else _BAD
        except ValueError:
            return _BAD
    if not isinstance(value, date):
        return _BAD
    return np.datetime64(value, "s") if date(1900, 1, 1) <= value <= date(2200, 1, 1) else _BAD


def _parse_month(_: Column, value: Any) -> object:
    if isinstance(value, (pd.Timestamp, date)):
        return f"{value.year:04d}-{value.month:02d}"
    return value if isinstance(value, str) and _MONTH.fullmatch(value) else _BAD


def _parse_number(column: Column, value: Any) -> object:
    if isinstance(value, (bool, np.bool_)):
        return _BAD
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return _BAD
    if isinstance(value, str) and "_" in value:
        return _BAD
    if not np.isfinite(number) or (column.low is not None and number < column.low):
        return _BAD
    return _BAD if column.high is not None and number > column.high else number


def _parse_whole(column: Column, value: Any) -> object:
    number = _parse_number(column, value)
    return int(number) if isinstance(number, float) and number.is_integer() and abs(number) < 2**53 else _BAD


def _parse_bool(_: Column, value: Any) -> object:
    word = str(value).strip().lower()
    return True if word in _TRUE else False if word in _FALSE else _BAD


def _parse_set(column: Column, value: Any) -> object:
    parts = sorted({p.strip() for p in str(value).split(";") if p.strip()})
    if column.codes is not None and not column.codes.issuperset(parts):
        return _BAD
    return ";".join(parts)


def _parse_map(column: Column, value: Any) -> object:
    pairs: dict[str, float] = {}
    for part in str(value).split(";"):
        if not part.strip():
            continue
        key, colon, text = part.rpartition(":")
        number = _parse_number(column, text.strip()) if colon else _BAD
        key = key.strip()
        if not isinstance(number, float) or not key or (column.codes is not None and key not in column.codes):
            return _BAD
        pairs[key] = number
    return ";".join(f"{k}:{pairs[k]:g}" for k in sorted(pairs))


_PARSERS: dict[Kind, Callable[[Column, Any], object]] = {
    Kind.ID: _parse_id, Kind.TEXT: _parse_text, Kind.CODE: _parse_code, Kind.DATE: _parse_date,
    Kind.MONTH: _parse_month, Kind.INT: _parse_whole, Kind.MONEY: _parse_whole, Kind.FLOAT: _parse_number,
    Kind.BOOL: _parse_bool, Kind.SET: _parse_set, Kind.MAP: _parse_map,
}  # fmt: skip


def _typed(column: Column, parsed: list[object], codes: np.ndarray, index: pd.Index) -> pd.Series:
    """Spread the parsed unique values over the rows in the column's canonical dtype."""
    nulls = np.array([p is _MISSING for p in parsed], dtype=bool)
    if column.kind is Kind.DATE:
        unique = np.array([np.datetime64("NaT", "s") if p is _MISSING else p for p in parsed], dtype="datetime64[s]")
        return pd.Series(unique[codes] if len(codes) else unique[:0], index=index)
    if column.kind in (Kind.INT, Kind.MONEY):
        return _masked(
            pd.array([0 if p is _MISSING else p for p in parsed], dtype="int64").to_numpy(),
            nulls,
            codes,
            index,
            column,
            "Int64",
        )
    if column.kind is Kind.BOOL:
        return _masked(np.array([p is True for p in parsed], dtype=bool), nulls, codes, index, column, "boolean")
    if column.kind is Kind.FLOAT:
        unique = np.array([np.nan if p is _MISSING else p for p in parsed], dtype="float64")
        return pd.Series(unique[codes] if len(codes) else unique[:0], index=index)
    texts = pd.array([None if p is _MISSING else str(p) for p in parsed], dtype="str")
    return pd.Series(texts.take(codes) if len(codes) else texts[:0], index=index)


def _masked(
    unique: np.ndarray, nulls: np.ndarray, codes: np.ndarray, index: pd.Index, column: Column, nullable: Any
) -> pd.Series:
    values = unique[codes] if len(codes) else unique[:0]
    series: pd.Series = pd.Series(values, index=index)
    if not column.nullable:
        return series
    series = series.astype(nullable)
    if nulls.any() and len(codes):
        series[nulls[codes]] = pd.NA
    return series
