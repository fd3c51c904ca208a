"""Arrows point down only: service → models.registry, matching; models → matching; matching → itself. What is public is described."""

import ast
import importlib.util
import subprocess
import sys

import pytest

from tests.house.tree import FLOORS, ROOT, imports, sources

CORE_MAY = {
    "matching", "numpy", "pandas", "scipy", "ortools", "abc", "ast", "bisect", "calendar", "collections", "dataclasses", "datetime",
    "decimal", "enum", "fractions", "functools", "hashlib", "heapq", "importlib", "itertools", "json", "math", "operator", "re",
    "string", "textwrap", "tomllib", "types", "typing", "warnings",
}  # fmt: skip


def _top(name: str) -> str:
    return name.split(".")[0]


@pytest.mark.parametrize("module", [m for m in sources() if _top(m) == "matching"])
def test_the_core_knows_no_web_no_database_no_clock_and_no_randomness_of_its_own(module):
    assert {_top(i) for i in imports(module)} - CORE_MAY == set()


@pytest.mark.parametrize("module", [m for m in sources() if _top(m) == "models"])
def test_the_workshop_never_imports_the_shell(module):
    barred = {"service", "fastapi", "sqlalchemy", "uvicorn", "jinja2", "typer"}
    assert {_top(i) for i in imports(module)} & barred == set()


@pytest.mark.parametrize("module", [m for m in sources() if _top(m) == "service" and ".cli" not in m])
def test_the_shell_opens_models_through_the_registry_only(module):
    reached = {i for i in imports(module) if _top(i) == "models"}
    assert {i for i in reached if i != "models" and not i.startswith("models.registry")} == set()


@pytest.mark.parametrize("module", [m for m in sources() if _top(m) in ("models", "service") and m != "service.clock"])
def test_what_time_it_is_is_asked_of_one_clock(module):
    calls = {ast.unparse(n.func) for n in ast.walk(sources()[module]) if isinstance(n, ast.Call)}
    assert calls & {"time.time", "datetime.now", "datetime.today", "datetime.utcnow", "date.today"} == set()


def test_no_module_imports_itself_in_a_circle():
    graph = {m: {i for i in imports(m, only_top=True) if i in sources() and i != m} for m in sources()}
    done: set[str] = set()

    def walk(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " → ".join((*path, module))
        if module not in done:
            for target in sorted(graph[module]):
                if not module.startswith(target + "."):
                    walk(target, (*path, module))
            done.add(module)

    for module in sorted(graph):
        walk(module, ())
    assert done == set(graph)


@pytest.mark.parametrize("module", [m for m in sources() if ".migrations.versions." not in m])
def test_every_name_that_is_not_private_says_in_a_sentence_what_it_is(module):
    named = [
        n for n in ast.walk(sources()[module]) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    ]
    assert [n.name for n in named if not n.name.startswith("_") and not ast.get_docstring(n)] == []


def test_no_file_is_called_models_py_and_the_core_s_namesake_is_not_installed():
    assert [p for floor in FLOORS for p in (ROOT / floor).rglob("models.py")] == []
    spec = importlib.util.find_spec("matching")
    assert spec is not None and spec.origin == str(ROOT / "matching" / "__init__.py")


def test_the_web_app_starts_without_the_training_code():
    code = "import sys, service.app; print(sorted(m for m in sys.modules if m in ('models.train','models.ranker','models.simulation')))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert out.stdout.strip() == "[]"
