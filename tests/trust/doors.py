"""The doors of the service: limits, other sites, hostile paths, odd content types, on every operation of the OpenAPI document."""

import re
import sqlite3
import threading
import time

import httpx2
import sqlalchemy as sa
from fastapi.testclient import TestClient

from service.api.guard import FILE_TYPES, MAX_BODY_BYTES, MAX_FILE_BYTES
from service.api.queue import PASSES
from service.app import app_of
from service.errors import MEDIA_TYPE
from service.security.accounts import Accounts
from service.security.keys import Keys
from service.security.sessions import COOKIE
from service.settings import Settings
from service.storage.engine import make_engine
from service.wiring import open_office
from tests.service.records import fill
from tests.service.region import DAY
from tests.service.security.cells import FORMS, operations
from tests.service.security.identity_provider import CLIENT, FAULTS, SECRET, at_the_provider, started
from tests.trust.frame import Figure, check

PATHS = [
    "..", "../", "../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e", "....//....//", "..\\..\\windows", "..%5c..%5c",
    "%252e%252e%252f", "/etc/passwd", "//etc/passwd", "/proc/self/environ", f"//proc/self/{'root'}/etc", "file:///etc/passwd",
    "http://127.0.0.1/", "https://evil.example/", "\\\\host\\share", "C:\\Windows", "C:/", "CON", "NUL", "aux.txt", "~root", "~/.ssh/id_rsa",
    "$HOME", "${HOME}", "$(id)", "`id`", ";id", "|id", "&&id", "%00", "a%00.txt", "M1%00", "M1%0d%0aX: y", "%0a", "#", "M1#x", "?x=1",
    "M1?x=1", "M1;x", "*", "%", "%zz", "%c0%ae%c0%ae/", "%u002e", "' OR 1=1 --", "1; DROP TABLE members", "{{7*7}}", "${7*7}", "<script>",
    "%3Csvg%20onload=1%3E", "=cmd|' /C calc'!A0", "null", "undefined", "-1", "0", "\u202e1M", "Ｍ１", "é" * 40,
]  # fmt: skip
"""60 strings that have opened doors elsewhere."""

CONTENT_TYPES = [
    "application/x-www-form-urlencoded", "multipart/form-data", "text/plain", "text/xml", "application/xml", "application/x-yaml",
    "application/octet-stream", "application/x-python-pickle", "application/vnd.bentoml+pickle", "application/msgpack", "image/svg+xml",
    "application/json-patch+json",
]  # fmt: skip

MULTIPART = "multipart/form-data; boundary=x"


def _service(ground, **settings):
    office = open_office(Settings(home=ground.home(), **settings), day=DAY)
    fill(office)
    app = app_of(office)
    Accounts(office.store).add("everything", "supervisor", None, by="test")
    key = Keys(office.store).make("everything", days=1, by="test")
    client = TestClient(
        app, raise_server_exceptions=False, headers={"Authorization": f"Bearer {key}"}, follow_redirects=False
    )
    return office, app, client


def _filled(path, value="M1"):
    return re.sub(r"{\w+}", lambda _: value, path)


def _all(app):
    return [(name, method, path) for name, method, path, _, _ in operations(app.openapi())]


@check
def limit_on_every_operation(ground):
    """The call after the last one allowed is answered 429 with the time to wait, whichever operation it is."""
    for role in ("known", "unknown"):
        office, app, client = _service(ground, rate_limit="3/hour")
        with office:
            if role == "unknown":
                del client.headers["Authorization"]
            for _ in range(3):
                client.get("/api/v1/me")
            calls = _all(app)
            answers = [
                client.request(m, _filled(p), json={}, data=FORMS.get(n))
                if m == "get"
                else client.request(m, _filled(p))
                for n, m, p in calls
            ]
            good = sum(a.status_code == 429 and int(a.headers["retry-after"]) > 0 for a in answers)
        yield Figure(f"operations that answer 429 with Retry-After over the limit, caller {role}", good, len(calls))


