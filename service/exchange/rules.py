"""Rules between the cells of a row and between a row and the record: a parent that exists, an order of days that is possible."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from matching.arrays import Bools
from matching.coherence import incoherent
from matching.tables import TABLES, Table
from matching.tables.door import ERROR_COLUMNS
from matching.vocabulary import OPEN_REFERRAL_STATES
from service.security.regions import within
from service.storage import Transaction

Rule = tuple[str, str, Callable[[pd.DataFrame], pd.Series]]
"""Column blamed, what was expected, and the test that says a row breaks it."""

RULES: dict[str, tuple[Rule, ...]] = {
    "positions": (
        ("valid_until", "not before the day it was posted", lambda f: f["valid_until"] < f["posted_on"]),
    ),
    "members": (
        ("flexibility_declared", "yes where a day of declaration is given", lambda f: f["flexibility_declared_on"].notna() & ~f["flexibility_declared"]),
    ),
    "referrals": (
        ("outcome_on", "not before the referral", lambda f: f["outcome_on"] < f["created_on"]),
    ),
    "promises": (("state", "paused while a pause runs; end the pause first", lambda f: (f["state"] == "running") & f["paused_since"].notna()),),
    "households": (("recognised_on", "not before the day of discovery", lambda f: f["recognised_on"] < f["discovered_on"]),),
}  # fmt: skip
"""Rules inside one row of a file, by table, beside those every record is held to (``matching/coherence.py``)."""

PARENTS = {"placements": "referrals", "promises": "households"}
"""Table → the table of the record its rows are held against."""


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


TAKEN = "an identifier that is free or of your own region"
"""What is expected of an identifier that a row elsewhere has."""


def cross_checks(tx: Transaction, table: Table, frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows that keep every rule, and the refused cells of the others."""
    refused = np.zeros(len(frame), dtype=bool)
    told: list[pd.DataFrame] = []

    def refuse(bad: Bools, column: str, expected: str) -> None:
        """Tell of bad rows once, with the column that is at fault and what was expected."""
        new = bad & ~refused
        if new.any():
            told.append(_errors(table, frame, new, column, expected))
            refused[new] = True

    for column, expected, breaks in RULES.get(table.name, ()):
        refuse(breaks(frame).fillna(False).to_numpy(dtype=bool), column, expected)
    for column, expected, bad in _elsewhere(tx, table, frame):
        refuse(bad, column, expected)
    for spec in table.columns:
        if spec.references is not None and len(frame):
            parent = TABLES[spec.references]
            known = set(tx.seen(parent.name, columns=[parent.key[0]])[parent.key[0]])
            values = frame[spec.name]
            refuse(
                (values.notna() & ~values.isin(known)).to_numpy(dtype=bool),
                spec.name,
                f"one that exists in {parent.name}; import it first",
            )
    contradictions = _contradictions(tx, table, frame[~refused])
    if len(contradictions):
        told.append(contradictions)
        refused |= frame.index.isin(contradictions["row"])
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


def _elsewhere(tx: Transaction, table: Table, frame: pd.DataFrame) -> list[tuple[str, str, Bools]]:
    """What belongs to people outside the regions of who brings the file: a place elsewhere, an identifier somebody there has."""
    if not tx.regions or not len(frame):
        return []
    key = table.key[0]
    theirs = set(tx.read(table.name, [key])[key]) - set(tx.seen(table.name, [key])[key])
    out = [(key, TAKEN, frame[key].isin(theirs).to_numpy(dtype=bool))]
    if table.name in ("households", "members"):
        out.append(("region_code", "a region you serve", ~within(frame["region_code"], tx.regions)))
    return out


def _contradictions(tx: Transaction, table: Table, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the cells that cannot be true beside the others of their row and the record, the first one a row."""
    parent = PARENTS.get(table.name)
    found = incoherent({table.name: frame, **({} if parent is None else {parent: tx.read(parent)})})
    return found[found["table"] == table.name].drop_duplicates("row", ignore_index=True)


def _against_record(tx: Transaction, table: Table, frame: pd.DataFrame) -> list[tuple[str, str, Bools]]:
    """What the record holds to one of, told row by row."""
    if not len(frame):
        return []
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
