"""The facts behind a reason code: what a person would look at to check it."""

import numpy as np

from matching.arrays import Floats
from matching.pairing import Pairing
from matching.reasons import Fact
from matching.vocabulary import DIMENSIONS, POSITION_KINDS


def facts(pairing: Pairing, code: str, i: int, j: int) -> dict[str, Fact]:
    """Return the facts of a reason code for member row ``i`` and post row ``j``; an unknown code has none."""
    m, p = pairing.members, pairing.positions
    at = np.array([i]), np.array([j])
    match code:
        case "SKILL":
            return _skill(pairing, i, j)
        case "SKILL_DEMAND":
            return {"dimensions": int((~np.isnan(p.need[j])).sum()), "mean_need": _mean(p.need[j])}
        case "SKILL_UNKNOWN":
            untested = ~np.isnan(p.need[j]) & np.isnan(m.skills[i])
            return {
                "dimensions": ";".join(d for d, u in zip(DIMENSIONS, untested, strict=True) if u),
                "count": int(untested.sum()),
            }
        case "COMMUTE":
            return {
                "commute_minutes": _whole(pairing.minutes(*at)[0]),
                "limit_minutes": _whole(m.commute_limit[i]),
                "home_based": bool(p.home_based[j]),
            }
        case "WAGE":
            return {
                "wage_min_fen": _whole(p.wage_min[j]), "wage_max_fen": _whole(p.wage_max[j]),
                "floor_fen": _whole(m.wage_floor[i]), "minimum_fen": _whole(p.minimum_wage[j]),
            }  # fmt: skip
        case "EXPERIENCE":
            return {
                "months_same": _whole(pairing.experience(*at, None)[0]), "months_field": _whole(pairing.experience(*at, 1)[0]),
                "months_needed": _whole(p.experience_months[j]),
            }  # fmt: skip
        case "WISH":
            return {
                "wanted": bool(pairing.shared("wanted", *at)[0] > 0),
                "told": bool(pairing.asked("wanted", *at)[0] > 0),
            }
        case "TASK":
            return {"excluded": ";".join(sorted(_both(pairing, i, j)))}
        case "EDUCATION":
            return {"have": int(m.education[i]), "need": int(p.min_education[j])}
        case "CERTIFICATE":
            needed = p.certificates.sets[int(p.certificates.codes[j])]
            return {"needed": ";".join(needed), "held": int(pairing.shared("certificates", *at)[0])}
        case _:
            return _conditions(pairing, code, i, j)


def _conditions(pairing: Pairing, code: str, i: int, j: int) -> dict[str, Fact]:
    m, p = pairing.members, pairing.positions
    match code:
        case "SCHEDULE":
            night = m.night_ok[i]
            return {
                "night": bool(p.night[j]), "night_ok": None if np.isnan(night) else bool(night), "hours_week": _whole(p.hours[j]),
                "shift_start": _whole(p.shift_start[j]), "shift_end": _whole(p.shift_end[j]),
            }  # fmt: skip
        case "STRAIN":
            return {
                "lift_kg": _whole(p.lift_kg[j]), "standing": bool(p.standing[j]), "customer_contact": bool(p.contact[j])
            }  # fmt: skip
        case "CONTRACT":
            return {"contract_months": _whole(p.contract_months[j]), "insured": int(p.insured[j])}
        case "TRAINING":
            return {"training_provided": bool(p.training[j])}
        case "OPENINGS":
            return {"openings_left": int(p.openings_left[j])}
        case "COMPETITION":
            return {"pending": int(p.pending[j]), "openings_left": int(p.openings_left[j])}
        case "FRESHNESS":
            return {"days_listed": _whole(p.days_listed[j]), "days_unconfirmed": _whole(p.days_unconfirmed[j])}
        case "FLEXIBLE":
            return {"flexible": bool(m.flexible[i])}
        case "REACHABLE":
            return {"reachable": float(m.reachable[i])}
        case "AVAILABLE":
            return {"days": _whole(max(m.available_in[i], 0.0))}
        case "KIND":
            return {"kind": POSITION_KINDS[int(p.kind[j])]}
        case _:
            return {}


def _skill(pairing: Pairing, i: int, j: int) -> dict[str, Fact]:
    need, have = pairing.positions.need[j], pairing.members.skills[i]
    gap = need - have
    known = ~np.isnan(gap)
    if not known.any():
        return {"dimension": None, "have": None, "need": None, "met": 0, "asked": int((~np.isnan(need)).sum())}
    k = int(np.argmax(np.where(known, gap, -np.inf)))
    return {
        "dimension": DIMENSIONS[k], "have": _whole(have[k]), "need": _whole(need[k]),
        "met": int((gap[known] <= 0).sum()), "asked": int((~np.isnan(need)).sum()),
    }  # fmt: skip


def _both(pairing: Pairing, i: int, j: int) -> set[str]:
    m, p = pairing.members.excluded_tasks, pairing.positions.task_tags
    return set(m.sets[int(m.codes[i])]) & set(p.sets[int(p.codes[j])])


def _mean(values: Floats) -> int | None:
    known = values[~np.isnan(values)]
    return round(float(known.mean())) if len(known) else None


def _whole(value: float) -> int | None:
    return None if np.isnan(value) else round(float(value))
