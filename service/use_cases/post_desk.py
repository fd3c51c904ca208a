"""The employer desk's list and file: every post by what it waits for, what was found on it, and whom it may be proposed to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from matching.encoding import days_unconfirmed
from matching.errors import BadInput, NotFound
from matching.occupations import Suggestion, suggest
from matching.reasons import Reason
from matching.vocabulary import OPEN_REFERRAL_STATES
from service.exchange.catalogue import tidy
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
    """A page of posts, those confirmed longest ago first; ``counts`` are of every post of the region and kind, ``matching`` of all that was asked."""

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
    posts = office.store.read("positions", _COLUMNS)
    regions = tuple(sorted(posts["region_code"].str[:6].unique()))
    posts = posts[
        posts["region_code"].str.startswith(asked.region) & ((posts["kind"] == asked.kind) | (not asked.kind))
    ]
    posts = posts.assign(
        waits=_waits(office, posts), days_unconfirmed=days_unconfirmed(posts, office.today()).astype("int64")
    )
    counts = posts["waits"].value_counts()
    kept = posts[(posts["waits"] == asked.waits) | (not asked.waits)]
    kept = kept[_has(office, kept, asked.words)] if asked.words.strip() else kept
    kept = kept.sort_values(["days_unconfirmed", "position_id"], ascending=[False, True])
    page = _behind(kept, after)
    return DeskList(
        {name: int(counts.get(name, 0)) for name in WAITS}, len(kept), tuple(_with_names(office, page.head(limit))),
        _cursor(page.iloc[limit - 1]) if len(page) > limit else None, regions,
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
    status, review = posts["status"], posts["review_state"]
    old = days_unconfirmed(posts, office.today()) > office.policy(office.today()).number("freshness.days")
    tests = [
        status.isin(["closed", "expired"]), status == "filled", status == "paused", review == "quarantined", review == "received",
        (status == "stale") | old,
    ]  # fmt: skip
    return np.select(
        [t.to_numpy(dtype=bool) for t in tests],
        ["closed", "filled", "paused", "quarantined", "received", "stale"],
        "open",
    )


def _has(office: Office, posts: pd.DataFrame, words: str) -> pd.Series:
    wanted = words.strip()
    names = office.store.read("employers", ["employer_id", "name"])
    units = names.loc[names["name"].str.contains(wanted, regex=False), "employer_id"]
    exact = (posts["position_id"] == wanted) | (posts["employer_id"] == wanted)
    return exact | posts["title"].str.contains(wanted, regex=False) | posts["employer_id"].isin(units)


def _with_names(office: Office, page: pd.DataFrame) -> list[dict[str, Any]]:
    units = office.store.read("employers", ["employer_id", "name"], employer_id=sorted(set(page["employer_id"])))
    names = dict(zip(units["employer_id"], units["name"], strict=True))
    return [{**row, "employer": names.get(row["employer_id"], "")} for row in records(page)]


def _cursor(row: pd.Series) -> str:
    return f"{row['days_unconfirmed']}.{row['position_id']}"


def _behind(posts: pd.DataFrame, after: str | None) -> pd.DataFrame:
    if after is None:
        return posts
    days, dot, position_id = after.partition(".")
    if not dot or not days.lstrip("-").isdecimal():
        raise BadInput(f"after: expected the `next` of an earlier page, found {after[:40]!r}; start without it")
    age = posts["days_unconfirmed"]
    return posts[(age < int(days)) | ((age == int(days)) & (posts["position_id"] > position_id))]
