"""What a ranker has to beat: chance, the longest-listed post, skill overlap, a logistic regression, the written rule."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from matching.arrays import Floats
from matching.baseline import BaselineScorer
from matching.scoring import PairFrame, Scores
from models.datasets import TrainingFrame
from models.horizons import HORIZONS, started_within


class Scoring(Protocol):
    """The part of a Scorer that an evaluation needs."""

    def score(self, pairs: PairFrame, days_left: Floats) -> Scores:
        """Score every pair."""


@dataclass(frozen=True, slots=True)
class Reference:
    """An order by one column (or by lot, column None), with the usual start rate of each horizon as everybody's chance."""

    column: str | None
    sign: float
    rates: dict[int, float]
    seed: int = 0

    def score(self, pairs: PairFrame, days_left: Floats) -> Scores:
        """Score every pair; the chance is that of the nearest horizon."""
        nearest = min(self.rates, key=lambda d: abs(d - float(np.median(days_left))))
        p = np.full(len(pairs), self.rates[nearest])
        if self.column is None:
            order = np.random.default_rng(self.seed).random(len(pairs))
        else:
            order = self.sign * np.nan_to_num(pairs.features[:, pairs.names.index(self.column)].astype(float))
        return Scores(p, np.ones(len(pairs)), order)


@dataclass(frozen=True, slots=True)
class Logistic:
    """A standardised logistic regression a horizon, unknown values at their median: what an analyst would write first."""

    models: dict[int, Pipeline]

    def score(self, pairs: PairFrame, days_left: Floats) -> Scores:
        """Score every pair by the regression of the nearest horizon."""
        nearest = min(self.models, key=lambda d: abs(d - float(np.median(days_left))))
        p = self.models[nearest].predict_proba(pairs.features.astype(float))[:, 1]
        return Scores(p, np.ones(len(pairs)), p)


def references(past: TrainingFrame, *, seed: int = 0) -> dict[str, Scoring]:
    """Return the baselines by name, those that learn fitted on past rows."""
    outcomes = {d: started_within(past.event, past.duration_days, d) for d in HORIZONS}
    rates = {d: float(np.average(y, weights=w * past.weight)) for d, (y, w) in outcomes.items()}
    found: dict[str, Scoring] = {
        "random": Reference(None, 1.0, rates, seed),
        "first_come": Reference("days_listed", 1.0, rates),
        "skill_overlap": Reference("skill_gap_mean", -1.0, rates),
        "rule": BaselineScorer(),
    }
    if all(0 < (y * w).sum() < w.sum() for y, w in outcomes.values()):
        found["logistic"] = Logistic({d: _logistic(past, y, w) for d, (y, w) in outcomes.items()})
    return found


def _logistic(past: TrainingFrame, y: Floats, weight: Floats) -> Pipeline:
    rows = np.flatnonzero(weight > 0)
    rows = rows[:: -(-len(rows) // 200_000)]
    model = make_pipeline(
        SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler(), LogisticRegression(max_iter=2_000)
    )
    return model.fit(
        past.pairs.features[rows].astype(float),
        y[rows],
        logisticregression__sample_weight=weight[rows] * past.weight[rows],
    )
