"""The doctor finds every fault at once and changes nothing; a clock that jumped stops the night."""

import base64
import os
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from matching.errors import NotReady
from service.cli import app
from service.clock import LOCAL
from service.doctor import examine
from service.settings import Settings
from service.storage.engine import writing
from service.storage.migrate import downgrade
from service.storage.schema import accounts, identities, leases, metadata
from service.storage.vault import Identity, Vault
from service.use_cases.clock_check import clock_fault, require_clock
from service.wiring import open_office
from tests.service.records import fill
from tests.service.region import DAY


@pytest.fixture
def installed(tmp_path, monkeypatch, database_url):
    monkeypatch.setenv("ONEMONTH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ONEMONTH_DATABASE_URL", database_url)
    with open_office(Settings(), day=DAY) as office:
        yield fill(office)


def states():
    found = examine()
    return {f.check: f.state for f in found if f.state != "ok"}, " ".join(f.told for f in found)


def entry(store, at):
    """Write an entry as a machine whose clock said ``at`` would have."""
    with writing(store.engine) as connection:
        table = metadata.tables["journal"]
        row = dict.fromkeys((c.name for c in table.columns), "x") | {"seq": 1, "at": at.isoformat()}
        connection.execute(table.insert(), row)


def test_a_sound_installation_has_no_fault(installed):
    with installed.store.write() as tx:
        tx.journal(actor="a", role="r", action="a", object_type="t", object_id="1")
    assert states()[0] == {"key": "note", "accounts": "note", "night": "note"}
    done = CliRunner().invoke(app, ["doctor"])
    assert done.exit_code == 0 and "0 faults" in done.output


def test_wrong_settings_are_named_all_at_once_whatever_kind_they_are(monkeypatch):
    for name, value in (
        ("PORT", "nine"),
        ("VAULT_KEY", "short"),
        ("HOMES", "x"),
        ("CRASH_AT", "read"),
        ("DASK_SCHEDULER", "tcp://10.0.0.7:1"),
    ):
        monkeypatch.setenv(f"ONEMONTH_{name}", value)
    _, told = states()
    for word in ("valid integer", "32 bytes", "ONEMONTH_HOMES is no setting", "test build", "tls://"):
        assert word in told
    assert CliRunner().invoke(app, ["doctor"]).exit_code == 1
    done = CliRunner().invoke(app, ["worklist"])
    assert done.exit_code == 2


def test_many_faults_are_found_at_once(installed, monkeypatch):
    key, other = (base64.b64encode(os.urandom(32)).decode() for _ in range(2))
    vault = Vault.of(key)
    with installed.store.write() as tx:
        tx.execute(identities.insert(), vault.row("M1", Identity(name="x")))
    entry(installed.store, datetime.now(LOCAL) + timedelta(days=3))
    (installed.settings.home / "models").mkdir(parents=True)
    (installed.settings.home / "models" / "history.jsonl").write_text("{}\n")
    monkeypatch.setenv("ONEMONTH_VAULT_KEY", other)
    monkeypatch.setenv("ONEMONTH_HOST", "0.0.0.0")
    with writing(installed.store.engine) as connection:
        connection.execute(leases.insert(), {"name": "nightly", "holder": f"{os.uname().nodename}:1:1:1", "until": 9e9})
    found, told = states()
    assert {n for n, state in found.items() if state == "fault"} == {"key", "journal", "clock", "model", "accounts"}
    assert "free" in told and vault.key_id in told and "make one" in told
    monkeypatch.delenv("ONEMONTH_VAULT_KEY")
    assert states()[0]["key"] == "fault"


def test_a_record_of_an_earlier_or_later_version_or_none_is_told_and_left_alone(installed, tmp_path, monkeypatch):
    downgrade(installed.store.engine, "0003")
    found, told = states()
    assert found == {"database": "fault"} and "behind" in told
    with writing(installed.store.engine) as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    assert "of a later version" in states()[1]
    done = CliRunner().invoke(app, ["worklist"])
    assert done.exit_code == 1 and "of a later version" in done.output
    monkeypatch.setenv("ONEMONTH_DATABASE_URL", f"sqlite:///{tmp_path / 'empty.db'}")
    assert "the record is empty" in states()[1]


def test_a_database_that_does_not_answer_is_one_fault_and_its_password_is_not_told(tmp_path, monkeypatch):
    monkeypatch.setenv("ONEMONTH_HOME", str(tmp_path))
    monkeypatch.setenv("ONEMONTH_DATABASE_URL", "postgresql://office:hidden@127.0.0.1:9/record")
    found, told = states()
    assert found == {"database": "fault"} and "hidden" not in told


def test_a_clock_that_jumped_stops_the_night_until_the_day_is_said(installed):
    now = datetime.now(LOCAL)
    assert clock_fault(installed.store, now) is None
    entry(installed.store, now)
    require_clock(installed.store, now)
    for jump, word in ((timedelta(days=-2), "before the journal"), (timedelta(days=400), "days after")):
        if installed.store.engine.dialect.name == "sqlite":
            with pytest.raises(NotReady, match=word):
                require_clock(installed.store, now + jump)
        else:
            with pytest.raises(NotReady, match="the database's"):
                require_clock(installed.store, now + jump)


def test_the_night_refuses_a_day_the_clock_alone_names_when_it_went_back(installed):
    entry(installed.store, datetime.now(LOCAL) + timedelta(days=3))
    done = CliRunner().invoke(app, ["nightly"])
    assert done.exit_code == 1 and "--as-of" in done.output
    assert installed.store.read("runs").empty


def test_the_doctor_changes_nothing(installed):
    with installed.store.write() as tx:
        tx.execute(
            accounts.insert(),
            {"name": "li", "role": "admin", "regions": "*", "disabled": False, "made_at": 0.0, "made_by": "x"},
        )
    before = installed.store.version()
    assert states()[0] == {"key": "note", "night": "note"}
    assert installed.store.version() == before
