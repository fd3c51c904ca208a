"""The state of a household's file: what follows from its members' jobs, and the steps people record."""

from dataclasses import dataclass
from datetime import date

import pandas as pd

from matching.errors import BadInput, NotFound
from matching.household import DECIDED, LEFT, household_table, step_household
from matching.vocabulary import HouseholdStatus
from service.storage.transactions import Transaction
from service.use_cases.rows import journalled, only, records
from service.wiring import Office


def follow(
    tx: Transaction, office: Office, household_ids: list[str] | None, request_id: str | None
) -> list[dict[str, object]]:
    """Bring the recorded states of households up to what their members' jobs say today; return the derived rows (``household_ids`` None: all).

    Lifted when a member starts, back when the last job ends, stable and closed after the days policy names; open while a member is owed a
    promise of their own. What people decide (withdrawn, ended, moved, ...) stands as recorded.
    """
    today = office.today()
    which = {} if household_ids is None else {"household_id": household_ids}
    households, members = tx.read("households", **which), tx.read("members", **which)
    whose = {} if household_ids is None else {"member_id": members["member_id"].tolist()}
    placements, referrals = tx.read("placements", **whose), tx.read("referrals", **whose)
    promises = tx.read("promises", **which)
    derived = records(
        household_table(households, members, placements, referrals, today, office.policy(today), promises)
    )
    for before, now in zip(records(households), derived, strict=True):
        if before["status"] != now["status"]:
            values = {"status": now["status"], "closed_on": pd.Timestamp(today) if now["status"] == "closed" else None}
            _write(tx, office, before, values, None, request_id)
    return derived


_DAYS = ("discovered_on", "recognised_on", "closed_on")


@dataclass(frozen=True, slots=True)
class FileStep:
    """A step of the file that a person records: the new state, the day it holds from, and the coded reason."""

    to: str
    on: date | None = None
    reason: str | None = None
    basis: str | None = None


def record_step(
    office: Office, household_id: str, step: FileStep, *, request_id: str | None = None
) -> dict[str, object]:
    """Record what was decided about a household elsewhere (applied, recognised, refused, withdrawn, ended, moved); return the file.

    Who applies again is not recognised until that is decided anew. NotFound without the household, Conflict when the present state does
    not lead there, BadInput for a state that follows from jobs, a day that lies ahead or before a day the file has already.
    """
    today = office.today()
    on = step.on or today
    with office.store.write() as tx:
        frame = tx.seen("households", household_id=household_id)
        if frame.empty:
            raise NotFound(f"no household {household_id!r} in the record; check the number")
        before = only(frame)
        step_household(str(before["status"]), step.to)
        if step.to not in DECIDED:
            raise BadInput(
                f"to: expected one of {', '.join(DECIDED)}, found {step.to}; the others follow from verified jobs"
            )
        said = [d for d in (before[name] for name in _DAYS) if isinstance(d, date)]
        if on > today or on < max(said, default=on):
            raise BadInput(f"on: expected a day from {max(said, default='discovery')} to {today}, found {on}")
        shut = step.to in (*LEFT, HouseholdStatus.REFUSED)
        values: dict[str, object] = {"status": step.to, "closed_on": pd.Timestamp(on) if shut else None}
        if step.to == "applied":
            values["recognised_on"] = None
        if step.to == "recognised":
            values |= {
                "recognised_on": pd.Timestamp(on),
                "recognition_basis": step.basis or before["recognition_basis"],
            }
        _write(tx, office, before, values, step.reason, request_id, on)
        return only(tx.read("households", household_id=household_id))


def _write(
    tx: Transaction, office: Office, before: dict[str, object], values: dict[str, object], reason: str | None,
    request_id: str | None, on: date | None = None,
) -> None:  # fmt: skip
    household_id = str(before["household_id"])
    tx.update("households", {"household_id": household_id}, values)
    tx.journal(
        actor=office.actor, role=office.role, action=f"household.{values['status']}", object_type="households",
        object_id=household_id, before=journalled({k: before[k] for k in values}),
        after={**journalled(values), **({} if on is None else {"on": on.isoformat()})}, reason=reason, request_id=request_id,
    )  # fmt: skip
