"""The employer desk by ``/api/v1``: posts taken in, judged, corrected, confirmed, ended; whom they may be proposed to; occupations."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Body, Header, Path, Query, Response, status
from pydantic import BaseModel, ConfigDict, Field

from matching.occupations import suggest
from matching.vocabulary import EmployerType, PositionKind
from service.api.context import AnOffice, IdempotencyKey, RequestId
from service.api.guard import MAX_BODY_BYTES
from service.api.rule_schemas import FindingOut, PostRow
from service.errors import responses
from service.exchange.catalogue import tidy
from service.schemas import Out, ReasonOut
from service.use_cases.corrections import etag
from service.use_cases.post_desk import WAITS, Asked, candidates, desk_list, post_file
from service.use_cases.post_entry import Unit, correct_post, register_post
from service.use_cases.post_steps import CLOSING, STEPS, step_post
from service.use_cases.rows import as_plain

router = APIRouter(prefix="/api/v1", max_body_size=MAX_BODY_BYTES, tags=["positions"])

Id = Annotated[str, Path(min_length=1, max_length=64)]
M = TypeVar("M", bound=BaseModel)
WRITES = ("conflict", "too-large", "media-type")


class In(BaseModel):
    """What a caller sends; a field nobody knows is refused."""

    model_config = ConfigDict(extra="forbid")


class PostIn(In):
    """A new post; ``employer`` is a number or a name of the record, or the name of a new unit. Amounts in fen a month."""

    employer: str = Field(min_length=1, max_length=200)
    employer_type: EmployerType = EmployerType.ENTERPRISE
    employer_region: str | None = Field(None, pattern=r"^\d{6}(\d{3})?$")
    values: dict[str, Any] = Field(description="columns of the posts' table", max_length=60)


class StepIn(In):
    """A step of a post; closing needs a reason."""

    step: str = Field(pattern=f"^({'|'.join(STEPS)})$")
    reason: str | None = Field(None, pattern=f"^({'|'.join(CLOSING)})$")


class DeskItem(Out):
    """One post of the desk's list."""

    position_id: str
    employer_id: str
    employer: str
    kind: str
    title: str
    occupation_code: str
    region_code: str
    openings_total: int
    openings_left: int
    wage_min: int
    wage_max: int
    verified_on: date | None
    last_confirmed_on: date | None
    posted_on: date
    valid_until: date | None
    review_state: str
    status: str
    waits: str
    days_unconfirmed: int


class DeskOut(Out):
    """A page of the desk's list; ``counts`` are of the region and kind asked for."""

    counts: dict[str, int]
    matching: int
    items: list[DeskItem]
    next: str | None


class ActOut(Out):
    """One entry of the journal about a post."""

    at: str
    actor: str
    action: str
    reason: str | None


class SuggestionOut(Out):
    """An occupation a post may be: score from 0 to 1, and the known title it is most like."""

    code: str
    name_zh: str
    score: float
    like: str


class SuggestionsOut(Out):
    """Occupations by score."""

    items: list[SuggestionOut]


class PostFileOut(Out):
    """One post with everything the desk knows of it."""

    post: PostRow  # type: ignore[valid-type]
    waits: str
    days_unconfirmed: int
    employer: dict[str, Any]
    findings: list[FindingOut]
    open_referrals: int
    history: list[ActOut]
    suggestions: list[SuggestionOut]
    etag: str


class CandidateOut(Out):
    """One member a post may be proposed to."""

    member_id: str
    rank: int
    days_left: int | None
    chance: str
    p_placed: float
    reasons: list[ReasonOut]
    to_ask: int = Field(description="what has to be asked before, in number")


class CandidatesOut(Out):
    """The reverse list of a post."""

    position_id: str
    model_version: str
    considered: int
    eligible: int
    blocked: dict[str, int]
    items: list[CandidateOut]


_POST = {
    "kind": "EMPLOYER", "title": "包装工", "duties": "给产品贴标、装箱、封箱", "occupation_code": "69901", "region_code": "440103001",
    "openings_total": 2, "wage_min": 300000, "wage_max": 360000, "contract_months": 12, "insured": "medical;pension", "shift_start": 510,
    "shift_end": 1050,
}  # fmt: skip


