"""What the sources, the lock and the image show of security at rest: no shell, no pattern of input, nobody talked to but who is named, nothing superfluous."""

import ast
import re
import tomllib

from tests.house.tree import ROOT, imports, sources

BUILT_OF_OUR_OWN_WORDS = {
    "matching.post_review", "service.api.desk", "service.exchange.catalogue", "service.exchange.personal", "service.security.regions",
    "service.settings", "service.web.import_words", "service.web.post_form",
}  # fmt: skip
"""Modules whose regular expressions are put together, each of constants of the program; a new one is looked at before its name is put here."""

NETWORK = {
    "aiohttp", "authlib", "distributed", "ftplib", "http", "httpx", "opentelemetry", "requests", "smtplib", "socket", "urllib", "urllib3",
    "uvicorn", "xmlrpc",
}  # fmt: skip
TALKS = {
    "service.security.provider": "identity provider", "service.tracing": "collector of traces", "service.workers": "Dask scheduler",
    "service.listening": "listens", "service.cli": "listens", "service.cli_demo": "listens", "service.bench_server": "itself, to be measured",
    "service.bench_caseworker": "itself, to be measured",
}  # fmt: skip
"""Modules that open a connection beside the database's, and to whom."""

NO_CONNECTION = {"urllib.parse", "opentelemetry.trace", "opentelemetry.trace.propagation.tracecontext"}

STARTS_A_PROCESS = {"models.registry_golden", "service.bench_server", "service.cli_bench_nightly"}


def calls(tree):
    return [n for n in ast.walk(tree) if isinstance(n, ast.Call)]


def locked(name):
    """Return the packages of a lock, and whether each stands there by one version and at least one hash."""
    entries = re.split(r"\n(?=[A-Za-z0-9])", (ROOT / name).read_text("utf-8").strip())
    return {plain(e): bool(re.match(r"\S+==\S+", e)) and "--hash=sha256:" in e for e in entries}


def plain(requirement):
    return re.match(r"[A-Za-z0-9._-]+", requirement).group().lower().replace("_", "-")


def test_no_source_starts_a_shell_and_who_starts_a_process_is_known():
    started = set()
    for module, tree in sources().items():
        for call in calls(tree):
            name = ast.unparse(call.func)
            assert not re.fullmatch(r"os\.(system|popen|exec\w*|spawn\w*)|subprocess\.get\w+", name), (
                f"{module}: {name}"
            )
            assert not any(k.arg == "shell" for k in call.keywords), f"{module}:{call.lineno}"
            started |= {module} if name.startswith("subprocess.") else set()
    assert started == STARTS_A_PROCESS


def test_every_regular_expression_is_written_in_the_source_or_made_of_its_own_words():
    built = set()
    for module, tree in sources().items():
        for call in calls(tree):
            patterns = [k.value for k in call.keywords if k.arg in ("pattern", "regex")]
            if re.fullmatch(
                r"re\.(compile|search|match|fullmatch|sub|subn|split|findall|finditer)", ast.unparse(call.func)
            ):
                patterns += call.args[:1]
            built |= {module for p in patterns if not isinstance(p, ast.Constant)}
    assert built == BUILT_OF_OUR_OWN_WORDS


def test_nobody_is_talked_to_but_who_is_named():
    reached = {
        m
        for m in sources()
        if {i for i in imports(m) if i.split(".")[0] in NETWORK} - NO_CONNECTION - {"http", "urllib"}
    }
    assert reached == set(TALKS)
    page = (ROOT / "docs" / "security.md").read_text("utf-8")
    assert "identity provider" in page and "collector of traces" in page


def test_every_package_is_locked_by_version_and_hash_and_tools_of_development_stay_out():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    run, develop = locked("requirements.lock"), locked("requirements-dev.lock")
    assert all(run.values()) and all(develop.values())
    wanted = {plain(r) for r in project["dependencies"]}
    tools = {plain(r) for r in project["optional-dependencies"]["dev"]}
    assert wanted <= set(run) and tools <= set(develop) and not tools & set(run)


def test_the_image_takes_in_the_program_and_nothing_else():
    copied = re.findall(r"^COPY (.+) \S+$", (ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    taken = {name for line in copied for name in line.split()}
    assert taken == {"requirements.lock", "pyproject.toml", "Makefile", "scripts", "matching", "models", "service"}
    assert {".git", "tests", "var"} <= set((ROOT / ".dockerignore").read_text("utf-8").split())
