"""Accounts, passwords, lock-out, sessions and keys."""

import re
import time

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from matching.errors import BadInput, Conflict, NotFound, NotReady
from service.app import app_of
from service.security import accounts as accounts_module
from service.security.accounts import FREE_TRIES, Accounts
from service.security.gate import Gate
from service.security.keys import Keys
from service.security.passwords import generated, require_good
from service.security.rates import Rates
from service.security.refusals import TooMany, Unknown
from service.security.sessions import COOKIE, Sessions, digest
from service.security.waiting import Waiting
from service.storage.schema import accounts, api_keys, sessions
from tests.service.security.conftest import PASSWORD


class Clock:
    """A clock that stands until it is moved."""

    now = 1_800_000_000.0

    def __call__(self):
        return self.now


def stored(office, table):
    with office.store.reading() as reader:
        return reader.execute(sa.select(table)).mappings().all()


def actions(office):
    return office.store.read("journal")["action"].tolist()


def test_a_password_is_kept_as_an_argon2id_hash_and_nowhere_else(office):
    Accounts(office.store).add("li", "caseworker", ("440103",), by="test", password=PASSWORD)
    [row] = stored(office, accounts)
    assert row["password"].startswith("$argon2id$")
    assert PASSWORD not in office.store.read("journal").to_csv()
    assert Accounts(office.store).authenticate("LI ", PASSWORD) == "li"


@pytest.mark.parametrize(
    "bad", ["short", "password1234", "li.liwan.li.liwan", "123456789012", "aaaaaaaaaaaaaa", "onemonth2026", "x" * 129]
)
def test_a_password_that_is_easy_to_guess_is_refused_without_being_repeated(bad):
    with pytest.raises(BadInput, match="password") as told:
        require_good(bad, "li.liwan")
    assert bad not in str(told.value)


def test_generated_passwords_are_good_and_never_the_same():
    made = {generated() for _ in range(200)}
    for password in made:
        require_good(password, "li")
    assert len(made) == 200


@pytest.mark.parametrize(
    ("name", "role", "codes"),
    [("office", "caseworker", None), ("nobody", "admin", None), ("Li Li", "caseworker", None), ("li", "boss", None),
     ("li", "caseworker", ()), ("li", "caseworker", ("44",)), ("li", "caseworker", ("440103;",))],
)  # fmt: skip
def test_an_account_that_cannot_be_is_refused(office, name, role, codes):
    with pytest.raises(BadInput):
        Accounts(office.store).add(name, role, codes, by="test")
    assert stored(office, accounts) == []


def test_a_name_is_used_once_even_after_it_was_disabled(office):
    them = Accounts(office.store)
    them.add("li", "caseworker", None, by="test")
    them.disable("li", by="test")
    with pytest.raises(Conflict):
        them.add("li", "admin", None, by="test")
    with pytest.raises(NotFound):
        them.disable("wang", by="test")


def test_failures_in_a_row_shut_a_name_for_a_growing_while_whether_it_exists_or_not(office):
    clock = Clock()
    them = Accounts(office.store, clock)
    them.add("li", "caseworker", None, by="test", password=PASSWORD)
    waits = {"li": [], "ghost": []}
    for name, seen in waits.items():
        for k in range(FREE_TRIES + 2):
            with pytest.raises((Unknown, TooMany)) as told:
                them.authenticate(name, "wrong password")
            if k >= FREE_TRIES - 1:
                with pytest.raises(TooMany) as shut:
                    them.authenticate(name, PASSWORD)
                seen.append(shut.value.retry_after)
                clock.now += shut.value.retry_after
            assert name not in str(told.value)
    assert waits["li"] == waits["ghost"] == [31, 61, 121]
    assert them.authenticate("li", PASSWORD) == "li"
    assert accounts_module.LONGEST_WAIT >= 600
    assert "ghost" not in office.store.read("journal").to_csv()


def test_a_session_ends_when_idle_at_its_longest_at_log_out_and_when_the_account_is_disabled(office):
    clock = Clock()
    them, open_ones = Accounts(office.store, clock), Sessions(office.store, 600, 3600, clock)
    them.add("li", "caseworker", ("440100",), by="test")
    token = open_ones.open("li")
    assert open_ones.principal(token).regions == ("4401",)
    clock.now += 601
    assert open_ones.principal(token) is None
    token = open_ones.open("li")
    for _ in range(8):
        clock.now += 500
        alive = open_ones.principal(token) is not None
    assert not alive
    token = open_ones.open("li")
    open_ones.close(open_ones.principal(token))
    assert open_ones.principal(token) is None
    token = open_ones.open("li")
    them.disable("li", by="test")
    assert open_ones.principal(token) is None
    assert actions(office).count("login") == 4 and "logout" in actions(office)


def test_only_the_hash_of_a_token_and_of_a_key_is_in_the_record(office):
    Accounts(office.store).add("hr", "service", None, by="test")
    token, key = Sessions(office.store, 600, 3600).open("hr"), Keys(office.store).make("hr", days=1, by="test")
    assert [row["digest"] for row in stored(office, sessions)] == [digest(token)]
    [row] = stored(office, api_keys)
    assert key.split("_", 2)[2] not in str(dict(row))
    assert key.split("_", 2)[2] not in office.store.read("journal").to_csv()


