"""The files in ``deploy`` say what this version understands: commands, settings, routes, and parts that fit each other."""

import re
import shlex
import shutil
import subprocess
import tomllib

import kubernetes_validate
import pytest
import typer.main
import yaml

from service.app import ROUTERS
from service.bench_server import ALLOCATOR
from service.cli import app
from service.security.matrix import matrix
from service.settings import PREFIX, Settings
from tests.house.tree import ROOT

UNITS = sorted((ROOT / "deploy" / "systemd").iterdir())
KNOWN = {
    "Unit": {"Description", "Documentation", "Requires", "After"},
    "Install": {"WantedBy", "Also"},
    "Socket": {"ListenStream", "Backlog"},
    "Timer": {"OnCalendar", "Persistent", "Unit"},
    "Service": {"Type", "ExecStart", "WorkingDirectory", "Restart", "RestartSec", "TimeoutStopSec", "TimeoutStartSec", "SuccessExitStatus", "Nice", "ReadWritePaths"},
}  # fmt: skip
SHUT_IN = {
    "User": "onemonth", "NoNewPrivileges": "yes", "CapabilityBoundingSet": "", "ProtectSystem": "strict", "ProtectHome": "yes", "PrivateTmp": "yes",
    "UMask": "0077", "EnvironmentFile": "/etc/onemonth/environment", "StateDirectory": "onemonth",
}  # fmt: skip
KINDS = {
    "Namespace": "v1", "ServiceAccount": "v1", "ConfigMap": "v1", "Secret": "v1", "PersistentVolumeClaim": "v1", "Service": "v1",
    "Deployment": "apps/v1", "PodDisruptionBudget": "policy/v1", "NetworkPolicy": "networking.k8s.io/v1", "CronJob": "batch/v1",
}  # fmt: skip
OPEN = {r.path for router in ROUTERS for r in router.routes if "anyone" in matrix().operations[r.name]}
SETTINGS = {PREFIX + name.upper() for name in Settings.model_fields}
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]


def understood(words):
    """Whether the command line has a command with these options."""
    command, words = typer.main.get_command(app), list(words)
    while hasattr(command, "commands"):
        command = command.commands[words.pop(0)]
    options = {o for p in command.params for o in p.opts}
    return {w for w in words if w.startswith("--")} <= options


def commands_in(text):
    """Yield the words after ``onemonth`` of each command in a shell's or a unit's line."""
    for found in re.findall(r"bin/onemonth ([^'\n]+)", text):
        yield shlex.split(found)


def sections(path):
    found, here = {}, None
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("["):
            here = found.setdefault(line.strip("[]"), [])
        elif line and not line.startswith("#"):
            name, _, value = line.partition("=")
            here.append((name, value))
    return found


@pytest.mark.parametrize("path", UNITS, ids=lambda p: p.name)
def test_a_unit_says_what_systemd_and_the_command_line_understand(path):
    for section, lines in sections(path).items():
        shut_in = {
            n
            for n, _ in lines
            if re.match("Protect|Private|Restrict|NoNew|Capab|SystemCall|State|User|Group|UMask|Environment", n)
        }
        assert {n for n, _ in lines} - KNOWN[section] - shut_in == set()
        for name, value in lines:
            if name in ("Unit", "Also", "Requires"):
                assert (path.parent / value).exists()
    commands = list(commands_in(path.read_text("utf-8")))
    assert all(understood(words) for words in commands)
    if path.suffix == ".service":
        assert commands and SHUT_IN.items() <= dict(sections(path)["Service"]).items()


def test_the_server_is_measured_with_the_allocator_it_is_deployed_with():
    unit = sections(ROOT / "deploy" / "systemd" / "onemonth.service")["Service"]
    image = (ROOT / "Dockerfile").read_text("utf-8")
    for name, value in ALLOCATOR.items():
        assert ("Environment", f"{name}={value}") in unit
        assert re.search(rf"^ENV .*\b{name}={value}\b", image, re.MULTILINE)


def test_systemd_where_it_is_at_hand_finds_no_fault_in_the_units(tmp_path):
    for path in UNITS:
        (tmp_path / path.name).write_text(
            path.read_text("utf-8").replace("/opt/onemonth/.venv/bin/onemonth", "/bin/sh")
        )
    tool, told = shutil.which("systemd-analyze"), ""
    if tool:
        done = subprocess.run(
            [tool, "verify", *map(str, tmp_path.iterdir())], capture_output=True, text=True, check=False
        )
        told = "".join(line for line in done.stderr.splitlines() if str(tmp_path) in line)
    assert told == "" and len(UNITS) == 8


def documents():
    return list(yaml.safe_load_all((ROOT / "deploy" / "kubernetes.yaml").read_text("utf-8")))


