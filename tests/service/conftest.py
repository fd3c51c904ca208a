"""An office with the small region in a store of its own."""

import pytest
from fastapi.testclient import TestClient

from service.app import app_of
from service.settings import Settings
from service.wiring import open_office
from tests.service.region import DAY, tables


def fill(office, prefix=""):
    with office.store.write() as tx:
        for name, frame in tables(prefix).items():
            tx.insert(name, frame)
    return office


@pytest.fixture
def office(tmp_path):
    with open_office(Settings(home=tmp_path, region_code="440000", language="zh"), day=DAY) as office:
        yield fill(office)


@pytest.fixture
def client(office):
    return TestClient(app_of(office))


@pytest.fixture
def simulated_client(tmp_path):
    with open_office(Settings(home=tmp_path / "simulated", region_code="440000", language="zh"), day=DAY) as office:
        yield TestClient(app_of(fill(office, "SIM-")))
