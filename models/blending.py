"""How far to trust what was learned: weights of rule and ranker on rows neither had seen, drawn to the rule where rows are few."""

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from matching.arrays import Floats
from models.trained import Blend

SCEPTICISM = 40.0
"""Strength with which the weights are held at (rule 1, ranker 0), in units of one row's information at even odds."""


def fit_blend(rule: Floats, learned: Floats, y: Floats, weight: Floats) -> Blend:
    """Return the blend that makes outcomes most likely.

    Parameters
    ----------
    rule, learned : (n,) float
        Log-odds of the same events by the rule and by a ranker that had not seen the row.
    y, weight : (n,) float
        Outcomes 0 or 1 and weights of at least 0; the sum of the weights is how many rows speak.
    """
    standard = learned - np.average(learned, weights=weight)
    centre = np.average(rule, weights=weight)
    rule_0, shift = rule - centre, np.average(learned, weights=weight)
    scale = np.array(
        [
            max(float(np.sqrt(np.average(rule_0**2, weights=weight))), 0.25),
            max(float(np.sqrt(np.average(standard**2, weights=weight))), 0.25),
        ]
    )

    def loss(c: Floats) -> tuple[float, Floats]:
        """Return the penalised log loss of three coefficients and its gradient (3,)."""
        margin = c[0] + c[1] * rule_0 + c[2] * standard
        residual = weight * (expit(margin) - y)
        pull = np.array([(c[1] - 1.0) * scale[0], c[2] * scale[1]])
        value = float((weight * (np.logaddexp(0.0, margin) - y * margin)).sum()) + 0.125 * SCEPTICISM * float(
            (pull**2).sum()
        )
        slopes = np.r_[residual.sum(), residual @ rule_0, residual @ standard]
        slopes[1:] += 0.25 * SCEPTICISM * pull * scale
        return value, slopes

    rate = float(np.clip(np.average(y, weights=weight), 1e-4, 1 - 1e-4))
    start = np.array([np.log(rate / (1 - rate)), 1.0, 0.0])
    found = minimize(
        loss,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=[(None, None), (0.0, None), (0.0, None)],
        options={"ftol": 1e-12},
    ).x
    return Blend(float(found[0] - found[1] * centre - found[2] * shift), float(found[1]), float(found[2]))
