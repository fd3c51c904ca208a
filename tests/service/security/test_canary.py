"""Planted names, identity numbers and phones come out nowhere: not in the record's bytes, not in logs, answers, exports or errors."""

import base64
import os

import pandas as pd
import pytest
from fastapi.testclient import TestClient

from service.app import app_of
from service.exchange import export_folder, import_paths
from service.settings import Settings
from service.storage import EXPORTED
from service.use_cases.refer import refer
from service.wiring import open_office
from tests.service.conftest import fill
from tests.service.region import DAY, tables

NAMES = ["欧阳金丝雀", "司徒探子", "Canary Planted"]
NUMBERS = ["440103198405010024", "440103198002020033", "440103199011110043"]
PHONES = ["13800001111", "13900002222", "18600003333"]
PLANTED = [*NAMES, *NUMBERS, *PHONES]


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
def test_planted_people_come_out_nowhere(tmp_path, files, capfd, sealing):
    key = base64.b64encode(os.urandom(32)).decode() if sealing else None
    with open_office(Settings(home=tmp_path / "home", vault_key=key), day=DAY) as office:
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
    written = {
        str(p): p.read_bytes() for folder in ("home", "out") for p in (tmp_path / folder).rglob("*") if p.is_file()
    }
    captured = capfd.readouterr()
    written["answers"] = "".join(map(str, told)).encode()
    written["output"] = (captured.out + captured.err).encode()
    assert len(written) > 5
    assert {where: p for where, text in written.items() for p in PLANTED if p.encode() in text} == {}
