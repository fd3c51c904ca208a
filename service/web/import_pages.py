"""Files in and out: send a workbook in, choose what its columns mean, see the first rows, bring it in, take home what was refused; the
record as files."""

from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.datastructures import UploadFile

from matching.errors import BadInput
from matching.tables import TABLES
from service.api.context import AnOffice, RequestId
from service.api.guard import MAX_BODY_BYTES, MAX_FILE_BYTES
from service.exchange.catalogue import header_names
from service.exchange.preview import Preview
from service.exchange.table_file import MEDIA_TYPES
from service.use_cases import record_files
from service.use_cases import uploads as files
from service.web.downloads import file_answer, saved_as
from service.web.form_fields import SEE_OTHER, Choice, Id
from service.web.import_words import found_told, told
from service.web.view import language_of, render
from service.web.wording import Wording
from service.wiring import Office

router = APIRouter(include_in_schema=False, max_body_size=MAX_BODY_BYTES)
sending = APIRouter(include_in_schema=False, max_body_size=MAX_FILE_BYTES)
"""The one page that takes a whole file."""

SHOWN = 100
"""Refused cells on the page; the file has all."""

Form = Annotated[str, Query(alias="format", pattern="^(csv|xlsx)$")]


@router.get("/imports")
def imports_page(request: Request, office: AnOffice) -> HTMLResponse:
    """Send a file in; the files of the office and what became of them; the record as files."""
    return _list(request, office)


@sending.post("/imports", response_model=None)
async def import_form(request: Request, office: AnOffice) -> HTMLResponse | RedirectResponse:
    """Keep a file aside and show what it holds; one that cannot be taken is told on the page."""
    async with request.form() as form:
        sent = form.get("file")
        name, content = (sent.filename or "", await sent.read()) if isinstance(sent, UploadFile) else ("", b"")
    if name and FilePath(name).suffix.lower() not in files.SUFFIXES:
        return await run_in_threadpool(_list, request, office, "kind", 415)
    if not content:
        return await run_in_threadpool(_list, request, office, "none", 422)
    kept = await run_in_threadpool(files.send_in, office, name, content)
    return RedirectResponse(f"/imports/{kept.upload_id}", SEE_OTHER)


@router.get("/imports/{upload_id}")
def import_page(
    request: Request, office: AnOffice, upload_id: Id, table: Annotated[str, Query(max_length=64)] = ""
) -> HTMLResponse:
    """One file: its columns and first rows before it is brought in, how far it is, what became of it."""
    found, w = files.upload(office, upload_id), Wording(language_of(request, office))
    sheets: list[Preview] = []
    trouble = ""
    if found.state == "waiting":
        try:
            sheets = files.look(office, upload_id, table or None)
        except BadInput as error:
            trouble = told(w, str(error))
    refused = files.refused(office, upload_id).head(SHOWN) if found.state == "done" else None
    return render(
        request, office, office.now(), "import.html", here="import", file=found, sheets=sheets, trouble=trouble, table=table,
        tables=files.may_bring(office.role), choices={s.table: _columns(s.table, w) for s in sheets}, told=lambda text: told(w, text),
        found_told=lambda text: found_told(w, text), refused=[] if refused is None else refused.to_dict("records"), shown=SHOWN,
        known=files.mappings_of(office),
    )  # fmt: skip


@router.post("/imports/{upload_id}/mapping")
async def mapping_form(request: Request, office: AnOffice, request_id: RequestId, upload_id: Id) -> RedirectResponse:
    """Keep what the office's headers mean, and show the first rows anew."""
    form = await request.form()
    table, chosen = str(form.get("table", "")), str(form.get("chosen", ""))
    headers = [h for h in form.getlist("header") if isinstance(h, str)]
    columns = [c for c in form.getlist("column") if isinstance(c, str)]
    if len(headers) != len(columns):
        raise BadInput("column: expected one for each header; send the form again")
    await run_in_threadpool(_remember, office, upload_id, table, dict(zip(headers, columns, strict=True)), request_id)
    return RedirectResponse(
        f"/imports/{quote(upload_id, safe='')}" + (f"?table={quote(chosen)}" if chosen else ""), SEE_OTHER
    )


@router.post("/imports/{upload_id}/run")
def run_form(office: AnOffice, upload_id: Id, table: Choice = "") -> RedirectResponse:
    """Bring a file in; the page shows how far it is."""
    files.bring_in(office, upload_id, table or None)
    return RedirectResponse(f"/imports/{quote(upload_id, safe='')}", SEE_OTHER)


@router.post("/imports/{upload_id}/discard")
def discard_form(office: AnOffice, upload_id: Id) -> RedirectResponse:
    """Take a file away that is not to be brought in."""
    files.discard(office, upload_id)
    return RedirectResponse("/imports", SEE_OTHER)


@router.get("/imports/{upload_id}/refused")
def refused_file(request: Request, office: AnOffice, upload_id: Id, form: Form = "csv") -> Response:
    """The cells an import refused, as a file."""
    w, found = Wording(language_of(request, office)), files.refused(office, upload_id)
    head = [w(f"imports.{name}") for name in ("file", "row", "column", "found", "expected")]
    rows = [
        [file, row, column, found_told(w, cell), told(w, expected)]
        for file, row, column, cell, expected in found.itertuples(index=False, name=None)
    ]
    return file_answer(form, f"refused-{upload_id[:8]}", w("imports.refused"), head, rows)


@router.get("/exports/{table}")
def export_file(request: Request, office: AnOffice, request_id: RequestId, table: Id, form: Form = "csv") -> Response:
    """One table of the record as a file, of the people the caller sees and without restricted columns."""
    name, content = record_files.table_file(office, table, form, language_of(request, office), request_id=request_id)
    return Response(content, media_type=MEDIA_TYPES[form], headers=saved_as(name))


def _list(request: Request, office: Office, trouble: str = "", status: int = 200) -> HTMLResponse:
    found, _ = files.uploads_of(office, limit=30)
    return render(
        request, office, office.now(), "imports.html", here="imports", status=status, files=found, trouble=trouble, limit=MAX_FILE_BYTES // 1_000_000,
        accept=",".join(files.SUFFIXES), hours=files.KEPT_HOURS, tables=record_files.may_take(office.role), may_bring=files.may_bring(office.role),
    )  # fmt: skip


def _remember(office: Office, upload_id: str, table: str, headers: Mapping[str, str], request_id: str) -> None:
    """Keep what differs from what the header means anyway; "auto" forgets a choice."""
    files.upload(office, upload_id)
    files.remember(
        office,
        table,
        {h: None if c == "auto" else "" if c == "drop" else c for h, c in headers.items()},
        request_id=request_id,
    )


def _columns(table: str, w: Wording) -> list[tuple[str, str]]:
    names = header_names(table)
    return [(c.name, names[c.name][0] if w.language == "zh" else c.name) for c in TABLES[table].columns]
