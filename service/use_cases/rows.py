"""Rows of the store as plain values."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from matching.columns import Columns, Table
from matching.reasons import Reason
from service.storage.frames import to_rows


def only(frame: Table) -> dict[str, object]:
    """Return the single row of a table as plain values: dates as dates, unknown as None."""
    return to_rows(frame)[0] if isinstance(frame, Columns) else dict(at(frame, [0])[0])


@dataclass(frozen=True, slots=True, eq=False)
class Cells(Mapping[str, object]):
    """A row of a frame by its place; a cell is read, as a plain value, when it is asked for: most never are."""

    frame: pd.DataFrame
    row: int

    def __getitem__(self, name: str) -> object:
        return _value(self.frame[name].array[self.row])

    def __iter__(self) -> Iterator[str]:
        return iter(self.frame.columns)

    def __len__(self) -> int:
        return len(self.frame.columns)


def at(frame: pd.DataFrame, rows: Iterable[int]) -> list[Cells]:
    """Return a few rows of a frame that holds text by their places; picking all out at once copies every column of text."""
    return [Cells(frame, int(row)) for row in rows]


def plain(row: Mapping[str, object]) -> dict[str, object]:
    """Return a row with dates as dates and unknown as None."""
    return {str(name): _value(value) for name, value in row.items()}


def _value(value: object) -> object:
    if value is None or value is pd.NaT or value is pd.NA or value != value:
        return None
    if isinstance(value, np.generic):
        return value.item()
    return value.date() if isinstance(value, pd.Timestamp) else value


def records(frame: Table) -> list[dict[str, object]]:
    """Return the rows of a table as plain values."""
    return to_rows(frame)


def journalled(row: Mapping[str, object]) -> dict[str, object]:
    """Return a row as JSON values for the journal, unknowns left out."""
    return {k: v.isoformat() if isinstance(v, date) else v for k, v in plain(row).items() if v is not None}


def as_plain(value: Any) -> Any:
    """Return dataclasses, reasons and sequences as plain values for JSON."""
    if isinstance(value, Reason):
        return value.as_dict()
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: as_plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {k: as_plain(v) for k, v in value.items()}
    return [as_plain(v) for v in value] if isinstance(value, (list, tuple)) else value
