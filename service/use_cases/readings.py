"""Who looked at whose file: a reading that shows nothing ranked is an entry of its own."""

from collections.abc import Mapping

from service.security.matrix import RESTRICTED
from service.storage.transactions import Transaction
from service.wiring import Office


def readable(office: Office, table: str, row: Mapping[str, object]) -> dict[str, object]:
    """Return a row without the restricted columns that the caller may not read here."""
    barred = RESTRICTED - office.reads
    return {name: value for name, value in row.items() if f"{table}.{name}" not in barred}


def note_reading(office: Office, table: str, number: str, what: str, *, columns: frozenset[str] = frozenset()) -> None:
    """Write to the journal that the caller saw a row, and the restricted columns shown of it."""
    with office.store.write() as tx:
        note_within(tx, office, table, number, what, columns=columns)


def note_within(
    tx: Transaction, office: Office, table: str, number: str, what: str, *, columns: frozenset[str] = frozenset()
) -> None:
    """Do what ``note_reading`` does inside a transaction that does more."""
    after = {"what": what, **({"columns": sorted(columns)} if columns else {})}
    tx.journal(
        actor=office.actor, role=office.role, action=f"{table.removesuffix('s')}.read", object_type=table, object_id=number,
        before=None, after=after, reason=None, request_id=None,
    )  # fmt: skip
