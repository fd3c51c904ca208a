"""The employer desk: posts are taken in, judged, corrected, let through, confirmed and ended."""

import re

import pandas as pd
import pytest

from matching.errors import BadInput, Conflict, NotFound, TableError
from matching.post_entry import HOLDS
from matching.post_review import FIELDS as RULES
from matching.post_review import NOTED_WORDS
from service.use_cases.corrections import current, etag
from service.use_cases.post_desk import WAITS, Asked, candidates, desk_list, post_file
from service.use_cases.post_entry import Unit, correct_post, register_post
from service.use_cases.post_review import clear_post, post_findings
from service.use_cases.post_steps import step_post
from service.use_cases.refer import refer
from service.use_cases.refusals import Stale
from service.web.post_form import FIELDS, texts_of_post, values_of
from service.web.wording import LANGUAGES, Wording
from tests.service.region import DAY
from tests.service.security.cells import POST as FORM
from tests.service.security.conftest import Callers

WHOLE = {
    "kind": "EMPLOYER", "title": "包装工", "duties": "贴标装箱", "occupation_code": "69901", "region_code": "440103001",
    "openings_total": 2, "wage_min": 300000, "wage_max": 360000, "contract_months": 12, "insured": "medical;pension",
    "shift_start": 510, "shift_end": 1050,
}  # fmt: skip


def take_in(office, key="key-0001", employer="E1", **changes):
    return register_post(office, Unit(employer), {**WHOLE, **changes}, key=key)


def codes(office, position_id):
    return [f["code"] for f in post_findings(office, position_id)]


def seen(office, position_id):
    return etag(current(office, "positions", position_id))


def test_a_whole_post_waits_to_be_verified_and_is_then_open(office):
    post = take_in(office)
    assert (post["review_state"], post["openings_left"], post["last_confirmed_on"]) == ("received", 2, DAY)
    assert post_file(office, post["position_id"]).waits == "received"
    assert clear_post(office, post["position_id"], "verified", "corrected")["verified_on"] == DAY
    assert post_file(office, post["position_id"]).waits == "open"


def test_the_same_form_twice_takes_in_one_post_and_one_employer(office):
    first = take_in(office, employer="新开的面馆")
    assert take_in(office, employer="新开的面馆") == first
    assert len(office.store.read("positions")) == 10 and len(office.store.read("employers")) == 3
    named = take_in(office, key="key-0002", employer=" 新开的 面馆 ", wage_max=370000)
    assert named["employer_id"] == first["employer_id"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"title": "包装工（限女性）"}, "DISCRIMINATORY_SEX"), ({"duties": "贴标装箱，须交押金"}, "FEE_CHARGED"),
        ({"required_certificates": "限本地户口"}, "DISCRIMINATORY_HUKOU"), ({"wage_min": 100000, "wage_max": 120000}, "BELOW_MINIMUM_WAGE"),
        ({"duties": None}, "INCOMPLETE"),
    ],
)  # fmt: skip
def test_what_is_found_holds_a_post_back_until_it_is_corrected(office, changes, code):
    post = take_in(office, **changes)
    number = post["position_id"]
    assert post["review_state"] == "quarantined" and codes(office, number) == [code]
    with pytest.raises(Conflict):
        clear_post(office, number, "verified", "corrected")
    correct_post(office, number, {k: WHOLE.get(k, "") for k in changes}, seen=seen(office, number))
    assert codes(office, number) == [] and post_file(office, number).waits == "quarantined"
    assert clear_post(office, number, "verified", "corrected")["review_state"] == "verified"
    assert clear_post(office, number, "verified", "corrected")["review_state"] == "verified"


def test_an_officer_may_judge_a_finding_to_be_none_and_the_journal_keeps_both(office):
    post = take_in(office, title="残疾人优先的保洁")
    clear_post(office, post["position_id"], "verified", "not_a_condition")
    entry = office.store.read("journal", action="position.verified").iloc[-1]
    assert entry["reason"] == "not_a_condition" and "DISCRIMINATORY_DISABILITY" in entry["after"]


def test_the_same_post_again_is_held_back_as_a_double_and_names_the_first(office):
    first, second = take_in(office), take_in(office, key="key-0002")
    [found] = post_findings(office, second["position_id"])
    assert (found["code"], found["found"], second["review_state"]) == ("DUPLICATE", first["position_id"], "quarantined")
    step_post(office, first["position_id"], "close", reason="DUPLICATE")
    assert codes(office, second["position_id"]) == []


def test_a_correction_is_judged_again_and_cannot_overwrite_what_was_not_seen(office):
    before = seen(office, "P2")
    assert correct_post(office, "P2", {"wage_max": 330000}, seen=before)["review_state"] == "verified"
    with pytest.raises(Stale):
        correct_post(office, "P2", {"wage_max": 340000}, seen=before)
    held = correct_post(office, "P2", {"title": "超市理货员（男）"}, seen=seen(office, "P2"))
    assert held["review_state"] == "quarantined"
    assert "P2" not in [x["position_id"] for x in desk_list(office, Asked("open")).items]


