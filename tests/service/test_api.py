"""The interface other systems and the pages stand on."""

import json

import pytest

from service.errors import MEDIA_TYPE
from tests.service.conftest import add
from tests.service.region import DAY


def items(answer):
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def refer(client, member, position, key=None):
    headers = {} if key is None else {"Idempotency-Key": key}
    return client.post("/api/v1/referrals", json={"member_id": member, "position_id": position}, headers=headers)


def move(client, referral, to, **more):
    return client.post(f"/api/v1/referrals/{referral}/transitions", json={"to": to, **more})


def started(client, member="M1", position="P1"):
    referral = refer(client, member, position).json()["referral_id"]
    for to in ("attended", "offered", "accepted"):
        assert move(client, referral, to).status_code == 200
    return referral, move(client, referral, "started", started_on=DAY.isoformat(), evidence="contract", wage=250000)


def test_the_worklist_names_seeking_members_by_days_left(client):
    answer = client.get("/api/v1/worklist").json()
    days = [x["days_left"] for x in answer["items"]]
    assert days == sorted(days)
    assert days[0] < 0 <= days[1]
    assert [x["member_id"] for x in answer["items"]] == ["M4", "M1", "M2", "M3", "M6"]
    assert (answer["total"], answer["overdue"], answer["without_referral"]) == (5, 1, 5)


def test_worklist_filters_narrow_the_list_but_not_the_counts(client):
    near = client.get("/api/v1/worklist", params={"due": 7}).json()
    assert {x["member_id"] for x in near["items"]} == {"M4", "M1", "M2"}
    assert near["total"] == 5
    here = items(client.get("/api/v1/worklist", params={"region": "440104"}))
    assert {x["member_id"] for x in here} == {"M4", "M6"}


