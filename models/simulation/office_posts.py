"""Employers, posts, staff and regions as the simulated office has them on file."""

import numpy as np
import pandas as pd

from matching.arrays import Ints
from matching.vocabulary import DIMENSIONS, Education, Insurance
from models.simulation.market import KINDS
from models.simulation.occupations import CERTIFICATES, TRADES
from models.simulation.office import Office, canonical, ids, nullable, pick
from models.simulation.world import FRESH_DAYS

_SCHOOLING = np.array([None, *[level.value for level in list(Education)[1:]]], dtype=object)
_FIVE = ";".join(sorted(i.value for i in Insurance))
_FOUR = "medical;pension;unemployment;work_injury"
_NAMES = (
    ("模拟企业", "模拟商户"),
    ("模拟街道办", "模拟事业单位"),
    ("模拟派遣公司",) * 2,
    ("模拟社区就业基地",) * 2,
    ("模拟灵活用工平台",) * 2,
)
_TYPES = (
    ("enterprise", "individual_business"),
    ("government", "public_institution"),
    ("dispatch_agency",) * 2,
    ("social_org",) * 2,
    ("enterprise",) * 2,
)
_INSTITUTION = 1
"""The class of employers that are asked for a share of hard-to-employ staff."""

REQUIRED_SHARE = 0.02
"""Share the simulated institutions are asked for; no text that was read gives one."""

_WELFARE = {
    "cleaning": "cleaning",
    "guard": "security",
    "clerk": "assistant",
    "care": "community_service",
    "service": "gov_logistics",
}


def employers(office: Office) -> pd.DataFrame:
    """Write the employers of the posts on file."""
    posts, places = office.truth.posts, office.truth.places
    rows = np.unique(np.concatenate([posts.employer[office.posts], _user_units(office)]))
    kind = posts.employer_class[rows]
    second = (office.luck("employer-type", rows) < 0.3).astype(int)
    headcount = np.round(np.exp(3.6 + 1.1 * office.noise("headcount", rows))).astype(int) + 1
    types = [_TYPES[k][s] for k, s in zip(kind, second, strict=True)]
    asked = np.isin(types, _TYPES[_INSTITUTION])
    return canonical("employers", {
        "employer_id": ids("E", rows),
        "name": [f"{_NAMES[k][s]}{n:04d}" for k, s, n in zip(kind, second, rows, strict=True)],
        "type": types,
        "region_code": places.codes[posts.employer_home[rows]],
        "headcount": headcount,
        "required_share": np.where(asked, REQUIRED_SHARE, np.nan),
        "hard_to_employ_count": np.floor(headcount * 0.05 * office.luck("hard-staff", rows)).astype(int),
    })  # fmt: skip


def _user_units(office: Office) -> Ints:
    """Return for each dispatch post on file the unit the work is done for: an employer of the same city."""
    posts = office.truth.posts
    sent = office.posts[posts.kind[office.posts] == 2]
    first = np.searchsorted(posts.employer_city * len(KINDS) + posts.employer_class, posts.city[sent] * len(KINDS))
    size = np.bincount(posts.employer_city[posts.employer_class == 0], minlength=int(posts.city.max(initial=0)) + 1)[
        posts.city[sent]
    ]
    return np.asarray(first + (office.luck("user-unit", sent)[: len(sent)] * size).astype(np.int64))


