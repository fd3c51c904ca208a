"""Which rows judge which model: folds that never split a group."""

import numpy as np

from models.ranker_inputs import Ints, Outcomes

_HOLDOUT_ROWS = 100_000


def assign_folds(rows: Outcomes, n_folds: int, rng: np.random.Generator) -> Ints:
    """Return each row's fold (n,): 0 ... n_folds - 1, or -1 for rows that only ever train.

    Groups stay whole; without groups, events and non-events are dealt out evenly.
    With one fold, a holdout of at most 100,000 rows is fold 0 and the rest is -1.
    """
    found, code = np.unique(rows.group, return_inverse=True)
    if rows.grouped and len(found) >= 2 * max(n_folds, 2):
        by_group = _dealt(np.bincount(code, weights=rows.label), rng)
        place = by_group[code]
        parts = len(found)
    else:
        place, parts = _dealt(rows.label, rng), len(rows)
    if n_folds > 1:
        return place % n_folds
    share = 0.25 if len(rows) < 50_000 else min(0.15, _HOLDOUT_ROWS / len(rows))
    return np.where(place % max(round(1 / share), 2) == 0, 0, -1) if parts > 1 else np.full(len(rows), -1)


def _dealt(key: np.ndarray, rng: np.random.Generator) -> Ints:
    """Return places 0 ... n-1 so that equal keys are spread evenly when places are dealt round-robin."""
    shuffled = rng.permutation(len(key))
    order = shuffled[np.argsort(key[shuffled], kind="stable")]
    place = np.empty(len(key), dtype=np.intp)
    place[order] = np.arange(len(key))
    return place
