"""The night against the record: one run at a time, one snapshot, a transaction a shard; stopped anywhere it goes on, nothing lost or doubled.

A run goes through these steps. What each leaves in the record is whole or absent, so that a run that died is taken up where it stood:

0. *keep up*: what the day alone changes (clocks, households, letters) is written down; the same day again changes nothing.
1. *freeze*: one consistent reading is cut into shards, which are kept as bytes with the run's row. From here the day may go on.
2. *plan*: each shard is planned from its bytes by a worker, and its plan is kept.
3. *withdraw*: yesterday's untouched proposals that the plan no longer wants are taken back, all at once, before anything is added.
4. *write*: each shard's proposals go in, in one transaction that checks again what the day has taken meanwhile.
5. *finish*: the run is marked done; its plan stays readable until the next night.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from matching.errors import NotFound
from matching.night_shards import shards_of
from matching.nightly import NightPlan, NightState, joined
from matching.policy.load import PolicyBook, load_policy
from matching.scoring import Scorer
from service.clock import local_now
from service.night_parts import frozen_of, plan_of, plan_part
from service.night_rows import PartRows, still_room
from service.recorded_night import RecordedNight, recorded, write_night
from service.stop_points import stop_at
from service.storage.store import Store, Write
from service.storage.transactions import Transaction
from service.use_cases.upkeep import Kept, keep_up
from service.wiring import Office
from service.workers import handed_out, workforce

READS = (
    "regions", "households", "members", "assessments", "employers", "positions", "referrals", "placements", "promises", "locks",
)  # fmt: skip
"""Tables a night reads, in one consistent snapshot."""

COLUMNS = {
    "assessments": (
        "member_id",
        "assessed_on",
        "instrument",
        "mode",
        "dimension",
        "score",
        "standard_error",
        "expires_on",
    )
}
"""Of the longest table only what the night looks at."""

LEASE, LEASE_MINUTES = "nightly", 30
"""A night holds this lease; a run that died gives it up after so many minutes, or to a run on the same machine at once."""

Step = Callable[[str, float, float], None]
"""Told the step, how much is done, and how much there is."""


def _silent(*_: object) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Night:
    """What a night is run with: the record, who scores, which day and place, by whom, and who is told of steps.

    ``upkeep`` brings the record up to the day before it is read. ``reached`` is called with the name of each step as it is passed; tests
    stop the run there. ``record_to`` is a folder the night is kept in, to be planned again.
    """

    store: Store
    scorer: Scorer
    region_code: str
    as_of: date
    now: datetime
    actor: str = "night"
    seed: int = 0
    progress: Step = _silent
    reached: Callable[..., None] = _silent
    record_to: Path | None = None
    upkeep: Callable[[Write], Kept] | None = None

    @property
    def policy(self) -> PolicyBook:
        """The policy in force at the place on the day."""
        return load_policy(self.region_code, self.as_of)


@dataclass(frozen=True, slots=True)
class NightReport:
    """What a night did: its identity, counts, the plan, and the referrals it could not write because the day had gone on."""

    run_id: str
    plan: NightPlan
    written: int
    withdrawn: int
    dropped: int
    resumed: bool
    kept: Kept | None = None

    @property
    def changed(self) -> int:
        """Proposals added or withdrawn against yesterday's untouched ones."""
        return self.written + self.withdrawn


def office_night(
    office: Office, *, actor: str = "night", seed: int = 0, progress: Step | None = None, record_to: Path | None = None
) -> NightReport:
    """Run the night of an office with the workers its settings name, after what the day alone changes is written down."""
    night = Night(
        office.store, office.scorer(), office.settings.region_code, office.today(), local_now(), actor, seed,
        progress or _silent, stop_at(office.settings), record_to, partial(keep_up, replace(office, actor=actor, role="service")),
    )  # fmt: skip
    with workforce(office.settings):
        return run_night(night)


def run_night(night: Night) -> NightReport:
    """Plan the night and write its proposals; Conflict, and nothing done, when another run holds the lease.

    A run that was stopped, by the same model, policy, day and seed, is taken up where it stood and ends with the same plan.
    """
    with night.store.lease(LEASE, minutes=LEASE_MINUTES) as write:
        kept = None if night.upkeep is None else night.upkeep(write)
        run_id = _unfinished(night, write)
        resumed = run_id is not None
        if run_id is None:
            run_id = _freeze(night, write)
        parts = _plan(night, run_id, write)
        plans = [part.plan for part in parts]
        withdrawn = _withdraw(night, run_id, plans, write)
        written, dropped = _write(night, run_id, parts, write)
        report = NightReport(run_id, joined(plans), written, withdrawn, dropped, resumed, kept)
        if night.record_to is not None:
            write_night(night.record_to, _recorded(night, report))
        _finish(night, report, write)
        return report


