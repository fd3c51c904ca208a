"""Rules between the cells of a row and between a row and the record: a parent that exists, an order of days that is possible."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from matching.arrays import Bools
from matching.tables import TABLES, Table
from matching.tables.door import ERROR_COLUMNS
from matching.vocabulary import OPEN_REFERRAL_STATES
from service.storage import Transaction

Rule = tuple[str, str, Callable[[pd.DataFrame], pd.Series]]
"""Column blamed, what was expected, and the test that says a row breaks it."""

RULES: dict[str, tuple[Rule, ...]] = {
    "positions": (
        ("wage_max", "not below the lowest wage", lambda f: f["wage_max"] < f["wage_min"]),
        ("openings_left", "not above the openings declared", lambda f: f["openings_left"] > f["openings_total"]),
        ("valid_until", "not before the day it was posted", lambda f: f["valid_until"] < f["posted_on"]),
    ),
    "members": (
        ("flexibility_declared", "yes where a day of declaration is given", lambda f: f["flexibility_declared_on"].notna() & ~f["flexibility_declared"]),
    ),
    "referrals": (
        ("started_on", "not before the referral", lambda f: f["started_on"] < f["created_on"]),
        ("outcome_on", "not before the referral", lambda f: f["outcome_on"] < f["created_on"]),
    ),
    "placements": (("ended_on", "not before the first day of work", lambda f: f["ended_on"] < f["started_on"]),),
    "promises": (("due_on", "not before the start", lambda f: f["due_on"] < f["started_on"]),),
    "households": (("recognised_on", "not before the day of discovery", lambda f: f["recognised_on"] < f["discovered_on"]),),
}  # fmt: skip
"""Rules inside one row, by table."""


@dataclass(frozen=True, slots=True)
class OnlyOne:
    """Of the live rows of a table, one for each value of ``slot``."""

    table: str
    slot: tuple[str, ...]
    live: Callable[[pd.DataFrame], Bools]
    column: str
    expected: str


ONLY_ONE = (
    OnlyOne("referrals", ("member_id", "position_id"), lambda f: f["state"].isin(list(OPEN_REFERRAL_STATES)).to_numpy(dtype=bool), "state", "one open referral of a member to a post"),
    OnlyOne("pairings", ("household_id",), lambda f: f["ended_on"].isna().to_numpy(dtype=bool), "household_id", "one running pairing of a household; end the other first"),
)  # fmt: skip
"""What the record holds to by an index over live rows, told row by row before the record refuses the file."""


def cross_checks(tx: Transaction, table: Table, frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows that keep every rule, and the refused cells of the others."""
    refused = np.zeros(len(frame), dtype=bool)
    told: list[pd.DataFrame] = []

    def refuse(bad: Bools, column: str, expected: str) -> None:
        new = bad & ~refused
        if new.any():
            told.append(_errors(table, frame, new, column, expected))
            refused[new] = True

    for column, expected, breaks in RULES.get(table.name, ()):
        refuse(breaks(frame).fillna(False).to_numpy(dtype=bool), column, expected)
    for spec in table.columns:
        if spec.references is not None and len(frame):
            parent = TABLES[spec.references]
            known = set(tx.read(parent.name, columns=[parent.key[0]])[parent.key[0]])
            values = frame[spec.name]
            refuse(
                (values.notna() & ~values.isin(known)).to_numpy(dtype=bool),
                spec.name,
                f"one that exists in {parent.name}; import it first",
            )
    for column, expected, bad in _against_record(tx, table, frame[~refused]):
        full = np.zeros(len(frame), dtype=bool)
        full[~refused] = bad
        refuse(full, column, expected)
    errors = (
        pd.concat(told, ignore_index=True)
        if told
        else pd.DataFrame({c: pd.Series(dtype=object) for c in ERROR_COLUMNS})
    )
    return frame[~refused], errors


def _against_record(tx: Transaction, table: Table, frame: pd.DataFrame) -> list[tuple[str, str, Bools]]:
    """Rules that need another table's row."""
    if not len(frame):
        return []
    if table.name == "placements":
        created = tx.read("referrals", columns=["referral_id", "created_on"]).set_index("referral_id")["created_on"]
        before = frame["started_on"].to_numpy() < frame["referral_id"].map(created).to_numpy().astype("datetime64[s]")
        return [("started_on", "not before its referral", before)]
    if table.name == "promises":
        recognised = tx.read("households", columns=["household_id", "recognised_on"]).set_index("household_id")[
            "recognised_on"
        ]
        early = frame["started_on"].to_numpy() < frame["household_id"].map(recognised).to_numpy().astype(
            "datetime64[s]"
        )
        return [("started_on", "not before the household's recognition", early)]
    return [
        (rule.column, rule.expected, _taken_twice(tx, table, frame, rule))
        for rule in ONLY_ONE
        if rule.table == table.name
    ]


def _taken_twice(tx: Transaction, table: Table, frame: pd.DataFrame, rule: OnlyOne) -> Bools:
    """Rows that would be a second one where there may be one: after an earlier row of the file, or beside a row of the record
    that the file leaves as it is."""
    live = rule.live(frame)
    slot = pd.MultiIndex.from_frame(frame[list(rule.slot)])
    again = np.zeros(len(frame), dtype=bool)
    again[live] = slot[live].duplicated()
    stored = tx.read(table.name)
    stored = stored[rule.live(stored) & ~stored[table.key[0]].isin(frame[table.key[0]]).to_numpy(dtype=bool)]
    taken = slot.isin(pd.MultiIndex.from_frame(stored[list(rule.slot)]))
    return np.asarray(live & (again | taken))


def _errors(table: Table, frame: pd.DataFrame, bad: Bools, column: str, expected: str) -> pd.DataFrame:
    rows = frame[bad]
    return pd.DataFrame(
        {
            "table": table.name,
            "row": rows.index.to_numpy(),
            "key": rows[table.key[0]].astype(str).to_numpy(),
            "column": column,
            "found": [_shown(v) for v in rows[column].to_numpy(dtype=object)],
            "expected": expected,
        }
    )


def _shown(value: object) -> str:
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    return "(empty)" if pd.isna(value) else str(value)  # type: ignore[call-overload]
