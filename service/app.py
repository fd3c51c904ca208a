"""The web application: routes, guard, errors, pages, put together for one office."""

import gc
from datetime import date
from importlib.resources import as_file, files
from typing import Any

import structlog
from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from matching.errors import OneMonthError
from service import schemas
from service.api import (
    access,
    audit,
    casework,
    desk,
    health,
    imports,
    metrics,
    model_versions,
    reports,
    routes,
    rules,
    whatif,
)
from service.api.guard import Guard
from service.api.queue import Queue
from service.api.watch import Tally, Watch
from service.errors import MEDIA_TYPE, Problem, document, headers_of, problem_of
from service.logs import where
from service.security.gate import Gate, admit, caller_of
from service.security.principals import NOBODY
from service.security.provider import Provider
from service.security.refusals import Busy, NotAllowed, TooMany, Unknown
from service.settings import Settings
from service.tracing import trace_statements, tracer_of
from service.use_cases.refusals import Ineligible
from service.web import (
    access_pages,
    audit_pages,
    desk_pages,
    household_pages,
    household_steps,
    import_pages,
    letter_pages,
    member_pages,
    model_pages,
    morning_pages,
    pages,
    provider_pages,
    supervisor_pages,
)
from service.web.problem_words import entry_named
from service.web.view import language_of, local_path, render
from service.web.wording import Wording
from service.wiring import Office, open_office

ROUTERS = (
    health.router, metrics.router, model_versions.router, routes.router, access.router, casework.router, rules.router,
    whatif.router, reports.router, audit.router, desk.router, imports.router, imports.sending, pages.router,
    access_pages.router, provider_pages.router, member_pages.router, household_pages.router, household_steps.router,
    letter_pages.router, morning_pages.router, supervisor_pages.router, audit_pages.router, model_pages.router, desk_pages.router,
    import_pages.router, import_pages.sending,
)  # fmt: skip
"""Every route of the service; each has its row in the matrix of roles."""

_MACHINES = ("/api/", "/health", "/ready", "/metrics", "/openapi.json")

log = structlog.get_logger(__name__)


def create_app(settings: Settings, *, day: date | None = None) -> FastAPI:
    """Return the application for the office of these settings; ``day`` stands still in place of the clock."""
    app = app_of(open_office(settings, day=day))
    gc.collect()
    gc.freeze()  # what stands as long as the server does is not looked through again and again while somebody waits
    return app


def app_of(office: Office, *, everyone: bool = False) -> FastAPI:
    """Return the application of an office that is already put together.

    ``everyone`` lets callers of other machines in while there is no account: for generated people only.
    """
    tally, tracer = Tally(), tracer_of(office.settings)
    if tracer is not None:
        trace_statements(office.store.engine, tracer)
    app = FastAPI(
        title="OneMonth", version="1", openapi_url="/openapi.json", docs_url=None, redoc_url=None,
        summary="Ranked posts with reasons for members of zero-employment households",
        middleware=[
            Middleware(Watch, tally=tally, tracer=tracer), Middleware(Guard, refuse=_answer),
            Middleware(Queue, at_once=office.settings.requests_at_once, waiting=office.settings.requests_waiting),
        ], separate_input_output_schemas=False, dependencies=[Depends(admit)],
        generate_unique_id_function=lambda route: route.name,
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )  # fmt: skip
    app.state.office, app.state.tally = office, tally
    app.state.gate = Gate.of(office.store, office.settings, everyone=everyone)
    app.state.provider = Provider.of(office.settings)
    for router in ROUTERS:
        app.include_router(router)
    with as_file(files("service.web") / "static") as folder:
        app.mount("/static", StaticFiles(directory=folder))
        icon = FileResponse(
            folder / "favicon.svg", media_type="image/svg+xml", headers={"Cache-Control": "max-age=86400"}
        )
    app.add_api_route(
        "/favicon.ico", lambda: icon, name="favicon", include_in_schema=False, response_class=FileResponse
    )
    for kind in (OneMonthError, SQLAlchemyError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, _answer)
    _describe(app)
    return app


def _answer(request: Request, error: Exception) -> Response:
    """Report an exception: a problem document to machines, a page to people; the log gets the kind, never the values."""
    problem = problem_of(error)
    path = request.url.path
    if problem.status >= 500 and not isinstance(
        error, Busy
    ):  # a full house is no fault; the line of the request says 503
        log.error(
            "request failed", problem=problem.slug, method=request.method, error=type(error).__name__,
            request_id=request.scope.get("onemonth.request_id"), at=where(error),
        )  # fmt: skip
    elif isinstance(error, (NotAllowed, TooMany)):
        log.warning(
            "request refused", problem=problem.slug, method=request.method, actor=caller_of(request).actor,
            operation=request.scope["route"].name, request_id=request.scope.get("onemonth.request_id"),
        )  # fmt: skip
    if path.startswith(_MACHINES):
        return JSONResponse(
            document(error, path, request.scope.get("onemonth.request_id")),
            problem.status,
            headers=headers_of(error),
            media_type=MEDIA_TYPE,
        )
    if isinstance(error, Unknown) and request.method == "GET":
        return RedirectResponse(access_pages.login_address(request), 303, headers={"Cache-Control": "no-store"})
    ineligible = error if isinstance(error, Ineligible) else None
    if problem.slug in ("busy", "store-unavailable"):
        request.state.caller = NOBODY  # who it is would have to be asked of a store that has enough to do, or is away
    office, detail = request.app.state.office, str(error) if isinstance(error, OneMonthError) else ""
    page = render(
        request, office, None, "problem.html", status=problem.status, problem=problem, words=_words(problem, path),
        request_id=request.scope.get("onemonth.request_id", ""),
        reasons=ineligible.reasons if ineligible else (), nearest=ineligible.nearest if ineligible else (),
        back=_referrer(request), detail=detail, entry=entry_named(Wording(language_of(request, office)), detail),
    )  # fmt: skip
    page.headers.update(headers_of(error))
    return page


def _words(problem: Problem, path: str) -> str:
    """Return the key of the sentence a page tells a problem by; where files are sent in it speaks of files."""
    of_files = path.startswith("/imports") and problem.slug in ("too-large", "media-type")
    return f"problem.{problem.slug}-file" if of_files else f"problem.{problem.slug}"


def _referrer(request: Request) -> str:
    referrer = request.headers.get("referer", "")
    host = f"//{request.headers.get('host', '')}/"
    return local_path("/" + referrer.partition(host)[2]) if host in referrer else ""


def _describe(app: FastAPI) -> None:
    """Complete the OpenAPI document: the problem document's schema, which every error refers to."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        """Return the document with the problem document that every refusal refers to."""
        document = made()
        schema = schemas.Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        components = document.setdefault("components", {}).setdefault("schemas", {})
        components.setdefault("ReasonOut", schema.pop("$defs", {}).get("ReasonOut", {}))
        components["Problem"] = schema
        for name in ("HTTPValidationError", "ValidationError"):
            components.pop(name, None)
        return document

    app.openapi = openapi  # type: ignore[method-assign]
