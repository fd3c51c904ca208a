"""What a post costs in being wanted by many: without it the lists of neighbours hold the same few posts, and somebody's list nothing that is left.

A sample of members wants posts, the likelier the better by the guess, less the price; prices rise where more are wanted than there is room for
and fall, never below 0, where fewer are (a soft auction: Sinkhorn's balance with an outside option). They choose what goes on a list, never
what a pair is worth.
"""

import numpy as np

from matching.arrays import Floats, Ints
from matching.pairing import Pairing
from matching.prescore import Prescore
from matching.reach import blocks

SAMPLE = 600
"""Members asked."""

ROUNDS = 12

SOFT = 0.12
"""Log-odds within which two posts are wanted about alike."""


def crowding(pairing: Pairing, guess: Prescore, rows: Ints, room: Ints, picks: int) -> Floats:
    """Return (n_positions,) prices in log-odds, at least 0, at which member rows ``rows`` with ``picks`` posts each want no more than ``room``
    (n_positions,) as nearly as the rounds allow; posts nobody asked wants cost nothing."""
    step = max(len(rows) // SAMPLE, 1)
    asked, post, value = _wishes(pairing, guess, rows[step // 2 :: step])
    price = np.zeros(len(room))
    if not len(asked):
        return price
    starts = np.flatnonzero(np.diff(asked, prepend=-1))
    sizes = np.diff(starts, append=len(asked))
    each = picks * len(rows) / len(starts)
    for _ in range(ROUNDS):
        wish = (value - price[post]) / SOFT
        wish = np.exp(wish - np.repeat(np.maximum.reduceat(wish, starts), sizes))
        wish *= np.repeat(each / np.add.reduceat(wish, starts), sizes)
        wanted = np.bincount(post, wish, len(room))
        here = wanted > 0
        price[here] += SOFT * np.log(wanted[here] / np.maximum(room[here], 0.5))
        np.maximum(price, 0.0, out=price)
    return price


def _wishes(pairing: Pairing, guess: Prescore, rows: Ints) -> tuple[Ints, Ints, Floats]:
    """Return member, post and guess of every pair in reach, by member."""
    parts = []
    for block in blocks(pairing, rows):
        row, column = np.nonzero(block.near)
        value = guess.block(block.mi, block.pj, block.minutes)[row, column]
        parts.append((block.mi[row], block.pj[column], value.astype(float)))
    member, post, value = (np.concatenate(p) for p in zip(*parts, strict=True))
    return member, post, value
