"""The smallest change that would open posts to a member, with how many it would open."""

import numpy as np

from matching.arrays import Bits, Ints
from matching.eligibility import Gate, gate_facts, verdicts
from matching.pairing import Pairing
from matching.policy.load import PolicyBook
from matching.reasons import Fact, Reason

COMMUTE_STEPS = (5, 10, 15, 20, 30, 45, 60)
"""Extra minutes of commute that are offered as a change."""

MAX_CHANGES = 3
"""Changes named at most."""

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
    if extra is not None:
        blocked = blocked | extra
    single = (blocked != 0) & (blocked & (blocked - np.uint32(1)) == 0)
    changes: list[tuple[int, int, Reason]] = []
    for gate in Gate:
        at = pj[single & (blocked == np.uint32(1) << np.uint32(gate))]
        if len(at) and gate not in _FIXED:
            changes.append(_change(pairing, policy, gate, i, at))
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