def test_worklist_pages_join_without_gap_or_repeat(client):
    seen, after = [], None
    while True:
        page = client.get("/api/v1/worklist", params={"limit": 2, **({"after": after} if after else {})}).json()
        seen += [x["member_id"] for x in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert seen == [x["member_id"] for x in items(client.get("/api/v1/worklist"))]


def test_a_ranking_gives_each_post_a_score_with_reasons_that_name_facts(client):
    answer = client.get("/api/v1/members/M1/ranking", params={"limit": 10}).json()
    assert answer["model_version"] == "baseline"
    assert answer["days_left"] == 4
    assert {x["position_id"] for x in answer["items"]} == {"P1", "P2", "P4", "P5"}
    assert [x["score"] for x in answer["items"]] == sorted((x["score"] for x in answer["items"]), reverse=True)
    first = {r["code"]: r["facts"] for x in answer["items"] if x["position_id"] == "P1" for r in x["reasons"]}
    assert first["EXPERIENCE"]["months_same"] == 30
    assert all(x["reasons"] for x in answer["items"])
    assert answer["blocked"]["GATE_NIGHT"] == 1
    assert answer["blocked"]["GATE_CERT"] == 1


def test_a_ranking_can_be_limited_to_kinds_and_shown_without_reasons(client):
    answer = client.get("/api/v1/members/M1/ranking", params={"kind": ["TRAINEE"], "explain": False})
    assert [(x["position_id"], x["reasons"]) for x in items(answer)] == [("P5", [])]


def test_entitlements_name_the_policy_row_they_rest_on_and_leave_out_what_is_ruled_out(client):
    found = items(client.get("/api/v1/members/M1/ranking", params={"limit": 10}))
    told = [e for x in found for e in x["entitlements"]]
    assert told
    assert all(e["facts"]["policy_id"] and e["facts"]["source"] and e["facts"]["verdict"] != "not_met" for e in told)
    assert all(x["effective_pay_fen"] >= 250000 for x in found)


def test_a_post_asks_for_its_suitable_members(client):
    found = items(client.get("/api/v1/positions/P1/ranking"))
    assert {x["member_id"] for x in found} >= {"M1", "M4"}
    assert "M5" not in {x["member_id"] for x in found}


def test_every_list_shown_is_in_the_journal_with_its_inputs(client, office):
    answer = client.get("/api/v1/members/M1/ranking", headers={"X-Request-Id": "ask-1"})
    [entry] = office.store.read("journal", request_id="ask-1").to_dict("records")
    after = json.loads(entry["after"])
    assert after["model_version"] == "baseline"
    assert len(after["inputs"]) == 64
    assert [x[1] for x in after["items"]] == [x["position_id"] for x in items(answer)]
    suggestions = office.store.read("suggestions", member_id="M1")
    assert sorted(suggestions["position_id"]) == sorted(x[1] for x in after["items"])
    assert suggestions["features_hash"].str.len().eq(64).all()


def test_an_explanation_says_why_not_and_what_would_help(client):
    answer = client.get("/api/v1/members/M6/positions/P8/explanation").json()
    assert answer["verdict"] == "not_met"
    assert [r["code"] for r in answer["reasons"]] == ["GATE_COMMUTE"]
    assert answer["nearest_change"][0]["code"] == "UNBLOCK_COMMUTE"


@pytest.mark.parametrize(("position", "gate"), [("P6", "GATE_CLOSED"), ("P7", "GATE_QUARANTINE"), ("P3", "GATE_NIGHT")])
def test_an_explanation_covers_posts_that_are_not_on_any_list(client, position, gate):
    answer = client.get(f"/api/v1/members/M1/positions/{position}/explanation").json()
    assert gate in {r["code"] for r in answer["reasons"]}
    assert answer["p_placed"] is None


def test_an_explanation_of_a_suitable_post_is_the_ranking_s_own(client):
    ranked = {x["position_id"]: x for x in items(client.get("/api/v1/members/M1/ranking"))}
    answer = client.get("/api/v1/members/M1/positions/P1/explanation").json()
    assert answer["p_placed"] == pytest.approx(ranked["P1"]["p_placed"])
    assert answer["reasons"] == ranked["P1"]["reasons"]


def test_unknowns_are_named_and_do_not_exclude(client):
    found = {x["position_id"]: x for x in items(client.get("/api/v1/members/M3/ranking", params={"limit": 10}))}
    assert "UNKNOWN_NIGHT" in {r["code"] for r in found["P3"]["unknowns"]}


def test_a_referral_holds_what_was_shown(client):
    ranked = {x["position_id"]: x for x in items(client.get("/api/v1/members/M1/ranking"))}
    answer = refer(client, "M1", "P1")
    assert answer.status_code == 201
    row = answer.json()
    assert row["p_placed"] == pytest.approx(ranked["P1"]["p_placed"])
    assert (row["rank_shown"], row["model_version"]) == (ranked["P1"]["rank"], "baseline")
    assert row["state"] == "issued"
    assert "attended" in row["may_become"]
    assert client.get(answer.headers["Location"]).json() == row


def test_the_same_key_makes_one_referral(client, office):
    first, second = refer(client, "M1", "P2", "key-00000001"), refer(client, "M1", "P2", "key-00000001")
    assert first.json() == second.json()
    assert len(office.store.read("referrals")) == 1
    other = refer(client, "M1", "P5", "key-00000001")
    assert (other.status_code, other.json()["type"]) == (409, "/problems/key-reused")


def test_a_post_already_referred_is_off_the_list_and_refused(client):
    refer(client, "M1", "P2")
    assert "P2" not in {x["position_id"] for x in items(client.get("/api/v1/members/M1/ranking"))}
    answer = refer(client, "M1", "P2")
    assert answer.status_code == 409
    assert answer.json()["reasons"][0]["code"] == "GATE_ALREADY_REFERRED"


def test_an_ineligible_post_is_refused_with_its_reasons(client):
    answer = refer(client, "M2", "P4")
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert answer.json()["type"] == "/problems/ineligible"
    assert answer.json()["reasons"][0]["facts"]["limits"] == "no_heavy_lift"


def test_a_full_post_is_refused_and_off_every_list(client):
    assert refer(client, "M1", "P1").status_code == 201
    assert "P1" not in {x["position_id"] for x in items(client.get("/api/v1/members/M4/ranking"))}
    assert refer(client, "M4", "P1").json()["type"] == "/problems/no-opening"


def test_a_closed_post_is_refused(client):
    assert refer(client, "M1", "P6").json()["type"] == "/problems/no-opening"


def test_a_member_holds_no_more_open_referrals_than_policy_allows(client):
    assert [refer(client, "M4", p).status_code for p in ("P1", "P2", "P5", "P3")] == [201, 201, 201, 409]
    assert refer(client, "M4", "P3").json()["type"] == "/problems/no-slot"


def test_a_person_s_choice_replaces_the_weakest_proposal_of_the_night(client, office):
    drafts = [
        {
            "referral_id": f"N{k}",
            "member_id": "M4",
            "position_id": p,
            "created_on": DAY,
            "source": "night",
            "state": "draft",
            "p_placed": q,
        }
        for k, (p, q) in enumerate((("P1", 0.6), ("P2", 0.2), ("P5", 0.4)))
    ]
    add(office, "referrals", drafts)
    assert refer(client, "M4", "P3").status_code == 201
    states = office.store.read("referrals").set_index("referral_id")["state"]
    assert (states["N0"], states["N1"], states["N2"]) == ("draft", "revoked", "draft")


def test_referring_to_a_post_the_night_proposed_issues_that_proposal(client, office):
    draft = {
        "referral_id": "N1",
        "member_id": "M4",
        "position_id": "P1",
        "created_on": DAY,
        "source": "night",
        "state": "draft",
    }
    add(office, "referrals", [draft])
    first, again = refer(client, "M4", "P1", "key-00000002"), refer(client, "M4", "P1", "key-00000002")
    assert first.json()["referral_id"] == "N1"
    assert first.json()["state"] == "issued"
    assert again.json() == first.json()
    assert len(office.store.read("referrals")) == 1


def test_a_start_of_work_makes_the_placement_and_takes_the_opening(client, office):
    referral, answer = started(client)
    assert answer.json()["state"] == "started"
    [placement] = office.store.read("placements").to_dict("records")
    assert (placement["referral_id"], placement["evidence"], placement["wage"]) == (referral, "contract", 250000)
    post = office.store.read("positions", position_id="P1").iloc[0]
    assert (post["openings_left"], post["status"]) == (0, "filled")
    assert "M1" not in {x["member_id"] for x in items(client.get("/api/v1/worklist"))}


def test_a_verified_start_meets_the_promise_of_the_whole_household(client, office):
    started(client)
    [promise] = office.store.read("promises", household_id="H1").to_dict("records")
    assert (promise["state"], promise["met_on"].date()) == ("met", DAY)
    assert office.store.read("households", household_id="H1")["status"].tolist() == ["one_employed"]
    assert "M2" not in {x["member_id"] for x in items(client.get("/api/v1/worklist"))}


def test_a_start_after_the_due_day_meets_it_late(client, office):
    started(client, "M4", "P2")
    assert office.store.read("promises", household_id="H3")["state"].tolist() == ["met_late"]


def test_a_start_nobody_has_verified_leaves_the_clock_running(client, office):
    referral = refer(client, "M1", "P1").json()["referral_id"]
    for to in ("attended", "offered", "accepted"):
        move(client, referral, to)
    assert move(client, referral, "started", started_on=DAY.isoformat()).status_code == 200
    assert office.store.read("promises", household_id="H1")["state"].tolist() == ["running"]


def test_a_clock_nobody_stored_is_written_down_when_it_is_met(client, office):
    with office.store.write() as tx:
        tx.update("promises", {"promise_id": "C1"}, {"household_id": "H2"})
        tx.update("members", {"member_id": "M1"}, {"willing_confirmed_on": DAY, "flexibility_declared_on": DAY})
    started(client)
    [promise] = office.store.read("promises", household_id="H1").to_dict("records")
    assert (promise["state"], promise["started_on"].date(), promise["due_on"].date().isoformat()) == (
        "met",
        DAY,
        "2026-12-02",
    )


def test_a_start_closes_the_member_s_other_referrals(client, office):
    other = refer(client, "M1", "P2").json()["referral_id"]
    started(client)
    row = client.get(f"/api/v1/referrals/{other}").json()
    assert (row["state"], row["reason"]) == ("revoked", "FOUND_OTHER")


def test_each_change_leaves_exactly_one_entry_for_each_thing_changed(client, office):
    started(client)
    actions = office.store.read("journal")["action"].tolist()
    expected = [
        "referral.issued",
        "referral.attended",
        "referral.offered",
        "referral.accepted",
        "referral.started",
        "placement.started",
        "promise.met",
        "household.one_employed",
    ]
    assert actions == expected


def test_the_same_outcome_twice_changes_nothing(client, office):
    referral = refer(client, "M1", "P2").json()["referral_id"]
    first = move(client, referral, "declined", reason="CARE")
    entries = len(office.store.read("journal"))
    again = move(client, referral, "declined", reason="CARE")
    assert first.json() == again.json()
    assert len(office.store.read("journal")) == entries


@pytest.mark.parametrize(
    ("to", "more", "status"),
    [
        ("closed", {}, 409),
        ("declined", {}, 422),
        ("declined", {"reason": "SKILL"}, 422),
        ("rejected", {"reason": "CARE"}, 422),
        ("declined", {"reason": "CARE", "refusal_justified": "no"}, 422),
        ("nonsense", {}, 422),
    ],
)
def test_an_impossible_outcome_is_refused_and_changes_nothing(client, to, more, status):
    referral = refer(client, "M1", "P2").json()
    assert move(client, referral["referral_id"], to, **more).status_code == status
    assert client.get(f"/api/v1/referrals/{referral['referral_id']}").json() == referral


@pytest.mark.parametrize("day", [None, "2026-11-03", "2026-11-01"])
def test_a_start_needs_a_first_day_between_the_referral_and_today(client, office, day):
    referral = refer(client, "M1", "P1").json()["referral_id"]
    for to in ("attended", "offered", "accepted"):
        move(client, referral, to)
    assert move(client, referral, "started", started_on=day).status_code == 422
    assert len(office.store.read("placements")) == 0


def test_a_justified_refusal_is_justified_by_rule_and_any_other_waits_for_a_person(client):
    care, wage = (refer(client, "M1", p).json()["referral_id"] for p in ("P2", "P5"))
    assert move(client, care, "declined", reason="CARE").json()["refusal_justified"] == "yes"
    assert move(client, wage, "declined", reason="WAGE").json()["refusal_justified"] == "undecided"


def test_lists_page_by_key(client):
    for position in ("P1", "P2", "P5"):
        refer(client, "M4", position)
    first = client.get("/api/v1/referrals", params={"limit": 2, "member_id": "M4"}).json()
    rest = client.get("/api/v1/referrals", params={"limit": 2, "member_id": "M4", "after": first["next"]}).json()
    numbers = [x["referral_id"] for x in first["items"] + rest["items"]]
    assert len(numbers) == 3
    assert numbers == sorted(numbers)
    assert rest["next"] is None
    assert [x["open_referrals"] for x in items(client.get("/api/v1/positions", params={"kind": "PUBLIC_WELFARE"}))] == [
        1
    ]


def test_health_and_readiness_answer(client):
    assert client.get("/health").json()["status"] == "alive"
    assert client.get("/ready").json()["model_version"] == "baseline"


def test_a_member_whose_promise_is_broken_is_ranked_with_a_month_ahead(client):
    late = client.get("/api/v1/members/M4/ranking").json()
    assert late["days_left"] < 0 and all(item["p_placed"] > 0.01 for item in late["items"]) and late["items"]
