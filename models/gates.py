"""What a version must show before it may answer for the service. Every gate states its threshold and its figures."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from models.registry_compare import compare_evaluations

CALIBRATION_GAP = 0.03
"""Largest gap between predicted and observed share; a gate fails when even the near end of the gap's interval is beyond it."""

EXPOSURE_RATIO = 0.8
"""Least share of non-welfare posts a group is shown, against the best group; below it only where recorded limits explain it."""

LEAST_ROWS, LEAST_MEMBERS = 50, 20
"""Referrals (calibration, error) and members (exposure) below which a group is listed but not judged."""

LEAST_STARTS = 20
"""Starts on the test rows below which nothing can be said."""

LIMITS = {
    "gap": CALIBRATION_GAP, "ratio": EXPOSURE_RATIO, "rows": LEAST_ROWS, "members": LEAST_MEMBERS, "starts": LEAST_STARTS,
}  # fmt: skip
"""The thresholds by name, for those who show them."""

PROTECTED = ("sex", "age", "disability", "dibao", "hukou", "area")


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate: its name, whether it is passed, the threshold in words, and the figures it rests on."""

    name: str
    passed: bool
    threshold: str
    figures: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class GateReport:
    """All gates of one evaluation."""

    gates: tuple[Gate, ...]

    @property
    def passed(self) -> bool:
        """Whether every gate is passed."""
        return all(g.passed for g in self.gates)

    @property
    def failed(self) -> tuple[str, ...]:
        """Names of the gates that are not."""
        return tuple(g.name for g in self.gates if not g.passed)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "passed": self.passed,
            "failed": list(self.failed),
            "gates": [
                {"name": g.name, "passed": g.passed, "threshold": g.threshold, "figures": dict(g.figures)}
                for g in self.gates
            ],
        }


def judge(evaluation: Mapping[str, Any]) -> GateReport:
    """Return the gates of an evaluation (see ``models.evaluate``), from its own figures alone."""
    against = [name for name in ("rule", "current") if name in evaluation["differences"]]
    return GateReport((
        _evidence(evaluation), *(_no_worse(evaluation, name) for name in against), _calibration(evaluation), _group_calibration(evaluation),
        _group_error(evaluation), _exposure(evaluation), _creaming(evaluation), _barred(evaluation),
    ))  # fmt: skip


def judge_against(
    report: GateReport, evaluation: Mapping[str, Any], production: str, standing: Mapping[str, Any]
) -> GateReport:
    """Return the report with a gate against what is in production at the moment of promotion.

    Judged when the version was evaluated beside that very version, or when both were evaluated on the same test referrals; otherwise the
    gate fails: nobody has compared them.
    """
    name = f"compared_with_{production}"
    if evaluation["current"] == production:
        gate = _no_worse(evaluation, "current")
        return GateReport((*report.gates, Gate(name, gate.passed, gate.threshold, gate.figures)))
    found = compare_evaluations(standing, evaluation)
    if not found["same_test"]:
        told = {"evaluated_beside": evaluation["current"], "in_production": production}
        return GateReport(
            (
                *report.gates,
                Gate(
                    name,
                    False,
                    "evaluated beside what is in production, or on the same test referrals; evaluate again",
                    told,
                ),
            )
        )
    brier, order = found["figures"]["brier, members kept"], found["figures"]["ndcg_at_10"]
    passed = not (_above(brier, 0.0) or _below(order, 0.0))
    return GateReport(
        (
            *report.gates,
            Gate(
                name,
                passed,
                "neither error nor order worse, beyond the interval of the paired difference",
                {"brier": brier, "ndcg_at_10": order},
            ),
        )
    )


def _evidence(e: Mapping[str, Any]) -> Gate:
    starts = e["test"]["starts"]
    return Gate(
        "enough_evidence",
        starts >= LEAST_STARTS,
        f"at least {LEAST_STARTS} starts on the test rows",
        {"starts": starts, "referrals": e["test"]["referrals"]},
    )


def _no_worse(e: Mapping[str, Any], name: str) -> Gate:
    gap = e["differences"][name]
    fails = _above(gap["brier"], 0.0) or _below(gap["ndcg_at_10"], 0.0)
    return Gate(
        f"no_worse_than_{name}",
        not fails,
        "Brier score not above and nDCG@10 not below it, beyond the interval of the paired difference",
        dict(gap),
    )


def _calibration(e: Mapping[str, Any]) -> Gate:
    gaps = {d: h["gap"] for d, h in e["scorers"]["model"]["horizons"].items()}
    bad = {d: g for d, g in gaps.items() if _beyond(g)}
    return Gate(
        "calibration",
        not bad,
        f"|predicted - observed| at most {CALIBRATION_GAP} at every horizon, as far as its interval can tell",
        {"gaps": gaps},
    )


def _group_calibration(e: Mapping[str, Any]) -> Gate:
    bad = {f"{d}={g}": row["gap"] for d, g, row in _groups(e) if _beyond(row["gap"])}
    return Gate(
        "calibration_by_group", not bad, f"|predicted - observed| at most {CALIBRATION_GAP} in every protected group of {LEAST_ROWS} referrals, as far as its interval can tell",
        {"beyond": bad, "judged": sum(1 for _ in _groups(e))},
    )  # fmt: skip


def _group_error(e: Mapping[str, Any]) -> Gate:
    bad = {f"{d}={g}": row["brier_against_rule"] for d, g, row in _groups(e) if _above(row["brier_against_rule"], 0.0)}
    return Gate(
        "no_group_worse_than_rule",
        not bad,
        "Brier score of every protected group not above the written rule's, beyond the interval",
        {"worse": bad, "judged": sum(1 for _ in _groups(e))},
    )


def _exposure(e: Mapping[str, Any]) -> Gate:
    bad, explained = {}, {}
    for dimension in PROTECTED:
        groups = {
            g: r
            for g, r in e["fairness"]["exposure"].get(dimension, {}).items()
            if r["n"] >= LEAST_MEMBERS and g != "unknown"
        }
        best = max((r["non_welfare"] for r in groups.values()), default=0.0)
        relative = {g: r["non_welfare"] / r["available"] if r["available"] > 0 else 1.0 for g, r in groups.items()}
        fair = max(relative.values(), default=0.0)
        for group, row in groups.items():
            if best > 0 and row["non_welfare"] / best < EXPOSURE_RATIO:
                figures = {"shown": row["non_welfare"], "best": best, "available": row["available"], "n": row["n"]}
                (explained if relative[group] / fair >= EXPOSURE_RATIO else bad)[f"{dimension}={group}"] = figures
    return Gate(
        "exposure", not bad, f"non-welfare share of the first posts shown at least {EXPOSURE_RATIO} of the best group's, unless the posts their recorded limits leave explain it",
        {"below": bad, "explained": explained},
    )  # fmt: skip


def _creaming(e: Mapping[str, Any]) -> Gate:
    hardest = e["strata"]["hardest"]
    fails = hardest["n"] >= LEAST_ROWS and (
        _above(hardest["brier_against"], 0.0) or _below(hardest["ndcg_against"], 0.0)
    )
    return Gate(
        "hardest_third", not fails, f"in the hardest third of the members neither error nor order worse than {hardest.get('against', 'rule')}, beyond the interval",
        {k: hardest.get(k) for k in ("n", "starts", "brier_against", "ndcg_against")},
    )  # fmt: skip


def _barred(e: Mapping[str, Any]) -> Gate:
    changed = e["fairness"]["perturbation"]["changed"]
    return Gate(
        "barred_attributes",
        not any(changed.values()),
        "no score changes by a bit when a barred attribute alone does",
        dict(e["fairness"]["perturbation"]),
    )


def _groups(e: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for dimension in PROTECTED:
        for group, row in e["groups"].get(dimension, {}).items():
            if row["n"] >= LEAST_ROWS and group != "unknown":
                yield dimension, group, row


def _beyond(gap: list[float | None]) -> bool:
    return _above(gap, CALIBRATION_GAP) or _below(gap, -CALIBRATION_GAP)


def _above(interval: list[float | None], limit: float) -> bool:
    return interval[1] is not None and interval[1] > limit


def _below(interval: list[float | None], limit: float) -> bool:
    return interval[2] is not None and interval[2] < limit
