"""The evidence of one household: everything is in it, nothing of others is, and any changed byte is found."""

import hashlib
import io
import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from matching.errors import BadInput, NotFound
from matching.features import FEATURE_NAMES, build
from models.registry import Registry
from service.app import app_of
from service.batch import office_night
from service.cli import app
from service.sealed_pack import check_pack, seal
from service.security.matrix import RESTRICTED
from service.settings import Settings
from service.use_cases.corrections import correct, current, etag
from service.use_cases.evidence import evidence_pack
from service.use_cases.outcome import Outcome, record_outcome
from service.use_cases.rank import rank_member, rank_position
from service.use_cases.refer import refer
from service.wiring import open_office
from tests.service.records import fill
from tests.service.region import DAY


@pytest.fixture(scope="module")
def worked(tmp_path_factory):
    """An office in which household H1 was shown, offered and refused something, and H2 was looked at too."""
    with open_office(Settings(home=tmp_path_factory.mktemp("evidence")), day=DAY) as office:
        fill(office)
        shown = rank_member(office, "M1").items
        made = refer(office, "M1", shown[0].position_id)
        record_outcome(office, str(made["referral_id"]), Outcome("declined", reason="CARE"))
        rank_member(office, "M3")
        rank_position(office, "P2")
        seen = etag(current(office, "households", "H1"))
        correct(office, "households", "H1", {"dibao_status": "receiving"}, seen=seen)
        yield office


@pytest.fixture(scope="module")
def pack(worked):
    return evidence_pack(worked, "H1", "inspection")


def part(pack, name):
    with zipfile.ZipFile(io.BytesIO(pack.content)) as archive:
        return json.loads(archive.read(f"{name}.json"))


def test_what_was_shown_offered_and_decided_is_in_it_with_model_and_inputs_as_they_stood(worked, pack):
    shown = part(pack, "shown")
    listed = worked.store.read("suggestions")
    mine = listed[listed["member_id"].isin(["M1", "M2"])]
    assert {s["suggestion_id"] for s in shown} == set(mine["suggestion_id"]) and len(shown) > 3
    assert all(s["inputs_hold"] and set(s["inputs"]) == set(FEATURE_NAMES) for s in shown)
    assert {s["model_version"] for s in shown} == {"baseline"} == {m["version"] for m in part(pack, "models")}
    assert shown[0]["reasons"] and 0 < shown[0]["p_placed"] < 1
    [offered] = part(pack, "offered")
    assert offered["state"] == "declined" and offered["post"]["title"]
    assert offered["answers"] in set(mine["suggestion_id"])
    actions = [e["action"] for e in part(pack, "decided")]
    assert {"member.ranking_shown", "referral.issued", "referral.declined", "household.corrected"} <= set(actions)
    assert part(pack, "record")["promises"][0]["household_id"] == "H1"


def test_the_inputs_are_those_of_the_day_even_when_the_record_says_something_else_now(worked, pack):
    before = {s["suggestion_id"]: s["inputs"] for s in part(pack, "shown")}
    with worked.store.write() as tx:
        tx.update("members", {"member_id": "M1"}, {"wage_floor": 990000, "commute_limit_minutes": 5})
    after = {s["suggestion_id"]: s["inputs"] for s in part(evidence_pack(worked, "H1", "again"), "shown")}
    assert after == before


def test_a_night_s_own_proposals_are_in_it_with_the_inputs_they_were_scored_from(tmp_path):
    with open_office(Settings(home=tmp_path), day=DAY) as office:
        run_id = office_night(fill(office)).run_id
        made = office.store.read("referrals", run_id=run_id)
        home = office.store.read("members", member_id=str(made["member_id"].iloc[0]))["household_id"].iloc[0]
        pairing = office.now().pairing
        pack = evidence_pack(office, str(home), "inspection")
    shown = {s["suggestion_id"]: s for s in part(pack, "shown")}
    proposals = part(pack, "offered")
    assert proposals and all(o["run"]["run_id"] == run_id for o in proposals)
    for offered in proposals:
        kept = shown[offered["answers"]]
        i, j = (
            np.array([list(c.ids).index(offered[k])])
            for c, k in ((pairing.members, "member_id"), (pairing.positions, "position_id"))
        )
        now = [None if np.isnan(v) else float(v) for v in build(pairing, i, j).features[0]]
        assert kept["inputs_hold"] and kept["inputs"] == dict(zip(FEATURE_NAMES, now, strict=True))
        assert kept["run_id"] == run_id and kept["p_placed"] == offered["p_placed"] and kept["reasons"]


