"""Which occupation a post is: the minor groups of GB/T 6565, and a suggestion from a title and duties in Chinese.

A title is compared with known everyday titles and group names by the runs of one to three characters they share, rare runs counting more;
a group counts by its most similar title and by all its words together, duties by the latter alone. It only suggests: an officer chooses.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
import pandas as pd
from scipy import sparse

from matching.arrays import Floats

DUTIES_WEIGHT = 0.5
"""How much likeness of the duties counts beside likeness of the title."""

_RUNS = (1, 2, 3)
_NOISE = re.compile(r"[^\u4e00-\u9fffA-Za-z]+|人员")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A code with the name of its group; ``score`` from 0 (nothing alike) to 1, ``like`` the known title it was most like."""

    code: str
    name_zh: str
    score: float
    like: str


@cache
def occupation_names() -> dict[str, str]:
    """Return code → Chinese name of every minor group."""
    table = _table("occupations.csv")
    return dict(zip(table["code"], table["name_zh"], strict=True))


def known_titles() -> pd.DataFrame:
    """Return everyday titles and the minor group of each, columns ``title code``."""
    return _table("occupation_titles.csv").copy()


def suggest(title: str, duties: str = "", *, top: int = 3) -> tuple[Suggestion, ...]:
    """Return the groups a post is most like, best first; fewer than ``top`` where nothing else is alike."""
    return _suggester().suggest(title, duties, top=top)


class Suggester:
    """Learns titles with their codes (n each) and suggests codes; ties go to the lower code."""

    def __init__(self, titles: Sequence[str], codes: Sequence[str]) -> None:
        self._titles, self._codes = list(titles), sorted(set(codes))
        row = {code: k for k, code in enumerate(self._codes)}
        self._row = np.array([row[c] for c in codes])
        counts = [_runs(t) for t in self._titles]
        self._words = {run: k for k, run in enumerate(sorted(set().union(*counts)))}
        seen = np.zeros(len(self._words))
        for some in counts:
            seen[[self._words[run] for run in some]] += 1
        self._weight = np.log((1 + len(counts)) / (1 + seen)) + 1
        self._known = sparse.vstack([self._vector(c) for c in counts], format="csr")
        groups = sparse.csr_array((np.ones(len(counts)), (self._row, np.arange(len(counts)))))
        self._profiles = _unit(groups @ self._known)

    def suggest(self, title: str, duties: str = "", *, top: int = 3) -> tuple[Suggestion, ...]:
        """Return the codes most like a title and duties, best first."""
        asked = self._vector(_runs(title))
        alike = _likeness(self._known, asked)
        closest = np.zeros(len(self._codes))
        np.maximum.at(closest, self._row, alike)
        score = (closest + _likeness(self._profiles, asked)) / 2
        if _runs(duties):
            told = _likeness(self._profiles, self._vector(_runs(duties)))
            score = (score + DUTIES_WEIGHT * told) / (1 + DUTIES_WEIGHT)
        best = [k for k in np.argsort(-score, kind="stable")[:top] if score[k] > 0]
        return tuple(
            Suggestion(self._codes[k], _name(self._codes[k]), float(score[k]), self._like(k, alike)) for k in best
        )

    def _like(self, k: int, alike: Floats) -> str:
        return self._titles[int(np.argmax(np.where(self._row == k, alike, -1.0)))]

    def _vector(self, runs: Counter[str]) -> sparse.csr_array:
        """Return (1, n_runs) of length one; runs nobody knows lengthen it, so that an unknown word makes less alike."""
        at = [self._words[run] for run in runs if run in self._words]
        values = np.array([runs[run] for run in runs if run in self._words]) * self._weight[at]
        unknown = sum(n * n for run, n in runs.items() if run not in self._words) * self._weight.max() ** 2
        length = np.sqrt((values**2).sum() + unknown)
        return sparse.csr_array((values / (length or 1.0), ([0] * len(at), at)), shape=(1, len(self._words)))


def _likeness(rows: sparse.csr_array, one: sparse.csr_array) -> Floats:
    return np.asarray((rows @ one.T).toarray()[:, 0])


def _unit(rows: sparse.csr_array) -> sparse.csr_array:
    length = np.sqrt((rows.multiply(rows)).sum(axis=1))
    return sparse.csr_array(sparse.diags_array(1 / np.where(length > 0, length, 1.0)) @ rows)


def _runs(text: str) -> Counter[str]:
    """Return the runs of characters of a text, with how often each comes; brackets, signs and the word 人员 part runs."""
    parts = [p.lower() for p in _NOISE.split(text) if p]
    return Counter(p[k : k + n] for p in parts for n in _RUNS for k in range(len(p) - n + 1))


def _name(code: str) -> str:
    return occupation_names().get(code, code)


@cache
def _suggester() -> Suggester:
    titles, names = known_titles(), occupation_names()
    return Suggester([*titles["title"], *names.values()], [*titles["code"], *names])


def _table(name: str) -> pd.DataFrame:
    with resources.files("matching.reference").joinpath(name).open(encoding="utf-8") as file:
        return pd.read_csv(file, dtype=str)
