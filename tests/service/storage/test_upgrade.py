"""Upgrade and roll back between every two revisions, on both stores, with a row in every table: what both hold is kept."""

import subprocess
import sys

import pytest

from service.settings import Settings
from service.storage import Store
from service.storage.contents import columns_of, contents
from service.storage.engine import make_engine, reading
from service.storage.migrate import downgrade, migrate, revisions
from service.wiring import open_office
from tests.service.records import fill
from tests.service.region import DAY
from tests.service.storage.everything import columns_at, everything

MIGRATE = "import sys; from service.storage.engine import make_engine; from service.storage.migrate import migrate; migrate(make_engine(sys.argv[1]))"


@pytest.fixture
def engine(tmp_path, database_url):
    with open_office(Settings(home=tmp_path, database_url=database_url), day=DAY) as office:
        everything(fill(office))
    engine = make_engine(database_url)
    yield engine
    engine.dispose()


def held(engine, only=None):
    with reading(engine) as connection:
        return contents(connection, only), columns_of(connection)


def test_every_revision_is_reached_from_the_newest_and_left_again_with_its_rows(engine, tmp_path):
    with reading(engine) as connection:
        now, known = revisions(connection)
    assert now == known[-1] and len(known) > 4
    for revision in known[-2::-1]:
        columns = columns_at(tmp_path / f"{revision}.db", revision)
        rows, _ = held(engine, columns)
        downgrade(engine, revision)
        assert held(engine) == (rows, columns), revision
        migrate(engine)
        assert held(engine, columns)[0] == rows, revision
    with reading(engine) as connection:
        assert revisions(connection)[0] == now


def test_three_migrators_at_once_bring_a_full_record_forward_once(engine):
    downgrade(engine, "0001")
    before, columns = held(engine)
    url = engine.url.render_as_string(hide_password=False)
    runs = [subprocess.Popen([sys.executable, "-c", MIGRATE, url]) for _ in range(3)]
    assert [r.wait() for r in runs] == [0, 0, 0]
    assert held(engine, columns)[0] == before and sum(c.rows for c in before.values()) > 50
    with Store(engine) as store:
        assert store.journal_break() is None
