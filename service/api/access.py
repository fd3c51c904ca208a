"""Routes of ``/api/v1`` about the caller and about steps that need two people."""

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Path, Query, status
from pydantic import BaseModel, ConfigDict, Field

from matching.errors import BadInput
from service.api.context import AnOffice, RequestId
from service.api.guard import MAX_BODY_BYTES
from service.errors import responses
from service.schemas import Out
from service.use_cases import approvals
from service.use_cases.approval_kinds import KINDS
from service.use_cases.approvals import Approval
from service.use_cases.restricted import restricted_facts

router = APIRouter(prefix="/api/v1", max_body_size=MAX_BODY_BYTES, tags=["access"])


class CallerOut(Out):
    """Who the service takes the caller for."""

    actor: str
    role: str
    regions: list[str] = Field(description="heads of the region codes whose people are seen; empty for all")


class ProposalIn(BaseModel):
    """A step put before a second person."""

    model_config = ConfigDict(extra="forbid")
    kind: str = Field(max_length=64)
    object_id: str = Field(min_length=1, max_length=64)
    payload: dict[str, str | int | float | bool | None] = Field({}, description="what the kind asks for", max_length=20)
    reason: str = Field(min_length=1, max_length=1000)


class DecisionIn(BaseModel):
    """What the second person decides."""

    model_config = ConfigDict(extra="forbid")
    approve: bool
    answer: str = Field("", max_length=1000, description="why")


class ApprovalOut(Out):
    """A proposal and what became of it."""

    approval_id: str
    kind: str
    object_type: str
    object_id: str
    payload: dict[str, Any]
    reason: str
    state: Literal["proposed", "approved", "refused"]
    proposed_by: str
    proposed_at: str
    decided_by: str | None
    decided_at: str | None
    answer: str | None


class RestrictedOut(Out):
    """Restricted facts of one member, as far as the caller's role may read them; null is unknown."""

    member_id: str
    facts: dict[str, str | int | date | None] = Field(description="table.column → value")


class ApprovalsOut(Out):
    """A page of proposals."""

    items: list[ApprovalOut]
    next: str | None


@router.get("/me", responses=responses())
def get_me(office: AnOffice) -> CallerOut:
    """Who the service takes the caller for."""
    return CallerOut(actor=office.actor, role=office.role, regions=list(office.regions))


@router.get("/members/{member_id}/restricted", responses=responses("not-found"))
def get_restricted(
    office: AnOffice,
    request_id: RequestId,
    member_id: Annotated[str, Path(min_length=1, max_length=64)],
    reason: Annotated[
        str, Query(min_length=3, max_length=200, description="why it has to be known; kept in the journal")
    ],
) -> RestrictedOut:
    """Restricted facts of one member; each reading is an entry in the journal."""
    return RestrictedOut(member_id=member_id, facts=restricted_facts(office, member_id, reason, request_id=request_id))


@router.get("/approvals", responses=responses())
def get_approvals(
    office: AnOffice,
    state: Literal["proposed", "approved", "refused"] | None = None,
    kind: Annotated[str | None, Query(max_length=64)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 60,
    after: Annotated[str | None, Query(max_length=200, description="`next` of the page before")] = None,
) -> ApprovalsOut:
    """Steps that wait for, or had, a second person."""
    found, onward = approvals.listed(office, state=state, kind=kind, limit=limit, after=after)
    return ApprovalsOut(items=[packed(a) for a in found], next=onward)


@router.get("/approvals/{approval_id}", responses=responses("not-found"))
def get_approval(office: AnOffice, approval_id: Annotated[str, Path(min_length=1, max_length=64)]) -> ApprovalOut:
    """One proposal as it stands."""
    return packed(approvals.approval(office, approval_id))


@router.post(
    "/approvals", status_code=status.HTTP_201_CREATED,
    responses=responses("not-found", "conflict", "too-large", "media-type"),
)  # fmt: skip
def post_approval(
    office: AnOffice,
    request_id: RequestId,
    body: Annotated[ProposalIn, Body(openapi_examples={"promote": {"value": {
        "kind": "model.promotion", "object_id": "v0002", "reason": "better on the hardest third"}}})],
) -> ApprovalOut:  # fmt: skip
    """Propose a step; somebody else decides it."""
    kind = KINDS.get(body.kind)
    if kind is None:
        raise BadInput(f"kind: expected one of {', '.join(KINDS)}, found {body.kind[:64]!r}")
    return packed(approvals.propose(office, kind, body.object_id, body.payload, body.reason, request_id=request_id))


@router.post(
    "/approvals/{approval_id}/decision", responses=responses("not-found", "conflict", "too-large", "media-type")
)
def post_decision(
    office: AnOffice,
    request_id: RequestId,
    approval_id: Annotated[str, Path(min_length=1, max_length=64)],
    body: Annotated[DecisionIn, Body(openapi_examples={"approve": {"value": {"approve": True, "answer": "seen"}}})],
) -> ApprovalOut:
    """Approve or refuse what somebody else proposed; an approval does the step."""
    return packed(
        approvals.decide(office, KINDS, approval_id, approve=body.approve, answer=body.answer, request_id=request_id)
    )


def packed(approval: Approval) -> ApprovalOut:
    """Return a proposal as the interface shows it."""
    return ApprovalOut(**{name: getattr(approval, name) for name in ApprovalOut.model_fields})
