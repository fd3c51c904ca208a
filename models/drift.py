"""Whether what comes in still looks as it did: population stability index and Kolmogorov-Smirnov distance, feature by feature."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import chi2, kstwobign

from matching.arrays import Floats

BINS = 10
MOVED, DRIFTED = 0.10, 0.25
"""Population stability index from which a feature has moved, and from which it has drifted: the usual bounds of credit scoring."""

SIGNIFICANCE = 0.01
"""Chance of one false alarm over all features together (Bonferroni)."""


@dataclass(frozen=True, slots=True)
class Drift:
    """How far one feature has come from its reference.

    ``psi`` the index over tenths of the reference and *unknown*; ``psi_p`` the chance of such an index from sampling alone; ``ks`` the
    largest gap between the distributions of known values, ``ks_p`` its chance; ``unknown`` share now and ``unknown_before``.
    """

    feature: str
    psi: float
    psi_p: float
    ks: float
    ks_p: float
    unknown: float
    unknown_before: float

    def state(self, n_features: int) -> str:
        """Return ``drifted``, ``moved`` or ``steady``; what chance alone would do is steady."""
        sure = min(self.psi_p, self.ks_p) < SIGNIFICANCE / n_features
        if not sure or self.psi < MOVED:
            return "steady"
        return "drifted" if self.psi >= DRIFTED else "moved"


def input_drift(before: Floats, now: Floats, names: tuple[str, ...], counts: tuple[int, int]) -> list[Drift]:
    """Return the drift of every feature, the largest index first.

    Parameters
    ----------
    before, now : (n, n_features), (m, n_features) float
        NaN is *unknown*, a value of its own.
    names : tuple of str
    counts : (int, int)
        Independent units on either side (members, not their referrals); they set what sampling alone may do.
    """
    found = [_drift(name, before[:, k], now[:, k], counts) for k, name in enumerate(names)]
    return sorted(found, key=lambda d: (-d.psi, d.feature))


def as_rows(drifts: list[Drift], *, most: int | None = None) -> list[dict[str, Any]]:
    """Return plain rows with the state of each feature."""
    return [
        {"feature": d.feature, "state": d.state(len(drifts)), "psi": round(d.psi, 4), "psi_p": d.psi_p, "ks": round(d.ks, 4),
         "ks_p": d.ks_p, "unknown": round(d.unknown, 4), "unknown_before": round(d.unknown_before, 4)}
        for d in drifts[:most]
    ]  # fmt: skip


def _drift(name: str, before: Floats, now: Floats, counts: tuple[int, int]) -> Drift:
    gone_before, gone = np.isnan(before), np.isnan(now)
    known_before, known = np.sort(before[~gone_before]), np.sort(now[~gone])
    psi, bins = _psi(_shares(known_before, known_before, gone_before), _shares(known_before, known, gone), counts)
    units = counts[0] * counts[1] / max(sum(counts), 1)
    ks = _ks(known_before, known)
    return Drift(
        name, psi, float(chi2.sf(psi * units, max(bins - 1, 1))), ks, float(kstwobign.sf(ks * np.sqrt(units))),
        float(gone.mean()), float(gone_before.mean()),
    )  # fmt: skip


def _shares(reference: Floats, values: Floats, unknown: np.ndarray) -> Floats:
    """Counts in tenths of the reference, a value that makes up several tenths on its own in one bin; the unknown last."""
    edges = np.unique(np.quantile(reference, np.linspace(0, 1, BINS + 1)[1:-1])) if len(reference) else np.zeros(0)
    inside = np.bincount(np.searchsorted(edges, values, side="left"), minlength=len(edges) + 1)
    return np.r_[inside, unknown.sum()].astype(float)


def _psi(before: Floats, now: Floats, counts: tuple[int, int]) -> tuple[float, int]:
    """Index and number of bins in use. Half a unit is added to every bin, so that an empty one is not infinitely far."""
    used = (before + now) > 0
    p, q = before[used] / max(before.sum(), 1.0), now[used] / max(now.sum(), 1.0)
    p, q = ((share * count + 0.5) / (count + 0.5 * used.sum()) for share, count in zip((p, q), counts, strict=True))
    return float(((q - p) * np.log(q / p)).sum()), int(used.sum())


def _ks(before: Floats, now: Floats) -> float:
    if not len(before) or not len(now):
        return 0.0
    at = np.concatenate([before, now])
    gap = np.searchsorted(before, at, side="right") / len(before) - np.searchsorted(now, at, side="right") / len(now)
    return float(np.abs(gap).max())
