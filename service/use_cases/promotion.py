"""Putting a model in charge and taking it back take two people: an analyst proposes, a supervisor or another analyst decides."""

from collections.abc import Mapping
from typing import Any

from matching.errors import Conflict
from matching.vocabulary import Role
from service.clock import local_now
from service.storage.transactions import Transaction
from service.use_cases.approvals import Approval, Kind
from service.wiring import Office

_PROPOSE, _DECIDE = frozenset({Role.ANALYST}), frozenset({Role.ANALYST, Role.SUPERVISOR})


def _is_stored(tx: Transaction, office: Office, version: str, payload: Mapping[str, Any]) -> str:
    office.registry.show(version)
    return ""


def _is_in_charge(tx: Transaction, office: Office, version: str, payload: Mapping[str, Any]) -> str:
    now = office.registry.production()
    if now != version:
        raise Conflict(
            f"expected the version in charge, {now or 'the baseline'}, found {version}; propose to take that one back"
        )
    return ""


def _promote(tx: Transaction, office: Office, approval: Approval) -> None:
    override = approval.payload.get("override")
    gates = office.registry.promote(
        approval.object_id,
        by=approval.proposed_by,
        approved_by=office.actor,
        at=local_now().isoformat(),
        override=override,
    )
    _journal(tx, office, approval, "model.promoted", {"gates": [[g["name"], g["passed"]] for g in gates["gates"]]})


def _take_back(tx: Transaction, office: Office, approval: Approval) -> None:
    _is_in_charge(tx, office, approval.object_id, approval.payload)
    found = office.registry.rollback(
        by=approval.proposed_by, approved_by=office.actor, at=local_now().isoformat(), why=approval.reason
    )
    _journal(tx, office, approval, "model.rolled_back", found)


def _journal(tx: Transaction, office: Office, approval: Approval, action: str, after: Mapping[str, Any]) -> None:
    tx.journal(
        actor=office.actor, role=office.role, action=action, object_type="models", object_id=approval.object_id,
        after={"by": approval.proposed_by, "approved_by": office.actor, **after}, reason=approval.reason,
    )  # fmt: skip


PROMOTION = Kind("model.promotion", "models", _PROPOSE, _DECIDE, _is_stored, _promote)
ROLLBACK = Kind("model.rollback", "models", _PROPOSE, _DECIDE, _is_in_charge, _take_back)