@check
def other_sites_change_nothing(ground):
    """A change another site starts in the browser is refused on every operation that changes something."""
    office, app, client = _service(ground)
    with office:
        changing = [(m, p) for _, m, p in _all(app) if m != "get"]
        good = 0
        for headers in (
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Origin": "https://evil.example"},
        ):
            good += sum(client.request(m, _filled(p), headers=headers).status_code == 403 for m, p in changing)
    yield Figure("changes started by another site and refused", good, 3 * len(changing))


def _changing(app):
    """Return (method, filled path, media type, whether a body is read) of every operation and page that changes something."""
    found = []
    asked = app.openapi()["paths"]
    for name, method, path in _all(app):
        if method != "get":
            body = asked.get(path, {}).get(method, {}).get("requestBody", {}).get("content", {})
            form = MULTIPART if path == "/imports" else "application/x-www-form-urlencoded"
            kind = next(iter(body), "application/json") if path.startswith("/api/") else form
            query = "?name=a.csv" if kind in FILE_TYPES else ""
            found.append(
                (method, _filled(path) + query, kind, bool(body) or bool(FORMS.get(name)) or path == "/imports")
            )
    return found


@check
def bodies_too_large_or_odd(ground):
    """Whatever changes something refuses a body over the limit with 413, also in chunks without a length where it is read, and a body of
    another kind with 415; nothing is read of it."""
    office, app, client = _service(ground)
    with office:
        changing, before = _changing(app), office.store.version()
        odd = [
            client.request(m, p, content=b"x", headers={"Content-Type": t}).status_code == 415
            for m, p, kind, _ in changing
            for t in CONTENT_TYPES
            if t not in ((kind,) if p.startswith("/api/") else CONTENT_TYPES[1 if kind == MULTIPART else 0 : 2])
        ]
        told = [
            client.request(m, p, content=b"x", headers=_sized(kind)).status_code == 413 for m, p, kind, _ in changing
        ]
        untold = [
            client.request(m, p, content=_chunks(kind), headers={"Content-Type": kind}).status_code == 413
            for m, p, kind, read in changing
            if read
        ]
        same = int(office.store.version() == before)
    yield Figure("bodies of 12 odd content types refused with 415, pages included", sum(odd), len(odd))
    yield Figure("bodies over the limit refused with 413 by their length", sum(told), len(told))
    yield Figure("bodies over the limit refused with 413 in chunks", sum(untold), len(untold))
    yield Figure("records unchanged by all of them", same, 1)


def _limit(kind):
    return MAX_FILE_BYTES if kind in FILE_TYPES or kind == MULTIPART else MAX_BODY_BYTES


def _sized(kind):
    """Return the headers of a body one byte over the limit; the service answers before it has come."""
    return {"Content-Type": kind, "Content-Length": str(_limit(kind) + 1)}


