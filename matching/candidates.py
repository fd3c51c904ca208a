"""For many members at once: the short list of posts worth planning with, found by place and a cheap guess, never by a cross product."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from matching.arrays import Bits, Bools, Float32s, Floats, Ints
from matching.crowding import crowding
from matching.eligibility import Gate, verdicts
from matching.features import build
from matching.pairing import Pairing
from matching.policy.load import PolicyBook
from matching.prescore import Prescore, learn_prescore
from matching.ranking import promising
from matching.reach import Block, blocks
from matching.scoring import Scorer, scored
from matching.vocabulary import POSITION_KINDS

LOOK = 200
"""Posts in reach a member is judged against, the most promising by the guess; more where too few of them turn out eligible."""

BESIDE = 100
"""Further posts judged: the most promising at prices of crowding, where neighbours want the same few and somebody has to take another."""

SCORED = 48
"""Eligible posts a member is scored with, the best by the guess: more than are kept, for the scorer knows better which are the best."""

BEST, SPREAD = 28, 36
"""Eligible posts a member is planned with: the best by the scorer, and the best by the guess at prices of crowding."""

ENOUGH = 40
"""Who finds fewer eligible posts than so many among the most promising is judged against everything in reach."""

CHUNK = 200_000
"""Pairs judged and scored at a time; bounds memory."""

_WELFARE = POSITION_KINDS.index("PUBLIC_WELFARE")
_FAR_OR_NEAR = np.array([-np.inf, np.inf], dtype=np.float32)


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
        Posts looked at that nothing stood against: all there are in reach where that is at most ``LOOK`` posts, else at least so many.
    blocked : (n_members, n_gates) int
        Posts looked at that each gate stood against; all in reach where none is eligible.
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


@dataclass(frozen=True, slots=True)
class Ask:
    """What short lists are made for: the pairing, who scores, under which policy, what is barred, and how much is kept."""

    pairing: Pairing
    scorer: Scorer
    policy: PolicyBook
    days_left: Floats
    keep: int
    spread: int
    keep_welfare: int
    taken: Ints
    shut: Bools
    room: Ints
    spent: Bools

    def blocked(self, mi: Ints, pj: Ints) -> Bits:
        """Return (n,) the bits that stand against pairs, from inside the pair and from outside."""
        bits = verdicts(self.pairing, self.policy, mi, pj).blocked
        keys = mi * len(self.pairing.positions) + pj
        if len(self.taken):
            at = np.minimum(np.searchsorted(self.taken, keys), len(self.taken) - 1)
            hit = self.taken[at] == keys
            bits = bits | np.left_shift(hit.astype(np.uint32), np.uint32(Gate.GATE_ALREADY_REFERRED))
        term = self.spent[mi] & (self.pairing.positions.kind[pj] == _WELFARE)
        bits = bits | np.left_shift(term.astype(np.uint32), np.uint32(Gate.GATE_PW_TERM))
        bits = bits | np.left_shift((self.room[pj] <= 0).astype(np.uint32), np.uint32(Gate.GATE_CLOSED))
        return np.asarray(bits | np.left_shift(self.shut[pj].astype(np.uint32), np.uint32(Gate.GATE_LOCK)))


def short_lists(
    pairing: Pairing,
    scorer: Scorer,
    policy: PolicyBook,
    days_left: Floats,
    *,
    keep: int = BEST,
    spread: int = SPREAD,
    keep_welfare: int = 8,
    taken: Ints | None = None,
    rows: Ints | None = None,
    shut: Bools | None = None,
    room: Ints | None = None,
    spent: Bools | None = None,
) -> Candidates:
    """Find each member's best posts.

    ``days_left`` (n_members,); ``keep`` posts by utility, ``spread`` posts that look best at prices of crowding and ``keep_welfare`` public-welfare
    posts a member; ``taken`` sorted keys ``member * n_positions + position`` of pairs that may not be proposed; ``rows`` the member rows to serve (default all); ``shut`` (n_positions,) posts
    a person holds out of the plan; ``room`` (n_positions,) further referrals each post may hold (default its openings);
    ``spent`` (n_members,) who may not begin a public-welfare post.
    """
    n_members, n_positions = len(pairing.members), len(pairing.positions)
    rows = np.arange(n_members) if rows is None else rows
    none, nobody, nowhere = (
        np.zeros(0, dtype=np.int64),
        np.zeros(n_members, dtype=bool),
        np.zeros(n_positions, dtype=bool),
    )
    room = pairing.positions.openings_left if room is None else room
    ask = Ask(
        pairing, scorer, policy, days_left, keep, spread, keep_welfare, none if taken is None else taken,
        nowhere if shut is None else shut, room, nobody if spent is None else spent,
    )  # fmt: skip
    eligible = np.zeros(n_members, dtype=np.int64)
    blocked = np.zeros((n_members, len(Gate)), dtype=np.int64)
    kept: list[tuple[Ints, Ints, Floats, Floats]] = []
    for mi, pj, bits, worth, beside in _judged(ask, rows):
        stands = np.bitwise_or.reduce(bits, initial=0)
        for gate in Gate:
            if stands >> gate & 1:
                hit = (bits >> np.uint32(gate) & np.uint32(1)) > 0
                blocked[:, gate] += np.bincount(mi[hit], minlength=n_members)
        eligible += np.bincount(mi[bits == 0], minlength=n_members)
        if worth.any():
            kept.append(_best(ask, mi[worth], pj[worth], beside[worth]))
    member, position, p_placed, p_stays = (
        (np.concatenate(parts) for parts in zip(*kept, strict=True)) if kept else (none,) * 2 + (np.zeros(0),) * 2
    )
    order = np.lexsort((position, member))
    return Candidates(member[order], position[order], p_placed[order], p_stays[order], eligible, blocked)


def _best(ask: Ask, mi: Ints, pj: Ints, beside: Bools) -> tuple[Ints, Ints, Floats, Floats]:
    """Score pairs; return those to plan with: each member's best, those ``beside`` (n,) them, and public-welfare posts."""
    scores = scored(ask.scorer, build(ask.pairing, mi, pj), ask.days_left[mi])
    welfare = ask.pairing.positions.kind[pj] == _WELFARE
    best = beside | promising(scores.utility, mi, ask.keep)
    best |= welfare & promising(np.where(welfare, scores.utility, -1.0), mi, ask.keep_welfare)
    return mi[best], pj[best], scores.p_placed[best], scores.p_stays[best]


