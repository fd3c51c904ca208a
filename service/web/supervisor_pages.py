"""The supervisor's pages: the region at a glance, bulletins, steps that wait for a second person, flags."""

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Form, Path, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from matching.reports import Period
from service.api.context import AnOffice, RequestId
from service.api.guard import MAX_BODY_BYTES
from service.exchange.table_file import MEDIA_TYPES
from service.use_cases import bulletins as books
from service.use_cases.approval_kinds import KINDS as APPROVAL_KINDS
from service.use_cases.approvals import decide, listed
from service.use_cases.dashboard import Dashboard, dashboard
from service.use_cases.outlook import last_outlook
from service.use_cases.oversight import flags
from service.web import charts
from service.web.bulletin_book import cell, grouped, row_name, title, workbook
from service.web.charts import Chart
from service.web.paper import pdf
from service.web.view import language_of, place_name, render
from service.web.wording import Wording
from service.wiring import Office

router = APIRouter(include_in_schema=False, max_body_size=MAX_BODY_BYTES)
Id = Annotated[str, Path(min_length=1, max_length=64)]
Choice = Annotated[str, Form(max_length=64)]
Asked = Annotated[str, Query(max_length=16)]
LEVELS = ("city", "district", "street")
SEE_OTHER = 303
SHOWN_BREAKING = 10
"""Promises likely to break that are named on the first page."""

RECENT = 20
"""Decided steps that are still shown."""


@router.get("/supervisor")
def supervisor_page(request: Request, office: AnOffice) -> HTMLResponse:
    """Show the region at a glance."""
    found = dashboard(office)
    return render(
        request, office, office.now(), "supervisor.html", here="supervisor", board=found, drawn=_drawn(found),
        night=last_outlook(office, limit=SHOWN_BREAKING),
    )  # fmt: skip


@router.get("/supervisor/outlook")
def outlook_page(
    request: Request, office: AnOffice, region: Annotated[str, Query(pattern=r"^\d{0,9}$")] = "",
    blocker: Annotated[str, Query(pattern=r"^[A-Z_]{0,40}$")] = "", after: Annotated[str | None, Query(max_length=200)] = None,
) -> HTMLResponse:  # fmt: skip
    """Show the promises likely to break as the last night foresaw them, and what would help."""
    night = last_outlook(office, region=region, blocker=blocker, after=after)
    asked = {"region": region, "blocker": blocker}
    here = {k: v for k, v in asked.items() if v}
    return render(
        request, office, office.now(), "outlook.html", here="outlook", night=night, query={**asked, "after": after},
        first_page=f"/supervisor/outlook?{urlencode(here)}",
        next_page=f"/supervisor/outlook?{urlencode({**here, 'after': (night and night.next) or ''})}",
    )  # fmt: skip


@router.get("/bulletins")
def bulletins_page(request: Request, office: AnOffice) -> HTMLResponse:
    """List what was published, and offer what may be drawn up."""
    today = office.today()
    month, quarter = Period.month_of(today).before, Period.quarter_of(today).before
    periods = {kind: month.label if kind in ("monthly", "zero_stock") else quarter.label for kind in books.KINDS}
    return render(
        request, office, office.now(), "bulletins.html", here="bulletins", kinds=periods, levels=LEVELS, items=books.published(office), title=title,
    )  # fmt: skip


@router.get("/bulletins/draft")
def bulletin_draft_page(
    request: Request, office: AnOffice, kind: Asked, period: Asked, level: Asked = "district"
) -> HTMLResponse:
    """Show a bulletin as it would be published today."""
    return _bulletin(request, office, books.draft(office, kind, period, level))


@router.post("/bulletins")
def publish_form(
    request: Request, office: AnOffice, request_id: RequestId, kind: Choice, period: Choice, level: Choice = "district",
    note: Annotated[str, Form(max_length=2000)] = "",
) -> RedirectResponse:  # fmt: skip
    """Publish a bulletin and show it."""
    made = books.publish(office, kind, period, level, note=note, request_id=request_id)
    return RedirectResponse(f"/bulletins/{quote(made.bulletin_id)}", SEE_OTHER)


@router.get("/bulletins/draft.pdf")
def bulletin_draft_pdf(
    request: Request, office: AnOffice, kind: Asked, period: Asked, level: Asked = "district"
) -> Response:
    """Return a bulletin as it would be published today as PDF, every sheet marked as a draft."""
    return _paper(request, office, books.draft(office, kind, period, level))


@router.get("/bulletins/draft/workbook")
def bulletin_draft_workbook(
    request: Request, office: AnOffice, kind: Asked, period: Asked, level: Asked = "district"
) -> Response:
    """Return a bulletin as it would be published today as an Excel workbook, every sheet marked as a draft."""
    return _book(request, office, books.draft(office, kind, period, level))


@router.get("/bulletins/{bulletin_id}.pdf", name="bulletin_pdf")
def bulletin_pdf(request: Request, office: AnOffice, bulletin_id: Id) -> Response:
    """Return a bulletin as PDF, of the figures as they were published."""
    return _paper(request, office, books.bulletin(office, bulletin_id))


