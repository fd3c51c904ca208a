"""The additive member: a regularised logistic sum of one curve a feature, steady where rows are few or trees see noise."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from models.ranker_inputs import Float32s, Floats, Ints

_KNOTS = 17
_PENALTIES = (200.0, 40.0, 8.0)
_ROWS = 20_000
_AT_A_TIME = 2_048


@dataclass(frozen=True)
class Additive:
    """Margin = base + sum over features of a piecewise linear curve.

    Attributes
    ----------
    knots, heights : (n_features, n_knots) float
        Each feature's curve, flat beyond its ends; heights are centred so that ``base`` is the mean margin.
    unknown : (n_features,) float
        Height where the feature is NaN.
    base : float
        Mean margin on the training rows.
    """

    knots: Floats
    heights: Floats
    unknown: Floats
    base: float

    def margin(self, X: Float32s) -> Floats:
        """Return the margin (n,)."""
        total = np.full(len(X), self.base)
        for first in range(0, len(X), _AT_A_TIME):
            rows = slice(first, first + _AT_A_TIME)
            for curve in self._curves(X[rows]):  # one after the other: the order of a sum is part of its last bit
                total[rows] += curve
        return total

    def contributions(self, X: Float32s) -> Floats:
        """Return exact shares (n, n_features + 1) of the margin, the base last."""
        out = np.zeros((len(X), X.shape[1] + 1))
        out[:, self._used] = self._curves(X).T
        out[:, -1] = self.base
        return out

    @cached_property
    def _used(self) -> Ints:
        """(n_used,) features whose curve is not 0 everywhere."""
        return np.flatnonzero(np.abs(self.heights).max(axis=1) + np.abs(self.unknown))

    @cached_property
    def _slopes(self) -> Floats:
        """(n_used, n_knots) slope of each used curve behind each knot, 0 behind the last."""
        run, rise = np.diff(self.knots[self._used]), np.diff(self.heights[self._used])
        return np.pad(np.divide(rise, run, out=np.zeros_like(run), where=run > 0), ((0, 0), (0, 1)))

    def _curves(self, X: Float32s) -> Floats:
        """Return (n_used, n) heights of the used curves, as ``numpy.interp`` has them to the last bit, all at once: there are many, and short."""
        used = self._used
        knots, heights = self.knots[used], self.heights[used]
        values = np.ascontiguousarray(X.T[used], dtype=float)
        unknown = np.isnan(values)
        at = np.zeros(values.shape, dtype=np.int8)
        for k in range(1, knots.shape[1]):
            at += values >= knots[:, [k]]
        np.clip(values, knots[:, :1], knots[:, -1:], out=values)
        place = at + knots.shape[1] * np.arange(len(used))[:, None]
        out = (values - knots.ravel()[place]) * self._slopes.ravel()[place] + heights.ravel()[place]
        return np.where(unknown, self.unknown[used, None], out)


@dataclass(frozen=True, slots=True)
class _Bases:
    """Three columns a feature: winsorised value, rank, and whether it is unknown; all centred and scaled."""

    knots: Floats
    at_knots: Floats
    at_unknown: Floats

    def rows(self, X: Float32s) -> Float32s:
        """Return the (n, 3 * n_features) design."""
        n, n_features = X.shape
        out = np.empty((n, n_features, 3), dtype=np.float32)
        for j in range(n_features):
            values, unknown = X[:, j], np.isnan(X[:, j])
            for b in range(2):
                column = np.interp(values, self.knots[j], self.at_knots[j, :, b])
                out[:, j, b] = np.where(unknown, self.at_unknown[j, b], column)
            out[:, j, 2] = np.where(unknown, self.at_unknown[j, 2], self.at_knots[j, 0, 2])
        return out.reshape(n, 3 * n_features)


def fit_additive(
    X: Float32s, label: Floats, weight: Floats, fold: Ints, directions: tuple[int, ...], rng: np.random.Generator
) -> tuple[Additive, Floats]:
    """Return the member and its out-of-fold margins (n,), NaN where no fold holds a row out.

    The penalty with the least out-of-fold loss is taken. At most 20,000 rows train it: its curves need no more.
    """
    chosen = np.sort(rng.permutation(len(X))[:_ROWS]) if len(X) > _ROWS else np.arange(len(X))
    bases = _bases(X[chosen])
    design, y, w, part = bases.rows(X[chosen]), label[chosen], weight[chosen], fold[chosen]
    n_folds = max(int(fold.max()) + 1, 1)
    paths = [_path(design[part != k], y[part != k], w[part != k], directions) for k in range(n_folds)]
    losses = [_held_out_loss(design, y, w, part, [path[i] for path in paths]) for i in range(len(_PENALTIES))]
    best = int(np.argmin(losses))
    margin = np.full(len(X), np.nan)
    for k, path in enumerate(paths):
        out = np.flatnonzero(fold == k)
        margin[out] = _as_curves(bases, path[best]).margin(X[out])
    final = _path(design, y, w, directions, upto=best)[-1] if (part >= 0).any() else paths[0][best]
    return _as_curves(bases, final), margin


def _bases(X: Float32s) -> _Bases:
    n_features = X.shape[1]
    knots = np.zeros((n_features, _KNOTS))
    at_knots, at_unknown = np.zeros((n_features, _KNOTS, 3)), np.zeros((n_features, 3))
    levels = np.linspace(0.01, 0.99, _KNOTS)
    for j in range(n_features):
        values = X[:, j].astype(float)
        known = np.sort(values[np.isfinite(values)])
        share_unknown = 1.0 - len(known) / len(values)
        if len(known) and known[0] < known[-1]:
            knots[j] = _distinct_knots(known, levels)
            below = np.searchsorted(known, knots[j], side="left") + np.searchsorted(known, knots[j], side="right")
            for b, height in enumerate((knots[j], below / (2.0 * len(known)))):
                at_rows = np.interp(known, knots[j], height)
                spread = at_rows.std()
                at_knots[j, :, b] = (height - at_rows.mean()) / (spread if spread > 0 else 1.0)
        if 0.0 < share_unknown < 1.0:
            scale = np.sqrt(share_unknown * (1.0 - share_unknown))
            at_knots[j, :, 2], at_unknown[j, 2] = -share_unknown / scale, (1.0 - share_unknown) / scale
    return _Bases(knots, at_knots, at_unknown)


def _distinct_knots(known: Floats, levels: Floats) -> Floats:
    """Quantiles of the known values, padded at the top so that the number of knots is the same for every feature."""
    found = np.unique(np.quantile(known, levels))
    if len(found) < 2:
        found = np.array([known[0], known[-1]])
    return np.r_[found, np.full(_KNOTS - len(found), found[-1])]


def _path(
    design: Float32s, y: Floats, w: Floats, directions: tuple[int, ...], upto: int = len(_PENALTIES) - 1
) -> list[Floats]:
    """Coefficients (intercept first) for each penalty, the heaviest first, each started from the one before."""
    rate = float(np.clip(np.average(y, weights=w), 1e-6, 1 - 1e-6)) if w.sum() > 0 else 0.5
    coefficients = np.zeros(design.shape[1] + 1)
    coefficients[0] = np.log(rate / (1 - rate))
    bounds = [(None, None)] + [_bound(d, b) for d in directions for b in range(3)]
    found = []
    for penalty in _PENALTIES[: upto + 1]:
        answer = minimize(
            _loss,
            coefficients,
            args=(design, y, w, penalty),
            jac=True,
            method="L-BFGS-B",
            bounds=bounds,
            options={"maxiter": 60, "maxcor": 10, "ftol": 1e-6},
        )
        coefficients = answer.x
        found.append(coefficients)
    return found


def _bound(direction: int, basis: int) -> tuple[float | None, float | None]:
    if basis == 2 or direction == 0:
        return None, None
    return (0.0, None) if direction > 0 else (None, 0.0)


def _loss(coefficients: Floats, design: Float32s, y: Floats, w: Floats, penalty: float) -> tuple[float, Floats]:
    margin = (design @ coefficients[1:].astype(np.float32)).astype(float) + coefficients[0]
    residual = w * (expit(margin) - y)
    value = float((w * (np.logaddexp(0.0, margin) - y * margin)).sum()) + 0.5 * penalty * float(
        (coefficients[1:] ** 2).sum()
    )
    slope = (design.T @ residual.astype(np.float32)).astype(float) + penalty * coefficients[1:]
    return value, np.r_[residual.sum(), slope]


def _held_out_loss(design: Float32s, y: Floats, w: Floats, part: Ints, coefficients: list[Floats]) -> float:
    total = 0.0
    for k, c in enumerate(coefficients):
        out = part == k
        margin = (design[out] @ c[1:].astype(np.float32)).astype(float) + c[0]
        total += float((w[out] * (np.logaddexp(0.0, margin) - y[out] * margin)).sum())
    return total


def _as_curves(bases: _Bases, coefficients: Floats) -> Additive:
    c = coefficients[1:].reshape(-1, 3)
    heights = (bases.at_knots * c[:, None, :]).sum(axis=2)
    unknown = (bases.at_unknown * c).sum(axis=1)
    return Additive(bases.knots, heights, unknown, float(coefficients[0]))
