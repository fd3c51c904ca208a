"""The routes of ``/api/v1``: each unpacks the request, calls one use case and packs the answer."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query, Response, status
from pydantic import BaseModel

from matching.referral_states import next_states
from matching.vocabulary import PositionKind, ReferralState
from service import schemas
from service.api.context import AnOffice, IdempotencyKey, RequestId
from service.api.examples import EXAMPLES
from service.api.guard import MAX_BODY_BYTES
from service.errors import responses
from service.use_cases import inline, lists
from service.use_cases.explain import explain as explain_pair
from service.use_cases.outcome import Outcome, record_outcome
from service.use_cases.rank import rank_member, rank_position
from service.use_cases.refer import refer
from service.use_cases.rows import as_plain
from service.use_cases.worklist import Filters, worklist_page

router = APIRouter(prefix="/api/v1", max_body_size=MAX_BODY_BYTES)

Id = Annotated[str, Path(min_length=1, max_length=64)]
After = Annotated[str | None, Query(max_length=200, description="`next` of the page before")]
PageSize = Annotated[int, Query(ge=1, le=500)]
Shown = Annotated[int, Query(ge=1, le=100)]
Region = Annotated[str, Query(pattern=r"^\d{0,9}$", description="region code or the head of one")]


def _as(schema: type[schemas.Out], value: Any, **more: Any) -> Any:
    """Return a use case's answer as a schema; fields the schema does not have stay inside."""
    given = value if isinstance(value, Mapping) else {f.name: getattr(value, f.name) for f in fields(value)}
    return schema.model_validate({k: as_plain(v) for k, v in {**given, **more}.items() if k in schema.model_fields})


@router.get("/worklist", responses=responses(), tags=["worklist"])
def get_worklist(
    office: AnOffice,
    limit: PageSize = 60,
    after: After = None,
    region: Region = "",
    due: Annotated[int | None, Query(ge=-3660, le=366, description="days left at most")] = None,
    idle: Annotated[bool, Query(description="only members without an open referral")] = False,
) -> schemas.WorklistOut:
    """Members with a running promise, most urgent first."""
    answer = worklist_page(office, Filters(region, due, idle), limit=limit, after=after)
    return _as(schemas.WorklistOut, answer)  # type: ignore[no-any-return]


@router.get("/members/{member_id}/ranking", responses=responses("not-found"), tags=["ranking"])
def get_member_ranking(
    office: AnOffice,
    request_id: RequestId,
    member_id: Id,
    limit: Shown = 5,
    kind: Annotated[list[PositionKind] | None, Query(description="only posts of these kinds")] = None,
    explain: Annotated[bool, Query(description="with reasons, problems and unknowns")] = True,
) -> schemas.RankingOut:
    """Ranked posts of one member, each with reasons; what is shown is written to the journal."""
    kinds = None if kind is None else frozenset(k.value for k in kind)
    answer = rank_member(office, member_id, limit=limit, kinds=kinds, request_id=request_id)
    items = [_item(x, explain) for x in answer.items]
    return _as(schemas.RankingOut, answer, member_id=member_id, items=items)  # type: ignore[no-any-return]


def _item(post: Any, with_reasons: bool) -> Any:
    bare: dict[str, Any] = {} if with_reasons else {"reasons": [], "problems": [], "unknowns": []}
    return _as(schemas.Item, post, **bare)


@router.get("/positions/{position_id}/ranking", responses=responses("not-found"), tags=["ranking"])
def get_position_ranking(
    office: AnOffice, request_id: RequestId, position_id: Id, limit: Shown = 20
) -> schemas.ReverseOut:
    """Members to whom an open post may be proposed, best first."""
    answer = rank_position(office, position_id, limit=limit, request_id=request_id)
    items = [_as(schemas.MemberItem, x) for x in answer.items]
    return _as(schemas.ReverseOut, answer, position_id=position_id, items=items)  # type: ignore[no-any-return]


@router.get(
    "/members/{member_id}/positions/{position_id}/explanation", responses=responses("not-found"), tags=["ranking"]
)
def get_explanation(office: AnOffice, request_id: RequestId, member_id: Id, position_id: Id) -> schemas.ExplanationOut:
    """Why, why not, what is unknown, and the smallest change that would open the post."""
    answer = explain_pair(office, member_id, position_id, request_id=request_id)
    reasons = answer.reasons or answer.fits
    return _as(schemas.ExplanationOut, answer, reasons=as_plain(reasons))  # type: ignore[no-any-return]


