"""Golden rows: made-up pairs with the scores they had on the day of registration, scored again in a child process before a model is trusted."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from matching.errors import ModelRefused, TrialUnfinished
from matching.features import FEATURE_NAMES
from matching.scoring import PairFrame

ROWS = 48
TOLERANCE = 1e-9
"""Scores may differ by this much between machines; on one machine they are the same to the last bit."""

SECONDS = 120


def golden_pairs() -> tuple[PairFrame, np.ndarray]:
    """Return made-up pairs of every shape of value, unknown ones included, and days left; the same on every call."""
    rng = np.random.default_rng(20_260_610)
    features = rng.normal(0.0, 1.0, (ROWS, len(FEATURE_NAMES))) * rng.choice([0.5, 3.0, 30.0], (ROWS, 1))
    features[ROWS // 3 :] = np.abs(features[ROWS // 3 :])
    features[rng.random(features.shape) < 0.2] = 0.0
    features[rng.random(features.shape) < 0.1] = np.nan
    at = np.arange(ROWS)
    return PairFrame(at, at, features.astype(np.float32), FEATURE_NAMES), rng.integers(0, 45, ROWS).astype(float)


def golden_scores(scorer: Any) -> list[list[float]]:
    """Return what a scorer says of the golden pairs: chances of a start, of staying, and orders."""
    pairs, days = golden_pairs()
    found = scorer.score(pairs, days)
    return [[float(v) for v in column] for column in (found.p_placed, found.p_stays, found.order)]


def score_in_child(state: bytes, parts: Mapping[str, bytes]) -> list[list[float]]:
    """Return the golden scores of checked bytes, loaded and scored in a process whose crash harms nobody."""
    payload = json.dumps(
        {
            "state": base64.b64encode(state).decode(),
            "parts": {k: base64.b64encode(v).decode() for k, v in parts.items()},
        }
    )
    root = str(Path(__file__).resolve().parents[1])
    environment = {**os.environ, "PYTHONPATH": root, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", "from models.registry_golden import child; child()"]
    try:
        done = subprocess.run(
            command, input=payload, capture_output=True, text=True, env=environment, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise TrialUnfinished(
            f"expected the golden rows scored within {SECONDS} s, found the trial process still busy; train and register the model again"
        ) from error
    if done.returncode != 0:
        last = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        raise (TrialUnfinished if done.returncode < 0 else ModelRefused)(
            f"expected the model to load and score its golden rows in a trial process, found {last[0][:200]}; train and register the model again"
        )
    scores: list[list[float]] = json.loads(done.stdout)
    return scores


def refuse_other_scores(version: str, expected: list[list[float]], found: list[list[float]]) -> None:
    """Refuse a model whose golden scores are not those it was registered with."""
    a, b = np.asarray(expected, dtype=float), np.asarray(found, dtype=float)
    if a.shape != b.shape or not np.allclose(a, b, rtol=TOLERANCE, atol=TOLERANCE):
        worst = float(np.abs(a - b).max()) if a.shape == b.shape else float("nan")
        raise ModelRefused(
            f"{version}: expected the golden scores of its registration, found some that differ by up to {worst:.3g}; check the library versions against its manifest"
        )


def child() -> None:
    """Load the model on standard input, score the golden rows, and print the scores. Runs in the child process only."""
    import resource

    from models.trained import TrainedRanker

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    payload = json.load(sys.stdin)
    parts: dict[str, bytes | str] = {name: base64.b64decode(part) for name, part in payload["parts"].items()}
    scorer = TrainedRanker.from_state(json.loads(base64.b64decode(payload["state"])), parts)
    sys.stdout.write(json.dumps(golden_scores(scorer)))
