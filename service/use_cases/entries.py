"""What a person writes into the record: identifiers that a repeated form does not double, rows that passed the door, one journal entry."""

import hashlib
import uuid
from collections.abc import Mapping
from typing import Any

import pandas as pd

from matching.tables import TABLES, check
from service.storage.transactions import Transaction
from service.use_cases.refusals import KeyReused
from service.use_cases.rows import journalled, only
from service.wiring import Office

Row = Mapping[str, object]


def identifier(prefix: str, actor: str, key: str | None) -> str:
    """Return a new identifier: of the idempotency key where one is given, so that the same key can never make two."""
    if key is None:
        return f"{prefix}{uuid.uuid4().hex[:20]}"
    return f"{prefix}{hashlib.sha256(f'{actor}|{key}'.encode()).hexdigest()[:20]}"


def path_number(member_id: str, n: int) -> str:
    """Return the number of a member's ``n``-th record of the path; they sort as they were made, also on one day."""
    return f"S{member_id}-{n:03d}"


def checked(table: str, row: Row) -> dict[str, object]:
    """Return a row as the data dictionary has it, defaults filled in; TableError names the values that cannot be used."""
    return only(check(TABLES[table], pd.DataFrame([dict(row)])).require())


def enter(
    tx: Transaction, office: Office, table: str, row: Row, action: str, *, reason: str | None = None, untold: tuple[str, ...] = (),
    by_day: tuple[str, ...] = (), request_id: str | None = None
) -> dict[str, object]:  # fmt: skip
    """Write a new row with its entry in the journal and return it; the same row again is returned and nothing changes.
    The journal does not repeat the columns ``untold``. Those ``by_day`` follow from the day alone: the same request on another day is still the same.

    TableError for a value that cannot be, KeyReused when the identifier stands for another row already.
    """
    new = checked(table, row)
    [key] = TABLES[table].key
    earlier = tx.read(table, None, **{key: new[key]})
    if len(earlier):
        return same_again(only(earlier), {k: v for k, v in new.items() if k not in by_day})
    tx.insert(table, [new])
    tx.journal(
        actor=office.actor, role=office.role, action=action, object_type=table, object_id=str(new[key]), before=None,
        after=journalled({k: v for k, v in new.items() if k not in untold}), reason=reason, request_id=request_id,
    )  # fmt: skip
    return new


def unsaid(told: Row, *columns: str) -> tuple[str, ...]:
    """Return those of the columns that nobody said anything about, so that the day fills them in."""
    return tuple(c for c in columns if not told.get(c))


def same_again(earlier: dict[str, object], new: Mapping[str, Any]) -> dict[str, object]:
    """Return the earlier row a repeated request made; KeyReused when it asks for something else."""
    different = [name for name, value in new.items() if value is not None and earlier[name] != value]
    if different:
        raise KeyReused(f"this idempotency key was used for another entry ({', '.join(different)}); use a new key")
    return earlier
