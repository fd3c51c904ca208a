"""The smallest change that would open posts to a member, with how many it would open."""

from collections.abc import Iterator

import numpy as np
from scipy.spatial import cKDTree

from matching.arrays import Bits, Ints
from matching.eligibility import Gate, gate_facts, verdicts
from matching.pairing import Pairing
from matching.policy.load import PolicyBook
from matching.reach import kilometres
from matching.reasons import Fact, Reason

COMMUTE_STEPS = (5, 10, 15, 20, 30, 45, 60)
"""Extra minutes of commute that are offered as a change."""

MAX_CHANGES = 3
"""Changes named at most."""

LOOK_AROUND = 400
"""Nearest posts looked at for each of many members, and as many worked at home at most."""

PAIRS = 200_000
"""Pairs judged at a time."""

_FIXED = frozenset(
    {
        Gate.GATE_CLOSED,
        Gate.GATE_QUARANTINE,
        Gate.GATE_EMPLOYER_BARRED,
        Gate.GATE_BELOW_MIN_WAGE,
        Gate.GATE_AGE_LEGAL,
        Gate.GATE_LOCK,
    }
)
"""Gates no change on the member's or the office's side may open."""


def nearest_changes(
    pairing: Pairing, policy: PolicyBook, i: int, *, pj: Ints | None = None, extra: Bits | None = None
) -> tuple[Reason, ...]:
    """Name the changes that would open the most posts to member row ``i``, the smaller change first where they open as many.

    Only posts with a single gate in the way count. ``pj`` limits the posts looked at; ``extra`` (n,) adds blocked bits.
    """
    pj = np.arange(len(pairing.positions)) if pj is None else pj
    blocked = verdicts(pairing, policy, np.full(len(pj), i), pj).blocked
    return _changes(pairing, policy, i, pj, blocked if extra is None else blocked | extra)


def nearest_changes_of(pairing: Pairing, policy: PolicyBook, rows: Ints) -> list[tuple[Reason, ...]]:
    """Name the changes for many member rows (n,); for each the ``LOOK_AROUND`` nearest posts and those worked at home are looked at."""
    if not len(pairing.positions):
        return [()] * len(rows)
    out: list[tuple[Reason, ...]] = []
    for mi, pj in _around(pairing, rows):
        blocked = verdicts(pairing, policy, mi, pj).blocked
        single = (blocked != 0) & (blocked & (blocked - np.uint32(1)) == 0)
        who, posts, bits = mi[single], pj[single], blocked[single]
        starts = np.searchsorted(who, np.unique(mi))
        for i, a, b in zip(np.unique(mi).tolist(), starts, np.append(starts[1:], len(who)), strict=True):
            out.append(_changes(pairing, policy, i, posts[a:b], bits[a:b]))
    return out


def _around(pairing: Pairing, rows: Ints) -> Iterator[tuple[Ints, Ints]]:
    """Yield pairs of members and the posts around them, whole members at a time, in the order of ``rows``, which rise."""
    p, m = pairing.positions, pairing.members
    placed = np.flatnonzero(~np.isnan(p.lng) & ~p.home_based)
    home = np.flatnonzero(p.home_based | np.isnan(p.lng))[:LOOK_AROUND]
    k = min(LOOK_AROUND, len(placed))
    tree = cKDTree(kilometres(p.lng[placed], p.lat[placed])) if k else None
    points = np.nan_to_num(kilometres(m.lng, m.lat))
    each = max(1, PAIRS // max(k + len(home), 1))
    for start in range(0, len(rows), each):
        some = rows[start : start + each]
        near = np.zeros((len(some), 0), dtype=np.int64)
        if tree is not None:
            near = placed[np.asarray(tree.query(points[some], k)[1]).reshape(len(some), k)]
        posts = np.sort(np.hstack([near, np.tile(home, (len(some), 1))]), axis=1)
        yield np.repeat(some, posts.shape[1]), posts.ravel()


def _changes(pairing: Pairing, policy: PolicyBook, i: int, pj: Ints, blocked: Bits) -> tuple[Reason, ...]:
    single = (blocked != 0) & (blocked & (blocked - np.uint32(1)) == 0)
    changes: list[tuple[int, int, Reason]] = []
    for bit in np.unique(blocked[single]).tolist():
        gate = Gate(int(bit).bit_length() - 1)
        if gate not in _FIXED:
            changes.append(_change(pairing, policy, gate, i, pj[blocked == np.uint32(bit)]))
    changes.sort(key=lambda c: (-c[0], c[1]))
    return tuple(reason for _, _, reason in changes[:MAX_CHANGES])


def _change(pairing: Pairing, policy: PolicyBook, gate: Gate, i: int, pj: Ints) -> tuple[int, int, Reason]:
    code = gate.name.replace("GATE_", "UNBLOCK_")
    if gate is Gate.GATE_COMMUTE:
        return _commute(pairing, i, pj)
    if gate is Gate.GATE_EDUCATION:
        short = pairing.positions.min_education[pj] - pairing.members.education[i]
        nearest = int(short.min())
        posts = int((short == nearest).sum())
        return posts, 4, Reason(code, {"levels": nearest, "posts": posts})
    facts: dict[str, Fact] = dict(gate_facts(pairing, policy, gate, i, int(pj[0])))
    return len(pj), 5, Reason(code, {**facts, "posts": len(pj)})


def _commute(pairing: Pairing, i: int, pj: Ints) -> tuple[int, int, Reason]:
    extra = pairing.minutes(np.full(len(pj), i), pj) - pairing.members.commute_limit[i]
    for step in COMMUTE_STEPS:
        posts = int((extra <= step).sum())
        if posts:
            return posts, 1, Reason("UNBLOCK_COMMUTE", {"extra_minutes": step, "posts": posts})
    nearest = int(np.ceil(extra.min()))
    return 1, 3, Reason("UNBLOCK_COMMUTE", {"extra_minutes": nearest, "posts": int((extra <= nearest).sum())})
