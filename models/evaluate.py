"""How good a scorer is on referrals it has not seen: order, probability, promise horizons, by group, beside what it has to beat."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from matching.arrays import Bools, Floats, Ints
from matching.errors import NotReady
from matching.policy.load import load_policy
from models.baselines import Scoring, references
from models.datasets import TrainingFrame
from models.evaluation_text import render
from models.fairness import audit
from models.gates import judge
from models.horizons import HORIZONS, started_within
from models.metrics import auc, calibration_table, ndcg_at_k, recall_at_k
from models.people_groups import row_groups
from models.plain import plain
from models.policy_value import promise_value, referral_value
from models.record import CheckedTables, checked_tables
from models.resampling import MemberBootstrap
from models.splits import temporal_split
from models.train import Progress, TrainConfig, fit, frame_of
from models.trained import TrainedRanker

FORMAT = 1
LEAST_TEST_ROWS, LEAST_TEST_STARTS = 50, 8
MAIN = HORIZONS[-1]
TOP, RECALL_TOP = 10, 5
KEPT_MEMBERS = 2_000


@dataclass(frozen=True, slots=True)
class Judged:
    """One scorer's answers on the test rows: chances by horizon and the order."""

    p: Mapping[int, Floats]
    order: Floats


def evaluate_split(
    tables: Mapping[str, pd.DataFrame],
    config: TrainConfig | None = None,
    *,
    current: Scoring | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Train on the earlier part of the record, judge on the later part, and return the evaluation as plain values for JSON.

    ``current`` is what answers today; it is judged on the same rows. Raises NotReady when the history is too short to judge.
    """
    config = config or TrainConfig()
    tables = _with_referrals(tables)
    return _judge_on_later_part(frame_of(tables, config, progress), tables, config, current, progress)


def train_and_evaluate(
    tables: Mapping[str, pd.DataFrame],
    config: TrainConfig | None = None,
    *,
    current: Scoring | None = None,
    progress: Progress | None = None,
) -> tuple[TrainedRanker, dict[str, Any]]:
    """Return a scorer trained on everything and the evaluation of its twin that never saw the later part; the record is read once.

    The same as ``train`` and :func:`evaluate_split` one after the other.
    """
    config = config or TrainConfig()
    tables = _with_referrals(tables)
    frame = frame_of(tables, config, progress)
    evaluation = _judge_on_later_part(frame, tables, config, current, progress)
    return fit(frame, config, progress=progress), evaluation


def _with_referrals(tables: Mapping[str, pd.DataFrame]) -> CheckedTables:
    if not len(tables.get("referrals", ())):
        raise NotReady(
            "expected logged referrals to judge a model on, found none; the baseline answers until there are some"
        )
    return checked_tables(tables)


def _judge_on_later_part(
    frame: TrainingFrame, tables: CheckedTables, config: TrainConfig, current: Scoring | None, progress: Progress | None
) -> dict[str, Any]:
    split = temporal_split(frame)
    past = frame.take(split.train).known_on(split.test_from - np.timedelta64(1, "D"))
    candidate = fit(past, config, progress=progress)
    return evaluate(
        candidate,
        frame.take(split.test),
        past,
        tables,
        current=current,
        follow_up_days=split.follow_up_days,
        late=_late(frame, past, split.test_from),
        region_code=config.region_code,
        progress=progress,
    )


def _late(frame: TrainingFrame, past: TrainingFrame, test_from: np.datetime64) -> TrainingFrame:
    """Everything from the first test day on, followed or not, of households the candidate has not learned from."""
    learned = np.isin(frame.household_id.astype(str), np.unique(past.household_id.astype(str)))
    return frame.take(np.flatnonzero((frame.created_on >= test_from) & ~learned))


def evaluate(
    scorer: Scoring,
    test: TrainingFrame,
    past: TrainingFrame,
    tables: Mapping[str, pd.DataFrame],
    *,
    current: Scoring | None = None,
    late: TrainingFrame | None = None,
    follow_up_days: int = MAIN,
    region_code: str = "440000",
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Judge a scorer on test rows.

    Parameters
    ----------
    scorer : Scoring
        What is judged.
    test, past : TrainingFrame
        Rows nobody has seen, and the rows the learning baselines learn from.
    tables : mapping
        For the groups of the audit and the choice of posts.
    current : Scoring or None
        What answers today.
    late : TrainingFrame or None
        Every unseen referral up to the cut-off, for last month's promises; by default the test rows.
    follow_up_days : int
        Days every test row was followed; longer horizons are not judged.

    Returns
    -------
    dict
        Plain values for JSON; NaN is None. Every figure with an interval is [estimate, low, high], 95 %, members drawn again.
    """
    step = progress or (lambda name, done, total: None)
    horizons = tuple(d for d in HORIZONS if d <= follow_up_days) or (follow_up_days,)
    main = horizons[-1]
    outcomes = {d: started_within(test.event, test.duration_days, d) for d in horizons}
    _refuse_thin(test, *outcomes[main])
    others = references(past)
    if current is not None:
        others["current"] = current
    step("evaluate", 0, 4)
    judged = {name: _judged(s, test, horizons, main) for name, s in {"model": scorer, **others}.items()}
    step("evaluate", 1, 4)
    boot = MemberBootstrap(test.member_id)
    sheet = Sheet(test, outcomes, judged, boot, main)
    tables = checked_tables(tables)
    policy = load_policy(region_code, test.cutoff.astype("datetime64[D]").item())
    found = {
        "format": FORMAT, "test": _facts(test, outcomes[main]), "past": {"referrals": len(past), "starts": past.starts, "from": str(past.created_on.min()), "to": str(past.created_on.max())},
        "evidence": dict(scorer.evidence) if isinstance(scorer, TrainedRanker) else {}, "horizons": list(horizons), "main_horizon": main,
        "current": None if current is None else str(getattr(current, "version", "unknown")),
        "scorers": {name: sheet.metrics(name) for name in judged},
        "differences": {name: sheet.difference(name) for name in judged if name in ("rule", "current", "logistic")},
        "calibration": _calibration(sheet, main), "groups": sheet.by_group(row_groups(tables, test)), "strata": sheet.by_stratum("current" if current is not None else "rule"),
        "members": sheet.member_sums(),
    }  # fmt: skip
    step("evaluate", 2, 4)
    found["fairness"] = audit(scorer, test, tables, policy)
    step("evaluate", 3, 4)
    found["off_policy"] = {
        **referral_value(scorer, test, tables, policy, outcomes[main], main),
        "promise": promise_value(scorer, test if late is None else late, tables, policy),
    }
    told: dict[str, Any] = plain(found)
    told["gates"] = judge(told).as_dict()
    step("evaluate", 4, 4)
    return told


class Sheet:
    """Test rows with every scorer's answers, from which all figures are read."""

    def __init__(
        self,
        test: TrainingFrame,
        outcomes: Mapping[int, tuple[Floats, Floats]],
        judged: Mapping[str, Judged],
        boot: MemberBootstrap,
        main: int,
    ) -> None:
        self.test, self.outcomes, self.judged, self.boot, self.main = test, outcomes, judged, boot, main
        self.y, self.weight = outcomes[main]
        self.seen: Ints = np.flatnonzero(self.weight > 0)
        _, self.member = np.unique(test.member_id.astype(str), return_inverse=True)
        self._first = np.unique(self.member, return_index=True)[1]

    def metrics(self, name: str) -> dict[str, Any]:
        """Return one scorer's figures."""
        order = self.judged[name].order[self.seen]
        y, member = self.y[self.seen], self.member[self.seen]
        return {
            "horizons": {str(d): self._at(name, d) for d in self.outcomes},
            "ndcg_at_10": self._mean(np.asarray(ndcg_at_k(y, order, member, TOP, per_group=True))),
            "recall_at_5": self._mean(np.asarray(recall_at_k(y, order, member, RECALL_TOP, per_group=True))),
        }

    def difference(self, name: str) -> dict[str, Any]:
        """Return the model's figures minus another scorer's, paired: Brier score (less is better), nDCG (more is better)."""
        return {
            "brier": self._brier_gap(name, self.seen),
            "ndcg_at_10": self._mean(self._ndcg("model") - self._ndcg(name)),
        }

    def by_group(self, groups: Mapping[str, np.ndarray]) -> dict[str, dict[str, Any]]:
        """Return figures by dimension and group."""
        return {
            dimension: {
                str(g): self._group(self.seen[label[self.seen] == g]) for g in sorted(set(label[self.seen].tolist()))
            }
            for dimension, label in groups.items()
        }

    def by_stratum(self, against: str) -> dict[str, Any]:
        """Return figures by predicted difficulty: thirds of the members by the written rule's mean chance; and against another scorer."""
        p = self.judged["rule"].p[self.main]
        mean = np.bincount(self.member, weights=p) / np.bincount(self.member)
        third = np.searchsorted(np.quantile(mean, [1 / 3, 2 / 3]), mean, side="right")[self.member]
        out = {}
        for k, name in enumerate(("hardest", "middle", "easiest")):
            rows = self.seen[third[self.seen] == k]
            gap = np.where(
                np.isin(np.arange(len(self._first)), self.member[rows]),
                self._ndcg("model") - self._ndcg(against),
                np.nan,
            )
            out[name] = {
                **self._group(rows),
                "brier_against": self._brier_gap(against, rows),
                "ndcg_against": self._mean(gap),
                "against": against,
            }
        return out

    def member_sums(self) -> dict[str, Any]:
        """Return each member's share of the figures, for comparisons with other versions on the same rows; at most 2,000 members."""
        n = len(self._first)
        kept = np.arange(n)[:: -(-n // KEPT_MEMBERS)]
        error = np.zeros(len(self.y))
        error[self.seen] = (
            self.weight[self.seen] * (self.judged["model"].p[self.main][self.seen] - self.y[self.seen]) ** 2
        )
        weight = np.where(self.weight > 0, self.weight, 0.0)
        return {
            "error": np.round(np.bincount(self.member, weights=error)[kept], 6).tolist(),
            "weight": np.round(np.bincount(self.member, weights=weight)[kept], 6).tolist(),
            "ndcg": [None if np.isnan(v) else round(float(v), 6) for v in self._ndcg("model")[kept]],
        }

    def _at(self, name: str, days: int) -> dict[str, Any]:
        y, weight = self.outcomes[days]
        p = self.judged[name].p[days]
        rate = float(np.average(y, weights=weight))
        seen = weight > 0
        return {
            "n": int(seen.sum()),
            "starts": int((y * seen).sum()),
            "rate": rate,
            "predicted": float(np.average(p, weights=weight)),
            "gap": self.boot.ratio(weight * (p - y), weight),
            "brier": self.boot.ratio(weight * (p - y) ** 2, weight),
            "brier_skill": self.boot.skill(weight * (p - y) ** 2, weight * (rate - y) ** 2),
            "auc": auc(y[seen], p[seen]),
        }

    def _group(self, rows: Ints) -> dict[str, Any]:
        y, w, p = self.y[rows], self.weight[rows], self.judged["model"].p[self.main][rows]
        if not len(rows):
            return {"n": 0, "members": 0, "starts": 0}
        inside = np.zeros(len(self.y))
        inside[rows] = w
        gap = np.zeros(len(self.y))
        gap[rows] = w * (p - y)
        return {
            "n": len(rows), "members": len(np.unique(self.member[rows])), "starts": int(y.sum()), "rate": float(np.average(y, weights=w)),
            "predicted": float(np.average(p, weights=w)), "gap": self.boot.ratio(gap, inside), "brier_against_rule": self._brier_gap("rule", rows),
        }  # fmt: skip

    def _brier_gap(self, name: str, rows: Ints) -> tuple[float, float, float]:
        inside, error = np.zeros(len(self.y)), np.zeros(len(self.y))
        inside[rows] = self.weight[rows]
        mine, other = (self.judged[n].p[self.main][rows] for n in ("model", name))
        error[rows] = self.weight[rows] * ((mine - self.y[rows]) ** 2 - (other - self.y[rows]) ** 2)
        return self.boot.ratio(error, inside)

    def _ndcg(self, name: str) -> Floats:
        """(n_members,) nDCG at 10 over a member's test referrals, NaN without a start among them."""
        out = np.full(len(self._first), np.nan)
        found = np.asarray(
            ndcg_at_k(
                self.y[self.seen], self.judged[name].order[self.seen], self.member[self.seen], TOP, per_group=True
            )
        )
        out[np.unique(self.member[self.seen])] = found
        return out

    def _mean(self, by_member: Floats) -> tuple[float, float, float]:
        whole = np.full(len(self._first), np.nan)
        if len(by_member) == len(whole):
            whole = by_member
        else:
            whole[np.unique(self.member[self.seen])] = by_member
        top, bottom = np.zeros(len(self.y)), np.zeros(len(self.y))
        known: Bools = ~np.isnan(whole)
        top[self._first[known]], bottom[self._first[known]] = whole[known], 1.0
        return self.boot.ratio(top, bottom)


def _judged(scorer: Scoring, test: TrainingFrame, horizons: tuple[int, ...], main: int) -> Judged:
    scores = {d: scorer.score(test.pairs, np.full(len(test), float(d))) for d in horizons}
    return Judged({d: s.p_placed for d, s in scores.items()}, scores[main].order)


def _calibration(sheet: Sheet, main: int) -> list[dict[str, float]]:
    p, y = sheet.judged["model"].p[main][sheet.seen], sheet.y[sheet.seen]
    return [{str(k): float(v) for k, v in row.items()} for row in calibration_table(y, p, 10).to_dict("records")]


def _facts(test: TrainingFrame, outcome: tuple[Floats, Floats]) -> dict[str, Any]:
    y, weight = outcome
    digest = hashlib.sha256(
        "\n".join(f"{r} {a:g} {b:.9g}" for r, a, b in zip(test.referral_id, y, weight, strict=True)).encode()
    )
    return {
        "referrals": len(test), "starts": int((y * (weight > 0)).sum()), "members": len(np.unique(test.member_id.astype(str))),
        "from": str(test.created_on.min()), "to": str(test.created_on.max()), "cutoff": str(test.cutoff), "fingerprint": digest.hexdigest(),
    }  # fmt: skip


def _refuse_thin(test: TrainingFrame, y: Floats, weight: Floats) -> None:
    rows, starts = int((weight > 0).sum()), int((y * (weight > 0)).sum())
    if rows < LEAST_TEST_ROWS or starts < LEAST_TEST_STARTS:
        raise NotReady(
            f"expected at least {LEAST_TEST_ROWS} test referrals with {LEAST_TEST_STARTS} starts to judge a model, found {rows} with {starts}; "
            f"collect more outcomes after {test.created_on.min()}"
        )


__all__ = ["evaluate", "evaluate_split", "render", "train_and_evaluate"]
