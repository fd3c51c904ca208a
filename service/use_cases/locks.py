"""Pin, exclude, hold: what a person decides and every later list and night obeys."""

from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from matching.errors import BadInput, Conflict, NotFound
from matching.vocabulary import LockKind
from service.exchange.personal import hidden
from service.storage.transactions import Transaction
from service.use_cases.entries import enter, identifier
from service.use_cases.rows import only, records
from service.wiring import Office

LOCK_REASONS = (
    "MEMBER_WISH",
    "EMPLOYER_WISH",
    "VISIT_FOUND",
    "PROMISED_BY_OFFICE",
    "CARE_OR_ILLNESS",
    "IN_TRAINING",
    "OTHER",
)
"""Coded reasons of a lock."""


@dataclass(frozen=True, slots=True)
class Lock:
    """What is bound: a pair for ``pin`` and ``exclude``, a member alone for ``hold``."""

    kind: str
    member_id: str
    position_id: str | None
    reason_code: str
    reason_text: str | None = None
    expires_on: date | None = None


def lock(office: Office, wish: Lock, *, key: str | None = None) -> dict[str, object]:
    """Bind a decision and return it. BadInput without a coded reason, or for a pair that a hold does not have, or that is missing."""
    if wish.reason_code not in LOCK_REASONS:
        raise BadInput(f"reason_code: expected one of {', '.join(LOCK_REASONS)}, found {wish.reason_code or 'nothing'}")
    if (wish.position_id is None) != (wish.kind == LockKind.HOLD):
        raise BadInput(
            f"position_id: expected a post for pin and exclude, none for hold; found {wish.kind} of {wish.position_id}"
        )
    today = office.today()
    if wish.expires_on is not None and wish.expires_on < today:
        raise BadInput(f"expires_on: expected a day from {today} on, found {wish.expires_on}")
    row = {
        "lock_id": identifier("X", office.actor, key), "kind": wish.kind, "member_id": wish.member_id,
        "position_id": wish.position_id, "reason_code": wish.reason_code,
        "reason_text": hidden(wish.reason_text) if wish.reason_text else None, "made_by": office.actor, "made_on": today,
        "expires_on": wish.expires_on,
    }  # fmt: skip
    with office.store.write() as tx:
        for table, name in (("members", "member_id"), ("positions", "position_id")):
            if row[name] is not None and tx.seen(table, [name], **{name: row[name]}).empty:
                raise NotFound(f"no {row[name]!r} in the record; check the identifier")
        _once(tx, wish, str(row["lock_id"]), today)
        return enter(
            tx, office, "locks", row, f"lock.{wish.kind}", reason=wish.reason_code, by_day=("made_on",), request_id=key
        )


def _once(tx: Transaction, wish: Lock, lock_id: str, today: date) -> None:
    live = in_force(tx.read("locks", member_id=wish.member_id), today)
    same = live[(live["position_id"] == wish.position_id) if wish.position_id else live["position_id"].isna()]
    if len(same) and lock_id not in set(same["lock_id"]):
        raise Conflict(f"lock {same['lock_id'].iloc[0]} binds this already; lift it first")


def lift_lock(office: Office, lock_id: str, *, key: str | None = None) -> dict[str, object]:
    """End a lock and return it; one that is over stays as it is. NotFound without it."""
    today = office.today()
    with office.store.write() as tx:
        found = tx.seen("locks", lock_id=lock_id)
        if found.empty:
            raise NotFound(f"no lock {lock_id!r} in the record; check the number")
        if len(in_force(found, today)):
            last = today - timedelta(days=1)
            tx.update("locks", {"lock_id": lock_id}, {"expires_on": last})
            tx.journal(
                actor=office.actor, role=office.role, action="lock.lifted", object_type="locks", object_id=lock_id,
                before={"expires_on": only(found)["expires_on"]}, after={"expires_on": last}, reason=None, request_id=key,
            )  # fmt: skip
        return only(tx.read("locks", lock_id=lock_id))


def locks_of(office: Office, member_id: str) -> list[dict[str, object]]:
    """Return the locks in force on a member and its pairs, the newest first."""
    live = in_force(office.store.read("locks", member_id=member_id), office.today())
    return records(live.sort_values(["made_on", "lock_id"], ascending=[False, True]))


def in_force(locks: pd.DataFrame, today: date) -> pd.DataFrame:
    """Return the locks that bind on a day."""
    return locks[(locks["made_on"] <= pd.Timestamp(today)) & ~(locks["expires_on"] < pd.Timestamp(today))]
