"""The pages of one household: its file, the cards and sheets it is given, and first-time registration."""

import secrets
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.datastructures import FormData

from matching.errors import BadInput
from matching.household import DECIDED, HOUSEHOLD_STEPS
from matching.path import PATH_MOVES, PATH_STEPS
from matching.policy.load import PolicyBook
from matching.promise_clock import ClockEventKind
from matching.vocabulary import (
    POSITION_KINDS,
    ContactKind,
    DibaoStatus,
    Education,
    Evidence,
    FunctionalLimit,
    HouseholdStatus,
    PathStage,
    Relation,
    Sex,
)  # fmt: skip
from service.api.context import AnOffice
from service.api.guard import MAX_BODY_BYTES
from service.security.gate import caller_of
from service.security.matrix import matrix
from service.storage.vault import Identity
from service.use_cases.clocks import ask, resume
from service.use_cases.contacts import Contact, record_contact
from service.use_cases.corrections import correct
from service.use_cases.household import casefile
from service.use_cases.jobs import JOB_ENDS, JOB_KINDS
from service.use_cases.register import UNEMPLOYMENT_REASONS, Newcomer, register_household
from service.use_cases.sheets import sheet
from service.web.form_fields import Choice, Id, Words, back_to_household, day, decimal, text_of
from service.web.member_form import member_values
from service.web.member_pages import done_words
from service.web.view import language_of, place_name, render
from service.web.wording import Wording

router = APIRouter(include_in_schema=False, max_body_size=MAX_BODY_BYTES)

RESULTS = ("reached", "no_answer", "wrong_number", "message_left", "visited")


@router.get("/households/{household_id}")
def household_page(
    request: Request, office: AnOffice, household_id: Id, done: Annotated[str, Query(max_length=32)] = ""
) -> HTMLResponse:
    """One household's file: four panels, members side by side, clock, path, contact log, tasks."""
    file = casefile(office, household_id)
    policy = office.policy(office.today()).at(str(file.row["region_code"])[:6])
    return render(
        request, office, office.now(), "household.html", here="household", file=file, reads=office.reads, token=secrets.token_urlsafe(12),
        stages=[s.value for s in PathStage], kinds=[k.value for k in ContactKind], results=RESULTS,
        done=done_words(Wording(language_of(request, office)), done, ""),
        pauses=policy.items("promise.pause_reasons"),
        path_steps={s.value: [to.value for to in PathStage if to in PATH_STEPS[s]] for s in PathStage}, lists=_lists(policy),
        file_steps=[s.value for s in HouseholdStatus if s in HOUSEHOLD_STEPS[str(file.row["status"])] and s in DECIDED],
        may_ask=caller_of(request).unlimited or matrix().allows("promise_form", office.role),
    )  # fmt: skip


def _lists(policy: PolicyBook) -> dict[str, list[str]]:
    """Return the choices of the forms that record steps."""
    return {
        "kinds": [k.value for k in ContactKind], "evidence": [e.value for e in Evidence if e is not Evidence.NONE], "jobs": list(JOB_KINDS),
        "ends": list(JOB_ENDS), "causes": list(policy.items("promise.breach_causes")), "dibao": [d.value for d in DibaoStatus],
        "voids": list(policy.items("promise.void_reasons")), "stage_reasons": list(PATH_MOVES),
        "stage_others": ["MEMBER_WISH", "VISIT_FOUND", "OTHER"],
    }  # fmt: skip


@router.get("/households/{household_id}/cards")
def cards_page(request: Request, office: AnOffice, household_id: Id) -> HTMLResponse:
    """The contact card (联系卡) and the plain-language service card (明白卡), to be printed."""
    return render(request, office, office.now(), "cards.html", here="household", file=casefile(office, household_id))


@router.get("/households/{household_id}/sheet")
def sheet_page(request: Request, office: AnOffice, household_id: Id) -> HTMLResponse:
    """The direct-train sheet of one household, to be printed."""
    found = sheet(office, household_id)
    return render(request, office, office.now(), "sheets.html", here="morning", sheets=[] if found is None else [found])


