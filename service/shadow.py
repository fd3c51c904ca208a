"""The version in the shadow scores what was just shown, after the answer has gone out, and what it would have said otherwise is kept.

Nobody waits for it: a list that finds the queue full is counted and let go, and a fault ends in the notes, not in an answer. Whose list it
was is not kept.
"""

import json
import queue
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd
import structlog

from matching.arrays import Bits
from matching.errors import OneMonthError
from matching.ranking import Ranking, rank
from matching.scoring import Scorer
from models.registry import Registry
from models.registry_shadow import ShadowScorer
from service.index import Index

QUEUE, LARGEST_FILE = 64, 20_000_000
"""Lists that may wait, and bytes of notes a version may leave (some 100,000 lists)."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Shown:
    """A member's list as it was answered, with everything needed to rank again."""

    index: Index
    member: int
    days_left: float
    limit: int
    kinds: frozenset[str] | None
    taken: Bits
    ranking: Ranking


class Shadow:
    """Compares lists in one thread of its own; notes are in ``folder``, one file a version."""

    def __init__(self, registry: Registry, folder: Path) -> None:
        self.folder = folder
        self._scorer = ShadowScorer(registry)
        self._waiting: queue.Queue[Shown] = queue.Queue(QUEUE)
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._dropped = 0

    def beside(self, shown: Shown) -> None:
        """Take a list to compare, or let it go when too many wait; returns at once and never raises."""
        self._start()
        try:
            self._waiting.put_nowait(shown)
        except queue.Full:
            self._dropped += 1

    def wait(self) -> None:
        """Wait until every list taken so far is compared."""
        self._waiting.join()

    def _start(self) -> None:
        if self._thread is None:
            with self._starting:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._work, name="shadow", daemon=True)
                    self._thread.start()

    def _work(self) -> None:
        while True:
            shown = self._waiting.get()
            try:
                scorer = self._scorer.current()
                if scorer is not None:
                    self._note(scorer.version, self._compared(shown, scorer))
            except (OneMonthError, ArithmeticError, LookupError, OSError, RuntimeError, TypeError, ValueError) as error:
                log.warning("shadow failed", error=type(error).__name__)
            finally:
                self._waiting.task_done()

    def _compared(self, shown: Shown, scorer: Scorer) -> dict[str, Any]:
        began = perf_counter()
        try:
            other = rank(
                shown.index.pairing, shown.member, scorer, shown.days_left, shown.index.policy, limit=shown.limit,
                kinds=shown.kinds, taken=shown.taken,
            )  # fmt: skip
        except (OneMonthError, ArithmeticError, LookupError, RuntimeError, TypeError, ValueError) as error:
            return {"on": shown.index.as_of.isoformat(), "failed": type(error).__name__}
        dropped, self._dropped = self._dropped, 0
        return {
            "on": shown.index.as_of.isoformat(), "beside": shown.ranking.model_version, **difference(shown.ranking, other),
            "ms": round(1000 * (perf_counter() - began), 1), "dropped": dropped,
        }  # fmt: skip

    def _note(self, version: str, line: Mapping[str, Any]) -> None:
        path = notes_of(self.folder, version)
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.stat().st_size < LARGEST_FILE:
            with path.open("a", encoding="ascii") as file:
                file.write(json.dumps(line) + "\n")


def difference(answered: Ranking, other: Ranking) -> dict[str, Any]:
    """Return how another scorer's list differs: length, same first post, share of posts in both, mean and largest change of the chance."""
    mine = {x.position: x.p_placed for x in answered.items}
    theirs = {x.position: x.p_placed for x in other.items}
    both = [theirs[post] - p for post, p in mine.items() if post in theirs]
    first = [r.items[0].position for r in (answered, other) if r.items]
    return {
        "n": len(mine), "same_first": len(set(first)) <= 1, "overlap": len(both) / len(mine) if mine else 1.0,
        "change": float(np.mean(both)) if both else None, "largest": float(np.max(np.abs(both))) if both else None,
    }  # fmt: skip


def notes_of(folder: Path, version: str) -> Path:
    """Return the file of a version's notes."""
    return folder / f"{version}.jsonl"


def shadow_report(folder: Path, version: str) -> dict[str, Any]:
    """Return what a version's notes add up to: lists, how often the first post is the same, how far the chance moves; by day."""
    path = notes_of(folder, version)
    lines = [json.loads(line) for line in path.read_text("ascii").splitlines()] if path.exists() else []
    table = pd.DataFrame(
        lines, columns=["on", "beside", "n", "same_first", "overlap", "change", "largest", "ms", "dropped", "failed"]
    )
    good = table[table["failed"].isna()]
    by_day = [{"on": str(day), **_figures(rows)} for day, rows in good.groupby("on", sort=True)]
    return {
        "version": version, **_figures(good), "failed": int(table["failed"].notna().sum()), "dropped": int(good["dropped"].sum()),
        "full": path.exists() and path.stat().st_size >= LARGEST_FILE, "beside": sorted(good["beside"].unique()), "days": by_day,
    }  # fmt: skip


def _figures(rows: pd.DataFrame) -> dict[str, Any]:
    """Means with 95 % intervals; a list counts once."""
    listed = rows[rows["n"] > 0]
    return {
        "lists": len(rows), "same_first": _mean(listed["same_first"].astype(float)), "overlap": _mean(listed["overlap"].astype(float)),
        "change": _mean(listed["change"].dropna().astype(float)),
        "largest": None if listed["largest"].dropna().empty else float(listed["largest"].max()),
    }  # fmt: skip


def _mean(values: pd.Series) -> list[float] | None:
    if values.empty:
        return None
    middle, error = float(values.mean()), float(values.std(ddof=0)) / len(values) ** 0.5
    return [middle, middle - 1.96 * error, middle + 1.96 * error]
