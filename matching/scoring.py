"""The scorer's contract, and the readable baseline that answers when no model is promoted."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from matching.arrays import Float32s, Floats, Ints
from matching.errors import BadInput

SLACK = 1e-6
"""How far rounding may carry a chance beyond 0 or 1."""


@dataclass(frozen=True, slots=True)
class PairFrame:
    """Member-position pairs with their features.

    Attributes
    ----------
    member : (n,) int
        Row of each pair's member in the members frame the pairs were built from.
    position : (n,) int
        Row of each pair's position in the positions frame.
    features : (n, n_features) float32
        ``matching.features.FEATURES`` in order; NaN is *unknown*.
    names : tuple of str
        Feature names, one a column of ``features``.
    """

    member: Ints
    position: Ints
    features: Float32s
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.member)


@dataclass(frozen=True, slots=True)
class Scores:
    """What a scorer says of each pair, all (n,).

    ``p_placed`` P(starts work within ``days_left`` of the referral), calibrated, in [0, 1];
    ``p_stays`` P(still employed 90 days after the start | started), in [0, 1];
    ``order`` the ranking score within a member, larger is better, ties are real ties.
    """

    p_placed: Floats
    p_stays: Floats
    order: Floats

    @property
    def utility(self) -> Floats:
        """(n,) P(starts in time and stays), the value of the pair."""
        return np.asarray(self.p_placed * self.p_stays)


@dataclass(frozen=True, slots=True)
class Contributions:
    """Exact additive shares of each pair's score.

    ``values`` (n, n_codes) in log-odds of ``p_placed``; ``base`` (n,) the rest, so that values.sum(1) + base is the score;
    ``codes`` one reason code a column.
    """

    values: Floats
    base: Floats
    codes: tuple[str, ...]


class Scorer(Protocol):
    """Anything that scores pairs: the promoted ranker, the baseline, a test's oracle."""

    @property
    def version(self) -> str:
        """Model version, or ``baseline``."""

    def score(self, pairs: PairFrame, days_left: Floats) -> Scores:
        """Score every pair; ``days_left`` (n,) days until the member's promise falls due, at least 0."""

    def explain(self, pairs: PairFrame, days_left: Floats) -> Contributions:
        """Return contributions per reason code, positive and negative, that add up to the score."""


def scored(scorer: Scorer, pairs: PairFrame, days_left: Floats) -> Scores:
    """Ask a scorer; BadInput that names it and tells what to do where it does not answer with one chance in [0, 1] a pair."""
    answer = scorer.score(pairs, days_left)
    placed, stays = (_chances(scorer, name, getattr(answer, name), len(pairs)) for name in ("p_placed", "p_stays"))
    return Scores(placed, stays, answer.order)


def _chances(scorer: Scorer, name: str, values: Floats, n: int) -> Floats:
    found = np.asarray(values, dtype=float)
    if found.shape != (n,):
        raise BadInput(
            f"scorer {scorer.version}: expected {name} of shape ({n},), found {found.shape}; answer one chance a pair"
        )
    wrong = found[~((found >= -SLACK) & (found <= 1.0 + SLACK))]
    if len(wrong):
        raise BadInput(
            f"scorer {scorer.version}: expected {name} in [0, 1], found {wrong[0]:g} among {len(wrong)} of {n} pairs; where a scorer "
            "cannot tell, let it answer with a usual chance or with the baseline's"
        )
    return np.asarray(np.clip(found, 0.0, 1.0))
