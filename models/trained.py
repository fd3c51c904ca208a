"""TrainedRanker: what was learned, leaning on the written baseline as far as the evidence is thin. A Scorer."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np

from matching.arrays import Floats
from matching.baseline import BaselineScorer
from matching.errors import BadInput, ModelRefused
from matching.features import FEATURE_NAMES, FEATURES, REASON_CODES
from matching.scoring import Contributions, PairFrame, Scores
from models.ranker import PlacementRanker
from models.ranker_state import Parts

FORMAT = 1
ORDER_DAYS = 3.0
"""The order is never that of fewer days: hardly any start comes within one or two, and their order would be noise."""


@dataclass(frozen=True, slots=True)
class Blend:
    """Log-odds = ``base`` + ``baseline`` * rule's log-odds + ``learned`` * ranker's log-odds; both weights at least 0."""

    base: float
    baseline: float
    learned: float


RULE_ONLY = Blend(0.0, 1.0, 0.0)
"""The written baseline alone."""


class TrainedRanker:
    """A Scorer: PlacementRanker and BaselineScorer blended in log-odds, by weights found on rows neither had seen.

    Attributes
    ----------
    version : str
        Set by the registry; ``untrained`` when nothing could be learned, ``unregistered`` before it is stored.
    ranker : PlacementRanker or None
        None when there was too little to learn from: then every score is the baseline's.
    placed, stays : Blend
        Weights for the start and for staying 90 days.
    evidence : mapping
        What it was learned from: referrals, starts, days, shares of the baseline, and what was left out.
    """

    def __init__(
        self,
        ranker: PlacementRanker | None,
        placed: Blend,
        stays: Blend,
        evidence: Mapping[str, Any],
        version: str | None = None,
    ) -> None:
        self.ranker = ranker
        self.placed = placed
        self.stays = stays
        self.evidence = dict(evidence)
        self.version = version or ("untrained" if ranker is None else "unregistered")
        self._rule = BaselineScorer()

    def score(self, pairs: PairFrame, days_left: Floats) -> Scores:
        """Score every pair; see ``matching.scoring.Scorer``. More days never lower ``p_placed``."""
        days = _days(days_left, len(pairs))
        _refuse_other_features(pairs)
        rule = self._rule.score(pairs, days)
        if self.ranker is None:
            return rule
        enough = np.maximum(days, ORDER_DAYS)
        pressed = bool((enough != days).any())
        chance, order = self.ranker.probability_and_order(pairs.features, days, enough if pressed else None)
        p_placed = _sigmoid(self._blended(self.placed, rule.p_placed, log_odds(chance)))
        p_stays = rule.p_stays
        if self.stays.learned > 0:
            p_stays = _sigmoid(self._blended(self.stays, rule.p_stays, log_odds(self.ranker.retention(pairs.features))))
        elif self.stays != RULE_ONLY:
            p_stays = _sigmoid(self._blended(self.stays, rule.p_stays, np.zeros(len(pairs))))
        later = self._rule.score(pairs, enough) if pressed else rule
        return Scores(p_placed, p_stays, self._blended(self.placed, later.p_placed, order) + np.log(p_stays))

    def explain(self, pairs: PairFrame, days_left: Floats) -> Contributions:
        """Return exact contributions to the log-odds of ``p_placed`` by reason code; they and the base add up."""
        days = _days(days_left, len(pairs))
        _refuse_other_features(pairs)
        rule = self._rule.explain(pairs, days)
        if self.ranker is None:
            return rule
        learned = self.ranker.contributions(pairs.features, days)
        values = self.placed.baseline * rule.values + self.placed.learned * (learned[:, :-1] @ _BY_REASON)
        base = self.placed.base + self.placed.baseline * rule.base + self.placed.learned * learned[:, -1]
        return Contributions(values, base, REASON_CODES)

    def to_state(self) -> tuple[dict[str, Any], Parts]:
        """Return everything learned as JSON-able metadata and named parts, without pickle."""
        meta, parts = (None, {}) if self.ranker is None else self.ranker.to_state()
        state = {
            "format": FORMAT, "features": list(FEATURE_NAMES), "ranker": meta, "placed": asdict(self.placed),
            "stays": asdict(self.stays), "evidence": self.evidence,
        }  # fmt: skip
        return state, parts

    @classmethod
    def from_state(cls, state: Mapping[str, Any], parts: Mapping[str, bytes | str], version: str | None = None) -> Self:
        """Return the scorer :meth:`to_state` described, with the same scores to the last bit.

        The caller vouches for the parts. ModelRefused when it was made for another format or other features.
        """
        if state.get("format") != FORMAT or state.get("features") != list(FEATURE_NAMES):
            raise ModelRefused(
                f"expected a model of format {FORMAT} over the {len(FEATURE_NAMES)} features of this release, found format "
                f"{state.get('format')!r} over {len(state.get('features') or ())}; train again"
            )
        ranker = None if state["ranker"] is None else PlacementRanker.from_state(state["ranker"], parts)
        return cls(ranker, Blend(**state["placed"]), Blend(**state["stays"]), state["evidence"], version)

    @staticmethod
    def _blended(blend: Blend, rule: Floats, learned: Floats) -> Floats:
        return np.asarray(blend.base + blend.baseline * log_odds(rule) + blend.learned * learned)


_BY_REASON = np.array([[float(f.reason == code) for code in REASON_CODES] for f in FEATURES])


def _refuse_other_features(pairs: PairFrame) -> None:
    if pairs.names != FEATURE_NAMES:
        raise BadInput(
            f"expected the features of matching.features in their order, found {list(pairs.names)[:5]} ...; build the pairs with its builder"
        )


def _days(days_left: Floats, n: int) -> Floats:
    days = np.broadcast_to(np.asarray(days_left, dtype=float), (n,))
    return np.maximum(days, 0.0)


def log_odds(p: Floats | None) -> Floats:
    """Return log-odds of probabilities (n,), kept finite at 1e-12 from the ends."""
    clipped = np.clip(np.asarray(p, dtype=float), 1e-12, 1.0 - 1e-12)
    return np.asarray(np.log(clipped) - np.log1p(-clipped))


def _sigmoid(x: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(x, -40.0, 40.0))))
