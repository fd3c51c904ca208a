"""When a start comes, given that it comes: a discrete-time hazard over one learned margin, and what open rows are worth.

An open (censored) row is neither a start nor a failure. Its label becomes the probability that it still ends in a start,
given that it was open so long: p S(c) / (p S(c) + (1 - p) G(c)), with p the row's chance of a start, S the share of
starters still waiting after c days and G the share of the others not yet closed (a mixture cure model, Farewell 1982,
fitted by expectation and maximisation).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, logit

from models.ranker_boosting import Trees
from models.ranker_inputs import Float32s, Floats, Ints, Outcomes

_STEPS = 12
_FIT_ROWS = 50_000


@dataclass(frozen=True, slots=True)
class Timing:
    """P(start within d days | a start comes) = 1 - prod over steps of (1 - hazard).

    Attributes
    ----------
    ends : (n_steps,) float
        Last day of each step, ascending; between ends the share grows in a straight line, beyond the last it is 1.
    intercepts : (n_steps - 1,) float
        Log-odds hazard of each step at margin 0; whoever reaches the last step starts in it.
    slope : float
        How much a unit of the margin adds to every log-odds hazard; at least 0.
    trees : Trees or None
        What learned the margin; None when time does not depend on the features.
    """

    ends: Floats
    intercepts: Floats
    slope: float
    trees: Trees | None

    def margin(self, X: Float32s) -> Floats:
        """Return the margin of quickness (n,), larger is sooner."""
        return np.zeros(len(X)) if self.trees is None else self.slope * self.trees.margin(X)

    def contributions(self, X: Float32s) -> Floats:
        """Return exact shares (n, n_features + 1) of the margin, the base value last."""
        if self.trees is None:
            return np.zeros((len(X), X.shape[1] + 1))
        return self.slope * self.trees.contributions(X)

    def share_by(self, margin: Floats, days: Floats) -> Floats:
        """Return P(start within ``days`` (n,) | a start comes) for margins (n,), in [0, 1], never falling in days."""
        if not len(self.ends):
            return (days >= 0).astype(float)
        step, last = np.searchsorted(self.ends, days, side="left"), len(self.ends) - 1
        at, here = np.arange(len(days)), np.minimum(step, last)
        gone = min(int(here.max(initial=0)) + 1, last)  # steps behind the last one asked for are not worked out
        hazard = np.ones((len(days), gone + 1))
        hazard[:, :gone] = expit(self.intercepts[:gone] + margin[:, None])
        waiting = np.cumprod(np.column_stack([np.ones(len(days)), 1.0 - hazard]), axis=1)[at, here]
        before, inside = 1.0 - waiting, waiting * hazard[at, here]
        start = np.r_[0.0, self.ends][here]
        width = self.ends[here] - start
        part = np.where(width > 0, (days - start) / np.where(width > 0, width, 1.0), 1.0)
        share = np.where(step >= len(self.ends), 1.0, before + inside * np.clip(part, 0.0, 1.0))
        return np.where(days < 0, 0.0, np.clip(share, 0.0, 1.0))


def step_ends(rows: Outcomes) -> Floats:
    """Return the days that end the steps: quantiles of the known days to a start; empty when none is known."""
    known = rows.duration[(rows.label == 1.0) & ~rows.censored]
    known = known[np.isfinite(known)]
    if not len(known):
        return np.empty(0)
    levels = np.linspace(0.0, 1.0, min(_STEPS, max(len(known) // 10, 1)) + 1)[1:]
    return np.unique(np.quantile(known, levels, method="inverted_cdf"))


@dataclass(frozen=True, slots=True)
class Waits:
    """The days rows waited, sorted once: ``order`` (n,) sorts them, ``first`` marks where each distinct day begins, ``place`` (n,) is each row's."""

    order: Ints
    first: Ints
    place: Ints

    @classmethod
    def of(cls, rows: Outcomes) -> "Waits":
        """Return the waits of these rows; unknown days count as none."""
        days = np.where(np.isfinite(rows.duration), rows.duration, 0.0)
        order = np.argsort(days, kind="stable")
        found, first = np.unique(days[order], return_index=True)
        return cls(order, first, np.searchsorted(found, days))

    def survival(self, mass: Floats, ended: NDArray[np.bool_]) -> Floats:
        """Weighted Kaplan-Meier: the share not yet ended just after each row's days (n,)."""
        at_risk = np.cumsum(mass[self.order][::-1])[::-1][self.first]
        ends = np.add.reduceat(np.where(ended, mass, 0.0)[self.order], self.first)
        hazard = np.divide(ends, at_risk, out=np.zeros(len(self.first)), where=at_risk > 0)
        return np.asarray(np.cumprod(1.0 - np.minimum(hazard, 1.0))[self.place])


