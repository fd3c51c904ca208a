"""The route of what-if: unpacks, calls one use case and packs."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Body
from pydantic import BaseModel, ConfigDict, Field

from matching.whatif import Supposition
from service.api.context import AnOffice
from service.api.guard import MAX_BODY_BYTES
from service.errors import responses
from service.schemas import Out
from service.use_cases.whatif import what_if

router = APIRouter(prefix="/api/v1", max_body_size=MAX_BODY_BYTES)

Name = Annotated[str, Field(min_length=1, max_length=64)]


class WhatIfIn(BaseModel):
    """What is supposed; everything may be left out."""

    model_config = ConfigDict(extra="forbid")

    hold: list[Name] = Field([], max_length=1000, description="posts nobody is sent to")
    openings: dict[Name, Annotated[int, Field(ge=1, le=10_000)]] = Field({}, description="post → openings added")
    lose_employers: list[Name] = Field([], max_length=1000, description="employers whose posts are gone")
    policy: dict[Name, float | bool] = Field({}, description="policy key → another number")


class MemberMoved(Out):
    """A member with more or fewer new referrals."""

    member_id: str
    household_id: str
    before: int
    after: int
    change: str


class HouseholdMoved(Out):
    """A household whose promise becomes likelier or less likely."""

    household_id: str
    before: float
    after: float


class WhatIfOut(Out):
    """How tonight's plan would differ; nothing was stored."""

    as_of: date
    supposed: WhatIfIn
    model_version: str
    promises_kept_before: float
    promises_kept_after: float
    gaining: int
    losing: int
    members: list[MemberMoved]
    households: list[HouseholdMoved]


@router.post("/whatif", responses=responses("not-found", "too-large", "media-type"), tags=["night"])
def post_whatif(
    office: AnOffice,
    body: Annotated[WhatIfIn, Body(openapi_examples={"hold": {"value": {"hold": ["P1"], "openings": {"P2": 2}}}})],
) -> WhatIfOut:
    """How tonight's plan would differ with posts held, openings added, employers gone or policy numbers changed; nothing is stored."""
    policy = {k: int(v) if not isinstance(v, bool) and float(v).is_integer() else v for k, v in body.policy.items()}
    what = Supposition(tuple(body.hold), dict(body.openings), tuple(body.lose_employers), policy)
    return WhatIfOut.model_validate(what_if(office, what))
