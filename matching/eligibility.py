"""May this member be proposed this post? Tri-state, for many pairs at once, with reasons on demand."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from matching.arrays import Bits, Bools, Floats, Ints
from matching.pair_columns import PositionColumns
from matching.pairing import KM_PER_DEGREE, Pairing, reach_km
from matching.policy.load import PolicyBook
from matching.reasons import Decision, Fact, Reason, Verdict
from matching.vocabulary import DIMENSIONS, POSITION_KINDS, FunctionalLimit


class Gate(IntEnum):
    """What can stand between a member and a post; the value is the bit in a verdict's mask."""

    GATE_NOT_SEEKING = 0
    GATE_AGE_LEGAL = 1
    GATE_CLOSED = 2
    GATE_STALE = 3
    GATE_QUARANTINE = 4
    GATE_EMPLOYER_BARRED = 5
    GATE_BELOW_MIN_WAGE = 6
    GATE_KIND = 7
    GATE_REGION = 8
    GATE_COMMUTE = 9
    GATE_SCHEDULE = 10
    GATE_NIGHT = 11
    GATE_HOURS = 12
    GATE_HEALTH = 13
    GATE_CERT = 14
    GATE_EDUCATION = 15
    GATE_SKILL = 16
    GATE_PW_ELIGIBILITY = 17
    GATE_PW_TERM = 18
    GATE_RESERVED = 19
    GATE_ACCOMMODATION = 20
    GATE_NOT_AVAILABLE = 21
    GATE_ALREADY_REFERRED = 22
    GATE_LOCK = 23


MEMBER_GATES = (Gate.GATE_NOT_SEEKING, Gate.GATE_AGE_LEGAL, Gate.GATE_NOT_AVAILABLE)
"""Gates that depend on the member alone."""

POSITION_GATES = (
    Gate.GATE_CLOSED, Gate.GATE_STALE, Gate.GATE_QUARANTINE, Gate.GATE_EMPLOYER_BARRED, Gate.GATE_BELOW_MIN_WAGE,
)  # fmt: skip
"""Gates that depend on the post alone."""

