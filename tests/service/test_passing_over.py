"""The regulated order at the counter: who waits, and who is not waited for."""

from datetime import timedelta

import pytest

from service.use_cases.refer import refer
from service.use_cases.refusals import NoOpening, PassesOver
from tests.service.conftest import add
from tests.service.region import DAY


@pytest.fixture
def later(office):
    """M6, a carer of a household that moved, stands behind M1 to M4 and can reach P1."""
    with office.store.write() as tx:
        tx.update("members", {"member_id": "M6"}, {"commute_limit_minutes": 90})
        tx.update("households", {"household_id": "H4"}, {"status": "stable"})
    return office


def lock(member_id, position_id=None, kind="hold"):
    return {
        "lock_id": f"L{member_id}{position_id}", "kind": kind, "member_id": member_id, "position_id": position_id,
        "reason_code": "OFFICER", "made_by": "officer", "made_on": DAY,
    }  # fmt: skip


def sent(number, member_id, position_id, days=1, **more):
    return {
        "referral_id": f"R{number}", "member_id": member_id, "position_id": position_id, "state": "issued",
        "created_on": DAY - timedelta(days=days), **more,
    }  # fmt: skip


def welfare(office, number, openings=1):
    post = office.store.read("positions", position_id="P1").assign(
        position_id=number, openings_total=openings, openings_left=openings
    )
    with office.store.write() as tx:
        tx.insert("positions", post)


def test_one_referral_a_household_is_enough_and_the_rest_of_it_is_not_waited_for(later):
    for number in ("W1", "W2", "W3"):
        welfare(later, number)
    add(later, "referrals", [sent(1, "M1", "W1"), sent(2, "M3", "W2")])
    with pytest.raises(PassesOver, match="1 eligible members"):
        refer(later, "M6", "P1")
    add(later, "referrals", [sent(3, "M4", "W3")])
    assert refer(later, "M6", "P1")["state"] == "issued"


def test_a_referral_nobody_heard_of_for_long_holds_neither_the_post_nor_the_household_s_turn(later):
    for number in ("W1", "W2"):
        welfare(later, number)
    add(later, "referrals", [sent(1, "M1", "W1"), sent(2, "M3", "W2"), sent(3, "M4", "P1", days=90)])
    refer(later, "M6", "P1")
    with pytest.raises(NoOpening):
        refer(later, "M2", "P1")


def test_whom_a_person_holds_out_who_may_not_begin_one_and_whose_slots_are_full_are_not_waited_for(later):
    add(later, "locks", [lock("M1"), lock("M2")])
    past = {
        "placement_id": "X1", "member_id": "M3", "kind": "PUBLIC_WELFARE", "started_on": DAY - timedelta(days=900),
        "ended_on": DAY - timedelta(days=300), "evidence": "contract", "verified_on": DAY - timedelta(days=890),
    }  # fmt: skip
    add(later, "placements", [past])
    with pytest.raises(PassesOver, match="1 eligible members"):
        refer(later, "M6", "P1")
    add(later, "referrals", [sent(k, "M4", post) for k, post in enumerate(("P2", "P3", "P8"))])
    assert refer(later, "M6", "P1")["state"] == "issued"


def test_the_night_s_own_proposal_does_not_hide_who_is_passed_over(later):
    add(later, "referrals", [sent(1, "M6", "P1", state="draft", source="night")])
    with pytest.raises(PassesOver):
        refer(later, "M6", "P1")
