"""The recipe: tables in, a scorer out. Works from a few hundred logged referrals to millions; with none it is the baseline, and says so."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from matching.arrays import Floats
from matching.baseline import BaselineScorer
from matching.errors import NotReady
from matching.features import FEATURES
from matching.policy.load import load_policy
from models.blending import fit_blend
from models.datasets import TrainingFrame, training_frame
from models.horizons import HORIZONS, started_within
from models.leakage import refuse_leaks
from models.ranker import PlacementRanker
from models.record import checked_tables, last_day
from models.splits import household_folds
from models.trained import RULE_ONLY, Blend, TrainedRanker, log_odds

LEAST_REFERRALS, LEAST_OF_A_KIND = 60, 8
"""Usable referrals, and starts and non-starts among them, below which nothing is learned."""

Progress = Callable[[str, float, float], None]


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """What training may be told.

    Attributes
    ----------
    random_state : int
        Seed of every draw.
    region_code : str
        Place whose policy resolves minimum wages where a post's own place has none.
    cutoff : date or None
        Last day whose facts may be used; by default the last day the referrals speak of.
    weighting : {'auto', 'none', 'propensity'}
        Whether rows weigh one over their logged propensity; 'auto' where that predicts later referrals better.
    folds : int
        Household folds on which the blend with the baseline is found.
    blend_rows : int
        Most rows used to find it.
    max_rounds, n_threads : int or None
        Passed to PlacementRanker.
    """

    random_state: int = 0
    region_code: str = "440000"
    cutoff: date | None = None
    weighting: str = "auto"
    folds: int = 3
    blend_rows: int = 40_000
    max_rounds: int | None = None
    n_threads: int | None = None


def train(
    tables: Mapping[str, pd.DataFrame], config: TrainConfig | None = None, *, progress: Progress | None = None
) -> TrainedRanker:
    """Learn from the logged referrals of these tables.

    Parameters
    ----------
    tables : mapping of table name to DataFrame
        Tables of the data dictionary; ``members``, ``positions`` and ``referrals`` are needed.
    config : TrainConfig or None
    progress : callable or None
        Told the step, how much is done, and how much there is.

    Returns
    -------
    TrainedRanker
        With fewer than 60 usable referrals, or fewer than 8 starts, it is the baseline: ``ranker`` None, ``version`` 'untrained'.

    Raises
    ------
    TableError
        When a table is absent, a row is not valid, or a fact from after a referral would be used; nothing is trained.
    """
    config = config or TrainConfig()
    try:
        frame = frame_of(tables, config, progress)
    except NotReady as reason:
        return TrainedRanker(None, RULE_ONLY, RULE_ONLY, {"referrals": 0, "starts": 0, "note": str(reason)})
    return fit(frame, config, progress=progress)


def frame_of(
    tables: Mapping[str, pd.DataFrame], config: TrainConfig, progress: Progress | None = None
) -> TrainingFrame:
    """Return the training rows of these tables, checked for facts from the future on a sample of days."""
    step = progress or _silent
    step("read the record", 0, 1)
    if "referrals" not in tables or not len(tables["referrals"]):
        raise NotReady("expected logged referrals, found none; the baseline answers until there are some")
    tables = checked_tables(tables)
    policy = load_policy(config.region_code, config.cutoff or pd.Timestamp(last_day(tables)).date())
    frame = training_frame(tables, policy, config.cutoff)
    refuse_leaks(frame, tables, policy)
    step("read the record", 1, 1)
    return frame


def fit(frame: TrainingFrame, config: TrainConfig, *, progress: Progress | None = None) -> TrainedRanker:
    """Learn from training rows."""
    step = progress or _silent
    enough = len(frame) >= LEAST_REFERRALS and min(frame.starts, int((frame.event == 0).sum())) >= LEAST_OF_A_KIND
    evidence = _evidence(frame, config)
    if not enough:
        evidence["note"] = (
            f"expected at least {LEAST_REFERRALS} usable referrals with {LEAST_OF_A_KIND} starts and as many without, found {len(frame)} "
            f"with {frame.starts} starts; the baseline answers"
        )
        return TrainedRanker(None, RULE_ONLY, RULE_ONLY, evidence)
    weighted = _use_propensity(frame, config)
    step("find the weight of the baseline", 0, 1)
    placed, stays = _blends(frame, config, weighted)
    step("find the weight of the baseline", 1, 1)
    step("learn", 0, 1)
    ranker = _ranker(frame, config, weighted)
    step("learn", 1, 1)
    evidence |= {"weighting": "propensity" if weighted else "none", "placed": asdict(placed), "stays": asdict(stays)}
    return TrainedRanker(ranker, placed, stays, evidence)


def _ranker(frame: TrainingFrame, config: TrainConfig, weighted: bool) -> PlacementRanker:
    monotone = [f.direction for f in FEATURES]
    retained = None if np.isnan(frame.retained).all() else frame.retained
    ranker = PlacementRanker(
        random_state=config.random_state, monotone=monotone, n_threads=config.n_threads, max_rounds=config.max_rounds
    )
    return ranker.fit(
        frame.pairs.features,
        frame.event,
        frame.duration_days,
        groups=frame.groups,
        retained=retained,
        sample_weight=_weights(frame, weighted),
    )


def _weights(frame: TrainingFrame, weighted: bool) -> Floats:
    """Row weights; one over the propensity, cut at ten times the median so that no single referral speaks for the rest."""
    if not weighted:
        return frame.weight
    inverse = 1.0 / np.maximum(frame.propensity, 1e-6)
    middle = float(np.nanmedian(inverse))
    inverse = np.where(np.isnan(inverse), middle, np.minimum(inverse, 10.0 * middle))
    return np.asarray(frame.weight * inverse / inverse.mean())


def _use_propensity(frame: TrainingFrame, config: TrainConfig) -> bool:
    """Whether weighting by propensity predicts later referrals better, both judged under the weights of the later ones."""
    known = ~np.isnan(frame.propensity) & (frame.propensity > 0)
    if config.weighting != "auto":
        return config.weighting == "propensity" and bool(known.any())
    if known.mean() < 0.8 or frame.starts < 200:
        return False
    rows = np.arange(len(frame))[:: -(-len(frame) // config.blend_rows)]
    at = frame.created_on[rows[int(0.7 * len(rows))]]
    early, late = rows[frame.created_on[rows] < at], rows[frame.created_on[rows] >= at]
    past, later = frame.take(early).known_on(at), frame.take(late)
    if min(past.starts, later.starts) < 30:
        return False
    y, in_sight = started_within(later.event, later.duration_days, HORIZONS[-1])
    judge = _weights(later, True) * in_sight
    losses = []
    for weighted in (False, True):
        ranker = _ranker(past, replace(config, max_rounds=80), weighted)
        margin = log_odds(ranker.probability_within(later.pairs.features, HORIZONS[-1]))
        losses.append(float((judge * (np.logaddexp(0.0, margin) - y * margin)).sum()))
    return losses[1] < losses[0]


def _blends(frame: TrainingFrame, config: TrainConfig, weighted: bool) -> tuple[Blend, Blend]:
    """Blends for the start and for staying, found on held-out households; a quarter of them when rows are many."""
    many = len(frame) > config.blend_rows
    fold = household_folds(
        frame, -(-4 * len(frame) // config.blend_rows) if many else config.folds, config.random_state
    )
    if many:
        judged = np.flatnonzero(fold == 0)
        pairs = [(np.flatnonzero((fold >= 1) & (fold <= 3)), judged)]
    else:
        pairs = [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(config.folds)]
    placed, stays = [], []
    for learn, judge in pairs:
        past, held = frame.take(learn), frame.take(judge)
        if not len(held) or min(past.starts, int((past.event == 0).sum())) == 0:
            continue
        ranker = _ranker(past, config, weighted)
        placed.append(_placed_rows(ranker, held))
        stays.append(_stays_rows(ranker, held))
    return _fit(placed), _fit(stays)


Rows = tuple[Floats, Floats, Floats, Floats]


def _placed_rows(ranker: PlacementRanker, held: TrainingFrame) -> Rows:
    """Log-odds of rule and ranker, outcomes and weights at every horizon; together a row counts once."""
    parts = []
    for days in HORIZONS:
        y, in_sight = started_within(held.event, held.duration_days, days)
        limit = np.full(len(held), float(days))
        rule = log_odds(BaselineScorer().score(held.pairs, limit).p_placed)
        parts.append(
            (
                rule,
                log_odds(ranker.probability_within(held.pairs.features, limit)),
                y,
                in_sight * held.weight / len(HORIZONS),
            )
        )
    return _stacked(parts)


def _stays_rows(ranker: PlacementRanker, held: TrainingFrame) -> Rows:
    known = held.take(np.flatnonzero(~np.isnan(held.retained)))
    p = ranker.retention(known.pairs.features) if len(known) else None
    if p is None:
        return (np.zeros(0),) * 4
    rule = log_odds(BaselineScorer().score(known.pairs, np.full(len(known), 30.0)).p_stays)
    return rule, log_odds(p), known.retained, known.weight


def _stacked(parts: list[Rows]) -> Rows:
    a, b, c, d = (np.concatenate([part[k] for part in parts]) for k in range(4))
    return a, b, c, d


def _fit(parts: list[Rows]) -> Blend:
    if not parts or not sum(float(part[3].sum()) for part in parts) > 0:
        return RULE_ONLY
    rows = _stacked(parts)
    return RULE_ONLY if len(rows[0]) < 2 * LEAST_OF_A_KIND else fit_blend(*rows)


def _evidence(frame: TrainingFrame, config: TrainConfig) -> dict[str, Any]:
    first, last = frame.created_on.min(), frame.created_on.max()
    return {
        "referrals": len(frame), "starts": frame.starts, "censored": int((frame.event < 0).sum()),
        "members": len(np.unique(frame.member_id.astype(str))), "from": str(first), "to": str(last), "cutoff": str(frame.cutoff),
        "left_out": dict(frame.left_out),
        "config": {k: str(v) if isinstance(v, date) else v for k, v in asdict(config).items() if k != "n_threads"},
    }  # fmt: skip


def _silent(step: str, done: float, total: float) -> None:
    """Tell nobody."""
