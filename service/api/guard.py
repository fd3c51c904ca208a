"""Every request passes here first: a number, where it came from, what it carries; and every answer leaves with safe headers."""

import re
import uuid
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api.context import wellformed

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

MAX_BODY_BYTES = 2_000_000
"""Largest body of a request: 1,000 inline posts and some."""

MAX_FILE_BYTES = 50_000_000
"""Largest file that is sent in."""

_JSON = frozenset({"application/json"})
_FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
_FILE_PAGE, _FILE_API = re.compile(r"/imports"), re.compile(r"/api/v1/imports/[^/]+/file")

FILE_TYPES = frozenset({
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "text/csv", "application/vnd.apache.parquet",
})  # fmt: skip
"""Media types of a file another system sends in."""

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
"""Headers of every answer."""


def from_another_site(headers: Headers) -> bool:
    """Whether a browser says that another site made this request. Callers that are no browsers say nothing and pass."""
    fetch_site = headers.get("sec-fetch-site")
    if fetch_site is not None:
        return fetch_site not in ("same-origin", "none")
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != headers.get("host")


class Guard:
    """ASGI middleware around the routes; ``refuse`` turns an exception into the answer that reports it."""

    def __init__(self, app: ASGIApp, refuse: Callable[[Request, Exception], Response]) -> None:
        self.app = app
        self.refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check the request, then pass it on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        number = given if wellformed(given) else uuid.uuid4().hex
        scope["onemonth.request_id"] = number

        begun = False

        async def _send_guarded(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                out = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    out.setdefault(name, value)
                out["X-Request-Id"] = number
                if not scope["path"].startswith("/static/"):
                    out.setdefault("Cache-Control", "no-store")
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=number):
            try:
                check(scope)
                await self.app(scope, receive, _send_guarded)
            except Exception as error:  # the last door: a fault leaves as its kind and number, never with its text
                if begun:
                    raise
                await self.refuse(Request(scope), error)(scope, receive, _send_guarded)


def check(scope: Scope) -> None:
    """Refuse a change that another site asked for, a body that is too large, and one that is not what the address takes."""
    headers = Headers(scope=scope)
    if scope["method"] in SAFE:
        return
    if from_another_site(headers):
        raise HTTPException(403, "The request came from another site; send it from this service's own pages.")
    path, length = scope["path"], headers.get("content-length", "0")
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    wanted = _media_types(path)
    limit = MAX_FILE_BYTES if _takes_files(path) and media_type in wanted else MAX_BODY_BYTES
    if not length.isdecimal() or int(length) > limit:
        raise HTTPException(413, f"the limit is {limit:,} bytes, found {length[:20]}; send less at a time")
    has_body = length != "0" or "transfer-encoding" in headers
    if has_body and media_type not in wanted:
        raise HTTPException(415, f"expected Content-Type {' or '.join(sorted(wanted))}, found {media_type or 'none'}")


def _takes_files(path: str) -> bool:
    return bool(_FILE_API.fullmatch(path) or _FILE_PAGE.fullmatch(path))


def _media_types(path: str) -> frozenset[str]:
    """Return what a change of this address may carry."""
    if _takes_files(path):
        return FILE_TYPES if path.startswith("/api/") else frozenset({"multipart/form-data"})
    return _JSON if path.startswith("/api/") else _FORMS
