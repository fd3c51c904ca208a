"""Rows that are each well formed and cannot be true together: refused at the door, named by row."""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from matching.tables.door import ERROR_COLUMNS

Tables = Mapping[str, pd.DataFrame]


def incoherent(tables: Tables) -> pd.DataFrame:
    """Return every contradiction among canonical tables, one row each, columns ``table row key column found expected``.

    A table left out is not looked at. ``row`` is the index label of the row to refuse.
    """
    parts = [part for rule, needs in _RULES if needs <= set(tables) and len(part := rule(tables))]
    if not parts:
        return pd.DataFrame({name: pd.Series(dtype=object) for name in ERROR_COLUMNS})
    return pd.concat(parts, ignore_index=True)


def _clock_before_recognition(tables: Tables) -> pd.DataFrame:
    rows = tables["promises"]
    recognised = _of(rows["household_id"], tables["households"], "household_id", "recognised_on")
    return _faults(
        "promises",
        "promise_id",
        rows,
        rows["started_on"] < recognised,
        "started_on",
        "on or after recognition on",
        recognised,
    )


def _due_before_start(tables: Tables) -> pd.DataFrame:
    rows = tables["promises"]
    return _faults(
        "promises",
        "promise_id",
        rows,
        rows["due_on"] < rows["started_on"],
        "due_on",
        "not before the start on",
        rows["started_on"],
    )


def _placed_before_referral(tables: Tables) -> pd.DataFrame:
    rows = tables["placements"]
    sent = _of(rows["referral_id"], tables["referrals"], "referral_id", "created_on")
    return _faults(
        "placements", "placement_id", rows, rows["started_on"] < sent, "started_on", "on or after its referral of", sent
    )


def _job_ends_before_it_begins(tables: Tables) -> pd.DataFrame:
    rows = tables["placements"]
    return _faults(
        "placements",
        "placement_id",
        rows,
        rows["ended_on"] < rows["started_on"],
        "ended_on",
        "on or after the first day",
        rows["started_on"],
    )


def _started_before_referral(tables: Tables) -> pd.DataFrame:
    rows = tables["referrals"]
    return _faults(
        "referrals",
        "referral_id",
        rows,
        rows["started_on"] < rows["created_on"],
        "started_on",
        "on or after the referral of",
        rows["created_on"],
    )


def _other_person_s_referral(tables: Tables) -> pd.DataFrame:
    rows = tables["placements"]
    sent = _of(rows["referral_id"], tables["referrals"], "referral_id", "member_id")
    return _faults(
        "placements",
        "placement_id",
        rows,
        sent.notna() & (rows["member_id"] != sent),
        "member_id",
        "the member of its referral,",
        sent,
    )


def _fewer_openings_than_left(tables: Tables) -> pd.DataFrame:
    rows = tables["positions"]
    return _faults(
        "positions",
        "position_id",
        rows,
        rows["openings_left"] > rows["openings_total"],
        "openings_left",
        "at most",
        rows["openings_total"],
    )


def _wage_upside_down(tables: Tables) -> pd.DataFrame:
    rows = tables["positions"]
    return _faults(
        "positions",
        "position_id",
        rows,
        rows["wage_max"] < rows["wage_min"],
        "wage_max",
        "at least wage_min,",
        rows["wage_min"],
    )


_RULES: tuple[tuple[Callable[[Tables], pd.DataFrame], set[str]], ...] = (
    (_clock_before_recognition, {"promises", "households"}),
    (_due_before_start, {"promises"}),
    (_placed_before_referral, {"placements", "referrals"}),
    (_other_person_s_referral, {"placements", "referrals"}),
    (_job_ends_before_it_begins, {"placements"}),
    (_started_before_referral, {"referrals"}),
    (_fewer_openings_than_left, {"positions"}),
    (_wage_upside_down, {"positions"}),
)


def _of(named: pd.Series, frame: pd.DataFrame, key: str, column: str) -> pd.Series:
    """Return a column of the rows these keys name, in the column's own type even where nothing is named."""
    return frame.drop_duplicates(key).set_index(key)[column].reindex(named).set_axis(named.index)


def _faults(
    table: str, key: str, rows: pd.DataFrame, wrong: pd.Series, column: str, words: str, against: pd.Series
) -> pd.DataFrame:
    at = np.flatnonzero(wrong.fillna(False).to_numpy(dtype=bool))
    return pd.DataFrame({
        "table": table,
        "row": rows.index.to_numpy()[at],
        "key": rows[key].to_numpy(dtype=object)[at],
        "column": column,
        "found": [_words(x) for x in rows[column].iloc[at]],
        "expected": [f"{words} {_words(x)}" for x in against.iloc[at]],
    })  # fmt: skip


def _words(value: object) -> str:
    return value.date().isoformat() if isinstance(value, pd.Timestamp) else str(value)
