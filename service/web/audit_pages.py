"""The auditor's pages: the journal with its chain, and the evidence of one household."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import HTMLResponse

from matching.vocabulary import Role
from service.api.audit import packed
from service.api.context import AnOffice, RequestId
from service.api.guard import MAX_BODY_BYTES
from service.use_cases.evidence import evidence_pack
from service.use_cases.journal import Asked, chain, journal_page
from service.web.form_fields import Id, day
from service.web.view import render

router = APIRouter(include_in_schema=False, max_body_size=MAX_BODY_BYTES)

Text = Annotated[str, Query(max_length=64)]
Day = Annotated[str, Query(max_length=10)]


@router.get("/journal")
def journal_view(
    request: Request, office: AnOffice, since: Day = "", until: Day = "", actor: Text = "", role: Text = "", action: Text = "",
    object_type: Text = "", object_id: Text = "", household: Text = "", after: Annotated[str | None, Query(max_length=20)] = None,
    verify: Annotated[str, Query(pattern="^(all)?$")] = "",
) -> HTMLResponse:  # fmt: skip
    """Show the journal; each entry shown is compared with its hash and the entry before, the whole chain is walked when that is asked for."""
    asked = {"since": since, "until": until, "actor": actor, "role": role, "action": action, "object_type": object_type,
             "object_id": object_id, "household": household}  # fmt: skip
    asked = {k: v.strip() for k, v in asked.items()}
    filters = Asked(
        day("since", asked["since"]), day("until", asked["until"]), *(asked[k] for k in list(asked)[2:])
    )  # fmt: skip
    page = journal_page(office, filters, after=after)
    chosen = {k: v for k, v in asked.items() if v}
    return render(
        request, office, office.now(), "journal.html", here="journal", entries=page, query={**asked, "after": after}, roles=list(Role),
        chain=chain(office) if verify else None, first_page=f"/journal?{urlencode(chosen)}",
        next_page=f"/journal?{urlencode({**chosen, 'after': page.next or ''})}",
    )  # fmt: skip


@router.post("/journal/households/{household_id}/evidence")
def evidence_form(
    office: AnOffice, request_id: RequestId, household_id: Id, reason: Annotated[str, Form(max_length=1000)] = ""
) -> Response:  # fmt: skip
    """Return the sealed evidence of a household as a file."""
    made = evidence_pack(office, household_id, reason, request_id=request_id)
    return packed(made.name, made.content)
