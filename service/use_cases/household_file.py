"""One household, one file (一家一册): everything a caseworker looks at before deciding what to do next."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from matching.deadlines import wish_confirm_due
from matching.entitlements import member_entitlements
from matching.path import path_table
from matching.ranking import rank
from matching.reasons import Reason
from matching.vocabulary import OPEN_REFERRAL_STATES, SEEKING
from service.index import Index
from service.use_cases.appeals import appeals
from service.use_cases.chance import chance_band
from service.use_cases.corrections import current, etag
from service.use_cases.machine import scorer_for
from service.use_cases.readings import note_reading, readable
from service.use_cases.rows import only, records
from service.use_cases.shown import RankedPost, ranked_posts, record_shown
from service.use_cases.worklist_marks import at_least_one
from service.wiring import Office

Row = Mapping[str, object]


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
class Task:
    """Something to be done, and the day it is due; None for at once."""

    code: str
    due_on: date | None
    about: str | None = None


@dataclass(frozen=True, slots=True)
class HouseholdFile:
    """A household's file; ``first`` names the member to begin with, ``chance`` is that of the household by its due day."""

    row: Row
    etag: str
    members: tuple[FileMember, ...]
    first: str | None
    chance: float | None
    promises: tuple[Row, ...]
    history: tuple[Row, ...]
    contacts: tuple[Row, ...]
    pairings: tuple[Row, ...]
    uses: tuple[Row, ...]
    appeals: tuple[Row, ...]
    tasks: tuple[Task, ...]


def household_file(office: Office, household_id: str, *, request_id: str | None = None) -> HouseholdFile:
    """Return a household's file; the best posts it shows go to the journal. NotFound without the household."""
    index = office.now()
    row = current(office, "households", household_id)
    note_reading(office, "households", household_id, "file", columns=office.reads)
    at = np.flatnonzero((index.members["household_id"] == household_id).to_numpy())
    members = _members(office, index, [int(i) for i in at], request_id)
    store = office.store
    contacts = records(
        store.read("contacts", household_id=household_id).sort_values(["contacted_on", "contact_id"], ascending=False)
    )
    promises = records(store.read("promises", household_id=household_id).sort_values(["started_on", "promise_id"]))
    numbers = [str(p["promise_id"]) for p in promises]
    history = records(store.read("journal", object_type="promises", object_id=numbers)) if numbers else []
    member_ids = [str(m.row["member_id"]) for m in members]
    uses = records(store.read("entitlement_uses", member_id=member_ids)) if member_ids else []
    waiting = [a for m in member_ids for a in appeals(office, member_id=m, waiting=False)]
    seeking = [m for m in members if m.chance is not None]
    best = max(seeking, key=lambda m: (m.chance or 0.0, str(m.row["member_id"])), default=None)
    return HouseholdFile(
        readable(office, "households", row), etag(row), tuple(members), None if best is None else str(best.row["member_id"]),
        at_least_one(m.chance or 0.0 for m in seeking) if seeking else None, tuple(promises), tuple(history), tuple(contacts),
        tuple(records(store.read("pairings", household_id=household_id))), tuple(uses), tuple(waiting),
        tuple(_tasks(office, index, row, members, contacts, waiting)),
    )  # fmt: skip


def _members(office: Office, index: Index, at: list[int], request_id: str | None) -> list[FileMember]:
    if not at:
        return []
    frame = index.members.iloc[at].reset_index(drop=True)
    ids = frame["member_id"].tolist()
    tables = {name: office.store.read(name, member_id=ids) for name in (
        "path_records", "referrals", "assessments", "trainings", "placements")}  # fmt: skip
    paths = records(path_table(frame, tables["path_records"], tables["referrals"], tables["assessments"], tables["trainings"],
                               tables["placements"], index.as_of, index.policy))  # fmt: skip
    out = []
    for i, path in zip(at, paths, strict=True):
        member = only(index.members.iloc[[i]])
        mine = records(tables["referrals"][tables["referrals"]["member_id"] == member["member_id"]])
        open_ones = tuple(
            {**r, "title": _title(office, index, str(r["position_id"]))}
            for r in mine
            if r["state"] in OPEN_REFERRAL_STATES
        )
        best, eligible = _best(office, index, i, member, request_id)
        chance = _chance(open_ones, best) if member["willing"] and member["employment_state"] in SEEKING else None
        trainings = tables["trainings"][tables["trainings"]["member_id"] == member["member_id"]]
        out.append(FileMember(
            readable(office, "members", member), only(index.clocks.iloc[[i]]), path, open_ones, best, eligible, chance, None if chance is None else chance_band(chance),
            member_entitlements(member, index.policy, index.as_of, trainings=trainings), int(str(path["assessed"])), tuple(records(trainings)),
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


def _title(office: Office, index: Index, position_id: str) -> str:
    if position_id in index.positions.index:
        return str(index.positions["title"].loc[position_id])
    return str(office.store.read("positions", ["title"], position_id=position_id)["title"].iloc[0])


def _tasks(
    office: Office, index: Index, household: Row, members: list[FileMember], contacts: list[dict[str, object]], filed: list[dict[str, object]]
) -> list[Task]:  # fmt: skip
    today, policy = index.as_of, index.policy
    last = today - timedelta(days=policy.whole("referral.valid_days"))
    out = []
    if household["paired_caseworker_id"] is None:
        out.append(Task("PAIR", None))
    planned = contacts[0]["next_due_on"] if contacts else None
    if not contacts or isinstance(planned, date):
        out.append(Task("CONTACT", planned if isinstance(planned, date) else None))
    for member in members:
        number = str(member.row["member_id"])
        out += [Task("SLIP", r["created_on"] + timedelta(days=policy.whole("referral.valid_days")), f"{r['title']} {r['referral_id']}")
                for r in member.referrals if r["state"] == "issued" and isinstance(r["created_on"], date) and r["created_on"] < last]  # fmt: skip
        out += [
            Task("HAND_OVER", None, f"{r['title']} {r['referral_id']}")
            for r in member.referrals
            if r["state"] == "draft"
        ]
        confirmed = member.row["willing_confirmed_on"]
        if member.chance is not None and isinstance(confirmed, date):
            out.append(Task("CONFIRM_WISH", wish_confirm_due(confirmed, policy), number))
        if member.chance is not None and member.path["next_stage"] is not None:
            out.append(Task(f"PATH_{member.path['next_stage']}", None, number))
    out += [
        Task("APPEAL", a["due_on"], str(a["appeal_id"]))
        for a in filed
        if a["decision"] is None and isinstance(a["due_on"], date)
    ]
    return sorted(out, key=lambda t: (t.due_on or date.min, t.code, t.about or ""))
