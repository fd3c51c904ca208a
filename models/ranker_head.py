"""One learned margin: boosted and additive members stacked by their out-of-fold margins into calibrated log-odds."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from models.metrics import ndcg_at_k
from models.ranker_additive import Additive
from models.ranker_boosting import Trees
from models.ranker_inputs import Float32s, Floats, Outcomes
from models.ranker_levels import Levels

Member = Trees | Additive | Levels
_STACK_ROWS = 200_000
_BLENDS = (0.0, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9)
_NEGLIGIBLE = 0.02
_RIDGE_ROWS = 1.0


@dataclass(frozen=True, slots=True)
class Head:
    """Margin = base + weighted sum of some members' margins.

    Sums run in the order of names, so that a head read back from a file scores to the same last bit. ``members`` by name; ``weights`` by name, at least 0, so that a direction every member keeps is kept by the sum;
    ``order_weights`` by name, at least 0, is what the order adds to the probability's log-odds.
    """

    members: Mapping[str, Member]
    weights: Mapping[str, float]
    base: float
    order_weights: Mapping[str, float] = field(default_factory=dict)

    def margins(self, X: Float32s, with_order: bool = False) -> tuple[Floats, Floats]:
        """Return the margin (n,) and what the order adds (n,), each member asked once; zeros unless ``with_order``."""
        total, added = np.full(len(X), self.base), np.zeros(len(X))
        for name, member in sorted(self.members.items()):
            weight, order_weight = self.weights.get(name, 0.0), self.order_weights.get(name, 0.0) if with_order else 0.0
            if weight or order_weight:
                margin = member.margin(X)
                total += weight * margin
                added += order_weight * margin
        return total, added

    def contributions(self, X: Float32s) -> Floats:
        """Return exact shares (n, n_features + 1) of the margin, the base value last."""
        total = np.zeros((len(X), X.shape[1] + 1))
        for name, weight in sorted(self.weights.items()):
            total += weight * self.members[name].contributions(X)
        total[:, -1] += self.base
        return total


def constant_head(label: Floats, weight: Floats) -> Head:
    """Return the head that knows only the base rate, shrunk by half an event and half a non-event."""
    n = float(weight.sum())
    rate = (float((weight * label).sum()) + 0.5) / (n + 1.0)
    return Head({}, {}, float(np.log(rate / (1.0 - rate))))


def stack(
    members: Mapping[str, Member], held_out: Mapping[str, Floats], rows: Outcomes, start: Mapping[str, float]
) -> Head:
    """Return the head whose log-odds fit the outcomes best on out-of-fold margins.

    A logistic regression with slopes of at least 0, drawn towards ``start`` by a ridge worth a few rows, so that few
    rows give cautious slopes. Being affine, it calibrates and leaves the contributions exact.
    """
    names = list(members)
    seen = np.flatnonzero(np.all([~np.isnan(held_out[name]) for name in names], axis=0))
    seen = seen[:: -(-len(seen) // _STACK_ROWS)]
    margins = np.column_stack([held_out[name][seen] for name in names])
    prior = np.array([start[name] for name in names])
    base, slopes = _fit_slopes(margins, rows.label[seen], rows.weight[seen], prior)
    spread = slopes * margins.std(axis=0)
    keep = spread > _NEGLIGIBLE * max(float(spread.max()), 1e-12)
    if not keep.all() and keep.any():
        kept = [name for name, kept in zip(names, keep, strict=True) if kept]
        return stack({n: members[n] for n in kept}, {n: held_out[n] for n in kept}, rows, start)
    weights = {name: float(slope) for name, slope in zip(names, slopes, strict=True)}
    return Head(dict(members), weights, base)


def rank_share(head_margin: Floats, rank_margin: Floats, rows: Outcomes) -> float:
    """Return the weight of the rank margin beside the log-odds that orders held-out rows best (nDCG at 10).

    Among the tried shares the mean of all within a quarter of a standard error of the best is taken: a noisy maximum is not trusted.
    """
    seen = np.flatnonzero(~np.isnan(head_margin) & ~np.isnan(rank_margin) & ~rows.censored)
    if not len(seen):
        return 0.0
    scale = head_margin[seen].std() / max(float(rank_margin[seen].std()), 1e-12)
    weights = [share / (1.0 - share) * scale for share in _BLENDS]
    found = []
    for weight in weights:
        score = head_margin[seen] + weight * rank_margin[seen]
        by_group = np.asarray(ndcg_at_k(rows.grade[seen], score, rows.group[seen], per_group=True))
        found.append(by_group[~np.isnan(by_group)])
    if not len(found[0]):
        return 0.0
    table = np.array(found)
    means = table.mean(axis=1)
    best = int(np.argmax(means))
    gap = table[best] - table
    error = gap.std(axis=1) / np.sqrt(gap.shape[1])
    near = means[best] - means <= 0.25 * error
    share = float(np.mean(np.asarray(_BLENDS)[near]))
    return share / (1.0 - share) * float(scale)


def _fit_slopes(margins: Floats, y: Floats, w: Floats, prior: Floats) -> tuple[float, Floats]:
    spread = margins.std(axis=0)
    scale = np.where(spread > 1e-12, spread, 1.0)
    centre = margins.mean(axis=0)
    standard = (margins - centre) / scale
    target = prior * scale
    rate = float(np.clip(np.average(y, weights=w), 1e-6, 1 - 1e-6))

    def loss(coefficients: Floats) -> tuple[float, Floats]:
        """Return the penalised log loss of the coefficients, the intercept first, and its gradient of the same shape."""
        margin = coefficients[0] + (standard * coefficients[1:]).sum(axis=1)
        residual = w * (expit(margin) - y)
        pull = coefficients[1:] - target
        value = float((w * (np.logaddexp(0.0, margin) - y * margin)).sum()) + 0.5 * _RIDGE_ROWS * float((pull**2).sum())
        return value, np.r_[residual.sum(), (standard * residual[:, None]).sum(axis=0) + _RIDGE_ROWS * pull]

    start = np.r_[np.log(rate / (1 - rate)), target]
    bounds = [(None, None)] + [(0.0, None)] * len(prior)
    answer = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"ftol": 1e-12, "maxiter": 200})
    slopes = answer.x[1:] / scale
    return float(answer.x[0] - (slopes * centre).sum()), slopes
