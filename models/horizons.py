"""Outcomes at a horizon: started within so many days, with weights that stand in for rows lost from sight before."""

import numpy as np

from matching.arrays import Floats

HORIZONS = (7, 14, 30)
"""Days after the referral at which a promise is asked about."""

_LEAST_SEEN = 0.05


def started_within(event: Floats, duration_days: Floats, days: float) -> tuple[Floats, Floats]:
    """Return outcomes and weights of "started within ``days``".

    Parameters
    ----------
    event : (n,) 1 started, 0 ended without a start, -1 lost from sight
    duration_days : (n,) NaN is unknown: at once for a row lost from sight, some time before the horizon otherwise
    days : float

    Returns
    -------
    (y, weight) : (n,), (n,)
        ``y`` is 0 or 1. Rows lost from sight before the horizon weigh 0, the others one over the share still in sight by then
        (inverse probability of censoring, Graf et al. 1999), so that the weighted mean estimates the chance had nobody been lost.
    """
    lost = event < 0
    last = np.where(np.isnan(duration_days), 0.0, duration_days)
    y = ((event > 0) & (last <= days)).astype(float)
    settled = np.where(event == 0, last, np.minimum(last, days))
    seen = ~lost | (last >= days)
    share = _in_sight(last, lost, np.minimum(settled, days))
    return y, np.where(seen, 1.0 / np.maximum(share, _LEAST_SEEN), 0.0)


def _in_sight(last: Floats, lost: np.ndarray, at: Floats) -> Floats:
    """Kaplan-Meier share of rows not yet lost just before each time ``at`` (n,); starts and ends on the day come first."""
    order = np.argsort(last, kind="stable")
    times, first = np.unique(last[order], return_index=True)
    n_lost = np.add.reduceat(lost[order].astype(float), first)
    n_all = np.add.reduceat(np.ones(len(order)), first)
    at_risk = len(last) - np.cumsum(n_all) + n_lost
    hazard = np.divide(n_lost, at_risk, out=np.zeros(len(times)), where=at_risk > 0)
    survival = np.r_[1.0, np.cumprod(1.0 - hazard)]
    return np.asarray(survival[np.searchsorted(times, at, side="left")])
