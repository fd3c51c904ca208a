"""The frame of the trust checks: figures, the ground they are taken on, and the list of checks."""

import importlib
import itertools
import multiprocessing
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing import forkserver
from pathlib import Path

MODULES = (
    "audit", "concurrency", "doors", "fuzz", "imports", "killed", "moved_clock", "mutation", "nights", "operations", "soak",
)  # fmt: skip
"""Modules of ``tests.trust`` that hold checks."""

ROOT = Path(__file__).resolve().parents[2]

READY = ["tests.trust.hostile.bring", "service.app", "uvicorn"]
"""What processes of a ready context have read already."""

STORES = ("sqlite", "postgresql")


@dataclass(frozen=True)
class Figure:
    """What was tried, how many times it came out as promised, out of how many, and which share of them was promised."""

    what: str
    got: int
    of: int
    least: float = 1.0

    @property
    def holds(self):
        """Whether as many did as were promised, and there was at least one."""
        return self.got >= self.least * self.of > 0

    def __str__(self):
        promised = "" if self.least == 1 else f" (at least {self.least:.0%} promised)"
        return f"{'ok  ' if self.holds else 'FAIL'} {self.got:>7,} of {self.of:>7,}  {self.what}{promised}"


@dataclass(frozen=True)
class Ground:
    """Where checks are taken: in short form or in full, in a folder, on empty databases of each store."""

    short: bool
    folder: Path
    new_postgres: Callable[[], str]
    _numbers: Iterator[int]

    @classmethod
    def of(cls, folder, new_postgres, *, short):
        """Return the ground in a folder; ``new_postgres`` gives the address of an empty database."""
        return cls(short, Path(folder), new_postgres, itertools.count())

    def size(self, full, short):
        """Return how many times to try."""
        return short if self.short else full

    def home(self):
        """Return a new empty folder."""
        made = self.folder / f"home{next(self._numbers)}"
        made.mkdir()
        return made

    def database(self, store):
        """Return the address of an empty database of a store."""
        return self.new_postgres() if store == "postgresql" else f"sqlite:///{self.home() / 'record.db'}"


CHECKS: dict[str, Callable[[Ground], Iterator[Figure]]] = {}
"""Name → check, in the order they run."""


def check(function):
    """Put a check on the list."""
    CHECKS[function.__name__] = function
    return function


def load():
    """Return every check."""
    for name in MODULES:
        importlib.import_module(f"tests.trust.{name}")
    return CHECKS


def ready_context():
    """Return a context whose processes begin with the program already read; the server that forks them looks for it on its path."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(READY)
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(p for p in (str(ROOT), before) if p)
    try:
        forkserver.ensure_running()
    finally:
        os.environ.pop("PYTHONPATH")
        if before is not None:
            os.environ["PYTHONPATH"] = before
    return context
