"""Rank posts for a member when another system sends both; nothing of it is stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from matching.errors import BadInput
from matching.nightly_scene import NightState, scene_of
from matching.ranking import rank
from matching.reasons import Reason
from matching.tables import TABLES
from matching.unblock import nearest_changes
from service.use_cases.benefits import benefits_of
from service.use_cases.rows import only, records
from service.use_cases.shown import RankedPost, ranked_post
from service.wiring import Office

Row = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class InlineQuestion:
    """A member and posts as rows of the data dictionary; required columns that matter only in a record may be left out."""

    member: Row
    positions: Sequence[Row]
    assessments: Sequence[Row]
    employers: Sequence[Row]
    days_left: int
    limit: int
    as_of: date | None
    region_code: str | None


@dataclass(frozen=True, slots=True)
class InlineAnswer:
    """The ranked posts, the changes that would open more, and the fields that were not read."""

    of: str
    as_of: date
    days_left: int
    model_version: str
    considered: int
    eligible: int
    blocked: Mapping[str, int]
    items: tuple[RankedPost, ...]
    nearest_change: tuple[Reason, ...]
    ignored: tuple[str, ...]


def rank_inline(office: Office, question: InlineQuestion) -> InlineAnswer:
    """Rank the posts sent for the member sent. TableError names the first value that cannot be used."""
    as_of = question.as_of or office.today()
    rows = _rows(question, as_of)
    policy = office.policy(as_of).at(question.region_code or office.settings.region_code)
    state = NightState(as_of, **{name: pd.DataFrame(list(table)) for name, table in rows.items() if table})
    if len(state["positions"]) != len(question.positions):
        raise BadInput("positions: expected each position_id once")
    pairing = scene_of(state, policy).pairing
    ranking = rank(pairing, 0, office.scorer(), float(question.days_left), policy, limit=question.limit)
    employers = {e["employer_id"]: e for e in records(state["employers"])}
    member, posts = only(state["members"]), records(state["positions"])
    items = tuple(
        ranked_post(
            x,
            pairing,
            posts[x.position],
            str(employers[posts[x.position]["employer_id"]]["name"]),
            0,
            benefits_of(
                member, posts[x.position], policy, employer=employers[posts[x.position]["employer_id"]], household=None
            ),
        )
        for x in ranking.items
    )
    ignored = {
        f"{name}.{key}" for name, table in rows.items() for row in table for key in row if key not in TABLES[name].names
    }
    return InlineAnswer(
        str(member["member_id"]), as_of, question.days_left, ranking.model_version, ranking.considered, ranking.eligible,
        ranking.blocked, items, nearest_changes(pairing, policy, 0), tuple(sorted(ignored)),
    )  # fmt: skip


def _rows(question: InlineQuestion, as_of: date) -> dict[str, list[Row]]:
    """Fill in what a record must have and a question need not: identifiers, days, the employers of the posts."""
    day = as_of.isoformat()
    member: Row = {"member_id": "inline", "registered_on": day, "willing": True, **question.member}
    member = {"household_id": member["member_id"], "region_code": question.region_code or "440000", **member}
    positions: list[Row] = [
        {"employer_id": "inline", "title": str(p["occupation_code"]), "posted_on": day, "last_confirmed_on": day, "openings_total": 1,
         "openings_left": p.get("openings_total", 1), "review_state": "verified", "region_code": member["region_code"], **p}
        for p in question.positions
    ]  # fmt: skip
    told = {str(e["employer_id"]) for e in question.employers}
    others = [{"employer_id": e, "name": e, "region_code": member["region_code"]}
              for e in sorted({str(p["employer_id"]) for p in positions} - told)]  # fmt: skip
    employers = [{"name": e["employer_id"], "region_code": member["region_code"], **e} for e in question.employers]
    return {
        "members": [member],
        "positions": positions,
        "assessments": [{"member_id": member["member_id"], "assessed_on": day, **a} for a in question.assessments],
        "employers": [*employers, *others],
    }
