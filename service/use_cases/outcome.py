"""Record what became of a referral; a start of work makes the placement and takes the opening in the same transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd

from matching.errors import BadInput, Conflict, NotFound
from matching.referral_states import step
from matching.vocabulary import (
    JUSTIFIED_BY_RULE,
    OPEN_REFERRAL_STATES,
    EmployerRejection,
    Evidence,
    Justified,
    RefusalReason,
)
from service.storage.transactions import Transaction
from service.use_cases.jobs import employment_state, take_opening
from service.use_cases.lifted import lift
from service.use_cases.rows import journalled, only, records
from service.wiring import Office

_SIDE = {
    "declined": "member", "no_show": "member", "rejected": "employer", "filled": "agency", "revoked": "agency",
    "expired": "agency", "no_slip": "agency",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a person records: the next state and what goes with it."""

    to: str
    reason: str | None = None
    refusal_justified: str | None = None
    outcome_on: date | None = None
    started_on: date | None = None
    evidence: str | None = None
    wage: int | None = None


def record_outcome(
    office: Office, referral_id: str, outcome: Outcome, *, request_id: str | None = None
) -> Mapping[str, object]:
    """Move a referral on and return it; the same outcome again changes nothing.

    NotFound without such a referral, Conflict when the state does not allow the step or somebody was faster, BadInput when a
    reason or the first day of work is missing, NoOpening when the last opening went to another.
    """
    with office.store.write() as tx:
        return move(tx, office, referral_id, outcome, request_id)


def move(
    tx: Transaction, office: Office, referral_id: str, outcome: Outcome, request_id: str | None
) -> Mapping[str, object]:
    """Take one step of a referral inside a transaction that may take more; see :func:`record_outcome`."""
    before = _referral(tx, referral_id)
    if before["state"] == outcome.to:
        return before
    step(str(before["state"]), outcome.to)
    values = _values(outcome, before, office.today())
    if tx.update("referrals", {"referral_id": referral_id}, values, where={"state": before["state"]}) != 1:
        raise Conflict(f"referral {referral_id} was changed by somebody else; look at it again")
    _journal(tx, office, referral_id, before, values, request_id)
    if outcome.to == "started":
        _start(tx, office, before, outcome, request_id)
    return _referral(tx, referral_id)


def _referral(tx: Transaction, referral_id: str) -> dict[str, object]:
    frame = tx.seen("referrals", referral_id=referral_id)
    if frame.empty:
        raise NotFound(f"no referral {referral_id!r} in the record; check the number")
    return only(frame)


def _values(outcome: Outcome, before: Mapping[str, object], today: date) -> dict[str, object]:
    """Return the columns to write; BadInput names what is missing."""
    values: dict[str, object] = {"state": outcome.to, "reason_side": _SIDE.get(outcome.to), "reason": outcome.reason}
    if outcome.to == "rejected":
        _one_of("reason", outcome.reason, EmployerRejection)
    if outcome.to == "declined":
        _one_of("reason", outcome.reason, RefusalReason)
        values["refusal_justified"] = _justified(outcome)
    if outcome.to == "started":
        values["started_on"] = pd.Timestamp(_first_day(outcome, before, today))
    if outcome.to not in OPEN_REFERRAL_STATES:
        values["outcome_on"] = pd.Timestamp(outcome.outcome_on or today)
    return values


def _one_of(
    name: str, found: str | None, codes: type[EmployerRejection] | type[RefusalReason] | type[Evidence]
) -> None:
    allowed = [c.value for c in codes]
    if found not in allowed:
        raise BadInput(f"{name}: expected one of {', '.join(allowed)}, found {found or 'nothing'}")


def _justified(outcome: Outcome) -> str:
    if outcome.reason in JUSTIFIED_BY_RULE:
        if outcome.refusal_justified == Justified.NO:
            raise BadInput(f"refusal_justified: reason {outcome.reason} is justified by rule; expected yes, found no")
        return Justified.YES.value
    return outcome.refusal_justified or Justified.UNDECIDED.value


