"""The promise on the household page: one person asks for a pause or a void, another decides; alone nobody can."""

import re

import pytest

from service.web.wording import Wording


def ask(client, step="pause", reason="illness", **more):
    data = {"step": step, "reason": reason, "words": "certificate seen", **more}
    return client.post("/households/H1/promise", data=data, follow_redirects=False)


def promise(office):
    return office.store.read("promises", promise_id="C1").iloc[0]


def approve(client, page):
    number = re.search(r'action="/approvals/(\w+)"', page)[1]
    return client.post(f"/approvals/{number}", data={"approve": "yes", "answer": "seen"}, follow_redirects=False)


@pytest.mark.parametrize(
    ("step", "reason", "state", "words"),
    [("pause", "illness", "paused", "患病"), ("void", "moved", "void", "迁出")],
)
def test_a_step_is_asked_for_on_the_page_and_taken_when_a_second_person_approves(
    callers, office, step, reason, state, words
):
    worker, chief = callers.client("caseworker"), callers.client("supervisor")
    page = worker.get("/households/H1").text
    assert f'value="{step}"' in page and words in page and Wording("zh")("promise.alone") not in page
    asked = ask(worker, step, reason)
    assert asked.status_code == 303 and promise(office)["state"] == "running"
    page = worker.get(asked.headers["location"]).text
    assert Wording("zh")("page.done.asked") in page and Wording("zh")("promise.waits") in page
    assert ask(worker, step, reason).status_code == 409
    approve(chief, chief.get("/approvals").text)
    assert promise(office)["state"] == state
    history = worker.get("/households/H1").text
    assert Wording("zh")("promise.waits") not in history and words in history


def test_a_pause_is_ended_on_the_page(callers, office):
    worker, chief = callers.client("caseworker"), callers.client("supervisor")
    assert 'value="resume"' not in worker.get("/households/H1").text
    ask(worker)
    approve(chief, chief.get("/approvals").text)
    assert 'value="resume"' in worker.get("/households/H1").text
    ended = worker.post("/households/H1/promise", data={"step": "resume"})
    assert promise(office)["state"] == "running" and Wording("zh")("page.done.resumed") in ended.text


@pytest.mark.parametrize(
    ("step", "reason"), [("pause", ""), ("pause", "lack_of_posts"), ("void", "illness"), ("met", "")]
)
def test_a_step_without_a_coded_reason_of_its_list_is_refused_and_nothing_waits(callers, office, step, reason):
    refused = ask(callers.client("caseworker"), step, reason)
    assert refused.status_code in (409, 422)
    assert "approval.proposed" not in office.store.read("journal")["action"].tolist()


@pytest.mark.parametrize("role", ["analyst", "auditor", "post_officer"])
def test_who_does_not_serve_households_may_not_ask(callers, role):
    assert ask(callers.client(role)).status_code == 403


@pytest.mark.parametrize("language", ["zh", "en"])
def test_without_accounts_a_pause_can_be_asked_for_but_not_taken_and_the_page_says_so(client, office, language):
    client.cookies.set("language", language)
    assert Wording(language)("promise.alone") in client.get("/households/H1").text
    assert ask(client).status_code == 303
    refused = approve(client, client.get("/approvals").text)
    assert refused.status_code == 422
    assert "promise.pause" not in office.store.read("journal")["action"].tolist()
    assert promise(office)["state"] == "running"
