"""The command line: what machines read, what exit codes mean, what a wrong call is told."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from models.registry import Registry
from service.cli import app
from service.cli_bench_online import record
from service.cli_demo import at_work, reopening, write_region
from service.settings import Settings
from service.wiring import open_office
from tests.service.region import DAY

AS_OF = ["--as-of", DAY.isoformat()]


@pytest.fixture
def run(tmp_path, office, monkeypatch):
    """Run a command on the small region's record."""
    monkeypatch.setenv("ONEMONTH_HOME", str(tmp_path))

    def call(*words, code=0):
        answer = CliRunner().invoke(app, list(words))
        assert answer.exit_code == code, answer.output
        return answer

    return call


def last_line(answer):
    return json.loads(answer.stdout.strip().splitlines()[-1])


def test_the_worklist_lists_the_most_urgent_first(run):
    items = last_line(run("worklist", *AS_OF, "--json"))["items"]
    assert [i["days_left"] for i in items] == sorted(i["days_left"] for i in items)
    assert {"member_id", "household_id", "days_left"} <= set(items[0])
    assert all(i["days_left"] <= 5 for i in last_line(run("worklist", "--within", "5", *AS_OF, "--json"))["items"])


def test_a_ranking_says_why_and_who_scored_it(run):
    found = last_line(run("rank", "M1", "--top", "3", *AS_OF, "--json"))
    assert found["model_version"].startswith("baseline") and 0 < len(found["items"]) <= 3
    wanted = {"position_id", "score", "p_placed", "p_stays", "reasons", "problems", "unknowns", "entitlements"}
    assert all(wanted <= set(i) for i in found["items"])
    assert all({"code", "facts", "weight"} <= set(r) for i in found["items"] for r in i["reasons"])
    assert "posts fit" in run("rank", "M1", *AS_OF).stdout


def test_an_explanation_names_the_smallest_change(run):
    found = last_line(run("explain", "M1", "P3", *AS_OF, "--json"))
    assert found["verdict"] == "not_met" and found["reasons"] and found["nearest_change"]
    assert "GATE" in run("explain", "M1", "P3", *AS_OF).stdout


def test_a_night_run_twice_proposes_once(run):
    first = last_line(run("nightly", *AS_OF, "--json"))
    assert {"run_id", "referrals", "unplaced", "changed", "seconds", "objective", "bound"} <= set(first)
    assert first["referrals"] > 0 and first["certificate"] == {
        "feasible": True,
        "violations": [],
        "gap": pytest.approx(0, abs=0.01),
    }
    assert last_line(run("nightly", *AS_OF, "--json"))["referrals"] == 0


def test_a_second_night_at_once_is_told_and_leaves_with_code_3(run, office):
    with office.store.lease("nightly", minutes=5):
        assert "already running" in run("nightly", *AS_OF, code=3).stderr


def test_a_refused_row_is_listed_and_the_exit_code_says_so(run, tmp_path):
    path = tmp_path / "members.csv"
    rows = [("M7", "H1", "1980-13", "2026-10-01"), ("M8", "H1", "1980-12", "2026-10-01")]
    head = ["member_id", "household_id", "birth_month", "registered_on"]
    pd.DataFrame(rows, columns=head).assign(willing="yes", education="junior", region_code="440103001").to_csv(
        path, index=False
    )
    found = last_line(run("import", str(path), "--json", code=1))
    [error] = found["files"][0]["errors"]
    assert (error["row"], error["column"], error["found"]) == (2, "birth_month", "1980-13") and "YYYY-MM" in error[
        "expected"
    ]
    assert found["refused"] == 1 and found["files"][0]["added"] == 1


def test_what_was_exported_imports_unchanged(run, tmp_path):
    files = last_line(run("export", str(tmp_path / "out"), "--json"))["files"]
    again = last_line(run("import", *files, "--json"))
    assert again["refused"] == 0 and sum(f["added"] + f["changed"] for f in again["files"]) == 0
    assert sum(f["unchanged"] for f in again["files"]) > 20


@pytest.mark.parametrize(
    "words, code, told",
    [
        (("rank", "NOBODY"), 1, "no member"),
        (("worklist", "--as-of", "2026-02-30"), 2, "YYYY-MM-DD"),
        (("rank", "M1", "--top", "0"), 2, "top"),
        (("import", "absent.xlsx"), 1, "absent.xlsx"),
        (("models", "promote"), 1, "no version is stored"),
        (("models", "rollback"), 3, "nothing is in production"),
        (("evaluate",), 1, "no version is in production"),
        (("train",), 1, "expected logged referrals"),
        (("nonsense",), 2, "No such command"),
    ],
)  # fmt: skip
def test_a_wrong_call_is_refused_in_one_line(run, words, code, told):
    assert told in " ".join(run(*words, code=code).stderr.replace("│", " ").split())


def test_a_misspelt_setting_stops_the_command_and_is_named():
    environment = {**os.environ, "ONEMONTH_HOMES": "elsewhere"}
    code = "from service.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "worklist"], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 2 and "ONEMONTH_HOME" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.long
def test_the_demonstration_goes_from_office_files_to_a_served_ranking(tmp_path, capsys):
    """The whole of ``onemonth demo`` on half a year of the region."""
    told = []
    expected = write_region(tmp_path / "files", 0, lambda *step: told.append(step), days=240)
    with open_office(Settings(home=tmp_path), day=date(2026, 6, 10)) as office:
        report = at_work(office, tmp_path / "files", expected, 0, lambda *step: told.append(step))
        assert office.scorer().version == report["version"] == Registry(tmp_path / "models").production()
    assert expected and report["missed"] == []
    assert {"random", "first_come", "skill_overlap", "logistic", "model"} <= set(report["evaluation"]["scorers"])
    assert report["night"]["certificate"]["feasible"] and report["night"]["referrals"] > 0
    assert report["member"]["items"][0]["reasons"]
    said = capsys.readouterr().out
    assert all(word in said for word in ("nDCG@10", "calibration", "Brier skill"))
    assert {name for name, _, _ in told} >= {"import rows", "learn", "night: plan"}


def test_the_command_the_demonstration_ends_with_serves_it_on_its_own_day(tmp_path, monkeypatch):
    home = tmp_path / "a folder"
    record(home / "demo", 200, 100, 0)
    monkeypatch.setenv("ONEMONTH_HOME", str(home))
    words = reopening(Settings(), str(Path(sys.executable).parent / "onemonth"))
    assert words.startswith("ONEMONTH_HOME=") and words.endswith(" demo --reopen")
    monkeypatch.delenv("ONEMONTH_HOME")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    asked = {**os.environ, "ONEMONTH_PORT": str(port)}
    server = subprocess.Popen(["sh", "-c", f"exec env {words}"], env=asked, stdout=subprocess.DEVNULL)
    try:
        found = answered(server, f"http://127.0.0.1:{port}/api/v1/worklist?limit=60")
        assert found["items"] and all(abs(i["days_left"]) < 60 for i in found["items"])
    finally:
        server.terminate()
        server.wait(30)


def answered(server, address):
    """Return what is answered at an address as soon as the server is up."""
    until = time.monotonic() + 60
    while server.poll() is None and time.monotonic() < until:
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:
                return json.load(answer)
        except OSError:
            time.sleep(0.2)
    pytest.fail("the server did not come up")


def test_a_demonstration_that_was_never_made_is_not_served(tmp_path, monkeypatch):
    monkeypatch.setenv("ONEMONTH_HOME", str(tmp_path))
    answer = CliRunner().invoke(app, ["demo", "--reopen"])
    assert answer.exit_code == 1 and "onemonth demo" in answer.stderr
