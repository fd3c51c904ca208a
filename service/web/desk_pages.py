"""The employer desk: posts by what they wait for, one post with what was found on it, the form that takes posts in, whom they suit."""

import secrets
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.datastructures import FormData

from matching.errors import BadInput
from matching.occupations import Suggestion, occupation_names, suggest
from matching.vocabulary import POSITION_KINDS, Education, EmployerType, Insurance, PublicWelfareSubtype, WageType
from service.api.context import AnOffice, RequestId
from service.api.guard import MAX_BODY_BYTES
from service.exchange.catalogue import tidy
from service.security.gate import caller_of
from service.security.matrix import matrix
from service.use_cases.corrections import etag as etag_of
from service.use_cases.post_desk import WAITS, Asked, PostFile, candidates, desk_list, post_file
from service.use_cases.post_entry import Unit, correct_post, register_post
from service.use_cases.post_review import RELEASES, clear_post
from service.use_cases.post_steps import CLOSING, step_post
from service.web.form_fields import SEE_OTHER, Choice, Id, text_of
from service.web.post_form import FIELDS, TICKS, named_in, texts_of, texts_of_post, values_of
from service.web.view import language_of, place_name, render
from service.wiring import Office

router = APIRouter(include_in_schema=False, max_body_size=MAX_BODY_BYTES)

STREETS = 600
"""Most streets a form lists; an office of more chooses among districts."""

UNITS = 300
"""Names of units a form offers while a name is typed."""

_EMPTY = {"kind": "EMPLOYER", "wage_type": "monthly", "hours_week": "40", "openings_total": "1"}


@router.get("/desk")
def desk_page(
    request: Request, office: AnOffice, waits: Annotated[str, Query(max_length=16)] = "", kind: Annotated[str, Query(max_length=32)] = "",
    region: Annotated[str, Query(pattern=r"^\d{0,9}$")] = "", q: Annotated[str, Query(max_length=64)] = "",
    after: Annotated[str | None, Query(max_length=200)] = None, done: Annotated[str, Query(max_length=32)] = "",
) -> HTMLResponse:  # fmt: skip
    """Posts by what they wait for, those confirmed longest ago first."""
    found = desk_list(office, Asked(waits, kind, region, q), limit=60, after=after)
    asked = {k: v for k, v in {"waits": waits, "kind": kind, "region": region, "q": q}.items() if v}
    index, language = office.now(), language_of(request, office)
    return render(
        request, office, index, "desk.html", here="desk", list=found, waits=WAITS, kinds=POSITION_KINDS, asked={"waits": waits, "kind": kind, "region": region, "q": q},
        regions=[(code, place_name(index.places, code, language)) for code in found.regions], after=after, done=done, occupation=_occupation,
        first_page=f"/desk?{urlencode(asked)}", next_page=f"/desk?{urlencode({**asked, 'after': found.next or ''})}",
        tab=lambda name: f"/desk?{urlencode({**asked, 'waits': name})}",
    )  # fmt: skip


@router.get("/desk/new")
def desk_new_page(request: Request, office: AnOffice) -> HTMLResponse:
    """The form that takes a post in."""
    return _form(request, office, texts=_EMPTY)


@router.post("/desk/new/suggest")
async def desk_suggest_form(request: Request, office: AnOffice) -> HTMLResponse:
    """The same form with what was filled in and the occupations it may be."""
    form = await request.form()
    texts = texts_of(form)
    return _form(request, office, texts=texts, form=form, suggestions=_suggested(texts))


@router.post("/desk/new", response_model=None)
async def desk_new_form(request: Request, office: AnOffice) -> HTMLResponse | RedirectResponse:
    """Take a post in and show it; a form that cannot be used comes back as it was filled in, with the fields to look at."""
    form = await request.form()
    texts = texts_of(form)
    if not texts["occupation_code"]:
        return _form(
            request,
            office,
            texts=texts,
            form=form,
            suggestions=_suggested(texts),
            wrong=["occupation_code"],
            status=422,
        )
    unit = Unit(text_of(form, "employer"), text_of(form, "employer_type") or "enterprise")
    try:
        row = register_post(office, unit, values_of(texts), key=f"form-{text_of(form, 'token')}")
    except BadInput as error:
        return _form(
            request,
            office,
            texts=texts,
            form=form,
            suggestions=_suggested(texts),
            wrong=named_in(str(error)),
            status=422,
        )
    return _to(str(row["position_id"]), "registered")


@router.get("/desk/posts/{position_id}")
def desk_post_page(
    request: Request, office: AnOffice, position_id: Id, done: Annotated[str, Query(max_length=32)] = ""
) -> HTMLResponse:
    """One post: what was found on it and what to change, its steps, its values, what was done with it."""
    return _post(request, office, post_file(office, position_id), done=done)


