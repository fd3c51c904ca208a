"""Eligible, then scored, then ordered, with reasons: the ranked posts of one member and the ranked members of one post."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from matching.arrays import Bits, Bools, Floats, Ints
from matching.eligibility import Gate, bit, out_of_reach, position_gates, unknown_reasons, verdicts
from matching.evidence import facts
from matching.features import build
from matching.pairing import Pairing
from matching.policy.load import PolicyBook
from matching.prescore import guess
from matching.reach import reachable
from matching.reasons import Reason
from matching.scoring import PairFrame, Scorer, Scores
from matching.vocabulary import POSITION_KINDS

MAX_REASONS = 3
"""Reasons for and problems shown with a score (domain model, section 5.3)."""

SAMPLE, SHORT = 400, 300
"""Of more posts than both together so many, spread evenly, are scored to learn a guess from, then so many of the best by the guess
(what that costs in recall is in docs/performance.md)."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """One entry of a ranked list: rows ``member`` and ``position``, the score and everything it rests on.

    ``inputs`` are the features it was computed from, as they stood: float32, the bytes of one row.
    """

    member: int
    position: int
    rank: int
    score: float
    p_placed: float
    p_stays: float
    reasons: tuple[Reason, ...]
    problems: tuple[Reason, ...]
    unknowns: tuple[Reason, ...]
    inputs: bytes


@dataclass(frozen=True, slots=True)
class Ranking:
    """A ranked list.

    ``items`` best first; ``considered`` pairs judged; ``eligible`` pairs nothing stood against; ``blocked`` gate → pairs it
    stood against (a pair may count under several gates).
    """

    items: tuple[Ranked, ...]
    considered: int
    eligible: int
    blocked: dict[str, int]
    model_version: str


def rank(
    pairing: Pairing,
    i: int,
    scorer: Scorer,
    days_left: float,
    policy: PolicyBook,
    *,
    limit: int = 5,
    kinds: frozenset[str] | None = None,
    taken: Bits | None = None,
    every: bool = False,
) -> Ranking:
    """Rank the posts of ``pairing`` for member row ``i``.

    ``kinds`` keeps only posts of those kinds; ``taken`` (n_positions,) adds blocked bits known only outside the pair. Of many eligible posts
    the most promising are scored, for who told no limit of the way those of their city as in the night, or ``every`` one. A post out of reach
    counts as blocked by region, way and what is known of the post alone.
    """
    alone, p = pairing.beside(i), pairing.positions
    blocked = position_gates(pairing) | out_of_reach(alone, 0)
    if taken is not None:
        blocked |= taken
    near = (blocked & _FAR) == 0
    if kinds is not None:
        asked = np.array([k in kinds for k in POSITION_KINDS])[p.kind]
        near &= asked
    pj = np.flatnonzero(near)
    found = verdicts(alone, policy, _ALONE, pj)
    blocked[pj] |= found.blocked
    open_ = np.flatnonzero(blocked[pj] == 0)
    eligible, short = len(open_), None if every else max(SHORT, 3 * limit)
    if short is not None and eligible > SAMPLE + short:
        within = open_[reachable(alone, _ALONE, pj[open_])]
        open_ = within if len(within) > SAMPLE + short else open_
    left = _Left(_ALONE, pj[open_], found.unknown[open_], np.full(len(open_), days_left), p.ids, pj[open_])
    items = _ordered(alone, left, scorer, policy, limit, str(alone.members.ids[0]), short)
    judged = blocked if kinds is None else blocked[asked]
    return Ranking(tuple(replace(x, member=i) for x in items), len(judged), eligible, _counts(judged), scorer.version)


_FAR = bit(Gate.GATE_REGION) | bit(Gate.GATE_COMMUTE)

_ALONE = np.zeros(1, dtype=np.int64)
"""The row of one member beside all posts."""


def rank_members(
    pairing: Pairing,
    j: int,
    scorer: Scorer,
    days_left: Floats,
    policy: PolicyBook,
    *,
    limit: int = 20,
    taken: Bits | None = None,
    among: Ints | None = None,
) -> Ranking:
    """Rank the members of ``pairing`` for post row ``j``; ``days_left`` (n_members,); ``among`` judges only those member rows."""
    mi = np.arange(len(pairing.members)) if among is None else among
    pj = np.full(len(mi), j, dtype=np.int64)
    found = verdicts(pairing, policy, mi, pj)
    blocked = found.blocked
    if taken is not None:
        blocked |= taken[mi]
    keep = np.flatnonzero(blocked == 0)
    mi, pj = mi[keep], pj[keep]
    left = _Left(mi, pj, found.unknown[keep], days_left[mi], pairing.members.ids, mi)
    items = _ordered(pairing, left, scorer, policy, limit, str(pairing.positions.ids[j]))
    return Ranking(items, len(blocked), len(keep), _counts(blocked), scorer.version)


@dataclass(frozen=True, slots=True)
class _Left:
    """Pairs that nothing stands against: rows of both sides, what is not known of each, days left, (n,) each; ties are broken by ``ids[at]``."""

    mi: Ints
    pj: Ints
    unknown: Bits
    days: Floats
    ids: np.ndarray
    at: Ints


def _ordered(
    pairing: Pairing, left: _Left, scorer: Scorer, policy: PolicyBook, limit: int, salt: str, short: int | None = None
) -> tuple[Ranked, ...]:
    """Score eligible pairs, every one or of many the ``short`` most promising, and return the best, with reasons."""
    if not len(left.pj):
        return ()
    pairs = build(pairing, left.mi, left.pj)
    rows, scores = _scored(pairs, scorer, left.days, short)
    top = best_first(scores.order, left.ids[left.at[rows]], salt)[:limit]
    shown = rows[top]
    return explained(
        pairing, policy, scorer, _some(pairs, shown), _take(scores, top), left.days[shown], left.unknown[shown]
    )


def _scored(pairs: PairFrame, scorer: Scorer, days: Floats, short: int | None) -> tuple[Ints, Scores]:
    """Return the rows that were scored, and their scores: all, or of more than ``SAMPLE + short`` a sample and the best by a guess."""
    n = len(pairs)
    if short is None or n <= SAMPLE + short:
        return np.arange(n), scorer.score(pairs, days)
    some = np.arange(SAMPLE) * n // SAMPLE
    first = scorer.score(_some(pairs, some), days[some])
    value = guess(pairs.features, some, first.order)
    value[some] = -np.inf
    best = np.argpartition(-value, short)[:short]
    then = scorer.score(_some(pairs, best), days[best])
    both = [np.concatenate([getattr(first, name), getattr(then, name)]) for name in ("p_placed", "p_stays", "order")]
    return np.concatenate([some, best]), Scores(*both)


def _some(pairs: PairFrame, rows: Ints) -> PairFrame:
    return PairFrame(pairs.member[rows], pairs.position[rows], pairs.features[rows], pairs.names)


_SET = np.array([[byte >> k & 1 for byte in range(256)] for k in range(8)])
"""(8, 256) whether a bit is set in a byte."""


def _counts(blocked: Bits) -> dict[str, int]:
    """Return gate → pairs it stands against, a byte of the mask at a time: one pass a byte is less than one a gate."""
    octets = blocked.astype("<u4").view(np.uint8).reshape(-1, 4)
    times = [_SET @ np.bincount(octets[:, k], minlength=256) for k in range((len(Gate) + 7) // 8)]
    return {gate.name: int(n) for gate, n in zip(Gate, np.concatenate(times), strict=False) if n}


def _take(scores: Scores, rows: Ints) -> Scores:
    return Scores(scores.p_placed[rows], scores.p_stays[rows], scores.order[rows])


def best_first(order: Floats, keys: np.ndarray, salt: str) -> Ints:
    """Return row numbers, largest ``order`` first; ties by a hash of the keys under ``salt``, so that no identifier is favoured."""
    falling = -np.asarray(order)
    first = np.argsort(falling, kind="stable")
    like_next = np.flatnonzero(falling[first[1:]] == falling[first[:-1]])
    if not len(like_next):
        return first
    tied = first[np.union1d(like_next, like_next + 1)]
    ties = np.zeros(len(keys), dtype=np.uint64)
    ties[tied] = tie_break(keys[tied], salt)  # a hash is dear, and most stand alone
    return np.lexsort((ties, falling))


def tie_break(keys: np.ndarray, salt: str) -> np.ndarray:
    """Return (n,) uint64 pseudo-random numbers that depend on each key and on the salt alone."""
    padded = (salt * 16)[:8] + salt[-8:].rjust(8, "0") if salt else "0" * 16
    key = "".join(c if c.isascii() else "x" for c in padded)[:16].ljust(16, "0")
    return np.asarray(pd.util.hash_array(np.asarray(keys, dtype=object), hash_key=key, categorize=False))


def explained(
    pairing: Pairing, policy: PolicyBook, scorer: Scorer, pairs: PairFrame, scores: Scores, days: Floats, unknown: Bits
) -> tuple[Ranked, ...]:
    """Attach reasons, problems and unknowns (n,), as ``verdicts`` has them, to scored pairs, in the order given."""
    shares = scorer.explain(pairs, days)
    out = []
    for r in range(len(pairs)):
        i, j = int(pairs.member[r]), int(pairs.position[r])
        weights = shares.values[r]
        best = [k for k in np.argsort(-weights, kind="stable") if weights[k] > 0][:MAX_REASONS]
        worst = [k for k in np.argsort(weights, kind="stable") if weights[k] < 0][:MAX_REASONS]
        told = {
            k: Reason(shares.codes[k], facts(pairing, shares.codes[k], i, j), float(weights[k]))
            for k in (*best, *worst)
        }
        out.append(
            Ranked(
                i,
                j,
                r + 1,
                float(scores.order[r]),
                float(scores.p_placed[r]),
                float(scores.p_stays[r]),
                tuple(told[k] for k in best),
                tuple(told[k] for k in worst),
                unknown_reasons(pairing, policy, int(unknown[r]), i, j),
                pairs.features[r].tobytes(),
            )
        )
    return tuple(out)


def promising(values: Floats, groups: Ints, keep: int) -> Bools:
    """Return (n,) whether a row is among the ``keep`` largest values of its group; ties by row order of a stable sort."""
    order = np.lexsort((-values, groups))
    sorted_groups = groups[order]
    starts = (
        np.flatnonzero(np.r_[True, sorted_groups[1:] != sorted_groups[:-1]])
        if len(order)
        else np.zeros(0, dtype=np.int64)
    )
    position = np.arange(len(order)) - np.repeat(starts, np.diff(np.r_[starts, len(order)]))
    out = np.zeros(len(values), dtype=bool)
    out[order[position < keep]] = True
    return out
