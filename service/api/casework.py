"""The caseworker's day by ``/api/v1``: household file, corrections, contacts, decisions, slips, letters, appeals, the morning, fairs."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Body, Header, Path, Query, Response, status
from pydantic import BaseModel, ConfigDict, Field

from service.api.context import AnOffice, IdempotencyKey, RequestId
from service.api.guard import MAX_BODY_BYTES
from service.errors import responses
from service.storage.vault import Identity
from service.use_cases.appeals import appeals
from service.use_cases.assess import Assessment, record_assessment
from service.use_cases.compare import compare
from service.use_cases.contacts import Contact, record_contact
from service.use_cases.corrections import correct, current, etag
from service.use_cases.fairs import fair, fairs, hold_fair, shortlist
from service.use_cases.household import casefile
from service.use_cases.letters import letter
from service.use_cases.lists import Page, page_of
from service.use_cases.locks import Lock, lift_lock, lock, locks_of
from service.use_cases.machine import switch_machine
from service.use_cases.morning import morning
from service.use_cases.readings import note_reading, readable
from service.use_cases.register import Newcomer, register_household
from service.use_cases.rows import as_plain
from service.use_cases.slips import Slip, record_slip

router = APIRouter(prefix="/api/v1", max_body_size=MAX_BODY_BYTES, tags=["casework"])

Id = Annotated[str, Path(min_length=1, max_length=64)]
Size = Annotated[int, Query(ge=1, le=500)]
After = Annotated[str | None, Query(max_length=200, description="`next` of the page before")]
IfMatch = Annotated[
    str, Header(alias="If-Match", max_length=80, description="ETag of what was read; without it nothing is changed")
]


class In(BaseModel):
    """What a caller sends; a field nobody knows is refused."""

    model_config = ConfigDict(extra="forbid")


class ContactIn(In):
    """A visit, a call or a message."""

    kind: str
    result: str = "reached"
    member_id: str | None = None
    contacted_on: date | None = None
    note: str | None = Field(None, max_length=1000)
    next_due_on: date | None = None


class LockIn(In):
    """Pin or exclude a pair, or hold a member out."""

    kind: str
    position_id: str | None = None
    reason_code: str
    reason_text: str | None = Field(None, max_length=1000)
    expires_on: date | None = None


class AssessmentIn(In):
    """Scores of one sitting."""

    scores: dict[str, float]
    mode: str = "caseworker"
    instrument: str = "unspecified"
    assessed_on: date | None = None


class SlipIn(In):
    """What a return slip says; wage in fen a month."""

    result: str
    reason: str | None = None
    refusal_justified: str | None = None
    started_on: date | None = None
    evidence: str | None = None
    wage: int | None = Field(None, ge=0, le=1_000_000_00)


class MachineIn(In):
    """Whether the member wants the learned order."""

    on: bool


class FairIn(In):
    """A job fair and the posts shown."""

    held_on: date
    region_code: str
    place: str = Field(min_length=1, max_length=200)
    position_ids: list[str] = Field(min_length=1, max_length=200)


class NewcomerIn(In):
    """One member of a household that registers; identity goes to the vault only."""

    values: dict[str, Any]
    unemployment_reason: str | None = None
    training_wish: str | None = Field(None, max_length=200)
    name: str | None = Field(None, max_length=60)
    identity_number: str | None = Field(None, max_length=18)
    phone: str | None = Field(None, max_length=20)


class RegistrationIn(In):
    """A household with its members."""

    household: dict[str, Any]
    members: list[NewcomerIn] = Field(min_length=1, max_length=20)


def _example(**value: Any) -> Any:
    return {"example": {"summary": "as a form sends it", "value": value}}


def _plain(value: Any) -> dict[str, Any]:
    out: dict[str, Any] = as_plain(value)
    return out


def _listed(page: Page) -> dict[str, Any]:
    return {"items": as_plain(page.items), "next": page.next}


@router.get("/households/{household_id}/file", responses=responses("not-found"))
def get_casefile(office: AnOffice, request_id: RequestId, response: Response, household_id: Id) -> dict[str, Any]:
    """One household's file: members, clock, panels, contacts, tasks. Its ETag is of the household's own row."""
    file = casefile(office, household_id, request_id=request_id)
    response.headers["ETag"] = f'"{file.etag}"'
    return _plain(file)


@router.patch("/households/{household_id}", responses=responses("not-found", "stale", "too-large", "media-type"))
def patch_household(
    office: AnOffice, request_id: RequestId, response: Response, household_id: Id,
    body: Annotated[dict[str, Any], Body(openapi_examples=_example(area_kind="urban"))],
    if_match: IfMatch = "",
) -> dict[str, Any]:  # fmt: skip
    """Correct values of a household; refused when somebody changed it since it was read."""
    return _corrected(office, response, "households", household_id, body, if_match, request_id)


@router.get("/members/{member_id}", responses=responses("not-found"))
def get_member(office: AnOffice, response: Response, member_id: Id) -> dict[str, Any]:
    """One member's values that may be corrected, with the ETag a correction needs."""
    row = current(office, "members", member_id)
    note_reading(office, "members", member_id, "values")
    response.headers["ETag"] = f'"{etag(row)}"'
    return _plain(readable(office, "members", row))


