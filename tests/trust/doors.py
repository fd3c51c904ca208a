"""The doors of the service: limits, other sites, hostile paths, odd content types, on every operation of the OpenAPI document."""

import re

import httpx2
from fastapi.testclient import TestClient

from service.app import app_of
from service.errors import MEDIA_TYPE
from service.security.accounts import Accounts
from service.security.keys import Keys
from service.security.sessions import COOKIE
from service.settings import Settings
from service.wiring import open_office
from tests.service.conftest import fill
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


@check
def bodies_too_large_or_odd(ground):
    """A body over the limit is 413, also in chunks without a length where it is read; a body that is not JSON is 415 and nothing is read of it."""
    office, app, client = _service(ground)
    with office:
        asked = app.openapi()["paths"]
        posts = [p for _, m, p in _all(app) if m == "post" and p.startswith("/api/")]
        paths, readers = [_filled(p) for p in posts], [_filled(p) for p in posts if "requestBody" in asked[p]["post"]]
        before = office.store.version()
        odd = sum(
            client.post(p, content=b"x", headers={"Content-Type": t}).status_code == 415
            for p in paths
            for t in CONTENT_TYPES
        )
        large = b'{"x": "' + b"x" * 2_100_000 + b'"}'

        def chunks():
            for k in range(0, len(large), 100_000):
                yield large[k : k + 100_000]

        json_type = {"Content-Type": "application/json"}
        told = sum(client.post(p, content=large, headers=json_type).status_code == 413 for p in paths)
        untold = sum(client.post(p, content=chunks(), headers=json_type).status_code == 413 for p in readers)
        same = int(office.store.version() == before)
    yield Figure("bodies of 12 odd content types refused with 415", odd, len(CONTENT_TYPES) * len(paths))
    yield Figure("bodies over 2,000,000 bytes refused with 413", told, len(paths))
    yield Figure("bodies over 2,000,000 bytes in chunks refused with 413", untold, len(readers))
    yield Figure("records unchanged by all of them", same, 1)


@check
def hostile_paths(ground):
    """Each string in place of each parameter: a plain refusal, no fault of ours, nothing of the machine in the answer."""
    office, app, client = _service(ground)
    tried, good = 0, 0
    with office:
        for _, method, path, body, form in operations(app.openapi()):
            if "{" not in path:
                continue
            for text in PATHS[:: 1 if not ground.short else 6]:
                answer = client.request(method, _filled(path, text), json=body, data=form)
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
