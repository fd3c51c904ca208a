"""The life of a promise in the record: each step coded and journalled, the grave ones asked for by one person and decided by another."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd

from matching.errors import BadInput, Conflict, NotFound
from matching.pause_grounds import check_grounds
from matching.policy.load import PolicyBook
from matching.promise import promise_table
from matching.promise_clock import ClockEvent, ClockEventKind, Promise, advance, apply, promise_of, row_of
from matching.vocabulary import Role
from service.storage.transactions import Transaction
from service.use_cases.approvals import Approval, Kind, propose
from service.use_cases.rows import journalled, only, records
from service.wiring import Office

Row = Mapping[str, object]


def ask(
    office: Office, household_id: str, step: ClockEventKind, reason: str, *, member_id: str | None = None, words: str = "",
    request_id: str | None = None,
) -> Approval:  # fmt: skip
    """Ask for a pause, a void or a reinstatement of a household's promise, or of one member's alone, and return the proposal.

    Nothing changes before a second person approves; it counts from the day it is asked for, a reinstatement from the day it is approved.
    NotFound without the household, Conflict when no clock is there or the same step waits already, PromiseError when the reason is not of
    the list, the record does not bear it out, or the state does not allow the step.
    """
    with office.store.write() as tx:
        promise_id = str(current(tx, office, household_id, member_id, request_id)["promise_id"])
    payload = {"reason": reason, "on": office.today().isoformat()}
    return propose(office, STEPS[step], promise_id, payload, words or reason, request_id=request_id)


def _event(step: ClockEventKind, payload: Mapping[str, Any], today: date, by: str, second: str) -> ClockEvent:
    told = payload.get("on", today.isoformat())
    try:
        on = today if step is ClockEventKind.REINSTATE else date.fromisoformat(str(told))
    except ValueError:
        raise BadInput(f"payload.on: expected a day YYYY-MM-DD, found {str(told)[:20]!r}") from None
    if on > today:
        raise BadInput(f"payload.on: expected a day up to {today}, found {on}")
    return ClockEvent(step, on, str(payload.get("reason", "")), by, second)


def _kind(step: ClockEventKind) -> Kind:
    """Return the kind of step that asks for a clock event: caseworkers propose, a supervisor decides."""

    def check(tx: Transaction, office: Office, promise_id: str, payload: Mapping[str, Any]) -> str:
        """Return the region of the promise's household when the step may be asked for."""
        row = _promise(tx, promise_id)
        place = _place(tx, office, str(row["household_id"]))
        event = _event(step, payload, office.today(), office.actor, "a second person")
        if step is ClockEventKind.PAUSE:
            _check_pause(tx, row, event, place)
        apply(promise_of(row, place), event, place)
        return str(tx.read("households", household_id=row["household_id"])["region_code"].iloc[0])

    def perform(tx: Transaction, office: Office, approval: Approval) -> None:
        """Take the step that a second person has approved."""
        event = _event(step, approval.payload, office.today(), approval.proposed_by, office.actor)
        take(tx, office, _promise(tx, approval.object_id), event, None)

    return Kind(
        f"promise.{step}",
        "promises",
        frozenset({Role.CASEWORKER, Role.SUPERVISOR}),
        frozenset({Role.SUPERVISOR}),
        check,
        perform,
    )


STEPS: Mapping[ClockEventKind, Kind] = {
    step: _kind(step) for step in (ClockEventKind.PAUSE, ClockEventKind.VOID, ClockEventKind.REINSTATE)
}
"""Steps on a promise that need two people."""


def _promise(tx: Transaction, promise_id: str) -> dict[str, object]:
    frame = tx.seen("promises", promise_id=promise_id)
    if frame.empty:
        raise NotFound(f"no promise {promise_id!r} in the record; check the number")
    return only(frame)


def resume(
    office: Office, household_id: str, *, member_id: str | None = None, request_id: str | None = None
) -> dict[str, object]:
    """End the pause that runs today and return the promise."""
    return _step(office, household_id, member_id, ClockEventKind.RESUME, "", request_id)


def name_cause(
    office: Office, household_id: str, cause: str, *, member_id: str | None = None, request_id: str | None = None
) -> dict[str, object]:
    """Code the cause of a broken promise, once, and return the promise."""
    return _step(office, household_id, member_id, ClockEventKind.CAUSE, cause, request_id)


def _step(
    office: Office, household_id: str, member_id: str | None, kind: ClockEventKind, reason: str, request_id: str | None
) -> dict[str, object]:
    with office.store.write() as tx:
        row = current(tx, office, household_id, member_id, request_id)
        return take(tx, office, row, ClockEvent(kind, office.today(), reason, office.actor), request_id)


def current(
    tx: Transaction, office: Office, household_id: str, member_id: str | None = None, request_id: str | None = None
) -> dict[str, object]:
    """Return the newest promise of a household, or of one member alone; a clock that only the facts imply is written down first.

    NotFound without the household or such a member, Conflict when no clock was ever started.
    """
    _place(tx, office, household_id)
    scope = {"scope": "household"} if member_id is None else {"scope": "member", "member_id": member_id}
    stored = tx.read("promises", household_id=household_id, **scope)
    if stored.empty:
        written = write_implied(tx, office, [household_id], office.today(), request_id)
        mine = [
            r for r in written if r["scope"] == scope["scope"] and (member_id is None or r["member_id"] == member_id)
        ]
        if not mine:
            whose = f"household {household_id}" if member_id is None else f"member {member_id}"
            raise Conflict(f"{whose} has no promise yet: recognition, wish and declaration come first")
        return mine[-1]
    return only(stored.sort_values(["started_on", "promise_id"]).tail(1))