def last_plan(store: Store) -> tuple[str, NightPlan]:
    """Return the newest finished run and its plan: what changed and why, and who got nothing and why; NotFound before the first night."""
    with store.reading() as record:
        runs = record.read("runs", kind="nightly", state="done")
        for run_id in runs.sort_values("finished_at", ascending=False)["run_id"]:
            parts = record.parts.states(str(run_id))
            if parts:
                return str(run_id), joined([plan_of(record.parts.plan(str(run_id), p.n)) for p in parts])
    raise NotFound("no night has been planned yet; run `onemonth nightly`")


def night_figures(report: NightReport, seconds: float) -> dict[str, Any]:
    """Return what a night did as plain values for JSON."""
    c, plan = report.plan.certificate, report.plan
    return {
        "run_id": report.run_id, "referrals": report.written, "withdrawn": report.withdrawn, "dropped": report.dropped,
        "unplaced": len(plan.unplaced), "changed": report.changed, "resumed": report.resumed, "seconds": round(seconds, 3),
        "objective": c.objective, "bound": c.bound, "model_version": plan.model_version, "shards": int(plan.figures["shards"]),
        "certificate": {"feasible": c.feasible, "violations": [asdict(v) for v in c.violations], "gap": c.gap},
        "diff": dict(Counter(f"{change}:{code}" for change, code in zip(plan.diff["change"], plan.diff["code"], strict=True))),
        "why_unplaced": dict(Counter(plan.unplaced["code"])),
        "notes": [note.as_dict() for note in plan.notes], "upkeep": None if report.kept is None else asdict(report.kept),
    }  # fmt: skip


def _unfinished(night: Night, write: Write) -> str | None:
    """Return the run to go on with; one of another day, model, policy or seed can no longer be finished and is marked failed."""
    found = None
    runs = night.store.read("runs", kind="nightly", state="running")
    same = (
        (runs["as_of"] == pd.Timestamp(night.as_of)) & (runs["model_version"] == night.scorer.version)
        & (runs["policy_version"] == night.policy.version) & (runs["seed"] == night.seed)
    )  # fmt: skip
    for run_id, alike in zip(runs["run_id"].astype(str), same, strict=True):
        with write() as tx:
            if alike and tx.parts.states(run_id):
                found = run_id
                continue
            tx.update("runs", {"run_id": run_id}, {"state": "failed", "finished_at": night.now.isoformat()})
            _journal(tx, night, "night_failed", run_id, {"why": "superseded"})
    return found


def _freeze(night: Night, write: Write) -> str:
    """Read the record once, cut it into shards and keep them with the run's row; returns the run's identity."""
    store, policy = night.store, night.policy
    tables = {}
    with store.reading() as record:
        for k, name in enumerate(READS):
            tables[name] = record.read(name, COLUMNS.get(name))
            night.progress("night: read", k + 1, len(READS))
    night.reached("read")
    state = NightState.canonical(night.as_of, tables)
    del tables
    parts = [(s.name, frozen_of(s)) for s in shards_of(state, policy)]
    del state
    prints = [hashlib.sha256(frozen).hexdigest() for _, frozen in parts]
    identity = json.dumps([night.as_of.isoformat(), prints, night.scorer.version, policy.version, night.seed])
    run_id = f"N{night.as_of:%Y%m%d}-{hashlib.sha256(identity.encode()).hexdigest()[:12]}"
    row = {
        "run_id": run_id, "kind": "nightly", "as_of": night.as_of, "model_version": night.scorer.version,
        "policy_version": policy.version, "fingerprint": hashlib.sha256("".join(prints).encode()).hexdigest(), "seed": night.seed,
        "state": "running", "started_at": night.now.isoformat(), "finished_at": None, "summary": None,
    }  # fmt: skip
    with write() as tx:
        if not tx.update("runs", {"run_id": run_id}, row):
            tx.insert("runs", [row])
        tx.parts.keep(run_id, parts)
        _journal(tx, night, "night_begun", run_id, {"as_of": night.as_of.isoformat(), "shards": len(parts)})
        night.reached("freezing")
    night.reached("frozen")
    return run_id


