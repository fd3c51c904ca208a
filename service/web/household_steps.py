"""What is recorded on a household's page beside contacts: steps of the path and of the file, jobs, and what its tasks ask for."""

from typing import Annotated, Literal

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse

from matching.vocabulary import Justified
from service.api.context import AnOffice
from service.api.guard import MAX_BODY_BYTES
from service.use_cases.answers import Told, judge, tell
from service.use_cases.clocks import name_cause
from service.use_cases.household_state import FileStep, record_step
from service.use_cases.jobs import Job, end_job, record_job, verify_job
from service.use_cases.next_step import take_step
from service.web.form_fields import Choice, Id, Words, back_to_household, day, decimal, fen, needed_day
from service.wiring import Office

router = APIRouter(include_in_schema=False, max_body_size=MAX_BODY_BYTES)


@router.post("/members/{member_id}/path")
def stage_form(office: AnOffice, member_id: Id, seen: Choice, to: Choice, reason: Choice) -> RedirectResponse:
    """Take a step of a member's service path, then show the household again."""
    take_step(office, member_id, to, reason, seen=seen)
    return _home(office, member_id, "stepped")


@router.post("/members/{member_id}/jobs")
def job_form(
    office: AnOffice, member_id: Id, kind: Choice, started_on: Choice, evidence: Choice, token: Choice, wage: Choice = "",
    contract_months: Choice = "",
) -> RedirectResponse:  # fmt: skip
    """Record a job a member found alone, then show the household again."""
    months = decimal("contract_months", contract_months)
    told = None if months is None else round(months)
    job = Job(kind, needed_day("started_on", started_on), evidence, contract_months=told, wage=fen("wage", wage))
    record_job(office, member_id, job, key=f"form-{token}")
    return _home(office, member_id, "job_noted")


@router.post("/placements/{placement_id}/evidence")
def proof_form(office: AnOffice, placement_id: Id, evidence: Choice) -> RedirectResponse:
    """Record what proves a job, then show the household again."""
    row = verify_job(office, placement_id, evidence)
    return _home(office, str(row["member_id"]), "job_proven")


@router.post("/placements/{placement_id}/end")
def job_end_form(office: AnOffice, placement_id: Id, ended_on: Choice, reason: Choice) -> RedirectResponse:
    """Record the last day of a job, then show the household again."""
    row = end_job(office, placement_id, needed_day("ended_on", ended_on), reason)
    return _home(office, str(row["member_id"]), "job_ended")


@router.post("/referrals/{referral_id}/judgement")
def judgement_form(
    office: AnOffice, referral_id: Id, justified: Annotated[Literal["yes", "no"], Form()]
) -> RedirectResponse:
    """Say whether a refusal had good reason, then show the household again."""
    row = judge(office, referral_id, Justified(justified))
    return _home(office, str(row["member_id"]), "judged")


@router.post("/members/{member_id}/notices")
def told_form(
    office: AnOffice, member_id: Id, item: Choice, object_id: Choice, channel: Choice, token: Choice
) -> RedirectResponse:
    """Record that a member was told something, then show the household again."""
    tell(office, member_id, Told(item, object_id, channel), key=f"form-{token}")
    return _home(office, member_id, "told")


@router.post("/households/{household_id}/cause")
def cause_form(office: AnOffice, household_id: Id, cause: Choice, member_id: Choice = "") -> RedirectResponse:
    """Code why a promise was broken, then show the household again."""
    name_cause(office, household_id, cause, member_id=member_id or None)
    return back_to_household(household_id, "cause_named")


@router.post("/households/{household_id}/file")
def file_step_form(
    office: AnOffice, household_id: Id, to: Choice, on: Choice = "", reason: Words = "", basis: Words = ""
) -> RedirectResponse:
    """Record what was decided about a household elsewhere, then show it again."""
    record_step(office, household_id, FileStep(to, day("on", on), reason.strip() or None, basis.strip() or None))
    return back_to_household(household_id, "file_stepped")


def _home(office: Office, member_id: str, done: str) -> RedirectResponse:
    [home] = office.store.read("members", ["household_id"], member_id=member_id)["household_id"]
    return back_to_household(str(home), done)