@pytest.mark.parametrize("version", ["1.33", "1.37"])
def test_every_object_is_as_the_published_schemas_of_kubernetes_have_it(version):
    for document in documents():
        kubernetes_validate.validate(document, version, strict=True)
    wrong = next(d for d in documents() if d["kind"] == "Deployment")
    wrong["spec"]["template"]["spec"]["containers"][0]["imagePullPolice"] = "Always"
    with pytest.raises(kubernetes_validate.ValidationError, match="imagePullPolice"):
        kubernetes_validate.validate(wrong, version, strict=True)


def pods():
    for d in documents():
        if d["kind"] == "Deployment":
            yield d["metadata"]["name"], d["spec"]["template"]
        if d["kind"] == "CronJob":
            yield d["metadata"]["name"], d["spec"]["jobTemplate"]["spec"]["template"]


def named(kind):
    return {d["metadata"]["name"]: d for d in documents() if d["kind"] == kind}


def test_every_object_is_of_a_known_kind_in_one_namespace():
    for d in documents():
        assert KINDS[d["kind"]] == d["apiVersion"]
        assert d["kind"] == "Namespace" or d["metadata"]["namespace"] == "onemonth"
    names = (
        {PREFIX + "X"} | set(named("ConfigMap")["onemonth"]["data"]) | set(named("Secret")["onemonth"]["stringData"])
    )
    assert names - SETTINGS == {PREFIX + "X"}


@pytest.mark.parametrize(("name", "pod"), [*pods()], ids=lambda p: p if isinstance(p, str) else "")
def test_a_pod_is_shut_in_runs_a_command_and_mounts_what_there_is(name, pod):
    spec = pod["spec"]
    assert spec["securityContext"]["runAsNonRoot"] and spec["serviceAccountName"] in named("ServiceAccount")
    volumes = {v["name"]: v for v in spec["volumes"]}
    claims = {v["persistentVolumeClaim"]["claimName"] for v in volumes.values() if "persistentVolumeClaim" in v}
    assert claims <= set(named("PersistentVolumeClaim"))
    [container] = spec["containers"]
    assert container["image"] == f"onemonth:{VERSION}"
    words = container.get("args") or next(commands_in(container["command"][-1]))
    assert understood(words)
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]},
    }  # fmt: skip
    assert {m["name"] for m in container["volumeMounts"]} == set(volumes) and container["resources"]["limits"]["memory"]
    for source in container["envFrom"]:
        [(kind, ref)] = source.items()
        assert ref["name"] in named({"configMapRef": "ConfigMap", "secretRef": "Secret"}[kind])
    if name != "onemonth":
        assert documents() and named("CronJob")[name]["spec"]["concurrencyPolicy"] == "Forbid"


def test_probes_ask_open_routes_and_selectors_find_the_servers():
    deployment = named("Deployment")["onemonth"]["spec"]
    labels = deployment["template"]["metadata"]["labels"]
    container = deployment["template"]["spec"]["containers"][0]
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert (
            container[probe]["httpGet"]["path"] in OPEN
            and container[probe]["httpGet"]["port"] == container["ports"][0]["name"]
        )
    assert deployment["selector"]["matchLabels"] == labels == named("Service")["onemonth"]["spec"]["selector"]
    assert labels == named("PodDisruptionBudget")["onemonth"]["spec"]["selector"]["matchLabels"]
    assert labels == named("NetworkPolicy")["onemonth"]["spec"]["podSelector"]["matchLabels"]
    wait = int(container["lifecycle"]["preStop"]["exec"]["command"][-1])
    assert deployment["template"]["spec"]["terminationGracePeriodSeconds"] > wait + 30


@pytest.mark.parametrize("name", ["compose.yaml", "deploy/compose.yaml"])
def test_a_compose_file_names_commands_volumes_secrets_and_settings_there_are(name):
    whole = yaml.safe_load((ROOT / name).read_text("utf-8"))
    for service in whole["services"].values():
        assert set(service.get("secrets", ())) <= set(whole.get("secrets", ()))
        assert {v.partition(":")[0] for v in service["volumes"]} <= set(whole["volumes"])
        assert {n for n in service.get("environment", {}) if n.startswith(PREFIX)} <= SETTINGS
        assert all(p.startswith("127.0.0.1:") for p in service.get("ports", ()))
        if "command" in service:
            assert understood(service["command"])
        for words in commands_in(str(service.get("entrypoint", ""))):
            assert understood(words)
        for asked in re.findall(r"127\.0\.0\.1:8000(/\w+)", str(service.get("healthcheck", ""))):
            assert asked in OPEN


def test_the_example_of_an_environment_names_settings_that_can_be_used(monkeypatch):
    lines = (ROOT / "deploy" / "environment.example").read_text("utf-8").splitlines()
    named_there = [line.lstrip("#").partition("=") for line in lines if re.match(r"#?ONEMONTH_\w+=", line)]
    for name, _, value in named_there:
        if value:
            monkeypatch.setenv(name, value)
    assert len(named_there) > 4 and {n for n, _, _ in named_there} <= SETTINGS
    assert Settings().region_code == "440100"
