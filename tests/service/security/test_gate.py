"""The gate itself: who a request is from, where it came from, what it may, and what its office may read."""

import pytest
from fastapi import Request

from matching.errors import NotReady
from service.app import app_of
from service.security.gate import Gate, address_of, admit, caller_of, is_loopback, office_for
from service.security.matrix import RESTRICTED, matrix
from service.security.principals import NOBODY, OFFICE, Principal
from service.security.refusals import NotAllowed, TooMany, Unknown
from service.security.sessions import COOKIE
from service.settings import Settings
from service.wiring import open_office
from tests.service.records import fill
from tests.service.region import DAY


class _Route:
    def __init__(self, name):
        self.name = name


def request(app, operation="get_member_ranking", server=("testserver", 80), client=("203.0.113.9", 1), **headers):
    """Return a request as the server hands it to the gate."""
    sent = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request(
        {"type": "http", "app": app, "server": server, "client": client, "headers": sent, "state": {}, "route": _Route(operation)}
    )  # fmt: skip


@pytest.fixture
def app(office):
    return app_of(office)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.3.2.1", "::1", "localhost"])
def test_this_machine_s_own_addresses_are_known(host):
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "10.0.0.7", "192.168.1.1", "office.example", "localhost.example", ""]
)
def test_other_addresses_and_names_are_not_this_machine(host):
    assert not is_loopback(host)


def test_without_accounts_only_what_came_straight_to_this_machine_s_own_address_is_the_office(app):
    for server in (("127.0.0.1", 8000), ("::1", 8000), ("testserver", 80)):
        assert caller_of(request(app, server=server)) is OFFICE
        for header in ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip"):
            assert caller_of(request(app, server=server, **{header: "10.0.0.9"})) is NOBODY
    for elsewhere in (("10.0.0.7", 8000), ("2001:db8::1", 8000), ("/run/onemonth.sock", None), None):
        assert caller_of(request(app, server=elsewhere)) is NOBODY


def test_the_demonstration_answers_everyone_until_there_is_an_account(app, office, callers):
    app.state.gate = Gate.of(office.store, office.settings, everyone=True)
    assert caller_of(request(app, server=("10.0.0.7", 80))) is OFFICE
    callers.account("caseworker")
    assert caller_of(request(app, server=("10.0.0.7", 80))) is NOBODY
    assert not Gate.of(office.store, office.settings).everyone


def test_a_key_is_read_from_a_bearer_header_alone_and_goes_before_a_cookie(callers):
    key = callers.app.state.gate.keys.make(callers.account("analyst"), days=1, by="test")
    token = callers.sessions.open(callers.account("caseworker"))
    cookie = f"{COOKIE}={token}"
    for text in (f"Bearer {key}", f"bearer   {key} "):
        assert caller_of(request(callers.app, authorization=text, cookie=cookie)).role == "analyst"
    for text in (f"Basic {key}", key, "Bearer", f"Bearer {token}", f"Bearer {key}x"):
        assert caller_of(request(callers.app, authorization=text, cookie=cookie)) is NOBODY
    assert caller_of(request(callers.app, cookie=cookie)).role == "caseworker"
    assert caller_of(request(callers.app, cookie=f"{COOKIE}={key}")) is NOBODY
    assert caller_of(request(callers.app)) is NOBODY


def test_who_makes_a_request_is_asked_once_a_request(callers):
    name = callers.account("caseworker")
    made = request(callers.app, cookie=f"{COOKIE}={callers.sessions.open(name)}")
    first = caller_of(made)
    callers.accounts.disable(name, by="test")
    assert caller_of(made) is first and first.actor == name


def test_a_caller_without_an_address_is_counted_as_unknown(app):
    assert address_of(request(app)) == "203.0.113.9" and address_of(request(app, client=None)) == "unknown"