def test_a_key_opens_until_it_ends_or_is_revoked(office):
    clock = Clock()
    Accounts(office.store, clock).add("hr", "service", None, by="test")
    keys = Keys(office.store, clock)
    key, other = keys.make("hr", days=2, by="test"), keys.make("hr", days=2, by="test")
    assert keys.principal(key).actor == "hr"
    for broken in (
        key[:-1],
        key.replace("om_", "xx_"),
        key + "x",
        "om_",
        "",
        "om__",
        f"om_{other.split('_')[1]}_{key.split('_', 2)[2]}",
    ):
        assert keys.principal(broken) is None
    keys.revoke(key.split("_")[1], by="test")
    assert keys.principal(key) is None
    clock.now += 2 * 86_400
    assert keys.principal(other) is None
    with pytest.raises(NotFound):
        keys.revoke("nothing", by="test")


def test_without_accounts_this_machine_is_served_and_nobody_else(office):
    app = app_of(office)
    assert TestClient(app, base_url="http://127.0.0.1:8000").get("/api/v1/me").json()["actor"] == "office"
    assert TestClient(app, base_url="http://10.1.2.3:8000").get("/api/v1/me").status_code == 401
    assert TestClient(app).get("/api/v1/me", headers={"X-Forwarded-For": "10.1.2.3"}).status_code == 401
    open_to_all = app_of(office, everyone=True)
    assert TestClient(open_to_all, base_url="http://10.1.2.3:8000").get("/api/v1/me").status_code == 200


def test_the_first_account_ends_service_without_log_in_in_a_running_server(office):
    client = TestClient(app_of(office))
    assert client.get("/api/v1/worklist").status_code == 200
    Accounts(office.store).add("li", "caseworker", None, by="test")
    assert client.get("/api/v1/worklist").status_code == 401
    assert (
        client.get("/worklist?due=7", follow_redirects=False).headers["location"] == "/login?back=%2Fworklist%3Fdue%3D7"
    )


def test_a_server_without_accounts_refuses_to_listen_off_this_machine(office):
    gate = Gate.of(office.store, office.settings)
    for host in ("127.0.0.1", "::1", "localhost"):
        gate.require_fit_to_listen(host)
    for host in ("0.0.0.0", "::", "10.0.0.7", "example.test"):
        with pytest.raises(NotReady, match="accounts add"):
            gate.require_fit_to_listen(host)
    Accounts(office.store).add("li", "caseworker", None, by="test")
    gate.require_fit_to_listen("0.0.0.0")


def test_log_in_and_out_by_the_page(office):
    Accounts(office.store).add("li", "caseworker", ("440103",), by="test", password=PASSWORD)
    client = TestClient(app_of(office))
    wrong = client.post("/login", data={"name": "li", "password": "no such password"})
    assert (wrong.status_code, wrong.cookies.get(COOKIE)) == (401, None)
    assert "账号或密码不对" in wrong.text
    client.cookies.set(COOKIE, "planted-before")
    good = client.post(
        "/login", data={"name": "li", "password": PASSWORD, "back": "/members/M1"}, follow_redirects=False
    )
    assert (good.status_code, good.headers["location"]) == (303, "/members/M1")
    cookie = good.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie and "planted-before" not in cookie
    client.cookies.clear()
    client.cookies.set(COOKIE, good.cookies[COOKIE])
    page = client.get("/worklist").text
    assert "操作人 li" in page and "退出登录" in page
    out = client.post("/logout", follow_redirects=False)
    assert out.headers["location"] == "/login"
    client.cookies.set(COOKIE, good.cookies[COOKIE])
    assert client.get("/api/v1/worklist").status_code == 401
    assert {"login", "logout", "login.refused"} <= set(actions(office))


def test_a_password_is_typed_hidden_taken_as_it_is_to_its_last_character_and_nothing_hints_at_it(office):
    long, them = f" 好 {''.join(generated() for _ in range(7))}"[:127] + "Q", Accounts(office.store, lambda: 0.0)
    them.add("li", "caseworker", ("440103",), by="test", password=long)
    client = TestClient(app_of(office))
    page = client.get("/login").text
    assert set(re.findall(r'<input[^>]* name="(\w+)"', page)) - {"to"} == {
        "back",
        "name",
        "password",
    }  # `to`: the language
    [field] = re.findall(r'<input name="password"[^>]*>', page)
    assert 'type="password"' in field and 'autocomplete="current-password"' in field and "onpaste" not in page
    assert not {c for c in map(str, accounts.c) if "hint" in c or "question" in c or "expire" in c}
    for wrong in (long.strip(), long[:-1], long.lower()):
        assert client.post("/login", data={"name": "li", "password": wrong}).status_code == 401
    years_later = client.post("/login", data={"name": "li", "password": long}, follow_redirects=False)
    assert years_later.status_code == 303
    them.reset("li", PASSWORD, by="admin")
    after = [
        client.post("/login", data={"name": "li", "password": p}, follow_redirects=False) for p in (long, PASSWORD)
    ]
    assert [answer.status_code for answer in after] == [401, 303]


