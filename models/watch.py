"""What a version has done since it was put in charge: its inputs and its promises against what came of them, week by week.

Inputs are compared with the year before; predictions with outcomes that were followed to the horizon. An alarm names its figures.
"""

from typing import Any

import numpy as np

from matching.arrays import Ints
from matching.baseline import BaselineScorer
from models.baselines import Scoring
from models.datasets import TrainingFrame
from models.drift import DRIFTED, MOVED, as_rows, input_drift
from models.gates import CALIBRATION_GAP
from models.horizons import HORIZONS, started_within
from models.resampling import Interval, MemberBootstrap

REFERENCE_DAYS = 365
LEAST_REFERENCE, LEAST_WEEK = 200, 30
"""Referrals before the promotion, and in a week, below which nothing is compared."""

RECENT_DAYS = 28
"""Inputs of the last four weeks raise an alarm; single weeks are shown."""

LEAST_RECENT = 100


def watch(scorer: Scoring, frame: TrainingFrame, since: np.datetime64) -> dict[str, Any]:
    """Return drift of inputs and of calibration since a day, by week, and the alarms; figures are not yet plain JSON values.

    Parameters
    ----------
    scorer : Scoring
        What answers.
    frame : TrainingFrame
        Every usable referral up to the day of the watch, which is the frame's cut-off.
    since : datetime64[D]
        The day the scorer was put in charge.
    """
    end = frame.cutoff
    before = np.flatnonzero(
        (frame.created_on < since) & (frame.created_on >= since - np.timedelta64(REFERENCE_DAYS, "D"))
    )
    after = np.flatnonzero(frame.created_on >= since)
    sheet = _Sheet(scorer, frame, after)
    weeks = [_week(frame, before, rows, sheet, monday) for monday, rows in _weeks(frame.created_on, after)]
    recent = after[frame.created_on[after] > end - np.timedelta64(RECENT_DAYS, "D")]
    found = {
        "since": str(since), "until": str(end), "reference_referrals": len(before), "referrals": len(after),
        "inputs": _inputs(frame, before, recent, LEAST_RECENT), "weeks": weeks, "overall": sheet.horizons(after),
        "start_rate": _start_rate(frame, before, after),
        "thresholds": {"psi_moved": MOVED, "psi_drifted": DRIFTED, "calibration_gap": CALIBRATION_GAP},
    }  # fmt: skip
    found["notes"] = _notes(found)
    found["alarms"] = _alarms(found)
    return found


class _Sheet:
    """Outcomes, answers and the written rule's answers of the rows since the promotion, at every horizon."""

    def __init__(self, scorer: Scoring, frame: TrainingFrame, after: Ints) -> None:
        self.frame = frame
        self.place = np.full(len(frame), -1)
        self.place[after] = np.arange(len(after))
        pairs = frame.take(after).pairs
        limits = {d: np.full(len(after), float(d)) for d in HORIZONS}
        self.p = {d: scorer.score(pairs, limit).p_placed for d, limit in limits.items()}
        self.rule = {d: BaselineScorer().score(pairs, limit).p_placed for d, limit in limits.items()}

    def horizons(self, rows: Ints) -> dict[str, Any]:
        """Return figures by horizon of the rows that were followed so long."""
        return {str(d): self._at(self._followed(rows, d), d) for d in HORIZONS}

    def whole(self, rows: Ints) -> dict[str, Any]:
        """Return figures of the horizons to which every one of the rows was followed."""
        return {str(d): self._at(rows, d) for d in HORIZONS if len(self._followed(rows, d)) == len(rows)}

    def _followed(self, rows: Ints, days: int) -> Ints:
        return np.asarray(rows[self.frame.created_on[rows] <= self.frame.cutoff - np.timedelta64(days, "D")])

    def _at(self, rows: Ints, days: int) -> dict[str, Any]:
        y, weight = started_within(self.frame.event[rows], self.frame.duration_days[rows], days)
        if not weight.sum() > 0:
            return {"n": 0}
        at = self.place[rows]
        p, rule = self.p[days][at], self.rule[days][at]
        boot = MemberBootstrap(self.frame.member_id[rows])
        return {
            "n": int((weight > 0).sum()), "starts": int((y * (weight > 0)).sum()), "predicted": float(np.average(p, weights=weight)),
            "observed": float(np.average(y, weights=weight)), "gap": boot.ratio(weight * (p - y), weight),
            "brier": boot.ratio(weight * (p - y) ** 2, weight),
            "brier_against_rule": boot.ratio(weight * ((p - y) ** 2 - (rule - y) ** 2), weight),
        }  # fmt: skip


