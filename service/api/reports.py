"""Routes of the reports: the region at a glance, what the night foresaw, bulletins drawn up, published and read."""

from typing import Annotated

from fastapi import APIRouter, Body, Path, Query, status

from service.api import report_schemas as s
from service.api.context import AnOffice, RequestId
from service.api.examples import EXAMPLES
from service.api.guard import MAX_BODY_BYTES
from service.errors import responses
from service.use_cases import bulletins
from service.use_cases.dashboard import dashboard
from service.use_cases.outlook import outlook
from service.use_cases.rows import as_plain

router = APIRouter(prefix="/api/v1", max_body_size=MAX_BODY_BYTES, tags=["reports"])

Id = Annotated[str, Path(min_length=1, max_length=64)]
Period = Annotated[str, Query(max_length=7, description="2026-05, 2026Q2 or 2026")]


@router.get("/dashboard", responses=responses())
def get_dashboard(office: AnOffice) -> s.DashboardOut:
    """Stock, flows, promises kept, retention and welfare posts of the caller's regions, month by month."""
    return s.DashboardOut.model_validate(as_plain(dashboard(office)))


@router.get("/outlook", responses=responses("not-found"))
def get_outlook(
    office: AnOffice,
    region: Annotated[str, Query(pattern=r"^\d{0,9}$", description="region code or the head of one")] = "",
    blocker: Annotated[
        str, Query(pattern=r"^[A-Z_]{0,40}$", description="only promises this stands in the way of")
    ] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 60,
    after: Annotated[str | None, Query(max_length=200, description="`next` of the page before")] = None,
) -> s.OutlookOut:
    """Promises likely to break as the last night foresaw them, what blocks each, and what one more opening is worth."""
    return s.OutlookOut.model_validate(
        as_plain(outlook(office, region=region, blocker=blocker, limit=limit, after=after))
    )


@router.get("/bulletins", responses=responses())
def get_bulletins(office: AnOffice) -> s.BulletinsOut:
    """What was published."""
    return s.BulletinsOut.model_validate({"items": [as_plain(b) for b in bulletins.published(office)]})


@router.get("/bulletins/draft", responses=responses())
def get_bulletin_draft(office: AnOffice, kind: s.Kind, period: Period, level: s.Level = "district") -> s.BulletinOut:
    """A bulletin as it would be published today, with what differs from the revision published last."""
    return s.BulletinOut.model_validate(as_plain(bulletins.draft(office, kind, period, level)))


@router.get("/bulletins/{bulletin_id}", responses=responses("not-found"))
def get_bulletin(office: AnOffice, bulletin_id: Id) -> s.BulletinOut:
    """A bulletin as it was published."""
    return s.BulletinOut.model_validate(as_plain(bulletins.bulletin(office, bulletin_id)))


@router.post(
    "/bulletins", status_code=status.HTTP_201_CREATED, responses=responses("conflict", "too-large", "media-type")
)
def post_bulletin(
    office: AnOffice, request_id: RequestId, body: Annotated[s.BulletinIn, Body(openapi_examples=EXAMPLES["bulletin"])]
) -> s.BulletinOut:
    """Publish a bulletin; its figures are frozen."""
    made = bulletins.publish(office, body.kind, body.period, body.level, note=body.note, request_id=request_id)
    return s.BulletinOut.model_validate(as_plain(made))
