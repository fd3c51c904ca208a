"""How good an order and a probability are: plain functions, ties counted as the mean over every order of the tied rows."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from matching.errors import BadInput

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


def ndcg_at_k(
    y: ArrayLike, score: ArrayLike, groups: ArrayLike, k: int = 10, *, per_group: bool = False
) -> float | Floats:
    """Return the mean normalised discounted cumulative gain at ``k``.

    Parameters
    ----------
    y : (n,) grades, at least 0
        Relevance; the gain of grade g is ``2**g - 1`` (Burges et al. 2005), so 0/1 outcomes gain 0 or 1.
    score : (n,) float
        Larger is better; rows with equal scores in one group share their ranks' mean discount.
    groups : (n,) any sortable labels
        Rows with the same label are ranked against one another.
    k : int
        Ranks that count.
    per_group : bool
        Return one value a group (sorted by label) instead of the mean.

    Returns
    -------
    float, or (n_groups,) float
        In [0, 1]; a group with no relevant row is NaN and does not enter the mean (NaN when no group has one).
    """
    labels, scores, codes, n_groups = _ranked_columns(y, score, groups, k)
    gain = np.exp2(labels) - 1.0
    ideal = _per_group_sum(codes, _expected_discount(gain, codes, k) * gain, n_groups)
    got = _per_group_sum(codes, _expected_discount(scores, codes, k) * gain, n_groups)
    return _mean_or_groups(got, ideal, per_group)


def recall_at_k(
    y: ArrayLike, score: ArrayLike, groups: ArrayLike, k: int = 10, *, per_group: bool = False
) -> float | Floats:
    """Return the mean share of a group's relevant rows (``y`` > 0) that its first ``k`` ranks hold.

    Shapes, ties and empty groups as in :func:`ndcg_at_k`.
    """
    labels, scores, codes, n_groups = _ranked_columns(y, score, groups, k)
    relevant = (labels > 0).astype(float)
    within = _block_mean(scores, codes, (np.arange(len(labels)) < k).astype(float), k)
    got = _per_group_sum(codes, within * relevant, n_groups)
    return _mean_or_groups(got, _per_group_sum(codes, relevant, n_groups), per_group)


def auc(y: ArrayLike, score: ArrayLike) -> float:
    """Return P(a random event outranks a random non-event), ties counting half; NaN when one class is missing."""
    event, scores = np.asarray(y) > 0, np.asarray(score, dtype=float)
    n_events, n_others = int(event.sum()), int((~event).sum())
    if n_events == 0 or n_others == 0:
        return float("nan")
    _, inverse, count = np.unique(scores, return_inverse=True, return_counts=True)
    mean_rank = np.cumsum(count) - (count - 1) / 2.0
    return float((mean_rank[inverse][event].sum() - n_events * (n_events + 1) / 2.0) / (n_events * n_others))


def brier(y: ArrayLike, p: ArrayLike, weight: ArrayLike | None = None) -> float:
    """Return the mean squared error of probabilities ``p`` (n,) against 0/1 outcomes ``y`` (n,)."""
    outcome, chance = _paired(y, p)
    return float(np.average((outcome - chance) ** 2, weights=None if weight is None else np.asarray(weight, float)))


def brier_skill(y: ArrayLike, p: ArrayLike, base_rate: float | None = None, weight: ArrayLike | None = None) -> float:
    """Return ``1 - brier / brier of a constant``: 1 perfect, 0 as good as the constant, below 0 worse.

    ``base_rate`` is the constant in [0, 1]; by default the mean of ``y``. NaN when the constant makes no error.
    """
    outcome = np.asarray(y, dtype=float)
    rows = None if weight is None else np.asarray(weight, dtype=float)
    constant = float(np.average(outcome, weights=rows)) if base_rate is None else base_rate
    reference = brier(outcome, np.full(len(outcome), constant), rows)
    return float("nan") if reference == 0 else 1.0 - brier(outcome, p, rows) / reference


def wilson_interval(successes: ArrayLike, trials: ArrayLike, z: float = 1.959964) -> tuple[Floats, Floats]:
    """Return Wilson's (1927) score interval for a share: (low, high), each shaped as ``trials``; (0, 1) without trials."""
    n = np.asarray(trials, dtype=float)
    share = np.divide(np.asarray(successes, dtype=float), n, out=np.full(n.shape, 0.5), where=n > 0)
    safe = np.where(n > 0, n, 1.0)
    centre = (share + z * z / (2 * safe)) / (1 + z * z / safe)
    half = z / (1 + z * z / safe) * np.sqrt(share * (1 - share) / safe + z * z / (4 * safe * safe))
    return np.where(n > 0, np.maximum(centre - half, 0.0), 0.0), np.where(n > 0, np.minimum(centre + half, 1.0), 1.0)


