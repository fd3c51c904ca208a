"""Referrals the office itself ends: those a start of work makes void, those of a post that has closed."""

from collections.abc import Mapping

import pandas as pd

from matching.vocabulary import OPEN_REFERRAL_STATES, SEEKING
from service.storage.transactions import Transaction
from service.use_cases.rows import journalled, records
from service.wiring import Office

Row = Mapping[str, object]


def end_void(
    tx: Transaction, office: Office, member_id: str, position_id: str | None, left: int, request_id: str | None
) -> None:
    """Withdraw the open referrals of a member who started and seeks no more; where that took the last opening, the post's others are filled.

    A trainee goes on seeking and keeps them.
    """
    doing = tx.read("members", ["employment_state"], member_id=member_id)["employment_state"].iloc[0]
    ends = [] if doing in SEEKING else [("member_id", member_id, "revoked", "FOUND_OTHER")]
    if position_id is not None and left == 0:
        ends.append(("position_id", position_id, "filled", "FULL"))
    for column, number, state, reason in ends:
        others = tx.read("referrals", None, **{column: number})
        for row in records(others[others["state"].isin(OPEN_REFERRAL_STATES)]):
            end_by_office(tx, office, row, state, reason, request_id)


def end_by_office(
    tx: Transaction, office: Office, referral: Row, state: str, reason: str, request_id: str | None
) -> None:
    """End an open referral on the office's own side, with the coded reason; one that was moved on meanwhile stays as it is."""
    values = {"state": state, "reason": reason, "reason_side": "agency", "outcome_on": pd.Timestamp(office.today())}
    if tx.update("referrals", {"referral_id": referral["referral_id"]}, values, where={"state": referral["state"]}):
        note_step(tx, office, referral, values, request_id)


def note_step(tx: Transaction, office: Office, before: Row, values: Row, request_id: str | None) -> None:
    """Write the entry of a referral that was moved on."""
    tx.journal(
        actor=office.actor, role=office.role, action=f"referral.{values['state']}", object_type="referrals",
        object_id=str(before["referral_id"]), before={"state": before["state"]}, after=journalled(values),
        reason=None if values["reason"] is None else str(values["reason"]), request_id=request_id,
    )  # fmt: skip
