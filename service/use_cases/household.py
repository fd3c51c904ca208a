"""One household, one file (一家一册): where it stands by the rules, and what a caseworker looks at before deciding what to do next."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from matching.arrays import Bits
from matching.categories import category_prompts
from matching.columns import Columns, among, chosen, texts
from matching.deadlines import recognition_due, review_request_until
from matching.entitlements import member_entitlements
from matching.errors import NotFound
from matching.household import LEFT, household_table, milestone_table
from matching.offers import offer_duty_table
from matching.path import path_table
from matching.policy.load import PolicyBook
from matching.priority import welfare_order
from matching.promise import promise_table
from matching.promise_clock import warning
from matching.ranking import Ranking, rank
from matching.reasons import Reason
from matching.refusals import refusal_log, tallies
from matching.scoring import Scorer
from matching.tasks import Task, TaskRecord, tasks_of
from matching.vocabulary import OPEN_REFERRAL_STATES, SEEKING, HouseholdStatus
from matching.welfare import welfare_term_table
from service.index import Index
from service.storage.transactions import Reader
from service.use_cases.appeals import timed
from service.use_cases.approvals import Approval, listed
from service.use_cases.chance import chance_band
from service.use_cases.corrections import etag
from service.use_cases.machine import scorer_for
from service.use_cases.readings import note_within, readable
from service.use_cases.rows import only, records
from service.use_cases.shown import RankedPost, Showing, ranked_posts, show_within, showing
from service.use_cases.welfare_term import barred_posts
from service.use_cases.worklist_marks import at_least_one
from service.wiring import Office

Row = Mapping[str, object]
_OF_MEMBERS = (
    "referrals", "placements", "assessments", "path_records", "trainings", "appeals", "notices",
)  # fmt: skip
_OF_POSTS = ("position_id", "kind", "title")


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
    with office.store.reading() as reader:
        read = _read(reader, household_id)
    with office.store.write() as tx:
        tx.journal(
            actor=office.actor, role=office.role, action="household.file_shown", object_type="households", object_id=household_id,
            request_id=request_id,
        )  # fmt: skip
    return _standing(office, read)


def _standing(office: Office, read: Mapping[str, Columns]) -> HouseholdFile:
    household = only(read["households"])
    today = office.today()
    place = office.policy(today).at(str(household["region_code"])[:6])
    clocks = records(promise_table(read["households"], read["members"], read["promises"], today, place))
    left = [int(str(c["days_left"])) for c in clocks if c["days_left"] is not None]
    promises = sorted(records(read["promises"]), key=lambda p: (str(p["started_on"]), str(p["promise_id"])))
    about = {str(p["promise_id"]) for p in promises} | set(texts(read["members"], "member_id"))
    waiting, _ = listed(office, state="proposed", about=about, limit=500)
    record = TaskRecord(**{name: read[name] for name in TaskRecord.__dataclass_fields__})
    state = household_table(
        read["households"], read["members"], read["placements"], read["referrals"], today, place, read["promises"]
    )
    return HouseholdFile(
        household, only(state), tuple(promises), warning(min(left, default=None), place), *_recognition(office, household, place),
        _members(read, clocks, today, place), tuple(records(milestone_table(read["placements"], today, place))),
        tasks_of(record, state, today, place), tuple(waiting),
    )  # fmt: skip


def _read(reader: Reader, household_id: str) -> dict[str, Columns]:
    households = reader.few("households", household_id=household_id)
    if not len(households):
        raise NotFound(f"no household {household_id!r} in the record; check the number")
    members = reader.few("members", household_id=household_id)
    ids = texts(members, "member_id").tolist()
    own = {name: reader.few(name, member_id=ids) for name in _OF_MEMBERS}
    posts = reader.few("positions", _OF_POSTS, position_id=sorted(set(texts(own["referrals"], "position_id"))))
    promises = reader.few("promises", household_id=household_id)
    return {"households": households, "members": members, "promises": promises, "positions": posts, **own}


def _beside(reader: Reader, household_id: str, read: Mapping[str, Columns]) -> dict[str, Columns]:
    """Read what a caseworker sees of a household beside where it stands; of the journal what was done with its promises."""
    numbers = texts(read["promises"], "promise_id").tolist()
    return {
        "contacts": reader.few("contacts", household_id=household_id),
        "pairings": reader.few("pairings", household_id=household_id),
        "entitlement_uses": reader.few("entitlement_uses", member_id=texts(read["members"], "member_id").tolist()),
        "journal": reader.few("journal", object_type="promises", object_id=numbers),
    }


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
    read: Mapping[str, Columns], clocks: list[dict[str, object]], today: date, place: PolicyBook
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
        own = chosen(read["trainings"], texts(read["trainings"], "member_id") == mine)
        out.append(MemberStanding(
            mine, clocks[k], paths[k], tuple(t.reason for t in tallies(mine, log, today, place)), welfare[k],
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
    etag: str


@dataclass(frozen=True, slots=True)
class Casefile:
    """What a caseworker sees of a household; ``first`` names the member to begin with, ``chance`` is that of the household by its due day,
    None where no promise of a seeking member runs.

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
    jobs: tuple[Row, ...]
    contacts: tuple[Row, ...]
    pairings: tuple[Row, ...]
    uses: tuple[Row, ...]
    appeals: tuple[Row, ...]
    tasks: tuple[Task, ...]
    approvals: tuple[Approval, ...]