def calibration_table(y: ArrayLike, p: ArrayLike, bins: int = 10) -> pd.DataFrame:
    """Return predicted against observed shares in bins of about equal size.

    Parameters
    ----------
    y : (n,) 0/1
    p : (n,) probabilities in [0, 1]
    bins : int
        The most bins wanted; equal probabilities never fall into two bins, so heavy ties give fewer.

    Returns
    -------
    DataFrame
        One row a bin: ``n``, ``predicted`` (mean p), ``observed`` (share), ``low`` and ``high`` (95 % Wilson interval).
    """
    outcome, chance = _paired(y, p)
    edges = np.unique(np.quantile(chance, np.linspace(0.0, 1.0, bins + 1)))
    which = np.searchsorted(edges[1:-1], chance, side="right")
    table = (
        pd.DataFrame({"bin": which, "p": chance, "y": outcome})
        .groupby("bin", sort=True)
        .agg(n=("y", "size"), predicted=("p", "mean"), events=("y", "sum"))
    )
    low, high = wilson_interval(table["events"].to_numpy(), table["n"].to_numpy())
    observed = table["events"] / table["n"]
    return table.assign(observed=observed, low=low, high=high).drop(columns="events").reset_index(drop=True)


def expected_calibration_error(y: ArrayLike, p: ArrayLike, bins: int = 10) -> float:
    """Return the mean absolute gap between predicted and observed share over :func:`calibration_table`'s bins."""
    table = calibration_table(y, p, bins)
    return float(np.average((table["predicted"] - table["observed"]).abs(), weights=table["n"]))


def group_bootstrap(
    statistic: Callable[[Ints, Ints], float],
    groups: ArrayLike,
    *,
    draws: int = 200,
    level: float = 0.95,
    random_state: int = 0,
) -> tuple[float, float, float]:
    """Return a statistic with its percentile interval when whole groups are drawn again with replacement.

    Parameters
    ----------
    statistic : callable
        Takes (rows, codes): the row numbers drawn and each row's group, where a group drawn twice counts as two groups.
    groups : (n,) labels
        Rows of one label stay together, because their outcomes are not independent.
    draws, level, random_state
        Number of draws, coverage of the interval, seed.

    Returns
    -------
    (estimate, low, high) : floats
        The estimate on the rows as they are, and the interval; draws where the statistic is NaN are left out.
    """
    _, codes = np.unique(np.asarray(groups), return_inverse=True)
    rows = np.argsort(codes, kind="stable")
    size = np.bincount(codes)
    start = np.cumsum(size) - size
    rng = np.random.default_rng(random_state)
    values = []
    for _ in range(draws):
        drawn = rng.integers(0, len(size), len(size))
        label = np.repeat(np.arange(len(drawn)), size[drawn])
        within = np.arange(len(label)) - np.repeat(np.cumsum(size[drawn]) - size[drawn], size[drawn])
        values.append(statistic(rows[np.repeat(start[drawn], size[drawn]) + within], label))
    tail = (1.0 - level) / 2.0
    known = np.asarray(values)[~np.isnan(values)]
    low, high = np.quantile(known, [tail, 1.0 - tail]) if len(known) else (np.nan, np.nan)
    return statistic(np.arange(len(codes)), codes), float(low), float(high)


def _paired(y: ArrayLike, p: ArrayLike) -> tuple[Floats, Floats]:
    outcome, chance = np.asarray(y, dtype=float), np.asarray(p, dtype=float)
    if outcome.shape != chance.shape or outcome.ndim != 1 or not len(outcome):
        raise BadInput(f"expected two non-empty columns of equal length, got shapes {outcome.shape} and {chance.shape}")
    return outcome, chance


def _ranked_columns(y: ArrayLike, score: ArrayLike, groups: ArrayLike, k: int) -> tuple[Floats, Floats, Ints, int]:
    labels, scores = _paired(y, score)
    names = np.asarray(groups)
    if names.shape != labels.shape:
        raise BadInput(
            f"expected one group label a row ({len(labels)}), got shape {names.shape}; give labels, not sizes"
        )
    if k < 1:
        raise BadInput(f"expected k of at least 1, got {k}")
    if np.isnan(scores).any() or np.isnan(labels).any():
        raise BadInput("expected scores and relevance without NaN; drop or score those rows first")
    found, codes = np.unique(names, return_inverse=True)
    return labels, scores, codes, len(found)


def _block_mean(score: Floats, codes: Ints, by_rank: Floats, k: int) -> Floats:
    """Mean of ``by_rank`` (value of rank 0, 1, ... in a group, 0 from rank k) over each row's block of tied rows."""
    order = np.lexsort((-score, codes))
    group, value = codes[order], score[order]
    first_of_group = np.flatnonzero(np.r_[True, group[1:] != group[:-1]])
    rank = np.arange(len(order)) - np.repeat(first_of_group, np.diff(np.r_[first_of_group, len(order)]))
    at_rank = np.where(rank < k, by_rank[np.minimum(rank, len(by_rank) - 1)], 0.0)
    new_block = np.r_[True, (group[1:] != group[:-1]) | (value[1:] != value[:-1])]
    block = np.cumsum(new_block) - 1
    mean = np.bincount(block, weights=at_rank) / np.bincount(block)
    out = np.empty(len(order))
    out[order] = mean[block]
    return out


def _expected_discount(score: Floats, codes: Ints, k: int) -> Floats:
    return _block_mean(score, codes, 1.0 / np.log2(np.arange(2, len(score) + 2)), k)


def _per_group_sum(codes: Ints, values: Floats, n_groups: int) -> Floats:
    return np.bincount(codes, weights=values, minlength=n_groups)


def _mean_or_groups(got: Floats, possible: Floats, per_group: bool) -> float | Floats:
    share = np.divide(got, possible, out=np.full(len(got), np.nan), where=possible > 0)
    if per_group:
        return share
    known = share[~np.isnan(share)]
    return float(known.mean()) if len(known) else float("nan")
