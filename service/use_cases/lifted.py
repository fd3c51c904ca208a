"""A verified start of work meets the household's promise and moves its file on."""

from collections.abc import Mapping
from datetime import date

import pandas as pd

from matching.promise import promise_table
from service.storage.store import Transaction
from service.use_cases.rows import journalled, only, records
from service.wiring import Office

_RUNS = frozenset({"running", "paused", "breached", "reopened"})
_BEFORE_WORK = frozenset({"recognised", "in_service"})


def lift(tx: Transaction, office: Office, member_id: str, started_on: date, request_id: str | None) -> None:
    """Meet the clocks of a member's household on the first day of work, and mark the household as one employed."""
    members = tx.read("members", member_id=member_id)
    households = tx.read("households", household_id=str(members["household_id"].iloc[0]))
    promises = tx.read("promises", household_id=str(members["household_id"].iloc[0]))
    running = [
        p
        for p in records(promises)
        if p["state"] in _RUNS and (p["scope"] == "household" or p["member_id"] == member_id)
    ]
    for promise in running:
        after = _met(office, members, households, promises[promises["promise_id"] == promise["promise_id"]], started_on)
        tx.update("promises", {"promise_id": promise["promise_id"]}, after)
        _journal(tx, office, str(promise["promise_id"]), str(after["state"]), promise["state"], after, request_id)
    if promises.empty:
        _write_implied(tx, office, members, households, promises, started_on, request_id)
    household = only(households)
    if household["status"] in _BEFORE_WORK:
        tx.update("households", {"household_id": household["household_id"]}, {"status": "one_employed"})


def _met(
    office: Office, members: pd.DataFrame, households: pd.DataFrame, promise: pd.DataFrame, started_on: date
) -> dict[str, object]:
    """Return what a start makes of a clock, read by the clock's own rule on the first day of work, not the day it became known."""
    clock = only(promise_table(households, members, promise, started_on, office.policy(started_on)))
    left = clock["days_left"]
    return {"state": "met" if isinstance(left, int) and left >= 0 else "met_late", "met_on": pd.Timestamp(started_on)}


def _write_implied(
    tx: Transaction,
    office: Office,
    members: pd.DataFrame,
    households: pd.DataFrame,
    promises: pd.DataFrame,
    started_on: date,
    request_id: str | None,
) -> None:
    """Write down the clock that the facts imply and that nobody stored, so that what met it stays on the record."""
    today = office.today()
    clock = only(promise_table(households, members, promises, today, office.policy(today)))
    if clock["days_left"] is None:
        return
    promise_id = f"C{clock['household_id']}-{clock['started_on']}"
    row = {
        "promise_id": promise_id, "household_id": clock["household_id"], "scope": "household", "started_on": clock["started_on"],
        "due_on": clock["due_on"], "paused_days": 0, **_met(office, members, households, promises, started_on),
    }  # fmt: skip
    tx.insert("promises", [row])
    _journal(tx, office, promise_id, str(row["state"]), "running", row, request_id)


def _journal(
    tx: Transaction,
    office: Office,
    promise_id: str,
    state: str,
    before: object,
    after: Mapping[str, object],
    request_id: str | None,
) -> None:
    tx.journal(
        actor=office.actor,
        role=office.role,
        action=f"promise.{state}",
        object_type="promises",
        object_id=promise_id,
        before={"state": before},
        after=journalled(after),
        reason=None,
        request_id=request_id,
    )
