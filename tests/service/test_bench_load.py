"""The load bench's own arithmetic: what grows is told from what goes up and down."""

import subprocess
import sys

import numpy as np
import pytest

from service.bench_server import Server
from service.cli_bench_load import _trend


def watched(minutes, mib, files):
    return [(60.0 * m, int(a * 2**20), int(f)) for m, a, f in zip(minutes, mib, files, strict=True)]


def test_what_grows_in_the_second_half_has_its_slope_and_files_that_come_and_go_are_told_by_their_least_and_most():
    rng = np.random.default_rng(5)
    minutes = np.linspace(0, 10, 1_200)
    found = _trend(watched(minutes, 300 + 2.0 * minutes, 40 + rng.integers(-6, 7, 1_200)))
    assert found["memory_mib_per_minute"] == pytest.approx(2.0, abs=0.01)
    assert (found["open_files_least"], found["open_files_most"]) == (34, 46)
    steady = _trend(watched(minutes, np.full(1_200, 300), np.full(1_200, 40)))
    assert steady["memory_mib_per_minute"] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(("opens", "more"), [("", 0), ("a = open(0, closefd=False)", 0), ("a = open('/dev/null')", 1)])
def test_a_file_that_stays_open_is_counted_at_rest_and_one_that_is_closed_meanwhile_is_not(monkeypatch, opens, more):
    monkeypatch.setattr("service.bench_server.SETTLES", 1.0)
    code = f"{opens}\nb = open('/dev/null')\nprint(flush=True)\nimport time; time.sleep(0.3)\nb.close()\ninput()"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", code], **pipes) as process:
        process.stdout.readline()
        assert Server(process, 0, 0.0).open_files_at_rest() == 3 + more
        process.communicate(b"\n")


def test_too_few_looks_have_no_trend():
    assert _trend(watched([0, 1, 2], [300, 300, 300], [40, 40, 40])) == {}
