"""The morning after a night, the sheets and messages it gives, job fairs, and appeals with their clocks."""

import secrets
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from matching.errors import BadInput
from service.api.context import AnOffice
from service.api.guard import MAX_BODY_BYTES
from service.security.gate import caller_of
from service.security.matrix import matrix
from service.use_cases.answers import decide_appeal
from service.use_cases.appeals import appeals
from service.use_cases.fairs import fair, fairs, hold_fair, shortlist
from service.use_cases.lists import posts
from service.use_cases.morning import morning, night_day
from service.use_cases.sheets import sheets
from service.web import morning_book
from service.web.downloads import file_answer
from service.web.form_fields import SEE_OTHER, Choice, Id, day, text_of
from service.web.sms import sms
from service.web.view import language_of, place_name, render
from service.web.wording import Wording

router = APIRouter(include_in_schema=False, max_body_size=MAX_BODY_BYTES)

Who = Annotated[str, Query(max_length=64)]
SHEETS = 60
"""Sheets or messages on one page."""


@router.get("/morning")
def morning_page(request: Request, office: AnOffice, caseworker: Who = "") -> HTMLResponse:
    """What the night changed and why, for one caseworker or for all."""
    found = morning(office, caseworker=caseworker)
    households = list(dict.fromkeys(c.household_id for c in found.changes))
    return render(
        request,
        office,
        office.now(),
        "morning.html",
        here="morning",
        morning=found,
        caseworker=caseworker,
        households=households[:SHEETS],
    )


@router.get("/morning/file")
def morning_file(
    request: Request, office: AnOffice, caseworker: Who = "", form: Annotated[str, Query(alias="format", pattern="^(csv|xlsx)$")] = "xlsx",
) -> Response:  # fmt: skip
    """What the night changed, as a file."""
    found, w = morning(office, caseworker=caseworker), Wording(language_of(request, office))
    as_of = str(night_day(found.run) or office.today())
    head = [w(f"morning_file.{name}") for name in morning_book.HEAD]
    title = w("morning_file.title", as_of=as_of)
    return file_answer(form, f"morning-{as_of}", title, head, morning_book.rows(found, w))


@router.get("/morning/sheets")
def sheets_page(request: Request, office: AnOffice, caseworker: Who = "") -> HTMLResponse:
    """Direct-train sheets of the households the night changed something for, one page each."""
    found = morning(office, caseworker=caseworker)
    households = list(dict.fromkeys(c.household_id for c in found.changes if c.change != "withdrawn"))
    return render(
        request, office, office.now(), "sheets.html", here="morning", sheets=sheets(office, households[:SHEETS])
    )


@router.get("/morning/messages")
def messages_page(request: Request, office: AnOffice, caseworker: Who = "") -> HTMLResponse:
    """Short messages of the posts the night added."""
    found = morning(office, caseworker=caseworker)
    added = {c.referral_id for c in found.changes if c.change == "added"}
    households = list(dict.fromkeys(c.household_id for c in found.changes if c.change == "added"))
    w = Wording(language_of(request, office))
    lines = [
        (s, p, sms(w, p.facts, p.referral_id))
        for s in sheets(office, households[:SHEETS]) for p in s.posts if p.referral_id in added
    ]  # fmt: skip
    return render(request, office, office.now(), "messages.html", here="morning", lines=lines, caseworker=caseworker)


@router.get("/fairs")
def fairs_page(request: Request, office: AnOffice, q: Annotated[str, Query(max_length=64)] = "") -> HTMLResponse:
    """Fairs, and the form of a new one with open public-welfare and community posts to choose from."""
    index = office.now()
    language = language_of(request, office)
    kinds = ("PUBLIC_WELFARE", "COMMUNITY_BASE", "EMPLOYER")
    choice = [p for k in kinds for p in posts(office, kind=k, limit=40).items if q.strip() in str(p["title"])][:60]
    streets = sorted((code, place_name(index.places, code, language)) for code in index.places.index if len(code) == 9)
    return render(
        request, office, index, "fairs.html", here="fairs", fairs=fairs(office), posts=choice, streets=streets, q=q,
        token=secrets.token_urlsafe(12), next_week=office.today() + timedelta(days=7),
    )  # fmt: skip


@router.post("/fairs")
async def fair_form(request: Request, office: AnOffice) -> RedirectResponse:
    """Enter a fair and show its tables."""
    form = await request.form()
    held_on = day("held_on", text_of(form, "held_on"))
    if held_on is None:
        raise BadInput("held_on: expected a day YYYY-MM-DD, found nothing")
    chosen = [v for v in form.getlist("position_id") if isinstance(v, str)]
    row = hold_fair(
        office,
        held_on,
        text_of(form, "region_code"),
        text_of(form, "place"),
        chosen,
        key=f"form-{text_of(form, 'token')}",
    )
    return RedirectResponse(f"/fairs/{row['job_fair_id']}", SEE_OTHER)


@router.get("/fairs/{job_fair_id}")
def fair_page(request: Request, office: AnOffice, job_fair_id: Id) -> HTMLResponse:
    """The tables of a fair: who is invited to which post, and the roll to be signed."""
    row = fair(office, job_fair_id)
    return render(request, office, office.now(), "fair.html", here="fairs", fair=row, tables=shortlist(office, row))


@router.get("/appeals")
def appeals_page(request: Request, office: AnOffice, done: Annotated[str, Query(max_length=32)] = "") -> HTMLResponse:
    """Appeals that wait for an answer, the most urgent first, and those decided."""
    rows = appeals(office, waiting=False)
    waiting = [r for r in rows if r["decision"] is None]
    return render(
        request, office, office.now(), "appeals.html", here="appeals", waiting=waiting, done=done, may_decide=caller_of(request).unlimited or matrix().allows("decision_form", office.role),
        decided=[r for r in rows if r["decision"] is not None][-60:],
    )  # fmt: skip


@router.post("/appeals/{appeal_id}/decision")
def decision_form(office: AnOffice, appeal_id: Id, decision: Choice) -> RedirectResponse:
    """Decide an appeal."""
    decide_appeal(office, appeal_id, decision)
    return RedirectResponse("/appeals?done=decided", SEE_OTHER)