@router.patch("/members/{member_id}", responses=responses("not-found", "stale", "too-large", "media-type"))
def patch_member(
    office: AnOffice, request_id: RequestId, response: Response, member_id: Id,
    body: Annotated[dict[str, Any], Body(openapi_examples=_example(night_ok=True))],
    if_match: IfMatch = "",
) -> dict[str, Any]:  # fmt: skip
    """Correct values of a member in place; the next list is made of them."""
    return _corrected(office, response, "members", member_id, body, if_match, request_id)


def _corrected(
    office: AnOffice, response: Response, table: str, number: str, body: Mapping[str, Any], if_match: str, request_id: str
) -> dict[str, Any]:  # fmt: skip
    row = correct(office, table, number, body, seen=if_match.strip().strip('"'), request_id=request_id)
    response.headers["ETag"] = f'"{etag(row)}"'
    return {k: v for k, v in _plain(row).items() if k in body or k.endswith("_id")}


@router.post("/households/{household_id}/contacts", status_code=status.HTTP_201_CREATED, responses=responses("not-found", "key-reused", "too-large", "media-type"))  # fmt: skip
def post_contact(
    office: AnOffice, household_id: Id, body: Annotated[ContactIn, Body(openapi_examples=_example(kind="phone", result="reached"))],
    key: IdempotencyKey = None,
) -> dict[str, Any]:  # fmt: skip
    """Note a visit, a call or a message."""
    return _plain(record_contact(office, household_id, Contact(**body.model_dump()), key=key))


@router.post("/members/{member_id}/locks", status_code=status.HTTP_201_CREATED, responses=responses("not-found", "conflict", "key-reused", "too-large", "media-type"))  # fmt: skip
def post_lock(
    office: AnOffice, member_id: Id,
    body: Annotated[LockIn, Body(openapi_examples=_example(kind="exclude", position_id="P3", reason_code="MEMBER_WISH"))],
    key: IdempotencyKey = None,
) -> dict[str, Any]:  # fmt: skip
    """Pin, exclude or hold; every later list and night obeys."""
    wish = Lock(member_id=member_id, **body.model_dump())
    return _plain(lock(office, wish, key=key))


@router.get("/members/{member_id}/locks", responses=responses("not-found"))
def get_locks(office: AnOffice, member_id: Id) -> dict[str, Any]:
    """Decisions in force on a member."""
    office.now().member_row(member_id)
    note_reading(office, "members", member_id, "locks")
    return {"items": as_plain(locks_of(office, member_id)), "next": None}


@router.delete("/members/{member_id}/locks/{lock_id}", responses=responses("not-found", "too-large", "media-type"))
def delete_lock(office: AnOffice, member_id: Id, lock_id: Id) -> dict[str, Any]:
    """Lift a lock; the record of it stays."""
    office.now().member_row(member_id)
    return _plain(lift_lock(office, lock_id))


@router.get("/members/{member_id}/comparison", responses=responses("not-found"))
def get_comparison(
    office: AnOffice,
    request_id: RequestId,
    member_id: Id,
    position_id: Annotated[list[str] | None, Query(max_length=3)] = None,
) -> dict[str, Any]:
    """Two or three open posts beside each other."""
    return {"items": as_plain(compare(office, member_id, position_id or [], request_id=request_id))}


