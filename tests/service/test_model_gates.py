"""From the record to the gates through the command line: a biased and a worse model are refused, rollback gives back the same bits, and a
running server changes its version without dropping a request."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from models.evaluate import evaluate
from models.registry import Registry
from models.splits import temporal_split
from models.train import fit
from models.trained import Blend, TrainedRanker
from service.cli import app
from tests.house.tree import ROOT
from tests.models import region
from tests.models.region import QUICK

WHEN = "2026-06-10T02:00:00+08:00"


def sides():
    frame = region.frame()
    split = temporal_split(frame)
    return frame.take(split.train).known_on(split.test_from - np.timedelta64(1, "D")), frame.take(split.test)


def prejudiced():
    """Return a ranker trained on a record in which no woman was ever reported to have started."""
    past, _ = sides()
    woman = region.tables()["members"].set_index("member_id")["sex"].reindex(past.member_id).eq("F").to_numpy()
    return fit(replace(past, event=np.where(woman, np.minimum(past.event, 0.0), past.event)), QUICK)


def reversed_order():
    """Return the sound ranker turned upside down."""
    sound = region.trained()
    return TrainedRanker(sound.ranker, Blend(-1.0, 0.0, -0.8), sound.stays, sound.evidence)


def judged(scorer):
    past, test = sides()
    return evaluate(scorer, test, past, region.tables())


@pytest.fixture
def registry(tmp_path):
    return Registry(tmp_path / "models")


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a command in this test's home; the exit code has to be the one expected."""
    monkeypatch.setenv("ONEMONTH_HOME", str(tmp_path))

    def call(*words, code=0):
        answer = CliRunner().invoke(app, list(words))
        assert answer.exit_code == code, answer.output
        return answer.output

    return call


def bits(scorer):
    pairs = region.frame().take(np.arange(500)).pairs
    found = scorer.score(pairs, np.full(500, 14.0))
    return found.p_placed.tobytes(), found.p_stays.tobytes(), found.order.tobytes()


def test_a_prejudiced_and_a_worse_model_are_refused_and_the_sound_one_goes_on_answering(registry, run):
    sound = region.trained()
    registry.save(sound, region.evaluation(), made_by="analyst-1", made_at=WHEN)
    run("models", "promote", "v0001", "--by", "analyst-1")
    before = bits(registry.current_scorer())
    for scorer, gate in ((prejudiced(), "calibration_by_group"), (reversed_order(), "compared_with_v0001")):
        version = registry.save(scorer, judged(scorer), made_by="analyst-2", made_at=WHEN)
        told = run("models", "promote", version, "--by", "analyst-2", code=3)
        assert gate in told and registry.production() == "v0001", told
    assert bits(Registry(registry.folder).current_scorer()) == before == bits(sound)
    run("models", "promote", "v0002", "--by", "analyst-2", "--override", "ordered", code=1)
    run("models", "promote", "v0002", "--by", "analyst-2", "--override", "ordered", "--approved-by", "head-1")
    assert bits(registry.current_scorer()) != before
    assert "v0001 answers" in run("models", "rollback", "--by", "head-1", "--why", "prejudiced")
    assert bits(registry.current_scorer()) == before


def get(url):
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, ""
    except OSError:
        return 0, ""


@pytest.fixture
def server(tmp_path):
    """A server of its own process in this test's home; yields the address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    code = f"from service.cli import main; import sys; sys.argv = ['onemonth', 'serve', '--port', '{port}']; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, env={**os.environ, "ONEMONTH_HOME": str(tmp_path)}
    )
    url = f"http://127.0.0.1:{port}/ready"
    until = time.monotonic() + 120
    while get(url)[0] != 200:
        assert process.poll() is None and time.monotonic() < until, "the server does not come up"
        time.sleep(0.2)
    yield url
    process.send_signal(signal.SIGTERM)
    process.wait(60)


def waits_for(url, version):
    until = time.monotonic() + 120
    while f'"model_version":"{version}"' not in get(url)[1]:
        assert time.monotonic() < until, f"{version} does not answer"
        time.sleep(0.05)
    return True


def test_a_running_server_answers_with_the_new_version_without_restart_or_dropped_request(registry, server):
    registry.save(region.trained(), region.evaluation(), made_by="analyst-1", made_at=WHEN)
    answers, stop = [], threading.Event()

    def keep_asking():
        while not stop.is_set():
            answers.append(get(server))

    asking = [threading.Thread(target=keep_asking) for _ in range(2)]
    for thread in asking:
        thread.start()
    try:
        assert waits_for(server, "baseline")
        registry.promote("v0001", by="head-1", at=WHEN)
        assert waits_for(server, "v0001")
        registry.rollback(by="head-1", at=WHEN)
        assert waits_for(server, "baseline")
    finally:
        stop.set()
        for thread in asking:
            thread.join()
    assert len(answers) > 20 and {status for status, _ in answers} == {200}
    assert any('"model_version":"v0001"' in text for _, text in answers)