def take(tx: Transaction, office: Office, row: Row, event: ClockEvent, request_id: str | None) -> dict[str, object]:
    """Apply an event to a stored promise, write what changed, journal it and return the promise's row; a reopened one is a new row."""
    place = _place(tx, office, str(row["household_id"]))
    before = promise_of(row, place)
    after = apply(before, event, place)
    if after.reopened and after.previous is not None:
        return _reopen(tx, office, row, after, request_id)
    done = after.state if event.kind is ClockEventKind.PLACED else event.kind
    return write_back(tx, office, row, advance(after, office.today(), place), f"promise.{done}", request_id, event)


def write_back(
    tx: Transaction,
    office: Office,
    row: Row,
    after: Promise,
    action: str,
    request_id: str | None,
    event: ClockEvent | None = None,
) -> dict[str, object]:
    """Write a promise's new state over its row and journal the difference; nothing is written where nothing changed."""
    new = row_of(after)
    changed = {k: v for k, v in new.items() if row[k] != v}
    if changed:
        tx.update("promises", {"promise_id": row["promise_id"]}, changed)
        people = {} if event is None else {k: v for k, v in (("by", event.by), ("second", event.second)) if v}
        tx.journal(
            actor=office.actor, role=office.role, action=action, object_type="promises", object_id=str(row["promise_id"]),
            before=journalled({k: row[k] for k in changed}), after={**journalled(changed), **people},
            reason=(event.reason or None) if event else None, request_id=request_id,
        )  # fmt: skip
    return {**row, **new}


def _reopen(tx: Transaction, office: Office, row: Row, after: Promise, request_id: str | None) -> dict[str, object]:
    new: dict[str, object] = {
        **row, **row_of(after), "promise_id": f"{row['promise_id']}-{after.started_on}", "reopens_id": row["promise_id"],
    }  # fmt: skip
    tx.insert("promises", [new])
    tx.journal(
        actor=office.actor, role=office.role, action="promise.reopened", object_type="promises", object_id=str(new["promise_id"]),
        before=None, after=journalled(new), reason=None, request_id=request_id,
    )  # fmt: skip
    return new


def write_implied(
    tx: Transaction, office: Office, household_ids: list[str] | None, as_of: date, request_id: str | None
) -> list[dict[str, object]]:
    """Write down the clocks that the facts imply on a day and nobody stored, so that a later confirmation of the wish does not move them.

    ``household_ids`` None are all. Returns the rows written: one a household where its placement keeps the promise, else one a member.
    """
    which = {} if household_ids is None else {"household_id": household_ids}
    members, households, promises = (tx.read(name, **which) for name in ("members", "households", "promises"))
    policy = office.policy(as_of)
    clocks = promise_table(households, members, promises, as_of, policy).merge(
        members[["member_id", "region_code"]], on="member_id"
    )
    rows: dict[str, dict[str, object]] = {}
    stored = _stored(promises)
    for clock in records(clocks[clocks["days_left"].notna()]):
        shared = policy.at(str(clock["region_code"])[:6]).text("promise.scope") == "household"
        owner = clock["household_id"] if shared else clock["member_id"]
        row = {
            "promise_id": f"C{owner}-{clock['started_on']}", "household_id": clock["household_id"],
            "member_id": None if shared else clock["member_id"], "scope": "household" if shared else "member",
            **row_of(Promise(_day(clock["started_on"]), _day(clock["due_on"]))), "reopens_id": None,
        }  # fmt: skip
        if not stored & {
            (clock["household_id"], None, clock["started_on"]),
            (clock["household_id"], clock["member_id"], clock["started_on"]),
        }:
            rows.setdefault(str(row["promise_id"]), row)
    tx.insert("promises", list(rows.values()))
    for row in rows.values():
        tx.journal(
            actor=office.actor, role=office.role, action="promise.started", object_type="promises", object_id=str(row["promise_id"]),
            before=None, after=journalled(row), reason=None, request_id=request_id,
        )  # fmt: skip
    return list(rows.values())


def _stored(promises: pd.DataFrame) -> set[tuple[object, object, object]]:
    """Return whose clocks are stored and since when: household, member (None for the household's), start."""
    owners = promises["member_id"].astype(object).where(promises["member_id"].notna(), None)
    return set(zip(promises["household_id"], owners, promises["started_on"].dt.date, strict=True))


def _check_pause(tx: Transaction, row: Row, event: ClockEvent, policy: PolicyBook) -> None:
    people = tx.read("members", columns=["member_id"], household_id=row["household_id"])["member_id"].tolist()
    whose = people if row["member_id"] is None else [row["member_id"]]
    contacts = tx.read("contacts", household_id=row["household_id"])
    check_grounds(event.reason, contacts, tx.read("trainings", member_id=whose), event.on, policy)


def _place(tx: Transaction, office: Office, household_id: str) -> PolicyBook:
    frame = tx.seen("households", columns=["region_code"], household_id=household_id)
    if frame.empty:
        raise NotFound(f"no household {household_id!r} in the record; check the number")
    return office.policy(office.today()).at(str(frame["region_code"].iloc[0])[:6])


def _day(value: object) -> date:
    assert isinstance(value, date)
    return value
