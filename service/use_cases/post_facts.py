"""What paper and comparison say of a post for one member: pay, way, hours; no score."""

from dataclasses import dataclass

import numpy as np

from matching.entitlements import effective_pay
from service.index import Index
from service.use_cases.rows import only


@dataclass(frozen=True, slots=True)
class PostFacts:
    """One post as a member meets it; pay in fen a month, way to work in minutes, shift in minutes of the day, None unknown."""

    position_id: str
    title: str
    kind: str
    employer: str
    region_code: str
    home_based: bool
    wage_min: int
    wage_max: int
    effective_pay_fen: int | None
    commute_minutes: float | None
    shift_start: int | None
    shift_end: int | None
    hours_week: float | None
    insured: str
    contract_months: int | None
    openings_left: int
    open_referrals: int


def post_facts(index: Index, i: int, j: int) -> PostFacts:
    """Return the facts of an open post (row ``j``) for a member (row ``i``)."""
    post = only(index.positions.iloc[[j]])
    employer = only(index.employers.loc[[str(post["employer_id"])]])
    minutes = float(index.pairing.minutes(np.array([i]), np.array([j]))[0])
    hours = post["hours_week"]
    return PostFacts(
        position_id=str(post["position_id"]), title=str(post["title"]), kind=str(post["kind"]), employer=str(employer["name"]),
        region_code=str(post["region_code"]), home_based=bool(post["home_based"]), wage_min=int(str(post["wage_min"])),
        wage_max=int(str(post["wage_max"])), effective_pay_fen=effective_pay(post, index.policy, index.as_of).total_fen,
        commute_minutes=None if np.isnan(minutes) else minutes, shift_start=_whole(post["shift_start"]),
        shift_end=_whole(post["shift_end"]), hours_week=hours if isinstance(hours, float) else None, insured=str(post["insured"] or ""),
        contract_months=_whole(post["contract_months"]), openings_left=int(str(post["openings_left"])), open_referrals=int(index.held[j]),
    )  # fmt: skip


def _whole(value: object) -> int | None:
    return None if value is None else int(str(value))
