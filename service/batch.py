"""The night against the record: one run at a time, one snapshot, one transaction, resumable, never doubled."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd

from matching.nightly import NightPlan, NightState, plan_night
from matching.policy.load import load_policy
from matching.scoring import Scorer
from matching.tables import TABLES
from matching.vocabulary import OPEN_REFERRAL_STATES
from service.storage.store import Store, Transaction

READS = (
    "regions", "households", "members", "assessments", "employers", "positions", "referrals", "placements", "promises", "locks",
)  # fmt: skip
"""Tables a night reads, in one consistent snapshot."""

LEASE, LEASE_MINUTES = "nightly", 30
"""A night holds this lease; a run that died gives it up after so many minutes, or to a run on the same machine at once."""


@dataclass(frozen=True, slots=True)
class NightReport:
    """What a night did: its identity, counts, the plan, and the referrals it could not write because the day had gone on."""

    run_id: str
    plan: NightPlan
    written: int
    withdrawn: int
    dropped: int
    resumed: bool

    @property
    def changed(self) -> int:
        """Proposals added or withdrawn against yesterday's untouched ones."""
        return self.written + self.withdrawn


def run_night(
    store: Store,
    scorer: Scorer,
    *,
    region_code: str,
    as_of: date,
    now: datetime,
    actor: str,
    seed: int = 0,
    progress: Callable[[str, float, float], None] = lambda step, done, total: None,
) -> NightReport:
    """Plan the night of ``as_of`` and write its proposals.

    The run's identity is a hash of the snapshot it read, the day, the model, the policy and the seed: killed at any point and started
    again on the same record, it writes the same plan once. Conflict when another run holds the lease.
    """
    with store.lease(LEASE, minutes=LEASE_MINUTES):
        progress("night: read", 0, 1)
        tables = store.snapshot(READS)
        policy = load_policy(region_code, as_of)
        print_of = fingerprint(tables)
        identity = json.dumps([as_of.isoformat(), print_of, scorer.version, policy.version, seed])
        run_id = f"N{as_of:%Y%m%d}-{hashlib.sha256(identity.encode()).hexdigest()[:12]}"
        resumed = bool(len(store.read("runs", run_id=run_id)))
        if not resumed:
            _begin(store, run_id, as_of, now, scorer, policy.version, print_of, seed, actor)
        progress("night: read", 1, 1)
        progress("night: plan", 0, 1)
        plan = plan_night(NightState(as_of, **tables), scorer, policy, rng=np.random.default_rng(seed))
        progress("night: plan", 1, 1)
        progress("night: write", 0, 1)
        with store.write() as tx:
            written, withdrawn, dropped = _write(
                tx, run_id, plan, as_of, scorer.version, policy.whole("night.max_open_referrals")
            )
            summary = {
                "referrals": written,
                "withdrawn": withdrawn,
                "dropped": dropped,
                "unplaced": len(plan.unplaced),
                "plan": plan.fingerprint(),
            }
            tx.update(
                "runs",
                {"run_id": run_id},
                {"state": "done", "finished_at": now.isoformat(), "summary": json.dumps(summary)},
            )
            tx.journal(
                actor=actor,
                role="service",
                action="night_done",
                object_type="runs",
                object_id=run_id,
                before=None,
                after=summary,
                reason=None,
                request_id=None,
            )
        progress("night: write", 1, 1)
        return NightReport(run_id, plan, written, withdrawn, dropped, resumed)


def night_figures(report: NightReport, seconds: float) -> dict[str, Any]:
    """Return what a night did as plain values for JSON."""
    c = report.plan.certificate
    return {
        "run_id": report.run_id, "referrals": report.written, "withdrawn": report.withdrawn, "dropped": report.dropped,
        "unplaced": len(report.plan.unplaced), "changed": report.changed, "resumed": report.resumed, "seconds": round(seconds, 3),
        "objective": c.objective, "bound": c.bound, "model_version": report.plan.model_version,
        "certificate": {"feasible": c.feasible, "violations": [asdict(v) for v in c.violations], "gap": c.gap},
        "notes": [note.as_dict() for note in report.plan.notes],
    }  # fmt: skip


