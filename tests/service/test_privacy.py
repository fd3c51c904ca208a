"""People's data: a copy, a correction, deletion, retention, anonymising, the vault's key, data for training."""

import base64
import os
import re
from dataclasses import replace
from datetime import date, timedelta

import pandas as pd
import pytest

from matching.errors import BadInput, Conflict, NotFound, NotReady
from models.simulation import RegionConfig, simulate_region
from service.exchange.pseudonyms import K, fewest_candidates, pseudonymise
from service.settings import Settings
from service.storage.vault import Identity, Vault
from service.use_cases.person import correct_person, delete_person, export_person
from service.use_cases.rank import rank_member
from service.use_cases.retention import ANONYMOUS, anonymise, retain
from service.use_cases.rows import only
from service.wiring import open_office
from tests.service.conftest import add
from tests.service.records import fill
from tests.service.region import DAY

WHO = Identity("陈大文", "44010319840501002X", "13800138000", "沙面大街48号")


def key():
    return base64.b64encode(os.urandom(32)).decode()


@pytest.fixture
def office(tmp_path, database_url):
    settings = Settings(home=tmp_path, database_url=database_url, vault_key=key())
    with open_office(settings, day=DAY) as office:
        fill(office)
        with office.store.write() as tx:
            office.store.vault.keep(tx, {"M1": WHO, "M2": Identity("陈二", None, None)})
        yield office


def served(office, member="M1", day=DAY, state="closed"):
    referral = {
        "referral_id": f"R-{member}", "member_id": member, "position_id": "P2", "created_on": day, "source": "caseworker", "state": state,
        "suitability": "ok",
    }  # fmt: skip
    placement = {
        "placement_id": f"L-{member}", "referral_id": f"R-{member}", "member_id": member, "position_id": "P2", "kind": "EMPLOYER",
        "started_on": day, "evidence": "contract", "end_reason": "told me about her illness",
    }  # fmt: skip
    contact = {
        "contact_id": f"K-{member}", "household_id": "H1", "member_id": member, "kind": "phone", "contacted_on": day, "result": "reached",
        "note": "private",
    }  # fmt: skip
    add(office, "referrals", [referral])
    add(office, "placements", [placement])
    add(office, "contacts", [contact])


def row(office, table, **where):
    return only(office.store.read(table, **where))


def test_a_copy_holds_every_row_about_the_person_and_who_they_are(office):
    served(office)
    rank_member(office, "M1")
    found = export_person(office, "M1", "asked at the counter")
    told = {"name": "陈大文", "identity_number": "44010319840501002X", "phone": "13800138000"}
    assert found["identity"] == {**told, "address": "沙面大街48号"}
    assert {"members", "households", "referrals", "placements", "contacts", "assessments", "suggestions"} <= set(
        found["tables"]
    )
    assert {r["member_id"] for name in ("members", "referrals") for r in found["tables"][name]} == {"M1"}
    assert [e["action"] for e in found["journal"]] == ["member.ranking_shown"]
    assert {"person.exported", "identity.read"} <= set(office.store.read("journal")["action"])


def test_a_correction_is_checked_kept_and_journalled_without_restricted_values(office):
    after = correct_person(office, "M1", {"night_ok": "true", "disability_level": "2"}, "told by phone")
    assert (after["night_ok"], after["disability_level"]) == (True, 2)
    entry = office.store.read("journal").iloc[-1]
    assert entry["action"] == "person.corrected" and '"night_ok": true' in entry["after"]
    assert '"disability_level": "(restricted)"' in entry["after"]
    for bad in ({"member_id": "M9"}, {"no_such": 1}, {"education": "phd"}, {}):
        with pytest.raises(BadInput):
            correct_person(office, "M1", bad, "why")
    with pytest.raises(NotFound):
        correct_person(office, "M9", {"night_ok": "true"}, "why")


def test_deleting_somebody_without_a_ledger_leaves_no_row(office):
    delete_person(office, "M3", "asked in writing")
    assert (
        office.store.read("members", member_id="M3").empty and office.store.read("households", household_id="H2").empty
    )
    assert office.store.read("promises", household_id="H2").empty


def test_deleting_somebody_served_lately_keeps_the_ledger_and_nothing_else(office):
    served(office)
    rank_member(office, "M1")
    done = delete_person(office, "M1", "asked in writing")
    assert done.kept_until == date(2028, 11, 2)
    left = row(office, "members", member_id="M1")
    assert (left["sex"], left["birth_month"], left["categories"], left["longitude"], left["willing"]) == (
        "unknown",
        None,
        "",
        None,
        False,
    )
    assert len(office.store.read("referrals", member_id="M1")) == 1
    assert row(office, "contacts", member_id="M1")["note"] is None
    assert (
        office.store.read("suggestions", member_id="M1").empty
        and office.store.read("assessments", member_id="M1").empty
    )
    assert office.store.identity("M1", actor="a", role="r", reason="x") is None
    old = replace(office, today=lambda: date(2029, 1, 1))
    assert delete_person(old, "M1", "again").kept_until is None
    assert office.store.read("members", member_id="M1").empty


def test_deleting_waits_for_what_was_begun(office):
    served(office, state="issued")
    with pytest.raises(Conflict, match="open referrals"):
        delete_person(office, "M1", "asked")
    assert office.store.identity("M1", actor="a", role="r", reason="x") == WHO


