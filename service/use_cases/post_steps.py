"""The life of a post at the desk: confirmed, paused, open again, filled, closed; each in one step and harmless when repeated."""

from collections.abc import Mapping

import pandas as pd

from matching.errors import BadInput, Conflict, NotFound
from matching.vocabulary import OPEN_REFERRAL_STATES, PositionStatus
from service.storage.transactions import Transaction
from service.use_cases.referral_ends import end_by_office
from service.use_cases.rows import journalled, only, records
from service.wiring import Office

STEPS = ("confirm", "pause", "reopen", "fill", "close")
"""Steps of a post; review has a step of its own."""

CLOSING = ("EMPLOYER_WITHDREW", "EMPLOYER_VIOLATION", "DUPLICATE", "UNREACHABLE", "OTHER")
"""Coded reasons of closing."""

_FROM: Mapping[str, frozenset[str]] = {
    "confirm": frozenset({"open", "stale", "paused"}), "pause": frozenset({"open", "stale", "paused"}),
    "reopen": frozenset({"open", "stale", "paused", "filled", "closed", "expired"}), "fill": frozenset({"open", "stale", "paused", "filled"}),
    "close": frozenset({"open", "stale", "paused", "filled", "expired", "closed"}),
}  # fmt: skip
_ENDS = {"fill": ("filled", "FULL"), "close": ("revoked", "POST_CLOSED")}


def step_post(
    office: Office, position_id: str, step: str, *, reason: str | None = None, request_id: str | None = None
) -> dict[str, object]:
    """Take one step of a post and return it; the same step again changes nothing.

    A filled post keeps an opening for each member who has accepted it and ends the other open referrals; a closed one ends them all.
    NotFound without it, BadInput for an unknown step or a closing without a coded reason, Conflict when its state does not allow the
    step or nothing is left to open.
    """
    if step not in STEPS:
        raise BadInput(f"step: expected one of {', '.join(STEPS)}, found {step[:20]!r}")
    if step == "close" and reason not in CLOSING:
        raise BadInput(f"reason: expected one of {', '.join(CLOSING)}, found {reason or 'nothing'}")
    with office.store.write() as tx:
        frame = tx.read("positions", position_id=position_id)
        if frame.empty:
            raise NotFound(f"no post {position_id!r} in the record; check the identifier")
        before = only(frame)
        if str(before["status"]) not in _FROM[step]:
            raise Conflict(f"post {position_id} is {before['status']}; {step} is not possible then")
        values = _values(tx, office, before, step)
        changed = {k: v for k, v in values.items() if before[k] != v}
        if not changed:
            return before
        tx.update("positions", {"position_id": position_id}, {k: _stored(v) for k, v in changed.items()})
        tx.journal(
            actor=office.actor, role=office.role, action=f"position.{step}", object_type="positions", object_id=position_id,
            before=journalled({k: before[k] for k in changed}), after=journalled(changed), reason=reason, request_id=request_id,
        )  # fmt: skip
        if step in _ENDS:
            _end_referrals(tx, office, position_id, step, request_id)
        return only(tx.read("positions", position_id=position_id))


def _values(tx: Transaction, office: Office, before: Mapping[str, object], step: str) -> dict[str, object]:
    """Return the columns a step sets."""
    today, status = office.today(), str(before["status"])
    if step == "confirm":
        return {"last_confirmed_on": today, "status": "open" if status == PositionStatus.STALE else status}
    if step == "pause":
        return {"status": PositionStatus.PAUSED.value}
    if step == "close":
        return {"status": PositionStatus.CLOSED.value}
    if step == "fill":
        accepted = len(tx.read("referrals", ["referral_id"], position_id=before["position_id"], state="accepted"))
        return {
            "status": PositionStatus.FILLED.value,
            "openings_left": min(accepted, int(str(before["openings_left"]))),
        }
    if not before["openings_left"]:
        raise Conflict(f"post {before['position_id']} has no opening left; correct the number of openings first")
    return {"status": PositionStatus.OPEN.value, "last_confirmed_on": today}


def _end_referrals(tx: Transaction, office: Office, position_id: str, step: str, request_id: str | None) -> None:
    stays = {"accepted"} if step == "fill" else set()
    held = tx.read("referrals", position_id=position_id, state=sorted(OPEN_REFERRAL_STATES - stays))
    for row in records(held):
        end_by_office(tx, office, row, *_ENDS[step], request_id)


def _stored(value: object) -> object:
    return pd.Timestamp(value) if hasattr(value, "isoformat") else value  # type: ignore[arg-type]
