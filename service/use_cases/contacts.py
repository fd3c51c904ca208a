"""Visits, calls and messages: what was tried, what came of it, when the next is due."""

from dataclasses import dataclass
from datetime import date

import pandas as pd

from matching.errors import BadInput, NotFound
from service.exchange.personal import hidden
from service.storage.transactions import Transaction
from service.use_cases.entries import enter, identifier
from service.use_cases.rows import journalled
from service.wiring import Office

REACHED = frozenset({"reached", "visited"})
"""Results of a contact in which somebody was spoken to."""


@dataclass(frozen=True, slots=True)
class Contact:
    """What a person notes of a contact; ``note`` keeps no identity or phone number."""

    kind: str
    result: str = "reached"
    member_id: str | None = None
    contacted_on: date | None = None
    note: str | None = None
    next_due_on: date | None = None


def record_contact(office: Office, household_id: str, contact: Contact, *, key: str | None = None) -> dict[str, object]:
    """Note a contact and return it. Speaking to a member makes the member reachable; a failed try makes that unsure.

    NotFound without the household, BadInput for a day to come or a member of another household.
    """
    today = office.today()
    day = contact.contacted_on or today
    if day > today:
        raise BadInput(f"contacted_on: expected a day up to {today}, found {day}; note a contact after it took place")
    row = {
        "contact_id": identifier("K", office.actor, key), "household_id": household_id, "member_id": contact.member_id,
        "kind": contact.kind, "contacted_on": day, "caseworker_id": office.actor, "result": contact.result,
        "note": hidden(contact.note) if contact.note else None, "next_due_on": contact.next_due_on,
    }  # fmt: skip
    by_day = () if contact.contacted_on else ("contacted_on",)
    with office.store.write() as tx:
        members = _members(tx, household_id, contact.member_id)
        found = enter(tx, office, "contacts", row, "contact.noted", by_day=by_day, request_id=key)
        if contact.member_id is not None:
            _reachable(tx, office, members, contact, key)
        return found


def _members(tx: Transaction, household_id: str, member_id: str | None) -> pd.DataFrame:
    if tx.seen("households", ["household_id"], household_id=household_id).empty:
        raise NotFound(f"no household {household_id!r} in the record; check the identifier")
    members = tx.seen("members", ["member_id", "reachable"], household_id=household_id)
    if member_id is not None and member_id not in set(members["member_id"]):
        raise BadInput(f"member_id: expected a member of household {household_id}, found {member_id!r}")
    return members


def _reachable(tx: Transaction, office: Office, members: pd.DataFrame, contact: Contact, key: str | None) -> None:
    """An attempt says something of whether the member can be reached; that nobody can be reached at all is said by a person."""
    before = str(members.loc[members["member_id"] == contact.member_id, "reachable"].iloc[0])
    after = (
        "ok"
        if contact.result in REACHED
        else "unsure"
        if before == "ok" and contact.result != "message_left"
        else before
    )
    if after == before:
        return
    tx.update("members", {"member_id": contact.member_id}, {"reachable": after})
    tx.journal(
        actor=office.actor, role=office.role, action="member.reachable", object_type="members", object_id=str(contact.member_id),
        before={"reachable": before}, after=journalled({"reachable": after}), reason=contact.result, request_id=key,
    )  # fmt: skip
