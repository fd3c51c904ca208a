"""The pages everybody meets first: worklist, one post's reverse list, kinds of problem, the language switch."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from matching.errors import NotFound
from service.api.context import AnOffice
from service.api.guard import MAX_BODY_BYTES
from service.errors import PROBLEMS
from service.security.gate import caller_of
from service.use_cases.post_review import post_findings
from service.use_cases.rank import rank_position
from service.use_cases.rows import only
from service.use_cases.worklist import Filters, worklist_page
from service.web.form_fields import SEE_OTHER, Choice, Id
from service.web.navigation import places_for
from service.web.view import COOKIE, language_of, local_path, place_name, render
from service.web.wording import LANGUAGES

router = APIRouter(include_in_schema=False, max_body_size=MAX_BODY_BYTES)

QUIET_DAYS = 5
"""Days without a referral the worklist asks about (domain model, section 6.2)."""

Tick = Annotated[str, Query(pattern=r"^1?$")]


@router.get("/")
def home(request: Request) -> RedirectResponse:
    """Go to the first place of the caller's role."""
    places = places_for(caller_of(request))
    return RedirectResponse(places[0].address if places else "/login", SEE_OTHER)


@router.post("/language")
def switch_language(to: Choice, back: Annotated[str, Form(max_length=2000)] = "/worklist") -> RedirectResponse:
    """Keep the reader's language in a cookie and go back to the page."""
    answer = RedirectResponse(local_path(back), SEE_OTHER)
    answer.set_cookie(COOKIE, to if to in LANGUAGES else "zh", max_age=365 * 86400, httponly=True, samesite="lax")
    return answer


@router.get("/worklist")
def worklist_view(
    request: Request, office: AnOffice, street: Annotated[str, Query(pattern=r"^\d{0,9}$")] = "",
    due: Annotated[str, Query(pattern=r"^\d{0,3}$")] = "", idle: Tick = "", mine: Tick = "", quiet: Tick = "", lost: Tick = "",
    slips: Tick = "", after: Annotated[str | None, Query(max_length=200)] = None,
) -> HTMLResponse:  # fmt: skip
    """Members with a running promise, most urgent first."""
    filters = Filters(
        street,
        int(due) if due else None,
        idle == "1",
        mine == "1",
        lost == "1",
        slips == "1",
        QUIET_DAYS if quiet == "1" else None,
    )
    answer = worklist_page(office, filters, limit=60, after=after)
    index = office.now()
    language = language_of(request, office)
    streets = sorted(((code, place_name(index.places, code, language)) for code in answer.regions), key=lambda s: s[0])
    asked = {"street": street, "due": due, "idle": idle, "mine": mine, "quiet": quiet, "lost": lost, "slips": slips}
    chosen = {k: v for k, v in asked.items() if v}
    return render(
        request, office, index, "worklist.html", here="worklist", list=answer, streets=streets, query={**asked, "after": after},
        first_page=f"/worklist?{urlencode(chosen)}", next_page=f"/worklist?{urlencode({**chosen, 'after': answer.next or ''})}",
        quiet_days=QUIET_DAYS,
    )  # fmt: skip


@router.get("/positions/{position_id}")
def position_page(request: Request, office: AnOffice, position_id: Id) -> HTMLResponse:
    """One open post and the members it may be proposed to."""
    ranking = rank_position(office, position_id, limit=20)
    index = office.now()
    j = index.position_row(position_id)
    post = {**only(index.positions.iloc[[j]]), "open_referrals": int(index.held[j])}
    findings = post_findings(office, position_id)
    return render(
        request, office, index, "position.html", here="position", post=post, ranking=ranking, findings=findings
    )


@router.get("/problems")
@router.get("/problems/{slug}")
def problems_page(request: Request, office: AnOffice, slug: str = "") -> HTMLResponse:
    """Explain the kinds of problem that answers name."""
    if slug and slug not in PROBLEMS:
        raise NotFound(f"no kind of problem {slug!r}; see /problems")
    return render(
        request, office, None, "problems.html", problems=[p for p in PROBLEMS.values() if slug in ("", p.slug)]
    )
