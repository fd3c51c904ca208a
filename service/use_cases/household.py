"""One household, one file (一家一册): where it stands by the rules, and what a caseworker looks at before deciding what to do next."""

import json
from collections.abc import Iterator, Mapping
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
from matching.ranking import rank
from matching.reasons import Reason
from matching.refusals import refusal_log, tallies
from matching.tasks import Task, TaskRecord, tasks_of
from matching.vocabulary import OPEN_REFERRAL_STATES, SEEKING
from matching.welfare import welfare_term_table
from service.index import Index
from service.use_cases.appeals import appeals
from service.use_cases.approvals import Approval, listed
from service.use_cases.chance import chance_band
from service.use_cases.corrections import current, etag
from service.use_cases.machine import scorer_for
from service.use_cases.readings import note_reading, readable
from service.use_cases.rows import only, records
from service.use_cases.shown import RankedPost, ranked_posts, record_shown
from service.use_cases.worklist_marks import at_least_one
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
    return _standing(office, read)


def _standing(office: Office, read: Mapping[str, pd.DataFrame]) -> HouseholdFile:
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


@dataclass(frozen=True, slots=True)
class FileMember:
    """One member beside the others: values, clock, place on the path, open referrals, the best post of today and what stays closed.

    ``chance`` is P(at least one open referral or the best new post leads to a start in time), None for who does not seek work.
    """

    row: Row
    clock: Row
    path: Row
    referrals: tuple[Row, ...]
    best: RankedPost | None
    eligible: int
    chance: float | None
    band: str | None
    entitlements: tuple[Reason, ...]
    assessed: int
    trainings: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Casefile:
    """What a caseworker sees of a household; ``first`` names the member to begin with, ``chance`` is that of the household by its due day.

    ``kept`` is the household's newest clock where it was kept and no member's clock began since, None otherwise. ``tasks`` are those of the rules and the office's own chores, by due day; ``approvals`` what waits for a second person.
    """

    row: Row
    etag: str
    members: tuple[FileMember, ...]
    first: str | None
    chance: float | None
    promises: tuple[Row, ...]
    kept: Row | None
    history: tuple[Row, ...]
    contacts: tuple[Row, ...]
    pairings: tuple[Row, ...]
    uses: tuple[Row, ...]
    appeals: tuple[Row, ...]
    tasks: tuple[Task, ...]
    approvals: tuple[Approval, ...]


def casefile(office: Office, household_id: str, *, request_id: str | None = None) -> Casefile:
    """Return a household's file as a caseworker works with it; the best posts it shows go to the journal. NotFound without the household."""
    index, store = office.now(), office.store
    row = current(office, "households", household_id)
    note_reading(office, "households", household_id, "file", columns=office.reads)
    read = _read(office, household_id)
    file = _standing(office, read)
    members = _file_members(office, index, read, file, request_id)
    contacts = records(
        store.read("contacts", household_id=household_id).sort_values(["contacted_on", "contact_id"], ascending=False)
    )
    numbers = [str(p["promise_id"]) for p in file.promises]
    member_ids = [m.member_id for m in file.members]
    seeking = [m for m in members if m.chance is not None]
    best = max(seeking, key=lambda m: (m.chance or 0.0, str(m.row["member_id"])), default=None)
    chores = _chores(row, members, contacts)
    return Casefile(
        readable(office, "households", row), etag(row), tuple(members), None if best is None else str(best.row["member_id"]),
        at_least_one(m.chance or 0.0 for m in seeking) if seeking else None, file.promises,
        _kept(file.promises, members),
        tuple(records(store.read("journal", object_type="promises", object_id=numbers))), tuple(contacts),
        tuple(records(store.read("pairings", household_id=household_id))),
        tuple(records(store.read("entitlement_uses", member_id=member_ids))),
        tuple(a for m in member_ids for a in appeals(office, member_id=m, waiting=False)),
        tuple(sorted([*file.tasks, *chores], key=lambda t: (t.due_on or date.min, t.reason.code, t.object_id))), file.approvals,
    )  # fmt: skip


def _kept(promises: tuple[Row, ...], members: list[FileMember]) -> Row | None:
    newest = next((p for p in reversed(promises) if p["member_id"] is None), None)
    if newest is None or not isinstance(met := newest["met_on"], date):
        return None
    begun = [m.clock["started_on"] for m in members if m.clock["days_left"] is not None]
    return None if any(isinstance(on, date) and on > met for on in begun) else newest


def _file_members(
    office: Office, index: Index, read: Mapping[str, pd.DataFrame], file: HouseholdFile, request_id: str | None
) -> list[FileMember]:
    titles = dict(zip(read["positions"]["position_id"], read["positions"]["title"], strict=True))
    out = []
    for stands in file.members:
        i = index.member_row(stands.member_id)
        member = only(index.members.iloc[[i]])
        own = {name: read[name][read[name]["member_id"] == stands.member_id] for name in ("referrals", "trainings")}
        open_ones = tuple(
            {**r, "title": str(titles[r["position_id"]])}
            for r in records(own["referrals"])
            if r["state"] in OPEN_REFERRAL_STATES
        )
        best, eligible = _best(office, index, i, member, request_id)
        chance = _chance(open_ones, best) if member["willing"] and member["employment_state"] in SEEKING else None
        out.append(FileMember(
            readable(office, "members", member), only(index.clocks.iloc[[i]]), stands.path, open_ones, best, eligible, chance,
            None if chance is None else chance_band(chance), stands.entitlements, int(str(stands.path["assessed"])),
            tuple(records(own["trainings"])),
        ))  # fmt: skip
    return out


def _best(office: Office, index: Index, i: int, member: Row, request_id: str | None) -> tuple[RankedPost | None, int]:
    if not member["willing"] or member["employment_state"] not in SEEKING:
        return None, 0
    number = str(member["member_id"])
    ranking = rank(
        index.pairing,
        i,
        scorer_for(office, number),
        float(index.planning_days[i]),
        index.policy,
        limit=1,
        taken=index.taken(i),
    )
    record_shown(office, index, "member.ranking_shown", number, ranking, request_id and f"{request_id}-{number}")
    return next(iter(ranked_posts(index, ranking)), None), ranking.eligible


def _chance(referrals: tuple[Row, ...], best: RankedPost | None) -> float:
    known = [float(str(r["p_placed"])) for r in referrals if r["p_placed"] is not None]
    return at_least_one([*known, *([best.p_placed] if best else [])])


def _chores(household: Row, members: list[FileMember], contacts: list[dict[str, object]]) -> Iterator[Task]:
    """Yield what the office has to do beside what the rules ask: pair, visit, hand over, go on along the path."""
    home = str(household["household_id"])
    if household["paired_caseworker_id"] is None:
        yield Task(home, None, home, None, Reason("TASK_PAIR", {}))
    planned = contacts[0]["next_due_on"] if contacts else None
    if not contacts or isinstance(planned, date):
        yield Task(home, None, home, planned if isinstance(planned, date) else None, Reason("TASK_CONTACT", {}))
    for member in members:
        number = str(member.row["member_id"])
        for r in member.referrals:
            if r["state"] == "draft":
                yield Task(
                    home, number, str(r["referral_id"]), None, Reason("TASK_HAND_OVER", {"title": str(r["title"])})
                )
        if member.chance is not None and member.path["next_stage"] is not None:
            yield Task(home, number, number, None, Reason("TASK_PATH", {"stage": str(member.path["next_stage"])}))