def test_nothing_of_another_household_and_no_restricted_fact_is_in_it(pack):
    text = pack.content.decode("utf-8", "replace")
    assert not any(f'"{other}"' in text for other in ("M3", "M4", "M5", "M6", "H2", "H3", "H4"))
    lists = [e for e in part(pack, "decided") if e["action"] == "position.ranking_shown"]
    assert lists and lists[0]["after"]["others_left_out"] >= 1
    rows = part(pack, "record")
    assert not {f"{t}.{k}" for t, found in rows.items() for row in found for k in row} & RESTRICTED
    corrected = next(e for e in part(pack, "decided") if e["action"] == "household.corrected")
    assert corrected["after"]["dibao_status"] == "(restricted)" and "receiving" not in text


def test_each_building_is_an_entry_with_its_reason_and_the_hash_of_the_file(worked, pack):
    entries = worked.store.read("journal", action="evidence.built")
    assert entries["object_id"].iloc[0] == "H1" and entries["reason"].iloc[0] == "inspection"
    assert json.loads(entries["after"].iloc[0])["sha256"] == hashlib.sha256(pack.content).hexdigest() == pack.sha256
    with pytest.raises(BadInput, match="why"):
        evidence_pack(worked, "H1", "  ")
    with pytest.raises(NotFound):
        evidence_pack(worked, "H99", "inspection")
    there = replace(worked, regions=("440183",), store=worked.store.limited_to(("440183",)))
    with pytest.raises(NotFound):
        evidence_pack(there, "H1", "inspection")


def test_a_pack_as_built_holds_and_says_what_it_is_of(worked, pack):
    found = check_pack(pack.content, worked.registry.keys)
    assert found.faults == ()
    assert (found.manifest["household_id"], found.manifest["reason"]) == ("H1", "inspection")
    assert found.manifest["journal"]["broken_at"] is None and found.manifest["counts"]["offered"] == 1


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_any_changed_byte_is_found(worked, pack, data):
    at = data.draw(st.integers(0, len(pack.content) - 1))
    other = data.draw(st.integers(1, 255))
    changed = bytearray(pack.content)
    changed[at] ^= other
    assert check_pack(bytes(changed), worked.registry.keys).faults != ()


def test_every_byte_of_a_small_pack_is_guarded_and_so_is_its_length(tmp_path):
    keys = Registry(tmp_path / "models").signing()
    small = seal({"a.json": b"[]"}, {"household_id": "H1"}, keys)
    assert check_pack(small, keys).faults == ()
    for at in range(len(small)):
        changed = small[:at] + bytes([small[at] ^ 1]) + small[at + 1 :]
        assert check_pack(changed, keys).faults != (), at
    for other in (small + b"x", small[:-1], b"", b"x" + small):
        assert check_pack(other, keys).faults != ()


def test_a_pack_of_another_office_and_one_signed_anew_are_refused(tmp_path, worked, pack):
    stranger = Registry(tmp_path / "models").signing()
    assert any("signature" in fault for fault in check_pack(pack.content, stranger).faults)
    with zipfile.ZipFile(io.BytesIO(pack.content)) as archive:
        files = {n: archive.read(n) for n in archive.namelist() if not n.startswith("manifest")}
    forged = seal({**files, "offered.json": b"[]"}, {"household_id": "H1"}, stranger)
    assert check_pack(forged, stranger).faults == () and check_pack(forged, worked.registry.keys).faults != ()


def test_the_command_line_builds_a_pack_and_tells_a_changed_one(worked, pack, tmp_path, monkeypatch):
    monkeypatch.setenv("ONEMONTH_HOME", str(worked.settings.home))
    made = CliRunner().invoke(app, ["evidence", "build", "H2", "--reason", "why", "--to", str(tmp_path), "--json"])
    file = json.loads(made.stdout.splitlines()[-1])["file"]
    good = CliRunner().invoke(app, ["evidence", "verify", file, "--json"])
    assert good.exit_code == 0 and json.loads(good.stdout.splitlines()[-1])["holds"]
    bad = tmp_path / "bad.zip"
    bad.write_bytes(pack.content.replace(b"declined", b"accepted"))
    told = CliRunner().invoke(app, ["evidence", "verify", str(bad)])
    assert told.exit_code == 1 and "CHANGED" in told.stdout and "decided.json" in told.stdout
    lone = CliRunner().invoke(app, ["evidence", "verify", file, "--keys", str(tmp_path / "none")])
    assert lone.exit_code == 1 and "checking.pem" in lone.output


def test_the_interface_and_the_page_give_the_same_kind_of_file(worked):
    client = TestClient(app_of(worked))
    by_api = client.post("/api/v1/households/H1/evidence", json={"reason": "inspection"})
    by_page = client.post("/journal/households/H1/evidence", data={"reason": "inspection"})
    for answer in (by_api, by_page):
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
        assert "evidence-H1-" in answer.headers["content-disposition"]
        assert check_pack(answer.content, worked.registry.keys).faults == ()
