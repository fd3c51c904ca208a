"""Routes of the auditor: the journal, whether its chain holds, the evidence of one household."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from service.api.context import AnOffice, RequestId
from service.api.examples import EXAMPLES
from service.api.guard import MAX_BODY_BYTES
from service.errors import responses
from service.schemas import Out
from service.use_cases.evidence import evidence_pack
from service.use_cases.journal import Asked, chain, journal_page
from service.use_cases.rows import as_plain

router = APIRouter(prefix="/api/v1", max_body_size=MAX_BODY_BYTES, tags=["audit"])

Text = Annotated[str, Query(max_length=64)]


class ZipResponse(Response):
    """An archive."""

    media_type = "application/zip"


class EntryOut(Out):
    """One entry of the journal; restricted facts are masked, the hash is over the entry as it was written."""

    seq: int
    at: str
    actor: str
    role: str
    action: str
    object_type: str
    object_id: str
    before: Any
    after: Any
    reason: str | None
    request_id: str | None
    prev_hash: str
    hash: str


class JournalOut(Out):
    """A page of the journal, newest first; ``broken_at`` is the first of these entries that is not as it was written, ``what`` says
    how."""

    items: list[EntryOut]
    next: str | None
    broken_at: int | None
    what: str | None


class ChainOut(Out):
    """Whether every entry follows the one before; ``broken_at`` is the first that does not."""

    entries: int
    last_hash: str
    broken_at: int | None
    what: str | None


class EvidenceIn(BaseModel):
    """Why the evidence is asked for."""

    model_config = ConfigDict(extra="forbid")
    reason: str = Field(min_length=1, max_length=1000, description="kept in the journal")


@router.get("/journal", responses=responses("not-found"))
def get_journal(
    office: AnOffice, since: date | None = None, until: date | None = None, actor: Text = "", role: Text = "",
    action: Annotated[str, Query(max_length=64, description="an action or the head of one, such as `referral.`")] = "",
    object_type: Text = "", object_id: Text = "",
    household_id: Annotated[str, Query(max_length=64, description="with its members and all their affairs")] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 60,
    after: Annotated[str | None, Query(max_length=20, description="`next` of the page before")] = None,
) -> JournalOut:  # fmt: skip
    """Entries of the journal, newest first; a household that is asked for is noted as read."""
    asked = Asked(since, until, actor, role, action, object_type, object_id, household_id)
    return JournalOut.model_validate(as_plain(journal_page(office, asked, limit=limit, after=after)))


@router.get("/journal/chain", responses=responses())
def get_journal_chain(office: AnOffice) -> ChainOut:
    """Walk the whole journal and say whether its chain holds."""
    return ChainOut.model_validate(as_plain(chain(office)))


@router.post(
    "/households/{household_id}/evidence", response_class=ZipResponse, responses=responses("not-found", "too-large", "media-type")
)  # fmt: skip
def post_evidence_pack(
    office: AnOffice, request_id: RequestId, household_id: Annotated[str, Path(min_length=1, max_length=64)],
    body: Annotated[EvidenceIn, Body(openapi_examples=EXAMPLES["evidence-pack"])],
) -> ZipResponse:  # fmt: skip
    """Everything offered, shown and decided about a household, as one sealed archive; `onemonth evidence verify` checks it."""
    made = evidence_pack(office, household_id, body.reason, request_id=request_id)
    return packed(made.name, made.content)


def packed(name: str, content: bytes) -> ZipResponse:
    """Return an archive to be kept as a file."""
    return ZipResponse(content, headers={"Content-Disposition": f'attachment; filename="{name}"'})
