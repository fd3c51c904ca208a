"""Whose rows a caller sees, table by table, against the rule written a second time over the rows themselves."""

import itertools

import pytest
import sqlalchemy as sa

from service.storage.schema import metadata
from service.storage.scope import about_household, scope
from tests.service.conftest import add
from tests.service.region import DAY

HEADS = [("440103",), ("440104",), ("440183",), ("440103001", "440104"), ("44",)]

KEYS = {
    "members": "member_id", "households": "household_id", "referrals": "referral_id", "placements": "placement_id", "promises": "promise_id",
    "appeals": "appeal_id", "notices": "notice_id", "locks": "lock_id", "contacts": "contact_id", "path_records": "path_record_id",
    "trainings": "training_id", "pairings": "pairing_id",
}  # fmt: skip
"""Tables whose rows are about people → what the journal calls them by."""


@pytest.fixture
def record(office_on_either_store):
    """Rows of two members of different regions in tables of every kind, and an entry of each in the journal."""
    office = office_on_either_store
    add(office, "agencies", [{"agency_id": "A1", "name": "服务站", "region_code": "440103001", "level": "street"}])
    add(office, "caseworkers", [{"caseworker_id": "W1", "agency_id": "A1"}])
    for member, household, post in (("M1", "H1", "P2"), ("M4", "H3", "P4")):
        for name, row in _affairs(member, household, post):
            add(office, name, [row])
    nobody = {
        "lock_id": "X-post",
        "kind": "exclude",
        "position_id": "P9",
        "reason_code": "OTHER",
        "made_by": "li",
        "made_on": DAY,
    }
    add(office, "locks", [nobody])
    with office.store.write() as tx:  # who lives elsewhere than their household is on file is of where they live
        tx.update("members", {"member_id": "M2"}, {"region_code": "440104001"})
    steps = [
        {
            "approval_id": f"A-{code}-{of}",
            "kind": "promise.pause",
            "object_type": kind,
            "object_id": of,
            "region_code": code,
            "payload": "{}",
            "reason": "x",
            "state": "proposed",
            "proposed_by": "li",
            "proposed_at": "2026-11-02T09:00:00+08:00",
        }
        for code, kind, of in (("440103001", "members", "M1"), ("440104001", "promises", "C3"), ("", "models", "v0001"))
    ]
    with office.store.write() as tx:
        tx.execute(metadata.tables["approvals"].insert(), steps)
        for name, key in KEYS.items():
            for number in tx.read(name, [key])[key]:
                _entry(tx, name, number)
        for step in steps:
            _entry(tx, "approvals", step["approval_id"])
        for kind, number in (
            ("identities", "M1"),
            ("identities", "M4"),
            ("accounts", "li"),
            ("positions", "P1"),
            ("runs", "N1"),
            ("members", "M99"),
        ):
            _entry(tx, kind, number)
    return office


def _affairs(member, household, post):
    """Yield a row of every table about people."""
    pair = {"member_id": member, "position_id": post}
    yield (
        "referrals",
        {
            **pair,
            "referral_id": f"R-{member}",
            "created_on": DAY,
            "source": "caseworker",
            "state": "issued",
            "suitability": "ok",
        },
    )
    yield (
        "placements",
        {
            **pair,
            "placement_id": f"L-{member}",
            "referral_id": f"R-{member}",
            "kind": "EMPLOYER",
            "started_on": DAY,
            "evidence": "contract",
        },
    )
    yield (
        "locks",
        {**pair, "lock_id": f"X-{member}", "kind": "exclude", "reason_code": "OTHER", "made_by": "li", "made_on": DAY},
    )
    yield "appeals", {"appeal_id": f"B-{member}", "member_id": member, "about": "data", "filed_on": DAY, "due_on": DAY}
    yield "notices", {"notice_id": f"N-{member}", "member_id": member, "item": "breach", "given_on": DAY}
    yield "path_records", {"path_record_id": f"T-{member}", "member_id": member, "stage": "BASIC", "entered_on": DAY}
    yield "trainings", {"training_id": f"G-{member}", "member_id": member, "kind": "skill", "course": "保洁"}
    yield "pairings", {"pairing_id": f"W-{member}", "caseworker_id": "W1", "household_id": household, "started_on": DAY}
    contact = {"contact_id": f"K-{member}", "household_id": household, "member_id": member}
    yield "contacts", {**contact, "contacted_on": DAY, "kind": "phone", "result": "reached"}


