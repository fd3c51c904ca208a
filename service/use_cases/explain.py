"""Why a post was or was not proposed to a member, what is unknown, and the smallest change that would open it."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from matching.eligibility import decide, verdicts
from matching.errors import NotFound
from matching.features import build
from matching.ranking import explained
from matching.reasons import Reason, Verdict
from matching.unblock import nearest_changes
from service.index import Index
from service.index_reading import index_of
from service.index_tables import rows_touched
from service.storage.feed import OWNERS
from service.use_cases.chance import chance_band
from service.use_cases.machine import scorer_for
from service.use_cases.rows import as_plain
from service.use_cases.welfare_term import barred_posts, with_term
from service.wiring import Office


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer to "why not": ``reasons`` are the rules not met; ``fits`` and ``problems`` are of the score when none is."""

    member_id: str
    position_id: str
    title: str
    verdict: Verdict
    reasons: tuple[Reason, ...]
    unknowns: tuple[Reason, ...]
    nearest_change: tuple[Reason, ...]
    fits: tuple[Reason, ...]
    problems: tuple[Reason, ...]
    p_placed: float | None
    p_stays: float | None
    chance: str | None
    model_version: str

    def as_dict(self) -> dict[str, Any]:
        """Return the answer as plain values for JSON."""
        out: dict[str, Any] = as_plain(self)
        return out


def explain(office: Office, member_id: str, position_id: str, *, request_id: str | None = None) -> Explanation:
    """Explain one pair; the post may be closed. NotFound when the member or the post is not in the record."""
    index = office.now()
    i = index.member_row(member_id)
    if not index.is_open(position_id):
        index = _with_closed_post(office, index, member_id, position_id)
        i = index.member_row(member_id)
    found = explanation(office, index, i, index.position_row(position_id))
    with office.store.write() as tx:
        tx.journal(
            actor=office.actor, role=office.role, action="pair.explained", object_type="members", object_id=member_id, before=None,
            after={"position_id": position_id, "verdict": found.verdict.value, "model_version": found.model_version,
                   "p_placed": found.p_placed, "p_stays": found.p_stays},
            reason=None, request_id=request_id,
        )  # fmt: skip
    return found


def explanation(office: Office, index: Index, i: int, j: int) -> Explanation:
    """Return the verdict on row ``i`` and row ``j`` with everything it rests on; scored only when nothing stands against it."""
    pairing, policy = index.pairing, index.policy
    taken = barred_posts(office, index, i)
    decision = decide(pairing, policy, i, j, taken[j : j + 1])
    number = str(index.members.index[i])
    scorer = scorer_for(office, number)
    blocked = decision.verdict is Verdict.NOT_MET
    out = Explanation(
        number, str(index.positions.index[j]), str(index.positions["title"].iloc[j]), decision.verdict,
        decision.reasons, decision.unknowns, (), (), (), None, None, None, scorer.version,
    )  # fmt: skip
    if blocked:
        here = np.array([j])
        changes = nearest_changes(pairing, policy, i, pj=here, extra=taken[here])
        return replace(
            out,
            reasons=with_term(office, number, out.reasons),
            nearest_change=with_term(office, number, changes),
        )
    pairs = build(pairing, np.array([i]), np.array([j]))
    days = index.planning_days[i : i + 1]
    unknown = verdicts(pairing, policy, pairs.member, pairs.position).unknown
    [item] = explained(pairing, policy, scorer, pairs, scorer.score(pairs, days), days, unknown)
    return replace(
        out,
        fits=item.reasons,
        problems=item.problems,
        p_placed=item.p_placed,
        p_stays=item.p_stays,
        chance=chance_band(item.p_placed),
    )


def _with_closed_post(office: Office, index: Index, member_id: str, position_id: str) -> Index:
    """Return an index of this member's household and this post alone."""
    owners = {**dict.fromkeys(OWNERS, ()), "member_id": (member_id,), "position_id": (position_id,)}
    with office.store.reading() as reader:
        rows = rows_touched(reader, owners, index)
    if rows["positions"].empty:
        raise NotFound(f"no post {position_id!r} in the record; check the identifier")
    return index_of(rows, index.version, index.as_of, index.policy, open_only=False)
