"""The shards of a night as bytes: the snapshot a shard is planned from, and its plan. What goes to workers and what is kept until the end.

A part is planned by ``plan_part`` alone, on this machine or another; equal bytes in give equal bytes out.
"""

import io
import json
import zipfile
from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from matching.allocation import Certificate, Violation
from matching.night_shards import Shard
from matching.nightly import NightPlan, NightState, plan_shard
from matching.nightly_morning import no_inputs
from matching.policy.load import PolicyBook
from matching.reasons import Reason
from matching.scoring import Scorer

PLAN_FRAMES = ("referrals", "unplaced", "forecast", "openings", "prices", "diff", "inputs")
"""Tables of a plan."""

_OPTIONS = pa.ipc.IpcWriteOptions(compression="lz4")
_EPOCH = (1980, 1, 1, 0, 0, 0)


def frozen_of(shard: Shard) -> bytes:
    """Return a shard as bytes; equal shards give equal bytes."""
    lent = pd.DataFrame({"lent": shard.lent, "ahead": shard.ahead})
    filled = {name: frame for name, frame in shard.state.tables.items() if len(frame)}
    return _packed(filled | {"lent": lent}, {"name": shard.name, "as_of": shard.state.as_of.isoformat()})


def shard_of(frozen: bytes) -> Shard:
    """Return the shard that was frozen."""
    frames, facts = _unpacked(frozen)
    lent, ahead = (frames["lent"][c].to_numpy(dtype=np.int64) for c in ("lent", "ahead"))
    del frames["lent"]
    return Shard(facts["name"], NightState.canonical(date.fromisoformat(facts["as_of"]), frames), lent, ahead)


def packed_plan(plan: NightPlan) -> bytes:
    """Return a plan as bytes."""
    c = plan.certificate
    facts = {
        "certificate": [c.feasible, c.objective, c.bound, c.gap, [[v.rule, v.index, v.found, v.allowed] for v in c.violations]],
        "notes": [[n.code, dict(n.facts), n.weight] for n in plan.notes],
        "model_version": plan.model_version,
        "policy_version": plan.policy_version,
        "figures": dict(plan.figures),
    }  # fmt: skip
    return _packed({name: getattr(plan, name) for name in PLAN_FRAMES}, facts)


def plan_of(packed: bytes) -> NightPlan:
    """Return the plan that was packed."""
    frames, facts = _unpacked(packed)
    feasible, objective, bound, gap, violations = facts["certificate"]
    return NightPlan(
        referrals=frames["referrals"],
        unplaced=frames["unplaced"],
        forecast=frames["forecast"],
        openings=frames["openings"],
        prices=frames["prices"],
        certificate=Certificate(feasible, objective, bound, gap, tuple(Violation(*v) for v in violations)),
        diff=frames["diff"],
        notes=tuple(Reason(code, told, weight) for code, told, weight in facts["notes"]),
        model_version=facts["model_version"],
        policy_version=facts["policy_version"],
        figures=facts["figures"],
        inputs=frames.get("inputs", no_inputs()),
    )


def plan_part(frozen: bytes, scorer: Scorer, policy: PolicyBook, seed: int, n: int, of: int) -> tuple[int, bytes]:
    """Plan part ``n`` of ``of``: its number and its plan as bytes."""
    rng = np.random.default_rng(seed).spawn(of)[n]
    return n, packed_plan(plan_shard(shard_of(frozen), scorer, policy, rng=rng))


def _packed(frames: Mapping[str, pd.DataFrame], facts: Mapping[str, Any]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(zipfile.ZipInfo("facts", _EPOCH), json.dumps(facts, ensure_ascii=False, sort_keys=True))
        for name, frame in frames.items():
            table = pa.Table.from_pandas(frame, preserve_index=False).combine_chunks()
            sink = pa.BufferOutputStream()
            with pa.ipc.new_stream(sink, table.schema, options=_OPTIONS) as writer:
                writer.write_table(table)
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), sink.getvalue().to_pybytes())
    return out.getvalue()


def _unpacked(packed: bytes) -> tuple[dict[str, pd.DataFrame], dict[str, Any]]:
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        facts = json.loads(archive.read("facts"))
        names = [n for n in archive.namelist() if n != "facts"]
        frames = {n: pa.ipc.open_stream(archive.read(n)).read_all().to_pandas() for n in names}
    return frames, facts
