"""The employer desk's list and file: every post by what it waits for, what was found on it, and whom it may be proposed to."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from matching.arrays import Bools, Ints
from matching.columns import among, texts
from matching.encoding import days_unconfirmed
from matching.errors import BadInput, NotFound
from matching.occupations import Suggestion, suggest
from matching.reasons import Reason
from matching.vocabulary import OPEN_REFERRAL_STATES
from service.exchange.catalogue import tidy
from service.storage.transactions import Reader
from service.use_cases.corrections import etag
from service.use_cases.post_review import findings
from service.use_cases.rank import rank_position
from service.use_cases.rows import only, records
from service.wiring import Office

Row = Mapping[str, Any]

WAITS = ("quarantined", "received", "stale", "open", "paused", "filled", "closed")
"""What a post waits for, in the order in which the desk works: each post is in one."""

_COLUMNS = (
    "position_id", "employer_id", "kind", "title", "occupation_code", "region_code", "openings_total", "openings_left", "wage_min",
    "wage_max", "verified_on", "last_confirmed_on", "posted_on", "valid_until", "review_state", "status",
)  # fmt: skip
_SORTED_BY = (
    "position_id", "kind", "region_code", "verified_on", "last_confirmed_on", "posted_on", "review_state", "status",
)  # fmt: skip
"""Columns the list is narrowed and ordered by; the others are read for the posts of the page alone."""

_OF_THE_PERSON = frozenset({"HEALTH", "ACCOMMODATION"})
"""Reasons that tell something of a member's body; the desk does not need them."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the list is narrowed to; ``words`` is part of a title, or a number of a post or unit."""

    waits: str = ""
    kind: str = ""
    region: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class DeskList:
    """A page of posts in the order of ``WAITS``, those confirmed longest ago first; ``counts`` are of every post of the region and kind, ``matching`` of all that was asked."""

    counts: Mapping[str, int]
    matching: int
    items: tuple[Row, ...]
    next: str | None
    regions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PostFile:
    """One post: its row, what it waits for, its employer, findings, open referrals, what was done with it, and the ``etag`` a correction needs."""

    post: Row
    waits: str
    days_unconfirmed: int
    employer: Row
    findings: tuple[Row, ...]
    open_referrals: int
    history: tuple[Row, ...]
    suggestions: tuple[Suggestion, ...]
    etag: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """One member a post may be proposed to, as the desk sees them: no value of the person, and how much has to be asked first."""

    member_id: str
    rank: int
    days_left: int | None
    chance: str
    p_placed: float
    reasons: tuple[Reason, ...]
    to_ask: int


@dataclass(frozen=True, slots=True)
class Candidates:
    """The reverse list of a post; ``blocked`` counts the rules that stand against the others."""

    position_id: str
    model_version: str
    considered: int
    eligible: int
    blocked: Mapping[str, int]
    items: tuple[Candidate, ...]


def desk_list(office: Office, asked: Asked = Asked(), *, limit: int = 60, after: str | None = None) -> DeskList:
    """Return a page of posts; ``after`` is the ``next`` of the page before. BadInput for an unknown state."""
    if asked.waits and asked.waits not in WAITS:
        raise BadInput(f"state: expected one of {', '.join(WAITS)}, found {asked.waits[:20]!r}")
    today = office.today()
    with office.store.reading() as reader:
        posts = reader.seen("positions", (*_SORTED_BY, *(("title", "employer_id") if asked.words.strip() else ())))
        codes, kinds = texts(posts, "region_code"), texts(posts, "kind")
        here = np.fromiter((code.startswith(asked.region) for code in codes), dtype=bool, count=len(codes))
        here &= (kinds == asked.kind) | (not asked.kind)
        waits, age = _waits(office, posts), days_unconfirmed(posts, today).astype(np.int64)
        counted = Counter(waits[here].tolist())
        keep = here & ((waits == asked.waits) | (not asked.waits))
        if asked.words.strip():
            keep &= _has(reader, posts, asked.words)
        ids = texts(posts, "position_id")
        order = np.flatnonzero(keep)
        turn = np.array([WAITS.index(name) for name in waits], dtype=np.int64)
        order = order[np.lexsort((-age[order], turn[order]))]  # rows are read in the order of their numbers
        matching, order = len(order), _behind(order, ids, age, turn, after)
        page = order[:limit]
        found = {str(r["position_id"]): r for r in _with_names(reader, ids[page].tolist())}
    items = tuple({**found[ids[k]], "waits": waits[k], "days_unconfirmed": int(age[k])} for k in page)
    return DeskList(
        {name: counted[name] for name in WAITS}, matching, items,
        f"{turn[page[-1]]}.{age[page[-1]]}.{ids[page[-1]]}" if len(order) > limit else None, tuple(sorted({code[:6] for code in codes})),
    )  # fmt: skip


