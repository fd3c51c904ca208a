"""What time alone changes, written down once a day before the night plans: clocks, households, letters."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from matching.deadlines import letter_valid_until
from matching.promise_clock import advance, promise_of
from service.storage.store import Write
from service.storage.transactions import Transaction
from service.use_cases.clocks import write_back, write_implied
from service.use_cases.household_state import follow
from service.use_cases.rows import journalled, records
from service.wiring import Office


@dataclass(frozen=True, slots=True)
class Kept:
    """How much the day changed: clocks started, clocks moved on, households moved on, letters without a slip."""

    started: int
    clocks: int
    households: int
    letters: int


def keep_up(office: Office, write: Write) -> Kept:
    """Bring the record up to today in one transaction that ``write`` opens; the same day again changes nothing.

    Households follow their members' jobs; a clock the facts then imply is written down, so that a later confirmation of the wish does not
    move it; a pause ends at its limit; a clock past its last day is broken and keeps the day; a letter whose slip did not come back is closed
    as ``no_slip``, which is never success.
    """
    with write() as tx:
        households = tx.read("households", columns=["household_id", "status", "region_code"])
        before = dict(zip(households["household_id"], households["status"], strict=True))
        moved = sum(str(row["status"]) != before[str(row["household_id"])] for row in follow(tx, office, None, None))
        started = write_implied(tx, office, None, office.today(), None)
        places = dict(zip(households["household_id"], households["region_code"].str[:6], strict=True))
        return Kept(len(started), _clocks(tx, office, places), moved, _letters(tx, office))


def _clocks(tx: Transaction, office: Office, places: Mapping[str, str]) -> int:
    today, policy, moved = office.today(), office.policy(office.today()), 0
    for row in records(tx.read("promises", state=["running", "reopened", "paused"])):
        place = policy.at(places[str(row["household_id"])])
        before = promise_of(row, place)
        after = advance(before, today, place)
        if after != before:
            write_back(tx, office, row, after, f"promise.{after.state}", None)
            moved += 1
    return moved


def _letters(tx: Transaction, office: Office) -> int:
    today, policy, late = office.today(), office.policy(office.today()), 0
    for row in records(tx.read("referrals", state="issued")):
        created = row["created_on"]
        if letter_valid_until(created, policy) >= today:  # type: ignore[arg-type]
            continue
        values = {"state": "no_slip", "reason_side": "agency", "outcome_on": pd.Timestamp(today)}
        tx.update("referrals", {"referral_id": row["referral_id"]}, values, where={"state": "issued"})
        tx.journal(
            actor=office.actor, role=office.role, action="referral.no_slip", object_type="referrals", object_id=str(row["referral_id"]),
            before={"state": "issued"}, after=journalled(values), reason=None, request_id=None,
        )  # fmt: skip
        late += 1
    return late