@router.put("/members/{member_id}/machine", responses=responses("not-found", "too-large", "media-type"))
def put_machine(
    office: AnOffice, member_id: Id, body: Annotated[MachineIn, Body(openapi_examples=_example(on=False))]
) -> dict[str, Any]:
    """Keep whether the member wants the learned order."""
    return {"on": switch_machine(office, member_id, body.on)}


@router.post("/members/{member_id}/assessments", status_code=status.HTTP_201_CREATED, responses=responses("not-found", "too-large", "media-type"))  # fmt: skip
def post_assessment(
    office: AnOffice, request_id: RequestId, member_id: Id,
    body: Annotated[AssessmentIn, Body(openapi_examples=_example(scores={"physical_stamina": 60}))],
) -> dict[str, Any]:  # fmt: skip
    """Keep the scores of one sitting."""
    return {
        "items": as_plain(record_assessment(office, member_id, Assessment(**body.model_dump()), request_id=request_id))
    }


@router.get("/appeals", responses=responses())
def get_appeals(office: AnOffice, waiting: bool = True, limit: Size = 60, after: After = None) -> dict[str, Any]:
    """Appeals by number, with the days left to answer."""
    return _listed(page_of(appeals(office, waiting=waiting), "appeal_id", limit, after))


@router.get("/referrals/{referral_id}/letter", responses=responses("not-found", "conflict"))
def get_letter(office: AnOffice, request_id: RequestId, referral_id: Id) -> dict[str, Any]:
    """What the letter of a referral says; name and phone where the vault tells them."""
    return _plain(letter(office, referral_id, request_id=request_id))


@router.post("/referrals/{referral_id}/slip", responses=responses("not-found", "conflict", "no-opening", "too-large", "media-type"))  # fmt: skip
def post_slip(
    office: AnOffice, request_id: RequestId, referral_id: Id, body: Annotated[SlipIn, Body(openapi_examples=_example(result="no_show"))]
) -> dict[str, Any]:  # fmt: skip
    """Record a return slip: all the steps it stands for, or none."""
    return _plain(record_slip(office, referral_id, Slip(**body.model_dump()), request_id=request_id))


@router.get("/morning", responses=responses())
def get_morning(office: AnOffice, caseworker: Annotated[str, Query(max_length=64)] = "") -> dict[str, Any]:
    """What the last night changed and why, and who holds nothing."""
    return _plain(morning(office, caseworker=caseworker))


@router.get("/fairs", responses=responses())
def get_fairs(office: AnOffice, limit: Size = 60, after: After = None) -> dict[str, Any]:
    """Job fairs by number."""
    return _listed(page_of(fairs(office), "job_fair_id", limit, after))


@router.post(
    "/fairs", status_code=status.HTTP_201_CREATED, responses=responses("key-reused", "too-large", "media-type")
)
def post_fair(
    office: AnOffice,
    body: Annotated[FairIn, Body(openapi_examples=_example(held_on="2026-11-20", region_code="440103001", place="广场", position_ids=["P2"]))],
    key: IdempotencyKey = None,
) -> dict[str, Any]:  # fmt: skip
    """Plan a fair."""
    return _plain(hold_fair(office, body.held_on, body.region_code, body.place, body.position_ids, key=key))


@router.get("/fairs/{job_fair_id}/tables", responses=responses("not-found"))
def get_fair_tables(office: AnOffice, job_fair_id: Id) -> dict[str, Any]:
    """Who is invited to which table of a fair."""
    return {"items": as_plain(shortlist(office, fair(office, job_fair_id)))}


@router.post("/households", status_code=status.HTTP_201_CREATED, responses=responses("key-reused", "too-large", "media-type"))  # fmt: skip
def post_household(
    office: AnOffice,
    body: Annotated[RegistrationIn, Body(openapi_examples=_example(
        household={"region_code": "440103001"}, members=[{"values": {"relation": "head", "education": "junior", "willing": True}}]))],
    key: IdempotencyKey = None,
) -> dict[str, Any]:  # fmt: skip
    """Register a household with its members."""
    newcomers = []
    for m in body.members:
        who = Identity(m.name, m.identity_number, m.phone)
        newcomers.append(
            Newcomer(
                m.values,
                m.unemployment_reason,
                m.training_wish,
                who if any((m.name, m.identity_number, m.phone)) else None,
            )
        )
    return _plain(register_household(office, body.household, newcomers, key=key))
