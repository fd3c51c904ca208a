"""Routes of the promise, the household, the service path and the checks; each unpacks, calls one use case and packs."""

from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Body, Path, Query, status
from pydantic import BaseModel

from matching.promise_clock import ClockEventKind
from matching.refusals import Tally
from service.api import rule_schemas as s
from service.api.access import ApprovalOut, packed
from service.api.context import AnOffice, IdempotencyKey, RequestId
from service.api.examples import EXAMPLES
from service.api.guard import MAX_BODY_BYTES
from service.errors import responses
from service.use_cases import answers, clocks, jobs, next_step, oversight
from service.use_cases.household import household_file
from service.use_cases.household_state import FileStep, record_step
from service.use_cases.post_review import clear_post, post_findings
from service.use_cases.rows import as_plain

router = APIRouter(prefix="/api/v1", max_body_size=MAX_BODY_BYTES)

Id = Annotated[str, Path(min_length=1, max_length=64)]
Region = Annotated[str, Query(pattern=r"^\d{0,9}$", description="region code or the head of one")]
M = TypeVar("M", bound=BaseModel)
READS = responses("not-found")
WRITES = responses("not-found", "conflict", "too-large", "media-type")


def _as(schema: type[M], value: Any) -> M:
    return schema.model_validate(as_plain(value))


def _body(name: str) -> Any:
    return Body(openapi_examples=EXAMPLES[name])


@router.get("/households/{household_id}", responses=READS, tags=["households"])
def get_household(office: AnOffice, request_id: RequestId, household_id: Id) -> s.HouseholdFileOut:
    """One household, one file: state, clocks gross and net, path, counters, entitlements, tasks."""
    found: dict[str, Any] = as_plain(household_file(office, household_id, request_id=request_id))
    approvals = [_pick(ApprovalOut, a) for a in found["approvals"]]
    return s.HouseholdFileOut.model_validate(
        {**found, "household": _pick(s.HouseholdOut, found["household"]), "approvals": approvals}
    )


@router.post("/households/{household_id}/steps", responses=WRITES, tags=["households"])
def post_file_step(
    office: AnOffice, request_id: RequestId, household_id: Id, body: Annotated[s.FileStepIn, _body("file-step")]
) -> s.HouseholdOut:
    """Record what was decided about a household elsewhere: applied, recognised, refused, withdrawn, ended, moved."""
    step = FileStep(body.to.value, body.on, body.reason, body.basis)
    return _pick(s.HouseholdOut, record_step(office, household_id, step, request_id=request_id))


def _ask(office: AnOffice, step: ClockEventKind, household_id: str, body: s.PromiseIn, request_id: str) -> ApprovalOut:
    found = clocks.ask(
        office, household_id, step, body.reason, member_id=body.member_id, words=body.words, request_id=request_id
    )
    return packed(found)


@router.post(
    "/households/{household_id}/promise/pause", status_code=status.HTTP_201_CREATED, responses=WRITES, tags=["promises"]
)
def post_pause(
    office: AnOffice, request_id: RequestId, household_id: Id, body: Annotated[s.PromiseIn, _body("pause")]
) -> ApprovalOut:
    """Ask for a pause of the clock; it runs from today once a second person approves."""
    return _ask(office, ClockEventKind.PAUSE, household_id, body, request_id)


@router.post(
    "/households/{household_id}/promise/void", status_code=status.HTTP_201_CREATED, responses=WRITES, tags=["promises"]
)
def post_void(
    office: AnOffice, request_id: RequestId, household_id: Id, body: Annotated[s.PromiseIn, _body("void")]
) -> ApprovalOut:
    """Ask for a promise to be declared void; a second person decides, the member is told and may appeal."""
    return _ask(office, ClockEventKind.VOID, household_id, body, request_id)


@router.post(
    "/households/{household_id}/promise/reinstate",
    status_code=status.HTTP_201_CREATED,
    responses=WRITES,
    tags=["promises"],
)
def post_reinstate(
    office: AnOffice, request_id: RequestId, household_id: Id, body: Annotated[s.PromiseIn, _body("reinstate")]
) -> ApprovalOut:
    """Ask for a void promise to be brought back; once approved the clock stands where it would have stood."""
    return _ask(office, ClockEventKind.REINSTATE, household_id, body, request_id)