def open_row_labels(rows: Outcomes, chance: Floats, waits: Waits) -> Floats:
    """Return labels (n,) with every open row's soft label, given each row's chance (n,) of a start at all."""
    label = rows.label.copy()
    is_open = rows.censored
    known = ~is_open & np.isfinite(rows.duration)
    for _ in range(6):
        waiting = waits.survival(label * rows.weight, (label == 1.0) & known)
        unclosed = waits.survival((1.0 - label) * rows.weight, (label == 0.0) & known)
        still = chance * waiting
        rest = (1.0 - chance) * unclosed
        total = still + rest
        label[is_open] = np.divide(still, total, out=np.zeros(len(label)), where=total > 0)[is_open]
    return label


def quickness_target(rows: Outcomes, ends: Floats) -> tuple[Floats, Floats]:
    """Return a regression target (n,), larger is sooner, and its weights (n,): 0 for rows that say nothing of time.

    The target is the expected normal-like score of the row's place among starters; an open row's is that of a starter
    not seen until its cut-off.
    """
    timed = np.isfinite(rows.duration) & (rows.label > 0)
    step = np.searchsorted(ends, np.where(timed, rows.duration, 0.0), side="left")
    mass = np.bincount(np.minimum(step, len(ends) - 1)[timed & ~rows.censored], minlength=len(ends)).astype(float)
    share = mass / mass.sum()
    middle = np.cumsum(share) - share / 2.0
    score = -logit(np.clip(middle, 1e-3, 1 - 1e-3))
    later_mass = np.cumsum((share)[::-1])[::-1] - share
    later = np.divide(
        np.cumsum((share * score)[::-1])[::-1] - share * score, later_mass, out=score.copy(), where=later_mass > 1e-12
    )
    place = np.minimum(step, len(ends) - 1)
    target = np.where(rows.censored, later[place], score[place])
    return target, np.where(timed, rows.weight * rows.label, 0.0)


def fit_hazard(ends: Floats, rows: Outcomes, margin: Floats) -> tuple[Floats, float]:
    """Return the step intercepts and the slope (at least 0) that make starts most likely, given margins (n,)."""
    timed = np.flatnonzero(np.isfinite(rows.duration) & (rows.label > 0) & ~np.isnan(margin))
    timed = timed[:: max(-(-len(timed) // _FIT_ROWS), 1)]
    n_steps = len(ends) - 1
    step = np.searchsorted(ends, rows.duration[timed], side="left")
    mass = rows.weight[timed] * rows.label[timed]
    is_open, value = rows.censored[timed], margin[timed]
    at_risk = np.stack([np.where(is_open, step > k, step >= k) for k in range(n_steps)]) * mass
    ended = np.stack([(step == k) & ~is_open for k in range(n_steps)]) * mass

    def loss(coefficients: Floats) -> tuple[float, Floats]:
        """Return the penalised log loss of one intercept a period and a common slope, and its gradient of the same shape."""
        margins = coefficients[:-1, None] + coefficients[-1] * value
        residual = at_risk * expit(margins) - ended
        total = float((at_risk * np.logaddexp(0.0, margins) - ended * margins).sum())
        pull = coefficients[-1]
        slopes = np.r_[residual.sum(axis=1) + 1e-3 * coefficients[:-1], (residual * value).sum() + pull]
        return total + 0.5 * pull**2 + 0.5e-3 * float((coefficients[:-1] ** 2).sum()), slopes

    rate = np.clip((ended.sum(axis=1) + 0.5) / (at_risk.sum(axis=1) + 1.0), 1e-4, 1 - 1e-4)
    answer = minimize(
        loss, np.r_[logit(rate), 0.0], jac=True, method="L-BFGS-B", bounds=[(None, None)] * n_steps + [(0.0, None)]
    )
    return answer.x[:-1], float(answer.x[-1])