def _first_day(outcome: Outcome, before: Mapping[str, object], today: date) -> date:
    created = before["created_on"]
    assert isinstance(created, date)
    if outcome.started_on is None or not created <= outcome.started_on <= today:
        raise BadInput(f"started_on: expected a day from {created} to {today}, found {outcome.started_on or 'nothing'}")
    if outcome.evidence is not None:
        _one_of("evidence", outcome.evidence, Evidence)
    return outcome.started_on


def _start(
    tx: Transaction, office: Office, referral: Mapping[str, object], outcome: Outcome, request_id: str | None
) -> None:
    """Write the placement, take the opening, and close what the start makes void."""
    referral_id, member_id, position_id = (str(referral[k]) for k in ("referral_id", "member_id", "position_id"))
    post = tx.read("positions", position_id=position_id)
    left = take_opening(tx, position_id) + 1
    evidence = outcome.evidence or Evidence.NONE.value
    placement = {
        "placement_id": f"L{referral_id}", "referral_id": referral_id, "member_id": member_id, "position_id": position_id,
        "kind": post["kind"].iloc[0], "started_on": pd.Timestamp(outcome.started_on or office.today()), "wage": outcome.wage,
        "contract_months": None if post["contract_months"].isna().all() else int(post["contract_months"].iloc[0]),
        "evidence": evidence, "verified_on": None if evidence == Evidence.NONE else pd.Timestamp(office.today()),
    }  # fmt: skip
    tx.insert("placements", [placement])
    kind = str(placement["kind"])
    tx.update("members", {"member_id": member_id}, {"employment_state": employment_state(kind)})
    tx.journal(
        actor=office.actor, role=office.role, action="placement.started", object_type="placements",
        object_id=f"L{referral_id}", before={"openings_left": left}, after={**journalled(placement), "openings_left": left - 1},
        reason=None, request_id=request_id,
    )  # fmt: skip
    if evidence != Evidence.NONE:
        lift(tx, office, member_id, kind, outcome.started_on or office.today(), request_id)
    _close_others(tx, office, referral, left - 1, request_id)


def _close_others(
    tx: Transaction, office: Office, referral: Mapping[str, object], left: int, request_id: str | None
) -> None:
    """The member's other referrals are withdrawn; when the last opening went, the post's others are filled."""
    ends = [("member_id", "revoked", "FOUND_OTHER"), *([("position_id", "filled", "FULL")] if left == 0 else [])]
    for column, state, reason in ends:
        others = tx.read("referrals", None, **{column: referral[column]})
        for row in records(others[others["state"].isin(OPEN_REFERRAL_STATES)]):
            end_by_office(tx, office, row, state, reason, request_id)


def end_by_office(
    tx: Transaction, office: Office, referral: Mapping[str, object], state: str, reason: str, request_id: str | None
) -> None:
    """End an open referral on the office's own side, with the coded reason; one that was moved on meanwhile stays as it is."""
    values = {"state": state, "reason": reason, "reason_side": "agency", "outcome_on": pd.Timestamp(office.today())}
    if tx.update("referrals", {"referral_id": referral["referral_id"]}, values, where={"state": referral["state"]}):
        _journal(tx, office, str(referral["referral_id"]), referral, values, request_id)


def _journal(
    tx: Transaction,
    office: Office,
    referral_id: str,
    before: Mapping[str, object],
    values: Mapping[str, object],
    request_id: str | None,
) -> None:
    tx.journal(
        actor=office.actor, role=office.role, action=f"referral.{values['state']}", object_type="referrals", object_id=referral_id,
        before={"state": before["state"]}, after=journalled(values), reason=None if values["reason"] is None else str(values["reason"]),
        request_id=request_id,
    )  # fmt: skip
