"""Putting a model in charge takes two people: an analyst proposes, a supervisor or another analyst decides."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from matching.vocabulary import Role
from models.registry import Registry
from service.storage.journal import LOCAL
from service.storage.store import Transaction
from service.use_cases.approvals import Approval, Kind
from service.wiring import Office


def _registry(office: Office) -> Registry:
    return Registry(office.settings.home / "models")


def _check(tx: Transaction, office: Office, version: str, payload: Mapping[str, Any]) -> str:
    _registry(office).show(version)
    return ""


def _promote(tx: Transaction, office: Office, approval: Approval) -> None:
    by = f"{approval.proposed_by}, {office.actor}"
    gates = _registry(office).promote(
        approval.object_id, by=by, at=datetime.now(LOCAL).isoformat(), override=approval.payload.get("override")
    )
    tx.journal(
        actor=office.actor, role=office.role, action="model.promoted", object_type="models", object_id=approval.object_id,
        after={"by": by, "gates": [[g["name"], g["passed"]] for g in gates["gates"]]}, reason=approval.reason,
    )  # fmt: skip


PROMOTION = Kind(
    "model.promotion", "models", frozenset({Role.ANALYST}), frozenset({Role.ANALYST, Role.SUPERVISOR}), _check, _promote
)
