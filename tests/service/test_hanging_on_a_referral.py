"""What hangs on a referral: the day and suitability of an offer, the places a start frees, the judgement and the notice that make it count."""

from dataclasses import replace
from datetime import timedelta

import pytest

from matching.errors import BadInput, Conflict, NotFound
from matching.vocabulary import Justified
from service.use_cases.answers import Complaint, Told, answers, appeal, decide_appeal, judge, tell
from service.use_cases.jobs import Job, end_job, record_job, verify_job
from service.use_cases.letters import letter
from service.use_cases.outcome import Outcome, record_outcome
from service.use_cases.refer import refer
from service.use_cases.refusals import Ineligible
from service.use_cases.slips import Slip, record_slip, slips_due
from service.use_cases.upkeep import keep_up
from tests.service.region import DAY
from tests.service.test_outcome import CREATED, referred, row


def on(office, days):
    return replace(office, actor="li", today=lambda: DAY + timedelta(days=days))


def states(office):
    return office.store.read("referrals").set_index("referral_id")["state"].to_dict()


@pytest.fixture
def proposed(office):
    """The night proposed P2 to M1 as suitable, ten days before the small region's day, and nobody has looked at it since."""
    referred(office, state="draft", number="N1")
    with office.store.write() as tx:
        tx.update("referrals", {"referral_id": "N1"}, {"source": "night", "p_placed": 0.4})
    return office


@pytest.mark.parametrize("by_outcome", [False, True])
def test_a_proposal_issued_late_is_an_offer_of_that_day_by_either_door(proposed, by_outcome):
    with proposed.store.write() as tx:
        tx.update("members", {"member_id": "M1"}, {"commute_limit_minutes": None})
    office = on(proposed, 0)
    found = (
        record_outcome(office, "N1", Outcome("issued"), request_id="q1") if by_outcome else refer(office, "M1", "P2")
    )
    assert (found["referral_id"], found["state"], found["created_on"]) == ("N1", "issued", DAY)
    assert (found["caseworker_id"], found["suitability"], found["p_placed"]) == ("li", "unknown", 0.4)
    assert letter(office, "N1").valid_until == DAY + timedelta(days=7)
    assert keep_up(on(office, 7), office.store.write).letters == 0
    assert keep_up(on(office, 8), office.store.write).letters == 1
    if by_outcome:
        assert office.store.read("journal", action="referral.issued")["request_id"].tolist() == ["q1"]


def test_a_proposal_that_may_no_longer_be_made_is_not_issued_by_recording_that_it_was(proposed):
    with proposed.store.write() as tx:
        tx.update("members", {"member_id": "M1"}, {"commute_limit_minutes": 5})
    with pytest.raises(Ineligible):
        record_outcome(proposed, "N1", Outcome("issued"))
    assert states(proposed) == {"N1": "draft"}


def test_a_slip_of_a_proposal_says_who_handed_it_out(proposed):
    found = record_slip(on(proposed, 0), "N1", Slip("no_show"))
    assert (found["state"], found["caseworker_id"], found["created_on"]) == ("no_show", "li", CREATED)


def test_an_outcome_is_of_a_day_that_has_passed_since_the_referral_and_a_judgement_of_a_known_kind(office):
    number = referred(office)
    for day in (CREATED - timedelta(days=1), DAY + timedelta(days=1)):
        with pytest.raises(BadInput, match=f"outcome_on: expected a day from {CREATED} to {DAY}, found {day}"):
            record_outcome(office, number, Outcome("declined", "WAGE", outcome_on=day))
    with pytest.raises(BadInput, match="refusal_justified: expected one of yes, no, undecided, found maybe"):
        record_slip(office, number, Slip("declined", "WAGE", "maybe"))
    assert states(office) == {number: "issued"}


def test_a_late_slip_that_opens_a_letter_again_takes_back_the_day_it_was_closed(office):
    number = referred(office)
    assert keep_up(office, office.store.write).letters == 1 and row(office, "referrals")["outcome_on"] == DAY
    record_outcome(office, number, Outcome("attended"))
    assert row(office, "referrals")["outcome_on"] is None
    assert office.now().pairing.positions.pending[office.now().position_row("P2")] == 1