@router.post("/desk/posts/{position_id}/values", response_model=None)
async def desk_correct_form(request: Request, office: AnOffice, position_id: Id) -> HTMLResponse | RedirectResponse:
    """Correct a post; what cannot be used comes back with the fields to look at."""
    form = await request.form()
    texts = texts_of(form)
    try:
        correct_post(office, position_id, values_of(texts), seen=text_of(form, "etag"))
    except BadInput as error:
        file = post_file(office, position_id)
        return _post(
            request, office, file, texts=texts, wrong=named_in(str(error)), seen=text_of(form, "etag"), status=422
        )
    return _to(position_id, "corrected")


@router.post("/desk/posts/{position_id}/review")
def desk_review_form(
    office: AnOffice, request_id: RequestId, position_id: Id, state: Choice, reason: Choice
) -> RedirectResponse:
    """Let a post through, or hold it back."""
    clear_post(office, position_id, state, reason, request_id=request_id)
    return _to(position_id, state)


@router.post("/desk/posts/{position_id}/steps")
def desk_step_form(
    office: AnOffice, request_id: RequestId, position_id: Id, step: Choice, reason: Choice = "", back: Choice = ""
) -> RedirectResponse:
    """Confirm, pause, open again, fill or close a post; from the list back to the list."""
    step_post(office, position_id, step, reason=reason or None, request_id=request_id)
    if back in WAITS or back == "all":
        return RedirectResponse(f"/desk?{urlencode({'waits': '' if back == 'all' else back, 'done': step})}", SEE_OTHER)
    return _to(position_id, step)


@router.get("/desk/posts/{position_id}/members")
def desk_members_page(request: Request, office: AnOffice, request_id: RequestId, position_id: Id) -> HTMLResponse:
    """Members an open post may be proposed to, without values of the person."""
    found, file = candidates(office, position_id, request_id=request_id), post_file(office, position_id)
    return render(
        request, office, office.now(), "desk_members.html", here="desk_post", found=found, post=file.post,
        may_open=caller_of(request).unlimited or matrix().allows("member_page", office.role),
    )  # fmt: skip


def _form(
    request: Request, office: Office, *, texts: Mapping[str, str], form: FormData | None = None, suggestions: tuple[Suggestion, ...] = (),
    wrong: list[str] | None = None, status: int = 200,
) -> HTMLResponse:  # fmt: skip
    filled = form if form is not None else FormData()
    return render(
        request, office, office.now(), "desk_new.html", here="desk_post", status=status, texts={**dict.fromkeys(FIELDS, ""), **texts},
        suggestions=suggestions, wrong=wrong, token=text_of(filled, "token") or secrets.token_urlsafe(12),
        employer=text_of(filled, "employer"), employer_type=text_of(filled, "employer_type") or "enterprise", units=_units(office),
        **_choices(request, office),
    )  # fmt: skip


def _post(
    request: Request, office: Office, file: PostFile, *, texts: Mapping[str, str] | None = None, wrong: list[str] | None = None,
    seen: str = "", done: str = "", status: int = 200,
) -> HTMLResponse:  # fmt: skip
    held = any(f["quarantine"] for f in file.findings)
    return render(
        request, office, office.now(), "desk_post.html", here="desk_post", status=status, file=file, post=file.post, held=held, done=done,
        texts=texts or texts_of_post(file.post), suggestions=file.suggestions, wrong=wrong, seen=seen or etag_of(file.post), releases=RELEASES,
        closing=CLOSING, occupation=_occupation, **_choices(request, office),
    )  # fmt: skip


def _choices(request: Request, office: Office) -> dict[str, Any]:
    index, language = office.now(), language_of(request, office)
    codes = sorted(
        c for c in index.places.index if len(c) == 9 and (not office.regions or c.startswith(office.regions))
    )
    if not codes or len(codes) > STREETS:
        codes = sorted(c for c in index.places.index if len(c) == 6)
    return {
        "streets": [(code, place_name(index.places, code, language)) for code in codes], "kinds": POSITION_KINDS,
        "subtypes": [s.value for s in PublicWelfareSubtype], "wage_types": [t.value for t in WageType],
        "levels": [e.value for e in Education], "insurances": [i.value for i in Insurance], "types": [t.value for t in EmployerType],
        "tick_names": TICKS,
    }  # fmt: skip


def _units(office: Office) -> list[str]:
    return sorted(set(office.store.read("employers", ["name"])["name"]))[:UNITS]


def _suggested(texts: Mapping[str, str]) -> tuple[Suggestion, ...]:
    return suggest(tidy(texts["title"]), tidy(texts["duties"]))


def _occupation(code: object) -> str:
    return occupation_names().get(str(code), "")


def _to(position_id: str, done: str) -> RedirectResponse:
    return RedirectResponse(f"/desk/posts/{quote(position_id, safe='')}?{urlencode({'done': done})}", SEE_OTHER)