@router.post("/households/{household_id}/promise/resume", responses=WRITES, tags=["promises"])
def post_resume(
    office: AnOffice, request_id: RequestId, household_id: Id, body: Annotated[s.ClockIn, _body("clock")]
) -> s.PromiseRow:  # type: ignore[valid-type]
    """End the pause that runs."""
    return _as(s.PromiseRow, clocks.resume(office, household_id, member_id=body.member_id, request_id=request_id))


@router.post("/households/{household_id}/promise/cause", responses=WRITES, tags=["promises"])
def post_cause(
    office: AnOffice, request_id: RequestId, household_id: Id, body: Annotated[s.CauseIn, _body("cause")]
) -> s.PromiseRow:  # type: ignore[valid-type]
    """Code the cause of a broken promise, once."""
    row = clocks.name_cause(office, household_id, body.cause, member_id=body.member_id, request_id=request_id)
    return _as(s.PromiseRow, row)


@router.get("/members/{member_id}/refusals", responses=READS, tags=["refusals"])
def get_refusals(office: AnOffice, member_id: Id) -> s.AnswersOut:
    """A member's answers to offers and the counter of each regime; for the caseworker's eyes, nothing follows by itself."""
    found = answers.answers(office, member_id)
    return _as(s.AnswersOut, {**as_plain(found), "tallies": [_tally(t) for t in found.tallies]})


def _tally(tally: Tally) -> dict[str, Any]:
    told: dict[str, Any] = as_plain(tally)
    return {**told, "not_counted": dict(tally.not_counted), "reached": tally.reached, "reason": tally.reason.as_dict()}


@router.post("/referrals/{referral_id}/judgement", responses=WRITES, tags=["refusals"])
def post_judgement(
    office: AnOffice, request_id: RequestId, referral_id: Id, body: Annotated[s.JudgementIn, _body("judgement")]
) -> s.RefusalOut:
    """Record whether a refusal was justified; the judgement can be changed, each change is journalled."""
    row = answers.judge(office, referral_id, body.justified, request_id=request_id)
    return _pick(s.RefusalOut, row)


def _pick(schema: type[M], row: dict[str, object]) -> M:
    return schema.model_validate({k: v for k, v in row.items() if k in schema.model_fields})


@router.post("/members/{member_id}/notices", status_code=status.HTTP_201_CREATED, responses=WRITES, tags=["refusals"])
def post_notice(
    office: AnOffice, request_id: RequestId, member_id: Id, body: Annotated[s.NoticeIn, _body("notice")]
) -> s.NoticeRow:  # type: ignore[valid-type]
    """Record that a member was told something today."""
    told = answers.Told(body.item, body.object_id, body.channel.value)
    return _as(s.NoticeRow, answers.tell(office, member_id, told, request_id=request_id))


@router.post("/members/{member_id}/appeals", status_code=status.HTTP_201_CREATED, responses=WRITES, tags=["refusals"])
def post_appeal(
    office: AnOffice, request_id: RequestId, member_id: Id, body: Annotated[s.AppealIn, _body("appeal")]
) -> s.AppealRow:  # type: ignore[valid-type]
    """File an appeal; the answer carries the last day to decide it."""
    complaint = answers.Complaint(body.about, body.object_id, body.text)
    return _as(s.AppealRow, answers.appeal(office, member_id, complaint, request_id=request_id))


@router.post("/appeals/{appeal_id}/decision", responses=WRITES, tags=["refusals"])
def post_appeal_decision(
    office: AnOffice,
    request_id: RequestId,
    appeal_id: Id,
    body: Annotated[s.AppealDecisionIn, _body("appeal-decision")],
) -> s.AppealRow:  # type: ignore[valid-type]
    """Decide an appeal; one upheld takes the refusal out of every counter."""
    return _as(s.AppealRow, answers.decide_appeal(office, appeal_id, body.decision, request_id=request_id))


@router.get("/members/{member_id}/next-step", responses=READS, tags=["path"])
def get_next_step(office: AnOffice, member_id: Id) -> s.NextStepOut:
    """The next step proposed on the service path, with what to assess first and the course that opens most."""
    return _as(s.NextStepOut, next_step.next_step(office, member_id))


