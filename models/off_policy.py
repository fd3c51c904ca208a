"""What a promise rate would have been under another way of choosing, from referrals somebody else chose.

Inverse propensity scoring, its self-normalised form, and the doubly robust estimator (Dudik, Langford, Li 2011), with the overlap
diagnosed first: where the log hardly ever did what the new policy would do, the answer is that nobody can tell.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from matching.arrays import Floats
from matching.errors import BadInput
from matching.policy.load import PolicyBook
from models.baselines import Scoring
from models.choices import choices_on
from models.datasets import TrainingFrame
from models.resampling import Interval, MemberBootstrap

CLIP = 20.0
"""Weights are cut here; the share that was cut is reported."""

LEAST_EFFECTIVE, MOST_CLIPPED = 50.0, 0.10
"""Fewer effective referrals, or a larger share of clipped weights, is too thin to tell; so is a mean weight outside 0.5 to 2."""

TEMPERATURE = 0.5
SAMPLED_DAYS = 12
MEMBERS_A_DAY = 120


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


def logged_policy_value(
    scorer: Scoring,
    test: TrainingFrame,
    tables: Mapping[str, pd.DataFrame],
    policy: PolicyBook,
    outcome: tuple[Floats, Floats],
    days: int,
) -> dict[str, Any]:
    """Return what the share of referrals that start within ``days`` would have been had posts been drawn by the scorer's order.

    The new policy draws one post of those listed in the member's city that day and eligible, by a softmax over the order; days are
    sampled. ``note`` says why when nothing was estimated.
    """
    y, in_sight = outcome
    known = (test.propensity > 0) & (in_sight > 0)
    if known.sum() < 100:
        return {
            "n": int(known.sum()),
            "note": "fewer than 100 test referrals with a logged propensity: nothing can be told",
        }
    made, counts = np.unique(test.created_on[known], return_counts=True)
    busiest = np.sort(made[np.argsort(-counts, kind="stable")[:SAMPLED_DAYS]])
    parts = [
        _one_day(scorer, test, np.flatnonzero(known & (test.created_on == day))[:MEMBERS_A_DAY], tables, policy, days)
        for day in busiest
    ]
    table = pd.concat([p for p in parts if len(p)], ignore_index=True) if any(len(p) for p in parts) else pd.DataFrame()
    if len(table) < 50:
        return {
            "n": len(table),
            "note": "fewer than 50 sampled referrals whose choice could be set out again: nothing can be told",
        }
    rows = table["row"].to_numpy(dtype=np.int64)
    found = off_policy(
        y[rows],
        np.minimum(test.propensity[rows], 1.0),
        table["chosen"].to_numpy(),
        test.member_id[rows],
        expected=table["q"].to_numpy(),
        expected_new=table["v"].to_numpy(),
        weight=in_sight[rows],
    )
    return {**found.as_dict(), "days": days, "sampled_days": len(busiest)}


def _one_day(
    scorer: Scoring,
    test: TrainingFrame,
    rows: np.ndarray,
    tables: Mapping[str, pd.DataFrame],
    policy: PolicyBook,
    days: int,
) -> pd.DataFrame:
    """Chance of each logged choice under the softmax, its modelled chance, and the policy's mean modelled chance."""
    if not len(rows):
        return pd.DataFrame()
    ids, which = np.unique(test.member_id[rows].astype(str), return_inverse=True)
    seen = choices_on(tables, ids.astype(object), test.created_on[rows[0]], policy)
    mine = scorer.score(test.take(rows).pairs, np.full(len(rows), float(days)))
    theirs = scorer.score(seen.pairs, np.full(len(seen.pairs), float(days)))
    top = max(float(mine.order.max()), float(theirs.order.max(initial=-np.inf)))
    pull, own = np.exp((theirs.order - top) / TEMPERATURE), np.exp((mine.order - top) / TEMPERATURE)
    total = np.bincount(seen.pairs.member, weights=pull, minlength=len(ids))[which] + own
    value = (
        np.bincount(seen.pairs.member, weights=pull * theirs.p_placed, minlength=len(ids))[which] + own * mine.p_placed
    )
    return pd.DataFrame({"row": rows, "chosen": own / total, "q": mine.p_placed, "v": value / total})
