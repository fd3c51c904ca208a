"""Log-in and log-out."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from matching.errors import BadInput
from service.api.context import AnOffice
from service.api.guard import MAX_BODY_BYTES
from service.errors import headers_of
from service.security.gate import Gate, address_of, caller_of
from service.security.refusals import TooMany, Unknown
from service.security.sessions import COOKIE
from service.settings import Settings
from service.web.view import local_path, render
from service.wiring import Office

router = APIRouter(include_in_schema=False, max_body_size=MAX_BODY_BYTES)
Back = Annotated[str, Query(max_length=2000)]


def login_address(request: Request) -> str:
    """Return the address of the log-in page that leads back to a page."""
    query = f"?{request.url.query}" if request.url.query else ""
    return f"/login?{urlencode({'back': request.url.path + query})}"


@router.get("/login")
def login_page(request: Request, office: AnOffice, back: Back = "/") -> HTMLResponse:
    """Ask for account and password."""
    return _page(request, office, back)


def _page(
    request: Request, office: Office, back: str, name: str = "", error: Unknown | TooMany | None = None
) -> HTMLResponse:
    gate: Gate = request.app.state.gate
    shut = isinstance(error, TooMany)
    page = render(
        request, office, None, "login.html", status=200 if error is None else 429 if shut else 401, open=not gate.accounts.any(),
        back=local_path(back), account=name, told="" if error is None else "shut" if shut else "refused",
        provider=request.app.state.provider is not None, minutes=-(-error.retry_after // 60) if isinstance(error, TooMany) else 0,
    )  # fmt: skip
    if error is not None:
        page.headers.update(headers_of(error))
    return page


@router.post("/login", response_model=None)
def login_form(
    request: Request,
    office: AnOffice,
    name: Annotated[str, Form(max_length=200)],
    password: Annotated[str, Form(max_length=1000)],
    back: Annotated[str, Form(max_length=2000)] = "/",
) -> HTMLResponse | RedirectResponse:
    """Open a session under a new token, then go back to the page."""
    gate: Gate = request.app.state.gate
    try:
        gate.rates.count("login", address_of(request))
        account = gate.accounts.authenticate(name, password)
    except (Unknown, TooMany) as error:
        return _page(request, office, back, name[:64], error)
    token = gate.sessions.open(account, request.cookies.get(COOKIE))
    answer = RedirectResponse(local_path(back), 303)
    set_session(answer, token, office.settings)
    return answer


def set_session(answer: HTMLResponse | RedirectResponse, token: str, settings: Settings) -> None:
    """Give the browser the session's token: not for scripts, not for requests other sites start, not over plain HTTP where HTTPS is served."""
    answer.set_cookie(
        COOKIE, token, max_age=settings.session_hours * 3600, httponly=True, samesite="strict",
        secure=(settings.public_url or "").startswith("https:"),
    )  # fmt: skip


@router.get("/password")
def password_page(request: Request, office: AnOffice) -> HTMLResponse:
    """Ask for the old password and a new one."""
    return render(request, office, None, "password.html", told="")


@router.post("/password", response_model=None)
def password_form(
    request: Request,
    office: AnOffice,
    old: Annotated[str, Form(max_length=1000)],
    new: Annotated[str, Form(max_length=1000)],
) -> HTMLResponse | RedirectResponse:
    """Change the caller's password; every session ends and the caller logs in anew."""
    gate: Gate = request.app.state.gate
    try:
        gate.rates.count("login", address_of(request))
        gate.accounts.change(office.actor, old, new)
    except (Unknown, TooMany, BadInput) as error:
        told = "weak" if isinstance(error, BadInput) else "refused_old"
        page = render(request, office, None, "password.html", status=422 if told == "weak" else 403, told=told)
        page.headers["Cache-Control"] = "no-store"
        return page
    return RedirectResponse("/login", 303)


@router.post("/logout")
def logout_form(request: Request) -> RedirectResponse:
    """End the session, here and in the record."""
    gate: Gate = request.app.state.gate
    gate.sessions.close(caller_of(request))
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer
