"""Jobs: found without a referral, proven later, ended; each moves the promise and the household with it."""

from dataclasses import dataclass
from datetime import date

import pandas as pd

from matching.errors import BadInput, Conflict, NotFound
from matching.vocabulary import POSITION_KINDS, SEEKING, EmploymentState, Evidence
from service.storage.transactions import Transaction
from service.use_cases.entries import identifier, same_again
from service.use_cases.lifted import drop, lift
from service.use_cases.referral_ends import end_void
from service.use_cases.refusals import NoOpening
from service.use_cases.rows import journalled, only
from service.wiring import Office

JOB_KINDS = (*POSITION_KINDS, "self_employed")
"""Kinds of job a person can record."""

JOB_ENDS = ("quit", "dismissed", "contract_end", "term_over", "illness_or_care", "other")
"""Why a job ended, as a form offers it."""

_STATE = {
    "self_employed": EmploymentState.SELF_EMPLOYED,
    "FLEXIBLE": EmploymentState.FLEXIBLE,
    "TRAINEE": EmploymentState.TRAINING,
}


@dataclass(frozen=True, slots=True)
class Job:
    """A job a member found without this office's referral; wage in fen a month."""

    kind: str
    started_on: date
    evidence: str = Evidence.NONE.value
    position_id: str | None = None
    contract_months: int | None = None
    wage: int | None = None


def employment_state(kind: str) -> str:
    """Return what a member does who works in a job of this kind; a trainee is in training."""
    return _STATE.get(kind, EmploymentState.EMPLOYED).value


def record_job(
    office: Office, member_id: str, job: Job, *, key: str | None = None, request_id: str | None = None
) -> dict[str, object]:  # fmt: skip
    """Record a job found without a referral and return the placement; verified evidence keeps the promise.

    The member's open referrals are withdrawn, and those of the post where this took its last opening are filled, as after a referral.
    The same ``key`` again returns the same placement. NotFound without the member or the post, BadInput for a day ahead or an unknown kind or evidence, Conflict when the same job is there,
    NoOpening when the post has none left.
    """
    _day_passed("started_on", job.started_on, None, office.today())
    _one_of("kind", job.kind, JOB_KINDS)
    _one_of("evidence", job.evidence, [e.value for e in Evidence])
    with office.store.write() as tx:
        if tx.seen("members", columns=["member_id"], member_id=member_id).empty:
            raise NotFound(f"no member {member_id!r} in the record; check the number")
        told: dict[str, object] = {
            "placement_id": identifier("L", office.actor, key), "member_id": member_id, "position_id": job.position_id,
            "kind": job.kind, "started_on": job.started_on, "contract_months": job.contract_months, "wage": job.wage,
        }  # fmt: skip
        earlier = tx.read("placements", placement_id=told["placement_id"])
        if len(earlier):
            return same_again(only(earlier), told)
        if len(tx.read("placements", member_id=member_id, started_on=job.started_on)):
            raise Conflict(f"member {member_id}: a job from {job.started_on} is recorded already")
        left = 0 if job.position_id is None else take_opening(tx, job.position_id)
        proven = job.evidence != Evidence.NONE
        row: dict[str, object] = {
            **told, "referral_id": None, "started_on": pd.Timestamp(job.started_on), "evidence": job.evidence,
            "verified_on": pd.Timestamp(office.today()) if proven else None,
        }  # fmt: skip
        tx.insert("placements", [row])
        tx.update("members", {"member_id": member_id}, {"employment_state": employment_state(job.kind)})
        _journal(tx, office, "placement.started", row, None, row, request_id)
        if proven:
            lift(tx, office, member_id, job.kind, job.started_on, request_id)
        end_void(tx, office, member_id, job.position_id, left, request_id)
        return only(tx.read("placements", placement_id=row["placement_id"]))


