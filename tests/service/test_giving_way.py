"""A person's choice comes before what the night only proposed: untouched proposals give way at a full post."""

import pytest

from service.use_cases.morning import morning
from service.use_cases.rank import rank_member, rank_position
from service.use_cases.refer import refer
from service.use_cases.refusals import Ineligible, NoOpening
from tests.service.conftest import add
from tests.service.region import DAY

RUN = {
    "run_id": "RUN1", "kind": "nightly", "state": "done", "as_of": DAY, "started_at": f"{DAY}T02:00:00", "model_version": "baseline",
    "policy_version": "1", "seed": 0, "region_code": "440000", "fingerprint": "x",
}  # fmt: skip


def proposed(number, member_id, position_id, p_placed=0.5):
    return {
        "referral_id": f"N{number}", "member_id": member_id, "position_id": position_id, "state": "draft", "source": "night",
        "created_on": DAY, "run_id": "RUN1", "p_placed": p_placed,
    }  # fmt: skip


@pytest.fixture
def full(office):
    """P2 has two places; the night proposed one to M1, with 4 days left, and one to M3, with 12."""
    with office.store.write() as tx:
        tx.update("positions", {"position_id": "P2"}, {"openings_left": 1, "openings_total": 1})
        tx.insert("runs", [RUN])
    add(office, "referrals", [proposed(1, "M1", "P2"), proposed(2, "M3", "P2")])
    return office


def states(office):
    found = office.store.read("referrals", source="night").set_index("referral_id")
    return found["state"].to_dict(), found["reason"].dropna().to_dict()


def test_a_post_full_of_proposals_is_on_the_list_and_of_the_post_s_members_nobody_is_missing(full):
    assert "P2" in [x.position_id for x in rank_member(full, "M4", limit=20).items]
    assert "M4" in [x.member_id for x in rank_position(full, "P2").items]


def test_the_proposal_to_who_has_most_days_left_gives_way_first_and_only_as_many_as_are_needed(full):
    assert refer(full, "M4", "P2", key="choice")["state"] == "issued"
    assert states(full) == ({"N1": "draft", "N2": "revoked"}, {"N2": "PLACE_TAKEN"})
    entries = full.store.read("journal", request_id="choice").set_index("action")["object_id"].to_dict()
    assert entries["referral.revoked"] == "N2" and "referral.issued" in entries
    refer(full, "M6", "P2")
    assert states(full)[0] == {"N1": "revoked", "N2": "revoked"}
    with pytest.raises(NoOpening):
        refer(full, "M3", "P2")
    assert "P2" not in [x.position_id for x in rank_member(full, "M3", limit=20).items]


def test_the_member_s_own_proposal_is_issued_and_nobody_gives_way_for_it(full):
    assert refer(full, "M3", "P2")["referral_id"] == "N2"
    assert states(full)[0] == {"N1": "draft", "N2": "issued"}


def test_the_morning_tells_whose_proposal_a_person_displaced(full):
    refer(full, "M4", "P2")
    told = {(c.member_id, c.change, c.code) for c in morning(full).changes}
    assert told == {("M1", "added", "NEW_PROPOSAL"), ("M3", "withdrawn", "PLACE_TAKEN")}


def test_a_public_welfare_place_goes_by_the_regulated_order_and_no_proposal_gives_way(office):
    add(office, "referrals", [proposed(1, "M4", "P1")])
    assert "P1" not in [x.position_id for x in rank_member(office, "M1", limit=20).items]
    with pytest.raises((NoOpening, Ineligible)):
        refer(office, "M1", "P1")
    assert states(office)[0] == {"N1": "draft"}