@router.post("/households/{household_id}/contacts")
def contact_form(
    office: AnOffice, household_id: Id, kind: Choice, result: Choice, token: Choice, member_id: Choice = "", contacted_on: Choice = "",
    note: Words = "", next_due_on: Choice = "",
) -> RedirectResponse:  # fmt: skip
    """Note a visit or a call, then show the household again."""
    contact = Contact(
        kind,
        result,
        member_id or None,
        day("contacted_on", contacted_on),
        note.strip() or None,
        day("next_due_on", next_due_on),
    )
    record_contact(office, household_id, contact, key=f"form-{token}")
    return back_to_household(household_id, "contacted")


@router.post("/households/{household_id}/promise")
def promise_form(
    office: AnOffice, household_id: Id, step: Choice, reason: Choice = "", member_id: Choice = "", words: Words = ""
) -> RedirectResponse:  # fmt: skip
    """Ask for a pause or a void of the promise, which a second person decides, or end the pause that runs; then show the household again."""
    if step == ClockEventKind.RESUME:
        resume(office, household_id, member_id=member_id or None)
        return back_to_household(household_id, "resumed")
    if step not in (ClockEventKind.PAUSE, ClockEventKind.VOID):
        raise BadInput(f"step: expected pause, void or resume, found {step or 'nothing'}")
    ask(office, household_id, ClockEventKind(step), reason, member_id=member_id or None, words=words.strip())
    return back_to_household(household_id, "asked")


@router.post("/households/{household_id}/values")
def household_form(
    office: AnOffice, household_id: Id, etag: Choice, dibao_status: Choice, hardship_level: Choice = ""
) -> RedirectResponse:  # fmt: skip
    """Correct values of the household in place."""
    values = {"dibao_status": dibao_status, "hardship_level": decimal("hardship_level", hardship_level)}
    correct(office, "households", household_id, values, seen=etag)
    return back_to_household(household_id, "corrected")


@router.get("/register")
def register_page(
    request: Request, office: AnOffice, people: Annotated[int, Query(ge=1, le=8)] = 2
) -> HTMLResponse:  # fmt: skip
    """The form of a first registration, for so many members."""
    index = office.now()
    language = language_of(request, office)
    streets = sorted((code, place_name(index.places, code, language)) for code in index.places.index if len(code) == 9)
    return render(
        request, office, index, "register.html", here="register", people=people, streets=streets, token=secrets.token_urlsafe(12),
        relations=[r.value for r in Relation], sexes=[s.value for s in Sex], levels=[e.value for e in Education],
        limits=[x.value for x in FunctionalLimit], reasons=UNEMPLOYMENT_REASONS, kinds=POSITION_KINDS,
        vault=office.store.vault is not None, dibao=[d.value for d in DibaoStatus],
    )  # fmt: skip


@router.post("/register")
async def register_form(request: Request, office: AnOffice) -> RedirectResponse:
    """Register a household and show its file."""
    form = await request.form()
    household = {
        "region_code": text_of(form, "region_code"), "recognised_on": day("recognised_on", text_of(form, "recognised_on")),
        "recognition_basis": text_of(form, "recognition_basis") or None, "dibao_status": text_of(form, "dibao_status") or "none",
        "file_no": text_of(form, "file_no") or None,
    }  # fmt: skip
    newcomers = [_newcomer(form, n) for n in range(1, 9) if text_of(form, f"m{n}.relation")]
    made = register_household(office, household, newcomers, key=f"form-{text_of(form, 'token')}")
    return back_to_household(made.household_id, "registered")


def _newcomer(form: FormData, n: int) -> Newcomer:
    own = FormData(
        [(name.removeprefix(f"m{n}."), value) for name, value in form.multi_items() if name.startswith(f"m{n}.")]
    )
    values = {
        **member_values(own), "relation": text_of(own, "relation"), "sex": text_of(own, "sex") or "unknown",
        "birth_month": text_of(own, "birth_month") or None, "unemployed_since": day("unemployed_since", text_of(own, "unemployed_since")),
    }  # fmt: skip
    parts = [text_of(own, part) or None for part in ("name", "identity_number", "phone")]
    who = Identity(*parts) if any(parts) else None
    return Newcomer(values, text_of(own, "unemployment_reason") or None, text_of(own, "training_wish") or None, who)