_Judged = tuple[Ints, Ints, Bits, Bools, Bools]
"""Member, post and what stands against each pair, whether it is worth scoring, and whether it is kept beside the best however it scores."""


def _judged(ask: Ask, rows: Ints) -> Iterator[_Judged]:
    """Yield pairs of whole members, many members at a time."""
    guess: Prescore | None = None
    dear: Floats | None = None
    held: list[_Judged] = []
    for block in blocks(ask.pairing, rows):
        if guess is None and block.near.sum(axis=1).max(initial=0) > ask.keep + ask.spread:
            guess = learn_prescore(ask.pairing, ask.scorer, ask.days_left, rows)
            dear = crowding(ask.pairing, guess, rows, ask.room, ask.policy.whole("night.max_open_referrals"))
        held.append(_look(ask, block, guess, dear))
        if sum(len(part[0]) for part in held) >= CHUNK:
            yield _joined(held)
            held = []
    if held:
        yield _joined(held)


def _joined(held: list[_Judged]) -> _Judged:
    mi, pj, bits, worth, beside = (np.concatenate(parts) for parts in zip(*held, strict=True))
    return mi, pj, bits, worth, beside


def _look(ask: Ask, block: Block, guess: Prescore | None, dear: Floats | None) -> _Judged:
    """Judge a block's most promising pairs, and all in reach of those members who find too little among them."""
    if guess is None or dear is None:
        row, column = np.nonzero(block.near)
        bits = ask.blocked(block.mi[row], block.pj[column])
        return block.mi[row], block.pj[column], bits, bits == 0, bits == 0
    value = guess.block(block.mi, block.pj, block.minutes)
    np.minimum(value, _FAR_OR_NEAR[block.near.view(np.uint8)], out=value)
    spread = value - dear[block.pj].astype(np.float32)
    welfare = ask.pairing.positions.kind[block.pj] == _WELFARE
    seen, many = block.near.copy(), np.flatnonzero(block.near.sum(axis=1) > LOOK)
    seen[many] = _top(value[many], LOOK) | _top(spread[many], BESIDE)
    seen[np.ix_(many, np.flatnonzero(welfare))] |= _top(
        value[np.ix_(many, np.flatnonzero(welfare))], 3 * ask.keep_welfare
    )
    seen &= block.near
    row, column = _marked(seen)
    bits = ask.blocked(block.mi[row], block.pj[column])
    short = np.bincount(row[bits == 0], minlength=len(block.mi)) < min(ask.keep + ask.spread, ENOUGH)
    short &= seen.sum(axis=1) < block.near.sum(axis=1)
    if short.any():
        seen[short] = block.near[short] & ~seen[short]
        seen[~short] = False
        more, beside = _marked(seen)
        row, column = np.concatenate([row, more]), np.concatenate([column, beside])
        bits = np.concatenate([bits, ask.blocked(block.mi[more], block.pj[beside])])
    at = np.flatnonzero(bits == 0)
    at = at[np.argsort(row[at], kind="stable")]
    count = np.bincount(row[at], minlength=len(block.mi))
    cell = row[at], np.arange(len(at)) - np.repeat(np.cumsum(count) - count, count)
    open_welfare = welfare[column[at]]
    plain, priced, given = (np.full((len(count), count.max(initial=0)), -np.inf, dtype=np.float32) for _ in range(3))
    plain[cell], priced[cell] = value[row[at], column[at]], spread[row[at], column[at]]
    given[cell] = np.where(open_welfare, plain[cell], -np.inf)
    worth, beside = np.zeros((2, len(bits)), dtype=bool)
    beside[at] = _top(priced, ask.spread)[cell]
    worth[at] = beside[at] | _top(plain, max(SCORED, ask.keep))[cell]
    worth[at] |= open_welfare & _top(given, 2 * ask.keep_welfare)[cell]
    return block.mi[row], block.pj[column], bits, worth, beside


def _marked(these: Bools) -> tuple[Ints, Ints]:
    """Return row and column of what is marked, row by row."""
    row, column = np.divmod(np.flatnonzero(these), max(these.shape[1], 1))
    return row, column


def _top(value: Float32s, k: int) -> Bools:
    """Mark each row's ``k`` largest, the first of equals; all that are as good as nothing where fewer are better."""
    if k <= 0 or value.shape[1] <= k:
        return np.full(value.shape, k > 0)
    bar = -np.partition(-value, k - 1, axis=1)[:, [k - 1]]
    out = value >= bar
    tied = np.flatnonzero((np.count_nonzero(out, axis=1) > k) & (bar[:, 0] > -np.inf))
    if len(tied):
        equal = value[tied] == bar[tied]
        left = k - np.count_nonzero(value[tied] > bar[tied], axis=1)
        out[tied] &= ~equal | (np.cumsum(equal, axis=1) <= left[:, None])
    return out
