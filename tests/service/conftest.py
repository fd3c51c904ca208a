"""An office with the small region in a store of its own, and a collector of traces."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pandas as pd
import pytest
from fastapi.testclient import TestClient

from matching.tables import TABLES, check
from service.app import app_of


def add(office, table, rows):
    """Write rows as they come through the door, with the defaults of the columns left out."""
    frame = check(TABLES[table], pd.DataFrame(rows)).require()
    with office.store.write() as tx:
        tx.insert(table, frame)


@pytest.fixture
def office(tmp_path, records):
    with records.office(tmp_path) as office:
        yield office


@pytest.fixture(params=["sqlite", "postgresql"])
def office_on_either_store(request, tmp_path, records):
    here = request.param == "sqlite"
    opened = records.office(tmp_path) if here else records.office_on(request.getfixturevalue("postgres"), tmp_path)
    with opened as office:
        yield office


@pytest.fixture
def client(office):
    return TestClient(app_of(office))


@pytest.fixture
def simulated_client(tmp_path, records):
    with records.office(tmp_path / "simulated", "SIM-") as office:
        yield TestClient(app_of(office))


@pytest.fixture
def collector():
    """A collector of traces on this machine: its address, and what it was sent."""
    sent = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self):
            sent.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Collector) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}", sent
        server.shutdown()
