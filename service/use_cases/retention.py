"""What is kept how long (domain model, section 5.5): lists nobody acted on, sensitive facts, and files long closed."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from matching.tables import EXCHANGE, TABLES, Kind
from service.storage.transactions import Transaction
from service.use_cases.rows import records
from service.wiring import Office

SUGGESTION_DAYS = 180
SENSITIVE_MONTHS = 6
LEDGER_YEARS = 3
ANONYMOUS = "ANON-"
"""Identifiers of anonymised people and households begin with this."""

SENSITIVE = frozenset({"disabled", "dibao", "rehabilitated", "released", "recovered"})

_PEOPLE = tuple(
    t for t in EXCHANGE if t.name in ("households", "members") or {"member_id", "household_id"} & set(t.names)
)
_CLEARED: Mapping[str, Mapping[str, object]] = {
    "households": {
        "file_no": "", "hukou_region_code": None, "recognition_basis": None, "dibao_status": "none", "hardship_level": None,
        "paired_caseworker_id": None,
    },
    "members": {
        "relation": "other", "birth_month": None, "sex": "unknown", "certificates": "", "experience": "", "categories": "",
        "disability_level": None, "functional_limits": "", "accommodations_needed": "", "wanted_occupations": "", "excluded_tasks": "",
        "accepted_regions": "", "longitude": None, "latitude": None, "wage_floor": None, "commute_limit_minutes": None,
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Retained:
    """What a run took away."""

    suggestions: int
    sensitive: int


def retain(office: Office) -> Retained:
    """Take away lists nobody acted on after 180 days (the counts go to the journal) and sensitive facts six months after a file closed."""
    today = pd.Timestamp(office.today())
    with office.store.write() as tx:
        shown = tx.read("suggestions", ["suggestion_id", "shown_on", "action"], action="none")
        old = shown[shown["shown_on"] < today - pd.Timedelta(days=SUGGESTION_DAYS)]
        months = old["shown_on"].dt.strftime("%Y-%m").value_counts().sort_index()
        for start in range(0, len(old), 500):
            tx.delete("suggestions", suggestion_id=old["suggestion_id"].iloc[start : start + 500].tolist())
        done = Retained(len(old), _forget_sensitive(tx, today - pd.DateOffset(months=SENSITIVE_MONTHS)))
        _journal(tx, office, "privacy.retained", {"suggestions": months.to_dict(), "sensitive": done.sensitive})
    return done


def _forget_sensitive(tx: Transaction, before: pd.Timestamp) -> int:
    changed = 0
    for household in _closed(tx, before):
        key: dict[str, Any] = {"household_id": household["household_id"]}
        for member in records(tx.read("members", **key)):
            kept = [c for c in str(member["categories"]).split(";") if c and c not in SENSITIVE]
            values = {"categories": ";".join(kept), "disability_level": None}
            if any(member[k] != v for k, v in values.items()):
                changed += tx.update("members", {"member_id": member["member_id"]}, values)
        values = {"dibao_status": "none", "hardship_level": None}
        if any(household[k] != v for k, v in values.items()):
            changed += tx.update("households", key, values)
    return changed


def _closed(tx: Transaction, before: pd.Timestamp) -> list[dict[str, object]]:
    households = tx.read("households")
    return records(households[households["closed_on"] < before])


def anonymise(office: Office) -> int:
    """Turn files closed more than three years ago into rows that name nobody: new identifiers, months for days, districts for streets.

    Returns how many households; running it again changes nothing.
    """
    before = pd.Timestamp(office.today()) - pd.DateOffset(years=LEDGER_YEARS)
    with office.store.write() as tx:
        due = [str(h["household_id"]) for h in _closed(tx, before) if not str(h["household_id"]).startswith(ANONYMOUS)]
        for household_id in due:
            _anonymise_one(tx, household_id)
        if due:
            _journal(tx, office, "privacy.anonymised", {"households": len(due)})
    return len(due)


def _anonymise_one(tx: Transaction, household_id: str) -> None:
    member_ids = tx.read("members", ["member_id"], household_id=household_id)["member_id"].tolist()
    found = {}
    for table in _PEOPLE:
        where: dict[str, Any] = (
            {"household_id": household_id} if "household_id" in table.names else {"member_id": member_ids}
        )
        found[table.name] = records(tx.read(table.name, **where))
    for member_id in member_ids:
        tx.forget_identity(member_id)
    for name in reversed(found):
        for row in found[name]:
            tx.delete(name, **{k: row[k] for k in TABLES[name].key})
    names: dict[str, str] = {}
    for name, rows in found.items():
        if rows and name != "suggestions":
            tx.insert(name, [_anonymous(name, row, names) for row in rows])


def _anonymous(name: str, row: Mapping[str, object], names: dict[str, str]) -> dict[str, object]:
    """Return a row that names nobody; ``names`` keeps old → new identifier while a household is rewritten."""
    out: dict[str, object] = {}
    for column in TABLES[name].columns:
        value = row[column.name]
        own = column.name in TABLES[name].key and column.kind is Kind.ID
        if value is not None and (own or column.references in {t.name for t in _PEOPLE}):
            value = names.setdefault(str(value), f"{ANONYMOUS}{secrets.token_hex(10)}")
        elif column.kind is Kind.DATE and value is not None:
            value = pd.Timestamp(str(value)).replace(day=1)
        elif column.kind is Kind.TEXT and column.nullable:
            value = None
        elif column.name == "region_code":
            value = str(value)[:6]
        elif column.name in ("caseworker_id", "assessor_id", "decided_by") and column.nullable:
            value = None
        out[column.name] = value
    return out | dict(_CLEARED.get(name, {}))


def _journal(tx: Transaction, office: Office, action: str, after: Mapping[str, object]) -> None:
    tx.journal(
        actor=office.actor,
        role=office.role,
        action=action,
        object_type="record",
        object_id=office.today().isoformat(),
        after=after,
    )
