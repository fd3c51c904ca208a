"""Referrals, jobs, promises and contacts as the simulated office has them on file: late, in part missing, in part wrong."""

import numpy as np
import pandas as pd

from matching.arrays import Bools, Ints
from matching.eligibility import Gate, verdicts
from matching.encoding import encode_members, encode_positions, no_assessments
from matching.pairing import Pairing
from matching.policy.load import PolicyBook, load_policy
from matching.promise import due_date
from matching.vocabulary import JUSTIFIED_BY_RULE
from models.simulation.ledger import DECLINED, FILLED, NO_SHOW, OPEN, REJECTED, REVOKED, SELF_FOUND, STARTED
from models.simulation.market import KINDS
from models.simulation.office import Office, canonical, ids, kept_referrals, pick
from models.simulation.people import People

WRONG, SLIP_DAYS = 0.015, 7
"""Share of failures recorded as another failure; calendar days until an outcome that does not come back is written off (section 7.5)."""

TELLS_PREFERENCE = 0.35
"""Share of rejections out of a hidden preference in which the employer says so (assumption)."""

PAIR_GATES = (
    Gate.GATE_KIND, Gate.GATE_REGION, Gate.GATE_COMMUTE, Gate.GATE_SCHEDULE, Gate.GATE_NIGHT, Gate.GATE_HOURS, Gate.GATE_HEALTH,
    Gate.GATE_CERT, Gate.GATE_EDUCATION, Gate.GATE_PW_ELIGIBILITY, Gate.GATE_RESERVED,
)  # fmt: skip
"""Gates that say whether an offer was suitable; the others speak of the day or of the post alone."""

_STATE = {
    NO_SHOW: "no_show",
    REJECTED: "rejected",
    DECLINED: "declined",
    STARTED: "started",
    FILLED: "filled",
    REVOKED: "revoked",
}
_SOURCES = np.array(["caseworker", "fair", "night"], dtype=object)


def referrals(office: Office, pairing: Pairing | None) -> pd.DataFrame:
    """Write the referrals; without a pairing of all members and posts on file, suitability stays unknown."""
    log = office.world.referrals
    rows = np.flatnonzero(kept_referrals(office, log))
    take = {
        name: log.column(name)[rows]
        for name in ("member", "post", "day", "rank", "source", "propensity", "ended_as", "ended_day")
    }
    state, ended = _recorded(office, rows, take)
    reason, side = _reasons(office, take, state)
    justified = np.where(
        np.isin(reason, list(JUSTIFIED_BY_RULE)),
        "yes",
        np.where(office.luck("justified", take["member"], take["post"]) < 0.3, "no", "undecided"),
    )
    office_made = take["source"] < 2
    return canonical("referrals", {
        "referral_id": ids("R", rows),
        "member_id": ids("M", take["member"]),
        "position_id": ids("P", take["post"]),
        "created_on": office.date(take["day"]),
        "source": _SOURCES[take["source"]],
        "caseworker_id": np.where(office_made, ids("K", office.truth.people.caseworker[office.truth.people.household[take["member"]]]), None),
        "rank_shown": take["rank"],
        "propensity": take["propensity"],
        "suitability": "unknown" if pairing is None else _suitability(office, take["member"], take["post"], pairing),
        "state": state,
        "reason": reason,
        "reason_side": side,
        "refusal_justified": np.where(state == "declined", justified, None),
        "outcome_on": ended,
        "started_on": np.where(state == "started", ended, np.datetime64("NaT", "D")),
    })  # fmt: skip


