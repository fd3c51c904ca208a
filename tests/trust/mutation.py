"""How many small changes to the code that must not be wrong its own tests find: allocation, authorisation, referral states, promise clock, journal.

Each area has the files it is made of and the tests that stand beside them. A sample of the changes of :mod:`tests.trust.mutants`, drawn by a
fixed seed, is made one at a time in a child process: the changed file is imported in place of the one on disk, the area's tests run until the
first that fails. A change is found when a test fails, when the file can no longer be imported, or when the tests do not end in time.

``python -m tests.trust.mutation AREA [COUNT [SEED]]`` names what was not found.
"""

import importlib
import importlib.abc
import importlib.machinery
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tests.house.tree import ROOT
from tests.trust.frame import Figure, check
from tests.trust.mutants import Mutant, mutants_of

LEAST = 0.85
"""Share of the changes that an area's tests find."""

SAMPLE = 60
"""Changes tried in an area; all of them where it has fewer."""

SEED = 8
"""Draws the sample; tests are written against samples of other seeds, so that this one says how good they are."""

PATIENCE, ENOUGH_SECONDS = 3, 10
"""A child may take so many times the processor time of the unchanged code, and so many seconds at least."""

PLUGINS = ("_hypothesis_pytestplugin", "pytest_timeout", "xdist.plugin", "xdist.looponfail")
"""What of pytest the tests need."""

CORE = (
    "numpy",
    "pandas",
    "scipy.sparse",
    "scipy.optimize",
    "scipy.spatial",
    "ortools.graph.python.min_cost_flow",
    "pyarrow",
    "hypothesis",
    *PLUGINS,
)
SHELL = (
    "fastapi.testclient", "sqlalchemy.dialects.sqlite", "sqlalchemy.dialects.postgresql", "alembic.command", "pydantic_settings", "jinja2", "babel",
    "structlog", "cryptography.hazmat.primitives.ciphers.aead", "pwdlib", "limits", "authlib", "joserfc", "prometheus_client", "openpyxl",
    "python_calamine", "sklearn.isotonic", "lightgbm", "opentelemetry.sdk.trace", "weasyprint", "segno", "joblib",
)  # fmt: skip
"""Libraries a child finds imported; nothing of ours is, so that all of it sees the change."""


@dataclass(frozen=True)
class Area:
    """Files, the top names of a file where not all of it belongs (``path:NAME,NAME``), and the tests that stand beside them."""

    files: tuple[str, ...]
    tests: tuple[str, ...]

    def mutants(self) -> list[Mutant]:
        """Return every change that may be made."""
        parts = [f.partition(":") for f in self.files]
        return [m for path, _, names in parts for m in mutants_of(path, tuple(filter(None, names.split(","))))]

    def sample(self, count: int, seed: int) -> list[Mutant]:
        """Return changes drawn by a seed, in the order of the files."""
        found = self.mutants()
        return [found[k] for k in sorted(random.Random(seed).sample(range(len(found)), min(count, len(found))))]