@router.get("/desk/positions", responses=responses())
def get_desk(
    office: AnOffice,
    state: Annotated[str, Query(pattern=f"^({'|'.join(WAITS)})?$", description="what the post waits for")] = "",
    kind: PositionKind | None = None,
    region: Annotated[str, Query(pattern=r"^\d{0,9}$")] = "",
    q: Annotated[str, Query(max_length=64, description="part of a title or of a unit's name, or a number")] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 60,
    after: Annotated[str | None, Query(max_length=200, description="`next` of the page before")] = None,
) -> DeskOut:
    """Every post by what it waits for, those confirmed longest ago first."""
    found = desk_list(office, Asked(state, kind.value if kind else "", region, q), limit=limit, after=after)
    return DeskOut.model_validate({k: v for k, v in as_plain(found).items() if k != "regions"})


@router.post("/positions", status_code=status.HTTP_201_CREATED, responses=responses("key-reused", *WRITES))
def post_position(
    office: AnOffice,
    response: Response,
    body: Annotated[PostIn, Body(openapi_examples={"packer": {"value": {"employer": "E1", "values": _POST}}})],
    key: IdempotencyKey = None,
) -> PostRow:  # type: ignore[valid-type]
    """Take a post in. It is held back where anything is found on it, and else waits to be verified."""
    row = register_post(
        office, Unit(body.employer, body.employer_type.value, body.employer_region), body.values, key=key
    )
    response.headers["Location"] = f"/api/v1/positions/{row['position_id']}"
    return _row(PostRow, response, row)


@router.get("/positions/{position_id}", responses=responses("not-found"))
def get_position(office: AnOffice, response: Response, position_id: Id) -> PostFileOut:
    """One post with its findings and the ETag a correction needs."""
    found = post_file(office, position_id)
    response.headers["ETag"] = f'"{found.etag}"'
    return PostFileOut.model_validate(as_plain(found))


@router.patch("/positions/{position_id}", responses=responses("not-found", "stale", *WRITES))
def patch_position(
    office: AnOffice,
    request_id: RequestId,
    response: Response,
    position_id: Id,
    body: Annotated[dict[str, Any], Body(openapi_examples={"wage": {"value": {"wage_max": 400000}}})],
    if_match: Annotated[
        str, Header(alias="If-Match", max_length=80, description="ETag of what was read; without it nothing is changed")
    ] = "",
) -> PostRow:  # type: ignore[valid-type]
    """Correct values of a post; refused when somebody changed it since it was read. What a correction brings in holds it back."""
    row = correct_post(office, position_id, body, seen=if_match.strip().strip('"'), request_id=request_id)
    return _row(PostRow, response, row)


@router.post("/positions/{position_id}/steps", responses=responses("not-found", *WRITES))
def post_position_step(
    office: AnOffice,
    request_id: RequestId,
    response: Response,
    position_id: Id,
    body: Annotated[StepIn, Body(openapi_examples={"confirm": {"value": {"step": "confirm"}}})],
) -> PostRow:  # type: ignore[valid-type]
    """Confirm, pause, open again, fill or close a post; the same step again changes nothing."""
    return _row(PostRow, response, step_post(office, position_id, body.step, reason=body.reason, request_id=request_id))


@router.get("/positions/{position_id}/candidates", responses=responses("not-found"))
def get_candidates(
    office: AnOffice, request_id: RequestId, position_id: Id, limit: Annotated[int, Query(ge=1, le=100)] = 20
) -> CandidatesOut:
    """Members an open post may be proposed to, without values of the person; what is shown is written to the journal."""
    return CandidatesOut.model_validate(as_plain(candidates(office, position_id, limit=limit, request_id=request_id)))


@router.get("/occupations", responses=responses())
def get_occupations(
    office: AnOffice,
    title: Annotated[str, Query(max_length=200, description="title in Chinese")] = "",
    duties: Annotated[str, Query(max_length=1000, description="duties in Chinese")] = "",
    top: Annotated[int, Query(ge=1, le=20)] = 3,
) -> SuggestionsOut:
    """Occupations (GB/T 6565) a title and duties are most like; an officer chooses."""
    return SuggestionsOut.model_validate({"items": as_plain(suggest(tidy(title), tidy(duties), top=top))})


def _row(schema: type[M], response: Response, row: Mapping[str, object]) -> M:
    response.headers["ETag"] = f'"{etag(row)}"'
    return schema.model_validate(as_plain(dict(row)))