def positions(office: Office) -> pd.DataFrame:
    """Write the posts as the office last heard of them; some are gone already."""
    posts, places, world, rows = office.truth.posts, office.truth.places, office.world, office.posts
    kind, trade = posts.kind[rows], posts.trade[rows]
    jobs = [TRADES[t].jobs[j] for t, j in zip(trade, posts.job[rows], strict=True)]
    posted = office.date(posts.day[rows])
    verified = office.until_now(posted + (office.luck("verified", rows) < 0.3).astype("timedelta64[D]"))
    user = np.full(len(rows), None, dtype=object)
    user[kind == 2] = ids("E", _user_units(office))
    lift = np.where(
        posts.heavy[rows], np.round(15 + 25 * office.luck("lift", rows)), np.round(8 * office.luck("lift", rows))
    )
    low = np.where(posts.broken[rows], np.round(posts.wage_low[rows] * 0.6 / 1000) * 1000, posts.wage_low[rows])
    high = np.where(posts.broken[rows], low, posts.wage_high[rows])
    left = np.maximum(world.known_left[rows], 0)
    return canonical("positions", {
        "position_id": ids("P", rows),
        "employer_id": ids("E", posts.employer[rows]),
        "user_unit_id": user,
        "kind": np.array(KINDS, dtype=object)[kind],
        "pw_subtype": [_WELFARE[TRADES[t].name] if k == 1 else None for k, t in zip(kind, trade, strict=True)],
        "title": [title + ("（夜班）" if night else "") for (_, title), night in zip(jobs, posts.night[rows], strict=True)],
        "occupation_code": [code for code, _ in jobs],
        "region_code": places.codes[posts.street[rows]],
        "longitude": posts.lng[rows],
        "latitude": posts.lat[rows],
        "home_based": posts.home_based[rows],
        "openings_total": posts.openings[rows],
        "openings_left": left,
        "wage_min": low,
        "wage_max": high,
        "wage_type": np.where(kind == 3, "piece", "monthly"),
        "contract_months": nullable(posts.contract_months[rows], posts.contract_months[rows] > 0),
        "insured": _insured(office),
        "hours_week": posts.hours[rows],
        "shift_start": nullable(posts.shift_start[rows], posts.shift_start[rows] >= 0),
        "shift_end": nullable(posts.shift_end[rows], posts.shift_end[rows] >= 0),
        "night": posts.night[rows],
        "min_education": _SCHOOLING[posts.schooling[rows]],
        "required_certificates": np.where(posts.certificate[rows], np.array(CERTIFICATES, dtype=object)[trade], ""),
        "required_skills": _skills(office),
        "lift_kg": nullable(lift, posts.heavy[rows] | (office.luck("tells-lift", rows) < 0.7)),
        "standing": posts.standing[rows],
        "height": posts.height[rows],
        "chemical": posts.chemical[rows],
        "customer_contact": posts.contact[rows],
        "excluded_task_tags": np.where(posts.low_status[rows], "low_status", ""),
        "training_provided": posts.training[rows],
        "declared_on": posted,
        "verified_on": verified,
        "last_confirmed_on": office.date(world.confirmed[rows]),
        "posted_on": posted,
        "valid_until": posted + posts.valid_days[rows].astype("timedelta64[D]"),
        "review_state": np.where(posts.broken[rows], "quarantined", np.where(np.isnat(verified), "received", "verified")),
        "status": _status(office, left),
    })  # fmt: skip


def _status(office: Office, left: Ints) -> np.ndarray:
    posts, rows = office.truth.posts, office.posts
    until = office.date(posts.day[rows]) + posts.valid_days[rows].astype("timedelta64[D]")
    stale = (office.as_of - office.date(office.world.confirmed[rows])).astype(int) > FRESH_DAYS
    return np.select(
        [posts.broken[rows], left == 0, until < office.as_of, stale], ["paused", "filled", "expired", "stale"], "open"
    )


def _insured(office: Office) -> np.ndarray:
    kind, rows = office.truth.posts.kind[office.posts], office.posts
    employer = pick(office.luck("insured", rows), (_FIVE, _FOUR, "work_injury"), (0.65, 0.20, 0.15))
    return np.select([np.isin(kind, [1, 2]), kind == 0], [_FIVE, employer], "")


def _skills(office: Office) -> list[str]:
    posts, rows = office.truth.posts, office.posts
    return [
        ";".join(f"{DIMENSIONS[d]}:{level:g}" for d, level in zip(dims, levels, strict=True) if level >= 0)
        for dims, levels in zip(posts.dims[rows], posts.levels[rows], strict=True)
    ]


def regions(office: Office) -> pd.DataFrame:
    """Write the real regions of the chosen areas."""
    return office.truth.places.regions.copy()


def agencies(office: Office) -> pd.DataFrame:
    """Write one public employment agency a city."""
    cities = office.truth.places.cities
    names = office.truth.places.regions.set_index("region_code")["name_zh"]
    return canonical("agencies", {
        "agency_id": ids("A", np.arange(len(cities))), "name": [f"模拟{names[c]}公共就业服务中心" for c in cities], "kind": "pes", "region_code": list(cities),
    })  # fmt: skip


def caseworkers(office: Office) -> pd.DataFrame:
    """Write the caseworkers, a city's in a row."""
    each, cities = office.truth.config.caseworkers_per_city, office.truth.places.cities
    rows = np.arange(each * len(cities))
    return canonical("caseworkers", {
        "caseworker_id": ids("K", rows), "agency_id": ids("A", rows // each), "region_scope": np.array(cities, dtype=object)[rows // each],
        "role": "caseworker", "active": True, "max_households": 60,
    })  # fmt: skip
