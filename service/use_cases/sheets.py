"""Direct train (就业直通车): the posts of each household on one sheet, and the short message that announces them."""

from dataclasses import dataclass

import numpy as np

from matching.vocabulary import OPEN_REFERRAL_STATES
from service.index import Index
from service.use_cases.corrections import current
from service.use_cases.post_facts import PostFacts, post_facts
from service.use_cases.rows import only, records
from service.wiring import Office


@dataclass(frozen=True, slots=True)
class SheetPost:
    """One post on a sheet: for whom, by which referral or proposal, and what the post is."""

    member_id: str
    referral_id: str
    state: str
    facts: PostFacts


@dataclass(frozen=True, slots=True)
class Sheet:
    """The sheet of one household: its file number, who helps it, when the promise falls due, and the posts of its members."""

    household_id: str
    file_no: str
    caseworker: str | None
    days_left: int | None
    due_on: object
    posts: tuple[SheetPost, ...]


def sheet(office: Office, household_id: str) -> Sheet | None:
    """Return the sheet of a household; None where nothing is proposed to anybody in it. NotFound without the household."""
    current(office, "households", household_id)
    return next(iter(sheets(office, [household_id])), None)


def sheets(office: Office, household_ids: list[str]) -> list[Sheet]:
    """Return the sheets of households that hold an open referral or a proposal, in the order asked."""
    index = office.now()
    people = index.members[index.members["household_id"].isin(household_ids)]
    referrals = office.store.read("referrals", member_id=people.index.tolist(), state=sorted(OPEN_REFERRAL_STATES))
    posts: dict[str, list[SheetPost]] = {}
    for row in records(referrals.sort_values(["member_id", "p_placed", "position_id"], ascending=[True, False, True])):
        member_id, position_id = str(row["member_id"]), str(row["position_id"])
        if position_id in index.positions.index:
            home = str(people["household_id"].loc[member_id])
            facts = post_facts(index, index.member_row(member_id), index.position_row(position_id))
            posts.setdefault(home, []).append(SheetPost(member_id, str(row["referral_id"]), str(row["state"]), facts))
    return [_sheet(index, h, posts[h]) for h in household_ids if h in posts]


def _sheet(index: Index, household_id: str, posts: list[SheetPost]) -> Sheet:
    household = only(index.households.loc[[household_id]])
    rows = np.flatnonzero((index.members["household_id"] == household_id).to_numpy())
    left = [d for d in (index.days_left(int(i)) for i in rows) if d is not None]
    due = index.clocks["due_on"].iloc[rows].min()
    paired = household["paired_caseworker_id"]
    return Sheet(
        household_id, str(household["file_no"]), None if paired is None else str(paired), min(left, default=None),
        None if due != due else due.date(), tuple(posts),
    )  # fmt: skip
