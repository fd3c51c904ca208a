"""A verified start of work keeps the household's promise and moves its file on; a job that soon ends opens both again."""

from datetime import date

import pandas as pd

from matching.promise_clock import ClockEvent, ClockEventKind
from service.storage.transactions import Transaction
from service.use_cases.clocks import take, write_implied
from service.use_cases.household_state import follow
from service.use_cases.rows import records
from service.wiring import Office

_OWED = frozenset({"running", "paused", "breached", "reopened"})
_KEPT = frozenset({"met", "met_late"})


def lift(tx: Transaction, office: Office, member_id: str, kind: str, started_on: date, request_id: str | None) -> None:
    """Keep the clocks of a member's household with a verified job, and mark the household as one employed.

    The first day of work counts, not the day it became known. A kind that is a step and no job (``promise.met_by``) lifts nobody; a
    clock that started after the first day of work was not what this job was promised under and stands.
    """
    household_id = _household(tx, member_id)
    home = tx.read("households", columns=["region_code"], household_id=household_id)["region_code"].iloc[0]
    place = office.policy(office.today()).at(str(home)[:6])
    if kind not in place.items("promise.met_by"):
        return
    write_implied(tx, office, [household_id], office.today(), request_id)
    event = ClockEvent(ClockEventKind.PLACED, office.today(), by=office.actor, first_day=started_on, job_kind=kind)
    for promise in _mine(tx, household_id, member_id):
        began = promise["started_on"]
        assert isinstance(began, date)
        if promise["state"] in _OWED and began <= started_on:
            take(tx, office, promise, event, request_id)
    follow(tx, office, [household_id], request_id)


def drop(tx: Transaction, office: Office, member_id: str, request_id: str | None) -> None:
    """Reopen the clocks that were kept when the last job is over soon enough (``promise.reopen_days``): the household's when nobody
    of it works any more, the member's own when this member does not."""
    household_id = _household(tx, member_id)
    follow(tx, office, [household_id], request_id)
    jobs = _proven(tx, office, household_id)
    newest = {str(promise["scope"]): promise for promise in _mine(tx, household_id, member_id)}
    for scope, promise in newest.items():
        theirs = jobs if scope == "household" else jobs[jobs["member_id"] == member_id]
        over, met = theirs["ended_on"].max(), promise["met_on"]
        if (
            theirs["ended_on"].isna().any()
            or promise["state"] not in _KEPT
            or not isinstance(met, date)
            or over.date() < met
        ):
            continue
        take(tx, office, promise, ClockEvent(ClockEventKind.JOB_ENDED, over.date(), by=office.actor), request_id)


def _proven(tx: Transaction, office: Office, household_id: str) -> pd.DataFrame:
    """Return the verified jobs of a household's members of the kinds that keep a promise."""
    home = tx.read("households", columns=["region_code"], household_id=household_id)["region_code"].iloc[0]
    kinds = office.policy(office.today()).at(str(home)[:6]).items("promise.met_by")
    members = tx.read("members", columns=["member_id"], household_id=household_id)["member_id"].tolist()
    jobs = tx.read("placements", member_id=members)
    return jobs[jobs["verified_on"].notna() & (jobs["evidence"] != "none") & jobs["kind"].isin(kinds)]


def _household(tx: Transaction, member_id: str) -> str:
    return str(tx.read("members", columns=["household_id"], member_id=member_id)["household_id"].iloc[0])


def _mine(tx: Transaction, household_id: str, member_id: str) -> list[dict[str, object]]:
    rows = records(tx.read("promises", household_id=household_id).sort_values(["started_on", "promise_id"]))
    return [p for p in rows if p["scope"] == "household" or p["member_id"] == member_id]
