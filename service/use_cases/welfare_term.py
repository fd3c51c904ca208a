"""May this member begin another public-welfare post? The counter's lists ask what the night asks, and a referral asks once more."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from matching.arrays import Bits, Bools
from matching.columns import Columns, Table, texts
from matching.eligibility import Gate, bit
from matching.errors import Conflict
from matching.reasons import Reason
from matching.splicing import find
from matching.tables import TABLES
from matching.vocabulary import POSITION_KINDS
from matching.welfare import WELFARE, spent, welfare_term_table
from service.index import Index
from service.storage.transactions import Reader
from service.use_cases.rows import journalled, only
from service.wiring import Office

_WELFARE = POSITION_KINDS.index(WELFARE)

_CODES = frozenset({"GATE_PW_TERM", "UNBLOCK_PW_TERM"})

_WHY = {
    "IN_TERM": "a public-welfare placement runs until {term_ends_on}",
    "LIFETIME_USED": "{times} public-welfare placements were had, all that are usual in a life",
    "NO_REPEAT_CATEGORY": "no category of the member allows a second public-welfare placement",
    "OFFERS_OWED": "{other_offers} posts of other kinds were offered since the last one ended; offer more before a second one",
}


def require_term(office: Office, reader: Reader, member_id: str, kind: str) -> None:
    """Raise Conflict when the member may not begin a public-welfare post today; other kinds pass."""
    if kind != WELFARE:
        return
    standing = _standing(office, reader, member_id)
    if not standing["may_take"]:
        raise Conflict(f"member {member_id}: {_WHY[str(standing['verdict'])].format(**standing)}")


def with_term(office: Office, member_id: str, reasons: tuple[Reason, ...]) -> tuple[Reason, ...]:
    """Return reasons where those that speak of the public-welfare term say what bars: it runs, its times are used, no category, offers owed."""
    if not any(r.code in _CODES for r in reasons):
        return reasons
    with office.store.reading() as reader:
        standing = _standing(office, reader, member_id)
    if standing["may_take"]:
        return reasons
    facts: dict[str, Any] = journalled(
        {k: standing[k] for k in ("verdict", "times", "term_ends_on", "other_offers", "offers_needed")}
    )
    return tuple(replace(r, facts={**r.facts, **facts}) if r.code in _CODES else r for r in reasons)


def _standing(office: Office, reader: Reader, member_id: str) -> dict[str, Any]:
    member = reader.read("members", member_id=member_id)
    referrals = reader.read("referrals", member_id=member_id)
    posts = reader.read("positions", position_id=sorted(set(referrals["position_id"])))
    place = office.policy(office.today()).at(str(member["region_code"].iloc[0])[:6])
    jobs = reader.read("placements", member_id=member_id)
    found = only(welfare_term_table(member, jobs, referrals, posts, office.today(), place))
    return {**found, "offers_needed": place.whole("pw.offers_before_repeat")}


def barred_posts(office: Office, index: Index, i: int, jobs: Table | None = None) -> Bits:
    """Return (n_positions,) the bits that stand against a member's posts from outside the pair, the public-welfare term among them.

    ``jobs`` are rows of the placements that hold the member's, where they are read already.
    """
    out, number = index.taken(i), str(index.pairing.members.ids[i])
    if jobs is None:
        with office.store.reading() as reader:
            jobs = jobs_of(reader, number)
    if ((texts(jobs, "member_id") == number) & (texts(jobs, "kind") == WELFARE)).any():
        with office.store.reading() as reader:
            ends = spent_among(office, reader, index.members.iloc[[i]])[0]
        out |= (ends & (index.pairing.positions.kind == _WELFARE)) * bit(Gate.GATE_PW_TERM)
    return out


def jobs_of(reader: Reader, member_id: str) -> Columns:
    """Return the kinds of the member's placements."""
    return reader.few("placements", ("member_id", "kind"), member_id=member_id)


def barred_members(office: Office, index: Index, j: int) -> Bits:
    """Return (n_members,) the same for one post: of the members who had a public-welfare post, who may not begin this one."""
    out = index.taken_members(j)
    if index.pairing.positions.kind[j] != _WELFARE:
        return out
    with office.store.reading() as reader:
        had = np.unique(reader.read("placements", ["member_id"], kind=WELFARE)["member_id"].to_numpy(dtype=object))
        there, rows = find(index.pairing.members.ids, had)
        rows = rows[there]
        out[rows] |= spent_among(office, reader, index.members.iloc[rows]) * bit(Gate.GATE_PW_TERM)
    return out


def spent_among(office: Office, reader: Reader, members: pd.DataFrame) -> Bools:
    """Return (n,) who may not begin a public-welfare post today; read from the whole record, only for those who have had one."""
    jobs = _of(reader, "placements", "member_id", members["member_id"], kind=WELFARE)
    sent = _of(reader, "referrals", "member_id", jobs["member_id"])
    posts = _of(reader, "positions", "position_id", sent["position_id"])
    today = office.today()
    return spent(members, jobs, sent, posts, today, office.policy(today))


def _of(reader: Reader, table: str, key: str, values: pd.Series, **where: str) -> pd.DataFrame:
    return reader.read_among(table, TABLES[table].names, key, sorted(set(values)), **where)
