"""What every file must and must not say."""

import ast
import re
import subprocess

import pytest

from tests.house.tree import ROOT, sources


def _files() -> list[str]:
    out = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    return [f for f in out.stdout.split("\n") if f and (ROOT / f).is_file()]


def _public(tree: ast.Module):
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node


@pytest.mark.parametrize("module", list(sources()))
def test_every_public_name_has_a_docstring(module):
    tree = sources()[module]
    nested = {id(n) for f in ast.walk(tree) if isinstance(f, ast.FunctionDef) for n in ast.walk(f) if n is not f}
    bare = [n.name for n in _public(tree) if id(n) not in nested and ast.get_docstring(n) is None]
    assert bare == [] and ast.get_docstring(tree)


@pytest.mark.parametrize("module", list(sources()))
def test_nothing_is_left_unfinished_and_no_except_is_bare(module):
    tree = sources()[module]
    assert [n.lineno for n in ast.walk(tree) if isinstance(n, ast.ExceptHandler) and n.type is None] == []
    raised = [n.exc for n in ast.walk(tree) if isinstance(n, ast.Raise) and n.exc is not None]
    assert [e for e in raised if "NotImplementedError" in ast.unparse(e)] == []


def test_no_committed_file_names_a_package_host_or_a_path_of_a_machine():
    hosts = re.compile(
        "|".join(["pypi" + r"\.org", "files.python" + "hosted", "registry.npm" + "js", "/" + "root/", "/" + "work/"])
    )
    told = []
    for name in _files():
        try:
            text = (ROOT / name).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        told += [f"{name}: {m.group()}" for m in hosts.finditer(text)]
    assert told == []


def test_no_source_opens_a_pickle():
    barred = {"pickle", "cloudpickle", "dill", "shelve", "marshal", "skops"}
    for module, tree in sources().items():
        names = {a.name.split(".")[0] for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
        names |= {n.module.split(".")[0] for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module}
        calls = {ast.unparse(n.func) for n in ast.walk(tree) if isinstance(n, ast.Call)}
        assert names & barred == set(), module
        assert calls & {"eval", "exec", "joblib.load", "np.load", "yaml.load"} <= {"np.load"}, module


def test_every_test_can_fail():
    hollow = []
    for path in (ROOT / "tests").rglob("test_*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test"):
                checks = [
                    n
                    for n in ast.walk(node)
                    if isinstance(n, ast.Assert)
                    or (isinstance(n, ast.Call) and re.search("assert|raises|expect|check|verify", ast.unparse(n.func)))
                ]
                if not checks:
                    hollow.append(f"{path.name}:{node.lineno} {node.name}")
    assert hollow == []


def test_no_test_is_skipped():
    told = re.compile(r"pytest\.(skip|importorskip)|mark\.(skip|skipif|xfail)\b")
    found = [
        str(p.relative_to(ROOT))
        for p in (ROOT / "tests").rglob("*.py")
        if p.name != "test_words.py" and told.search(p.read_text(encoding="utf-8"))
    ]
    assert found == []
