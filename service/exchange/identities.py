"""The personal columns of a file: what the vault takes of them, and what is dropped by name."""

import pandas as pd

from matching.tables import TABLES
from service.exchange.cells import NOT_GIVEN
from service.exchange.personal import SEALED, holds, is_identity_number
from service.exchange.reader import Sheet
from service.exchange.told import Fault, fault
from service.exchange.wishes import wish_columns
from service.storage.vault import Identity

_PARTS = {"name": "name", "identity number": "identity_number", "phone": "phone", "address": "address"}


def dropped_columns(sheet: Sheet, *, sealing: bool) -> tuple[str, ...]:
    """Return the columns and sheets that were not kept; those that may not be kept say what they hold."""
    sealed, wishes = set(_sealed_columns(sheet)) if sealing else set(), set(wish_columns(sheet))
    out = []
    for header in sheet.frame.columns:
        if header not in sheet.columns:
            what = holds(header)
            if header in wishes:
                out.append(f"{header} [wish about the person: read with the duties]")
                continue
            note = "" if what is None else f" [{what}: {'in the vault' if header in sealed else 'not kept'}]"
            out.append(f"{header}{note}")
    return (*out, *(f"{name} [sheet: no table]" for name in sheet.others))


def identity_faults(sheet: Sheet) -> list[Fault]:
    """Refuse identity numbers that cannot be: digits lost in a spreadsheet, or a check digit that does not fit."""
    out = []
    for header, part in _sealed_columns(sheet).items():
        if part == "identity_number":
            for row, value in zip(sheet.frame.index, sheet.frame[header], strict=True):
                text = _text(value)
                if text is not None and not (isinstance(value, str) and is_identity_number(text)):
                    expected = "18 characters as text with the check digit that fits; format the column as text and type it again"
                    out.append(fault(row, header, "(an identity number that does not fit)", expected))
    return out


def identities(sheet: Sheet, good: pd.DataFrame) -> dict[str, Identity]:
    """Return member, or caseworker, → identity of the rows that went in."""
    columns = _sealed_columns(sheet)
    if not columns:
        return {}
    out: dict[str, Identity] = {}
    rows = sheet.frame.loc[good.index, list(columns)]
    for owner, values in zip(good[TABLES[sheet.table].key[0]], rows.itertuples(index=False, name=None), strict=True):
        parts: dict[str, str] = {}
        for part, value in zip(columns.values(), values, strict=True):
            text = _text(value)
            if text is not None:
                parts.setdefault(part, text)
        if parts:
            out[owner] = Identity(**parts)
    return out


def _sealed_columns(sheet: Sheet) -> dict[str, str]:
    """Return header → part of an identity; only the members' and the caseworkers' own tables have rows that are one person."""
    kept = SEALED.get(sheet.table, ())
    found = {h: holds(h) for h in sheet.frame.columns if h not in sheet.columns}
    return {h: _PARTS[what] for h, what in found.items() if what in kept}


def _text(value: object) -> str | None:
    if isinstance(value, float) and value.is_integer():
        value = str(int(value))
    text = "" if value is None or value != value else str(value).strip()
    return None if text == "" or text in NOT_GIVEN else text
