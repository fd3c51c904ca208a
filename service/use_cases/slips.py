"""A return slip comes back: what the employer ticked becomes the steps of the referral, all of them or none."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from matching.errors import BadInput, NotFound
from matching.vocabulary import RESULT_OWED
from service.storage.transactions import Transaction
from service.use_cases.outcome import Outcome, move
from service.use_cases.rows import only, records
from service.wiring import Office

SLIP_RESULTS = ("hired", "not_hired", "declined", "no_show")
"""Boxes of the slip: 录用, 未录用, 本人不接受, 未到."""

_ENDS = {"not_hired": "rejected", "declined": "declined", "no_show": "no_show"}
_HIRED = ("attended", "offered", "accepted", "started")


@dataclass(frozen=True, slots=True)
class Slip:
    """What a slip says; ``reason`` where the member or the employer said no, first day and evidence where work has begun; wage in fen."""

    result: str
    reason: str | None = None
    refusal_justified: str | None = None
    started_on: date | None = None
    evidence: str | None = None
    wage: int | None = None


def record_slip(office: Office, referral_id: str, slip: Slip, *, request_id: str | None = None) -> Mapping[str, object]:
    """Record a slip and return the referral; the same slip again changes nothing.

    "Hired" leads to accepted, and to started where the slip gives the first day of work. Errors are those of ``record_outcome``.
    """
    if slip.result not in SLIP_RESULTS:
        raise BadInput(f"result: expected one of {', '.join(SLIP_RESULTS)}, found {slip.result or 'nothing'}")
    with office.store.write() as tx:
        row = _issued(tx, office, referral_id, request_id)
        if slip.result in _ENDS:
            return move(
                tx, office, referral_id, Outcome(_ENDS[slip.result], slip.reason, slip.refusal_justified), request_id
            )
        steps = _HIRED if slip.started_on is not None else _HIRED[:-1]
        done = _HIRED.index(str(row["state"])) + 1 if row["state"] in _HIRED else 0
        for to in steps[done:]:
            row = move(
                tx,
                office,
                referral_id,
                Outcome(to, started_on=slip.started_on, evidence=slip.evidence, wage=slip.wage),
                request_id,
            )
        return row


def _issued(tx: Transaction, office: Office, referral_id: str, request_id: str | None) -> Mapping[str, object]:
    """Return the referral; a proposal whose slip came back was evidently handed out, so it is issued first."""
    found = tx.seen("referrals", referral_id=referral_id)
    if found.empty:
        raise NotFound(f"no referral {referral_id!r} in the record; check the number of the letter")
    row = only(found)
    return move(tx, office, referral_id, Outcome("issued"), request_id) if row["state"] == "draft" else row


def slips_due(office: Office) -> list[dict[str, object]]:
    """Return the letters past their last day whose result nobody has told, or whose first day of work, the oldest first."""
    today = office.today()
    last = pd.Timestamp(today - timedelta(days=office.policy(today).whole("referral.valid_days")))
    out = office.store.read("referrals", state=sorted(RESULT_OWED))
    return records(out[out["created_on"] < last].sort_values(["created_on", "referral_id"]))
