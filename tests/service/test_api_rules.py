"""The promise, the household, the path and the checks over the interface."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from fastapi.testclient import TestClient

from matching.errors import Conflict, PromiseError
from service.app import app_of
from service.use_cases.approval_kinds import KINDS
from service.use_cases.approvals import decide, listed
from service.use_cases.upkeep import keep_up
from tests.service.conftest import add
from tests.service.region import DAY
from tests.service.test_api import move, refer, started


class Desk:
    """The same application asked by another person or on another day."""

    def __init__(self, client, office):
        self.client, self.office = client, office

    def get(self, *args, **more):
        self.client.app.state.office = self.office
        return self.client.get(*args, **more)

    def post(self, *args, **more):
        self.client.app.state.office = self.office
        return self.client.post(*args, **more)

    def on(self, days):
        """Return the desk some days later."""
        return Desk(self.client, replace(self.office, today=lambda: DAY + timedelta(days=days)))


@pytest.fixture
def client(office):
    return Desk(TestClient(app_of(office)), office)


def file(client, household="H1"):
    answer = client.get(f"/api/v1/households/{household}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def ask(client, what, reason, household="H1"):
    answer = client.post(f"/api/v1/households/{household}/promise/{what}", json={"reason": reason})
    assert answer.status_code == 201, answer.text
    return answer.json()["approval_id"]


def approve(client, number, approve=True, actor="S1"):
    """Let a supervisor decide."""
    return decide(replace(client.office, actor=actor, role="supervisor"), KINDS, number, approve=approve, answer="seen")


def kept(office):
    """Let the night write down what the day alone changes."""
    return keep_up(office, office.store.write)


def actions(office):
    return [a for a in office.store.read("journal")["action"] if a != "household.file_shown"]


def test_a_file_shows_clock_path_counters_welfare_offers_entitlements_and_tasks(client):
    found = file(client)
    assert (found["household"]["file_no"], found["state"]["status"]) == ("荔湾-001", "in_service")
    assert [m["member_id"] for m in found["members"]] == ["M1", "M2"]
    first = found["members"][0]
    assert (first["clock"]["days_left"], first["clock"]["days_left_gross"], first["clock"]["due_on"]) == (
        4,
        4,
        "2026-11-06",
    )
    assert first["path"]["next_stage"] == "JOBSEARCH"
    assert {r["facts"]["regime"] for r in first["refusals"]} == {
        "hard_to_employ",
        "unemployment_insurance",
        "dibao",
        "household",
    }
    assert (first["welfare"]["verdict"], first["welfare_place"], first["offers"]["rounds_owed"]) == ("FIRST", 0, 3)
    assert {e["code"] for e in first["entitlements"]} >= {"ENTITLEMENT_TRAINING_SKILL", "ENTITLEMENT_GUIDANCE"}
    assert found["warning"]["facts"] == {"days_left": 4, "threshold_days": 7}
    assert client.get("/api/v1/households/H9").status_code == 404


def test_a_pause_changes_nothing_before_a_second_person_approves(client, office):
    number = ask(client, "pause", "illness")
    assert file(client)["promises"][0]["state"] == "running" and file(client)["approvals"][0]["approval_id"] == number
    with pytest.raises(PromiseError, match="expected two different people, found 'office' and 'office'"):
        approve(client, number, actor="office")
    done = approve(client, number)
    assert (done.state, done.decided_by) == ("approved", "S1")
    assert file(client)["promises"][0]["state"] == "paused"
    with pytest.raises(Conflict):
        approve(client, number)
    later = file(client.on(5))["members"][0]["clock"]
    assert (later["state"], later["days_left"], later["days_left_gross"]) == ("paused", 4, -1)
    assert actions(office) == ["approval.proposed", "approval.approved", "promise.pause"]


def test_a_paused_clock_goes_on_by_a_person_or_by_itself_at_the_limit(client, office):
    approve(client, ask(client, "pause", "illness"))
    row = client.on(3).post("/api/v1/households/H1/promise/resume", json={}).json()
    assert (row["state"], row["paused_days"], row["paused_since"]) == ("running", 3, None)
    approve(client.on(3), ask(client.on(3), "pause", "disaster"))
    kept(replace(office, today=lambda: DAY + timedelta(days=19)))
    [row] = file(client.on(19))["promises"]
    assert (row["state"], row["paused_days"]) == ("running", 18)
    assert file(client.on(19))["members"][0]["clock"]["due_net_on"] == "2026-11-24"


def test_a_request_that_is_refused_leaves_the_clock_alone(client, office):
    assert approve(client, ask(client, "void", "moved"), False).state == "refused"
    assert file(client)["promises"][0]["state"] == "running" and file(client)["approvals"] == []


@pytest.mark.parametrize(
    ("what", "reason", "message"),
    [
        ("pause", "lack_of_posts", "expected one of illness"),
        (
            "pause",
            "unreachable",
            "expected attempts on 3 days in 2 channels since the household was last met, found 0 in 0",
        ),
        ("pause", "in_training", "expected a course that runs, found none"),
        ("void", "no_suitable_post", "expected one of wish_withdrawn"),
        ("reinstate", "appeal", "expected state void for reinstate"),
    ],
)
def test_what_may_not_be_asked_is_refused_and_nothing_is_stored(client, office, what, reason, message):
    answer = client.post(f"/api/v1/households/H1/promise/{what}", json={"reason": reason})
    assert answer.status_code == 422 and message in answer.json()["detail"]
    assert listed(office) == ([], None) and actions(office) == []


def test_three_attempts_on_three_days_in_two_channels_are_ground_for_a_pause(client, office):
    tries = [("phone", 6), ("sms", 4), ("phone", 2)]
    rows = [
        {
            "contact_id": f"K{n}",
            "household_id": "H1",
            "kind": kind,
            "contacted_on": DAY - timedelta(days=n),
            "result": "no_answer",
        }
        for kind, n in tries
    ]
    add(office, "contacts", rows)
    assert ask(client, "pause", "unreachable")
    add(
        office,
        "contacts",
        [{**rows[0], "contact_id": "K9", "contacted_on": DAY - timedelta(days=1), "result": "visited"}],
    )
    answer = client.post("/api/v1/households/H2/promise/pause", json={"reason": "unreachable"})
    assert answer.status_code == 422


def test_a_void_is_told_to_the_household_and_an_appeal_brings_the_clock_back(client, office):
    approve(client, ask(client, "void", "wish_withdrawn"))
    assert file(client)["members"][0]["clock"]["days_left"] is None
    assert "TASK_TELL_VOID" in {t["reason"]["code"] for t in file(client)["tasks"]}
    client.post("/api/v1/members/M1/notices", json={"item": "void", "object_id": "C1"})
    assert "TASK_TELL_VOID" not in {t["reason"]["code"] for t in file(client)["tasks"]}
    filed = client.post("/api/v1/members/M1/appeals", json={"about": "clock", "object_id": "C1"}).json()
    assert filed["due_on"] == "2026-11-16"
    assert client.post(f"/api/v1/appeals/{filed['appeal_id']}/decision", json={"decision": "upheld"}).status_code == 200
    approve(client, ask(client, "reinstate", "appeal"))
    assert file(client)["members"][0]["clock"]["days_left"] == 4
    assert file(client)["promises"][0]["void_reason"] is None


def test_a_broken_promise_keeps_its_day_and_its_cause_is_coded_once(client, office):
    kept(office)
    assert [p["breached_on"] for p in file(client, "H3")["promises"]] == ["2026-10-31"]
    assert "TASK_CODE_BREACH" in {t["reason"]["code"] for t in file(client, "H3")["tasks"]}
    row = client.post("/api/v1/households/H3/promise/cause", json={"cause": "no_suitable_post"}).json()
    assert (row["state"], row["breach_cause"]) == ("breached", "no_suitable_post")
    again = client.post("/api/v1/households/H3/promise/cause", json={"cause": "data"})
    assert again.status_code == 422 and "never rewritten" in again.json()["detail"]


def test_evidence_that_comes_late_corrects_a_breach_and_both_facts_stay(client, office):
    referral = refer(client, "M3", "P2").json()["referral_id"]
    for to in ("attended", "offered", "accepted"):
        move(client, referral, to)
    move(client, referral, "started", started_on=DAY.isoformat())
    assert file(client, "H2")["state"]["employed_unverified"] == 1
    kept(replace(office, today=lambda: date(2026, 11, 20)))
    assert file(client.on(18), "H2")["promises"][0]["state"] == "breached"
    answer = client.on(20).post(f"/api/v1/placements/L{referral}/evidence", json={"evidence": "contract"})
    assert answer.json()["verified_on"] == "2026-11-22"
    [row] = file(client.on(20), "H2")["promises"]
    assert (row["state"], row["met_on"], row["breached_on"]) == ("met", DAY.isoformat(), "2026-11-15")
    assert file(client.on(20), "H2")["state"]["status"] == "one_employed"


def test_a_job_found_alone_keeps_the_promise_and_a_trainee_place_does_not(client, office):
    row = client.post(
        "/api/v1/members/M1/jobs", json={"kind": "TRAINEE", "started_on": "2026-11-01", "evidence": "agreement"}
    ).json()
    assert row["kind"] == "TRAINEE" and file(client)["promises"][0]["state"] == "running"
    own, key = (
        {"kind": "self_employed", "started_on": "2026-11-01", "evidence": "licence"},
        {"Idempotency-Key": "own-shop-1"},
    )
    first = client.post("/api/v1/members/M2/jobs", json=own, headers=key)
    assert client.post("/api/v1/members/M2/jobs", json=own, headers=key).json() == first.json()
    other = client.post("/api/v1/members/M2/jobs", json={**own, "kind": "FLEXIBLE"}, headers=key)
    assert (other.status_code, other.json()["type"]) == (409, "/problems/key-reused")
    assert file(client)["promises"][0]["state"] == "met" and file(client)["state"]["status"] == "one_employed"
    assert (
        client.post("/api/v1/members/M2/jobs", json={"kind": "EMPLOYER", "started_on": "2026-11-03"}).status_code == 422
    )


def test_a_job_lost_within_thirty_days_reopens_the_promise_and_brings_the_household_back(client, office):
    referral, _ = started(client)
    end = {"ended_on": "2026-11-20", "reason": "dismissed"}
    assert client.on(19).post(f"/api/v1/placements/L{referral}/end", json=end).json()["ended_on"] == "2026-11-20"
    old, new = file(client.on(19))["promises"]
    assert (old["state"], new["state"], new["reopens_id"], new["due_on"]) == ("met", "reopened", "C1", "2026-12-21")
    assert file(client.on(19))["state"]["status"] == "in_service"
    assert "M1" in {x["member_id"] for x in client.on(19).get("/api/v1/worklist").json()["items"]}
    assert client.on(20).post(f"/api/v1/placements/L{referral}/end", json=end).status_code == 409


def test_another_member_at_work_keeps_the_promise_when_the_first_loses_the_job(client, office):
    referral, _ = started(client)
    client.post("/api/v1/members/M2/jobs", json={"kind": "FLEXIBLE", "started_on": "2026-11-02", "evidence": "visit"})
    client.on(5).post(f"/api/v1/placements/L{referral}/end", json={"ended_on": "2026-11-06", "reason": "quit"})
    assert [p["state"] for p in file(client.on(6))["promises"]] == ["met"]
    assert file(client.on(6))["state"]["employed_members"] == 1


def job(client, member, started_on, **more):
    """Record a job found alone and return its number."""
    told = {"kind": "EMPLOYER", "started_on": started_on, "evidence": "contract", **more}
    answer = client.post(f"/api/v1/members/{member}/jobs", json=told)
    assert answer.status_code == 201, answer.text
    return answer.json()["placement_id"]


def ended(client, placement, on):
    answer = client.post(f"/api/v1/placements/{placement}/end", json={"ended_on": on, "reason": "quit"})
    assert answer.status_code == 200, answer.text


def clocks_of(client, household="H1"):
    return [(p["state"], p["started_on"]) for p in file(client, household)["promises"]]


@pytest.mark.parametrize("first", ["M1", "M2"])
def test_two_short_jobs_one_after_the_other_reopen_the_promise_whichever_end_is_recorded_first(client, first):
    jobs = {
        "M1": (job(client, "M1", "2026-10-10"), "2026-10-20"),
        "M2": (job(client, "M2", "2026-10-15"), "2026-10-28"),
    }
    for member in (first, "M1" if first == "M2" else "M2"):
        assert clocks_of(client) == [("met", "2026-10-06")]
        ended(client, *jobs[member])
    assert clocks_of(client) == [("met", "2026-10-06"), ("reopened", "2026-10-28")]


def test_a_trainee_place_does_not_stand_in_for_a_lost_job_and_another_job_of_the_member_does(client):
    lost = job(client, "M1", "2026-10-10")
    job(client, "M2", "2026-10-12", kind="TRAINEE")
    more = job(client, "M1", "2026-10-15")
    ended(client, lost, "2026-10-20")
    assert clocks_of(client) == [("met", "2026-10-06")]
    ended(client, more, "2026-10-25")
    assert clocks_of(client) == [("met", "2026-10-06"), ("reopened", "2026-10-25")]


def test_a_short_job_proven_after_it_ended_keeps_the_promise_and_reopens_it(client):
    placement = job(client, "M3", "2026-10-20", evidence="none")
    ended(client, placement, "2026-10-30")
    assert clocks_of(client, "H2") == [("running", "2026-10-14")]
    client.post(f"/api/v1/placements/{placement}/evidence", json={"evidence": "contract"})
    assert clocks_of(client, "H2") == [("met", "2026-10-14"), ("reopened", "2026-10-30")]
    assert "M3" in {x["member_id"] for x in client.get("/api/v1/worklist").json()["items"]}


def test_a_job_found_alone_withdraws_what_the_member_held_and_a_trainee_place_does_not(client, office):
    referral = refer(client, "M3", "P2").json()["referral_id"]

    def state():
        [row] = office.store.read("referrals", referral_id=referral).to_dict("records")
        return row["state"], row["reason"]

    job(client, "M3", "2026-10-31", kind="TRAINEE")
    assert state()[0] == "issued"
    job(client, "M3", "2026-11-01", evidence="none")
    assert state() == ("revoked", "FOUND_OTHER")


def test_a_household_back_without_work_has_its_clock_written_the_same_night_and_only_once(client, office):
    placement = job(client, "M3", "2026-10-15")
    later = replace(office, today=lambda: date(2026, 12, 1))
    with office.store.write() as tx:
        values = {"willing_confirmed_on": date(2026, 11, 20), "flexibility_declared_on": date(2026, 10, 1)}
        tx.update("members", {"member_id": "M3"}, values)
    ended(client.on(28), placement, "2026-11-30")
    with office.store.write() as tx:
        tx.update("households", {"household_id": "H2"}, {"status": "one_employed"})
    assert (kept(later).started, kept(later).started) == (1, 0)
    assert clocks_of(client.on(29), "H2") == [("met", "2026-10-14"), ("running", "2026-11-30")]


def test_a_wish_taken_back_asks_for_the_void_and_a_new_wish_has_a_new_promise(client, office):
    def wish(willing, on):
        with office.store.write() as tx:
            values = {"willing": willing, "willing_confirmed_on": on, "flexibility_declared_on": date(2026, 10, 1)}
            tx.update("members", {"member_id": "M3"}, values)

    wish(False, DAY)
    assert "TASK_VOID_NOBODY" in {t["reason"]["code"] for t in file(client, "H2")["tasks"]}
    approve(client, ask(client, "void", "wish_withdrawn", "H2"))
    assert clocks_of(client, "H2") == [("void", "2026-10-14")]
    wish(True, date(2026, 11, 20))
    kept(replace(office, today=lambda: date(2026, 11, 20)))
    assert clocks_of(client.on(18), "H2") == [("void", "2026-10-14"), ("running", "2026-11-20")]


def declined(client, reason="WAGE", member="M1", post="P2"):
    referral = refer(client, member, post).json()["referral_id"]
    move(client, referral, "declined", reason=reason)
    return referral


def tally(client, regime="dibao"):
    found = client.get("/api/v1/members/M1/refusals").json()
    return next(t for t in found["tallies"] if t["regime"] == regime)


def test_a_refusal_counts_once_judged_by_a_person_and_told_and_an_appeal_takes_it_back(client, office):
    with office.store.write() as tx:
        tx.update("members", {"member_id": "M1"}, {"commute_limit_minutes": 60, "night_ok": True})
    referral = declined(client)
    with office.store.write() as tx:
        tx.update("referrals", {"referral_id": referral}, {"suitability": "ok"})
    assert tally(client)["not_counted"] == {referral: "undecided"}
    assert "TASK_JUDGE_REFUSAL" in {t["reason"]["code"] for t in file(client)["tasks"]}
    client.post(f"/api/v1/referrals/{referral}/judgement", json={"justified": "no"})
    assert tally(client)["not_counted"] == {referral: "not_told"}
    client.post("/api/v1/members/M1/notices", json={"item": "refusal", "object_id": referral})
    found = tally(client)
    assert (found["counted"], found["counted_ids"], found["reached"], found["limit"]) == (1, [referral], False, 3)
    number = client.post("/api/v1/members/M1/appeals", json={"about": "refusal_count", "object_id": referral}).json()[
        "appeal_id"
    ]
    assert tally(client)["not_counted"] == {referral: "appealed"}
    client.post(f"/api/v1/appeals/{number}/decision", json={"decision": "upheld"})
    assert tally(client)["not_counted"] == {referral: "reversed"}
    assert client.post(f"/api/v1/appeals/{number}/decision", json={"decision": "rejected"}).status_code == 409


def test_a_reason_justified_by_rule_cannot_be_judged_otherwise(client):
    referral = declined(client, "CARE")
    assert client.post(f"/api/v1/referrals/{referral}/judgement", json={"justified": "no"}).status_code == 422
    assert client.post("/api/v1/referrals/R9/judgement", json={"justified": "no"}).status_code == 404


def test_the_next_step_names_what_to_assess_and_the_course_that_opens_most_with_its_number(client, office):
    found = client.get("/api/v1/members/M2/next-step").json()
    assert found["training"]["code"] == "PATH_TRAINING_UNLOCKS"
    assert found["training"]["facts"] == {"course": "electrician@5", "openings": 2}
    blank = client.get("/api/v1/members/M4/next-step").json()
    assert blank["assess_first"][0] == {
        "code": "PATH_ASSESS_FIRST",
        "facts": {"dimension": "physical_stamina", "openings": 2},
        "weight": 0.0,
    }
    step = client.post("/api/v1/members/M4/path", json={"to": "ASSESS", "reason": "pulled_forward"})
    assert (step.status_code, step.json()["stage"]) == (201, "ASSESS")
    assert client.get("/api/v1/members/M4/next-step").json()["reason"]["code"] == "PATH_ASSESS_INCOMPLETE"
    assert client.post("/api/v1/members/M4/path", json={"to": "BASIC", "reason": "x"}).status_code == 409
    again = client.post("/api/v1/members/M4/path", json={"to": "ASSESS", "reason": "pulled_forward", "seen": "BASIC"})
    assert (again.status_code, again.json()["path_record_id"]) == (201, step.json()["path_record_id"])
    late = client.post("/api/v1/members/M4/path", json={"to": "SKILL_TRAIN", "reason": "x", "seen": "BASIC"})
    assert (late.status_code, late.json()["type"]) == (412, "/problems/stale")


def test_why_a_member_has_no_posts_is_one_call(client, office):
    with office.store.write() as tx:
        tx.update("members", {"member_id": "M6"}, {"commute_limit_minutes": 2})
    found = client.get("/api/v1/members/M6/why-none").json()
    assert found["eligible"] == 0 and found["considered"] == 8
    assert found["blocked"]["GATE_COMMUTE"] >= found["alone"]["GATE_COMMUTE"] > 0
    assert found["nearest_change"][0]["code"] == "UNBLOCK_COMMUTE"


def test_recognition_is_recorded_and_the_days_that_run_are_told(client, office):
    with office.store.write() as tx:
        tx.update(
            "households", {"household_id": "H2"}, {"status": "discovered", "recognised_on": None, "discovered_on": DAY}
        )
    path = "/api/v1/households/H2/steps"
    assert client.post(path, json={"to": "stable"}).status_code == 409
    assert client.post("/api/v1/households/H1/steps", json={"to": "one_employed"}).status_code == 422
    assert client.post("/api/v1/households/H1/steps", json={"to": "withdrawn", "on": "2026-09-30"}).status_code == 422
    assert client.post(path, json={"to": "applied", "on": "2026-11-01"}).status_code == 422
    assert client.post(path, json={"to": "applied"}).json()["status"] == "applied"
    assert file(client, "H2")["decide_by"] == "2026-11-16"
    client.post(path, json={"to": "refused", "reason": "income"})
    assert file(client, "H2")["review_until"] == "2026-12-02"
    row = client.post(path, json={"to": "recognised", "basis": "review"}).json()
    assert (row["status"], row["recognised_on"], row["recognition_basis"]) == ("recognised", DAY.isoformat(), "review")


def test_flags_name_the_facts_and_shares_say_what_is_missing(client, office):
    add(office, "agencies", [{"agency_id": "G1", "name": "示例街道", "region_code": "440103"}])
    add(office, "caseworkers", [{"caseworker_id": "office", "agency_id": "G1", "declared_relatives": "M1"}])
    referral = refer(client, "M1", "P1").json()["referral_id"]
    [kin] = [f for f in client.get("/api/v1/flags").json()["items"] if f["reason"]["code"] == "ABUSE_RELATIVE"]
    assert (kin["object_id"], kin["reason"]["facts"]) == (
        referral,
        {"caseworker_id": "office", "tie": "declared_relative"},
    )
    assert client.get("/api/v1/flags", params={"region": "440104"}).json()["items"] == []
    with office.store.write() as tx:
        tx.update(
            "employers", {"employer_id": "E2"}, {"required_share": 0.05, "headcount": 100, "hard_to_employ_count": 2}
        )
    [unit] = client.get("/api/v1/employers/shares").json()["required"]
    assert (unit["employer_id"], unit["shortfall"], unit["actual_share"]) == ("E2", 3, 0.02)


def test_a_post_officer_sees_findings_and_decides_with_a_reason(client, office):
    with office.store.write() as tx:
        tx.update("positions", {"position_id": "P2"}, {"title": "超市理货员（限女性）", "review_state": "quarantined"})
    found = client.get("/api/v1/positions/P2/findings").json()["items"]
    assert [(f["code"], f["field"]) for f in found] == [("DISCRIMINATORY_SEX", "title"), ("INCOMPLETE", "duties")]
    release = {"state": "verified", "reason": "wish_dropped"}
    assert client.post("/api/v1/positions/P2/review", json=release).status_code == 409, "the wish is still there"
    with office.store.write() as tx:
        tx.update("positions", {"position_id": "P2"}, {"title": "超市理货员", "duties": "理货、补货"})
    answer = client.post("/api/v1/positions/P2/review", json=release)
    assert answer.json()["review_state"] == "verified" and actions(office)[-1] == "position.verified"


def test_upkeep_writes_down_implied_clocks_once_and_closes_letters_without_a_slip(client, office):
    with office.store.write() as tx:
        tx.update("promises", {"promise_id": "C1"}, {"household_id": "H2"})
        tx.update("members", {"member_id": "M1"}, {"willing_confirmed_on": DAY, "flexibility_declared_on": DAY})
    refer(client, "M3", "P2")
    assert kept(office).started == 1
    assert kept(office).started == 0
    with office.store.write() as tx:
        tx.update("members", {"member_id": "M1"}, {"willing_confirmed_on": DAY + timedelta(days=8)})
    later = replace(office, today=lambda: DAY + timedelta(days=8))
    assert (kept(later).letters, kept(later).letters) == (1, 0)
    assert file(client.on(8))["promises"][0]["due_on"] == "2026-12-02"
    assert office.store.read("referrals")["state"].tolist() == ["no_slip"]


def test_who_stands_before_others_for_a_welfare_post_is_not_passed_over_without_a_second_person(client, office):
    with office.store.write() as tx:
        tx.update("members", {"member_id": "M6"}, {"commute_limit_minutes": 90})
        tx.update("households", {"household_id": "H4"}, {"status": "moved"})
    refused = refer(client, "M6", "P1")
    assert refused.status_code == 409 and "stand before M6 in the order" in refused.json()["detail"]
    asked = {"kind": "welfare.pass_over", "object_id": "M6", "reason": "the others cannot be reached"}
    payload = {"position_id": "P1", "reason": "nobody_reachable"}
    assert client.post("/api/v1/approvals", json={**asked, "payload": {"position_id": "P1"}}).status_code == 422
    number = client.post("/api/v1/approvals", json={**asked, "payload": payload}).json()["approval_id"]
    assert refer(client, "M6", "P1").status_code == 409
    approve(client, number)
    assert refer(client, "M6", "P1").status_code == 201
    assert refer(client, "M1", "P2").status_code == 201
