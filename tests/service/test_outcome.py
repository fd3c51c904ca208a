"""What became of a referral: each outcome writes its columns and its entry, a start of work its placement, and everything that it ends."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from matching.errors import BadInput, Conflict, NotFound
from matching.vocabulary import JUSTIFIED_BY_RULE, RefusalReason
from service.use_cases.outcome import Outcome, record_outcome
from service.use_cases.referral_ends import end_by_office
from service.use_cases.rows import records
from service.use_cases.slips import Slip, record_slip
from tests.service.conftest import add
from tests.service.region import DAY

CREATED, LATER = DAY - timedelta(days=10), DAY - timedelta(days=3)


def referred(office, member="M1", post="P2", state="issued", number=None):
    """Put a referral in a state into the record; returns its number."""
    number = number or f"R-{member}-{post}"
    row = {
        "referral_id": number,
        "member_id": member,
        "position_id": post,
        "created_on": CREATED,
        "source": "caseworker",
        "suitability": "ok",
        "state": state,
    }
    add(office, "referrals", [row])
    return number


def row(office, table, **where):
    [found] = records(office.store.read(table, **where))
    return found


def last_entries(office, count):
    rows = office.store.read("journal").tail(count)
    return [
        (e.action, e.object_type, e.object_id, json.loads(e.before), json.loads(e.after), e.reason)
        for e in rows.itertuples()
    ]


def test_each_outcome_writes_whose_it_is_when_and_why_and_one_entry(office):
    office = replace(office, actor="li", role="supervisor")
    cases = [
        ("issued", Outcome("attended"), None, None, None),
        ("issued", Outcome("no_show"), "member", None, DAY),
        ("issued", Outcome("rejected", "SKILL"), "employer", "SKILL", DAY),
        ("issued", Outcome("declined", "CARE", outcome_on=LATER), "member", "CARE", LATER),
        ("issued", Outcome("filled"), "agency", None, DAY),
        ("issued", Outcome("revoked"), "agency", None, DAY),
        ("issued", Outcome("expired", outcome_on=LATER), "agency", None, LATER),
        ("issued", Outcome("no_slip"), "agency", None, DAY),
        ("attended", Outcome("offered", outcome_on=LATER), None, None, None),
        ("offered", Outcome("accepted"), None, None, None),
        ("no_slip", Outcome("attended"), None, None, None),
    ]
    for k, (state, outcome, side, reason, on) in enumerate(cases):
        number = referred(office, post=f"P{1 + k % 5}", state=state, number=f"R{k}")
        before = len(office.store.read("journal"))
        told = record_outcome(office, number, outcome, request_id=f"q{k}")
        found = row(office, "referrals", referral_id=number)
        assert told == found
        assert (found["state"], found["reason_side"], found["reason"], found["outcome_on"]) == (
            outcome.to,
            side,
            reason,
            on,
        ), outcome
        entries = office.store.read("journal").iloc[before:]
        [entry] = entries.itertuples()
        assert (entry.actor, entry.role, entry.action, entry.object_type, entry.object_id) == (
            "li",
            "supervisor",
            f"referral.{outcome.to}",
            "referrals",
            number,
        )
        assert (entry.request_id, entry.reason if reason else None) == (f"q{k}", reason)
        assert json.loads(entry.before) == {"state": state}
        after = json.loads(entry.after)
        assert (after["state"], after.get("outcome_on")) == (outcome.to, on and on.isoformat())
        with office.store.write() as tx:
            tx.update("referrals", {"referral_id": number}, {"state": "closed"})


def test_the_same_outcome_again_changes_nothing_and_a_step_that_is_not_possible_is_refused(office):
    number = referred(office)
    record_outcome(office, number, Outcome("attended"))
    before = len(office.store.read("journal"))
    assert record_outcome(office, number, Outcome("attended"))["state"] == "attended"
    with pytest.raises(Conflict, match="attended cannot become started"):
        record_outcome(office, number, Outcome("started", started_on=DAY))
    with pytest.raises(NotFound, match="no referral 'R9' in the record"):
        record_outcome(office, "R9", Outcome("attended"))
    elsewhere = replace(office, store=office.store.limited_to(("440104",)))
    with pytest.raises(NotFound):
        record_outcome(elsewhere, number, Outcome("offered"))
    assert (
        len(office.store.read("journal")) == before
        and row(office, "referrals", referral_id=number)["state"] == "attended"
    )


def test_a_refusal_is_justified_by_rule_by_a_person_or_not_yet(office):
    free = next(r.value for r in RefusalReason if r.value not in JUSTIFIED_BY_RULE)
    cases = [
        ("CARE", None, "yes"),
        ("CARE", "yes", "yes"),
        ("CARE", "undecided", "yes"),
        (free, None, "undecided"),
        (free, "yes", "yes"),
        (free, "no", "no"),
    ]
    for k, (reason, said, found) in enumerate(cases):
        number = referred(office, post=f"P{1 + k % 5}", number=f"R{k}")
        record_outcome(office, number, Outcome("declined", reason, said))
        assert row(office, "referrals", referral_id=number)["refusal_justified"] == found, (reason, said)
    number = referred(office, post="P8")
    for outcome, message in (
        (Outcome("declined", "CARE", "no"), "reason CARE is justified by rule; expected yes, found no"),
        (Outcome("declined"), "reason: expected one of HEALTH, .* found nothing"),
        (Outcome("declined", "SKILL"), "found SKILL"),
        (Outcome("rejected", "CARE"), "reason: expected one of SKILL, .* found CARE"),
        (Outcome("rejected"), "found nothing"),
    ):
        with pytest.raises(BadInput, match=message):
            record_outcome(office, number, outcome)
    assert row(office, "referrals", referral_id=number)["state"] == "issued"


def test_a_first_day_is_from_the_referral_to_today_and_its_evidence_is_of_a_known_kind(office):
    number = referred(office, state="accepted")
    for started, evidence, message in (
        (None, None, f"started_on: expected a day from {CREATED} to {DAY}, found nothing"),
        (CREATED - timedelta(days=1), None, f"found {CREATED - timedelta(days=1)}"),
        (DAY + timedelta(days=1), None, f"found {DAY + timedelta(days=1)}"),
        (DAY, "hearsay", "evidence: expected one of contract, .* found hearsay"),
    ):
        with pytest.raises(BadInput, match=message):
            record_outcome(office, number, Outcome("started", started_on=started, evidence=evidence))
    assert office.store.read("placements").empty and row(office, "positions", position_id="P2")["openings_left"] == 2
    for k, started in enumerate((CREATED, DAY)):
        number = referred(office, "M1" if k else "M2", "P8", "accepted")
        record_outcome(office, number, Outcome("started", started_on=started))
        assert row(office, "placements", referral_id=number)["started_on"] == started


def test_a_start_nobody_has_proven_makes_the_placement_and_takes_the_opening_and_keeps_no_promise(office):
    number = referred(office, state="accepted")
    record_outcome(office, number, Outcome("started", started_on=LATER, wage=280_000), request_id="q1")
    found = row(office, "placements", referral_id=number)
    wanted = {
        "placement_id": f"L{number}", "member_id": "M1", "position_id": "P2", "kind": "EMPLOYER", "started_on": LATER, "wage": 280_000, "contract_months": 12,
        "evidence": "none", "verified_on": None,
    }  # fmt: skip
    assert {k: found[k] for k in wanted} == wanted
    assert row(office, "positions", position_id="P2")["openings_left"] == 1
    assert row(office, "members", member_id="M1")["employment_state"] == "employed"
    assert row(office, "promises", promise_id="C1")["state"] == "running"
    moved, started = last_entries(office, 2)
    assert moved[:4] == ("referral.started", "referrals", number, {"state": "accepted"})
    assert office.store.read("journal").tail(2)["reason"].isna().all()
    assert started[:4] == ("placement.started", "placements", f"L{number}", {"openings_left": 2})
    assert started[4]["openings_left"] == 1 and started[4]["evidence"] == "none" and "verified_on" not in started[4]
    assert office.store.read("journal").tail(2)["request_id"].tolist() == ["q1", "q1"]


def test_a_proven_start_is_verified_today_and_keeps_the_promise_of_the_household(office):
    number = referred(office, state="accepted")
    record_outcome(office, number, Outcome("started", started_on=LATER, evidence="contract"))
    found = row(office, "placements", referral_id=number)
    assert (found["evidence"], found["verified_on"], found["wage"]) == ("contract", DAY, None)
    kept = row(office, "promises", promise_id="C1")
    assert (kept["state"], kept["met_on"]) == ("met", LATER)


def test_a_post_without_a_term_gives_a_placement_without_one(office):
    with office.store.write() as tx:
        tx.update("positions", {"position_id": "P8"}, {"contract_months": None})
    record_outcome(office, referred(office, post="P8", state="accepted"), Outcome("started", started_on=DAY))
    assert row(office, "placements", member_id="M1")["contract_months"] is None


@pytest.mark.parametrize(("left", "others"), [(2, "issued"), (1, "filled")])
def test_a_start_withdraws_the_member_s_other_referrals_and_when_it_was_the_last_opening_the_post_s(
    office, left, others
):
    with office.store.write() as tx:
        tx.update("positions", {"position_id": "P2"}, {"openings_left": left})
    own = [
        referred(office, "M1", post, state)
        for post, state in (("P3", "issued"), ("P4", "attended"), ("P8", "declined"))
    ]
    theirs = [
        referred(office, member, "P2", state)
        for member, state in (("M2", "issued"), ("M3", "no_show"), ("M4", "draft"))
    ]
    stranger = referred(office, "M2", "P3", "issued")
    record_outcome(office, referred(office, state="accepted"), Outcome("started", started_on=DAY), request_id="q1")
    states = dict(zip(*(office.store.read("referrals")[c] for c in ("referral_id", "state")), strict=True))
    assert [states[n] for n in own] == ["revoked", "revoked", "declined"]
    assert [states[n] for n in theirs] == [others, "no_show", "draft" if others == "issued" else "filled"]
    assert states[stranger] == "issued"
    gone = row(office, "referrals", referral_id=own[1])
    assert (gone["reason"], gone["reason_side"], gone["outcome_on"]) == ("FOUND_OTHER", "agency", DAY)
    if others == "filled":
        full = row(office, "referrals", referral_id=theirs[0])
        assert (full["reason"], full["reason_side"], full["outcome_on"]) == ("FULL", "agency", DAY)
    ended = [e for e in last_entries(office, 4) if e[5] in ("FOUND_OTHER", "FULL")]
    assert [(a, n, b["state"]) for a, _, n, b, _, _ in ended][:2] == [
        ("referral.revoked", own[0], "issued"),
        ("referral.revoked", own[1], "attended"),
    ]
    assert len(ended) == (4 if others == "filled" else 2)


def test_the_office_ends_a_referral_only_where_it_still_stands_as_it_was_read(office):
    number = referred(office)
    read = row(office, "referrals", referral_id=number)
    with office.store.write() as tx:
        tx.update("referrals", {"referral_id": number}, {"state": "attended"})
        end_by_office(tx, office, read, "filled", "FULL", None)
    assert row(office, "referrals", referral_id=number)["state"] == "attended" and office.store.read("journal").empty


def test_who_issued_a_referral_stays_its_caseworker_whoever_records_what_became_of_it(office):
    number = referred(office)
    with office.store.write() as tx:
        tx.update("referrals", {"referral_id": number}, {"caseworker_id": "K-first"})
    record_outcome(office, number, Outcome("attended"))
    assert row(office, "referrals", referral_id=number)["caseworker_id"] == "K-first"


def test_a_proposal_whose_slip_comes_back_is_issued_under_the_name_of_who_took_it(office):
    number = referred(office, state="draft")
    record_slip(office, number, Slip("no_show"))
    assert row(office, "referrals", referral_id=number)["caseworker_id"] == office.actor


def test_the_first_day_told_is_the_first_day_of_the_job_and_of_the_referral(office):
    number = referred(office, state="accepted")
    record_outcome(office, number, Outcome("started", started_on=LATER, evidence="contract"))
    assert row(office, "placements", referral_id=number)["started_on"] == LATER
    assert row(office, "referrals", referral_id=number)["started_on"] == LATER
