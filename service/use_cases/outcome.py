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
from service.use_cases.refer import refer
from service.use_cases.referral_ends import end_void, note_step
from service.use_cases.rows import journalled, only
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
    """Move a referral on and return it; the same outcome again changes nothing. A proposal is issued by ``refer``, with all it asks.

    NotFound without such a referral, Conflict when the state does not allow the step or somebody was faster, BadInput when a
    reason or the first day of work is missing or a day cannot be, NoOpening when the last opening went to another.
    """
    with office.store.write() as tx:
        before = _referral(tx, referral_id)
        if (before["state"], outcome.to) != ("draft", "issued"):
            return move(tx, office, referral_id, outcome, request_id)
    return refer(office, str(before["member_id"]), str(before["position_id"]), request_id=request_id)


def move(
    tx: Transaction, office: Office, referral_id: str, outcome: Outcome, request_id: str | None
) -> Mapping[str, object]:
    """Take one step of a referral inside a transaction that may take more; see :func:`record_outcome`."""
    before = _referral(tx, referral_id)
    if before["state"] == outcome.to:
        return before
    step(str(before["state"]), outcome.to)
    values = _values(outcome, before, office)
    if tx.update("referrals", {"referral_id": referral_id}, values, where={"state": before["state"]}) != 1:
        raise Conflict(f"referral {referral_id} was changed by somebody else; look at it again")
    note_step(tx, office, before, values, request_id)
    if outcome.to == "started":
        _start(tx, office, before, outcome, request_id)
    return _referral(tx, referral_id)


def _referral(tx: Transaction, referral_id: str) -> dict[str, object]:
    frame = tx.seen("referrals", referral_id=referral_id)
    if frame.empty:
        raise NotFound(f"no referral {referral_id!r} in the record; check the number")
    return only(frame)


def _values(outcome: Outcome, before: Mapping[str, object], office: Office) -> dict[str, object]:
    """Return the columns to write; BadInput names what is missing or cannot be."""
    values: dict[str, object] = {"state": outcome.to, "reason_side": _SIDE.get(outcome.to), "reason": outcome.reason}
    if outcome.to == "issued":
        values["caseworker_id"] = office.actor
    if outcome.to == "rejected":
        _one_of("reason", outcome.reason, EmployerRejection)
    if outcome.to == "declined":
        _one_of("reason", outcome.reason, RefusalReason)
        values["refusal_justified"] = _justified(outcome)
    if outcome.to == "started":
        values["started_on"] = pd.Timestamp(_first_day(outcome, before, office.today()))
    over = outcome.to not in OPEN_REFERRAL_STATES
    on = (
        office.today()
        if outcome.outcome_on is None
        else _passed("outcome_on", outcome.outcome_on, before, office.today())
    )
    return {**values, "outcome_on": pd.Timestamp(on) if over else None}


def _one_of(
    name: str,
    found: str | None,
    codes: type[EmployerRejection] | type[RefusalReason] | type[Evidence] | type[Justified],
) -> None:
    allowed = [c.value for c in codes]
    if found not in allowed:
        raise BadInput(f"{name}: expected one of {', '.join(allowed)}, found {found or 'nothing'}")


def _justified(outcome: Outcome) -> str:
    if outcome.refusal_justified is not None:
        _one_of("refusal_justified", outcome.refusal_justified, Justified)
    if outcome.reason in JUSTIFIED_BY_RULE:
        if outcome.refusal_justified == Justified.NO:
            raise BadInput(f"refusal_justified: reason {outcome.reason} is justified by rule; expected yes, found no")
        return Justified.YES.value
    return outcome.refusal_justified or Justified.UNDECIDED.value


def _first_day(outcome: Outcome, before: Mapping[str, object], today: date) -> date:
    first = _passed("started_on", outcome.started_on, before, today)
    if outcome.evidence is not None:
        _one_of("evidence", outcome.evidence, Evidence)
    return first


def _passed(name: str, day: date | None, before: Mapping[str, object], today: date) -> date:
    """Return a day from the referral to today; BadInput for another or none."""
    created = before["created_on"]
    assert isinstance(created, date)
    if day is None or not created <= day <= today:
        raise BadInput(f"{name}: expected a day from {created} to {today}, found {day or 'nothing'}")
    return day


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
    end_void(tx, office, member_id, position_id, left - 1, request_id)
