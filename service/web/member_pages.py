"""The pages of one member: the ranked list and what can be done from it; forms post, then redirect."""

import secrets
from collections.abc import Mapping
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from matching.referral_states import next_states
from matching.vocabulary import (
    DIMENSIONS,
    OPEN_REFERRAL_STATES,
    POSITION_KINDS,
    AssessmentMode,
    Education,
    EmployerRejection,
    Evidence,
    FunctionalLimit,
    Reachable,
    RefusalReason,
)  # fmt: skip
from service.api.context import AnOffice
from service.api.guard import MAX_BODY_BYTES
from service.index import Index
from service.use_cases import lists
from service.use_cases.answers import Complaint, appeal
from service.use_cases.appeals import appeals
from service.use_cases.assess import Assessment, assessments_of, record_assessment
from service.use_cases.compare import compare, find_posts
from service.use_cases.corrections import correct, current, etag
from service.use_cases.explain import Explanation, explain
from service.use_cases.locks import LOCK_REASONS, Lock, lift_lock, lock, locks_of
from service.use_cases.machine import switch_machine, switched_off
from service.use_cases.outcome import Outcome, record_outcome
from service.use_cases.rank import rank_member
from service.use_cases.readings import note_reading
from service.use_cases.refer import refer
from service.use_cases.rows import only
from service.use_cases.slips import SLIP_RESULTS
from service.web.form_fields import SEE_OTHER, Choice, Id, Words, back_to, back_to_household, day, decimal, text_of
from service.web.member_form import member_values
from service.web.view import language_of, render
from service.web.wording import Wording
from service.wiring import Office

router = APIRouter(include_in_schema=False, max_body_size=MAX_BODY_BYTES)


@router.get("/members/{member_id}")
def member_page(
    request: Request,
    office: AnOffice,
    member_id: Id,
    limit: Annotated[int, Query(ge=1, le=20)] = 5,
    kind: Annotated[str, Query(max_length=32)] = "",
    why: Annotated[str, Query(max_length=64)] = "",
    done: Annotated[str, Query(max_length=32)] = "",
    number: Annotated[str, Query(max_length=64)] = "",
) -> HTMLResponse:
    """One member: clock, open referrals, ranked posts, "why not", decisions in force, values to correct."""
    kinds = frozenset({kind}) if kind in POSITION_KINDS else None
    ranking = rank_member(office, member_id, limit=limit, kinds=kinds)
    index = office.now()
    i = index.member_row(member_id)
    answer, found = _why_not(office, member_id, why)
    mine = [_referral(index, row) for row in lists.referrals(office, member_id=member_id, limit=200).items]
    member = current(office, "members", member_id)
    return render(
        request, office, index, "member.html", here="member", member=member, etag=etag(member), clock=clock_of(index, i),
        household=only(index.households.loc[[str(member["household_id"])]]), ranking=ranking,
        blocked=sorted(ranking.blocked.items(), key=lambda kv: (-kv[1], kv[0])),
        open_referrals=[r for r in mine if r["state"] in OPEN_REFERRAL_STATES or r["state"] == "no_slip"],
        closed_referrals=[r for r in mine if r["state"] not in OPEN_REFERRAL_STATES and r["state"] != "no_slip"],
        refused=[r for r in mine if r["state"] == "declined"], why=answer, found=found, locks=[_titled(index, row) for row in locks_of(office, member_id)],
        machine_off=switched_off(office, member_id), filed=appeals(office, member_id=member_id), token=secrets.token_urlsafe(12),
        kinds=POSITION_KINDS, lock_reasons=LOCK_REASONS, slip_results=SLIP_RESULTS,
        refusal_reasons=[r.value for r in RefusalReason], rejections=[r.value for r in EmployerRejection],
        evidence=[e.value for e in Evidence], limits=[x.value for x in FunctionalLimit], levels=[e.value for e in Education],
        reachables=[r.value for r in Reachable], query={"limit": limit, "kind": kind, "why": why},
        done=done_words(Wording(language_of(request, office)), done, number), number=number,
    )  # fmt: skip


def _why_not(office: Office, member_id: str, text: str) -> tuple[Explanation | None, list[dict[str, object]] | None]:
    """Return the explanation of the post a search names, else the posts its words found; None for no search."""
    if not text.strip():
        return None, None
    position_id, found = find_posts(office, text)
    return (None, found) if position_id is None else (explain(office, member_id, position_id), None)


def clock_of(index: Index, i: int) -> Mapping[str, object]:
    """Return what a page shows of a member's clock."""
    return {**only(index.clocks.iloc[[i]]), "days_left": index.days_left(i)}


def _titled(index: Index, row: Mapping[str, object]) -> Mapping[str, object]:
    post = "" if row["position_id"] is None else str(row["position_id"])
    return {**row, "title": f"{index.positions['title'].loc[post]} {post}" if post in index.positions.index else post}


def _referral(index: Index, row: Mapping[str, object]) -> Mapping[str, object]:
    """Return a referral with the title of its post and the states it may become, as the form offers them."""
    return {**_titled(index, row), "may_become": next_states(str(row["state"]))}


def done_words(w: Wording, done: str, number: str) -> str:
    """Return the sentence that says what was done; empty for nothing."""
    if w.has(f"page.done.{done}"):
        return w(f"page.done.{done}", **({"referral": number} if done == "issued" else {}))
    return w("page.done.moved", state=w.label("referral_state", done)) if w.has(f"label.referral_state.{done}") else ""


