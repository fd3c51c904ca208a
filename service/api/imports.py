"""Files in and out by ``/api/v1``: send in, look, bring in, ask what was refused; a table of the record as a file."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Path, Query, Request, Response, status
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from service.api.context import AnOffice, RequestId
from service.api.guard import FILE_TYPES, MAX_BODY_BYTES, MAX_FILE_BYTES
from service.errors import responses
from service.exchange.table_file import MEDIA_TYPES
from service.schemas import Out
from service.use_cases import record_files
from service.use_cases import uploads as files
from service.use_cases.rows import as_plain

router = APIRouter(prefix="/api/v1", max_body_size=MAX_BODY_BYTES, tags=["files"])
sending = APIRouter(prefix="/api/v1", max_body_size=MAX_FILE_BYTES, tags=["files"])
"""The one operation that takes a whole file."""

Id = Annotated[str, Path(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9]+$")]
Size = Annotated[int, Query(ge=1, le=500)]


class RunIn(BaseModel):
    """How a file is read: the table where its headers leave it open, and the office's headers, kept for its next file too."""

    model_config = ConfigDict(extra="forbid")
    table: str | None = Field(None, max_length=64)
    mapping: dict[str, dict[str, str | None]] = Field(
        {}, max_length=30, description='table → header → column; "" is not kept, null forgets'
    )


class SheetOut(Out):
    """What became of one sheet; ``errors`` counts refused cells."""

    file: str
    sheet: str
    table: str
    read: int
    added: int
    changed: int
    unchanged: int
    refused: int
    quarantined: int
    import_id: str
    dropped: list[str]
    errors: int


class UploadOut(Out):
    """A file that was sent in and what became of it."""

    upload_id: str
    actor: str
    name: str
    size: int
    table: str | None
    state: Literal["waiting", "running", "done", "failed"]
    made_at: str
    ended_at: str | None
    step: str
    done: float
    total: float
    sheets: list[SheetOut]
    error: str | None


class UploadsOut(Out):
    """A page of files, the newest first."""

    items: list[UploadOut]
    next: str | None


class RefusedCell(Out):
    """One refused cell; ``row`` is the number the spreadsheet shows."""

    file: str
    row: int
    column: str
    found: str
    expected: str


class RefusedOut(Out):
    """A page of refused cells."""

    items: list[RefusedCell]
    next: str | None


@sending.put(
    "/imports/{upload_id}/file", responses=responses("key-reused", "too-large", "media-type"),
    openapi_extra={"requestBody": {"required": True, "content": {t: {"schema": {"type": "string", "format": "binary"}} for t in sorted(FILE_TYPES)}}},
)  # fmt: skip
async def put_import_file(
    request: Request, office: AnOffice, upload_id: Id, name: Annotated[str, Query(min_length=5, max_length=200, description="name with its ending")]
) -> UploadOut:  # fmt: skip
    """Send a file in under an identifier of the caller's; the same bytes again change nothing. Nothing is brought in yet."""
    content = await request.body()
    return _out(await run_in_threadpool(files.send_in, office, name, content, upload_id=upload_id))


@router.get("/imports", responses=responses())
def get_imports(
    office: AnOffice, limit: Size = 60, after: Annotated[str | None, Query(max_length=200, description="`next` of the page before")] = None
) -> UploadsOut:  # fmt: skip
    """Files of the caller's office and what became of them."""
    found, onward = files.uploads_of(office, limit=limit, after=after)
    return UploadsOut(items=[_out(f) for f in found], next=onward)


@router.get("/imports/{upload_id}", responses=responses("not-found"))
def get_import(office: AnOffice, upload_id: Id) -> UploadOut:
    """One file: waiting, how far it is, or what became of it."""
    return _out(files.upload(office, upload_id))


@router.get("/imports/{upload_id}/preview", responses=responses("not-found"))
def get_import_preview(
    office: AnOffice, upload_id: Id, table: Annotated[str | None, Query(max_length=64)] = None
) -> dict[str, Any]:
    """What the first rows would become; nothing is written."""
    return {"items": as_plain(files.look(office, upload_id, table))}


@router.post("/imports/{upload_id}/run", status_code=status.HTTP_202_ACCEPTED, responses=responses("not-found", "conflict", "too-large", "media-type"))  # fmt: skip
def post_import_run(
    office: AnOffice, request_id: RequestId, upload_id: Id,
    body: Annotated[RunIn, Body(openapi_examples={"as it is": {"value": {}}, "headers": {"value": {"mapping": {"households": {"低保情况": "dibao_status"}}}}})],
) -> UploadOut:  # fmt: skip
    """Bring a file in; the answer comes at once, the state tells how far it is. The same file again doubles nothing."""
    files.upload(office, upload_id)
    for table, headers in body.mapping.items():
        files.remember(office, table, headers, request_id=request_id)
    return _out(files.bring_in(office, upload_id, body.table))


@router.get("/imports/{upload_id}/refused", responses=responses("not-found"))
def get_import_refused(
    office: AnOffice, upload_id: Id, limit: Size = 60, after: Annotated[str | None, Query(max_length=20, pattern=r"^\d+$", description="`next` of the page before")] = None,
) -> RefusedOut:  # fmt: skip
    """Cells an import refused."""
    found, start = files.refused(office, upload_id), int(after or 0)
    page = found.iloc[start : start + limit]
    return RefusedOut.model_validate(
        {"items": page.to_dict("records"), "next": str(start + limit) if start + limit < len(found) else None}
    )


@router.get("/exports/{table}", responses=responses(), response_class=Response)
def get_export(
    office: AnOffice, request_id: RequestId, table: Annotated[str, Path(min_length=1, max_length=64)],
    form: Annotated[Literal["csv", "xlsx"], Query(alias="format")] = "csv", language: Literal["zh", "en"] = "zh",
) -> Response:  # fmt: skip
    """A table of the record as a file: people the caller sees, without restricted columns."""
    _, content = record_files.table_file(office, table, form, language, request_id=request_id)
    return Response(content, media_type=MEDIA_TYPES[form])


def _out(found: files.Upload) -> UploadOut:
    told = dict(found.report or {})
    values = {k: v for k, v in as_plain(found).items() if k != "report"}
    return UploadOut.model_validate({**values, "sheets": told.get("sheets", []), "error": told.get("error")})