def test_more_openings_are_more_left_and_never_fewer_than_are_taken(office):
    with office.store.write() as tx:
        tx.update("positions", {"position_id": "P2"}, {"openings_left": 1})
    row = correct_post(office, "P2", {"openings_total": 4}, seen=seen(office, "P2"))
    assert (row["openings_total"], row["openings_left"]) == (4, 3)
    with pytest.raises(BadInput):
        correct_post(office, "P2", {"openings_total": 0}, seen=seen(office, "P2"))


@pytest.mark.parametrize(
    "changes",
    [{"wage_min": 400000}, {"kind": "FULL"}, {"hours_week": 400}, {"openings_left": 1}, {"employer_id": "E2"}],
)
def test_values_that_cannot_be_are_refused_and_nothing_is_stored(office, changes):
    before = office.store.version()
    with pytest.raises((BadInput, TableError)):
        take_in(office, employer="又一家", **changes)
    assert office.store.version() == before


def test_each_post_is_in_one_place_of_the_list_and_the_counts_add_up(office):
    with office.store.write() as tx:
        tx.update("positions", {"position_id": "P2"}, {"last_confirmed_on": pd.Timestamp("2026-10-18")})
        tx.update("positions", {"position_id": "P3"}, {"last_confirmed_on": pd.Timestamp("2026-10-19")})
        tx.update("positions", {"position_id": "P4"}, {"status": "filled"})
        tx.update("positions", {"position_id": "P5"}, {"review_state": "received"})
    found = desk_list(office)
    where = {x["position_id"]: x["waits"] for x in found.items}
    assert (where["P2"], where["P3"], where["P4"]) == ("stale", "open", "filled")
    assert (where["P5"], where["P6"], where["P7"]) == ("received", "closed", "quarantined")
    assert sum(found.counts.values()) == len(where) == found.matching == 9
    for name in WAITS:
        assert {x["position_id"] for x in desk_list(office, Asked(name)).items} == {
            p for p, at in where.items() if at == name
        }
    turns = [(WAITS.index(x["waits"]), -x["days_unconfirmed"]) for x in found.items]
    assert turns == sorted(turns) and found.items[0]["position_id"] == "P7"


def test_pages_of_the_list_join_without_gap_or_repeat_and_words_narrow_it(office):
    seen_so_far, after = [], None
    while True:
        page = desk_list(office, limit=2, after=after)
        seen_so_far += [x["position_id"] for x in page.items]
        after = page.next
        if after is None:
            break
    assert seen_so_far == [x["position_id"] for x in desk_list(office).items]
    assert [x["position_id"] for x in desk_list(office, Asked(words="理货")).items] == ["P2"]
    assert [x["position_id"] for x in desk_list(office, Asked(words="街道办")).items] == ["P1"]
    with pytest.raises(BadInput):
        desk_list(office, after="nonsense")


def test_a_tap_confirms_a_stale_post_and_a_second_tap_changes_nothing(office):
    with office.store.write() as tx:
        tx.update(
            "positions", {"position_id": "P2"}, {"last_confirmed_on": pd.Timestamp("2026-09-01"), "status": "stale"}
        )
    row = step_post(office, "P2", "confirm")
    assert (row["last_confirmed_on"], row["status"], post_file(office, "P2").waits) == (DAY, "open", "open")
    before = office.store.version()
    assert step_post(office, "P2", "confirm") == row and office.store.version() == before


def test_a_filled_post_keeps_the_place_of_who_accepted_and_ends_the_other_referrals(office):
    accepted, waiting = (refer(office, m, "P2")["referral_id"] for m in ("M1", "M4"))
    with office.store.write() as tx:
        tx.update("referrals", {"referral_id": accepted}, {"state": "accepted"})
    row = step_post(office, "P2", "fill")
    assert (row["status"], row["openings_left"]) == ("filled", 1)
    states = dict(office.store.read("referrals")[["referral_id", "state"]].itertuples(index=False))
    assert states == {accepted: "accepted", waiting: "filled"}


def test_a_closed_post_withdraws_its_referrals_and_opens_again_only_with_an_opening(office):
    refer(office, "M1", "P2")
    with pytest.raises(BadInput):
        step_post(office, "P2", "close")
    step_post(office, "P2", "close", reason="EMPLOYER_WITHDREW")
    [gone] = office.store.read("referrals").to_dict("records")
    assert (gone["state"], gone["reason"]) == ("revoked", "POST_CLOSED")
    with pytest.raises(Conflict):
        step_post(office, "P2", "confirm")
    assert step_post(office, "P2", "reopen")["status"] == "open"
    step_post(office, "P2", "fill")
    with pytest.raises(Conflict):
        step_post(office, "P2", "reopen")
    with pytest.raises(NotFound):
        step_post(office, "P-none", "confirm")


