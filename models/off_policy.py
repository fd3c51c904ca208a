"""What a promise rate would have been under another way of choosing, from referrals somebody else chose.

Inverse propensity scoring, its self-normalised form, and the doubly robust estimator (Dudik, Langford, Li 2011), with the overlap
diagnosed first: where the log hardly ever did what the new policy would do, the answer is that nobody can tell.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from matching.arrays import Floats
from matching.errors import BadInput
from models.resampling import Interval, MemberBootstrap

CLIP = 20.0
"""Weights are cut here; the share that was cut is reported."""

LEAST_EFFECTIVE, MOST_CLIPPED = 50.0, 0.10
"""Fewer effective referrals, or a larger share of clipped weights, is too thin to tell; so is a mean weight outside 0.5 to 2."""


@dataclass(frozen=True, slots=True)
class OffPolicy:
    """Estimates of the mean reward under the new policy, each with its interval, beside the logged mean and the overlap.

    ``effective`` is Kish's effective sample size of the weights, ``clipped`` the share of weights cut at ``CLIP``, ``mean_weight`` the mean
    weight: 1 when propensities and choices speak of the same decisions. ``enough`` whether the overlap carries a conclusion.
    """

    logged: Interval
    ips: Interval
    snips: Interval
    dr: Interval
    n: int
    effective: float
    clipped: float
    largest: float
    mean_weight: float

    @property
    def enough(self) -> bool:
        """Whether the overlap is enough to tell anything."""
        return self.effective >= LEAST_EFFECTIVE and self.clipped <= MOST_CLIPPED and 0.5 <= self.mean_weight <= 2.0

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        verdict = "enough" if self.enough else "too thin to tell"
        return {
            "logged": self.logged, "ips": self.ips, "snips": self.snips, "dr": self.dr, "n": self.n, "effective": self.effective,
            "clipped": self.clipped, "largest_weight": self.largest, "mean_weight": self.mean_weight, "overlap": verdict,
        }  # fmt: skip


def off_policy(
    reward: Floats,
    propensity: Floats,
    chosen: Floats,
    members: np.ndarray,
    *,
    expected: Floats | None = None,
    expected_new: Floats | None = None,
    weight: Floats | None = None,
    clip: float = CLIP,
    seed: int = 0,
) -> OffPolicy:
    """Estimate the mean reward under a new policy.

    Parameters
    ----------
    reward : (n,) float
        What the logged choice came to, 0 or 1.
    propensity, chosen : (n,) float
        Chance of the logged choice under the logging policy, in (0, 1], and under the new one, in [0, 1].
    members : (n,) labels
        Drawn again together for the intervals.
    expected, expected_new : (n,) float or None
        Modelled reward of the logged choice, and its mean over the new policy's choices; without them DR is IPS.
    weight : (n,) float or None
        Further row weights (censoring).
    clip : float
        Largest importance weight.

    Raises
    ------
    BadInput
        When a propensity is not in (0, 1] or shapes differ.
    """
    n = len(reward)
    if (
        not (len(propensity) == len(chosen) == len(members) == n and n)
        or not ((propensity > 0) & (propensity <= 1)).all()
    ):
        raise BadInput(
            f"expected {n} propensities in (0, 1] with as many chances and members; leave out referrals without one"
        )
    row = np.ones(n) if weight is None else weight
    raw = chosen / propensity
    importance = np.minimum(raw, clip)
    q, v = (np.zeros(n) if x is None else x for x in (expected, expected_new))
    boot = MemberBootstrap(members, seed=seed)
    return OffPolicy(
        logged=boot.ratio(row * reward, row), ips=boot.ratio(row * importance * reward, row), snips=boot.ratio(row * importance * reward, row * importance),
        dr=boot.ratio(row * (v + importance * (reward - q)), row), n=n, effective=float((row * importance).sum() ** 2 / max(float(((row * importance) ** 2).sum()), 1e-300)),
        clipped=float((raw > clip).mean()), largest=float(raw.max()), mean_weight=float(np.average(importance, weights=row)),
    )  # fmt: skip
