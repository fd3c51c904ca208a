"""An evaluation as text tables for a terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

_NAMES = {
    "model": "this model", "current": "in production", "rule": "written rule", "logistic": "logistic regression", "skill_overlap": "skill overlap",
    "first_come": "longest listed first", "random": "random",
}  # fmt: skip


def render(evaluation: Mapping[str, Any]) -> str:
    """Return the evaluation as plain text: what was tested, every scorer, horizons, groups, off-policy value, gates."""
    test, main = evaluation["test"], str(evaluation["main_horizon"])
    parts = [
        f"Tested on {test['referrals']} referrals of {test['members']} members, {test['from']} to {test['to']}, {test['starts']} starts within {main} days. "
        f"Intervals are 95 %, members drawn again.",
        _table(
            ["scorer", "n", "nDCG@10", "recall@5", f"Brier skill, {main} d", f"AUC, {main} d"],
            [
                [
                    _NAMES.get(name, name),
                    s["horizons"][main]["n"],
                    span(s["ndcg_at_10"]),
                    span(s["recall_at_5"]),
                    span(s["horizons"][main]["brier_skill"]),
                    figure(s["horizons"][main]["auc"]),
                ]
                for name, s in evaluation["scorers"].items()
            ],
        ),
        _table(
            ["promise horizon", "n", "starts", "predicted", "observed", "gap", "Brier", "Brier skill"],
            [
                [
                    f"{days} days",
                    h["n"],
                    h["starts"],
                    figure(h["predicted"]),
                    figure(h["rate"]),
                    span(h["gap"]),
                    span(h["brier"]),
                    span(h["brier_skill"]),
                ]
                for days, h in evaluation["scorers"]["model"]["horizons"].items()
            ],
        ),
        _table(
            ["calibration", "n", "predicted", "observed", "interval"],
            [
                [
                    f"bin {i}",
                    int(b["n"]),
                    figure(b["predicted"]),
                    figure(b["observed"]),
                    f"{b['low']:.3f} to {b['high']:.3f}",
                ]
                for i, b in enumerate(evaluation["calibration"], 1)
            ],
        ),
        _groups(evaluation),
        _off_policy(evaluation["off_policy"], f"starts within {evaluation['main_horizon']} days per referral"),
        _off_policy(evaluation["off_policy"]["promise"], "promises due last month that were kept"),
        _table(
            ["gate", "", "threshold"],
            [[g["name"], "passed" if g["passed"] else "FAILED", g["threshold"]] for g in evaluation["gates"]["gates"]],
        ),
    ]
    return "\n\n".join(parts)


def figure(value: float | None) -> str:
    """Return a figure with three decimals; a dash when unknown."""
    return "-" if value is None else f"{value:.3f}"


def span(interval: Sequence[float | None] | None) -> str:
    """Return an estimate with its interval."""
    if interval is None or interval[0] is None:
        return "-"
    return f"{interval[0]:.3f} ({figure(interval[1])} to {figure(interval[2])})"


def _groups(evaluation: Mapping[str, Any]) -> str:
    rows = [
        [
            dimension,
            group,
            r["n"],
            r["members"],
            r["starts"],
            figure(r["predicted"]),
            figure(r["rate"]),
            span(r["gap"]),
            span(r["brier_against_rule"]),
        ]
        for dimension, groups in {**evaluation["groups"], "difficulty": evaluation["strata"]}.items()
        for group, r in groups.items()
        if r["n"]
    ]
    return _table(["by", "group", "n", "members", "starts", "predicted", "observed", "gap", "Brier minus rule's"], rows)


def _off_policy(found: Mapping[str, Any], what: str) -> str:
    if "note" in found:
        return f"Off-policy, {what}: {found['note']}."
    lines = [
        ["logged choices", span(found["logged"])],
        ["this model's choices, IPS", span(found["ips"])],
        ["  self-normalised", span(found["snips"])],
        ["  doubly robust", span(found["dr"])],
    ]
    told = f"overlap {found['overlap']}: {found['effective']:.0f} effective of {found['n']}, {found['clipped']:.1%} of weights cut, mean weight {found['mean_weight']:.2f}"
    return _table([what, told], lines)


def _table(head: list[str], rows: list[list[Any]]) -> str:
    cells = [head, *[[str(c) for c in row] for row in rows]]
    widths = [max(len(row[k]) for row in cells) for k in range(len(head))]
    lines = ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in cells]
    return "\n".join([lines[0], "-" * min(sum(widths) + 2 * len(widths), 150), *lines[1:]])
