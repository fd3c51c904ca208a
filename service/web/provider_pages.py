"""Log-in by the office's identity provider: to it, and back."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from matching.errors import NotReady
from service.api.context import AnOffice
from service.security.gate import Gate, address_of
from service.security.provider import RETURN, Provider
from service.security.refusals import Unknown
from service.security.sessions import COOKIE
from service.security.waiting import SECONDS, Waiting
from service.web.access_pages import Back, set_session
from service.web.view import local_path, render
from service.wiring import Office

WAITING = "onemonth_provider"
"""Cookie of a log-in that was begun; sent when the provider sends the browser back, so it cannot be strict."""

router = APIRouter(include_in_schema=False)
Sent = Annotated[str, Query(max_length=4000)]


@router.get("/login/provider")
def provider_login(request: Request, office: AnOffice, back: Back = "/") -> RedirectResponse:
    """Send the browser to the identity provider."""
    provider, gate = _provider(request), request.app.state.gate
    gate.rates.count("login", address_of(request))
    begun = Waiting(office.store).begin(local_path(back))
    answer = RedirectResponse(provider.address(begun.state, begun.nonce, begun.verifier), 303)
    answer.set_cookie(
        WAITING, begun.token, max_age=SECONDS, httponly=True, samesite="lax", path=RETURN,
        secure=(office.settings.public_url or "").startswith("https:"),
    )  # fmt: skip
    return answer


@router.get(RETURN)
def provider_return(request: Request, office: AnOffice, code: Sent = "", state: Sent = "") -> HTMLResponse:
    """Open a session for the account the provider's subject is linked to, or say why not."""
    provider = _provider(request)
    gate: Gate = request.app.state.gate
    gate.rates.count("login", address_of(request))
    begun = Waiting(office.store).take(request.cookies.get(WAITING, ""), state)
    try:
        if begun is None or not code:
            raise Unknown("log-in: it was not begun in this browser, took too long, or was refused; try again")
        account = gate.accounts.of_subject(provider.subject(code, begun.nonce, begun.verifier))
    except Unknown:
        page = _told(request, office, "refused_provider")
    else:
        assert begun is not None
        # A page, not a redirect: the session's strict cookie is sent only with what this service's own page asks for.
        page = render(request, office, None, "signed_in.html", back=begun.back)
        set_session(page, gate.sessions.open(account, request.cookies.get(COOKIE)), office.settings)
    page.delete_cookie(WAITING, path=RETURN, httponly=True, samesite="lax")
    return page


def _told(request: Request, office: Office, told: str) -> HTMLResponse:
    return render(
        request, office, None, "login.html", status=401, open=not request.app.state.gate.accounts.any(), back="/worklist", account="",
        told=told, minutes=0, provider=True,
    )  # fmt: skip


def _provider(request: Request) -> Provider:
    provider: Provider | None = request.app.state.provider
    if provider is None:
        raise NotReady("log-in: no identity provider is set up; log in with a password")
    return provider
