"""The sixteen invariants of the domain model, those the record holds; tests/matching/test_invariants.py has those of the core."""

import base64

import pytest
import sqlalchemy as sa

from matching.errors import Conflict
from matching.features import FEATURE_NAMES
from service.settings import Settings
from service.storage.schema import metadata
from service.storage.vault import Identity
from service.use_cases.household import household_file
from service.use_cases.jobs import Job, record_job
from service.use_cases.outcome import Outcome, record_outcome
from service.use_cases.rank import rank_member, rank_position
from service.use_cases.refer import refer
from service.use_cases.refusals import NoOpening
from service.wiring import open_office
from tests.models.region import evaluation, trained
from tests.service.conftest import add
from tests.service.records import fill
from tests.service.region import DAY


def start(office, member, post):
    """Refer a member and record the first day of work."""
    referral = str(refer(office, member, post)["referral_id"])
    for to in ("attended", "offered", "accepted"):
        record_outcome(office, referral, Outcome(to))
    record_outcome(office, referral, Outcome("started", started_on=DAY, evidence="contract"))


def openings(office, post):
    row = office.store.read("positions", position_id=post).iloc[0]
    return int(row["openings_total"]), int(row["openings_left"]), len(office.store.read("placements", position_id=post))


def test_2_openings_left_are_openings_declared_less_placements_and_never_below_none(office):
    start(office, "M3", "P2")
    assert openings(office, "P2") == (2, 1, 1)
    record_job(office, "M1", Job("EMPLOYER", DAY, "contract", position_id="P2"))
    assert openings(office, "P2") == (2, 0, 2)
    with pytest.raises(NoOpening):
        record_job(office, "M2", Job("EMPLOYER", DAY, "contract", position_id="P2"))
    assert openings(office, "P2") == (2, 0, 2)
    assert office.store.read("members", member_id="M2")["employment_state"].tolist() == ["unemployed"]


@pytest.mark.parametrize(
    ("past", "message"),
    [
        ([("2023-01-01", "2024-01-01"), ("2024-02-01", "2025-01-01")], "not_met"),
        ([("2023-01-01", "2024-01-01")], "0 posts of other kinds were offered since the last one ended"),
    ],
)
def test_4_another_welfare_post_needs_term_lifetime_and_offers_of_other_kinds(office, past, message):
    rows = [
        {"placement_id": f"X{k}", "member_id": "M1", "kind": "PUBLIC_WELFARE", "started_on": a, "ended_on": b, "evidence": "contract", "verified_on": a}
        for k, (a, b) in enumerate(past)
    ]  # fmt: skip
    add(office, "placements", rows)
    with pytest.raises(Conflict, match="rules not met: 1" if message == "not_met" else message):
        refer(office, "M1", "P1")
    assert office.store.read("referrals").empty


def test_12_a_start_without_verified_evidence_keeps_no_promise(office):
    record_job(office, "M1", Job("EMPLOYER", DAY))
    assert office.store.read("promises", household_id="H1")["state"].tolist() == ["running"]
    assert household_file(office, "H1").state["status"] == "in_service"


def test_13_every_list_and_every_reading_of_a_file_is_an_entry_and_the_chain_holds(office):
    rank_member(office, "M1", request_id="a-list")
    rank_position(office, "P1", request_id="a-post")
    household_file(office, "H1", request_id="a-file")
    journal = office.store.read("journal")
    assert journal["action"].tolist() == ["member.ranking_shown", "position.ranking_shown", "household.file_shown"]
    assert journal["request_id"].tolist() == ["a-list", "a-post", "a-file"] and office.store.journal_break() is None


def test_15_without_a_promoted_model_the_rule_answers_and_says_so(office):
    assert rank_member(office, "M1").model_version == "baseline"


@pytest.mark.parametrize("spoilt", ["features of another release", "a file that was changed"])
def test_15_where_the_model_in_charge_does_not_fit_the_rule_answers_and_says_so(office, client, monkeypatch, spoilt):
    registry, day = office.registry, "2026-11-02T02:00:00+08:00"
    version = registry.save(trained(), evaluation(), made_by="analyst-1", made_at=day)
    registry.promote(version, by="head-1", at=day)
    if spoilt == "features of another release":
        monkeypatch.setattr("models.registry.FEATURE_NAMES", (*FEATURE_NAMES, "a_feature_to_come"))
    else:
        file = sorted((registry.folder / "versions" / version).iterdir())[0]
        file.chmod(0o644)
        file.write_bytes(file.read_bytes() + b" ")
    assert rank_member(office, "M1").model_version == "baseline"
    assert client.get("/api/v1/members/M1/ranking").json()["model_version"] == "baseline"
    assert client.get("/ready").json()["model_version"] == "baseline"
    monkeypatch.undo()
    assert spoilt == "a file that was changed" or rank_member(office, "M1").model_version == version


def test_16_a_name_a_number_and_a_phone_stand_sealed_in_the_vault_and_nowhere_else(tmp_path):
    secret = Identity("陈某某甲", "11010519491231002X", "13800138000")
    key = base64.b64encode(bytes(range(32))).decode()
    with open_office(Settings(home=tmp_path, vault_key=key), day=DAY) as office:
        fill(office)
        with office.store.write() as tx:
            office.store.vault.keep(tx, {"M1": secret})
        rank_member(office, "M1")
        household_file(office, "H1")
        found = office.store.identity("M1", actor="C1", role="caseworker", reason="letter")
        assert found == secret and secret.name not in repr(secret)
        with office.store.engine.connect() as connection:
            for table in metadata.sorted_tables:
                text = repr(connection.execute(sa.select(table)).all())
                assert not any(part in text for part in ("陈某某甲", "11010519491231002X", "13800138000")), table.name
    with pytest.raises(AssertionError):
        raw = b"".join(p.read_bytes() for p in tmp_path.glob("onemonth.db*"))
        assert b"13800138000" in raw
