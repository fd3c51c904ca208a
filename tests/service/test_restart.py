"""A restart turns nobody away: requests in flight end, callers wait at the port until the next server is there."""

import gc
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request

import pytest

from service.app import create_app
from service.listening import handed_socket
from service.settings import Settings
from service.wiring import open_office
from tests.service.records import fill
from tests.service.region import DAY

SERVE = (
    "import os, sys; os.dup2(int(sys.argv.pop(1)), 3); os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='1')\n"
    "from service.cli import main; main()"
)
"""Starts the server as systemd does: the port is its third file."""


class Callers(threading.Thread):
    """Asks again and again, each time over a new connection, and keeps what it was answered."""

    def __init__(self, address):
        super().__init__()
        self.address, self.answers, self.going = address, [], True

    def run(self):
        while self.going:
            try:
                with urllib.request.urlopen(f"{self.address}/ready", timeout=90) as answer:
                    self.answers.append(answer.status)
            except OSError as error:
                self.answers.append(repr(error))
            time.sleep(0.01)


@pytest.fixture
def port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(128)
        yield listener


@pytest.fixture
def home(tmp_path):
    with open_office(Settings(home=tmp_path), day=DAY) as office:
        fill(office)
    return tmp_path


def start(home, port):
    command = [sys.executable, "-c", SERVE, str(port.fileno()), "serve"]
    environment = os.environ | {"ONEMONTH_HOME": str(home)}
    return subprocess.Popen(command, pass_fds=[port.fileno()], env=environment, stderr=subprocess.PIPE, text=True)


def switch(address, answers):
    body = json.dumps({"on": False}).encode()
    request = urllib.request.Request(
        f"{address}/api/v1/members/M1/machine", body, {"Content-Type": "application/json"}, method="PUT"
    )
    with urllib.request.urlopen(request, timeout=90) as answer:
        answers.append(answer.status)


def test_a_server_told_to_stop_ends_what_is_in_flight_and_the_next_one_answers_who_waited(home, port):
    address, done = f"http://127.0.0.1:{port.getsockname()[1]}", []
    first = start(home, port)
    urllib.request.urlopen(f"{address}/ready", timeout=90).close()
    callers = Callers(address)
    callers.start()
    slow = threading.Thread(target=switch, args=(address, done))
    with sqlite3.connect(home / "onemonth.db", isolation_level=None) as busy:
        busy.execute("BEGIN IMMEDIATE")  # the write that is in flight waits for this one
        slow.start()
        time.sleep(0.7)
        first.send_signal(signal.SIGTERM)
        time.sleep(0.7)
        in_flight = first.poll() is None and done == []
        busy.execute("ROLLBACK")
    busy.close()
    slow.join()
    _, told = first.communicate(timeout=60)
    second = start(home, port)
    try:
        before = len(callers.answers)
        while len(callers.answers) < before + 5:
            time.sleep(0.02)
    finally:
        callers.going = False
        callers.join()
        second.send_signal(signal.SIGTERM)
        second.communicate(timeout=60)
    assert in_flight and done == [200] and set(callers.answers) == {200}
    assert (first.returncode, second.returncode) == (0, 0) or (first.returncode, second.returncode) == (-15, -15)
    assert any('"route": "/api/v1/members/{member_id}/machine"' in line for line in told.splitlines())


def test_without_a_handed_socket_the_server_opens_its_own(monkeypatch):
    monkeypatch.setenv("LISTEN_PID", "1")
    monkeypatch.setenv("LISTEN_FDS", "1")
    assert handed_socket() is None


def test_what_stands_as_long_as_the_server_does_is_not_looked_through_while_somebody_waits(tmp_path):
    before = gc.get_freeze_count()
    app = create_app(Settings(home=tmp_path), day=DAY)
    try:
        assert gc.get_freeze_count() > before + 10_000
    finally:
        gc.unfreeze()
        app.state.office.store.close()