def test_a_letter_taken_up_and_never_heard_of_again_is_asked_about(office):
    for k, state in enumerate(("attended", "offered", "accepted", "no_slip", "declined", "draft")):
        referred(office, post=f"P{k + 1}", state=state, number=state)
    assert {r["referral_id"] for r in slips_due(office)} == {"attended", "offered", "accepted", "no_slip"}


@pytest.mark.parametrize(("left", "others"), [(2, "issued"), (1, "filled")])
def test_a_job_found_alone_ends_the_member_s_referrals_and_fills_the_post_it_took_the_last_opening_of(
    office, left, others
):
    with office.store.write() as tx:
        tx.update("positions", {"position_id": "P2"}, {"openings_left": left})
    mine, theirs, elsewhere = (
        referred(office, post="P3", state="offered"),
        referred(office, "M3"),
        referred(office, "M3", "P8"),
    )
    record_job(office, "M1", Job("EMPLOYER", DAY, position_id="P2"))
    assert states(office) == {mine: "revoked", theirs: others, elsewhere: "issued"}
    assert row(office, "referrals", referral_id=mine)["reason"] == "FOUND_OTHER"


def test_a_trainee_goes_on_seeking_and_keeps_the_referrals(office):
    held = referred(office, post="P3", state="offered")
    record_outcome(office, referred(office, post="P5", state="accepted"), Outcome("started", started_on=DAY))
    record_job(office, "M2", Job("TRAINEE", DAY))
    assert states(office)[held] == "offered"


def test_evidence_that_comes_after_a_short_job_ended_keeps_no_promise(office):
    number = str(record_job(office, "M1", Job("EMPLOYER", DAY))["placement_id"])
    end_job(on(office, 4), number, DAY + timedelta(days=4), "quit")
    verify_job(on(office, 6), number, "contract")
    promises = office.store.read("promises", household_id="H1").set_index("promise_id")["state"].to_dict()
    assert sorted(promises.values()) == ["met", "reopened"]
    assert row(office, "households", household_id="H1")["status"] == "in_service"


@pytest.fixture
def refused(office):
    """M1 declined P2, a suitable post, for pay; nobody has judged it."""
    record_outcome(office, referred(office), Outcome("declined", "WAGE"))
    return office


def why(office):
    return answers(office, "M1").log[0]["why_not"]


def test_a_judgement_counts_once_it_is_told_and_a_changed_one_once_it_is_told_anew(refused):
    told = Told("refusal", "R-M1-P2")
    with pytest.raises(Conflict, match="refusal R-M1-P2 is not judged yet"):
        tell(refused, "M1", told)
    for first in (Justified.YES, Justified.NO):
        judge(refused, "R-M1-P2", first)
        tell(refused, "M1", told)
    assert why(refused) == ""
    judge(refused, "R-M1-P2", Justified.NO)
    assert why(refused) == ""
    judge(refused, "R-M1-P2", Justified.YES)
    judge(refused, "R-M1-P2", Justified.NO)
    assert why(refused) == "not_told"
    tell(refused, "M1", told)
    assert why(refused) == "" and len(refused.store.read("journal", action="notice.withdrawn")) == 2


def test_an_appeal_against_the_count_stops_it_whether_or_not_it_names_the_refusal_and_names_only_the_member_s_own(
    refused,
):
    judge(refused, "R-M1-P2", Justified.NO)
    tell(refused, "M1", Told("refusal", "R-M1-P2"))
    with pytest.raises(NotFound, match="no referral 'R9'"):
        appeal(refused, "M1", Complaint("refusal_count", "R9"))
    with pytest.raises(BadInput, match="expected a referral of member M2, found R-M1-P2"):
        appeal(refused, "M2", Complaint("suitability", "R-M1-P2"))
    filed = appeal(refused, "M1", Complaint("refusal_count"))
    assert why(refused) == "appealed"
    decide_appeal(refused, str(filed["appeal_id"]), "upheld")
    assert why(refused) == "reversed"
