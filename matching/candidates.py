"""For many members at once: the short list of posts worth planning with, found by place and never by a cross product."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from matching.arrays import Bools, Floats, Ints
from matching.eligibility import Gate, position_gates, verdicts
from matching.features import build
from matching.pairing import KM_PER_DEGREE, Pairing, reach_km
from matching.policy.load import PolicyBook
from matching.ranking import promising
from matching.scoring import Scorer
from matching.vocabulary import POSITION_KINDS

CHUNK = 200_000
"""Pairs judged at a time; bounds memory."""

_WELFARE = POSITION_KINDS.index("PUBLIC_WELFARE")


@dataclass(frozen=True, slots=True)
class Candidates:
    """Short lists of many members.

    Attributes
    ----------
    member, position : (n,) int
        Rows of the kept pairs, sorted by member and then by position.
    p_placed, p_stays : (n,) float
        Scores of the kept pairs.
    eligible : (n_members,) int
        Posts nothing stood against, kept or not.
    blocked : (n_members, n_gates) int
        Posts in reach that each gate stood against.
    """

    member: Ints
    position: Ints
    p_placed: Floats
    p_stays: Floats
    eligible: Ints
    blocked: Ints

    @property
    def utility(self) -> Floats:
        """(n,) P(starts in time and stays)."""
        return np.asarray(self.p_placed * self.p_stays)


def short_lists(
    pairing: Pairing,
    scorer: Scorer,
    policy: PolicyBook,
    days_left: Floats,
    *,
    keep: int = 50,
    keep_welfare: int = 10,
    taken: Ints | None = None,
    rows: Ints | None = None,
    shut: Bools | None = None,
) -> Candidates:
    """Find each member's best posts.

    ``days_left`` (n_members,); ``keep`` posts by utility and ``keep_welfare`` public-welfare posts a member; ``taken`` sorted keys
    ``member * n_positions + position`` of pairs that may not be proposed; ``rows`` the member rows to serve (default all); ``shut`` (n_positions,) posts
    a person holds out of the plan.
    """
    n_members, n_positions = len(pairing.members), len(pairing.positions)
    rows = np.arange(n_members) if rows is None else rows
    eligible = np.zeros(n_members, dtype=np.int64)
    blocked = np.zeros((n_members, len(Gate)), dtype=np.int64)
    kept: list[tuple[Ints, Ints, Floats, Floats]] = []
    for mi, pj in _in_reach(pairing, rows):
        bits = verdicts(pairing, policy, mi, pj).blocked
        if taken is not None and len(taken):
            hit = np.isin(mi * n_positions + pj, taken)
            bits = bits | np.left_shift(hit.astype(np.uint32), np.uint32(Gate.GATE_ALREADY_REFERRED))
        if shut is not None:
            bits = bits | np.left_shift(shut[pj].astype(np.uint32), np.uint32(Gate.GATE_LOCK))
        for gate in Gate:
            blocked[:, gate] += np.bincount(mi[(bits >> np.uint32(gate) & np.uint32(1)) > 0], minlength=n_members)
        mi, pj = mi[bits == 0], pj[bits == 0]
        eligible += np.bincount(mi, minlength=n_members)
        if len(mi):
            kept.append(_best(pairing, scorer, days_left, mi, pj, keep, keep_welfare))
    member, position, p_placed, p_stays = (
        (np.concatenate(parts) for parts in zip(*kept, strict=True))
        if kept
        else (np.zeros(0, dtype=np.int64),) * 2 + (np.zeros(0),) * 2
    )
    order = np.lexsort((position, member))
    return Candidates(member[order], position[order], p_placed[order], p_stays[order], eligible, blocked)


def _best(
    pairing: Pairing, scorer: Scorer, days_left: Floats, mi: Ints, pj: Ints, keep: int, keep_welfare: int
) -> tuple[Ints, Ints, Floats, Floats]:
    scores = scorer.score(build(pairing, mi, pj), days_left[mi])
    welfare = pairing.positions.kind[pj] == _WELFARE
    best = promising(scores.utility, mi, keep)
    best |= welfare & promising(np.where(welfare, scores.utility, -1.0), mi, keep_welfare)
    return mi[best], pj[best], scores.p_placed[best], scores.p_stays[best]


def _in_reach(pairing: Pairing, rows: Ints) -> Iterator[tuple[Ints, Ints]]:
    """Yield pairs worth judging, whole members at a time: posts within the member's limit, home-based ones, and those without a place in the same city."""
    m, p = pairing.members, pairing.positions
    usable = np.flatnonzero(position_gates(pairing) == 0)
    placed = usable[~np.isnan(p.lng[usable]) & ~p.home_based[usable]]
    anywhere = usable[p.home_based[usable]]
    unplaced = usable[np.isnan(p.lng[usable]) & ~p.home_based[usable]]
    scale = np.cos(np.radians(23.5))
    tree = cKDTree(np.column_stack([p.lng[placed] * scale, p.lat[placed]]) * KM_PER_DEGREE) if len(placed) else None
    points = np.column_stack([np.nan_to_num(m.lng) * scale, np.nan_to_num(m.lat)]) * KM_PER_DEGREE
    limit = np.where(np.isnan(m.commute_limit), np.inf, reach_km(m.commute_limit) * 1.02 + 0.1)
    known = ~np.isnan(m.lng)
    mi: list[Ints] = []
    pj: list[Ints] = []
    size = 0
    for i in rows:
        parts = [anywhere, unplaced[p.city[unplaced] == m.city[i]]]
        if tree is not None and known[i] and np.isfinite(limit[i]):
            parts.append(placed[np.sort(np.array(tree.query_ball_point(points[i], limit[i]), dtype=np.int64))])
        else:
            parts.append(placed[p.city[placed] == m.city[i]])
        near = np.concatenate(parts)
        mi.append(np.full(len(near), i, dtype=np.int64))
        pj.append(near)
        size += len(near)
        if size >= CHUNK:
            yield np.concatenate(mi), np.concatenate(pj)
            mi, pj, size = [], [], 0
    if size:
        yield np.concatenate(mi), np.concatenate(pj)
