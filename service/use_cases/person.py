"""What a person may ask of the record about themselves: a copy, a correction, deletion (PIPL art. 45-47)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from matching.errors import BadInput, Conflict, NotFound
from matching.tables import EXCHANGE, TABLES, check
from matching.vocabulary import OPEN_REFERRAL_STATES
from service.security.matrix import RESTRICTED
from service.storage.transactions import Transaction
from service.use_cases.rows import journalled, only, records
from service.wiring import Office

OF_MEMBERS = tuple(t.name for t in EXCHANGE if t.name != "members" and "member_id" in t.names)
"""Tables with rows of one member, those that others refer to first."""

LEDGER_YEARS = 2
"""Years the ledger of services has to be kept (Guangdong human-resources market rules, art. 33-39)."""

_FIXED = frozenset({"member_id", "household_id"})
_EMPTIED: Mapping[str, object] = {
    "birth_month": None, "sex": "unknown", "certificates": "", "experience": "", "categories": "", "disability_level": None,
    "functional_limits": "", "accommodations_needed": "", "wanted_occupations": "", "excluded_tasks": "", "longitude": None,
    "latitude": None, "unemployed_since": None, "wage_floor": None, "commute_limit_minutes": None, "earliest_start": None,
    "latest_end": None, "accepted_regions": "", "willing": False,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Deleted:
    """What a deletion did: rows taken away, and until when the ledger keeps the rest (None: nothing is left)."""

    rows: int
    kept_until: date | None


def _member(tx: Transaction, member_id: str) -> dict[str, object]:
    found = tx.seen("members", member_id=member_id)
    if found.empty:
        raise NotFound(f"no member {member_id!r} in the record; check the identifier")
    return only(found)


def _journal(
    tx: Transaction, office: Office, action: str, member_id: str, after: Any, reason: str, before: Any = None
) -> None:
    tx.journal(
        actor=office.actor, role=office.role, action=action, object_type="members", object_id=member_id, before=before, after=after,
        reason=reason,
    )  # fmt: skip


def export_person(office: Office, member_id: str, reason: str) -> dict[str, Any]:
    """Return everything the record holds of a member as plain values, who they are included where the vault is open."""
    with office.store.write() as tx:
        member = _member(tx, member_id)
        tables = {
            "members": [member],
            "households": records(tx.read("households", household_id=member["household_id"])),
        }
        tables |= {name: records(tx.read(name, member_id=member_id)) for name in OF_MEMBERS}
        entries = tx.read("journal", object_type="members", object_id=member_id)
        _journal(tx, office, "person.exported", member_id, {k: len(v) for k, v in tables.items()}, reason)
    identity = None
    if office.store.vault is not None:
        found = office.store.identity(member_id, actor=office.actor, role=office.role, reason=reason)
        identity = (
            None
            if found is None
            else {
                "name": found.name,
                "identity_number": found.identity_number,
                "phone": found.phone,
                "address": found.address,
            }
        )
    plain = {name: [journalled(row) for row in rows] for name, rows in tables.items() if rows}
    return {"member_id": member_id, "identity": identity, "tables": plain, "journal": records(entries)}


def correct_person(office: Office, member_id: str, values: Mapping[str, object], reason: str) -> dict[str, object]:
    """Correct columns of a member and return the row; BadInput names a value that cannot be. Restricted values are not journalled."""
    spec = TABLES["members"]
    strange = [name for name in values if name not in spec.names or name in _FIXED]
    if strange or not values:
        raise BadInput(f"correct: expected columns of members that may change, found {', '.join(strange) or 'none'}")
    with office.store.write() as tx:
        before = _member(tx, member_id)
        row = check(spec, pd.DataFrame([{**before, **values}])).require()
        after = {name: only(row)[name] for name in values}
        tx.update("members", {"member_id": member_id}, {n: row[n].iloc[0] for n in values})
        _journal(tx, office, "person.corrected", member_id, _told(after), reason, _told({n: before[n] for n in values}))
        return _member(tx, member_id)


def _told(values: Mapping[str, object]) -> dict[str, object]:
    return journalled({n: "(restricted)" if f"members.{n}" in RESTRICTED else v for n, v in values.items()})


def delete_person(office: Office, member_id: str, reason: str) -> Deleted:
    """Take a member out of the record; what the ledger has to keep stays without identity, places, categories and wishes.

    Conflict while a referral is open: what was begun is closed first.
    """
    today = office.today()
    with office.store.write() as tx:
        member = _member(tx, member_id)
        referrals, placements = tx.read("referrals", member_id=member_id), tx.read("placements", member_id=member_id)
        if referrals["state"].isin(OPEN_REFERRAL_STATES).any():
            raise Conflict(f"member {member_id} has open referrals; record their outcome first")
        days = [
            *referrals["created_on"],
            *referrals["outcome_on"].dropna(),
            *placements["started_on"],
            *placements["ended_on"].dropna(),
        ]
        until = max((pd.Timestamp(d) + pd.DateOffset(years=LEDGER_YEARS) for d in days), default=None)
        kept = None if until is None or until.date() <= today else until.date()
        rows = tx.forget_identity(member_id)
        if kept is None:
            rows += _remove(tx, member)
        else:
            rows += tx.delete("suggestions", member_id=member_id) + tx.delete("assessments", member_id=member_id)
            tx.update("members", {"member_id": member_id}, _EMPTIED)
            tx.update("contacts", {"member_id": member_id}, {"note": None})
            tx.update("appeals", {"member_id": member_id}, {"text": None})
        _journal(tx, office, "person.deleted", member_id, {"rows": rows, "kept_until": str(kept or "")}, reason)
    return Deleted(rows, kept)


def _remove(tx: Transaction, member: Mapping[str, object]) -> int:
    """Take away a member's rows, those that refer to others first, and the household's when nobody of it is left."""
    member_id, household_id = str(member["member_id"]), str(member["household_id"])
    rows = sum(tx.delete(name, member_id=member_id) for name in reversed(OF_MEMBERS))
    rows += tx.delete("members", member_id=member_id)
    if tx.read("members", household_id=household_id).empty:
        of_household = [
            t.name for t in EXCHANGE if "household_id" in t.names and t.name not in ("members", "households")
        ]
        rows += sum(tx.delete(name, household_id=household_id) for name in reversed(of_household))
        rows += tx.delete("households", household_id=household_id)
    return rows