@router.get("/members/{member_id}/compare")
def compare_page(
    request: Request, office: AnOffice, member_id: Id, post: Annotated[list[str] | None, Query(max_length=10)] = None
) -> HTMLResponse:
    """Two or three posts beside each other."""
    sides = compare(office, member_id, post or [])
    return render(
        request,
        office,
        office.now(),
        "compare.html",
        here="member",
        member_id=member_id,
        sides=sides,
        token=secrets.token_urlsafe(12),
    )


@router.get("/members/{member_id}/list")
def my_list_page(request: Request, office: AnOffice, member_id: Id) -> HTMLResponse:
    """The member's own list in plain words, to be shown or printed; how to switch the machine off, how to disagree."""
    ranking = rank_member(office, member_id, limit=5)
    index = office.now()
    return render(
        request, office, index, "my_list.html", here="member", ranking=ranking, member_id=member_id, token=secrets.token_urlsafe(12),
        clock=clock_of(index, index.member_row(member_id)), machine_off=switched_off(office, member_id),
        filed=appeals(office, member_id=member_id, waiting=False),
    )  # fmt: skip


@router.get("/members/{member_id}/assessment")
def assessment_page(request: Request, office: AnOffice, member_id: Id) -> HTMLResponse:
    """The form of an assessment, with what is known."""
    index = office.now()
    index.member_row(member_id)
    note_reading(office, "members", member_id, "assessments")
    known = {str(r["dimension"]): r for r in assessments_of(office, member_id)}
    return render(
        request, office, index, "assessment.html", here="member", member_id=member_id, known=known, dimensions=DIMENSIONS,
        modes=[m.value for m in AssessmentMode], token=secrets.token_urlsafe(12),
    )  # fmt: skip


@router.post("/members/{member_id}/referrals")
def refer_form(office: AnOffice, member_id: Id, position_id: Choice, token: Choice) -> RedirectResponse:
    """Refer, then show the letter; the form's token makes a second press of the button harmless."""
    row = refer(office, member_id, position_id, key=f"form-{token}")
    return RedirectResponse(f"/letters/{quote(str(row['referral_id']), safe='')}?done=issued", SEE_OTHER)


@router.post("/referrals/{referral_id}/transitions")
def outcome_form(
    office: AnOffice, referral_id: Id, to: Choice, reason: Choice = "", refusal_justified: Choice = "", started_on: Choice = "",
    evidence: Choice = "",
) -> RedirectResponse:  # fmt: skip
    """Record an outcome, then show the member again."""
    first_day = day("started_on", started_on)
    outcome = Outcome(to, reason or None, refusal_justified or None, None, first_day, evidence or None)
    row = record_outcome(office, referral_id, outcome)
    return back_to(str(row["member_id"]), to, referral_id)


@router.post("/members/{member_id}/locks")
def lock_form(
    office: AnOffice, member_id: Id, kind: Choice, reason_code: Choice, token: Choice, position_id: Choice = "", reason_text: Words = "",
    expires_on: Choice = "",
) -> RedirectResponse:  # fmt: skip
    """Pin, exclude or hold."""
    wish = Lock(kind, member_id, position_id or None, reason_code, reason_text or None, day("expires_on", expires_on))
    lock(office, wish, key=f"form-{token}")
    return back_to(member_id, "locked")


@router.post("/members/{member_id}/locks/{lock_id}/lift")
def lift_form(office: AnOffice, member_id: Id, lock_id: Id) -> RedirectResponse:
    """Lift a lock."""
    lift_lock(office, lock_id)
    return back_to(member_id, "lifted")


@router.post("/members/{member_id}/values")
async def correct_form(request: Request, office: AnOffice, member_id: Id) -> RedirectResponse:
    """Correct values in place; the list is made anew. Back to the member, or to the household (``home``) whose task asked for it."""
    form = await request.form()
    correct(
        office,
        "members",
        member_id,
        member_values(form),
        seen=text_of(form, "etag"),
        request_id=text_of(form, "token") or None,
    )
    home = text_of(form, "home")
    return back_to_household(home, "corrected") if home else back_to(member_id, "corrected")


@router.post("/members/{member_id}/assessment")
async def assess_form(request: Request, office: AnOffice, member_id: Id) -> RedirectResponse:
    """Keep the scores that were filled in."""
    form = await request.form()
    scores = {d: decimal(d, text_of(form, d)) for d in DIMENSIONS}
    found = Assessment(
        {d: s for d, s in scores.items() if s is not None}, text_of(form, "mode") or "caseworker",
        text_of(form, "instrument") or "unspecified", day("assessed_on", text_of(form, "assessed_on")),
    )  # fmt: skip
    record_assessment(office, member_id, found)
    return back_to(member_id, "assessed")


@router.post("/members/{member_id}/appeals")
def appeal_form(
    office: AnOffice, member_id: Id, about: Choice, token: Choice, object_id: Choice = "", text: Words = ""
) -> RedirectResponse:  # fmt: skip
    """Take a disagreement or an appeal in."""
    appeal(office, member_id, Complaint(about, object_id or None, text or None), key=f"form-{token}")
    return back_to(member_id, "appealed")


@router.post("/members/{member_id}/machine")
def machine_form(office: AnOffice, member_id: Id, to: Choice, token: Choice) -> RedirectResponse:
    """Switch the machine's order on or off."""
    on = switch_machine(office, member_id, to == "on", key=f"form-{token}")
    return back_to(member_id, "machine_on" if on else "machine_off")
