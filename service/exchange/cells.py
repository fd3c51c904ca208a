"""One cell as an office writes it, as the dictionary has it: words to codes, yuan to fen, Chinese dates, clock times."""

import re
import unicodedata
from datetime import date, datetime, time, timedelta

import numpy as np
import pandas as pd

from matching.tables import Column, Kind, Table
from service.exchange.catalogue import decode, in_yuan, tidy
from service.exchange.personal import is_phone, looks_like_identity_number
from service.exchange.reader import Sheet
from service.exchange.serials import day_of

NOT_GIVEN = frozenset({"/", "\\", "-", "--", "—", "——", "－"})
"""Marks an office puts where there is nothing to say."""

LOST_DIGITS = (
    "an identifier as text; the spreadsheet kept 15 digits of it, so format the column as text and type it again"
)
NOT_AN_IDENTITY_NUMBER = "an identifier of the office's own; an identity number is not kept as one"
NOT_A_PHONE = "the office's own identifier; a phone number may not stand for a person"

_PERSONS = ("member_id", "household_id")
_FULL_DATE = re.compile(r"(\d{4})\s*[年./-]\s*(\d{1,2})\s*[月./-]\s*(\d{1,2})\s*日?(?:[ T]0?0:00(?::00(?:\.0+)?)?)?")
_COMPACT_DATE = re.compile(r"((?:19|20)\d\d)(\d\d)(\d\d)")
_MONTH = re.compile(r"(\d{4})(?:[年./-](\d{1,2})月?|(\d\d))")
_CLOCK = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)(?::00)?")
_POWER = re.compile(r"\d(?:\.\d+)?E\+\d+", re.IGNORECASE)
_MOST_DIGITS = 1e15


def decoded(sheet: Sheet, table: Table) -> pd.DataFrame:
    """Return the sheet under the dictionary's column names with coded values, dates and money as the dictionary has them."""
    out = {}
    for header, name in sheet.columns.items():
        column = table.column(name)
        values = sheet.frame[header]
        try:
            codes, uniques = pd.factorize(values.to_numpy(dtype=object), use_na_sentinel=False)
        except TypeError:
            out[name] = values
            continue
        yuan = in_yuan(header)
        found = np.empty(len(uniques), dtype=object)
        found[:] = [cell(table.name, column, v, yuan=yuan) for v in uniques]
        out[name] = pd.Series(found[codes] if len(codes) else found[:0], index=values.index, dtype=object)
    return pd.DataFrame(out, index=sheet.frame.index)


def cell(table: str, column: Column, value: object, *, yuan: bool = False) -> object:
    """Return one cell as the dictionary has it; what is not understood is returned as it came, for the door to refuse."""
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, str) and column.kind is not Kind.TEXT:
        value = unicodedata.normalize("NFKC", value).strip()
        if value in NOT_GIVEN:
            return None
    if column.kind in (Kind.SET, Kind.MAP) and isinstance(value, str) and tidy(value) in ("无", "没有"):
        return ""
    if column.kind is Kind.MONEY:
        return _money(value, yuan)
    if column.kind is Kind.DATE:
        return _date(value)
    if column.kind is Kind.MONTH:
        return _month(value)
    if column.unit == "minute of day":
        return _clock(value)
    if column.kind in (Kind.INT, Kind.FLOAT) and isinstance(value, str):
        return value.replace(",", "").strip()
    return decode(table, column, value)


def identifier_fault(column: str, value: object) -> str | None:
    """Return what was expected of an identifier that lost its digits in a spreadsheet or is a person's identity or phone number, None if it is neither."""
    if isinstance(value, float) and abs(value) >= _MOST_DIGITS:
        return LOST_DIGITS
    if isinstance(value, str) and _POWER.fullmatch(value.strip()):
        return LOST_DIGITS
    if column in _PERSONS and isinstance(value, str) and looks_like_identity_number(value):
        return NOT_AN_IDENTITY_NUMBER
    if column in _PERSONS and isinstance(value, str) and is_phone(value):
        return NOT_A_PHONE
    return None


def _money(value: object, yuan: bool) -> object:
    if isinstance(value, str):
        text = value.replace(",", "").removesuffix("元").strip()
        try:
            value = float(text)
        except ValueError:
            return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return round(value * 100, 4) if yuan else value
    return value


def _date(value: object) -> object:
    if isinstance(value, str):
        match = _FULL_DATE.fullmatch(value) or _COMPACT_DATE.fullmatch(value)
        return f"{match[1]}-{int(match[2]):02}-{int(match[3]):02}" if match else value
    if isinstance(value, int | float) and not isinstance(value, bool) and float(value).is_integer():
        if (day := day_of(value)) is not None:
            return day
        return _date(str(int(value))) if _COMPACT_DATE.fullmatch(str(int(value))) else value
    return value


def _month(value: object) -> object:
    """A month, or a day of which only the month is kept. A number 1980.1 may be January or October and is left as it came."""
    if isinstance(value, str):
        match = _MONTH.fullmatch(value)
        if match:
            return f"{match[1]}-{int(match[2] or match[3]):02}"
        day = _date(value)
        return day[:7] if day != value or _FULL_DATE.fullmatch(value) else value  # type: ignore[index]
    if isinstance(value, int | float) and not isinstance(value, bool):
        if float(value).is_integer():
            day = _date(value)
            return f"{day:%Y-%m}" if isinstance(day, date) else _month(str(int(value)))
        text = f"{value:.2f}"
        return _month(text) if float(text) == value and not text.endswith("0") else value
    return value


def _clock(value: object) -> object:
    if isinstance(value, datetime | time):
        return value.hour * 60 + value.minute
    if isinstance(value, timedelta):
        return value.total_seconds() / 60
    if isinstance(value, str):
        match = _CLOCK.fullmatch(value)
        return int(match[1]) * 60 + int(match[2]) if match else value
    if isinstance(value, float) and 0 < value < 1 and abs(value * 1440 - round(value * 1440)) < 1e-6:
        return round(value * 1440)
    return value
