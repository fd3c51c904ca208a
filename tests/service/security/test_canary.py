"""Planted names, identity numbers and phones come out nowhere: not in the record's bytes, logs, answers, exports, errors, figures, traces, models."""

import base64
import json
import os
import subprocess
import sys
import time

import pandas as pd
import pytest
from fastapi.testclient import TestClient

from models.train import train
from service.app import app_of
from service.batch import office_night
from service.exchange import export_folder, import_paths
from service.settings import Settings
from service.storage import EXPORTED
from service.use_cases.refer import refer
from service.wiring import open_office
from tests.house.tree import ROOT
from tests.planted import NAMES, NUMBERS, PHONES, PLANTED, personal_in
from tests.service.records import fill
from tests.service.region import DAY, tables


@pytest.fixture
def files(tmp_path):
    """Members as an office has them: with name, identity number, phone, and a name where none belongs."""
    [path] = export_folder({"members": tables()["members"].head(3)}, tmp_path / "in", fmt="csv", language="zh")
    frame = pd.read_csv(path, dtype=str, encoding="utf-8-sig")
    frame["姓名"], frame["身份证号码"], frame["联系电话"] = NAMES, NUMBERS, PHONES
    bad = frame.copy()
    bad.iloc[0, 0], bad.iloc[1, 0] = NUMBERS[0], PHONES[1]
    frame.to_csv(tmp_path / "in" / "good.csv", index=False, encoding="utf-8-sig")
    bad.to_csv(tmp_path / "in" / "bad.csv", index=False, encoding="utf-8-sig")
    return [tmp_path / "in" / "good.csv", tmp_path / "in" / "bad.csv"]


@pytest.mark.parametrize("sealing", [True, False])
def test_planted_people_come_out_nowhere(tmp_path, files, capfd, sealing, collector, monkeypatch):
    address, sent = collector
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
    key = base64.b64encode(os.urandom(32)).decode() if sealing else None
    with open_office(Settings(home=tmp_path / "home", vault_key=key, traces_url=address), day=DAY) as office:
        fill(office)
        told = [str(r.as_dict()) for r in import_paths(office.store, files, actor="test", table="members")]
        client = TestClient(app_of(office), raise_server_exceptions=False)
        refer(office, "M1", "P2")
        told += [
            client.get(p).text
            for p in ("/worklist", "/members/M1", "/positions/P2", "/api/v1/referrals", "/api/v1/members/M1/ranking")
        ]
        for planted in PLANTED:  # what somebody types into the wrong place is not written down either
            client.get(f"/api/v1/members/{planted}/ranking")
            client.post("/api/v1/referrals", json={"member_id": planted, "position_id": planted})
            client.post("/login", data={"name": planted, "password": planted})
        export_folder(office.store.snapshot(EXPORTED), tmp_path / "out", fmt="csv", language="zh")
        assert len(office.store.read("members")) >= 6
        told.append(client.get("/metrics").text)
        assert "onemonth_http_requests_total" in told[-1]
        trained = train(office.store.snapshot(EXPORTED))
        state, parts = trained.to_state()
        written = {"model": json.dumps(state).encode()} | {
            f"model {n}": p if isinstance(p, bytes) else p.encode() for n, p in parts.items()
        }
        written["pages of a notebook"] = "".join(
            office.store.read(t).to_html() for t in (*EXPORTED, "journal")
        ).encode()
        night = office_night(office, record_to=tmp_path / "out" / "nights")
        assert (tmp_path / "out" / "nights" / f"{night.run_id}.night").exists()
        until = time.monotonic() + 20
        while not any(b"POST /api" in body for _, body in sent) and time.monotonic() < until:
            time.sleep(0.02)
    written["traces"] = b"".join(body for _, body in sent)
    assert b"POST /api/v1/referrals" in written["traces"]
    written |= {
        str(p): p.read_bytes() for folder in ("home", "out") for p in (tmp_path / folder).rglob("*") if p.is_file()
    }
    captured = capfd.readouterr()
    written["answers"] = "".join(map(str, told)).encode()
    written["output"] = (captured.out + captured.err).encode()
    assert len(written) > 5
    assert {where: p for where, text in written.items() for p in PLANTED if p.encode() in text} == {}


def test_what_gives_a_person_away_is_seen_wherever_it_stands_and_other_numbers_are_not():
    for planted in PLANTED:
        assert personal_in(f'{{"event": "x", "value": "{planted}"}}') == personal_in(f"a {planted},\nb") == {planted}
    assert personal_in("44010319840501002X 1380000111 138000011112 0.13800001111 R13800001111 440103198413010024") == {
        "44010319840501002X"
    }


@pytest.mark.parametrize(
    "line", ["print('tel ' + '13800' + '001111')", "logging.getLogger('x').error('id ' + '4401031984' + '05010024')"]
)
def test_a_test_of_this_suite_that_prints_or_logs_a_person_fails(tmp_path, line):
    (tmp_path / "conftest.py").write_text("from tests.conftest import pytest_runtest_makereport\n", "utf-8")
    (tmp_path / "test_it.py").write_text(f"import logging\n\ndef test_it():\n    {line}\n", "utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(tmp_path),
        str(tmp_path),
    ]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 1 and "printed or logged in call" in done.stdout
