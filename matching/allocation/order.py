"""Tie keys: a number for every seeker and position that does not depend on the order of the rows."""

import numpy as np
from scipy import sparse

from matching.arrays import Floats, Ints

ROUNDS = 2
"""How often each side's keys take in the other side's: enough to tell apart all but true twins in practice."""


def mixed(x: Ints) -> Ints:
    """Scramble uint64 numbers one to one, so that sums and comparisons of keys carry no pattern (splitmix64, Steele et al. 2014)."""
    x = np.asarray(x, dtype=np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(x ^ (x >> np.uint64(31)))


def bits(values: Floats) -> Ints:
    """Return the 64 bits of floating-point numbers, with -0.0 as 0.0."""
    return (np.asarray(values, dtype=np.float64) + 0.0).view(np.uint64)


def content_keys(matrix: sparse.csr_matrix, seeker: Ints, position: Ints, group: Ints) -> tuple[Ints, Ints]:
    """Return uint64 keys of rows and columns made from what they hold, not from where they stand.

    ``seeker`` (n,) and ``position`` (m,) uint64 hashes of each side's own facts; ``group`` (n,) codes of rows that belong together.
    Rows that differ in nothing, through all they are linked to, get equal keys.
    """
    n, m = matrix.shape
    row = np.repeat(np.arange(n, dtype=np.int32), np.diff(matrix.indptr))
    facts = mixed(bits(matrix.data))
    for _ in range(ROUNDS):
        sums = np.zeros(m, dtype=np.uint64)
        np.add.at(sums, matrix.indices, mixed(facts + seeker[row]))
        position = mixed(position + mixed(sums))
        sums = np.zeros(n, dtype=np.uint64)
        np.add.at(sums, row, mixed(facts + position[matrix.indices]))
        seeker = mixed(seeker + mixed(sums))
        together = np.zeros(int(group.max(initial=-1)) + 1, dtype=np.uint64)
        np.add.at(together, group, mixed(seeker))
        seeker = mixed(seeker + mixed(together[group]))
    return seeker, position


def twins(matrix: sparse.csr_matrix) -> Ints:
    """Return (m,) for each column the number of the first column that holds exactly the same."""
    n, m = matrix.shape
    row = np.repeat(np.arange(n, dtype=np.uint64), np.diff(matrix.indptr))
    sums = np.zeros(m, dtype=np.uint64)
    np.add.at(sums, matrix.indices, mixed(mixed(row) + bits(matrix.data)))
    _, first, at = np.unique(sums, return_index=True, return_inverse=True)
    return np.asarray(first[at])
