"""How long a province's night takes from record to record, beside a tenth of it and beside what would be written first. Simulated."""

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psutil
from scipy import sparse
from scipy.optimize import linear_sum_assignment

from matching import candidates, night_shards
from matching.allocation import AllocationProblem, allocate
from matching.arrays import Bools, Ints
from matching.baseline import BaselineScorer
from matching.eligibility import verdicts
from matching.features import build
from matching.nightly import NightPlan, NightState, plan_night
from matching.nightly_problem import lists_of, room_left
from matching.nightly_scene import Scene, scene_of
from matching.outlook import Outlook
from matching.policy.load import PolicyBook, load_policy
from matching.scoring import Scorer
from matching.vocabulary import POSITION_KINDS
from models.registry import Registry
from models.simulation.province import province
from service.batch import COLUMNS, READS
from service.cli_bench_online import put_in_charge
from service.cli_console import Step
from service.settings import Settings
from service.wiring import open_store

DAY = date(2026, 6, 10)
MODELS = "models"
NAIVE = 3_000, 1_000
"""Members and posts of the comparison with the way it would be written first."""

SHARDED = 9_000, 3_000
"""Members and posts of the comparison of shards with the whole: three shards of the least size there is."""

NOTHING_TO_COME = Outlook(0.0, 0.0, {}, np.zeros(len(POSITION_KINDS)))
"""Shards are compared with the whole for tonight alone: each would set its own prices for later nights, and so place more or less."""

SAMPLE = 300
"""Members whose full ranking is made, to see how much of it the short lists hold."""


