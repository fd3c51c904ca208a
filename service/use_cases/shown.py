"""What a list shows of a post or a member beside the score, and the record that it was shown."""

import base64
import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar

import numpy as np
import pandas as pd

from matching.pairing import Pairing
from matching.ranking import Ranked, Ranking
from matching.reasons import Reason
from service.index import Index
from service.storage.transactions import Transaction
from service.use_cases.benefits import Benefits, benefits_of
from service.use_cases.chance import chance_band
from service.use_cases.rows import as_plain, at, named
from service.wiring import Office

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RankedPost:
    """One post of a member's list with everything a person sees of it; money in fen, ``None`` is unknown."""

    position_id: str
    rank: int
    score: float
    p_placed: float
    p_stays: float
    chance: str
    reasons: tuple[Reason, ...]
    problems: tuple[Reason, ...]
    unknowns: tuple[Reason, ...]
    entitlements: tuple[Reason, ...]
    kind: str
    title: str
    employer: str
    region_code: str
    home_based: bool
    openings_left: int
    open_referrals: int
    effective_pay_fen: int | None
    commute_minutes: float | None
    confirmed_days_ago: int | None


@dataclass(frozen=True, slots=True)
class RankedMember:
    """One member of a post's list."""

    member_id: str
    household_id: str
    rank: int
    score: float
    p_placed: float
    p_stays: float
    chance: str
    days_left: int | None
    reasons: tuple[Reason, ...]
    problems: tuple[Reason, ...]
    unknowns: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """A ranked list as it is shown: who or what it is for, what it rests on, and the entries."""

    of: str
    as_of: date
    days_left: int | None
    model_version: str
    considered: int
    eligible: int
    blocked: Mapping[str, int]
    items: tuple[T, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the answer as plain values for JSON."""
        out: dict[str, Any] = as_plain(self)
        return out


def ranked_post(
    item: Ranked, pairing: Pairing, post: Mapping[str, object], employer: str, held: int, benefits: Benefits
) -> RankedPost:
    """Join a ranked pair with the post's row, as a list shows it."""
    i, j = item.member, item.position
    minutes = float(pairing.minutes(np.array([i]), np.array([j]))[0])
    unconfirmed = float(pairing.positions.days_unconfirmed[j])
    return RankedPost(
        position_id=str(post["position_id"]), rank=item.rank, score=item.score, p_placed=item.p_placed, p_stays=item.p_stays,
        chance=chance_band(item.p_placed), reasons=item.reasons, problems=item.problems, unknowns=item.unknowns,
        entitlements=benefits.entitlements, kind=str(post["kind"]), title=str(post["title"]), employer=employer,
        region_code=str(post["region_code"]), home_based=bool(post["home_based"]),
        openings_left=int(pairing.positions.openings_left[j]), open_referrals=held,
        effective_pay_fen=benefits.effective_pay_fen,
        commute_minutes=None if np.isnan(minutes) else round(minutes, 1),
        confirmed_days_ago=None if np.isnan(unconfirmed) else int(unconfirmed),
    )  # fmt: skip


def ranked_posts(index: Index, ranking: Ranking) -> tuple[RankedPost, ...]:
    """Return the entries of a member's list from the index."""
    if not ranking.items:
        return ()
    posts = at(index.positions, [x.position for x in ranking.items])
    member = at(index.members, [ranking.items[0].member])[0]
    household = named(index.households, [str(member["household_id"])])[0]
    firms = sorted({str(p["employer_id"]) for p in posts})
    employers = dict(zip(firms, named(index.employers, firms), strict=True))
    out = []
    for item, post in zip(ranking.items, posts, strict=True):
        employer = employers[str(post["employer_id"])]
        benefits = benefits_of(member, post, index.policy, employer=employer, household=household)
        out.append(
            ranked_post(item, index.pairing, post, str(employer["name"]), int(index.held[item.position]), benefits)
        )
    return tuple(out)


def input_hash(inputs: bytes) -> str:
    """Return the hash by which the inputs of a score are known."""
    return hashlib.sha256(inputs).hexdigest()


def kept_inputs(features: bytes) -> dict[str, str]:
    """Return the columns in which the inputs of a score are kept."""
    return {"features_hash": input_hash(features), "features": base64.b64encode(features).decode()}


@dataclass(frozen=True, slots=True)
class Showing:
    """A list as the record keeps it before it is shown: rows of the suggestions, and what the journal says of them."""

    action: str
    of: str
    rows: list[dict[str, object]]
    after: Mapping[str, object]
    request: str


def showing(index: Index, action: str, of: str, ranking: Ranking, request_id: str | None) -> Showing:
    """Return what the record is to keep of a list: entries with inputs, model and probabilities."""
    request = request_id or uuid.uuid4().hex
    rows = [_suggestion(f"{request}-{item.rank}", index, item, ranking.model_version) for item in ranking.items]
    after = {
        "model_version": ranking.model_version,
        "policy_version": index.policy.version,
        "as_of": index.as_of.isoformat(),
        "considered": ranking.considered,
        "eligible": ranking.eligible,
        "inputs": hashlib.sha256("".join(str(r["features_hash"]) for r in rows).encode()).hexdigest(),
        "items": [[r["member_id"], r["position_id"], r["p_placed"], r["p_stays"]] for r in rows],
    }
    return Showing(action, of, rows, after, request)


def show_within(tx: Transaction, office: Office, made: Showing) -> None:
    """Write a list that is shown to the suggestions and the journal, inside a transaction that may do more."""
    if made.rows:
        tx.insert("suggestions", made.rows)
    tx.journal(
        actor=office.actor, role=office.role, action=made.action,
        object_type="members" if made.action.startswith("member") else "positions",
        object_id=made.of, before=None, after=made.after, reason=None, request_id=made.request,
    )  # fmt: skip


def record_shown(office: Office, index: Index, action: str, of: str, ranking: Ranking, request_id: str | None) -> None:
    """Write what was shown, with inputs, model and probabilities, to the suggestions and the journal, in one transaction."""
    made = showing(index, action, of, ranking, request_id)
    with office.store.write() as tx:
        show_within(tx, office, made)


def _suggestion(suggestion_id: str, index: Index, item: Ranked, model_version: str) -> dict[str, object]:
    return {
        "suggestion_id": suggestion_id,
        "member_id": str(index.pairing.members.ids[item.member]),
        "position_id": str(index.pairing.positions.ids[item.position]),
        "rank": item.rank, "score": item.score, "p_placed": item.p_placed, "p_stays": item.p_stays, "model_version": model_version,
        "reasons": _json(item.reasons), "problems": _json(item.problems), "unknowns": _json(item.unknowns),
        **kept_inputs(item.inputs), "shown_on": pd.Timestamp(index.as_of), "action": "none",
    }  # fmt: skip


def _json(reasons: tuple[Reason, ...]) -> str:
    return json.dumps([r.as_dict() for r in reasons], ensure_ascii=False, sort_keys=True)
