"""Which regions an account sees: heads of region codes (GB/T 2260), so that a city holds its districts and streets."""

import re
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from matching.arrays import Bools
from matching.errors import BadInput

EVERYWHERE = "*"
"""Written in place of codes for an account that sees every region."""


def heads_of(codes: Iterable[str]) -> tuple[str, ...]:
    """Return the heads of region codes: 440000 → 44, 440100 → 4401, 440103 and streets as they are. BadInput for anything else."""
    out = set()
    for code in codes:
        if not re.fullmatch(r"\d{6}(\d{3})?", code):
            raise BadInput(f"region: expected a code of 6 or 9 digits, found {code[:20]!r}")
        head = code
        for zeros, keep in ((r"\d{2}0{4}(000)?", 2), (r"\d{4}00(000)?", 4), (r"\d{6}000", 6)):
            if re.fullmatch(zeros, code):
                head = code[:keep]
                break
        out.add(head)
    return tuple(sorted(out))


def written(heads: Sequence[str]) -> str:
    """Return a scope as it is stored."""
    return ";".join(heads) if heads else EVERYWHERE


def read(text: str) -> tuple[str, ...]:
    """Return a scope from its stored form; empty for every region. ValueError for an empty text, which says nothing."""
    if not text:
        raise ValueError("a stored scope is never empty")
    return () if text == EVERYWHERE else tuple(text.split(";"))


def within(codes: pd.Series, heads: Sequence[str]) -> Bools:
    """Return (n,) whether each region code lies in the scope."""
    if not heads:
        return np.ones(len(codes), dtype=bool)
    return np.asarray(codes.str.startswith(tuple(heads)).fillna(False).to_numpy(dtype=bool))
