"""Addresses: sealed in the vault, compared by keyed hash, in clear nowhere else."""

import base64
from datetime import date

import pytest

from service.exchange import import_file
from service.exchange.catalogue import header_names
from service.settings import Settings
from service.storage.vault import Identity, Vault
from service.use_cases.oversight import flags
from service.use_cases.person import export_person
from service.wiring import open_office
from tests.service.conftest import add
from tests.service.exchange.test_import import workbook
from tests.service.records import fill
from tests.service.region import DAY

KEY, NEXT = (base64.b64encode(bytes(range(k, k + 32))).decode() for k in (0, 40))
HERE, ELSEWHERE = "广东省广州市荔湾区沙面大街48号2栋301房", "广州市荔湾区沙面大街50号"
AS_WRITTEN_ELSEWHERE = " 廣州市荔灣區沙面大街４８號 2棟-301房"


def officers(tmp_path, address, name="officers.xlsx"):
    names = header_names("caseworkers")
    columns = ("caseworker_id", "agency_id", "region_scope", "role", "active")
    rows = [[*(names[c][0] for c in columns), "家庭住址"], ["C1", "A1", "440103", "caseworker", "是", address]]
    return workbook(tmp_path / name, 援助员=rows)


def people(tmp_path, address, number="M1"):
    names = header_names("members")
    given = {"member_id": number, "household_id": "H1", "relation": "head", "birth_month": "1984-05", "sex": "F", "education": "junior",
             "willing": "是", "registered_on": "2026-09-20", "region_code": "440103001"}  # fmt: skip
    rows = [[*(names[c][0] for c in given), "住址"], [*given.values(), address]]
    return workbook(tmp_path / "people.xlsx", 成员=rows)


@pytest.fixture
def office(tmp_path, database_url):
    with open_office(Settings(home=tmp_path, database_url=database_url, vault_key=KEY), day=DAY) as office:
        fill(office)
        add(office, "agencies", [{"agency_id": "A1", "name": "示例街道", "kind": "street", "region_code": "440103001"}])
        import_file(office.store, people(tmp_path, HERE), actor="test")
        yield office


def refer_to_welfare(office):
    sent = {
        "referral_id": "R1",
        "member_id": "M1",
        "position_id": "P1",
        "caseworker_id": "C1",
        "created_on": DAY,
        "state": "issued",
    }
    add(office, "referrals", [sent])
    with office.store.write() as tx:
        tx.update("positions", {"position_id": "P1"}, {"declared_on": date(2026, 10, 1)})


def ties(office):
    return [
        (f.object_id, f.member_id, dict(f.reason.facts)) for f in flags(office) if f.reason.code == "ABUSE_RELATIVE"
    ]


def test_an_officer_who_refers_somebody_of_the_same_address_to_a_welfare_post_is_shown_to_the_supervisor(
    office, tmp_path
):
    import_file(office.store, officers(tmp_path, AS_WRITTEN_ELSEWHERE), actor="test")
    assert ties(office) == []
    refer_to_welfare(office)
    assert ties(office) == [("R1", "M1", {"caseworker_id": "C1", "tie": "same_address"})]
    import_file(office.store, officers(tmp_path, ELSEWHERE, "moved.xlsx"), actor="test")
    assert ties(office) == []


def test_the_check_goes_on_under_a_new_key_and_the_address_is_opened_only_where_a_person_s_own_data_is(
    office, tmp_path
):
    import_file(office.store, officers(tmp_path, HERE), actor="test")
    refer_to_welfare(office)
    assert office.store.reseal(Vault.of(NEXT), actor="test") == 2
    assert [tie for *_, tie in ties(office)] == [{"caseworker_id": "C1", "tie": "same_address"}]
    office.store.vault = Vault.of(NEXT)
    assert export_person(office, "M1", "request")["identity"]["address"] == HERE


def test_without_a_key_an_address_is_dropped_by_name_and_nothing_can_be_compared(tmp_path):
    with open_office(Settings(home=tmp_path / "keyless"), day=DAY) as office:
        fill(office)
        [report] = import_file(office.store, people(tmp_path, HERE), actor="test")
        assert report.dropped == ("住址 [address: not kept]",)
        with office.store.reading() as reader:
            assert reader.same_addresses().empty


def test_a_token_tells_nothing_without_the_key_and_differs_from_address_to_address():
    one, other = Vault.of(KEY), Vault.of(NEXT)
    assert one.address_token(HERE) == one.address_token(AS_WRITTEN_ELSEWHERE) != one.address_token(ELSEWHERE)
    assert one.address_token(HERE) != other.address_token(HERE)
    assert HERE not in repr(Identity(address=HERE))


@pytest.mark.parametrize("number", ["440103198405010028", "44010319840501002X", "440103198413450021"])
def test_an_identity_number_is_no_member_number_whether_its_check_digit_fits_or_not(tmp_path, number):
    with open_office(Settings(home=tmp_path / "numbers"), day=DAY) as office:
        fill(office)
        path = people(tmp_path, HERE, number)
        [report] = import_file(office.store, path, actor="test")
        assert (report.added, report.refused) == (0, 1)
        [told] = report.errors.to_dict("records")
        assert "an identity number is not kept as one" in told["expected"] and number not in str(told)
