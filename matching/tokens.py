"""Sets of codes as columns: how many codes two rows share, for many pairs at once."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from matching.arrays import Ints


@dataclass(frozen=True, slots=True)
class TokenColumn:
    """A column of code sets, stored once per distinct set.

    Attributes
    ----------
    codes : (n,) int
        Index of each row's set among the distinct sets.
    sets : tuple of tuple of str
        The distinct sets, as given.
    expanded : tuple of tuple of str
        The distinct sets with the codes they imply (a certificate of a higher level implies the lower ones).
    """

    codes: Ints
    sets: tuple[tuple[str, ...], ...]
    expanded: tuple[tuple[str, ...], ...]

    @property
    def sizes(self) -> Ints:
        """(n_distinct,) number of codes in each distinct set."""
        return np.array([len(s) for s in self.sets], dtype=np.int64)


def token_column(texts: pd.Series, expand: Callable[[str], Iterable[str]] | None = None) -> TokenColumn:
    """Encode a canonical set column (``;``-joined text, "" or null for none)."""
    codes, uniques = pd.factorize(texts.fillna("").to_numpy(dtype=object))
    sets = tuple(tuple(t for t in str(u).split(";") if t) for u in uniques)
    if expand is None:
        return TokenColumn(codes.astype(np.int64), sets, sets)
    wider = tuple(tuple(dict.fromkeys(e for t in s for e in expand(t))) for s in sets)
    return TokenColumn(codes.astype(np.int64), sets, wider)


def overlap(left: TokenColumn, right: TokenColumn) -> np.ndarray:
    """Return (n_left_distinct, n_right_distinct) int16: codes of the left set found in the right set's expansion, and the reverse.

    A code counts once when the two expansions share it, so expand only one side.
    """
    index = {token: k for k, token in enumerate(dict.fromkeys(t for s in right.expanded for t in s))}
    a = _incidence(left.expanded, index)
    b = _incidence(right.expanded, index)
    return np.asarray((a @ b.T).toarray(), dtype=np.int16)


def _incidence(sets: tuple[tuple[str, ...], ...], index: dict[str, int]) -> sparse.csr_matrix:
    columns = [[index[t] for t in s if t in index] for s in sets]
    indptr = np.concatenate([[0], np.cumsum([len(c) for c in columns])]).astype(np.int64)
    flat = np.array([k for c in columns for k in c], dtype=np.int64)
    return sparse.csr_matrix((np.ones(len(flat), dtype=np.int16), flat, indptr), shape=(len(sets), max(len(index), 1)))


def prefixes(code: str) -> tuple[str, ...]:
    """Return a hierarchical code with the codes of the groups above it: ``440103001`` → itself, 440103, 440100, 440000.

    Occupation codes give every prefix: ``40801`` → 40801, 4080, 408, 40, 4.
    """
    return tuple(code[:k] for k in range(len(code), 0, -1))


def region_chain(code: str) -> tuple[str, ...]:
    """Return a GB/T 2260 code and the regions above it, nearest first."""
    chain = [code]
    if len(code) > 6:
        chain.append(code[:6])
    if len(code) >= 6:
        chain += [code[:4] + "00", code[:2] + "0000"]
    return tuple(dict.fromkeys(chain))


def certificate_chain(certificate: str) -> tuple[str, ...]:
    """Return what a certificate proves: ``electrician@3`` also proves levels 4 and 5 (1 is the highest) and the bare code."""
    code, at, level = certificate.partition("@")
    if not at or not level.isdigit():
        return (certificate, code) if at else (certificate,)
    return (code, *(f"{code}@{k}" for k in range(int(level), 6)))