def test_who_knows_the_old_password_sets_a_new_one_and_every_session_ends(office):
    them, open_ones = Accounts(office.store), Sessions(office.store, 600, 3600)
    them.add("li", "auditor", ("440103",), by="test", password=PASSWORD)
    client = TestClient(app_of(office), follow_redirects=False)
    token = open_ones.open("li")
    client.cookies.set(COOKIE, token)
    assert "修改密码" in client.get("/password").text
    assert (
        client.post("/password", data={"old": "not that one at all", "new": "a new one 2026 river"}).status_code == 403
    )
    assert client.post("/password", data={"old": PASSWORD, "new": "short"}).status_code == 422
    assert client.post("/password", data={"old": PASSWORD, "new": PASSWORD}).status_code == 422
    assert (
        client.post("/password", data={"old": PASSWORD, "new": "a new one 2026 river"}).headers["location"] == "/login"
    )
    assert open_ones.principal(token) is None
    assert them.authenticate("li", "a new one 2026 river") == "li"


def test_a_refused_request_is_logged_with_who_and_what_and_no_value(office, capsys):
    Accounts(office.store).add("hr", "auditor", None, by="test")
    client = TestClient(app_of(office))
    client.cookies.set(COOKIE, Sessions(office.store, 600, 3600).open("hr"))
    assert client.get("/api/v1/members/M-secret/ranking").status_code == 403
    told = capsys.readouterr().out
    assert "request refused" in told and "hr" in told and "get_member_ranking" in told and "M-secret" not in told


def test_log_in_leads_back_to_this_service_only(office):
    Accounts(office.store).add("li", "caseworker", None, by="test", password=PASSWORD)
    form = {"name": "li", "password": PASSWORD, "back": "//evil.example/"}
    answer = TestClient(app_of(office)).post("/login", data=form, follow_redirects=False)
    assert answer.headers["location"] == "/worklist"


def test_a_key_in_the_header_is_a_caller_and_a_bad_one_is_not_helped_by_a_cookie(office):
    Accounts(office.store).add("hr", "service", None, by="test")
    client = TestClient(app_of(office))
    key = Keys(office.store).make("hr", days=1, by="test")
    assert client.get("/api/v1/me", headers={"Authorization": f"Bearer {key}"}).json()["role"] == "service"
    client.cookies.set(COOKIE, Sessions(office.store, 600, 3600).open("hr"))
    answer = client.get("/api/v1/me", headers={"Authorization": "Bearer om_bad_key"})
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


def test_after_the_clock_was_set_back_no_log_in_outlives_its_hours_and_no_name_stays_shut(office):
    clock = Clock()
    them, open_ones, waiting = (
        Accounts(office.store, clock),
        Sessions(office.store, 600, 3600, clock),
        Waiting(office.store, clock),
    )
    them.add("hr", "service", None, by="test", password=PASSWORD)
    right, before = clock.now, open_ones.open("hr")
    clock.now += 3 * 86_400
    ahead, begun = open_ones.open("hr"), waiting.begin("/")
    for _ in range(FREE_TRIES):
        with pytest.raises(Unknown):
            them.authenticate("hr", "wrong")
    with pytest.raises(TooMany):
        them.authenticate("hr", PASSWORD)
    clock.now = right + 1
    assert open_ones.principal(ahead) is None and waiting.take(begun.token, begun.state) is None
    assert open_ones.principal(before) is None  # who logged in ahead of time took away what was over then
    assert them.authenticate("hr", PASSWORD) == "hr"


def test_a_request_made_ahead_of_time_does_not_keep_a_log_in_open_for_longer(office):
    clock = Clock()
    open_ones = Sessions(office.store, 600, 3600, clock)
    Accounts(office.store, clock).add("hr", "service", None, by="test")
    right, token = clock.now, open_ones.open("hr")
    clock.now += 500
    assert open_ones.principal(token) is not None
    clock.now = right + 10
    assert open_ones.principal(token) is not None
    clock.now = right + 620
    assert open_ones.principal(token) is None


def test_requests_are_counted_anew_where_the_clock_was_moved_and_not_where_it_was_set_right_by_seconds(monkeypatch):
    real, ahead = time.time, [0.0]
    monkeypatch.setattr(time, "time", lambda: real() + ahead[0])
    rates = Rates("2/hour", "2/hour")
    for ahead[0] in (0.0, 5.0):
        rates.count("request", "li")
    with pytest.raises(TooMany) as told:
        rates.count("request", "li")
    assert 1 <= told.value.retry_after <= 3601
    for ahead[0] in (2 * 86_400.0, -2 * 86_400.0):
        rates.count("request", "li")
        rates.count("request", "li")
        with pytest.raises(TooMany):
            rates.count("request", "li")
