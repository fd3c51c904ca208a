"""Rows of encoded columns: some of them taken out, or the rows of a few members or posts put in place of what stood there.

Rows stand in the order of their identifiers, before and after.
"""

from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from matching.arrays import Ints
from matching.pair_columns import Experience, MemberColumns, PositionColumns
from matching.tokens import TokenColumn

C = TypeVar("C", MemberColumns, PositionColumns)


def taken(columns: C, rows: Ints) -> C:
    """Return the columns of some rows."""
    return replace(columns, **{f.name: _take(getattr(columns, f.name), rows) for f in fields(columns)})


def _take(column: Any, rows: Ints) -> Any:
    return column[rows] if isinstance(column, np.ndarray) else column.take(rows)


@dataclass(frozen=True, slots=True)
class Splice:
    """Where rows go when a few are renewed.

    Attributes
    ----------
    gone : (k,) int
        Old rows that leave, rising.
    same, renewed : (m,) int
        Rows that stay but may differ, counted without those that left, and the rows of the part that replace them.
    at, new : (j,) int
        Where rows come in, counted the same way and rising, and the rows of the part that come.
    n_old : int
    """

    gone: Ints
    same: Ints
    renewed: Ints
    at: Ints
    new: Ints
    n_old: int

    @classmethod
    def of(cls, old_ids: np.ndarray, part_ids: np.ndarray, gone_ids: np.ndarray) -> "Splice":
        """Return the splice that takes out ``gone_ids`` where they are and puts in ``part_ids``; all rising, none twice."""
        there, row = find(old_ids, gone_ids)
        gone = row[there]
        known, row = find(old_ids, part_ids)
        row = row - np.searchsorted(gone, row)
        every = np.arange(len(part_ids))
        return cls(gone, row[known], every[known], row[~known], every[~known], len(old_ids))

    @property
    def moves(self) -> bool:
        """Whether rows change their places."""
        return bool(len(self.gone) or len(self.at))

    def moved(self, rows: Ints) -> Ints:
        """Return the new places of old rows (n,), -1 for rows that left."""
        if not self.moves:
            return rows
        left = rows - np.searchsorted(self.gone, rows)
        out = left + np.searchsorted(self.at, left, side="right")
        return np.where(np.isin(rows, self.gone), -1, out) if len(self.gone) else out

    def landed(self) -> Ints:
        """Return the new places of the part's rows (n_part,)."""
        out = np.zeros(len(self.same) + len(self.new), dtype=np.int64)
        out[self.renewed] = self.same + np.searchsorted(self.at, self.same, side="right")
        out[self.new] = self.at + np.arange(len(self.at))
        return out

    def array(self, old: np.ndarray, part: np.ndarray) -> np.ndarray:
        """Return an array with the part's rows in; the old one itself where nothing differs."""
        out = np.delete(old, self.gone, axis=0) if len(self.gone) else old
        fresh = part[self.renewed]
        if len(fresh) and not _alike(out[self.same], fresh):
            out = out.copy() if out is old else out
            out[self.same] = fresh
        return np.insert(out, self.at, part[self.new], axis=0) if len(self.at) else out

    def frame(self, old: pd.DataFrame, part: pd.DataFrame) -> pd.DataFrame:
        """Return a frame with the part's rows in; the old one itself where nothing differs. Where no row comes in, the part may lack columns."""
        out = old
        if not (self.moves or len(self.same)):
            return out
        if len(self.gone):
            out = out.drop(index=out.index[self.gone])
        out = self._overwritten(out, part)
        if not len(self.at):
            return out
        edges = [0, *self.at.tolist(), len(out)]
        pieces = [out.iloc[edges[0] : edges[1]]]
        for k, row in enumerate(self.new):
            pieces += [part.iloc[[row]], out.iloc[edges[k + 1] : edges[k + 2]]]
        return pd.concat([p for p in pieces if len(p)])

    def _overwritten(self, out: pd.DataFrame, part: pd.DataFrame) -> pd.DataFrame:
        """Return a frame with the renewed rows written over; it itself where nothing differs."""
        renewed = {}
        for name in part.columns if len(self.same) else ():
            was, fresh = out[name].array, part[name].array.take(self.renewed)
            if not was.take(self.same).equals(fresh):
                renewed[name] = was.copy()
                renewed[name][self.same] = fresh
        return out.assign(**renewed) if renewed else out

    def columns(self, old: C, part: C) -> C:
        """Return encoded columns with the part's rows in."""
        return replace(old, **{f.name: self._column(getattr(old, f.name), getattr(part, f.name)) for f in fields(old)})

    def _column(self, old: Any, part: Any) -> Any:
        if isinstance(old, TokenColumn):
            numbered, codes = old.with_sets(part)
            return numbered.recoded(self.array(old.codes, codes))
        if isinstance(old, Experience):
            return self._experience(old, part)
        return self.array(old, part)

    def _experience(self, old: Experience, part: Experience) -> Experience:
        tokens = dict(old.tokens)
        renamed = np.array([tokens.setdefault(t, len(tokens)) for t in part.tokens], dtype=np.int64)
        row, token = np.divmod(old.keys, max(len(old.tokens), 1))
        stays = ~np.isin(row, np.concatenate([self.gone, _before(self.gone, self.same)]))
        part_row, part_token = np.divmod(part.keys, max(len(part.tokens), 1))
        rows = np.concatenate([self.moved(row[stays]), self.landed()[part_row]])
        codes = np.concatenate([token[stays], renamed[part_token]])
        keys = rows * max(len(tokens), 1) + codes
        order = np.argsort(keys, kind="stable")
        return Experience(keys[order], np.concatenate([old.months[stays], part.months])[order], tokens)


def find(ids: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, Ints]:
    """Return whether each wanted identifier is among rising ``ids``, and its row, or where it would come in."""
    row = np.searchsorted(ids, wanted).astype(np.int64)
    inside = row < len(ids)
    there = np.zeros(len(wanted), dtype=bool)
    there[inside] = ids[row[inside]] == np.asarray(wanted, dtype=object)[inside]
    return there, row


def _before(gone: Ints, rows: Ints) -> Ints:
    """Return the old rows behind rows counted without those that left."""
    return rows + np.searchsorted(gone - np.arange(len(gone)), rows, side="right")


def _alike(old: np.ndarray, new: np.ndarray) -> bool:
    return bool(np.array_equal(old, new, equal_nan=old.dtype.kind in "fM"))
