"""How long a record takes to become a registered version, beside LightGBM alone on the same rows in the same run."""

import resource
import sys
from collections.abc import Mapping
from pathlib import Path
from time import perf_counter
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd

from models.evaluate import train_and_evaluate
from models.record import checked_tables
from models.registry import Registry
from models.train import Progress, TrainConfig, frame_of


class _Clock:
    """Passes progress on and keeps the seconds each step took, from its beginning to its end."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._began: dict[str, float] = {}
        self.seconds: dict[str, float] = {}

    def __call__(self, step: str, done: float, total: float) -> None:
        """Take note of a step; a step that is taken twice counts with its last time."""
        now = perf_counter()
        if done == 0:
            self._began[step] = now
        else:
            self.seconds[step] = now - self._began[step]
        self._progress(step, done, total)


def bench_training(
    tables: Mapping[str, pd.DataFrame], folder: Path, config: TrainConfig, progress: Progress
) -> dict[str, Any]:
    """Train, evaluate and register these tables, then fit LightGBM's classifier as it comes on the same rows.

    Returns
    -------
    dict
        ``seconds`` tables to registered version; ``peak_rss_bytes`` of the process by then; ``steps`` seconds by step; ``fit_seconds`` the
        ranker on all rows; ``lightgbm_seconds`` LightGBM with 100 rounds on the same matrix and threads; ``ratio_to_lightgbm``
        the one over the other, and ``whole_ratio`` ``seconds`` over it; ``referrals``, ``features``, ``version``, and held-out figures.
    """
    clock = _Clock(progress)
    began = perf_counter()
    tables = checked_tables(tables)
    trained, evaluation = train_and_evaluate(tables, config, progress=clock)
    version = Registry(folder).save(trained, evaluation, made_by="bench", made_at="bench")
    seconds = perf_counter() - began
    peak = peak_rss_bytes()
    alone, shape = _lightgbm_alone(tables, config, clock)
    model = evaluation["scorers"]["model"]
    return {
        "seconds": round(seconds, 2), "peak_rss_bytes": peak, "ratio_to_lightgbm": round(clock.seconds["learn"] / alone, 2),
        "whole_ratio": round(seconds / alone, 2), "fit_seconds": round(clock.seconds["learn"], 2), "lightgbm_seconds": round(alone, 2),
        "referrals": shape[0], "features": shape[1], "version": version, "steps": {k: round(v, 2) for k, v in clock.seconds.items()},
        "ndcg_at_10": model["ndcg_at_10"], "brier_skill": model["horizons"][str(evaluation["main_horizon"])]["brier_skill"],
        "failed_gates": evaluation["gates"]["failed"],
    }  # fmt: skip


def peak_rss_bytes() -> int:
    """Return the most memory this process has held."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def _lightgbm_alone(
    tables: Mapping[str, pd.DataFrame], config: TrainConfig, clock: _Clock
) -> tuple[float, tuple[int, int]]:
    frame = frame_of(tables, config)
    rows = np.flatnonzero(frame.event >= 0)
    X, y = frame.pairs.features[rows], (frame.event[rows] > 0).astype(int)
    clock("LightGBM alone", 0, 1)
    lgb.LGBMClassifier(n_jobs=config.n_threads or -1, verbose=-1).fit(X, y)
    clock("LightGBM alone", 1, 1)
    return clock.seconds["LightGBM alone"], (len(frame), X.shape[1])