def fingerprint(tables: Mapping[str, pd.DataFrame]) -> str:
    """Return a hash of tables that does not depend on the order of their rows."""
    digest = hashlib.sha256()
    for name in sorted(tables):
        frame = tables[name].sort_values(list(TABLES[name].key), ignore_index=True)
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(pd.util.hash_pandas_object(frame, index=False).to_numpy()).tobytes())
    return digest.hexdigest()


def _begin(
    store: Store,
    run_id: str,
    as_of: date,
    now: datetime,
    scorer: Scorer,
    policy_version: str,
    print_of: str,
    seed: int,
    actor: str,
) -> None:
    row = {
        "run_id": run_id, "kind": "nightly", "as_of": as_of, "model_version": scorer.version, "policy_version": policy_version,
        "fingerprint": print_of, "seed": seed, "state": "running", "started_at": now.isoformat(), "finished_at": None, "summary": None,
    }  # fmt: skip
    with store.write() as tx:
        tx.insert("runs", [row])
        tx.journal(
            actor=actor,
            role="service",
            action="night_begun",
            object_type="runs",
            object_id=run_id,
            before=None,
            after={"as_of": as_of.isoformat()},
            reason=None,
            request_id=None,
        )


def _write(tx: Transaction, run_id: str, plan: NightPlan, as_of: date, version: str, most: int) -> tuple[int, int, int]:
    """Write proposals and withdrawals; what the day has taken meanwhile is dropped, never over-filled."""
    withdrawn = 0
    for row in plan.diff[plan.diff["change"] == "withdrawn"].itertuples():
        where = {"member_id": row.member_id, "position_id": row.position_id}
        values = {"state": "revoked", "reason": row.code, "reason_side": "agency", "outcome_on": as_of}
        withdrawn += tx.update("referrals", where, values, where={"state": "draft", "source": "night"})
    rows = [_referral(run_id, r, as_of, version) for r in plan.referrals.itertuples()]
    rows = [r for r in rows if r["referral_id"] not in _known(tx, run_id)]
    good = _still_room(tx, rows, most)
    tx.insert("referrals", good)
    return len(good), withdrawn, len(rows) - len(good)


def _known(tx: Transaction, run_id: str) -> set[str]:
    return set(tx.read("referrals", columns=["referral_id"], run_id=run_id)["referral_id"])


def _referral(run_id: str, row: object, as_of: date, version: str) -> dict[str, object]:
    identity = f"{run_id}|{row.member_id}|{row.position_id}"  # type: ignore[attr-defined]
    return {
        "referral_id": f"R{hashlib.sha256(identity.encode()).hexdigest()[:20]}",
        "member_id": row.member_id, "position_id": row.position_id, "created_on": as_of, "source": "night",  # type: ignore[attr-defined]
        "model_version": version, "run_id": run_id, "p_placed": row.p_placed, "p_stays": row.p_stays,  # type: ignore[attr-defined]
        "rank_shown": row.rank_shown, "suitability": row.suitability, "state": "draft",  # type: ignore[attr-defined]
    }  # fmt: skip


def _still_room(tx: Transaction, rows: list[dict[str, object]], most: int) -> list[dict[str, object]]:
    """Keep the referrals whose post is still open and whose member still has a slot, as the record stands inside the transaction."""
    if not rows:
        return []
    positions = tx.read("positions", columns=["position_id", "status", "openings_left"])
    is_open = (positions["status"] == "open") & (positions["openings_left"] > 0)
    open_posts = set(positions.loc[is_open, "position_id"])
    live = tx.read("referrals", columns=["member_id", "position_id", "state"], state=sorted(OPEN_REFERRAL_STATES))
    held = live["member_id"].value_counts().to_dict()
    pairs = set(zip(live["member_id"], live["position_id"], strict=True))
    good = []
    for row in rows:
        member, post = str(row["member_id"]), str(row["position_id"])
        if post in open_posts and held.get(member, 0) < most and (member, post) not in pairs:
            held[member] = held.get(member, 0) + 1
            good.append(row)
    return good
