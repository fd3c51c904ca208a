"""Log-in by a real identity provider: who proves a linked subject comes in; every lie is refused, and nothing is good twice."""

from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from pydantic import ValidationError

from matching.errors import Conflict
from service.app import app_of
from service.security import provider as ours
from service.security.accounts import Accounts
from service.security.sessions import COOKIE
from service.security.waiting import SECONDS, Waiting
from service.settings import Settings
from service.storage.schema import provider_logins
from service.wiring import open_office
from tests.service.records import fill
from tests.service.region import DAY
from tests.service.security.identity_provider import CLIENT, FAULTS, SECRET, at_the_provider, started


@pytest.fixture(scope="module")
def process():
    with started() as issuer:
        yield issuer


@pytest.fixture
def issuer(process):
    for path, said in (("fault", ""), ("person", "person-1")):
        httpx2.post(f"{process}/{path}", content=said)
    return process


@pytest.fixture
def office(tmp_path, issuer):
    settings = Settings(
        home=tmp_path, oidc_issuer=issuer, oidc_client_id=CLIENT, oidc_client_secret=SECRET, public_url="http://testserver",
        login_rate_limit="1000/minute",
    )  # fmt: skip
    with open_office(settings, day=DAY) as office:
        fill(office)
        accounts = Accounts(office.store)
        accounts.add("li.liwan", "caseworker", ("440103",), by="test")
        accounts.link("li.liwan", f"{issuer} person-1", by="test")
        yield office


@pytest.fixture
def app(office):
    return app_of(office)


def browser(app):
    return TestClient(app, follow_redirects=False)


def test_who_is_linked_comes_in_with_the_account_s_role_and_goes_on_to_the_page(app, office):
    client = browser(app)
    assert "/login/provider" in client.get("/login").text
    page = client.get(at_the_provider(client, "/members/M1"))
    assert page.status_code == 200 and 'content="0;url=/members/M1"' in page.text
    me = client.get("/api/v1/me").json()
    assert (me["actor"], me["role"]) == ("li.liwan", "caseworker")
    cookie = next(c for c in page.headers.get_list("set-cookie") if c.startswith(COOKIE))
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie
    assert office.store.read("journal", action="login")["actor"].tolist() == ["li.liwan"]


def test_a_token_that_is_wrong_in_one_way_opens_nothing(app, office, issuer):
    client, opened = browser(app), []
    for fault in FAULTS:
        httpx2.post(f"{issuer}/fault", content=fault)
        page = client.get(at_the_provider(client))
        if page.status_code != 401 or COOKIE in client.cookies or client.get("/api/v1/me").status_code != 401:
            opened.append(fault)
    assert opened == [] and len(FAULTS) == 15
    assert office.store.read("journal", action="login").empty


def test_an_answer_is_good_once_in_the_browser_that_asked_and_with_its_own_state(app):
    client, thief = browser(app), browser(app)
    answer = at_the_provider(client)
    assert thief.get(answer).status_code == 401  # another browser
    code = parse_qs(urlsplit(answer).query)["code"][0]
    assert client.get(f"/login/return?code={code}&state=guessed").status_code == 401
    assert client.get(answer).status_code == 401  # the guess has used the log-in up
    again = at_the_provider(client)
    assert client.get(again).status_code == 200
    assert client.get(again).status_code == 401


def test_a_code_that_was_stolen_is_worth_nothing_without_the_verifier_it_was_asked_with(app):
    victim, thief = browser(app), browser(app)
    code = parse_qs(urlsplit(at_the_provider(victim)).query)["code"][0]
    state = parse_qs(urlsplit(at_the_provider(thief)).query)["state"][0]
    assert thief.get("/login/return", params={"code": code, "state": state}).status_code == 401
    assert COOKIE not in thief.cookies


def test_who_is_not_linked_or_disabled_stays_outside_and_leaves_an_entry(app, office, issuer):
    httpx2.post(f"{issuer}/person", content="person-2")
    client = browser(app)
    assert client.get(at_the_provider(client)).status_code == 401
    httpx2.post(f"{issuer}/person", content="person-1")
    Accounts(office.store).disable("li.liwan", by="test")
    assert client.get(at_the_provider(client)).status_code == 401
    refused = office.store.read("journal", action="login.refused")
    assert refused["actor"].tolist() == ["unknown", "li.liwan"] and "person" not in refused.to_csv()


def test_a_provider_that_changed_its_key_is_read_again(app, issuer, monkeypatch):
    client = browser(app)
    assert client.get(at_the_provider(client)).status_code == 200
    httpx2.post(f"{issuer}/rotate")
    monkeypatch.setattr(ours, "_AGAIN", 0.0)
    assert client.get(at_the_provider(client)).status_code == 200


def test_a_provider_that_does_not_answer_is_503_and_passwords_still_work(tmp_path):
    settings = Settings(home=tmp_path, oidc_issuer="http://127.0.0.1:9", oidc_client_id=CLIENT)
    with open_office(settings, day=DAY) as office:
        Accounts(office.store).add("li", "admin", None, by="test", password="correct horse 9 battery")
        client = browser(app_of(office))
        assert client.get("/login/provider").status_code == 503
        form = {"name": "li", "password": "correct horse 9 battery"}
        assert client.post("/login", data=form).status_code == 303


def test_a_provider_that_says_it_is_another_is_not_believed(tmp_path, issuer):
    settings = Settings(home=tmp_path, oidc_issuer=issuer.replace("localhost", "127.0.0.1"), oidc_client_id=CLIENT)
    with open_office(settings, day=DAY) as office:
        assert browser(app_of(office)).get("/login/provider").status_code == 503


def test_without_a_provider_there_is_no_such_way_in(tmp_path):
    with open_office(Settings(home=tmp_path), day=DAY) as plain:
        client = browser(app_of(plain))
        assert "/login/provider" not in client.get("/login").text
        for path in ("/login/provider", "/login/return?code=a&state=b"):
            assert client.get(path).status_code == 503


def test_a_log_in_that_took_too_long_is_over_and_goes_from_the_record(office):
    now = [1_000.0]
    waiting = Waiting(office.store, lambda: now[0])
    begun = waiting.begin("/worklist")
    now[0] += SECONDS + 1
    assert waiting.take(begun.token, begun.state) is None
    waiting.begin("/worklist")
    now[0] += SECONDS + 1
    waiting.begin("/worklist")
    with office.store.reading() as record:
        rows = record.execute(sa.select(provider_logins)).all()
    assert len(rows) == 1 and begun.token not in str(rows)


def test_a_subject_has_one_account(office, issuer):
    accounts = Accounts(office.store)
    accounts.add("wang", "supervisor", None, by="test")
    with pytest.raises(Conflict, match=r"li\.liwan"):
        accounts.link("wang", f"{issuer} person-1", by="test")


@pytest.mark.parametrize(
    ("more", "word"),
    [({"oidc_issuer": "https://id.example"}, "both or neither"), ({"oidc_client_id": "x"}, "both or neither"),
     ({"oidc_issuer": "http://id.example", "oidc_client_id": "x"}, "expected https")],
)  # fmt: skip
def test_settings_of_a_provider_that_cannot_be_used_are_refused(more, word):
    with pytest.raises(ValidationError, match=word):
        Settings(**more)
