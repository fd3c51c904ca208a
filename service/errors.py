"""Exceptions → problem documents (RFC 9457), in one table.

The core raises what happened and knows no status code; this table is the only place that does. Every error leaves as
``application/problem+json`` under ``/api`` and as a page elsewhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from matching import errors as core
from service.security.refusals import Busy, NotAllowed, TooMany, Unknown
from service.use_cases.refusals import Ineligible, KeyReused, NoOpening, NoSlot, Stale

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Problem:
    """One kind of problem: its name in ``/problems/{slug}``, its status and its title."""

    slug: str
    status: int
    title: str
    example: str

    @property
    def type(self) -> str:
        """Relative reference that names the kind of problem; a page with that address explains it."""
        return f"/problems/{self.slug}"


PROBLEMS: Mapping[str, Problem] = {
    p.slug: p
    for p in (
        Problem("malformed", 400, "The request cannot be read", "The body is not JSON: expected a value at column 2."),
        Problem("not-known", 401, "Nobody is logged in", "Log in, or send a key in the Authorization header."),
        Problem("not-allowed", 403, "The role does not include this", "Role auditor may not do this."),
        Problem("cross-site", 403, "The request came from another site", "Send it from this service's own pages."),
        Problem("not-found", 404, "Nothing answers to this identifier", "No member M9; check the identifier."),
        Problem("method", 405, "The address does not take this method", "See the OpenAPI document for its methods."),
        Problem(
            "conflict",
            409,
            "The present state does not allow this step",
            "Referral R1 is started; it may become: closed.",
        ),
        Problem("no-opening", 409, "No opening is left", "Post P1: 1 opening, 1 open referral; choose another post."),
        Problem(
            "no-slot",
            409,
            "The member holds all the open referrals allowed",
            "Member M1 holds 3 of 3; close one first.",
        ),
        Problem(
            "ineligible", 409, "The post may not be proposed to this member", "Post P1: 1 rule not met; see reasons."
        ),
        Problem(
            "key-reused", 409, "The idempotency key was used for something else", "Use a new key for a new referral."
        ),
        Problem(
            "stale", 412, "Somebody changed it since it was shown", "Read it again, then send the new ETag in If-Match."
        ),
        Problem("too-large", 413, "The body is too large", "The limit is 2,000,000 bytes; send less at a time."),
        Problem("media-type", 415, "The body is not JSON", "Send Content-Type: application/json."),
        Problem("invalid", 422, "A value cannot be used", "limit: expected a whole number from 1 to 100, found 0."),
        Problem("too-many", 429, "Too many requests", "The limit is 1200 per 1 minute; try again in 7 seconds."),
        Problem("not-ready", 503, "Something that has to exist first does not", "No region has been imported yet."),
        Problem("busy", 503, "Too many people at once", "200 requests wait already; try again in 5 seconds."),
        Problem(
            "store-unavailable",
            503,
            "The store does not answer",
            "It may have been kept; send it again in 5 seconds under the same key, or look first.",
        ),
        Problem("internal", 500, "A fault on our side", "Nothing was changed; the request id names it in the log."),
    )
}
"""Slug → kind of problem."""

_BY_STATUS = {p.status: p for p in reversed(list(PROBLEMS.values())) if p.slug not in ("store-unavailable", "busy")} | {
    403: PROBLEMS["cross-site"], 409: PROBLEMS["conflict"], 503: PROBLEMS["not-ready"],
}  # fmt: skip

EXCEPTIONS: tuple[tuple[type[Exception], str], ...] = (
    (Ineligible, "ineligible"),
    (NoOpening, "no-opening"),
    (NoSlot, "no-slot"),
    (KeyReused, "key-reused"),
    (Unknown, "not-known"),
    (NotAllowed, "not-allowed"),
    (TooMany, "too-many"),
    (Busy, "busy"),
    (Stale, "stale"),
    (core.Conflict, "conflict"),
    (core.NotFound, "not-found"),
    (core.ModelRefused, "not-ready"),
    (core.NotReady, "not-ready"),
    (core.BadInput, "invalid"),
    (OperationalError, "store-unavailable"),
    (InterfaceError, "store-unavailable"),
    (PoolTimeout, "store-unavailable"),
)
"""Exception class → slug, the most particular first."""


def problem_of(error: Exception) -> Problem:
    """Return the kind of problem an exception is; ``internal`` for what was not raised on purpose."""
    if isinstance(error, RequestValidationError):
        unreadable = any(e["type"] == "json_invalid" for e in error.errors())
        return PROBLEMS["malformed" if unreadable else "invalid"]
    if isinstance(error, HTTPException):
        return _BY_STATUS.get(error.status_code, PROBLEMS["malformed" if error.status_code < 500 else "internal"])
    slug = next((slug for kind, slug in EXCEPTIONS if isinstance(error, kind)), "internal")
    return PROBLEMS[slug]


def document(error: Exception, instance: str, request_id: str | None = None) -> dict[str, object]:
    """Return the problem document of an exception under the request's number; nothing of the inside (trace, statement) is in it."""
    problem = problem_of(error)
    body: dict[str, object] = {
        "type": problem.type,
        "title": problem.title,
        "status": problem.status,
        "detail": _detail(error, problem),
        "instance": instance,
    }
    if request_id is not None:
        body["request_id"] = request_id
    if isinstance(error, RequestValidationError):
        body["errors"] = [
            {"pointer": "/" + "/".join(str(part) for part in e["loc"]), "detail": str(e["msg"])} for e in error.errors()
        ]
    if isinstance(error, Ineligible):
        body["reasons"] = [r.as_dict() for r in error.reasons]
        body["nearest_change"] = [r.as_dict() for r in error.nearest]
    return body


def headers_of(error: Exception) -> dict[str, str]:
    """Return the headers a problem travels with: when to try again, how to say who one is, never to be cached."""
    headers = {"Cache-Control": "no-store"}
    problem = problem_of(error)
    if isinstance(error, TooMany):
        headers["Retry-After"] = str(error.retry_after)
    elif problem.status == 503:
        headers["Retry-After"] = str(RETRY_SECONDS)
    elif problem.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return headers


def _detail(error: Exception, problem: Problem) -> str:
    if isinstance(error, RequestValidationError):
        return "; ".join(f"{'.'.join(str(part) for part in e['loc'][1:])}: {e['msg']}" for e in error.errors()[:5])
    if isinstance(error, HTTPException):
        return problem.title if problem.status == 405 else str(error.detail)
    if isinstance(error, core.OneMonthError):
        return str(error)
    return problem.example


def responses(*slugs: str) -> dict[int | str, dict[str, object]]:
    """Return what a route's OpenAPI says of its errors, each with an example."""
    out: dict[int | str, dict[str, object]] = {}
    for slug in dict.fromkeys(
        (
            *slugs,
            "malformed",
            "not-known",
            "not-allowed",
            "cross-site",
            "invalid",
            "too-many",
            "internal",
            "busy",
            "store-unavailable",
            "not-ready",
        )
    ):
        problem = PROBLEMS[slug]
        example = {
            "type": problem.type, "title": problem.title, "status": problem.status, "detail": problem.example,
            "instance": "/api/v1/…",
        }  # fmt: skip
        entry = out.setdefault(problem.status, {"description": problem.title, "content": {MEDIA_TYPE: {
            "schema": {"$ref": "#/components/schemas/Problem"}, "examples": {}}}})  # fmt: skip
        entry["content"][MEDIA_TYPE]["examples"][slug] = {"value": example}  # type: ignore[index]
    return out
