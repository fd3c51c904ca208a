"""Who would be passed over when a public-welfare post goes to somebody else: the regulated order, and the second person who may set it aside."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import sqlalchemy as sa

from matching.arrays import Ints
from matching.eligibility import Gate, bit
from matching.errors import BadInput, NotFound
from matching.priority import passed_over, welfare_order
from matching.vocabulary import POSITION_KINDS, Role
from matching.welfare import WELFARE
from matching.welfare_queue import could_hold, planned, waiting
from service.index import Index
from service.storage.schema import approvals
from service.storage.transactions import Reader, Transaction
from service.use_cases.approvals import Approval, Kind
from service.use_cases.refusals import PassesOver
from service.use_cases.welfare_term import spent_among
from service.wiring import Office

REASONS = ("nobody_reachable", "declined_beforehand", "needs_training", "interim", "hardship")
"""Coded reasons for setting the order aside."""

_WELFARE = POSITION_KINDS.index(WELFARE)


def require_order(office: Office, reader: Reader, index: Index, i: int, j: int) -> None:
    """Raise PassesOver when somebody earlier in the regulated order waits for a public-welfare post, could hold this one and nobody approved it."""
    if index.pairing.positions.kind[j] != _WELFARE:
        return
    before = waiting_before(office, reader, index, i, j)
    member_id, position_id = str(index.members.index[i]), str(index.positions.index[j])
    if len(before) and not _approved(reader, member_id, position_id):
        raise PassesOver(
            f"post {position_id}: {len(before)} eligible members stand before {member_id} in the order for public-welfare posts; "
            f"refer one of them, or ask for {PASS_OVER.name} with a reason and let a second person decide"
        )


def waiting_before(office: Office, reader: Reader, index: Index, i: int, j: int) -> Ints:
    """Return the rows of members who wait for a public-welfare post, could hold post ``j`` and stand before member ``i``.

    The night asks the same (``matching.welfare_queue``); whether the post is full is not asked, as it is about the place that ``i`` would take.
    """
    pairing = index.pairing
    members, households = index.members.reset_index(drop=True), index.households.reset_index(drop=True)
    seeks = planned(households, members) & ~index.out
    holds = index.holding(pairing.positions.kind == _WELFARE)
    waits = waiting(seeks, pairing.members.household_ids, holds, index.standing(), index.policy)
    waits &= (index.taken_members(j) & ~bit(Gate.GATE_CLOSED)) == 0
    waits &= pairing.members.household_ids != pairing.members.household_ids[i]
    rows = np.append(could_hold(pairing, index.policy, np.flatnonzero(waits), j), i)
    place = welfare_order(households, members.iloc[rows], index.as_of, index.policy)
    before = rows[passed_over(place, np.ones(len(rows), dtype=bool), len(rows) - 1)]
    return before[~spent_among(office, reader, members.iloc[before])]


def _approved(reader: Reader, member_id: str, position_id: str) -> bool:
    asked = sa.select(approvals.c.payload).where(
        approvals.c.kind == PASS_OVER.name, approvals.c.object_id == member_id, approvals.c.state == "approved"
    )
    return any(f'"position_id": "{position_id}"' in str(text) for text in reader.execute(asked).scalars())


def _check(tx: Transaction, office: Office, member_id: str, payload: Mapping[str, Any]) -> str:
    if payload.get("reason") not in REASONS:
        raise BadInput(
            f"payload.reason: expected one of {', '.join(REASONS)}, found {payload.get('reason') or 'nothing'}"
        )
    member = tx.seen("members", columns=["region_code"], member_id=member_id)
    if member.empty:
        raise NotFound(f"no member {member_id!r} in the record; check the number")
    if tx.read(
        "positions", columns=["position_id"], position_id=payload.get("position_id"), kind="PUBLIC_WELFARE"
    ).empty:
        raise NotFound(
            f"no public-welfare post {payload.get('position_id')!r} in the record; check payload.position_id"
        )
    return str(member["region_code"].iloc[0])


def _note(tx: Transaction, office: Office, approval: Approval) -> None:
    tx.journal(
        actor=office.actor, role=office.role, action="welfare.order_set_aside", object_type="members", object_id=approval.object_id,
        after={**approval.payload, "by": approval.proposed_by, "second": office.actor}, reason=str(approval.payload["reason"]),
    )  # fmt: skip


PASS_OVER = Kind(
    "welfare.pass_over",
    "members",
    frozenset({Role.CASEWORKER, Role.SUPERVISOR}),
    frozenset({Role.SUPERVISOR}),
    _check,
    _note,
)
"""Setting the order for public-welfare posts aside for one member and one post: a reason and a second person."""
