"""One household, one file: its state, its clocks gross and net, where each member stands, and what has to be done."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd

from matching.categories import category_prompts
from matching.deadlines import recognition_due, review_request_until
from matching.entitlements import member_entitlements
from matching.errors import NotFound
from matching.household import household_table, milestone_table
from matching.offers import offer_duty_table
from matching.path import path_table
from matching.policy.load import PolicyBook
from matching.priority import welfare_order
from matching.promise import promise_table
from matching.promise_clock import warning
from matching.reasons import Reason
from matching.refusals import refusal_log, tallies
from matching.tasks import Task, TaskRecord, tasks_of
from matching.welfare import welfare_term_table
from service.use_cases.approvals import Approval, listed
from service.use_cases.rows import only, records
from service.wiring import Office

Row = Mapping[str, object]
_OF_MEMBERS = (
    "referrals", "placements", "assessments", "path_records", "trainings", "appeals", "notices",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class MemberStanding:
    """Where one member stands: clock, path, refusal counters, welfare posts, offers owed, what may apply, what may be used."""

    member_id: str
    clock: Row
    path: Row
    refusals: tuple[Reason, ...]
    welfare: Row
    welfare_place: int
    offers: Row
    may_apply: tuple[Reason, ...]
    entitlements: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class HouseholdFile:
    """A household's file as it stands today.

    ``state`` is derived from the members' jobs (``household_table``) beside ``household`` as recorded; ``promises`` every stored clock,
    the newest last; ``warning`` the threshold of days left that is reached; ``decide_by`` and ``review_until`` the last days to decide on
    recognition and to ask for a review, None where neither runs or no rule is known.
    """

    household: Row
    state: Row
    promises: tuple[Row, ...]
    warning: Reason | None
    decide_by: date | None
    review_until: date | None
    members: tuple[MemberStanding, ...]
    milestones: tuple[Row, ...]
    tasks: tuple[Task, ...]
    approvals: tuple[Approval, ...]


def household_file(office: Office, household_id: str, *, request_id: str | None = None) -> HouseholdFile:
    """Return a household's file today; that it was read is an entry in the journal. NotFound without the household."""
    read = _read(office, household_id)
    with office.store.write() as tx:
        tx.journal(
            actor=office.actor, role=office.role, action="household.file_shown", object_type="households", object_id=household_id,
            request_id=request_id,
        )  # fmt: skip
    household = only(read["households"])
    today = office.today()
    place = office.policy(today).at(str(household["region_code"])[:6])
    clocks = promise_table(read["households"], read["members"], read["promises"], today, place)
    left = clocks["days_left"].min()
    promises = records(read["promises"].sort_values(["started_on", "promise_id"]))
    waiting = _waiting(office, {str(p["promise_id"]) for p in promises} | set(read["members"]["member_id"]))
    record = TaskRecord(**{name: read[name] for name in TaskRecord.__dataclass_fields__})
    state = household_table(read["households"], read["members"], read["placements"], read["referrals"], today, place)
    return HouseholdFile(
        household, only(state), tuple(promises), warning(None if pd.isna(left) else int(left), place),
        *_recognition(office, household, place), _members(read, clocks, today, place),
        tuple(records(milestone_table(read["placements"], today, place))), tasks_of(record, today, place), waiting,
    )  # fmt: skip


def _read(office: Office, household_id: str) -> dict[str, pd.DataFrame]:
    households = office.store.read("households", household_id=household_id)
    if households.empty:
        raise NotFound(f"no household {household_id!r} in the record; check the number")
    members = office.store.read("members", household_id=household_id)
    ids = members["member_id"].tolist()
    own = {name: office.store.read(name, member_id=ids) for name in _OF_MEMBERS}
    posts = office.store.read("positions", position_id=sorted(set(own["referrals"]["position_id"])))
    promises = office.store.read("promises", household_id=household_id)
    return {"households": households, "members": members, "promises": promises, "positions": posts, **own}


def _waiting(office: Office, about: set[str]) -> tuple[Approval, ...]:
    """Return what waits for a second person about these promises and members."""
    found, after = [], None
    while True:
        page, after = listed(office, state="proposed", limit=500, after=after)
        found += [a for a in page if a.object_id in about]
        if after is None:
            return tuple(found)


def _recognition(office: Office, household: Row, place: PolicyBook) -> tuple[date | None, date | None]:
    """Return the days that run from an application or a refusal, told by the journal."""
    status = str(household["status"])
    if status not in ("applied", "refused"):
        return None, None
    entries = office.store.read("journal", object_id=household["household_id"], action=f"household.{status}")
    if entries.empty:
        return None, None
    since = date.fromisoformat(json.loads(entries["after"].iloc[-1])["on"])
    return (recognition_due(since, place), None) if status == "applied" else (None, review_request_until(since, place))


def _members(
    read: Mapping[str, pd.DataFrame], clocks: pd.DataFrame, today: date, place: PolicyBook
) -> tuple[MemberStanding, ...]:
    members, households = read["members"], read["households"]
    paths = records(
        path_table(
            members, read["path_records"], read["referrals"], read["assessments"], read["trainings"], read["placements"], today, place
        )
    )  # fmt: skip
    welfare = records(
        welfare_term_table(members, read["placements"], read["referrals"], read["positions"], today, place)
    )
    offers = records(offer_duty_table(members, read["referrals"], today, place))
    prompts = category_prompts(households, members, today, place)
    order = welfare_order(households, members, today, place)
    log = refusal_log(read["referrals"], read["notices"], read["appeals"], today)
    out = []
    for k, member in enumerate(records(members)):
        mine = str(member["member_id"])
        own = read["trainings"][read["trainings"]["member_id"] == mine]
        out.append(MemberStanding(
            mine, records(clocks.iloc[[k]])[0], paths[k], tuple(t.reason for t in tallies(mine, log, today, place)), welfare[k],
            int(order[k]), offers[k], prompts.get(mine, ()), member_entitlements(member, place, today, trainings=own),
        ))  # fmt: skip
    return tuple(out)
