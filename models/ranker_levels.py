"""The member for codes: one shrunken height for each value of a feature that holds whole numbers of many kinds.

Curves and trees read an occupation code or a place's number as if it were a quantity. Here every value is a random effect: its height is
drawn towards 0 by the variance that such heights are seen to have (method of moments), so that a value seen twice says little.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from models.ranker_inputs import Float32s, Floats, Ints

_LEAST_VALUES = 10
_ROWS_A_VALUE = 4
_LOOK = 20_000
_ROWS = 400_000
_SWEEPS = 2
_LARGEST_EXACT = 2**24


@dataclass(frozen=True, slots=True)
class Levels:
    """Margin = sum over coded features of the height of the value at hand; a value not seen in training, or unknown, adds nothing.

    Attributes
    ----------
    features : (n_coded,) int
        Columns that are read, ascending.
    ends : (n_coded,) int
        Where each column's values end in ``values``.
    values, heights : (n_values,) float
        Values ascending within a column; heights in log-odds.
    """

    features: Ints
    ends: Ints
    values: Floats
    heights: Floats

    def margin(self, X: Float32s) -> Floats:
        """Return the margin (n,)."""
        total = np.zeros(len(X))
        for _, heights in self._columns(X):
            total += heights
        return total

    def contributions(self, X: Float32s) -> Floats:
        """Return exact shares (n, n_features + 1) of the margin; the base is 0."""
        out = np.zeros((len(X), X.shape[1] + 1))
        for feature, heights in self._columns(X):
            out[:, feature] = heights
        return out

    def _columns(self, X: Float32s) -> Iterator[tuple[int, Floats]]:
        first = 0
        for feature, end in zip(self.features, self.ends, strict=True):
            values, heights = self.values[first:end], self.heights[first:end]
            at = np.minimum(np.searchsorted(values, X[:, feature]), len(values) - 1)
            yield int(feature), np.where(values[at] == X[:, feature], heights[at], 0.0)
            first = int(end)


@dataclass(frozen=True, slots=True)
class _Coded:
    """One coded column of the training rows: its known values, and each row's place among them; unknown comes last."""

    feature: int
    values: Floats
    place: Ints


def fit_levels(
    X: Float32s, label: Floats, weight: Floats, begin: Floats, fold: Ints, directions: tuple[int, ...]
) -> tuple[Levels | None, Floats]:
    """Return the member, growing from the margins ``begin`` (n,), and its out-of-fold margins (n,).

    The member is None where no feature without a direction holds codes, or their heights do not vary more than chance.
    ``fold`` (n,) is 0 ... n_folds - 1 for every row. At most 400,000 rows train it; the others get the margin of the whole.
    """
    rows = np.arange(0, len(X), -(-len(X) // _ROWS))
    coded = [
        _coded(X[rows, j], j)
        for j in range(X.shape[1])
        if not directions[j] and _holds_codes(X[:: -(-len(X) // _LOOK), j])
    ]
    y, w, start, part = label[rows], weight[rows], begin[rows], fold[rows]
    heights = _heights(coded, np.ones(len(rows), dtype=bool), y, w, start)
    kept = [(column, height[:-1]) for column, height in zip(coded, heights, strict=True) if height.any()]
    if not kept:
        return None, np.zeros(len(X))
    member = Levels(
        np.array([column.feature for column, _ in kept]),
        np.cumsum([len(column.values) for column, _ in kept]),
        np.concatenate([column.values for column, _ in kept]),
        np.concatenate([height for _, height in kept]),
    )
    held_out = member.margin(X) if len(rows) < len(X) else np.zeros(len(X))
    for k in np.unique(part):
        inside = part != k
        found = _heights(coded, inside, y, w, start)
        held_out[rows[~inside]] = sum(h[c.place[~inside]] for c, h in zip(coded, found, strict=True))
    return member, held_out


def _holds_codes(column: Float32s) -> bool:
    """Whether a column's known values are whole numbers, of many kinds that come again."""
    known = column[np.isfinite(column)]
    if not len(known) or (known != np.round(known)).any() or np.abs(known).max() >= _LARGEST_EXACT:
        return False
    return _LEAST_VALUES <= len(np.unique(known)) <= len(known) / _ROWS_A_VALUE


def _coded(column: Float32s, feature: int) -> _Coded:
    values, place = np.unique(column, return_inverse=True)
    known = values[~np.isnan(values)].astype(float)
    return _Coded(feature, known, np.minimum(place, len(known)))


def _heights(coded: list[_Coded], inside: np.ndarray, label: Floats, weight: Floats, begin: Floats) -> list[Floats]:
    """Each column's heights (n_values + 1,), the last for unknown and 0, by Newton steps in turn on the rows ``inside``."""
    margin, y, w = begin[inside], label[inside], weight[inside]
    places = [column.place[inside] for column in coded]
    heights = [np.zeros(len(column.values) + 1) for column in coded]
    ridges = np.zeros(len(coded))
    for sweep in range(_SWEEPS):
        for f, place in enumerate(places):
            p = expit(margin)
            slope = np.bincount(place, w * (y - p), len(heights[f]))
            curve = np.bincount(place, w * p * (1.0 - p), len(heights[f]))
            slope[-1] = curve[-1] = 0.0
            if sweep == 0:
                excess = float((slope**2 - curve).sum())
                ridges[f] = float((curve**2).sum()) / excess if excess > 0 else np.inf
            if np.isfinite(ridges[f]):
                step = (slope - ridges[f] * heights[f]) / (curve + ridges[f])
                heights[f] += step
                margin += step[place]
    return heights
