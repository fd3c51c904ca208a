"""Rows of the store as plain values."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date
from typing import Any, cast

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
    """A row of a frame by its place; a cell is read, as a plain value, when it is first asked for: most never are.

    ``columns`` are those that were looked up for any of the rows read together.
    """

    frame: pd.DataFrame
    row: int
    columns: dict[str, Any] = field(default_factory=dict)
    told: dict[str, object] = field(default_factory=dict)

    def __getitem__(self, name: str) -> object:
        if name not in self.told:
            if name not in self.columns:
                self.columns[name] = self.frame[name].array
            self.told[name] = _value(self.columns[name][self.row])
        return self.told[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.frame.columns)

    def __len__(self) -> int:
        return len(self.frame.columns)


def at(frame: pd.DataFrame, rows: Iterable[int]) -> list[Cells]:
    """Return a few rows of a frame that holds text by their places; picking all out at once copies every column of text."""
    columns: dict[str, Any] = {}
    return [Cells(frame, int(row), columns) for row in rows]


def named(frame: pd.DataFrame, ids: Iterable[str]) -> list[Cells]:
    """Return a few rows of such a frame by the identifiers it is indexed by, each of which is there once."""
    return at(frame, [cast(int, frame.index.get_loc(i)) for i in ids])


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


_PLAIN = (str, int, float, bool)
"""What is plain already, as most values are; asked first, for every other question costs more."""


def as_plain(value: Any) -> Any:
    """Return dataclasses, reasons and sequences as plain values for JSON."""
    if value is None or type(value) in _PLAIN:
        return value
    if isinstance(value, Reason):
        return value.as_dict()
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: as_plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {k: as_plain(v) for k, v in value.items()}
    return [as_plain(v) for v in value] if isinstance(value, (list, tuple)) else value
