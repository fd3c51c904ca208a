"""The pages as they leave the server."""

import re

import pytest


def refer(client, member="M1", position="P1", token="token-1"):
    return client.post(
        f"/members/{member}/referrals", data={"position_id": position, "token": token}, follow_redirects=False
    )


def test_a_form_redirects_so_that_reload_does_nothing_twice(client, office):
    first, second = refer(client), refer(client)
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.headers["location"] == second.headers["location"]
    assert len(office.store.read("referrals")) == 1
    assert "已推荐" in client.get(first.headers["location"]).text


def test_an_outcome_is_recorded_by_form(client):
    number = re.search(r"letters/(\w+)", refer(client).headers["location"])[1]
    answer = client.post(f"/referrals/{number}/transitions", data={"to": "declined", "reason": "CARE"})
    assert answer.status_code == 200
    assert "本人不接受" in answer.text


def test_the_page_of_a_member_whose_promise_is_met_shows_that_no_clock_runs(client, office):
    with office.store.write() as tx:
        tx.update("promises", {"promise_id": "C1"}, {"state": "met"})
    answer = client.get("/members/M1")
    assert answer.status_code == 200
    assert "没有在走的时钟" in answer.text


def test_a_refused_form_shows_why_and_the_way_back(client):
    answer = client.post(
        "/members/M2/referrals",
        data={"position_id": "P4", "token": "token-2"},
        headers={"Referer": "http://testserver/members/M2?limit=20"},
    )
    assert answer.status_code == 409
    assert "不能搬重物" in answer.text
    assert 'href="/members/M2?limit=20"' in answer.text


@pytest.mark.parametrize("language", ["zh", "en"])
def test_pages_speak_one_language(client, language):
    client.cookies.set("language", language)
    text = client.get("/members/M1?limit=20&why=P3").text
    assert f'lang="{"zh-CN" if language == "zh" else "en"}"' in text
    assert ("夜班" in re.sub(r"酒店夜班客房服务员", "", text)) == (language == "zh")


def test_the_switch_goes_back_to_pages_of_this_service_only(client):
    answer = client.post("/language", data={"to": "en", "back": "/members/M1"}, follow_redirects=False)
    assert answer.headers["location"] == "/members/M1"
    assert "language=en" in answer.headers["set-cookie"]
    for elsewhere in ("//evil.example", "https://evil.example/", "/\\evil.example", "javascript:x"):
        answer = client.post("/language", data={"to": "en", "back": elsewhere}, follow_redirects=False)
        assert answer.headers["location"] == "/worklist"


def test_pages_are_small_and_stand_alone(client):
    for path in (
        "/worklist", "/members/M4?limit=20", "/positions/P1", "/problems", "/households/H1", "/households/H1/cards", "/households/H1/sheet",
        "/members/M1/list", "/members/M1/assessment", "/members/M1/compare?post=P1&post=P2", "/morning", "/morning/sheets",
        "/morning/messages", "/slips", "/register?people=8", "/fairs", "/appeals",
    ):  # fmt: skip
        answer = client.get(path)
        assert answer.status_code == 200
        assert len(answer.content) < 200_000
        assert re.findall(r"""(?:src|href|action)="(?!/|#)[^"]*""", answer.text) == []
        assert re.findall(r"<script[^>]*>(.*?)</script>", answer.text) == [""]
        assert " style=" not in answer.text


def test_names_from_the_record_are_shown_as_text(client, office):
    with office.store.write() as tx:
        tx.update("positions", {"position_id": "P1"}, {"title": "<b>岗位</b>"})
    assert "<b>岗位" not in client.get("/members/M1").text
    assert "&lt;b&gt;岗位" in client.get("/members/M1").text


def test_real_data_carries_no_banner_and_simulated_data_does(client, simulated_client):
    assert "模拟数据" not in client.get("/worklist").text
    assert "模拟数据" in simulated_client.get("/worklist").text
