"""A rule score a person can read. It answers when no model is promoted, and a young model is shrunk towards it."""

import numpy as np

from matching.arrays import Floats
from matching.features import FEATURES, REASON_CODES
from matching.scoring import Contributions, PairFrame, Scores

INTERCEPT = -0.9
"""Log-odds of a start for an ordinary post with no shortfall next door, when time does not press (assumption)."""

WEIGHTS: dict[str, float] = {
    "skill_gap_mean": -0.8, "skill_gap_essential": -0.3, "commute_minutes": -0.012, "commute_over_limit": -0.04,
    "wage_over_floor": 1.2, "experience_same": 0.08, "experience_field": 0.08, "experience_short": -0.02, "wanted": 0.4,
    "excluded_tasks": -0.8, "education_short": -0.8, "certificates_missing": -1.5, "night_unwilling": -1.5,
    "night_unasked": -0.4, "shift_clash": -0.5, "pending_per_opening": -0.3, "days_unconfirmed": -0.01,
    "flexible": 0.3, "reachable": 1.0, "available_in": -0.02,
    "kind_public_welfare": 1.0, "kind_community_base": 0.6, "kind_flexible": 0.2, "kind_trainee": 0.5,
}  # fmt: skip
"""Log-odds a unit of each feature; every weight has the sign of its feature's direction."""

NEUTRAL: dict[str, float] = {
    "skill_gap_mean": 1.0,
    "commute_minutes": 30.0,
    "wage_over_floor": 0.1,
    "days_unconfirmed": 7.0,
    "reachable": 1.0,
}
"""Value an unknown feature is taken to have, and the value at which a feature speaks neither for nor against; 0 elsewhere."""

HALF_DAYS = 6.0
"""Days in which half of the starts that will come have come (assumption)."""

STAYS_INTERCEPT = 1.1
STAYS_WEIGHTS: dict[str, float] = {
    "skill_gap_mean": -0.4, "commute_over_limit": -0.02, "wage_over_floor": 0.5, "contract_months": 0.01,
    "kind_public_welfare": 0.3,
}  # fmt: skip
"""The same for staying 90 days."""


class BaselineScorer:
    """Linear log-odds with written weights; identical input gives identical output, nothing is learned."""

    version = "baseline"

    def score(self, pairs: PairFrame, days_left: Floats) -> Scores:
        """Score every pair; see ``matching.scoring.Scorer``."""
        p_placed = _sigmoid(INTERCEPT + _linear(pairs, WEIGHTS).sum(axis=1) + _pressure(days_left))
        p_stays = _sigmoid(STAYS_INTERCEPT + _linear(pairs, STAYS_WEIGHTS).sum(axis=1))
        return Scores(p_placed, p_stays, p_placed * p_stays)

    def explain(self, pairs: PairFrame, days_left: Floats) -> Contributions:
        """Return each weight's share of the log-odds of ``p_placed``, grouped by reason code; they add up exactly."""
        shares = _linear(pairs, WEIGHTS)
        values = np.zeros((len(pairs), len(REASON_CODES)))
        for k, name in enumerate(WEIGHTS):
            values[:, REASON_CODES.index(_REASON[name])] += shares[:, k]
        return Contributions(values, np.asarray(INTERCEPT + _pressure(days_left)), REASON_CODES)


_REASON = {f.name: f.reason for f in FEATURES}


def _linear(pairs: PairFrame, weights: dict[str, float]) -> Floats:
    neutral = np.array([NEUTRAL.get(name, 0.0) for name in weights])
    columns = [pairs.names.index(name) for name in weights]
    values = pairs.features[:, columns].astype(float)
    return np.asarray((np.where(np.isnan(values), neutral, values) - neutral) * np.array(list(weights.values())))


def _pressure(days_left: Floats) -> Floats:
    """Return what little time costs, in log-odds: 0 with all the time in the world, -0.7 at the half-time, steep below a day."""
    days = np.maximum(np.asarray(days_left, dtype=float), 0.0)
    return np.asarray(np.log((days + 0.05) / (days + 0.05 + HALF_DAYS)))


def _sigmoid(x: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(x, -40.0, 40.0))))