def casefile(office: Office, household_id: str, *, request_id: str | None = None) -> Casefile:
    """Return a household's file as a caseworker works with it; the best posts it shows go to the journal. NotFound without the household."""
    index = office.now()
    with office.store.reading() as reader:
        read = _read(reader, household_id)
        read |= _beside(reader, household_id, read)
    file = _standing(office, read)
    members, shown = _file_members(office, index, read, file, request_id)
    _write_down(office, household_id, shown)
    row = file.household
    contacts = sorted(
        records(read["contacts"]), key=lambda c: (str(c["contacted_on"]), str(c["contact_id"])), reverse=True
    )
    seeking = [m for m in members if m.chance is not None]
    in_time = [m.chance or 0.0 for m in seeking if m.clock["days_left"] is not None]
    best = max(seeking, key=lambda m: (m.chance or 0.0, str(m.row["member_id"])), default=None)
    chores = _chores(row, members, contacts)
    filed = timed(records(read["appeals"]), office.today())
    return Casefile(
        readable(office, "households", row), etag(row), tuple(members), None if best is None else str(best.row["member_id"]),
        at_least_one(in_time) if in_time else None, file.promises, _kept(file.promises, members),
        tuple(records(read["journal"])), _jobs(read), tuple(contacts), tuple(records(read["pairings"])), tuple(records(read["entitlement_uses"])),
        tuple(a for m in file.members for a in filed if a["member_id"] == m.member_id),
        tuple(sorted([*file.tasks, *chores], key=lambda t: (t.due_on or date.min, t.reason.code, t.object_id))), file.approvals,
    )  # fmt: skip


def _jobs(read: Mapping[str, Columns]) -> tuple[Row, ...]:
    """Return the members' jobs, the newest first, with the title of a post they were referred to."""
    titles = _titles(read)
    rows = sorted(
        records(read["placements"]), key=lambda r: (str(r["started_on"]), str(r["placement_id"])), reverse=True
    )
    return tuple({**row, "title": titles.get(str(row["position_id"]))} for row in rows)


def _titles(read: Mapping[str, Columns]) -> dict[str, str]:
    return dict(zip(*(texts(read["positions"], name).tolist() for name in ("position_id", "title")), strict=True))


def _write_down(office: Office, household_id: str, shown: list[Showing]) -> None:
    with office.store.write() as tx:
        note_within(tx, office, "households", household_id, "file", columns=office.reads)
        for made in shown:
            show_within(tx, office, made)


def _kept(promises: tuple[Row, ...], members: list[FileMember]) -> Row | None:
    newest = next((p for p in reversed(promises) if p["member_id"] is None), None)
    if newest is None or not isinstance(met := newest["met_on"], date):
        return None
    begun = [m.clock["started_on"] for m in members if m.clock["days_left"] is not None]
    return None if any(isinstance(on, date) and on > met for on in begun) else newest


def _file_members(
    office: Office, index: Index, read: Mapping[str, Columns], file: HouseholdFile, request_id: str | None
) -> tuple[list[FileMember], list[Showing]]:
    titles = _titles(read)
    still = chosen(read["referrals"], among(texts(read["referrals"], "state"), OPEN_REFERRAL_STATES))
    held = [{**r, "title": titles[str(r["position_id"])]} for r in records(still)]
    courses = records(read["trainings"])
    people = {str(row["member_id"]): row for row in records(read["members"])}
    out, shown = [], []
    for stands in file.members:
        number, i = stands.member_id, index.member_row(stands.member_id)
        member, own = people[number], tuple(r for r in held if r["member_id"] == number)
        seeks = bool(member["willing"]) and member["employment_state"] in SEEKING
        best, eligible = None, 0
        if seeks:
            bars = barred_posts(office, index, i, read["placements"])
            ranking = _ranking(index, i, scorer_for(office, number, read["notices"]), bars)
            best, eligible = next(iter(ranked_posts(index, ranking)), None), ranking.eligible
            shown.append(
                showing(index, "member.ranking_shown", number, ranking, request_id and f"{request_id}-{number}")
            )
        chance = _chance(own, best) if seeks else None
        out.append(FileMember(
            readable(office, "members", member), {k: v for k, v in stands.clock.items() if k != "member_id"}, stands.path, own, best, eligible, chance,
            None if chance is None else chance_band(chance), stands.entitlements, int(str(stands.path["assessed"])),
            tuple(c for c in courses if c["member_id"] == number), etag(member),
        ))  # fmt: skip
    return out, shown


def _ranking(index: Index, i: int, scorer: Scorer, taken: Bits) -> Ranking:
    days_left = float(index.planning_days[i])
    return rank(index.pairing, i, scorer, days_left, index.policy, limit=1, taken=taken)


def _chance(referrals: tuple[Row, ...], best: RankedPost | None) -> float:
    known = [float(str(r["p_placed"])) for r in referrals if r["p_placed"] is not None]
    return at_least_one([*known, *([best.p_placed] if best else [])])


def _chores(household: Row, members: list[FileMember], contacts: list[dict[str, object]]) -> Iterator[Task]:
    """Yield what the office has to do for a file that is open beside what the rules ask: pair, visit, hand over, go on along the path."""
    home = str(household["household_id"])
    if household["status"] in (*LEFT, HouseholdStatus.REFUSED):
        return
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
