"""Correct a value in place: stored as data, journalled, and the next list is made of it. Two who edit at once cannot overwrite each other."""

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from matching.errors import BadInput, NotFound
from matching.tables import TABLES
from service.storage.transactions import Transaction
from service.use_cases.entries import checked
from service.use_cases.refusals import Stale
from service.use_cases.rows import journalled, only
from service.wiring import Office

Row = Mapping[str, object]

MAY_CORRECT: Mapping[str, tuple[str, ...]] = {
    "members": (
        "functional_limits", "accommodations_needed", "wage_floor", "commute_limit_minutes", "night_ok", "earliest_start", "latest_end",
        "max_hours_week", "kinds_ok", "accepted_regions", "wanted_occupations", "excluded_tasks", "education", "certificates",
        "available_from", "willing", "willing_confirmed_on", "flexibility_declared", "flexibility_declared_on", "reachable",
    ),
    "households": ("region_code", "area_kind", "dibao_status", "hardship_level", "discovered_on"),
    "positions": (
        "user_unit_id", "kind", "pw_subtype", "title", "duties", "occupation_code", "region_code", "home_based", "openings_total",
        "openings_left", "wage_min", "wage_max", "wage_type", "contract_months", "insured", "hours_week", "shift_start", "shift_end",
        "night", "min_education", "required_certificates", "experience_months", "lift_kg", "standing", "height", "chemical",
        "customer_contact", "excluded_task_tags", "accommodations_offered", "training_provided", "declared_on", "valid_until",
    ),
}  # fmt: skip
"""Table → columns that may be corrected in place; what decides rights or states (recognition, categories, review) has steps of its own."""

_SAID = ("willing_confirmed_on", "flexibility_declared_on", "discovered_on")
"""Days on which something was said or found: none of them can lie ahead."""


def etag(row: Row) -> str:
    """Return a short hash of a row: it changes whenever any of its values does."""
    return hashlib.sha256(json.dumps(journalled(row), sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:20]


def current(office: Office, table: str, number: str) -> dict[str, object]:
    """Return a row as it stands, NotFound without it."""
    return _row(office.store.read(table, **{TABLES[table].key[0]: number}), number)


def correct(
    office: Office, table: str, number: str, values: Mapping[str, Any], *, seen: str, reason: str | None = None, request_id: str | None = None
) -> dict[str, object]:  # fmt: skip
    """Write the values that differ and return the row; ``seen`` is the ``etag`` of the row the person was looking at.

    NotFound without the row, BadInput for a column that may not be corrected here or a day that lies ahead, TableError for a value that cannot be, Stale when
    somebody changed the row meanwhile and the values are not there already.
    """
    with office.store.write() as tx:
        return correct_within(tx, office, table, number, values, seen=seen, reason=reason, request_id=request_id)


def correct_within(
    tx: Transaction, office: Office, table: str, number: str, values: Mapping[str, Any], *, seen: str, reason: str | None = None,
    request_id: str | None = None,
) -> dict[str, object]:  # fmt: skip
    """Do what ``correct`` does inside a transaction that may do more."""
    barred = sorted(set(values) - set(MAY_CORRECT[table]))
    if barred:
        raise BadInput(
            f"{', '.join(barred)}: may not be corrected here; expected one of {', '.join(MAY_CORRECT[table])}"
        )
    key = TABLES[table].key[0]
    before = _row(tx.seen(table, **{key: number}), number)
    after = checked(table, {**before, **values})
    changed = {k: v for k, v in after.items() if before[k] != v}
    if not changed:
        return before
    for name in _SAID:
        if isinstance(day := changed.get(name), date) and day > office.today():
            raise BadInput(f"{name}: expected a day up to {office.today()}, found {day}")
    if etag(before) != seen:
        raise Stale(f"{number} was changed by somebody else since it was shown; look at it again, then correct it")
    tx.update(table, {key: number}, changed)
    _journal(tx, office, table, number, {k: before[k] for k in changed}, changed, reason, request_id)
    return _row(tx.read(table, **{key: number}), number)


def _journal(
    tx: Transaction, office: Office, table: str, number: str, before: Row, after: Row, reason: str | None, request_id: str | None
) -> None:  # fmt: skip
    tx.journal(
        actor=office.actor, role=office.role, action=f"{table.removesuffix('s')}.corrected", object_type=table, object_id=number,
        before=journalled(before), after=journalled(after), reason=reason, request_id=request_id,
    )  # fmt: skip


def _row(frame: Any, number: str) -> dict[str, object]:
    if frame.empty:
        raise NotFound(f"no {number!r} in the record; check the identifier")
    return only(frame)