AREAS = {
    "allocation": Area(
        tuple(f"matching/allocation/{n}.py" for n in (
            "arcs", "bound", "certificate", "flow", "mix", "order", "precedence", "problem", "reserve", "solve", "surplus", "worth",
        )),
        ("tests/matching/allocation/test_recorded.py", "tests/matching/allocation"),
    ),
    "authorisation": Area(
        ("service/security/gate.py", "service/security/matrix.py", "service/security/regions.py", "service/storage/scope.py"),
        ("tests/service/security/test_regions.py", "tests/service/security/test_gate.py", "tests/service/storage/test_scope.py",
         "tests/service/security/test_matrix.py"),
    ),
    "referral states": Area(
        ("matching/referral_states.py", "matching/vocabulary.py:REFERRAL_STEPS,OPEN_REFERRAL_STATES", "service/use_cases/outcome.py",
         "service/use_cases/referral_ends.py"),
        ("tests/matching/test_referral_states.py", "tests/service/test_outcome.py", "tests/service/test_hanging_on_a_referral.py"),
    ),
    "steps of a referral": Area(("matching/referral_states.py",), ("tests/matching/test_referral_states.py",)),
    "promise clock": Area(
        ("matching/promise_clock.py", "matching/promise.py"),
        ("tests/matching/test_promise_clock.py", "tests/matching/test_promise.py"),
    ),
    "journal": Area(
        ("service/storage/journal.py", "service/use_cases/journal.py"),
        ("tests/service/storage/test_journal.py", "tests/service/test_journal.py"),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Result:
    """What became of an area: the changes that no test found, how many were tried, and how many there are."""

    missed: list[str]
    tried: int
    of: int


def result(name: str, count: int = SAMPLE, seed: int = SEED, jobs: int | None = None) -> Result:
    """Try a sample of an area's changes; RuntimeError when its tests do not pass on the code as it is."""
    mutants = AREAS[name].sample(count, seed)
    jobs = min(jobs or os.cpu_count() or 1, len(mutants))
    with ThreadPoolExecutor(jobs) as pool:
        parts = [p for part in pool.map(lambda k: _by_host(name, mutants[k::jobs]), range(jobs)) for p in part]
    missed = sorted((m.path, m.line, str(m)) for m, found in parts if not found)
    return Result([text for _, _, text in missed], len(mutants), len(AREAS[name].mutants()))


def _by_host(name: str, mutants: list[Mutant]) -> list[tuple[Mutant, bool]]:
    """Let a fresh process try the changes, one after another; it names what it misses on standard error."""
    asked = json.dumps([name, [[m.path, m.number, m.line, m.what] for m in mutants]])
    done = subprocess.run(
        [sys.executable, "-m", "tests.trust.mutation", "--host"], input=asked, stdout=subprocess.PIPE, text=True, check=False, cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{name}: the tests do not pass on the code as it is: {done.stdout[-2000:]}")
    return list(zip(mutants, json.loads(done.stdout.splitlines()[-1]), strict=True))


def _host() -> int:
    """Read an area and changes, print for each whether it was found."""
    name, rows = json.loads(sys.stdin.read())
    shell = any("service" in test for test in AREAS[name].tests)
    for module in (*CORE, *(SHELL if shell else ())):
        importlib.import_module(module)
    found = []
    with tempfile.TemporaryDirectory() as folder:
        status, used = _child(name, None, folder, 600)
        if status:
            return 1
        for mutant in (Mutant(*row) for row in rows):
            status, _ = _child(name, mutant, folder, max(ENOUGH_SECONDS, PATIENCE * used))
            found.append(status != 0)
            if not status:
                sys.stderr.write(f"not found: {mutant}\n")
    sys.stdout.write(f"{json.dumps(found)}\n")
    return 0


def _child(name: str, mutant: Mutant | None, folder: str, seconds: float) -> tuple[int, float]:
    """Run an area's tests in a child in which a change is made; return its status, 0 when they all pass, and its processor time."""
    child = os.fork()
    if not child:
        code = 3
        try:
            code = _tested(name, mutant, folder, int(seconds))
        finally:
            os._exit(code)
    end = time.monotonic() + 10 * seconds
    while True:
        pid, status, used = os.wait4(child, os.WNOHANG)
        if pid:
            return status, used.ru_utime + used.ru_stime
        if time.monotonic() > end:
            os.killpg(child, signal.SIGKILL)
        time.sleep(0.02)


def _tested(name: str, mutant: Mutant | None, folder: str, seconds: int) -> int:
    """Run the tests of an area in this process; returns pytest's code."""
    os.setpgid(0, 0)  # a group of its own, which can be ended; the session, and its turn among other work, stays
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
    resource.setrlimit(resource.RLIMIT_DATA, (6 << 30, 6 << 30))
    if mutant is not None:
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        sys.meta_path.insert(0, _Changed(mutant))
    import hypothesis
    import pytest

    hypothesis.settings.register_profile("mutation", deadline=None, derandomize=True, database=None)
    hypothesis.settings.load_profile("mutation")
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # those that are needed are named, and imported already
    options = [word for plugin in PLUGINS for word in ("-p", plugin)]
    options += [
        "-o",
        "addopts=",
        "-p",
        "no:cacheprovider",
        "-x",
        "-q",
        "-k",
        "not postgresql",
        "-W",
        "ignore::pytest.PytestAssertRewriteWarning",
    ]
    tests = [str(ROOT / test) for test in AREAS[name].tests]
    code = int(pytest.main([*options, "--basetemp", f"{folder}/{os.getpid()}", *tests]))
    sys.stdout.flush()
    return code


class _Changed(importlib.abc.MetaPathFinder):
    """Finds one module of ours with a change made in it, whatever is on disk."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant
        self._name = mutant.path.removesuffix(".py").replace("/", ".")

    def find_spec(self, fullname, path, target=None):
        if fullname != self._name:
            return None
        where = str(ROOT / self._mutant.path)
        return importlib.machinery.ModuleSpec(fullname, _Loader(fullname, where, self._mutant), origin=where)


class _Loader(importlib.machinery.SourceFileLoader):
    def __init__(self, fullname: str, path: str, mutant: Mutant) -> None:
        super().__init__(fullname, path)
        self._mutant = mutant

    def get_code(self, fullname):
        return compile(self._mutant.tree(), self.path, "exec", dont_inherit=True)


@check
def mutation(ground):
    """Change the code that must not be wrong, a little and one place at a time: its own tests find at least 85 of 100 such changes."""
    for name in ["steps of a referral"] if ground.short else [name for name in AREAS if name != "steps of a referral"]:
        found = result(name)
        what = f"changes to {name} that its own tests find, drawn from {found.of:,}"
        yield Figure(what, found.tried - len(found.missed), found.tried, LEAST)


if __name__ == "__main__":
    if sys.argv[1:] == ["--host"]:
        raise SystemExit(_host())
    shown = result(sys.argv[1], *map(int, sys.argv[2:]))
    sys.stdout.write(f"{shown.tried - len(shown.missed)} of {shown.tried} found ({shown.of} there are)\n")