def test_sessions_live_as_long_as_the_settings_say(tmp_path):
    settings = Settings(
        home=tmp_path, session_idle_minutes=7, session_hours=3, rate_limit="5/hour", login_rate_limit="2/hour"
    )
    with open_office(settings, day=DAY) as office:
        gate = Gate.of(office.store, settings)
        assert (gate.sessions._idle, gate.sessions._longest) == (420.0, 10_800.0)
        for _ in range(2):
            gate.rates.count("login", "a")
        with pytest.raises(TooMany):
            gate.rates.count("login", "a")
        gate.rates.count("request", "a")


def test_an_office_is_the_caller_s_in_name_role_regions_and_reading(office):
    theirs = office_for(office, Principal("li", "caseworker", ("440104",)), frozenset({"members.sex"}))
    assert (theirs.actor, theirs.role, theirs.regions, theirs.reads) == (
        "li",
        "caseworker",
        ("440104",),
        {"members.sex"},
    )
    with theirs.store.reading() as reader:
        assert set(reader.seen("members")["member_id"]) == {"M4", "M5", "M6"}
    assert office_for(office, OFFICE).reads == frozenset() and len(office.store.read("members")) == 6


def test_what_a_caller_may_read_is_their_role_s_through_that_operation(callers):
    for role, operation in (
        ("caseworker", "get_restricted"),
        ("supervisor", "get_household"),
        ("caseworker", "get_member_ranking"),
    ):
        made = request(callers.app, operation, cookie=f"{COOKIE}={callers.sessions.open(callers.account(role))}")
        admit(made)
        assert made.state.office.reads == matrix().readable(operation, role)
        assert (made.state.office.role, made.state.office.actor) == (role, callers.account(role))


def test_without_accounts_every_operation_with_a_row_is_open_with_every_column_and_without_a_limit(tmp_path):
    with open_office(Settings(home=tmp_path, rate_limit="1/hour"), day=DAY) as office:
        app = app_of(fill(office))
        for operation in ("get_member_ranking", "journal_view", "training_form"):
            made = request(app, operation)
            admit(made)
            assert made.state.office.reads == RESTRICTED and made.state.office.regions == ()
        with pytest.raises(NotAllowed, match="operation unlisted has no row"):
            admit(request(app, "unlisted"))


def test_refusals_say_who_has_to_log_in_and_whose_task_it_is_not(callers):
    callers.account("caseworker")
    with pytest.raises(Unknown, match="log in, or send a key"):
        admit(request(callers.app))
    admit(request(callers.app, "health"))
    made = request(callers.app, "journal_view", cookie=f"{COOKIE}={callers.sessions.open('caseworker-all')}")
    with pytest.raises(NotAllowed, match="role caseworker may not do this"):
        admit(made)


def test_each_known_caller_has_a_limit_of_their_own_and_strangers_one_an_address(tmp_path):
    with open_office(Settings(home=tmp_path, rate_limit="2/hour"), day=DAY) as office:
        app = app_of(fill(office))
        gate = app.state.gate
        for name in ("li", "chen"):
            gate.accounts.add(name, "caseworker", None, by="test")
        keys = {name: f"Bearer {gate.keys.make(name, days=1, by='test')}" for name in ("li", "chen")}
        for headers in (
            {"authorization": keys["li"]},
            {"authorization": keys["chen"]},
            {},
            {"client": ("203.0.113.10", 5)},
        ):
            for _ in range(2):
                admit(request(app, "health", **headers))
            with pytest.raises(TooMany):
                admit(request(app, "health", **headers))


def test_a_server_without_accounts_may_listen_on_this_machine_only(office, callers):
    gate = Gate.of(office.store, office.settings)
    gate.require_fit_to_listen("127.0.0.1")
    with pytest.raises(NotReady, match=r"listening on 0\.0\.0\.0 needs log-in"):
        gate.require_fit_to_listen("0.0.0.0")
    callers.account("admin")
    gate.require_fit_to_listen("0.0.0.0")