@router.post("/members/{member_id}/path", status_code=status.HTTP_201_CREATED, tags=["path"],
             responses=responses("not-found", "conflict", "stale", "too-large", "media-type"))  # fmt: skip
def post_stage(
    office: AnOffice, request_id: RequestId, member_id: Id, body: Annotated[s.StageIn, _body("stage")]
) -> s.PathRecordRow:  # type: ignore[valid-type]
    """Move a member to another stage; stages may be skipped, and the reason is kept."""
    seen = None if body.seen is None else body.seen.value
    row = next_step.take_step(office, member_id, body.to.value, body.reason, seen=seen, request_id=request_id)
    return _as(s.PathRecordRow, row)


@router.get("/members/{member_id}/why-none", responses=READS, tags=["ranking"])
def get_why_none(office: AnOffice, member_id: Id) -> s.WhyNoneOut:
    """Why a member has no posts, or so few: every open post judged, every rule counted, the changes that would open most."""
    return _as(s.WhyNoneOut, next_step.why_none(office, member_id))


@router.post("/members/{member_id}/jobs", status_code=status.HTTP_201_CREATED, tags=["placements"],
             responses=responses("not-found", "conflict", "key-reused", "no-opening", "too-large", "media-type"))  # fmt: skip
def post_job(
    office: AnOffice, request_id: RequestId, member_id: Id, body: Annotated[s.JobIn, _body("job")],
    key: IdempotencyKey = None,
) -> s.PlacementRow:  # type: ignore[valid-type]  # fmt: skip
    """Record a job found without a referral; verified evidence keeps the promise."""
    row = jobs.record_job(office, member_id, jobs.Job(**body.model_dump()), key=key, request_id=request_id)
    return _as(s.PlacementRow, row)


@router.post("/placements/{placement_id}/evidence", responses=WRITES, tags=["placements"])
def post_evidence(
    office: AnOffice, request_id: RequestId, placement_id: Id, body: Annotated[s.EvidenceIn, _body("evidence")]
) -> s.PlacementRow:  # type: ignore[valid-type]
    """Record what proves a job; evidence that comes late still shows a start in time."""
    return _as(s.PlacementRow, jobs.verify_job(office, placement_id, body.evidence, request_id=request_id))


@router.post("/placements/{placement_id}/end", responses=WRITES, tags=["placements"])
def post_job_end(
    office: AnOffice, request_id: RequestId, placement_id: Id, body: Annotated[s.JobEndIn, _body("job-end")]
) -> s.PlacementRow:  # type: ignore[valid-type]
    """Record the last day of a job; a promise kept by it reopens where it ended soon, the household is back when nobody works."""
    row = jobs.end_job(office, placement_id, body.ended_on, body.reason, request_id=request_id)
    return _as(s.PlacementRow, row)


@router.get("/flags", responses=responses(), tags=["oversight"])
def get_flags(office: AnOffice, region: Region = "") -> s.FlagsOut:
    """Findings of the checks on public-welfare placements: facts for the supervisor, never a block."""
    return _as(s.FlagsOut, {"items": oversight.flags(office, region=region)})


@router.get("/employers/shares", responses=responses(), tags=["oversight"])
def get_shares(office: AnOffice, region: Region = "") -> s.SharesOut:
    """How far institutions are from the share of hard-to-employ staff asked of them, and user units from the cap on dispatch."""
    return _as(s.SharesOut, oversight.shares(office, region=region))


@router.get("/positions/{position_id}/findings", responses=READS, tags=["positions"])
def get_findings(office: AnOffice, position_id: Id) -> s.FindingsOut:
    """What a post officer should see of a post: wishes no law allows, rules of its kind it does not meet."""
    return _as(s.FindingsOut, {"items": post_findings(office, position_id)})


@router.post("/positions/{position_id}/review", responses=WRITES, tags=["positions"])
def post_review(
    office: AnOffice, request_id: RequestId, position_id: Id, body: Annotated[s.ReviewIn, _body("review")]
) -> s.PostRow:  # type: ignore[valid-type]
    """Record what a post officer decided of a post: let through or quarantined, with the reason."""
    row = clear_post(office, position_id, body.state, body.reason, request_id=request_id)
    return _as(s.PostRow, row)