def post_file(office: Office, position_id: str) -> PostFile:
    """Return everything the desk shows of one post. NotFound without it."""
    with office.store.reading() as reader:
        frame = reader.read("positions", position_id=position_id)
        if frame.empty:
            raise NotFound(f"no post {position_id!r} in the record; check the identifier")
        post, found = only(frame), findings(reader, office, frame)
        employer = only(reader.read("employers", employer_id=post["employer_id"]))
        held = reader.read("referrals", ["referral_id"], position_id=position_id, state=sorted(OPEN_REFERRAL_STATES))
        entries = reader.read("journal", object_type="positions", object_id=position_id)
    acts = entries[entries["action"].str.startswith("position.") & ~entries["action"].str.contains("shown|read")]
    return PostFile(
        post, str(_waits(office, frame)[0]), int(days_unconfirmed(frame, office.today())[0]), employer, tuple(found), len(held),
        tuple(records(acts[["at", "actor", "action", "reason"]])[::-1]),
        suggest(tidy(str(post["title"])), tidy(str(post["duties"] or ""))), etag(post),
    )  # fmt: skip


def candidates(office: Office, position_id: str, *, limit: int = 20, request_id: str | None = None) -> Candidates:
    """Return the members of the caller's regions an open post may be proposed to, best first; what is shown goes to the journal.

    NotFound when the post is not open.
    """
    found = rank_position(office, position_id, limit=limit, request_id=request_id)
    items = tuple(
        Candidate(
            m.member_id, m.rank, m.days_left, m.chance, m.p_placed, tuple(r for r in m.reasons if r.code not in _OF_THE_PERSON),
            len(m.unknowns),
        )
        for m in found.items
    )  # fmt: skip
    return Candidates(position_id, found.model_version, found.considered, found.eligible, found.blocked, items)


def _waits(office: Office, posts: pd.DataFrame) -> np.ndarray:
    """Return (n,) what each post waits for."""
    status, review = texts(posts, "status"), texts(posts, "review_state")
    old = days_unconfirmed(posts, office.today()) > office.policy(office.today()).number("freshness.days")
    tests = [
        among(status, ("closed", "expired")), status == "filled", status == "paused", review == "quarantined", review == "received",
        (status == "stale") | old,
    ]  # fmt: skip
    return np.select(tests, ["closed", "filled", "paused", "quarantined", "received", "stale"], "open").astype(object)


def _has(reader: Reader, posts: pd.DataFrame, words: str) -> Bools:
    wanted = words.strip()
    names = reader.seen("employers", ["employer_id", "name"])
    units = set(names.loc[names["name"].str.contains(wanted, regex=False), "employer_id"])
    firms = texts(posts, "employer_id")
    named = (texts(posts, "position_id") == wanted) | (firms == wanted) | among(firms, units)
    return np.asarray(named | posts["title"].str.contains(wanted, regex=False).to_numpy(dtype=bool))


def _with_names(reader: Reader, position_ids: list[str]) -> list[dict[str, Any]]:
    page = reader.seen("positions", _COLUMNS, position_id=position_ids)
    units = reader.seen("employers", ["employer_id", "name"], employer_id=sorted(set(page["employer_id"])))
    names = dict(zip(units["employer_id"], units["name"], strict=True))
    return [{**row, "employer": names.get(row["employer_id"], "")} for row in records(page)]


def _behind(order: Ints, ids: np.ndarray, age: Ints, turn: Ints, after: str | None) -> Ints:
    if after is None:
        return order
    place = re.fullmatch(r"(\d)\.(-?\d{1,6})\.(.+)", after)
    if place is None:
        raise BadInput(f"after: expected the `next` of an earlier page, found {after[:40]!r}; start without it")
    left, days, number = turn[order] - int(place[1]), int(place[2]) - age[order], ids[order] > place[3]
    return np.asarray(order[(left > 0) | ((left == 0) & ((days > 0) | ((days == 0) & number)))])