def _plan(night: Night, run_id: str, write: Write) -> list[PartRows]:
    """Let workers plan the shards that have no plan yet and keep each plan as it comes; returns the rows of all, which are made of each plan
    while the next ones are planned."""
    store, policy = night.store, night.policy
    with store.reading() as record:
        states = record.parts.states(run_id)
        rows = {p.n: PartRows.of(run_id, record.parts.plan(run_id, p.n), night.as_of) for p in states if p.planned}
    left = [p.n for p in states if not p.planned]
    night.progress("night: plan", len(states) - len(left), len(states))

    def arguments(n: int) -> tuple[Any, ...]:
        """Return what a worker is given to plan one shard."""
        with store.reading() as record:
            return record.parts.frozen(run_id, n), night.scorer, policy, night.seed, n, len(states)

    for done, (n, packed) in enumerate(handed_out(plan_part, left, arguments), len(states) - len(left) + 1):
        with write() as tx:
            tx.parts.planned(run_id, n, packed)
            night.reached("planning")
        night.reached("planned")
        rows[n] = PartRows.of(run_id, packed, night.as_of)
        night.progress("night: plan", done, len(states))
    return [rows[p.n] for p in states]


def _withdraw(night: Night, run_id: str, plans: list[NightPlan], write: Write) -> int:
    """Take back proposals the plan no longer wants, unless the run has done so; returns how many it took back."""
    known = night.store.read("runs", columns=["summary"], run_id=run_id)["summary"].iloc[0]
    if isinstance(known, str):
        return int(json.loads(known)["withdrawn"])
    diff = pd.concat([p.diff for p in plans])
    rows = diff.loc[diff["change"] == "withdrawn", ["member_id", "position_id", "code"]]
    rows = rows.rename(columns={"code": "reason"}).assign(
        state="revoked", reason_side="agency", outcome_on=pd.Timestamp(night.as_of)
    )
    with write() as tx:
        done = tx.update_each("referrals", rows, ("member_id", "position_id"), {"state": "draft", "source": "night"})
        tx.update("runs", {"run_id": run_id}, {"summary": json.dumps({"withdrawn": done})})
        night.reached("withdrawing")
    night.reached("withdrawn")
    return done


def _write(night: Night, run_id: str, parts: list[PartRows], write: Write) -> tuple[int, int]:
    """Write the proposals of the shards that are not written yet, a transaction each; returns how many went in and how many could not."""
    with night.store.reading() as record:
        states = record.parts.states(run_id)
    written, dropped = sum(p.written or 0 for p in states), sum(p.dropped or 0 for p in states)
    for part in states:
        if part.written is None:
            with write() as tx:
                rows, shown = parts[part.n].proposals, parts[part.n].shown
                fits = np.array(still_room(tx, rows, night.as_of, night.policy), dtype=bool)
                good = tx.insert("referrals", rows[fits])
                tx.insert("suggestions", shown[fits])
                tx.parts.wrote(run_id, part.n, good, len(rows) - good)
                night.reached("writing")
            written, dropped = written + good, dropped + len(rows) - good
            night.reached("written")
        night.progress("night: write", part.n + 1, len(states))
    return written, dropped


def _recorded(night: Night, report: NightReport) -> RecordedNight:
    """Return a night with what it was planned from, before the record lets go of that."""
    with night.store.reading() as record:
        parts = [record.parts.frozen(report.run_id, p.n) for p in record.parts.states(report.run_id)]
    return recorded(report.run_id, parts, report.plan, night.scorer, night.policy, night.as_of, night.seed)


def _finish(night: Night, report: NightReport, write: Write) -> None:
    summary = {
        "referrals": report.written, "withdrawn": report.withdrawn, "dropped": report.dropped,
        "unplaced": len(report.plan.unplaced), "gap": report.plan.certificate.gap, "plan": report.plan.fingerprint(),
    }  # fmt: skip
    done = {"state": "done", "finished_at": local_now().isoformat(), "summary": json.dumps(summary)}
    with write() as tx:
        tx.update("runs", {"run_id": report.run_id}, done)
        tx.parts.thaw(report.run_id)
        _journal(tx, night, "night_done", report.run_id, summary)
        night.reached("finishing")
    night.reached("finished")


def _journal(tx: Transaction, night: Night, action: str, run_id: str, after: dict[str, Any]) -> None:
    tx.journal(
        actor=night.actor, role="service", action=action, object_type="runs", object_id=run_id, after=after
    )  # fmt: skip
