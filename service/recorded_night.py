"""A night as a file: what it was planned from, what else its plan rests on, and the plan. Planned again it is the same, or it is said what changed.

The file holds everything a night reads of people, by number and without names: keep it as the record itself.
"""

import hashlib
import io
import json
import os
import platform
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from matching.errors import BadInput
from matching.nightly import NightPlan, joined
from matching.policy.load import PolicyBook, load_policy
from matching.scoring import Scorer
from service.night_parts import plan_of, plan_part
from service.workers import handed_out

FORMAT = "onemonth night 1"
LIBRARIES = ("lightgbm", "numpy", "ortools", "pandas", "pyarrow", "scikit-learn", "scipy")
"""Libraries a plan is calculated by."""

_FACTS, _EPOCH = "night.json", (1980, 1, 1, 0, 0, 0)

Pairs = frozenset[tuple[str, str]]
"""Members and posts."""


@dataclass(frozen=True, slots=True)
class RecordedNight:
    """A night that was planned: its parts as they were frozen, place, day and seed, ``basis`` name → what else the plan rests on, and the
    plan as its fingerprint and its ``pairs`` of new referrals."""

    run_id: str
    region_code: str
    as_of: date
    seed: int
    basis: Mapping[str, str]
    plan: str
    pairs: Pairs
    parts: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A night planned again: both fingerprints, ``changed`` name → what the plan rested on then and now, pairs that are gone and new."""

    was: str
    now: str
    changed: Mapping[str, tuple[str, str]]
    gone: Pairs
    new: Pairs

    @property
    def same(self) -> bool:
        """Whether the plan is the same in every figure."""
        return self.was == self.now

    @property
    def explained(self) -> bool:
        """Whether it is the same, or something it rests on has changed."""
        return self.same or bool(self.changed)


def recorded(
    run_id: str, parts: Iterable[bytes], plan: NightPlan, scorer: Scorer, policy: PolicyBook, as_of: date, seed: int
) -> RecordedNight:
    """Return a night as it was planned here and now."""
    parts = tuple(parts)
    basis = _basis(parts, scorer, policy)
    return RecordedNight(
        run_id, policy.region_code, as_of, seed, basis, plan.fingerprint(), _pairs(plan), parts
    )  # fmt: skip


def planned_again(night: RecordedNight, scorer: Scorer) -> Comparison:
    """Plan a night again with a scorer, by the policy and the program of today, and compare."""
    policy = load_policy(night.region_code, night.as_of)
    n = len(night.parts)
    done = dict(handed_out(plan_part, range(n), lambda k: (night.parts[k], scorer, policy, night.seed, k, n)))
    plan = joined([plan_of(done[k]) for k in range(n)])
    basis, pairs = _basis(night.parts, scorer, policy), _pairs(plan)
    names = sorted(set(basis) | set(night.basis))
    told = {name: (night.basis.get(name, "none"), basis.get(name, "none")) for name in names}
    changed = {name: both for name, both in told.items() if both[0] != both[1]}
    return Comparison(night.plan, plan.fingerprint(), changed, night.pairs - pairs, pairs - night.pairs)


def _pairs(plan: NightPlan) -> Pairs:
    return frozenset(
        zip(plan.referrals["member_id"].astype(str), plan.referrals["position_id"].astype(str), strict=True)
    )


def _basis(parts: tuple[bytes, ...], scorer: Scorer, policy: PolicyBook) -> dict[str, str]:
    """Return what a plan rests on here and now, by name: inputs, model, policy, program, libraries, and the processor's instructions."""
    return {
        "inputs": _print(parts), "model": scorer.version, "policy": policy.version, "program": _program(), "processor": _instructions(),
        "python": platform.python_version(), **{name: version(name) for name in LIBRARIES},
    }  # fmt: skip


def _print(parts: Iterable[bytes]) -> str:
    """Return the hash of frozen parts, as the run's row has it."""
    return hashlib.sha256("".join(hashlib.sha256(part).hexdigest() for part in parts).encode()).hexdigest()


@cache
def _program() -> str:
    """Return a hash of the source that plans and scores."""
    digest = hashlib.sha256()
    for floor in ("matching", "models"):
        with_paths = Path(str(files(floor)))
        for path in sorted(with_paths.rglob("*.py")):
            digest.update(path.relative_to(with_paths).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:12]


@cache
def _instructions() -> str:
    """Return which instructions numpy calculates by here: others may round the last bit otherwise."""
    found = np.lib.introspect.opt_func_info(func_name="^(add|exp|log)$", signature="float64")
    used = {kind["current"] for kinds in found.values() for kind in kinds.values()}
    return " ".join([platform.machine(), *sorted(used)])


def write_night(folder: Path, night: RecordedNight) -> Path:
    """Write a night to a file of a folder, named by its run, that only its owner may read; whole or not at all. BadInput where it cannot."""
    facts: dict[str, Any] = {
        "format": FORMAT, "run_id": night.run_id, "region_code": night.region_code, "as_of": night.as_of.isoformat(), "seed": night.seed,
        "basis": dict(night.basis), "plan": night.plan, "pairs": sorted(night.pairs),
    }  # fmt: skip
    path = folder / f"{night.run_id}.night"
    half = path.with_suffix(".half")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (
            os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out,
            zipfile.ZipFile(out, "w") as archive,
        ):
            archive.writestr(zipfile.ZipInfo(_FACTS, _EPOCH), json.dumps(facts, ensure_ascii=False, sort_keys=True))
            for n, part in enumerate(night.parts):
                archive.writestr(zipfile.ZipInfo(f"part{n}", _EPOCH), part)
        half.replace(path)
    except OSError as error:
        raise BadInput(f"{folder}: expected a folder that can be written to; {error.strerror}") from error
    return path


def read_night(path: Path) -> RecordedNight:
    """Return the night of a file; BadInput when it is none, or its inputs are not those that were recorded."""
    try:
        with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
            facts = json.loads(archive.read(_FACTS))
            parts = tuple(archive.read(f"part{n}") for n in range(len(archive.namelist()) - 1))
        if facts["format"] != FORMAT:
            raise ValueError(f"its form is {facts['format']!r}")
        night = RecordedNight(
            facts["run_id"], facts["region_code"], date.fromisoformat(facts["as_of"]), facts["seed"], facts["basis"], facts["plan"],
            frozenset((m, p) for m, p in facts["pairs"]), parts,
        )  # fmt: skip
    except (OSError, zipfile.BadZipFile, LookupError, TypeError, ValueError) as error:
        raise BadInput(f"{path.name}: expected a night recorded in the form {FORMAT!r}; {error}") from error
    if _print(parts) != night.basis.get("inputs"):
        raise BadInput(f"{path.name}: expected the inputs that were recorded, found others; the file was changed")
    return night
