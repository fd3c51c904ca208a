"""A lease is held by a living process here, and by the store's clock from elsewhere: no clock of a machine takes it away."""

import os
import subprocess
import sys
import time
from datetime import datetime

import pytest
import sqlalchemy as sa

from matching.errors import Conflict
from service.batch import Night, office_night, run_night
from service.clock import LOCAL
from service.settings import Settings
from service.storage import Store
from service.storage.engine import PATIENCE, writing
from service.storage.schema import leases
from tests.service.region import DAY

HERE = os.uname().nodename


@pytest.fixture
def store(database_url, tmp_path):
    with Store.open(Settings(home=tmp_path, database_url=database_url)) as opened:
        yield opened


def held_by(store, holder, seconds):
    """Write a lease that another run took and that ends in so many seconds."""
    with writing(store.engine) as connection:
        connection.execute(leases.delete())
        connection.execute(leases.insert(), {"name": "nightly", "holder": holder, "until": time.time() + seconds})


def free(store):
    try:
        with store.lease("nightly", minutes=1):
            return True
    except Conflict:
        return False


def test_another_machine_holds_until_its_time_is_over(store):
    held_by(store, "another:1:77:1", 60)
    assert not free(store)
    held_by(store, "another:1:77:1", -1)
    assert free(store)


def test_a_living_process_holds_though_the_clock_has_jumped_past_its_time(store):
    with store.lease("nightly", minutes=1):
        with writing(store.engine) as connection:
            connection.execute(leases.update().values(until=time.time() - 86_400))
        assert not free(store)
    assert free(store)


def test_a_process_that_died_holds_nothing_though_its_number_was_given_again(store):
    held_by(store, f"{HERE}:{os.getpid()}:1:1", 1_800)
    assert free(store)
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    held_by(store, f"{HERE}:{gone.pid}:1:1", 1_800)
    assert free(store)


def test_a_run_that_was_overtaken_writes_nothing_more(store):
    with pytest.raises(Conflict, match="taken over"), store.lease("nightly", minutes=1) as write:
        with write() as tx:
            tx.journal(actor="a", role="r", action="held", object_type="t", object_id="1")
        held_by(store, "another:1:77:1", 60)
        with write() as tx:
            tx.journal(actor="a", role="r", action="overtaken", object_type="t", object_id="1")
    assert store.read("journal")["action"].tolist() == ["held"]
    with store.reading() as record:
        assert record.execute(sa.select(leases.c.holder)).scalar_one() == "another:1:77:1"


def test_a_night_on_a_second_machine_waits_for_the_first_and_takes_over_when_its_time_is_over(office_on_either_store):
    office = office_on_either_store
    held_by(office.store, "another:1:77:1", 60)
    before = office.store.version()
    with pytest.raises(Conflict, match="already running as another"):
        office_night(office)
    assert office.store.version() == before, "what the day alone changes waits too"
    held_by(office.store, "another:1:77:1", -1)
    assert office_night(office).written > 0
    assert office.store.read("promises", promise_id="C3")["state"].tolist() == ["breached"]


@pytest.mark.parametrize("step", ["read", "frozen", "planned", "withdrawn", "written"])
def test_a_night_that_slept_and_was_overtaken_at_any_step_leaves_the_record_to_the_other(office, step):
    def overtaken(reached):
        if reached == step:
            held_by(office.store, "another:1:77:1", 60)

    night = Night(office.store, office.scorer(), "440000", DAY, datetime.now(LOCAL), reached=overtaken)
    with pytest.raises(Conflict, match="taken over"):
        run_night(night)
    assert office.store.read("runs", state="done").empty


def test_the_time_is_the_database_s_where_machines_share_it(store):
    with store.lease("nightly", minutes=1), store.reading() as record:
        until = record.execute(sa.select(leases.c.until)).scalar_one()
        clock = (
            "SELECT extract(epoch FROM clock_timestamp())"
            if store.engine.dialect.name == "postgresql"
            else "SELECT unixepoch()"
        )
        left = until - float(record.execute(sa.text(clock)).scalar_one())
    assert 55 < left <= 61


def test_a_run_under_a_lease_waits_longer_for_its_turn_than_a_person_s_request(tmp_path):
    with Store.open(Settings(home=tmp_path, database_url=None)) as store:

        def waits(tx):
            return tx.execute(sa.text("PRAGMA busy_timeout")).scalar_one() / 1000

        with store.lease("nightly", minutes=30) as write, write() as tx:
            assert waits(tx) == 600
            with pytest.raises(sa.exc.OperationalError, match="locked"), writing(store.engine, patience=0):
                pass
        with store.write() as tx:
            assert waits(tx) == PATIENCE