def bench_nightly(members: int, positions: int, seed: int, trained: bool, step: Step) -> dict[str, Any]:
    """Run the night at the size asked for and at a tenth of it, then compare; every figure is of this run."""
    with tempfile.TemporaryDirectory() as folder:
        office = Path(folder)
        if trained:
            step("train a ranker", 0, 1)
            put_in_charge(office, seed)
            step("train a ranker", 1, 1)
        scorer: Scorer = Registry(office / MODELS).current_scorer() if trained else BaselineScorer()
        small = _night(max(members // 10, 1), max(positions // 10, 1), seed, office, scorer, step)
        large = _night(members, positions, seed, office, scorer, step)
    grown = members / max(members // 10, 1)
    figures = {
        "simulated": True, "model_version": scorer.version, "members": members, "positions": positions, "seconds": large["wall"],
        "processor_seconds": large["processor"], "peak_rss_bytes": large["peak"],
        "objective": large["objective"], "bound": large["bound"], "gap": large["certificate"]["gap"],
        "referrals": large["referrals"], "unplaced": large["unplaced"],
        "shards": large["shards"], "tenth_seconds": small["wall"], "tenth_processor_seconds": small["processor"],
        "growth_exponent": float(np.log(large["wall"] / small["wall"]) / np.log(grown)),
        "processor_growth_exponent": float(np.log(large["processor"] / small["processor"]) / np.log(grown)),
        "load_average": os.getloadavg()[0], "recall_top20": large["recall"],
    }  # fmt: skip
    return figures | _beside_naive(seed, scorer, step)


def _night(members: int, positions: int, seed: int, office: Path, scorer: Scorer, step: Step) -> dict[str, Any]:
    """Fill a record and run the command on it as a process of its own; seconds by the clock and of processors, and the most memory of it and
    its workers. The models are those of ``office``, if there are any."""
    name = f"{members:,} x {positions:,}"
    with tempfile.TemporaryDirectory() as folder:
        step(f"make {name}", 0, 1)
        tables = province(members, positions, seed)
        with open_store(Settings(home=Path(folder), database_url=None)) as store, store.write() as tx:
            for table, frame in tables.items():
                tx.insert(table, frame)
        for models in office.iterdir():
            shutil.copytree(models, Path(folder) / models.name)
        recall = _recall(tables, scorer)
        del tables
        step(f"make {name}", 1, 1)
        step(f"night {name}", 0, 1)
        command = [
            sys.executable,
            "-c",
            "from service.cli import main; main()",
            "nightly",
            "--as-of",
            DAY.isoformat(),
            "--json",
        ]
        environment = {k: v for k, v in os.environ.items() if k != "ONEMONTH_DATABASE_URL"} | {"ONEMONTH_HOME": folder}
        before = _processor()
        told, wall, peak = _watched(command, environment)
        step(f"night {name}", 1, 1)
    return {**told, "wall": wall, "processor": _processor() - before, "peak": peak, "recall": recall}


def _processor() -> float:
    """Return the processor seconds of all processes of this one that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _watched(command: list[str], environment: Mapping[str, str]) -> tuple[dict[str, Any], float, int]:
    began, peak = time.perf_counter(), 0
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen(command, env=dict(environment), stdout=out, stderr=subprocess.DEVNULL)
        whole = psutil.Process(process.pid)
        while process.poll() is None:
            peak = max(peak, _memory(whole))
            time.sleep(0.2)
        wall = time.perf_counter() - began
        out.seek(0)
        lines = out.read().splitlines()
    if process.returncode:
        raise RuntimeError(
            f"the night ended with code {process.returncode}; run `onemonth nightly` on the same record to see why"
        )
    return json.loads(lines[-1]), wall, peak


def _memory(process: psutil.Process) -> int:
    total = 0
    try:
        for one in [process, *process.children(recursive=True)]:
            total += int(one.memory_info().rss)
    except psutil.NoSuchProcess:
        return total
    return total


def _scene(tables: Mapping[str, pd.DataFrame]) -> Scene:
    state = NightState.canonical(DAY, {n: tables[n] for n in READS if n in tables})
    return scene_of(state, load_policy("440000", DAY))


def _recall(tables: Mapping[str, pd.DataFrame], scorer: Scorer) -> float:
    """Share of the top 20 of the full ranking that the night's own short lists hold: members of the largest, the middle and the smallest
    shard, over the posts of their shard."""
    policy = load_policy("440000", DAY)
    state = NightState.canonical(DAY, {n: tables[n] for n in READS if n in tables})
    shards = sorted(night_shards.shards_of(state, policy), key=lambda s: len(s.state["members"]))
    looked = {0, len(shards) // 2, len(shards) - 1}
    held = np.concatenate([_held(shards[k], policy, scorer) for k in sorted(looked)])
    return float(held.mean()) if len(held) else 1.0


def _held(shard: night_shards.Shard, policy: PolicyBook, scorer: Scorer) -> Bools:
    """Return (n,) which of the best 20 posts of some members of a shard are on their short lists."""
    scene = scene_of(shard.state, policy, shard.lent, shard.ahead)
    rows = scene.rows[:: max(len(scene.rows) // SAMPLE, 1)][:SAMPLE]
    found = lists_of(scene, scorer, policy), _best_20(scene, policy, scorer, rows)
    short, full = (c.member * len(scene.pairing.positions) + c.position for c in found)
    return np.isin(full, short)


def _best_20(scene: Scene, policy: PolicyBook, scorer: Scorer, rows: Ints) -> candidates.Candidates:
    """Return the best 20 posts of member rows ``rows``, every post in reach judged and all that are eligible scored."""
    before = candidates.LOOK, candidates.SCORED
    candidates.LOOK = candidates.SCORED = sys.maxsize
    try:
        return candidates.short_lists(
            scene.pairing, scorer, policy, scene.horizon,
            keep=20, spread=0, keep_welfare=0, taken=scene.taken, rows=rows, shut=scene.shut, room=room_left(scene), spent=scene.spent,
        )  # fmt: skip
    finally:
        candidates.LOOK, candidates.SCORED = before


def _beside_naive(seed: int, scorer: Scorer, step: Step) -> dict[str, Any]:
    """Plan one small night both ways, and in shards and whole."""
    step("naive", 0, 3)
    tables, policy = province(*NAIVE, seed), load_policy("440000", DAY)
    kept = {n: f[list(COLUMNS.get(n, f.columns))] for n, f in tables.items() if n in READS}
    began = time.perf_counter()
    naive = _naive(_scene(kept), scorer)
    naive_seconds = time.perf_counter() - began
    began = time.perf_counter()
    one_each = _one_each(_scene(kept), scorer)
    one_each_seconds = time.perf_counter() - began
    step("naive", 1, 3)
    state = NightState.canonical(DAY, kept)
    began = time.perf_counter()
    plan_night(state, scorer, policy, rng=np.random.default_rng(seed))
    seconds = time.perf_counter() - began
    step("naive", 2, 3)
    whole, parts = _whole_and_in_shards(seed, scorer, policy)
    step("naive", 3, 3)
    return {
        "naive_seconds": naive_seconds, "same_night_seconds": seconds, "ratio_to_naive": naive_seconds / seconds,
        "one_each_seconds": one_each_seconds, "ratio_of_one_each_to_naive": naive_seconds / one_each_seconds,
        "objective_to_naive": one_each / naive,
        "shard_objective_share": parts.certificate.objective / whole.certificate.objective,
        "shards_compared": int(parts.figures["shards"]),
    }  # fmt: skip


def _whole_and_in_shards(seed: int, scorer: Scorer, policy: PolicyBook) -> tuple[NightPlan, NightPlan]:
    """Return a night planned whole and in shards."""
    state = NightState.canonical(DAY, {n: f for n, f in province(*SHARDED, seed).items() if n in READS})

    def plan() -> NightPlan:
        """Plan as the constants of the moment say."""
        return plan_night(state, scorer, policy, rng=np.random.default_rng(seed), outlook=NOTHING_TO_COME)

    before = night_shards.WHOLE
    night_shards.WHOLE = sys.maxsize
    try:
        whole = plan()
    finally:
        night_shards.WHOLE = before
    return whole, plan()


def _naive(scene: Scene, scorer: Scorer) -> float:
    """Cross merge, score every pair, one assignment with a column a place; returns the sum of utilities."""
    policy, n, m = load_policy("440000", DAY), len(scene.pairing.members), len(scene.pairing.positions)
    pairs = pd.merge(pd.DataFrame({"mi": np.arange(n)}), pd.DataFrame({"pj": np.arange(m)}), how="cross")
    mi, pj = pairs["mi"].to_numpy(), pairs["pj"].to_numpy()
    value = scorer.score(build(scene.pairing, mi, pj), scene.horizon[mi]).utility
    value = np.where(verdicts(scene.pairing, policy, mi, pj).eligible, value, 0.0).reshape(n, m)
    places = np.repeat(np.arange(m), np.minimum(scene.room, n))
    cost = value[:, places]
    rows, columns = linear_sum_assignment(cost, maximize=True)
    return float(cost[rows, columns].sum())


def _one_each(scene: Scene, scorer: Scorer) -> float:
    """Return the best sum of utilities with one referral each, over our short lists: the naive problem with our candidates."""
    policy = load_policy("440000", DAY)
    found = lists_of(scene, scorer, policy)
    shape = len(scene.pairing.members), len(scene.pairing.positions)
    utility = sparse.csr_matrix((found.utility, (found.member, found.position)), shape=shape)
    return allocate(AllocationProblem(utility, scene.room)).objective