_WELFARE = POSITION_KINDS.index("PUBLIC_WELFARE")


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Verdicts of many pairs: bit ``Gate`` of ``blocked`` says not met, of ``unknown`` says it cannot be told; both (n,) uint32."""

    blocked: Bits
    unknown: Bits

    @property
    def eligible(self) -> Bools:
        """(n,) nothing stands against the pair; unknowns do not exclude."""
        return np.asarray(self.blocked == 0)


def verdicts(pairing: Pairing, policy: PolicyBook, mi: Ints, pj: Ints) -> Verdicts:
    """Judge pairs: member rows ``mi`` (n,), or (1,) for one member beside all of them, against post rows ``pj`` (n,)."""
    found = Verdicts(pairing.of_posts(_blocked)[pj], pairing.of_posts(_unknown)[pj])
    _mark(found, _states(pairing, policy, mi, pj))
    return found


def _mark(found: Verdicts, states: Iterable[tuple[Gate, Ints]]) -> None:
    """Set the bits of gates by their states (n,), or (1,) where it is the same for all: 1 met, 0 unknown, -1 not met."""
    for gate, state in states:
        for bits, stands in ((found.blocked, state < 0), (found.unknown, state == 0)):
            if stands.any():
                bits |= stands * bit(gate)


def bit(gate: Gate) -> np.uint32:
    """Return the bit of a gate in a mask."""
    return np.uint32(1 << gate)


def position_gates(pairing: Pairing) -> Bits:
    """Return (n_positions,) the bits of the gates that depend on the post alone; worked out once a pairing."""
    return pairing.of_posts(_blocked)


def _blocked(p: PositionColumns) -> Bits:
    return _of_posts(p).blocked


def _unknown(p: PositionColumns) -> Bits:
    return _of_posts(p).unknown


def _of_posts(p: PositionColumns) -> Verdicts:
    """Return what the posts alone decide, (n_positions,) each."""
    found = Verdicts(*(np.zeros(len(p), dtype=np.uint32) for _ in range(2)))
    _mark(found, [
        (Gate.GATE_CLOSED, _state(p.open)), (Gate.GATE_STALE, p.fresh), (Gate.GATE_QUARANTINE, p.review),
        (Gate.GATE_EMPLOYER_BARRED, _state(~p.barred_employer)), (Gate.GATE_BELOW_MIN_WAGE, p.wage_gate),
    ])  # fmt: skip
    return found


def out_of_reach(pairing: Pairing, i: int) -> Bits:
    """Return (n_positions,) the bits of region and way of posts that are plainly out of member row ``i``'s reach.

    What it blocks ``verdicts`` blocks by the same gates; it looks at the region's code and at a square around the home, and asks no
    further.
    """
    p = pairing.positions
    out = np.zeros(len(p), dtype=np.uint32)
    if pairing.members.accepted_regions.sizes[pairing.members.accepted_regions.codes[i]]:
        accepted = pairing.shared_by("regions", i) > 0
        out |= (~accepted[p.region.codes] & ~p.home_based) * bit(Gate.GATE_REGION)
    limit, lng, lat = (float(x[i]) for x in (pairing.members.commute_limit, pairing.members.lng, pairing.members.lat))
    if not np.isnan(limit + lng + lat):
        degrees = (float(reach_km(np.array(limit))) * 1.001 + 0.01) / KM_PER_DEGREE
        narrowest = max(float(np.cos(np.radians(abs(lat) + degrees))), 1e-6)
        north, east = np.abs(p.lat - lat), np.abs(p.lng - lng)
        away = ((north > degrees) & ~np.isnan(east)) | ((east > degrees / narrowest) & ~np.isnan(north))
        out |= (away & ~p.home_based) * bit(Gate.GATE_COMMUTE)
    return out


_MET = np.ones(1, dtype=np.int8)
"""The state of a gate that nobody asks anything of."""


def _state(met: Bools, unknown: Bools | None = None) -> Ints:
    state = met.view(np.int8) * np.int8(2) - np.int8(1)
    return state if unknown is None else np.where(unknown, np.int8(0), state)


def _states(pairing: Pairing, policy: PolicyBook, mi: Ints, pj: Ints) -> list[tuple[Gate, Ints]]:
    """Return the state of every gate that depends on the member, (n,) or (1,) where it is the same for all: 1 met, 0 unknown, -1 not met."""
    m, p = pairing.members, pairing.positions
    by_schooling = policy.flag("suitability.education_gate")
    return [
        (Gate.GATE_NOT_SEEKING, _state(m.seeking[mi])),
        (Gate.GATE_AGE_LEGAL, m.age_gate[mi]),
        (Gate.GATE_NOT_AVAILABLE, _state(m.available_in[mi] <= policy.number("suitability.available_within_days"))),
        (Gate.GATE_KIND, _state(_listed(pairing, "kinds", mi, pj))),
        (Gate.GATE_REGION, _state(_listed(pairing, "regions", mi, pj) | p.home_based[pj])),
        (Gate.GATE_COMMUTE, _commute(pairing, mi, pj)),
        (Gate.GATE_SCHEDULE, _shift(pairing, mi, pj)),
        (Gate.GATE_NIGHT, _night(pairing, mi, pj)),
        (Gate.GATE_HOURS, _hours(pairing, mi, pj)),
        (Gate.GATE_HEALTH, _health(pairing, policy, mi, pj)),
        (Gate.GATE_CERT, _state(_covered(pairing, "certificates", mi, pj))),
        (Gate.GATE_EDUCATION, _state(m.education[mi] >= p.min_education[pj]) if by_schooling else _MET),
        (Gate.GATE_SKILL, _essential(pairing, policy, mi, pj)),
        (Gate.GATE_PW_ELIGIBILITY, _welfare_category(pairing, policy, mi, pj)),
        (Gate.GATE_PW_TERM, _welfare_term(pairing, policy, mi, pj)),
        (Gate.GATE_RESERVED, _state(_listed(pairing, "reserved", mi, pj))),
        (Gate.GATE_ACCOMMODATION, _covered(pairing, "accommodations", mi, pj).view(np.int8)),
    ]


def _listed(pairing: Pairing, name: str, mi: Ints, pj: Ints) -> Bools:
    """Return whether nothing is asked or something asked for is there."""
    free = pairing.asked(name, mi, pj) == 0
    return np.asarray(free if free.all() else free | (pairing.shared(name, mi, pj) > 0))


def _covered(pairing: Pairing, name: str, mi: Ints, pj: Ints) -> Bools:
    """Return whether everything asked for is there."""
    asked = pairing.asked(name, mi, pj)
    return np.asarray(pairing.shared(name, mi, pj) >= asked if asked.any() else asked == 0)


def _commute(pairing: Pairing, mi: Ints, pj: Ints) -> Ints:
    limit, home = pairing.members.commute_limit[mi], pairing.positions.home_based[pj]
    if np.isnan(limit).all():
        return _state(home, ~home)
    minutes = pairing.minutes(mi, pj)
    return _state((minutes <= limit) | home, np.isnan(minutes) | np.isnan(limit) & ~home)


def _hours(pairing: Pairing, mi: Ints, pj: Ints) -> Ints:
    most = pairing.members.max_hours[mi]
    return _MET if np.isnan(most).all() else _state(~(pairing.positions.hours[pj] > most))


def _shift(pairing: Pairing, mi: Ints, pj: Ints) -> Ints:
    m, p = pairing.members, pairing.positions
    early, late = m.earliest_start[mi], m.latest_end[mi]
    if np.isnan(early).all() and np.isnan(late).all():
        return _MET
    start, end = p.shift_start[pj], p.shift_end[pj]
    clash = (start < early) | (end > late) | ((end < start) & ~np.isnan(late))
    untold = (np.isnan(start) & ~np.isnan(early)) | (np.isnan(end) & ~np.isnan(late))
    return _state(~clash, ~clash & untold)


def _night(pairing: Pairing, mi: Ints, pj: Ints) -> Ints:
    ok = pairing.members.night_ok[mi]
    if (ok == 1.0).all():
        return _MET
    night = pairing.positions.night[pj]
    return _state(~night | (ok == 1.0), night & np.isnan(ok))


def _health(pairing: Pairing, policy: PolicyBook, mi: Ints, pj: Ints) -> Ints:
    limits = pairing.members.functional_limits
    told = limits.codes[mi]
    limited = [u for u in np.unique(told) if limits.sets[u]]
    if not limited:
        return _MET
    rows, posts = np.broadcast_arrays(told, pj)
    out = np.ones(len(rows), dtype=np.int8)
    for u in limited:
        here = np.flatnonzero(rows == u)
        states = _limit_states(pairing, policy, posts[here])
        out[here] = np.min([states.get(name, np.zeros(len(here), dtype=np.int8)) for name in limits.sets[u]], axis=0)
    return out


def _limit_states(pairing: Pairing, policy: PolicyBook, pj: Ints) -> dict[str, Ints]:
    """Known functional limit → (n,) at posts ``pj`` (n,): 1 respected, -1 not, 0 must be asked."""
    p = pairing.positions
    heavy, standing, height = p.lift_kg[pj] > policy.number("task.heavy_lift_kg"), p.standing[pj], p.height[pj]
    return {
        FunctionalLimit.NO_HEAVY_LIFT: _state(~heavy),
        FunctionalLimit.NO_LONG_STANDING: _state(~standing),
        FunctionalLimit.SEAT_ONLY: _state(~standing & ~heavy),
        FunctionalLimit.NO_HEIGHT: _state(~height),
        FunctionalLimit.NO_NIGHT: _state(~p.night[pj]),
        FunctionalLimit.NO_CHEMICAL: _state(~p.chemical[pj]),
        FunctionalLimit.NO_CROWD: _state(~p.contact[pj]),
        FunctionalLimit.LOW_VISION: np.where(height, np.int8(-1), np.int8(0)),
        FunctionalLimit.LOW_HEARING: np.where(p.contact[pj], np.int8(0), np.int8(1)),
    }


def _essential(pairing: Pairing, policy: PolicyBook, mi: Ints, pj: Ints) -> Ints:
    p = pairing.positions
    at = np.flatnonzero(pairing.of_posts(asks_essential)[pj])
    if not len(at):
        return _MET
    rows, posts = (x[at] for x in np.broadcast_arrays(mi, pj))
    out = np.ones(max(len(mi), len(pj)), dtype=np.int8)
    gap: Floats = np.where(p.essential[posts], p.need[posts] - pairing.members.skills[rows], -np.inf)
    known: Bools = np.asarray(~np.isnan(gap))
    worst: Floats = np.max(np.where(known, gap, -np.inf), axis=1)
    out[at] = np.where(
        worst > policy.number("suitability.essential_skill_tolerance"), -1, np.where(known.all(axis=1), 1, 0)
    )
    return out


def asks_essential(p: PositionColumns) -> Bools:
    """Return (n_positions,) whether a post asks for a skill it cannot do without."""
    return np.asarray(p.essential.any(axis=1))


def _welfare_category(pairing: Pairing, policy: PolicyBook, mi: Ints, pj: Ints) -> Ints:
    allowed = set(policy.items("pw.eligible_categories"))
    column = pairing.members.categories
    holds = np.array([bool(allowed.intersection(s)) for s in column.sets], dtype=bool)[column.codes[mi]]
    return _MET if holds.all() else _state((pairing.positions.kind[pj] != _WELFARE) | holds)


def _welfare_term(pairing: Pairing, policy: PolicyBook, mi: Ints, pj: Ints) -> Ints:
    m = pairing.members
    spent = (m.pw_times[mi] >= policy.whole("pw.max_lifetime")) | (
        m.pw_months[mi] >= policy.number("pw.max_months") * policy.number("pw.max_lifetime")
    )
    return _state((pairing.positions.kind[pj] != _WELFARE) | ~spent) if spent.any() else _MET


def decide(pairing: Pairing, policy: PolicyBook, i: int, j: int, extra: Bits | None = None) -> Decision:
    """Judge one pair with the facts of everything that blocks it or is not known; the same rules as ``verdicts``.

    ``extra`` (1,) adds blocked bits known only outside the pair (a lock, an open referral).
    """
    found = verdicts(pairing, policy, np.array([i]), np.array([j]))
    blocked = int(found.blocked[0]) | (int(extra[0]) if extra is not None else 0)
    reasons = tuple(Reason(g.name, gate_facts(pairing, policy, g, i, j)) for g in Gate if blocked >> g & 1)
    unknowns = unknown_reasons(pairing, policy, int(found.unknown[0]), i, j)
    verdict = Verdict.NOT_MET if blocked else Verdict.UNKNOWN if unknowns else Verdict.MET
    return Decision(verdict, reasons, unknowns)


def unknown_reasons(pairing: Pairing, policy: PolicyBook, unknown: int, i: int, j: int) -> tuple[Reason, ...]:
    """Return what cannot be told of a pair, from the bits ``verdicts`` gave it, with the facts a person would ask for."""
    return tuple(
        Reason(g.name.replace("GATE_", "UNKNOWN_"), gate_facts(pairing, policy, g, i, j))
        for g in Gate
        if unknown >> g & 1
    )


def _whole(value: float) -> int | None:
    return None if np.isnan(value) else round(float(value))


def gate_facts(pairing: Pairing, policy: PolicyBook, gate: Gate, i: int, j: int) -> dict[str, Fact]:
    """Return the facts a person needs to check one gate of one pair."""
    m, p = pairing.members, pairing.positions
    at_i, at_j = np.array([i]), np.array([j])
    facts: dict[Gate, Callable[[], dict[str, Fact]]] = {
        Gate.GATE_CLOSED: lambda: {"openings_left": int(p.openings_left[j])},
        Gate.GATE_STALE: lambda: {"days_unconfirmed": _whole(p.days_unconfirmed[j]), "limit_days": _whole(policy.number("freshness.days"))},
        Gate.GATE_BELOW_MIN_WAGE: lambda: {"wage_fen": _whole(p.wage_max[j]), "minimum_fen": _whole(p.minimum_wage[j])},
        Gate.GATE_KIND: lambda: {"kind": POSITION_KINDS[int(p.kind[j])], "accepted": ";".join(m.kinds_ok.sets[int(m.kinds_ok.codes[i])])},
        Gate.GATE_REGION: lambda: {"region_code": p.region.sets[int(p.region.codes[j])][0], "accepted": ";".join(m.accepted_regions.sets[int(m.accepted_regions.codes[i])])},
        Gate.GATE_COMMUTE: lambda: {"commute_minutes": _whole(float(pairing.minutes(at_i, at_j)[0])), "limit_minutes": _whole(m.commute_limit[i])},
        Gate.GATE_SCHEDULE: lambda: {
            "shift_start": _whole(p.shift_start[j]), "shift_end": _whole(p.shift_end[j]),
            "earliest_start": _whole(m.earliest_start[i]), "latest_end": _whole(m.latest_end[i]),
        },
        Gate.GATE_NIGHT: lambda: {"night": bool(p.night[j])},
        Gate.GATE_HOURS: lambda: {"hours_week": _whole(p.hours[j]), "limit_hours": _whole(m.max_hours[i])},
        Gate.GATE_HEALTH: lambda: {"limits": _violated(pairing, policy, i, j), "lift_kg": _whole(p.lift_kg[j])},
        Gate.GATE_CERT: lambda: {"missing": ";".join(_missing_certificates(pairing, i, j))},
        Gate.GATE_EDUCATION: lambda: {"have": int(m.education[i]), "need": int(p.min_education[j])},
        Gate.GATE_SKILL: lambda: _skill_facts(pairing, i, j),
        Gate.GATE_PW_TERM: lambda: {"times": int(m.pw_times[i]), "months": _whole(m.pw_months[i])},
        Gate.GATE_RESERVED: lambda: {"reserved": ";".join(p.reserved.sets[int(p.reserved.codes[j])])},
        Gate.GATE_ACCOMMODATION: lambda: {"needed": ";".join(m.accommodations.sets[int(m.accommodations.codes[i])])},
        Gate.GATE_NOT_AVAILABLE: lambda: {"days": _whole(m.available_in[i])},
    }  # fmt: skip
    return facts.get(gate, dict)()


def _violated(pairing: Pairing, policy: PolicyBook, i: int, j: int) -> str:
    column = pairing.members.functional_limits
    states = _limit_states(pairing, policy, np.array([j]))
    names = column.sets[int(column.codes[i])]
    found = {n: int(states[n][0]) if n in states else 0 for n in names}
    worst = min(found.values(), default=1)
    return ";".join(n for n in names if found[n] == worst and worst < 1)


def _missing_certificates(pairing: Pairing, i: int, j: int) -> list[str]:
    m, p = pairing.members.certificates, pairing.positions.certificates
    held = set(m.expanded[int(m.codes[i])])
    return [c for c in p.sets[int(p.codes[j])] if c not in held]


def _skill_facts(pairing: Pairing, i: int, j: int) -> dict[str, Fact]:
    p = pairing.positions
    need: Floats = np.where(p.essential[j], p.need[j], np.nan)
    gap = need - pairing.members.skills[i]
    if np.isnan(gap).all():
        open_ones = [d for d, x in zip(DIMENSIONS, need, strict=True) if not np.isnan(x)]
        return {
            "dimension": open_ones[0] if open_ones else None,
            "have": None,
            "need": _whole(np.nanmax(need)) if open_ones else None,
        }
    k = int(np.nanargmax(gap))
    return {"dimension": DIMENSIONS[k], "have": _whole(pairing.members.skills[i, k]), "need": _whole(need[k])}
