"""Sets of codes as columns: how many codes two rows share, for many pairs at once."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from matching.arrays import Ints


@dataclass(frozen=True)
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

    @cached_property
    def sizes(self) -> Ints:
        """(n_distinct,) number of codes in each distinct set."""
        return np.array([len(s) for s in self.sets], dtype=np.int64)

    @cached_property
    def holders(self) -> Mapping[str, Ints]:
        """Code → the distinct sets whose expansion holds it."""
        found: dict[str, list[int]] = {}
        for u, codes in enumerate(self.expanded):
            for code in codes:
                found.setdefault(code, []).append(u)
        return {code: np.array(rows, dtype=np.int64) for code, rows in found.items()}

    @cached_property
    def numbers(self) -> Mapping[tuple[str, ...], int]:
        """Distinct set → its index."""
        return {codes: u for u, codes in enumerate(self.sets)}

    def with_sets(self, other: "TokenColumn") -> tuple["TokenColumn", Ints]:
        """Return this column with the other's sets known beside its own, and the other's codes in those numbers."""
        new = [u for u, codes in enumerate(other.sets) if codes not in self.numbers]
        wider = self
        if new:
            wider = TokenColumn(
                self.codes,
                self.sets + tuple(other.sets[u] for u in new),
                self.expanded + tuple(other.expanded[u] for u in new),
            )
        renamed = np.array([wider.numbers[codes] for codes in other.sets], dtype=np.int64)
        return wider, renamed[other.codes]

    def take(self, rows: Ints) -> "TokenColumn":
        """Return the column of some rows, with only the sets they have."""
        used, codes = np.unique(self.codes[rows], return_inverse=True)
        return TokenColumn(codes, tuple(self.sets[u] for u in used), tuple(self.expanded[u] for u in used))

    def recoded(self, codes: Ints) -> "TokenColumn":
        """Return a column of other rows over the same sets; what was worked out about the sets is kept."""
        out = TokenColumn(codes, self.sets, self.expanded)
        out.__dict__.update(
            {name: self.__dict__[name] for name in ("sizes", "holders", "numbers") if name in self.__dict__}
        )
        return out


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
    out = np.zeros((len(left.sets), len(right.sets)), dtype=np.int16)
    for u, codes in enumerate(left.expanded):
        for code in codes:
            if code in right.holders:
                out[u, right.holders[code]] += 1
    return out


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
