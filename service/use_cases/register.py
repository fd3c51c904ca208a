"""First-time registration: a household, its members and what the first talk found ("five clears"), in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from matching.errors import BadInput, NotReady
from matching.tables import TABLES
from service.exchange.personal import hidden, is_identity_number
from service.storage.transactions import Transaction
from service.storage.vault import Identity
from service.use_cases.entries import enter, identifier, path_number, unsaid
from service.wiring import Office

Row = Mapping[str, object]

UNEMPLOYMENT_REASONS = (
    "LAID_OFF",
    "CLOSURE",
    "CONTRACT_END",
    "CARE",
    "HEALTH",
    "GRADUATED",
    "LAND_TAKEN",
    "RELEASED_OTHER",
)
"""Coded reasons of unemployment of the intake profile."""


_SAID_TODAY = {"willing_confirmed_on": "willing", "flexibility_declared_on": "flexibility_declared"}
"""Day of a statement → the statement; made today where no other day is told."""


@dataclass(frozen=True, slots=True)
class Newcomer:
    """One member: values of the member's table, the two clears it has no column for, and who it is (kept in the vault only)."""

    values: Row
    unemployment_reason: str | None = None
    training_wish: str | None = None
    identity: Identity | None = None


@dataclass(frozen=True, slots=True)
class Registered:
    """The identifiers a registration made."""

    household_id: str
    file_no: str
    member_ids: tuple[str, ...]


def register_household(
    office: Office, household: Row, newcomers: Sequence[Newcomer], *, key: str | None = None
) -> Registered:
    """Enter a household with its members and return their identifiers; the same ``key`` again changes nothing.

    The household starts as discovered today, or as recognised where the day of recognition is given (the day of discovery is then unknown
    unless it is told); recognition itself is decided elsewhere. TableError for a value that cannot be, BadInput without a member or with an identity number that cannot be, NotReady
    when an identity is given and the vault has no key.
    """
    if not newcomers:
        raise BadInput("members: expected at least one; a household without members cannot be served")
    region = str(household.get("region_code") or "")
    if not office.sees(pd.Series([region])).all():
        raise BadInput(
            f"region_code: expected a region you serve, found {region or 'nothing'}; let the office there register it"
        )
    _check_identities(office, newcomers)
    today = office.today()
    household_id = identifier("H", office.actor, key)
    row = {
        "file_no": f"{str(household.get('region_code'))[:6]}-{household_id[1:9].upper()}", "discovered_on": None if household.get("recognised_on") else today,
        "status": "recognised" if household.get("recognised_on") else "discovered", **_own(household, "households"),
        "household_id": household_id, "paired_caseworker_id": office.actor,
    }  # fmt: skip
    with office.store.write() as tx:
        entered = enter(
            tx, office, "households", row, "household.registered", by_day=unsaid(household, "discovered_on"), request_id=key
        )  # fmt: skip
        members = [
            _member(tx, office, household_id, n, newcomer, row, key) for n, newcomer in enumerate(newcomers, start=1)
        ]
        if office.store.vault is not None:
            who = {m: n.identity for m, n in zip(members, newcomers, strict=True) if n.identity is not None}
            office.store.vault.keep(tx, who)
        return Registered(household_id, str(entered["file_no"]), tuple(members))


def _member(
    tx: Transaction, office: Office, household_id: str, n: int, newcomer: Newcomer, household: Row, key: str | None
) -> str:  # fmt: skip
    member_id = f"M{household_id[1:]}-{n}"
    today = office.today()
    told = _own(newcomer.values, "members")
    row = {
        "region_code": household["region_code"], "registered_on": today, **told, "member_id": member_id, "household_id": household_id,
        **{day: today for day, said in _SAID_TODAY.items() if told.get(said) and not told.get(day)},
    }  # fmt: skip
    by_day = unsaid(told, *_SAID_TODAY, "registered_on")
    enter(tx, office, "members", row, "member.registered", by_day=by_day, request_id=key)
    note = "; ".join(
        f"{name}={hidden(value)}"
        for name, value in (
            ("unemployment_reason", newcomer.unemployment_reason),
            ("training_wish", newcomer.training_wish),
        )
        if value
    )
    contact = {"contact_id": f"K{member_id}", "household_id": household_id, "member_id": member_id, "kind": "office",
               "contacted_on": today, "caseworker_id": office.actor, "note": note or None}  # fmt: skip
    enter(tx, office, "contacts", contact, "contact.noted", reason="intake", by_day=("contacted_on",), request_id=key)
    enter(tx, office, "path_records", {"path_record_id": path_number(member_id, 1), "member_id": member_id, "stage": "BASIC", "entered_on": today},
          "path.entered", by_day=("entered_on",), request_id=key)  # fmt: skip
    notice = {"notice_id": f"N{member_id}", "member_id": member_id, "item": "machine_assisted", "given_on": today}
    enter(tx, office, "notices", notice, "notice.given", by_day=("given_on",), request_id=key)
    return member_id


def _own(values: Row, table: str) -> dict[str, object]:
    """Return the values that are columns of the table; BadInput names any other."""
    strange = sorted(set(values) - set(TABLES[table].names))
    if strange:
        raise BadInput(f"{table}: {', '.join(strange)} is no column; leave it out")
    return {k: v for k, v in values.items() if v is not None and v != ""}


def _check_identities(office: Office, newcomers: Sequence[Newcomer]) -> None:
    for n, newcomer in enumerate(newcomers, start=1):
        if newcomer.identity is None:
            continue
        if office.store.vault is None:
            raise NotReady(
                "identities: expected a key in ONEMONTH_VAULT_KEY, found none; register without names, or set the key"
            )
        number = newcomer.identity.identity_number
        if number and not is_identity_number(number):
            raise BadInput(
                f"member {n}: expected an identity number of 18 characters whose check digit fits; type it again"
            )
