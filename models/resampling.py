"""Intervals of ratios when whole members are drawn again: their referrals are not independent."""

import numpy as np

from matching.arrays import Floats, Ints

Interval = tuple[float, float, float]
"""Estimate, low and high end of the 95 % interval; NaN where nothing can be said."""

_MOST_UNITS = 5_000


class MemberBootstrap:
    """Bootstrap of ratios of sums over members; the same draws for every statistic, so that differences are paired.

    Beyond 5,000 members, members are drawn in that many fixed bunches.
    """

    def __init__(self, members: np.ndarray, *, draws: int = 400, seed: int = 0) -> None:
        _, code = np.unique(members.astype(str), return_inverse=True)
        n = int(code.max()) + 1 if len(code) else 0
        self.codes: Ints = np.asarray(code % _MOST_UNITS)
        self._units = min(n, _MOST_UNITS)
        rng = np.random.default_rng(seed)
        shares = np.full(max(self._units, 1), 1.0 / max(self._units, 1))
        self._counts = rng.multinomial(self._units, shares, size=draws).astype(np.float32)

    def ratio(self, top: Floats, bottom: Floats) -> Interval:
        """Return sum(top) / sum(bottom) with its interval; both (n,)."""
        return _interval(float(top.sum()), float(bottom.sum()), self._ratios(top, bottom))

    def skill(self, error: Floats, reference: Floats) -> Interval:
        """Return 1 - sum(error) / sum(reference) with its interval; both (n,)."""
        middle, low, high = self.ratio(error, reference)
        return 1.0 - middle, 1.0 - high, 1.0 - low

    def _ratios(self, top: Floats, bottom: Floats) -> Floats:
        if not self._units:
            return np.zeros(0)
        sums = np.column_stack([np.bincount(self.codes, weights=w, minlength=self._units) for w in (top, bottom)])
        totals = self._counts @ sums
        kept = totals[:, 1] > 0
        return np.asarray(totals[kept, 0] / totals[kept, 1])


def _interval(top: float, bottom: float, found: Floats) -> Interval:
    if bottom <= 0 or not len(found):
        return float("nan"), float("nan"), float("nan")
    low, high = np.quantile(found, [0.025, 0.975])
    return top / bottom, float(low), float(high)
