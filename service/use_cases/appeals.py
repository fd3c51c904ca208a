"""Disagreements and appeals of a member, each with a clock of its own."""

from dataclasses import dataclass
from datetime import date

import pandas as pd

from matching.deadlines import appeal_due
from matching.errors import BadInput, Conflict, NotFound
from service.exchange.personal import hidden
from service.use_cases.entries import enter, identifier
from service.use_cases.rows import journalled, only, plain, records
from service.wiring import Office


@dataclass(frozen=True, slots=True)
class Appeal:
    """What a member disagrees with: the list, whether a refusal counts, the status, a value, whether a post suits, the clock."""

    about: str
    object_id: str | None = None
    text: str | None = None


def file_appeal(office: Office, member_id: str, appeal: Appeal, *, key: str | None = None) -> dict[str, object]:
    """Take an appeal in and return it with the last day to answer. NotFound without the member, TableError for what it may not be about."""
    today = office.today()
    row = {
        "appeal_id": identifier("B", office.actor, key), "member_id": member_id, "about": appeal.about,
        "object_id": appeal.object_id or None, "filed_on": today, "due_on": appeal_due(today, office.policy(today)),
        "text": hidden(appeal.text) if appeal.text else None,
    }  # fmt: skip
    with office.store.write() as tx:
        if tx.read("members", ["member_id"], member_id=member_id).empty:
            raise NotFound(f"no member {member_id!r} in the record; check the identifier")
        return enter(tx, office, "appeals", row, "appeal.filed", reason=appeal.about, request_id=key)


def decide_appeal(office: Office, appeal_id: str, decision: str, *, key: str | None = None) -> dict[str, object]:
    """Decide an appeal and return it; the same decision again changes nothing.

    The decision is noted as told to the member today. NotFound without it, Conflict when it was decided otherwise.
    """
    today = office.today()
    if decision not in ("upheld", "rejected", "partly"):
        raise BadInput(f"decision: expected upheld, rejected or partly, found {decision or 'nothing'}")
    with office.store.write() as tx:
        found = tx.read("appeals", appeal_id=appeal_id)
        if found.empty:
            raise NotFound(f"no appeal {appeal_id!r} in the record; check the number")
        before = only(found)
        if before["decision"] == decision:
            return before
        if before["decision"] is not None:
            raise Conflict(
                f"appeal {appeal_id} was decided as {before['decision']} by {before['decided_by']}; file a new one"
            )
        values = {"decision": decision, "decided_on": pd.Timestamp(today), "decided_by": office.actor}
        tx.update("appeals", {"appeal_id": appeal_id}, values, where={"decision": None})
        tx.journal(
            actor=office.actor, role=office.role, action=f"appeal.{decision}", object_type="appeals", object_id=appeal_id,
            before={"decision": None}, after=journalled(values), reason=str(before["about"]), request_id=key,
        )  # fmt: skip
        notice = {"notice_id": f"N{appeal_id}", "member_id": before["member_id"], "item": "appeal", "object_id": appeal_id,
                  "given_on": today}  # fmt: skip
        enter(tx, office, "notices", notice, "notice.given", request_id=key)
        return {**before, **plain(values)}


def appeals(office: Office, *, member_id: str | None = None, waiting: bool = True) -> list[dict[str, object]]:
    """Return appeals with the days left to answer, the most urgent first; ``waiting`` only those not decided."""
    where = {} if member_id is None else {"member_id": member_id}
    rows = records(office.store.read("appeals", **where).sort_values(["due_on", "appeal_id"]))
    return [{**row, "days_left": _left(row, office.today())} for row in rows if not waiting or row["decision"] is None]


def _left(row: dict[str, object], today: date) -> int | None:
    due = row["due_on"]
    return (due - today).days if row["decision"] is None and isinstance(due, date) else None