@router.get("/bulletins/{bulletin_id}")
def bulletin_page(request: Request, office: AnOffice, bulletin_id: Id) -> HTMLResponse:
    """Show a bulletin as it was published."""
    return _bulletin(request, office, books.bulletin(office, bulletin_id))


@router.get("/bulletins/{bulletin_id}/workbook")
def bulletin_workbook(request: Request, office: AnOffice, bulletin_id: Id) -> Response:
    """Return a bulletin as an Excel workbook."""
    return _book(request, office, books.bulletin(office, bulletin_id))


@router.get("/approvals")
def approvals_page(request: Request, office: AnOffice) -> HTMLResponse:
    """List steps that wait for a second person, and those decided last."""
    waiting, _ = listed(office, state="proposed", limit=200)
    rest = [a for state in ("approved", "refused") for a in listed(office, state=state, limit=200)[0]]
    done = sorted(rest, key=lambda a: a.decided_at or "", reverse=True)[:RECENT]
    return render(request, office, office.now(), "approvals.html", here="approvals", items=(*waiting, *done))


@router.post("/approvals/{approval_id}")
def approval_form(
    office: AnOffice, request_id: RequestId, approval_id: Id, approve: Choice, answer: Annotated[str, Form(max_length=2000)] = ""
) -> RedirectResponse:  # fmt: skip
    """Approve or refuse what somebody else proposed."""
    decide(office, APPROVAL_KINDS, approval_id, approve=approve == "yes", answer=answer, request_id=request_id)
    return RedirectResponse("/approvals", SEE_OTHER)


@router.get("/flags")
def flags_page(request: Request, office: AnOffice) -> HTMLResponse:
    """Show findings of the checks on public-welfare placements: facts for a person to judge."""
    return render(request, office, office.now(), "flags.html", here="flags", items=flags(office))


def _bulletin(request: Request, office: Office, found: books.Bulletin) -> HTMLResponse:
    names = _names(office, found, language_of(request, office))
    return render(
        request, office, office.now(), "bulletin.html", here="bulletin", found=found, names=names, cell=cell, row_name=row_name, title=title,
        later=books.later_revision(office, found) if found.revision else None,
    )  # fmt: skip


def _paper(request: Request, office: Office, found: books.Bulletin) -> Response:
    names = _names(office, found, language_of(request, office))
    sheets = {part: grouped(rows) for part, rows in found.figures.items()}
    page = render(
        request, office, office.now(), "bulletin_paper.html", here="bulletin", found=found, names=names, cell=cell, row_name=row_name, title=title,
        sheets=sheets, later=books.later_revision(office, found) if found.revision else None, paper=True,
    )  # fmt: skip
    return pdf(page, "A4-landscape", _file_name(found))


def _book(request: Request, office: Office, found: books.Bulletin) -> Response:
    language = language_of(request, office)
    content = workbook(found, Wording(language), _names(office, found, language))
    headers = {"Content-Disposition": f'attachment; filename="{_file_name(found)}.xlsx"'}
    return Response(content, media_type=MEDIA_TYPES["xlsx"], headers=headers)


def _file_name(found: books.Bulletin) -> str:
    return f"{found.kind}-{found.period}-{f'r{found.revision}' if found.revision else 'draft'}"


def _names(office: Office, found: books.Bulletin, language: str) -> Mapping[str, str]:
    """Return region code → name for every area a bulletin speaks of."""
    places = office.now().places
    areas = {str(r[k]) for rows in found.figures.values() for r in rows for k in ("area", "region_code") if r.get(k)}
    areas |= {part for c in found.corrections for part in c.row.split(" · ") if part.isdigit()}
    return {code: place_name(places, code, language) for code in areas}


def _drawn(board: Dashboard) -> dict[str, Chart]:
    """Return the charts of the dashboard."""
    months = [str(m["month"]) for m in board.months]

    def counts(*names: str) -> list[list[float | None]]:
        """Return one series a name, a value a month."""
        return [[float(str(m[name])) for m in board.months] for name in names]

    def shares(top: str, bottom: str) -> list[float | None]:
        """Return one series of shares in [0, 1], a value a month; None where there were no cases."""
        return [_share(m, top, bottom) for m in board.months]

    return {
        "stock": charts.lines(months, counts("stock")),
        "flow": charts.bars(months, counts("recognised", "lifted")),
        "kept": charts.lines(
            months, [shares("kept_net", "due"), shares("kept_gross", "due")], charts.percent, high=1.0
        ),
        "retention": charts.lines(
            months, [shares(f"retained_{d}", f"judged_{d}") for d in (30, 90, 180)], charts.percent, high=1.0
        ),
    }


def _share(month: Mapping[str, object], top: str, bottom: str) -> float | None:
    whole = float(str(month[bottom]))
    return float(str(month[top])) / whole if whole else None