@router.post("/rank", responses=responses("too-large", "media-type"), tags=["ranking"])
def post_rank(
    office: AnOffice, body: Annotated[schemas.RankIn, Body(openapi_examples=EXAMPLES["rank"])]
) -> schemas.InlineRankingOut:
    """Rank posts for a member, both sent by another system; nothing of it is stored."""
    answer = inline.rank_inline(
        office, inline.InlineQuestion(**{name: _sent(getattr(body, name)) for name in type(body).model_fields})
    )
    items = [_as(schemas.Item, x) for x in answer.items]
    return _as(schemas.InlineRankingOut, answer, member_id=answer.of, items=items)  # type: ignore[no-any-return]


def _sent(value: Any) -> Any:
    """Return a body's models as rows of the columns that were sent."""
    if isinstance(value, BaseModel):
        return value.model_dump(exclude_none=True)
    return [_sent(v) for v in value] if isinstance(value, list) else value


@router.post(
    "/referrals", status_code=status.HTTP_201_CREATED, tags=["referrals"],
    responses=responses("not-found", "conflict", "no-opening", "no-slot", "ineligible", "key-reused", "too-large", "media-type"),
)  # fmt: skip
def post_referral(
    office: AnOffice,
    response: Response,
    body: Annotated[schemas.ReferralIn, Body(openapi_examples=EXAMPLES["referral"])],
    key: IdempotencyKey = None,
) -> schemas.ReferralOut:
    """Refer a member to a post. Of several who ask for the last opening exactly one gets it."""
    row = refer(office, body.member_id, body.position_id, key=key, reason=body.reason)
    response.headers["Location"] = f"/api/v1/referrals/{row['referral_id']}"
    return _referral(row)


@router.get("/referrals", responses=responses(), tags=["referrals"])
def get_referrals(
    office: AnOffice,
    member_id: Annotated[str | None, Query(max_length=64)] = None,
    position_id: Annotated[str | None, Query(max_length=64)] = None,
    state: ReferralState | None = None,
    limit: PageSize = 60,
    after: After = None,
) -> schemas.ReferralsOut:
    """Referrals by number."""
    page = lists.referrals(office, member_id=member_id, position_id=position_id, state=state, limit=limit, after=after)
    return schemas.ReferralsOut(items=[_referral(row) for row in page.items], next=page.next)


@router.get("/referrals/{referral_id}", responses=responses("not-found"), tags=["referrals"])
def get_referral(office: AnOffice, referral_id: Id) -> schemas.ReferralOut:
    """One referral as it stands."""
    return _referral(lists.referral(office, referral_id))


@router.post(
    "/referrals/{referral_id}/transitions", tags=["referrals"],
    responses=responses("not-found", "conflict", "no-opening", "no-slot", "ineligible", "too-large", "media-type"),
)  # fmt: skip
def post_transition(
    office: AnOffice,
    request_id: RequestId,
    referral_id: Id,
    body: Annotated[schemas.TransitionIn, Body(openapi_examples=EXAMPLES["transition"])],
) -> schemas.ReferralOut:
    """Record what became of a referral. `started` makes the placement and takes the opening in the same transaction; `issued` asks of a
    proposal all that a referral is asked, and makes it an offer of today."""
    return _referral(record_outcome(office, referral_id, Outcome(**body.model_dump()), request_id=request_id))


def _referral(row: Mapping[str, object]) -> schemas.ReferralOut:
    steps = next_states(str(row["state"]))
    answer: schemas.ReferralOut = _as(schemas.ReferralOut, dict(row), may_become=list(steps))
    return answer


@router.get("/positions", responses=responses(), tags=["positions"])
def get_positions(
    office: AnOffice, kind: PositionKind | None = None, region: Region = "", limit: PageSize = 60, after: After = None
) -> schemas.PostsOut:
    """Open posts by identifier."""
    page = lists.posts(office, kind=kind, region=region, limit=limit, after=after)
    return schemas.PostsOut(items=[_as(schemas.PostOut, dict(row)) for row in page.items], next=page.next)
