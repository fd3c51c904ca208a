"""Two versions side by side: the second's figures minus the first's, with intervals where both saw the same test referrals."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from matching.arrays import Floats
from models.resampling import Interval, MemberBootstrap


def compare_evaluations(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """Return differences by figure: [difference, low, high] paired by member on the same test referrals, else no interval."""
    same = first["test"]["fingerprint"] == second["test"]["fingerprint"]
    a, b = first["scorers"]["model"], second["scorers"]["model"]
    out: dict[str, Any] = {"same_test": same, "test": [first["test"], second["test"]], "figures": {}}
    for days in sorted(set(a["horizons"]) & set(b["horizons"]), key=int):
        for name in ("brier_skill", "gap", "auc"):
            out["figures"][f"{name}, {days} days"] = _plain(
                _point(b["horizons"][days][name]), _point(a["horizons"][days][name])
            )
    for name in ("ndcg_at_10", "recall_at_5"):
        out["figures"][name] = _plain(_point(b[name]), _point(a[name]))
    if same:
        out["figures"] |= {k: list(v) for k, v in _paired(first["members"], second["members"]).items()}
    out["gates"] = {"first": first["gates"]["failed"], "second": second["gates"]["failed"]}
    return out


def _paired(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Interval]:
    error, weight = _column(second, "error") - _column(first, "error"), _column(second, "weight")
    gain = _column(second, "ndcg") - _column(first, "ndcg")
    known = ~np.isnan(gain)
    boot = MemberBootstrap(np.arange(len(weight)))
    return {
        "brier, members kept": boot.ratio(error, weight),
        "ndcg_at_10": boot.ratio(np.where(known, gain, 0.0), known.astype(float)),
    }


def _column(members: Mapping[str, Any], name: str) -> Floats:
    return np.array([np.nan if v is None else v for v in members[name]], dtype=float)


def _point(value: Any) -> float | None:
    return value[0] if isinstance(value, list) else value


def _plain(b: float | None, a: float | None) -> list[float | None]:
    return [None if a is None or b is None else b - a, None, None]