def _weeks(created: np.ndarray, after: Ints) -> list[tuple[np.datetime64, Ints]]:
    """Monday and rows of every week with a referral."""
    monday = created[after].astype("datetime64[D]") - (
        (created[after].astype("datetime64[D]").astype(int) + 3) % 7
    ).astype("timedelta64[D]")
    return [(day, after[monday == day]) for day in np.unique(monday)]


def _week(frame: TrainingFrame, before: Ints, rows: Ints, sheet: _Sheet, monday: np.datetime64) -> dict[str, Any]:
    inputs = _inputs(frame, before, rows, LEAST_WEEK)
    return {
        "week": str(monday), "referrals": len(rows), "members": len(np.unique(frame.member_id[rows].astype(str))),
        "horizons": sheet.whole(rows), "largest_psi": inputs[0]["psi"] if inputs else None,
        "moved": [row for row in inputs if row["state"] != "steady"],
    }  # fmt: skip


def _inputs(frame: TrainingFrame, before: Ints, now: Ints, least: int) -> list[dict[str, Any]]:
    if len(before) < LEAST_REFERENCE or len(now) < least:
        return []
    members = frame.member_id.astype(str)
    counts = len(np.unique(members[before])), len(np.unique(members[now]))
    features = frame.pairs.features
    return as_rows(input_drift(features[before].astype(float), features[now].astype(float), frame.pairs.names, counts))


def _start_rate(frame: TrainingFrame, before: Ints, after: Ints) -> dict[str, Any]:
    """Share of referrals that start within the longest horizon, before and since, and its change with a 95 % interval (Newcombe 1998)."""
    days = HORIZONS[-1]
    sides = []
    for rows in (before, after):
        kept = rows[frame.created_on[rows] <= frame.cutoff - np.timedelta64(days, "D")]
        y, weight = started_within(frame.event[kept], frame.duration_days[kept], days)
        sides.append(MemberBootstrap(frame.member_id[kept]).ratio(weight * y, weight))
    return {"days": days, "before": sides[0], "since": sides[1], "change": _difference(sides[1], sides[0])}


def _difference(one: Interval, two: Interval) -> Interval:
    gap = one[0] - two[0]
    down, up = np.hypot(one[0] - one[1], two[2] - two[0]), np.hypot(one[2] - one[0], two[0] - two[1])
    return gap, float(gap - down), float(gap + up)


def _notes(found: dict[str, Any]) -> list[str]:
    notes = []
    if not found["referrals"]:
        notes.append("NO_REFERRAL_SINCE")
    elif all(not h["n"] for h in found["overall"].values()):
        notes.append("NOT_FOLLOWED_YET")
    if found["reference_referrals"] < LEAST_REFERENCE:
        notes.append("THIN_REFERENCE")
    return notes


def _alarms(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Alarms with their figures: drifted inputs, calibration beyond its bound, an error above the rule's, fewer starts than before."""
    alarms = [
        {"code": "INPUT_DRIFT", "facts": {k: row[k] for k in ("feature", "psi", "ks")}}
        for row in found["inputs"] if row["state"] == "drifted"
    ]  # fmt: skip
    for days, figures in found["overall"].items():
        if figures["n"] and _beyond(figures["gap"]):
            alarms.append({"code": "CALIBRATION", "facts": {"days": int(days), "gap": figures["gap"]}})
        if figures["n"] and figures["brier_against_rule"][1] > 0:
            alarms.append(
                {"code": "WORSE_THAN_RULE", "facts": {"days": int(days), "brier": figures["brier_against_rule"]}}
            )
    alarms += [
        {"code": "CALIBRATION_WEEK", "facts": {"week": week["week"], "days": int(days), "gap": figures["gap"]}}
        for week in found["weeks"] if week["referrals"] >= LEAST_WEEK
        for days, figures in week["horizons"].items() if figures["n"] and _beyond(figures["gap"])
    ]  # fmt: skip
    change = found["start_rate"]["change"]
    if change[2] < 0:
        alarms.append({"code": "FEWER_STARTS", "facts": {"days": found["start_rate"]["days"], "change": change}})
    return alarms


def _beyond(gap: Interval) -> bool:
    return gap[1] > CALIBRATION_GAP or gap[2] < -CALIBRATION_GAP