def _entry(tx, kind, number):
    tx.journal(actor="li", role="caseworker", action="seen", object_type=kind, object_id=number)


def places(office):
    """Return member and household → region code, read without any scope."""
    members, households = office.store.read("members"), office.store.read("households")
    return dict(zip(members["member_id"], members["region_code"], strict=True)) | dict(
        zip(households["household_id"], households["region_code"], strict=True)
    )


def inside(row, where, heads):
    """Whether a row is of somebody in these regions: by its household, else by its member; of nobody, it is everybody's."""
    for key in ("household_id", "member_id"):
        if key in row:
            return not isinstance(row[key], str) or where[row[key]].startswith(heads)
    return True


def kept(office, table, condition):
    with office.store.reading() as reader:
        query = sa.select(table) if condition is None else sa.select(table).where(condition)
        return [dict(row) for row in reader.execute(query).mappings()]


def keyed(rows, key):
    return sorted(str(row[key]) for row in rows)


def test_a_table_of_people_is_narrowed_to_those_of_the_regions(record):
    where = places(record)
    for heads, (name, key) in itertools.product(HEADS, KEYS.items()):
        table = metadata.tables[name]
        everybody = kept(record, table, None)
        own = (
            [r for r in everybody if r["region_code"].startswith(heads)]
            if name in ("members", "households")
            else [r for r in everybody if inside(r, where, heads)]
        )
        assert keyed(kept(record, table, scope(table, heads)), key) == keyed(own, key), name


def test_tables_of_no_person_and_callers_without_a_limit_see_everything(record):
    for name in ("positions", "employers", "runs", "regions"):
        assert scope(metadata.tables[name], ("440103",)) is None
    for name in ("members", "journal", "approvals"):
        assert scope(metadata.tables[name], ()) is None


def test_a_head_is_no_pattern(record):
    for name in ("members", "households", "approvals"):
        assert kept(record, metadata.tables[name], scope(metadata.tables[name], ("4%3", "%", "44_1"))) == []


def test_steps_that_wait_for_a_second_person_are_those_of_the_regions(record):
    table = metadata.tables["approvals"]
    assert keyed(kept(record, table, scope(table, ("440103",))), "object_id") == ["M1"]
    assert keyed(kept(record, table, scope(table, ("440103", "440104"))), "object_id") == ["C3", "M1"]


def test_entries_are_of_people_of_the_regions_and_of_what_is_nobody_s(record):
    table, where = metadata.tables["journal"], places(record)
    for heads in HEADS:
        seen = {(e["object_type"], e["object_id"]) for e in kept(record, table, scope(table, heads))}
        assert seen == entries_of(record, heads, where), heads


def entries_of(office, heads, where):
    """Return object type and number of the entries that are of people of these regions, or of nobody."""
    out = {("positions", "P1"), ("runs", "N1")}
    for name, key in KEYS.items():
        for row in kept(office, metadata.tables[name], None):
            own = (
                row["region_code"].startswith(heads) if name in ("members", "households") else inside(row, where, heads)
            )
            out |= {(name, str(row[key]))} if own else set()
    out |= {("identities", m) for m in ("M1", "M4") if where[m].startswith(heads)}
    steps = kept(office, metadata.tables["approvals"], None)
    return out | {("approvals", a["approval_id"]) for a in steps if a["region_code"].startswith(heads)}


def test_entries_about_a_household_are_of_it_its_members_and_their_affairs(record):
    table = metadata.tables["journal"]
    seen = {(e["object_type"], e["object_id"]) for e in kept(record, table, about_household("H1"))}
    assert seen == {
        ("households", "H1"), ("members", "M1"), ("members", "M2"), ("identities", "M1"), ("referrals", "R-M1"), ("placements", "L-M1"), ("locks", "X-M1"),
        ("appeals", "B-M1"), ("notices", "N-M1"), ("path_records", "T-M1"), ("trainings", "G-M1"), ("pairings", "W-M1"), ("contacts", "K-M1"), ("promises", "C1"), ("approvals", "A-440103001-M1"),
    }  # fmt: skip
    assert ("approvals", "A-440104001-C3") in {
        (e["object_type"], e["object_id"]) for e in kept(record, table, about_household("H3"))
    }