def test_the_reverse_list_has_no_value_of_a_person_s_body(office):
    with office.store.write() as tx:
        tx.update("members", {"member_id": "M1"}, {"functional_limits": "low_vision"})
    found = candidates(office, "P2")
    assert found.items and {r.code for m in found.items for r in m.reasons}.isdisjoint({"HEALTH", "ACCOMMODATION"})
    assert [m.to_ask for m in found.items if m.member_id == "M1"] >= [1]
    with pytest.raises(NotFound):
        candidates(office, "P6")


def test_what_the_form_shows_of_a_post_means_the_same_post(office):
    for row in office.store.read("positions")["position_id"]:
        before = current(office, "positions", row)
        texts = texts_of_post(before)
        assert set(texts) == set(FIELDS)
        assert correct_post(office, row, values_of(texts), seen="whatever") == before


def test_a_form_that_cannot_be_used_comes_back_as_it_was_filled_in(client, office):
    form = {**FORM, "employer": "E1", "token": "form-0001"}
    without = client.post("/desk/new", data={**form, "occupation_code": ""})
    assert without.status_code == 422 and re.findall(r'occupation_pick" value="(\d+)"', without.text)[0] == "69901"
    wrong = client.post("/desk/new", data={**form, "wage_max": "很多"})
    assert wrong.status_code == 422 and "最高工资" in wrong.text and 'value="很多"' in wrong.text
    assert len(office.store.read("positions")) == 9
    made = client.post("/desk/new", data=form, follow_redirects=False)
    assert made.status_code == 303 and len(office.store.read("positions")) == 10


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_held_post_says_what_was_found_and_what_to_change(client, office, language):
    number = take_in(office, title="包装工（限女性）")["position_id"]
    client.cookies.set("language", language)
    text, w = client.get(f"/desk/posts/{number}").text, Wording(language)
    assert (
        w.label("finding", "DISCRIMINATORY_SEX") in text
        and w("desk.change.DISCRIMINATORY_SEX") in text
        and "限女" in text
    )


def test_every_code_a_post_can_have_has_its_words_and_what_to_change():
    for language in LANGUAGES:
        w = Wording(language)
        for code in (*HOLDS, *RULES, *NOTED_WORDS):
            assert w.has(f"label.finding.{code}") and w.has(f"desk.change.{code}"), code
        assert all(w.has(f"label.post_field.{name}") for name in FIELDS)


def test_a_post_officer_works_at_the_desk_and_sees_no_member_s_page(office):
    officer = Callers(office).client("post_officer")
    assert officer.get("/", follow_redirects=False).headers["location"] == "/desk"
    assert officer.get("/desk").status_code == officer.get("/desk/posts/P2").status_code == 200
    members = officer.get("/desk/posts/P2/members")
    assert members.status_code == 200 and "M1" in members.text and "/members/M1" not in members.text
    assert officer.get("/members/M1").status_code == 403
    assert officer.get("/api/v1/positions/P2/ranking").status_code == 403


def test_the_interface_takes_a_post_through_its_life(client):
    body = {"employer": "E1", "values": {**WHOLE, "title": "包装工 女士优先"}}
    made = client.post("/api/v1/positions", json=body, headers={"Idempotency-Key": "post-0001"})
    assert made.status_code == 201 and made.json()["review_state"] == "quarantined"
    address = made.headers["location"]
    file = client.get(address)
    assert [f["code"] for f in file.json()["findings"]] == ["DISCRIMINATORY_SEX"]
    assert file.json()["suggestions"][0]["code"] == "69901"
    assert client.patch(address, json={"title": "包装工"}).status_code == 412
    done = client.patch(address, json={"title": "包装工"}, headers={"If-Match": file.headers["etag"]})
    assert done.status_code == 200 and done.headers["etag"] != file.headers["etag"]
    review = client.post(f"{address}/review", json={"state": "verified", "reason": "corrected"})
    assert review.json()["review_state"] == "verified"
    assert client.post(f"{address}/steps", json={"step": "close"}).status_code == 422
    closed = client.post(f"{address}/steps", json={"step": "close", "reason": "OTHER"})
    assert closed.json()["status"] == "closed"
    acts = [a["action"] for a in client.get(address).json()["history"]]
    assert acts == [
        "position.close",
        "position.verified",
        "position.corrected",
        "position.quarantined",
        "position.registered",
    ]
    assert client.get("/api/v1/desk/positions", params={"state": "closed"}).json()["matching"] == 2
    assert client.get("/api/v1/occupations", params={"title": "缝纫工"}).json()["items"][0]["code"] == "61101"
    assert client.get("/api/v1/positions/P2/candidates").json()["items"][0]["rank"] == 1


def test_another_office_s_members_are_on_no_reverse_list(office):
    elsewhere = Callers(office).client("post_officer", ("440183",))
    assert elsewhere.get("/api/v1/positions/P2/candidates").json()["items"] == []
