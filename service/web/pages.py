"""The pages: worklist, member, post; forms post, then redirect. Everything works without a script."""

import secrets
from collections.abc import Mapping
from datetime import date
from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Form, Path, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from matching.errors import BadInput, NotFound
from matching.referral_states import next_states
from matching.vocabulary import OPEN_REFERRAL_STATES, POSITION_KINDS, EmployerRejection, Evidence, RefusalReason
from service.api.context import AnOffice
from service.api.guard import MAX_BODY_BYTES
from service.errors import PROBLEMS
from service.index import Index
from service.security.gate import caller_of
from service.use_cases import lists
from service.use_cases.explain import Explanation, explain
from service.use_cases.outcome import Outcome, record_outcome
from service.use_cases.rank import rank_member, rank_position
from service.use_cases.refer import refer
from service.use_cases.rows import only
from service.use_cases.worklist import Filters, worklist_page
from service.web.navigation import places_for
from service.web.view import COOKIE, language_of, local_path, place_name, render
from service.web.wording import LANGUAGES, Wording
from service.wiring import Office

router = APIRouter(include_in_schema=False, max_body_size=MAX_BODY_BYTES)
Id = Annotated[str, Path(min_length=1, max_length=64)]
Choice = Annotated[str, Form(max_length=64)]
SEE_OTHER = 303


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
    request: Request,
    office: AnOffice,
    street: Annotated[str, Query(pattern=r"^\d{0,9}$")] = "",
    due: Annotated[str, Query(pattern=r"^\d{0,3}$")] = "",
    idle: Annotated[str, Query(pattern=r"^1?$")] = "",
    after: Annotated[str | None, Query(max_length=200)] = None,
) -> HTMLResponse:
    """Members with a running promise, most urgent first."""
    filters = Filters(street, int(due) if due else None, idle == "1")
    answer = worklist_page(office, filters, limit=60, after=after)
    index = office.now()
    language = language_of(request, office)
    streets = sorted(((code, place_name(index.places, code, language)) for code in answer.regions), key=lambda s: s[0])
    chosen = {k: v for k, v in (("street", street), ("due", due), ("idle", idle)) if v}
    return render(
        request, office, index, "worklist.html", here="worklist", list=answer, streets=streets,
        query={"street": street, "due": due, "idle": idle, "after": after},
        first_page=f"/worklist?{urlencode(chosen)}", next_page=f"/worklist?{urlencode({**chosen, 'after': answer.next or ''})}",
    )  # fmt: skip


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
    """One member: clock, open referrals, ranked posts, "why not"."""
    kinds = frozenset({kind}) if kind in POSITION_KINDS else None
    ranking = rank_member(office, member_id, limit=limit, kinds=kinds)
    index = office.now()
    i = index.member_row(member_id)
    answer, missing = _why_not(office, member_id, why.strip())
    mine = [_referral(index, row) for row in lists.referrals(office, member_id=member_id, limit=200).items]
    member = only(index.members.iloc[[i]])
    return render(
        request, office, index, "member.html", here="member", member=member, clock=_clock(index, i), ranking=ranking,
        blocked=sorted(ranking.blocked.items(), key=lambda kv: (-kv[1], kv[0])),
        open_referrals=[r for r in mine if r["state"] in OPEN_REFERRAL_STATES or r["state"] == "no_slip"],
        closed_referrals=[r for r in mine if r["state"] not in OPEN_REFERRAL_STATES and r["state"] != "no_slip"],
        why=answer, why_missing=missing, token=secrets.token_urlsafe(12), kinds=POSITION_KINDS,
        refusal_reasons=[r.value for r in RefusalReason], rejections=[r.value for r in EmployerRejection],
        evidence=[e.value for e in Evidence], query={"limit": limit, "kind": kind, "why": why},
        done=_done(Wording(language_of(request, office)), done, number),
    )  # fmt: skip


def _why_not(office: Office, member_id: str, position_id: str) -> tuple[Explanation | None, bool]:
    if not position_id:
        return None, False
    try:
        return explain(office, member_id, position_id), False
    except NotFound:
        return None, True


def _clock(index: Index, i: int) -> Mapping[str, object]:
    clock = only(index.clocks.iloc[[i]])
    household = index.households.loc[index.members["household_id"].iloc[i]]
    return {
        "days_left": index.days_left(i),
        "days_left_gross": clock["days_left_gross"],
        "due_on": clock["due_on"],
        "file_no": household["file_no"],
    }


def _referral(index: Index, row: Mapping[str, object]) -> Mapping[str, object]:
    """Return a referral with the title of its post and the states it may become, as the form offers them."""
    post = str(row["position_id"])
    title = f"{index.positions['title'].loc[post]} {post}" if index.is_open(post) else post
    return {**row, "title": title, "may_become": next_states(str(row["state"]))}


def _done(w: Wording, done: str, number: str) -> str:
    if done == "issued":
        return w("page.done.issued", referral=number)
    if done == "started":
        return w("page.done.started")
    return w("page.done.moved", state=w.label("referral_state", done)) if w.has(f"label.referral_state.{done}") else ""


@router.get("/positions/{position_id}")
def position_page(request: Request, office: AnOffice, position_id: Id) -> HTMLResponse:
    """One open post and the members it may be proposed to."""
    ranking = rank_position(office, position_id, limit=20)
    index = office.now()
    j = index.position_row(position_id)
    post = {**only(index.positions.iloc[[j]]), "open_referrals": int(index.held[j])}
    return render(request, office, index, "position.html", here="position", post=post, ranking=ranking)


@router.post("/members/{member_id}/referrals")
def refer_form(office: AnOffice, member_id: Id, position_id: Choice, token: Choice) -> RedirectResponse:
    """Refer, then show the member again; the form's token makes a second press of the button harmless."""
    row = refer(office, member_id, position_id, key=f"form-{token}")
    return _back(member_id, "issued", str(row["referral_id"]))


@router.post("/referrals/{referral_id}/transitions")
def outcome_form(
    office: AnOffice, referral_id: Id, to: Choice, reason: Choice = "", refusal_justified: Choice = "", started_on: Choice = "",
    evidence: Choice = "",
) -> RedirectResponse:  # fmt: skip
    """Record an outcome, then show the member again."""
    try:
        first_day = date.fromisoformat(started_on) if started_on else None
    except ValueError:
        raise BadInput(f"started_on: expected a day YYYY-MM-DD, found {started_on!r}") from None
    outcome = Outcome(to, reason or None, refusal_justified or None, None, first_day, evidence or None)
    row = record_outcome(office, referral_id, outcome)
    return _back(str(row["member_id"]), to, referral_id)


def _back(member_id: str, done: str, number: str) -> RedirectResponse:
    return RedirectResponse(
        f"/members/{quote(member_id, safe='')}?{urlencode({'done': done, 'number': number})}", SEE_OTHER
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
