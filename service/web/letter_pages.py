"""Letters with their tear-off slips, on screen, on paper and as PDF; and slips that come back."""

import secrets
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from markupsafe import Markup

from matching.vocabulary import EmployerRejection, Evidence, RefusalReason
from service.api.context import AnOffice, RequestId
from service.api.guard import MAX_BODY_BYTES
from service.use_cases.letters import letter
from service.use_cases.lists import referral
from service.use_cases.rows import only
from service.use_cases.slips import SLIP_RESULTS, Slip, record_slip, slips_due
from service.web.form_fields import Choice, Id, back_to, day, fen
from service.web.paper import SIZES, pdf, qr_svg
from service.web.view import render

router = APIRouter(include_in_schema=False, max_body_size=MAX_BODY_BYTES)

Size = Annotated[str, Query(pattern="^(A4|A5)$")]


@router.get("/letters/{referral_id}.pdf", name="letter_pdf")
def letter_pdf(
    request: Request, office: AnOffice, request_id: RequestId, referral_id: Id, size: Size = "A5"
) -> Response:  # fmt: skip
    """The letter of a referral as PDF."""
    found = letter(office, referral_id, request_id=request_id)
    page = render(
        request, office, office.now(), "letter.html", here="letter", letter=found, qr=Markup(qr_svg(found.number)), size=size, sizes=SIZES,
        done=False, paper=True,
    )  # fmt: skip
    return pdf(page, size, f"letter-{found.number}")


@router.get("/letters/{referral_id}")
def letter_page(
    request: Request, office: AnOffice, request_id: RequestId, referral_id: Id, size: Size = "A5",
    done: Annotated[str, Query(max_length=32)] = "",
) -> HTMLResponse:  # fmt: skip
    """The letter of a referral with its return slip, ready to print in black and white."""
    found = letter(office, referral_id, request_id=request_id)
    return render(
        request, office, office.now(), "letter.html", here="letter", letter=found, qr=Markup(qr_svg(found.number)), size=size, sizes=SIZES,
        done=done == "issued", paper=False,
    )  # fmt: skip


@router.get("/slips")
def slips_page(request: Request, office: AnOffice, number: Annotated[str, Query(max_length=64)] = "") -> HTMLResponse:
    """Find a letter by its number and record the slip; the letters whose slip is overdue."""
    index = office.now()
    row = dict(referral(office, number.strip())) if number.strip() else None
    if row is not None:
        row["title"] = only(office.store.read("positions", ["position_id", "title"], position_id=row["position_id"]))[
            "title"
        ]
    due = [r for r in slips_due(office) if str(r["member_id"]) in index.members.index]
    return render(
        request, office, index, "slips.html", here="slips", row=row, number=number, due=due[:60], due_count=len(due),
        slip_results=SLIP_RESULTS, refusal_reasons=[r.value for r in RefusalReason], rejections=[r.value for r in EmployerRejection],
        evidence=[e.value for e in Evidence], token=secrets.token_urlsafe(12),
    )  # fmt: skip


@router.post("/slips/{referral_id}")
def slip_form(
    office: AnOffice, referral_id: Id, result: Choice, reason: Choice = "", refusal_justified: Choice = "", started_on: Choice = "",
    evidence: Choice = "", wage: Choice = "",
) -> RedirectResponse:  # fmt: skip
    """Record a slip, then show the member."""
    slip = Slip(
        result,
        reason or None,
        refusal_justified or None,
        day("started_on", started_on),
        evidence or None,
        fen("wage", wage),
    )
    row = record_slip(office, referral_id, slip)
    return back_to(str(row["member_id"]), str(row["state"]), referral_id)
