"""What the ranker learns from, read once at the door: features, outcomes, durations and groups as plain columns."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from matching.errors import BadInput

Floats = NDArray[np.float64]
Float32s = NDArray[np.float32]
Ints = NDArray[np.intp]

CENSORED = -1
_LARGEST_GRADE = 30
_LARGEST_QUERY = 5000


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Training rows, those of one group side by side.

    Attributes
    ----------
    X : (n, n_features) float32
        Features, NaN is *unknown*.
    label : (n,) float
        Share of the row that counts as an event, in [0, 1]; strictly between only for censored rows.
    grade : (n,) int
        Relevance for the order, 0 or more; 0 for censored rows.
    censored : (n,) bool
        Still open when the data were cut off: neither an event nor a non-event.
    duration : (n,) float
        Days to the event, the close or the cut-off; NaN is unknown.
    group : (n,) int
        Group code, ascending; every row its own group when no groups were given.
    grouped : bool
        Whether groups were given.
    weight : (n,) float
        Positive row weights with mean 1.
    """

    X: Float32s
    label: Floats
    grade: Ints
    censored: NDArray[np.bool_]
    duration: Floats
    group: Ints
    grouped: bool
    weight: Floats

    def __len__(self) -> int:
        return len(self.label)

    def take(self, rows: Ints) -> "Outcomes":
        """Return the chosen rows (n_rows,) as outcomes of their own."""
        columns = {
            name: getattr(self, name)[rows]
            for name in ("X", "label", "grade", "censored", "duration", "group", "weight")
        }
        return replace(self, **columns)


def feature_matrix(X: ArrayLike | pd.DataFrame, names: list[str] | None = None) -> Float32s:
    """Return features as a C-ordered (n, n_features) float32 matrix.

    ``names`` picks and orders a frame's columns. Missing values of any kind become NaN.
    Raises BadInput for text columns, absent columns and anything that is not two-dimensional.
    """
    if isinstance(X, pd.DataFrame):
        absent = [name for name in names or () if name not in X.columns]
        if absent:
            raise BadInput(f"expected the columns the ranker was fitted with, but {absent[:5]} are absent; add them")
        frame = X if names is None else X[names]
        text = [str(c) for c, kind in frame.dtypes.items() if not pd.api.types.is_numeric_dtype(kind)]
        if text:
            raise BadInput(f"expected numeric columns, but {text[:5]} are not; encode them as numbers first")
        with np.errstate(over="ignore"):
            return np.ascontiguousarray(frame.to_numpy(dtype=np.float32, na_value=np.nan))
    try:
        with np.errstate(over="ignore"):
            matrix = np.ascontiguousarray(X, dtype=np.float32)
    except (TypeError, ValueError) as reason:
        raise BadInput(
            f"expected a dense table of numbers, got {type(X).__name__}: {reason}; encode what is none first"
        ) from None
    if matrix.ndim != 2:
        raise BadInput(f"expected features of shape (n, n_features), got {matrix.shape}; give one row a pair")
    return matrix


def column(values: ArrayLike | None, n: int, name: str, absent: float) -> Floats:
    """Return one float column (n,), missing values NaN; ``absent`` everywhere when ``values`` is None."""
    if values is None:
        return np.full(n, absent)
    try:
        raw = (
            values.to_numpy(dtype=float, na_value=np.nan)
            if isinstance(values, pd.Series)
            else np.asarray(values, dtype=float)
        )
    except (TypeError, ValueError) as reason:
        raise BadInput(
            f"expected {name} as numbers, got others: {reason}; give one number a row, NaN where unknown"
        ) from None
    out: Floats = np.full(n, float(raw)) if raw.ndim == 0 else raw
    if out.shape != (n,):
        raise BadInput(f"expected {name} of shape ({n},), got {out.shape}; give one value a row")
    return out


def read_outcomes(
    X: Float32s,
    event: ArrayLike,
    duration_days: ArrayLike | None,
    groups: ArrayLike | None,
    sample_weight: ArrayLike | None,
    rng: np.random.Generator,
) -> tuple[Outcomes, Ints]:
    """Return the training rows sorted by group, and where each came from: row i is input row ``source[i]``."""
    n = len(X)
    codes = column(event, n, "event", 0.0)
    censored = np.isnan(codes) | (codes == CENSORED)
    codes = np.where(censored, 0.0, codes)
    if n == 0 or (codes != np.round(codes)).any() or codes.min() < 0 or codes.max() > _LARGEST_GRADE:
        raise BadInput(
            f"expected at least one row and event 0 (closed without a start), 1 (started) or a grade up to {_LARGEST_GRADE}, "
            f"and {CENSORED} or NaN for rows still open; check the outcome column"
        )
    weight = column(sample_weight, n, "sample_weight", 1.0)
    if not (np.isfinite(weight).all() and weight.min() >= 0 and weight.sum() > 0):
        raise BadInput("expected sample_weight finite, at least 0 and not all 0; drop the rows that shall not count")
    group = _group_codes(groups, n, rng)
    source = np.argsort(group, kind="stable")
    whole = Outcomes(
        X=X,
        label=(codes > 0).astype(float),
        grade=codes.astype(np.intp),
        censored=censored,
        duration=column(duration_days, n, "duration_days", np.nan),
        group=group,
        grouped=groups is not None,
        weight=weight / weight.mean(),
    )
    return whole.take(source), source


def query_sizes(group: Ints) -> Ints:
    """Return run lengths of ascending group codes, with runs over the learner's limit cut into equal pieces."""
    pieces = []
    for size in np.bincount(group - group[0])[np.unique(group - group[0])]:
        n_pieces = -(-int(size) // _LARGEST_QUERY)
        pieces += [len(part) for part in np.array_split(np.arange(size), n_pieces)] if n_pieces > 1 else [int(size)]
    return np.asarray(pieces)


def _group_codes(groups: ArrayLike | None, n: int, rng: np.random.Generator) -> Ints:
    if groups is None:
        return np.arange(n)
    codes, _ = pd.factorize(np.asarray(groups), sort=False)
    if codes.shape != (n,):
        raise BadInput(f"expected one group label a row ({n}), got {codes.shape}; give labels, not sizes")
    return np.where(codes < 0, codes.max() + 1, codes)
