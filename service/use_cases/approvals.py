"""Steps that need two people: one proposes, another with the right role decides, and only then it is done.

A kind says who may propose, who may decide, and what approval does; its area (clock pauses, priority, models) defines it.
"""

import json
import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from matching.errors import BadInput, Conflict, NotFound
from matching.vocabulary import Role
from service.clock import stamp
from service.security.principals import OFFICE
from service.security.refusals import NotAllowed
from service.storage.schema import approvals
from service.storage.scope import scope
from service.storage.transactions import Reader, Transaction
from service.wiring import Office


@dataclass(frozen=True, slots=True)
class Approval:
    """One proposal and what became of it. ``region_code`` is of the person it is about, empty for the whole office's."""

    approval_id: str
    kind: str
    object_type: str
    object_id: str
    region_code: str
    payload: Mapping[str, Any]
    reason: str
    state: str
    proposed_by: str
    proposed_at: str
    decided_by: str | None
    decided_at: str | None
    answer: str | None


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of step: who may propose and decide it, and what an approval does inside the deciding transaction.

    ``check`` raises BadInput, NotFound or Conflict for a proposal that cannot be made, and returns the region code of the person it is
    about (empty for none).
    """

    name: str
    object_type: str
    proposers: frozenset[str]
    deciders: frozenset[str]
    check: Callable[[Transaction, Office, str, Mapping[str, Any]], str]
    perform: Callable[[Transaction, Office, Approval], None]


def propose(
    office: Office,
    kind: Kind,
    object_id: str,
    payload: Mapping[str, Any],
    reason: str,
    *,
    request_id: str | None = None,
) -> Approval:
    """Put a step before a second person; Conflict when the same step is already proposed."""
    if office.role not in kind.proposers and not _alone(office):
        raise NotAllowed(f"role {office.role} may not propose {kind.name}")
    if not reason.strip():
        raise BadInput("reason: expected why, found nothing; write it for the one who decides")
    with office.store.write() as tx:
        region = kind.check(tx, office, object_id, payload)
        same = sa.select(approvals.c.approval_id).where(
            approvals.c.kind == kind.name, approvals.c.object_id == object_id, approvals.c.state == "proposed"
        )
        waiting = tx.execute(same).scalar()
        if waiting is not None:
            raise Conflict(f"{kind.name} of {object_id} is already proposed as {waiting}; it has to be decided first")
        row = {
            "approval_id": f"A{uuid.uuid4().hex[:20]}", "kind": kind.name, "object_type": kind.object_type, "object_id": object_id,
            "region_code": region, "payload": json.dumps(dict(payload), ensure_ascii=False, sort_keys=True), "reason": reason,
            "state": "proposed", "proposed_by": office.actor, "proposed_at": stamp(), "decided_by": None, "decided_at": None,
            "answer": None,
        }  # fmt: skip
        tx.execute(approvals.insert(), row)
        _journal(tx, office, "proposed", row, request_id)
        return _approval(row)


def decide(
    office: Office,
    kinds: Mapping[str, Kind],
    approval_id: str,
    *,
    approve: bool,
    answer: str,
    request_id: str | None = None,
) -> Approval:
    """Approve or refuse a proposal of somebody else; an approval does the step in the same transaction.

    NotFound without it, NotAllowed for the wrong role or the one who proposed, Conflict when it is decided already.
    """
    with office.store.write() as tx:
        found = _one(tx, office, approval_id)
        kind = kinds[found.kind]
        if office.role not in kind.deciders and not _alone(office):
            raise NotAllowed(f"role {office.role} may not decide {kind.name}")
        if office.actor == found.proposed_by and not _alone(office):
            raise NotAllowed("a second person has to decide; who proposed may not")
        if found.state != "proposed":
            raise Conflict(f"proposal {approval_id} is {found.state} since {found.decided_at}")
        state = "approved" if approve else "refused"
        values = {"state": state, "decided_by": office.actor, "decided_at": stamp(), "answer": answer or None}
        tx.execute(approvals.update().where(approvals.c.approval_id == approval_id).values(values))
        _journal(tx, office, state, {"approval_id": approval_id, **values}, request_id)
        if approve:
            kind.perform(tx, office, found)
        return _one(tx, office, approval_id)


def _alone(office: Office) -> bool:
    """An installation without accounts has one actor for everybody; the second pair of eyes begins with the first account."""
    return office.actor == OFFICE.actor


def approval(office: Office, approval_id: str) -> Approval:
    """Return one proposal; NotFound without it."""
    with office.store.reading() as reader:
        return _one(reader, office, approval_id)


def listed(
    office: Office, *, state: str | None = None, kind: str | None = None, about: Collection[str] | None = None, limit: int = 60,
    after: str | None = None,
) -> tuple[list[Approval], str | None]:  # fmt: skip
    """Return proposals by number and the number to go on after; ``about`` narrows them to some objects."""
    query = _visible(office)
    if about is not None:
        query = query.where(approvals.c.object_id.in_(sorted(about)))
    for column, wanted in ((approvals.c.state, state), (approvals.c.kind, kind)):
        if wanted is not None:
            query = query.where(column == wanted)
    if after is not None:
        query = query.where(approvals.c.approval_id > after)
    with office.store.reading() as reader:
        rows = reader.execute(query.order_by(approvals.c.approval_id).limit(limit + 1)).mappings().all()
    found = [_approval(dict(row)) for row in rows]
    return found[:limit], found[limit - 1].approval_id if len(found) > limit else None


def _visible(office: Office) -> sa.Select[Any]:
    """Return the proposals a caller sees: of people in their regions; an analyst sees those about models alone, which name nobody."""
    inside = scope(approvals, office.regions)
    query = sa.select(approvals) if inside is None else sa.select(approvals).where(inside)
    return query.where(approvals.c.object_type == "models") if office.role == Role.ANALYST else query


def _one(reader: Reader, office: Office, approval_id: str) -> Approval:
    row = reader.execute(_visible(office).where(approvals.c.approval_id == approval_id)).mappings().first()
    if row is None:
        raise NotFound(f"no proposal {approval_id!r}; check the number")
    return _approval(dict(row))


def _approval(row: Mapping[str, Any]) -> Approval:
    return Approval(**{**row, "payload": json.loads(row["payload"])})


def _journal(tx: Transaction, office: Office, step: str, row: Mapping[str, Any], request_id: str | None) -> None:
    tx.journal(
        actor=office.actor, role=office.role, action=f"approval.{step}", object_type="approvals", object_id=str(row["approval_id"]),
        after={k: v for k, v in row.items() if k != "approval_id" and v is not None}, request_id=request_id,
    )  # fmt: skip
