"""Bad rows as they come in real files (domain model, section 7.5): what the door must refuse, put in on purpose."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from matching.tables import TABLES
from models.simulation.draws import generator

_SPOILT: tuple[tuple[str, dict[str, Any]], ...] = (
    ("members", {"member_id": 4.40103198e17}),
    ("members", {"member_id": ""}),
    ("members", {"birth_month": "1980-13"}),
    ("members", {"education": "105"}),
    ("members", {"commute_limit_minutes": 900}),
    ("households", {"dibao_status": "maybe"}),
    ("households", {"recognised_on": "2026-02-30"}),
    ("positions", {"posted_on": "2025-02-29"}),
    ("positions", {"openings_left": -3}),
    ("positions", {"kind": "FULL_TIME"}),
    ("positions", {"wage_min": "面议"}),
    ("positions", {"required_skills": "strength:50"}),
    ("referrals", {"state": "hired"}),
    ("assessments", {"score": 140}),
)
"""Table and the cell that is spoilt: number for an identifier, no identifier, thirteenth month, codes unknown, impossible days and amounts."""


def with_bad_rows(
    tables: Mapping[str, pd.DataFrame], seed: int = 0
) -> tuple[dict[str, pd.DataFrame], list[tuple[str, str, str]]]:
    """Return the tables with bad rows mixed in, and what an import must refuse of them.

    Each bad row copies a good one under an identifier of its own and spoils one cell; one household comes twice. One more row, a wage
    with a nought too many, is plausible and passes. Tables that received a row have object columns.

    Returns
    -------
    dict of str to DataFrame, list of (table, key, column)
        ``key`` is the first key column of the refused row as text, "" where it is missing.
    """
    rng = generator(seed, "dirt")
    extra: dict[str, list[dict[str, Any]]] = {}
    expected: list[tuple[str, str, str]] = []
    for number, (name, spoilt) in enumerate(_SPOILT):
        if name in tables and len(tables[name]):
            row = {**_copy(tables[name], name, 900_001 + number, rng), **spoilt}
            column = next(iter(spoilt))
            extra.setdefault(name, []).append(row)
            expected.append((name, str(row[TABLES[name].key[0]]), column))
    if len(tables.get("households", ())):
        twice = _row(tables["households"], rng)
        extra.setdefault("households", []).append(twice)
        expected.append(("households", str(twice["household_id"]), "household_id"))
    if len(tables.get("positions", ())):
        typo = _copy(tables["positions"], "positions", 900_100, rng)
        extra["positions"].append(
            {**typo, "wage_min": int(typo["wage_min"]) * 10, "wage_max": int(typo["wage_max"]) * 10}
        )
    return {name: _mixed(frame, extra[name]) if name in extra else frame for name, frame in tables.items()}, expected


def _copy(frame: pd.DataFrame, name: str, number: int, rng: np.random.Generator) -> dict[str, Any]:
    """Return a good row under an identifier of its own; an assessment stays its member's, under an instrument of its own."""
    row = _row(frame, rng)
    key = TABLES[name].key[0]
    if name == "assessments":
        return {**row, "instrument": f"dirt-{number}"}
    return {**row, key: f"{str(row[key])[:4]}{number}"}


def _row(frame: pd.DataFrame, rng: np.random.Generator) -> dict[str, Any]:
    at = int(rng.integers(len(frame)))
    row: dict[str, Any] = frame.iloc[[at]].astype(object).iloc[0].to_dict()
    return row


def _mixed(frame: pd.DataFrame, rows: list[dict[str, Any]]) -> pd.DataFrame:
    more = pd.DataFrame(rows, columns=frame.columns, dtype=object)
    return pd.concat([frame.astype(object), more], ignore_index=True)