def _recorded(office: Office, rows: Ints, take: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return state and day of outcome as recorded."""
    log, m, p = office.world.referrals, take["member"], take["post"]
    how = take["ended_as"].copy()
    wrong = np.isin(how, [NO_SHOW, REJECTED, DECLINED]) & (office.luck("wrong", m, p, take["day"])[: len(m)] < WRONG)
    how[wrong] = (how[wrong] + 1) % 3
    state = np.array([_STATE.get(x, "issued") for x in how], dtype=object)
    ended = office.date(take["ended_day"])
    goes_on = how == OPEN
    for name, step, fates in (
        ("attend_day", "attended", (1, 2, 3)),
        ("decide_day", "offered", (2, 3)),
        ("accept_day", "accepted", (3,)),
    ):
        passed = (log.column(name)[rows] <= office.day) & np.isin(log.column("fate")[rows], fates)
        state[goes_on & passed] = step
    lost = office.world.slip_missing(m, p, take["day"]) & ((take["ended_as"] == OPEN) | (take["ended_as"] <= STARTED))
    written_off = office.date(take["day"]) + np.timedelta64(SLIP_DAYS, "D")
    state[lost] = np.where(written_off[lost] <= office.as_of, "no_slip", "issued")
    ended[lost] = office.until_now(written_off[lost])
    return state, ended


def _reasons(office: Office, take: dict[str, np.ndarray], state: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    truth, m, p = office.truth, take["member"], take["post"]
    odds = truth.odds(m, p, take["day"])
    luck = office.luck("reason", m, p, take["day"])[: len(m)]
    people, posts = truth.people, truth.posts
    why_not = np.select(
        [
            (odds.bias < 0) & (luck < TELLS_PREFERENCE), posts.schooling[p] > people.education[m], odds.gap > 0.9, luck > 0.75,
        ],
        [np.where(odds.bias <= -0.7, "AGE", "SEX"), "CERT", "SKILL", "EXPERIENCE"], "INTERVIEW",
    )  # fmt: skip
    low = posts.wage[p] < truth.reservation(m, take["day"])
    declined = np.select(
        [
            odds.minutes > people.commute_limit[m], posts.night[p] & ~people.night_ok[m], truth.clash(m, p), posts.low_status[p] & people.picky[m], low,
            people.care[m] & (luck < 0.4), luck < 0.55,
        ],
        ["COMMUTE_OVER_LIMIT", "NIGHT_SHIFT", "SCHEDULE_CLASH", "STIGMA", "WAGE", "CARE", "NONE_GIVEN"], "TASK_DISLIKE",
    )  # fmt: skip
    left = office.world.gone_day[people.household[m]] == take["ended_day"]
    names = ("rejected", "declined", "filled", "revoked")
    is_state = [state == name for name in names]
    reason = np.select(is_state, [why_not, declined, "FULL", np.where(left, "WITHDRAWN", "FOUND_OTHER")], "")
    side = np.select([*is_state, state == "no_show"], ["employer", "member", "employer", "member", "member"], "")
    return np.where(reason == "", None, reason.astype(object)), np.where(side == "", None, side.astype(object))


def pairs_on_file(office: Office, members: pd.DataFrame, positions: pd.DataFrame) -> Pairing:
    """Return all members on file beside all posts on file."""
    day = office.as_of.item()
    policy = load_policy("440000", day)
    return Pairing(
        encode_members(members, no_assessments(), day, policy), encode_positions(positions, pd.DataFrame(), day, policy)
    )


def _suitability(office: Office, m: Ints, p: Ints, pairing: Pairing) -> np.ndarray:
    """Return what the product's own gates say of each pair."""
    policy = load_policy("440000", office.as_of.item())
    found = verdicts(pairing, policy, np.searchsorted(office.members, m), np.searchsorted(office.posts, p))
    bits = np.uint32(sum(1 << int(gate) for gate in PAIR_GATES))
    return np.where(found.blocked & bits, "failed", np.where(found.unknown & bits, "unknown", "ok"))


def placements(office: Office) -> pd.DataFrame:
    """Write the jobs the office knows of; those found out later carry no referral."""
    jobs, posts, truth = office.world.jobs, office.truth.posts, office.truth
    on_file = np.isin(np.array(jobs.member, dtype=np.int64), office.members)
    rows = np.flatnonzero((np.array(jobs.known_day, dtype=np.int64) <= office.day) & on_file)
    m, p, k, day = (
        np.array(getattr(jobs, name), dtype=np.int64)[rows] for name in ("member", "post", "referral", "day")
    )
    late = np.array(jobs.known_day, dtype=np.int64)[rows] > day
    alone = p == SELF_FOUND
    started = office.date(day)
    ended = office.until_now(np.array(jobs.ends_on, dtype="datetime64[D]")[rows])
    verified = office.until_now(
        np.where(
            late,
            office.date(np.array(jobs.known_day, dtype=np.int64)[rows]),
            started + (2 + 8 * office.luck("verified-job", m, day)[: len(m)]).astype("timedelta64[D]"),
        )
    )
    kind = np.where(
        alone,
        np.where(office.luck("alone-as", m)[: len(m)] < 0.2, "self_employed", "EMPLOYER"),
        np.array(KINDS, dtype=object)[posts.kind[np.maximum(p, 0)]],
    )
    proof = pick(
        office.luck("evidence", m, day)[: len(m)],
        ("contract", "insurance", "registration", "visit"),
        (0.65, 0.20, 0.10, 0.05),
    )
    contract = posts.contract_months[np.maximum(p, 0)]
    return canonical("placements", {
        "placement_id": ids("J", rows),
        "referral_id": np.where(late | ~np.isin(m, office.members), None, ids("R", k)),
        "member_id": ids("M", m),
        "position_id": np.where(alone | ~np.isin(p, office.posts), None, ids("P", np.maximum(p, 0))),
        "kind": kind,
        "started_on": started,
        "contract_months": pd.Series(np.where(alone | (contract < 0), np.nan, contract)),
        "wage": pd.Series(np.where(alone, np.nan, np.round(truth.posts.wage[np.maximum(p, 0)]))),
        "evidence": np.where(late, "insurance", proof),
        "verified_on": verified,
        "ended_on": ended,
        "end_reason": np.where(np.isnat(ended), None, pick(office.luck("end-reason", m, day)[: len(m)], ("quit", "dismissed", "contract_end"), (0.6, 0.25, 0.15))),
    })  # fmt: skip


def promises(office: Office) -> pd.DataFrame:
    """Write the households' clocks, and a clock of their own for members of a few households that asked for it."""
    people, clocks = office.truth.people, office.world.clocks
    household = np.array(clocks.household, dtype=np.int64)
    started = np.array(clocks.started_on, dtype="datetime64[D]")
    learnt = np.array(clocks.met_known, dtype=np.int64)
    met = np.where(
        (learnt >= 0) & (learnt <= office.day),
        np.array(clocks.met_on, dtype="datetime64[D]"),
        np.datetime64("NaT", "D"),
    )
    keep = (started <= office.as_of) & np.isin(household, office.households) & ~(met < started)
    rows = np.flatnonzero(keep)
    frame = pd.DataFrame({
        "household": household[rows], "member": -1, "started_on": started[rows], "met_on": met[rows],
        "void_on": np.array(clocks.void_on, dtype="datetime64[D]")[rows], "reopened": np.array(clocks.reopened, dtype=bool)[rows],
    })  # fmt: skip
    frame = pd.concat([frame, _member_clocks(office, frame)], ignore_index=True)
    own = frame["member"].to_numpy() >= 0
    state, due, paused = _clock_states(office, frame)
    return canonical("promises", {
        "promise_id": ids("C", np.arange(len(frame))),
        "household_id": ids("H", frame["household"].to_numpy()),
        "member_id": np.where(own, ids("M", np.maximum(frame["member"].to_numpy(), 0)), None),
        "scope": np.where(own, "member", "household"),
        "started_on": frame["started_on"],
        "due_on": due,
        "state": state,
        "paused_days": paused,
        "met_on": frame["met_on"],
        "void_reason": np.where(state == "void", "wish_withdrawn", None),
        "breach_cause": np.where(np.isin(state, ["breached", "met_late"]), _causes(office, frame["household"].to_numpy(), people), None),
    })  # fmt: skip


def _member_clocks(office: Office, clocks: pd.DataFrame) -> pd.DataFrame:
    people, jobs = office.truth.people, office.world.jobs
    first = clocks.drop_duplicates("household")
    asked = first[office.luck("own-clock", first["household"].to_numpy())[: len(first)] < 0.08].set_index("household")
    rows = office.members[np.isin(people.household[office.members], asked.index) & ~people.picky[office.members]]
    known = [(m, d) for m, d, k in zip(jobs.member, jobs.day, jobs.known_day, strict=True) if k <= office.day]
    job = dict(reversed(known))
    met = office.date(np.array([job.get(m, -1) for m in rows.tolist()], dtype=np.int64))
    mine = asked.loc[people.household[rows]]
    out = pd.DataFrame({
        "household": people.household[rows], "member": rows, "started_on": mine["started_on"].to_numpy(), "met_on": met,
        "void_on": mine["void_on"].to_numpy(), "reopened": False,
    })  # fmt: skip
    return out[~(out["met_on"] < out["started_on"])]


def _clock_states(office: Office, frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, Ints]:
    """Return state, last day and paused days of each clock; the clock is met when the job began by the last day put off by the pauses."""
    household = frame["household"].to_numpy()
    started = frame["started_on"].to_numpy().astype("datetime64[D]")
    met, void = (frame[name].to_numpy().astype("datetime64[D]") for name in ("met_on", "void_on"))
    policy = load_policy("440000", office.as_of.item())
    due = _due(office, policy, household, started)
    luck = office.luck("pause", household, started.astype(np.int64))[: len(frame)]
    pausable = (office.as_of - started).astype(int) > 14
    paused = np.where(pausable & (luck < 0.04), 3 + (luck * 250).astype(np.int64), 0)
    last = due + paused.astype("timedelta64[D]")
    state = np.select(
        [~np.isnat(met) & (met <= last), ~np.isnat(met), ~np.isnat(void) & (void <= last), last < office.as_of, (luck < 0.01) & pausable, frame["reopened"].to_numpy()],
        ["met", "met_late", "void", "breached", "paused", "reopened"], "running",
    )  # fmt: skip
    return state, due, paused


def _due(office: Office, policy: PolicyBook, household: Ints, started: np.ndarray) -> np.ndarray:
    """Compute each distinct (city, start) once."""
    cities = office.truth.places.cities
    keys = pd.DataFrame({"city": office.truth.people.city[household], "start": started})
    due = np.full(len(keys), np.datetime64("NaT", "D"))
    for (city, start), rows in keys.groupby(["city", "start"]).indices.items():
        due[rows] = np.datetime64(due_date(pd.Timestamp(start).date(), policy.at(cities[city])), "D")
    return due


def _causes(office: Office, household: Ints, people: People) -> np.ndarray:
    """Return why each household's promise broke: the commonest end of its referrals."""
    log = office.world.referrals
    owner = people.household[log.column("member")] if len(log) else np.zeros(0, dtype=np.int64)
    ended = log.column("ended_as")
    counts = np.column_stack(
        [np.bincount(owner[ended == how], minlength=len(people.arrives)) for how in (REJECTED, DECLINED, NO_SHOW)]
    )
    names = np.array(["employer_rejected", "member_declined", "unreachable"], dtype=object)
    return np.where(counts.sum(axis=1) == 0, "no_suitable_post", names[counts.argmax(axis=1)])[household]


def pairings(office: Office, households: pd.DataFrame) -> pd.DataFrame:
    """Write who helps which household."""
    return canonical("pairings", {
        "pairing_id": ids("B", office.households),
        "caseworker_id": households["paired_caseworker_id"],
        "household_id": households["household_id"],
        "started_on": households["recognised_on"],
        "ended_on": households["closed_on"],
    })  # fmt: skip


def contacts(office: Office, households: pd.DataFrame) -> pd.DataFrame:
    """Write a visit or call about every three weeks while a file is open."""
    start = households["recognised_on"].to_numpy().astype("datetime64[D]") + np.timedelta64(5, "D")
    closed = households["closed_on"].to_numpy().astype("datetime64[D]")
    stop = np.where(np.isnat(closed), office.as_of, closed)
    count = np.clip((stop - start).astype(int) // 21 + 1, 0, None)
    row = np.repeat(np.arange(len(households)), count)
    turn = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    luck = office.luck("contact", row, turn)[: len(row)]
    on = start[row] + (turn * 21).astype("timedelta64[D]")
    visit: Bools = turn % 2 == 0
    return canonical("contacts", {
        "contact_id": ids("T", np.arange(len(row))),
        "household_id": households["household_id"].to_numpy(dtype=object)[row],
        "kind": np.where(visit, "home_visit", "phone"),
        "contacted_on": on,
        "caseworker_id": households["paired_caseworker_id"].to_numpy(dtype=object)[row],
        "result": np.where(luck < 0.82, np.where(visit, "visited", "reached"), "no_answer"),
        "next_due_on": on + np.timedelta64(30, "D"),
    })  # fmt: skip