def verify_job(office: Office, placement_id: str, evidence: str, *, request_id: str | None = None) -> dict[str, object]:
    """Record what proves a job and return the placement; evidence that comes late still shows a start in time.

    Of a job that has ended meanwhile it shows the end too: a promise it kept is open again where the job ended soon.
    NotFound without the placement, Conflict when it is proven already, BadInput for no evidence.
    """
    _one_of("evidence", evidence, [e.value for e in Evidence if e is not Evidence.NONE])
    with office.store.write() as tx:
        row = _placement(tx, placement_id)
        if row["verified_on"] is not None and row["evidence"] != Evidence.NONE:
            raise Conflict(
                f"placement {placement_id} was verified on {row['verified_on']} by {row['evidence']} already"
            )
        values = {"evidence": evidence, "verified_on": pd.Timestamp(office.today())}
        tx.update("placements", {"placement_id": placement_id}, values)
        _journal(tx, office, "placement.verified", row, {"evidence": row["evidence"]}, values, request_id)
        started = row["started_on"]
        assert isinstance(started, date)
        lift(tx, office, str(row["member_id"]), str(row["kind"]), started, request_id)
        if row["ended_on"] is not None:
            drop(tx, office, str(row["member_id"]), request_id)
        return _placement(tx, placement_id)


def end_job(
    office: Office, placement_id: str, ended_on: date, reason: str, *, request_id: str | None = None
) -> dict[str, object]:
    """Record the last day of a job and return the placement; the household is back when nobody else works.

    NotFound without the placement, Conflict when it has ended, BadInput for a day before the first or ahead.
    """
    with office.store.write() as tx:
        row = _placement(tx, placement_id)
        if row["ended_on"] is not None:
            raise Conflict(f"placement {placement_id} ended on {row['ended_on']} already")
        started, member_id, kind = row["started_on"], str(row["member_id"]), str(row["kind"])
        assert isinstance(started, date)
        _day_passed("ended_on", ended_on, started, office.today())
        values = {"ended_on": pd.Timestamp(ended_on), "end_reason": reason}
        tx.update("placements", {"placement_id": placement_id}, values)
        jobs = tx.read("placements", columns=["kind"], member_id=member_id, ended_on=None)["kind"].tolist()
        state = employment_state(jobs[0]) if jobs else EmploymentState.UNEMPLOYED.value
        sought = jobs or employment_state(kind) in SEEKING
        since = {} if sought else {"unemployed_since": pd.Timestamp(ended_on)}
        tx.update("members", {"member_id": member_id}, {"employment_state": state, **since})
        _journal(tx, office, "placement.ended", row, None, values, request_id, reason)
        if row["verified_on"] is not None:
            drop(tx, office, member_id, request_id)
        return _placement(tx, placement_id)


def _placement(tx: Transaction, placement_id: str) -> dict[str, object]:
    frame = tx.seen("placements", placement_id=placement_id)
    if frame.empty:
        raise NotFound(f"no placement {placement_id!r} in the record; check the number")
    return only(frame)


def take_opening(tx: Transaction, position_id: str) -> int:
    """Take one opening of a post and return how many are left; NoOpening when the last one went to another."""
    post = tx.read("positions", columns=["position_id", "openings_left"], position_id=position_id)
    if post.empty:
        raise NotFound(f"no post {position_id!r} in the record; check the identifier")
    left = int(post["openings_left"].iloc[0])
    values = {"openings_left": left - 1, **({"status": "filled"} if left == 1 else {})}
    if left < 1 or tx.update("positions", {"position_id": position_id}, values, where={"openings_left": left}) != 1:
        raise NoOpening(f"post {position_id} has no opening left; the start was not recorded")
    return left - 1


def _one_of(name: str, found: str, allowed: list[str] | tuple[str, ...]) -> None:
    if found not in allowed:
        raise BadInput(f"{name}: expected one of {', '.join(allowed)}, found {found or 'nothing'}")


def _day_passed(name: str, day: date, first: date | None, today: date) -> None:
    if day > today or (first is not None and day < first):
        raise BadInput(f"{name}: expected a day {f'from {first} ' if first else ''}to {today}, found {day}")


def _journal(
    tx: Transaction, office: Office, action: str, row: dict[str, object], before: object, after: dict[str, object],
    request_id: str | None, reason: str | None = None,
) -> None:  # fmt: skip
    tx.journal(
        actor=office.actor, role=office.role, action=action, object_type="placements", object_id=str(row["placement_id"]),
        before=before, after=journalled(after), reason=reason, request_id=request_id,
    )  # fmt: skip
