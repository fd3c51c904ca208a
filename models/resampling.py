"""Intervals of ratios when whole members are drawn again: their referrals are not independent."""

import numpy as np

from matching.arrays import Floats, Ints

Interval = tuple[float, float, float]
"""Estimate, low and high end of the 95 % interval; NaN where nothing can be said."""

_MOST_UNITS = 5_000
_CHUNK = 50


class MemberBootstrap:
    """Bootstrap of ratios of sums over members; the same draws for every statistic, so that differences are paired.

    Beyond 5,000 members, members are drawn in that many fixed bunches.
    """

    def __init__(self, members: np.ndarray, *, draws: int = 400, seed: int = 0) -> None:
        _, code = np.unique(members.astype(str), return_inverse=True)
        n = int(code.max()) + 1 if len(code) else 0
        self.codes: Ints = np.asarray(code % _MOST_UNITS)
        self._units = min(n, _MOST_UNITS)
        self._draws, self._seed = draws, seed

    def ratio(self, top: Floats, bottom: Floats) -> Interval:
        """Return sum(top) / sum(bottom) with its interval; both (n,)."""
        found = self._ratios(top, bottom)
        return _interval(float(top.sum()), float(bottom.sum()), found)

    def skill(self, error: Floats, reference: Floats) -> Interval:
        """Return 1 - sum(error) / sum(reference) with its interval; both (n,)."""
        middle, low, high = self.ratio(error, reference)
        return 1.0 - middle, 1.0 - high, 1.0 - low

    def _ratios(self, top: Floats, bottom: Floats) -> Floats:
        if not self._units:
            return np.zeros(0)
        sums = np.column_stack([np.bincount(self.codes, weights=w, minlength=self._units) for w in (top, bottom)])
        rng = np.random.default_rng(self._seed)
        drawn = []
        for first in range(0, self._draws, _CHUNK):
            counts = rng.multinomial(self._units, np.full(self._units, 1.0 / self._units), size=min(_CHUNK, self._draws - first))
            drawn.append(counts @ sums)
        totals = np.concatenate(drawn)
        return np.asarray(totals[totals[:, 1] > 0, 0] / totals[totals[:, 1] > 0, 1])


def _interval(top: float, bottom: float, found: Floats) -> Interval:
    if bottom <= 0 or not len(found):
        return float("nan"), float("nan"), float("nan")
    low, high = np.quantile(found, [0.025, 0.975])
    return top / bottom, float(low), float(high)