def test_another_region_can_do_none_of_it(office):
    other = replace(office, actor="zhou", regions=("440183",), store=office.store.limited_to(("440183",)))
    for act in (lambda: export_person(other, "M1", "x"), lambda: delete_person(other, "M1", "x"), lambda: correct_person(other, "M1", {"willing": "true"}, "x"),
                lambda: other.store.identity("M1", actor="a", role="r", reason="x")):  # fmt: skip
        with pytest.raises(NotFound):
            act()


def test_lists_nobody_acted_on_go_after_180_days_and_leave_their_counts(office):
    rank_member(office, "M1")
    shown = len(office.store.read("suggestions"))
    assert shown and retain(replace(office, today=lambda: DAY + timedelta(days=180))).suggestions == 0
    assert retain(replace(office, today=lambda: DAY + timedelta(days=181))).suggestions == shown
    assert office.store.read("suggestions").empty
    assert f'"2026-11": {shown}' in office.store.read("journal")["after"].iloc[-1]


def test_sensitive_facts_go_six_months_after_the_file_closed_and_others_stay(office):
    with office.store.write() as tx:
        tx.update("members", {"member_id": "M4"}, {"categories": "older;released", "disability_level": 2})
        tx.update("households", {"household_id": "H3"}, {"dibao_status": "receiving", "hardship_level": 2, "status": "closed",
                                                         "closed_on": pd.Timestamp("2026-01-10")})  # fmt: skip
    assert retain(replace(office, today=lambda: date(2026, 7, 10))).sensitive == 0
    assert retain(replace(office, today=lambda: date(2026, 7, 11))).sensitive == 2
    after = row(office, "members", member_id="M4")
    assert (
        after["categories"],
        after["disability_level"],
        row(office, "households", household_id="H3")["dibao_status"],
    ) == ("older", None, "none")
    assert retain(replace(office, today=lambda: date(2026, 7, 12))).sensitive == 0


def test_a_file_closed_three_years_ago_names_nobody_and_still_counts(office):
    served(office)
    with office.store.write() as tx:
        tx.update("households", {"household_id": "H1"}, {"status": "closed", "closed_on": pd.Timestamp("2026-11-02")})
    later = replace(office, today=lambda: date(2029, 11, 3))
    assert anonymise(replace(office, today=lambda: date(2029, 11, 2))) == 0
    assert (anonymise(later), anonymise(later)) == (1, 0)
    names = ("households", "members", "referrals", "placements", "contacts", "promises")
    rewritten = "".join(
        line for name in names for line in office.store.read(name).to_csv().splitlines(True) if ANONYMOUS in line
    )
    told = r"\b(M[12]|H1|荔湾-001|R-M1|L-M1|K-M1|C1|illness|private|440103001|2026-11-02)\b"
    assert rewritten.count(ANONYMOUS) > 8 and re.findall(told, rewritten) == []
    assert not set(office.store.read("members")["member_id"]) & {"M1", "M2"}
    placements = office.store.read("placements")
    assert placements["started_on"].tolist() == [pd.Timestamp("2026-11-01")]
    assert placements["referral_id"].tolist() == office.store.read("referrals")["referral_id"].tolist()
    with office.store.write() as tx:
        assert tx.sealed(["M1", "M2"]) == {}


def test_a_new_key_opens_every_identity_and_the_old_one_none(office):
    new = Vault.of(key())
    assert (office.store.reseal(new, actor="t"), office.store.reseal(new, actor="t")) == (2, 0)
    with pytest.raises(NotReady, match="sealed under key"):
        office.store.identity("M1", actor="a", role="r", reason="x")
    office.store.vault = new
    assert office.store.identity("M1", actor="a", role="r", reason="x") == WHO
    assert office.store.read("journal")["action"].tolist().count("vault.resealed") == 2


@pytest.fixture(scope="module")
def region():
    return simulate_region(RegionConfig(as_of=DAY, history_days=150), 0).tables


def test_data_for_training_holds_nobody_with_fewer_than_k_alike_and_no_identifier(region):
    made = pseudonymise(region, DAY)
    members = region["members"]
    assert made.smallest >= K and made.people + made.left_out == len(members)
    assert made.people > 0.9 * len(members)
    assert fewest_candidates(made.frames["people"], members, DAY) >= K
    text = "".join(frame.to_csv() for frame in made.frames.values())
    for column in ("member_id", "household_id"):
        assert not any(value in text for value in members[column])
    assert not {"birth_month", "longitude", "functional_limits", "categories", "experience"} & set(
        made.frames["people"]
    )


def test_two_exports_share_no_key(region):
    one, two = (set(pseudonymise(region, DAY).frames["people"]["person"]) for _ in range(2))
    assert one & two == set()


def test_the_search_finds_somebody_who_stands_alone(region):
    made = pseudonymise(region, DAY)
    people = made.frames["people"]
    alone = (
        people[(people["place"] == people["place"].iloc[0])].drop_duplicates(["age_band", "sex", "education"]).head(1)
    )
    thin = pd.concat(
        [
            people[
                ~people.set_index(["age_band", "sex", "education"]).index.isin(
                    alone.set_index(["age_band", "sex", "education"]).index
                )
            ],
            alone,
        ]
    )
    assert fewest_candidates(thin, region["members"], DAY) == 1 < K


def test_too_few_people_give_no_export(region):
    few = {**region, "members": region["members"].head(K - 1)}
    with pytest.raises(BadInput, match="at least 5"):
        pseudonymise(few, DAY)