def _chunks(kind):
    """Yield more than the limit as one value of a body of a kind, without saying how much it is."""
    file = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
    yield {"application/json": b'{"x": "', "application/x-www-form-urlencoded": b"x=", MULTIPART: file}.get(kind, b"")
    for _ in range(_limit(kind) // 100_000 + 1):
        yield b"x" * 100_000


@check
def full_house_on_every_operation(ground):
    """While the one place is taken and nobody may wait, every operation but the probes is answered 503 with a time to come back."""
    office, app, client = _service(ground, requests_at_once=1, requests_waiting=0)
    home = office.settings.home
    calls = [(m, p) for _, m, p in _all(app) if not p.startswith(PASSES)]
    with office, sqlite3.connect(home / "onemonth.db", isolation_level=None) as busy:
        busy.execute("BEGIN IMMEDIATE")  # who holds the place waits for this one
        slow = threading.Thread(target=_until_it_has_a_place, args=(client,))
        slow.start()
        while client.get("/api/v1/me").status_code != 503:
            time.sleep(0.2)
        answers = [client.request(m, _filled(p)) for m, p in calls]
        busy.execute("ROLLBACK")
        slow.join()
        good = sum(a.status_code == 503 and int(a.headers["retry-after"]) > 0 for a in answers)
    busy.close()
    yield Figure("operations that answer 503 with Retry-After while the house is full", good, len(calls))


def _until_it_has_a_place(client):
    contact = {"kind": "phone", "result": "reached"}
    while client.post("/api/v1/households/H1/contacts", json=contact).status_code == 503:
        continue


@check
def store_away_on_every_operation(ground):
    """While the database lets nobody in, every operation that asks it is answered 503 with a time to come back; then all goes on."""
    url = ground.database("postgresql")
    office, app, client = _service(ground, database_url=url)
    name, admin = make_engine(url).url.database, make_engine(make_engine(url).url.set(database="postgres"))
    with office, admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        calls = [(m, p) for _, m, p in _all(app) if p not in ("/health", "/openapi.json")]
        _let_in(connection, name, False)
        answers = [client.request(m, _filled(p)) for m, p in calls]
        _let_in(connection, name, True)
        again = int(client.get("/api/v1/me").status_code == 200)
    admin.dispose()
    good = sum(a.status_code == 503 and int(a.headers["retry-after"]) > 0 for a in answers)
    yield Figure("operations that answer 503 with Retry-After while the store is away", good, len(calls))
    yield Figure("servers that answer when it is back, without a restart", again, 1)


def _let_in(connection, name, anybody):
    connection.execute(sa.text(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS {str(anybody).lower()}'))
    if not anybody:
        connection.execute(
            sa.text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :n"), {"n": name}
        )


@check
def hostile_paths(ground):
    """Each string in place of each parameter: a plain refusal, no fault of ours, nothing of the machine in the answer."""
    office, app, client = _service(ground, rate_limit="999999999/minute")
    tried, good = 0, 0
    with office:
        for _, method, path, body, form in operations(app.openapi()):
            if "{" not in path:
                continue
            for text in PATHS[:: 1 if not ground.short else 6]:
                whole = text.replace("#", "%23").replace("?", "%3F")  # else the client would end the path there
                answer = client.request(method, _filled(path, whole), json=body, data=form)
                if answer.url.path.count("/") < path.count("/"):
                    continue  # the client itself went up a folder: another operation answered
                tried += 1
                told = re.search(r"root:|Traceback|site-packages|sqlite|/usr/|/home/", answer.text)
                good += answer.status_code in (303, 307, 400, 403, 404, 405, 409, 422) and told is None
    yield Figure(f"hostile strings in place of a parameter plainly refused ({len(PATHS)} strings)", good, tried)


@check
def problems_are_documented(ground):
    """Every operation says it may answer 400, 401, 403, 422, 429, 500 and 503, and where it takes a body 413 and 415 too."""
    office, app, _ = _service(ground)
    with office:
        found = [op for path in app.openapi()["paths"].values() for op in path.values()]
    wanted = [
        {"400", "401", "403", "422", "429", "500", "503"} | ({"413", "415"} if "requestBody" in op else set())
        for op in found
    ]
    good = sum(
        w <= set(op["responses"]) and all(MEDIA_TYPE in op["responses"][s]["content"] for s in w)
        for op, w in zip(found, wanted, strict=True)
    )
    yield Figure("operations that document every refusal", good, len(found))


@check
def lies_of_a_provider(ground):
    """Tokens of a real identity provider, each wrong in one way, open nothing; the right one does."""
    with started() as issuer:
        named = {
            "oidc_issuer": issuer,
            "oidc_client_id": CLIENT,
            "oidc_client_secret": SECRET,
            "public_url": "http://testserver",
        }
        office, app, _ = _service(ground, **named, login_rate_limit="1000/minute")
        with office:
            Accounts(office.store).link("everything", f"{issuer} person-1", by="test")
            client, refused = TestClient(app, follow_redirects=False), 0
            faults = FAULTS[:: ground.size(1, 4)]
            for fault in faults:
                httpx2.post(f"{issuer}/fault", content=fault)
                refused += client.get(at_the_provider(client)).status_code == 401 and COOKIE not in client.cookies
            httpx2.post(f"{issuer}/fault", content="")
            right = int(client.get(at_the_provider(client)).status_code == 200)
    yield Figure("tokens of a provider that are wrong in one way and open nothing", refused, len(faults))
    yield Figure("tokens that are right and open a session", right, 1)
