"""Policy resolved for a place and a day: district before city before province before nation."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache, lru_cache
from importlib import resources

import numpy as np
import pandas as pd

from matching.arrays import Floats
from matching.calendar import STATE_COUNCIL, Calendar
from matching.errors import PolicyError
from matching.policy.retirement import RetirementLine, retirement_months
from matching.policy.schema import PolicyRow, check_row, keys, parse_table, refuse_clashes
from matching.tokens import region_chain

NATION = "100000"
_REGION_CODE = re.compile(r"\d{6}(\d{3}){0,2}")


@cache
def packaged_rows() -> tuple[PolicyRow, ...]:
    """Return every packaged row, checked."""
    folder = resources.files("matching.policy").joinpath("tables")
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".toml")), key=lambda f: f.name)
    rows = tuple(row for file in files for row in parse_table(file.read_text(encoding="utf-8"), file.name))
    refuse_clashes(rows)
    return rows


@dataclass(frozen=True, eq=False)
class PolicyTables:
    """All rows, of every place and day; equal when the rows are."""

    rows: tuple[PolicyRow, ...]
    version: str = field(init=False)
    index: dict[str, dict[str, tuple[PolicyRow, ...]]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        text = "\n".join(
            sorted(
                repr((r.id, r.key, r.region, r.value, r.unit, r.source, r.valid_from, r.valid_to)) for r in self.rows
            )
        )
        index: dict[str, dict[str, tuple[PolicyRow, ...]]] = {}
        for row in self.rows:
            places = index.setdefault(row.key, {})
            places[row.region] = (*places.get(row.region, ()), row)
        object.__setattr__(self, "version", hashlib.sha256(text.encode()).hexdigest()[:12])
        object.__setattr__(self, "index", index)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PolicyTables) and self.version == other.version

    def __hash__(self) -> int:
        return hash(self.version)


@dataclass(frozen=True, slots=True)
class PolicyBook:
    """The rows that hold in a place on a day; equal places, days and rows give equal books."""

    region_code: str
    as_of: date
    tables: PolicyTables = field(repr=False)

    @property
    def version(self) -> str:
        """Short hash of all rows: which policy tables were in force."""
        return self.tables.version

    @property
    def rows(self) -> tuple[PolicyRow, ...]:
        """All rows, of every place and day."""
        return self.tables.rows

    @property
    def calendar(self) -> Calendar:
        """The State Council's calendar of working days."""
        return STATE_COUNCIL

    def at(self, region_code: str, as_of: date | None = None) -> "PolicyBook":
        """Return the same tables for another place or day."""
        return _book(region_code, as_of or self.as_of, self.tables)

    def with_rows(self, rows: Iterable[PolicyRow]) -> "PolicyBook":
        """Return the book with extra rows; a row with an id already there replaces it.

        PolicyError when a row is unusable or answers a question that another row answers on the same day.
        """
        extra = tuple(rows)
        for row in extra:
            check_row(row)
        replaced = {r.id for r in extra}
        merged = (*(r for r in self.rows if r.id not in replaced), *extra)
        refuse_clashes(merged)
        return PolicyBook(self.region_code, self.as_of, PolicyTables(merged))

    def row(self, key: str) -> PolicyRow | None:
        """Return the row that answers a key here and now, None when there is none; PolicyError for a key nobody knows."""
        return _answer(self.tables, self.region_code, self.as_of, key)

    def in_force(self) -> tuple[PolicyRow, ...]:
        """Return the row that answers each key here and now, by key; keys without a row are left out."""
        return tuple(row for key in sorted(keys()) if (row := self.row(key)) is not None)

    def number(self, key: str) -> float:
        """Return a number; PolicyError when no row says it or its amount is unknown."""
        value = self._value(key)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return float(value)
        raise self._unfit(key, "a number", value)

    def number_or_none(self, key: str) -> float | None:
        """Return a number, None when no row says it or its amount is unknown."""
        row = self.row(key)
        return None if row is None or not row.amount_known else self.number(key)

    def whole(self, key: str) -> int:
        """Return a whole number; PolicyError otherwise."""
        value = self.number(key)
        if not value.is_integer():
            raise self._unfit(key, "a whole number", value)
        return int(value)

    def text(self, key: str) -> str:
        """Return a text; PolicyError when no row says it."""
        value = self._value(key)
        if isinstance(value, str):
            return value
        raise self._unfit(key, "a text", value)

    def flag(self, key: str) -> bool:
        """Return true or false; PolicyError when no row says it."""
        value = self._value(key)
        if isinstance(value, bool):
            return value
        raise self._unfit(key, "true or false", value)

    def items(self, key: str) -> tuple[str, ...]:
        """Return a list of texts; PolicyError when no row says it."""
        value = self._value(key)
        if isinstance(value, tuple):
            return value
        raise self._unfit(key, "a list", value)

    def each(self, key: str, region_codes: "Sequence[str] | np.ndarray | pd.Series") -> Floats:
        """Return (n,) the number for each region code, NaN where no row says it; resolved once a distinct code."""
        codes = np.asarray(region_codes, dtype=object)
        unique, inverse = np.unique(codes.astype(str), return_inverse=True)
        found = [self.at(str(code)).number_or_none(key) for code in unique]
        values = np.array([np.nan if v is None else v for v in found], dtype=float)
        return np.asarray(values[inverse] if len(codes) else np.zeros(0))

    def retirement_months(self, births: np.ndarray, sexes: np.ndarray) -> np.ndarray:
        """Return (n,) datetime64[M] the month of statutory retirement; NaT where birth or sex is not known.

        ``births`` are texts ``YYYY-MM``; women retire by the line policy names (``retirement.women_line``).
        """
        born = np.array([b if isinstance(b, str) and b else "NaT" for b in births], dtype="datetime64[M]")
        women = retirement_months(born, self.retirement_line(self.text("retirement.women_line")))
        men = retirement_months(born, self.retirement_line("men"))
        return np.where(sexes == "F", women, np.where(sexes == "M", men, np.datetime64("NaT", "M")))

    def retirement_month(self, birth_month: str | None, sex: str) -> str | None:
        """Return the month ``YYYY-MM`` of statutory retirement; None where birth or sex is not known."""
        return _retires(self, birth_month, sex)

    def retirement_line(self, line: str) -> RetirementLine:
        """Return the line ``men``, ``women_55`` or ``women_50`` of the retirement table as it stands on the book's day."""
        age = self.whole(f"retirement.{line}.age")
        if self.row(f"retirement.{line}.first_birth") is None:
            return RetirementLine(age)
        step, most = (self.whole(f"retirement.{line}.{what}") for what in ("step_months", "most_months"))
        return RetirementLine(age, self.text(f"retirement.{line}.first_birth"), step, most)

    def _value(self, key: str) -> object:
        row = self.row(key)
        if row is None:
            raise PolicyError(f"no policy row answers {key} in {self.region_code} on {self.as_of}; add a dated row")
        return row.value

    def _unfit(self, key: str, expected: str, found: object) -> PolicyError:
        return PolicyError(f"policy {key} in {self.region_code} on {self.as_of}: expected {expected}, found {found!r}")


@lru_cache(maxsize=8192)
def _book(region_code: str, as_of: date, tables: PolicyTables) -> PolicyBook:
    return PolicyBook(region_code, as_of, tables)


@lru_cache(maxsize=4096)
def _retires(book: PolicyBook, birth_month: str | None, sex: str) -> str | None:
    found = book.retirement_months(np.array([birth_month], dtype=object), np.array([sex], dtype=object))[0]
    return None if np.isnat(found) else str(found)


@lru_cache(maxsize=65536)
def _answer(tables: PolicyTables, region_code: str, day: date, key: str) -> PolicyRow | None:
    if key not in keys():
        raise PolicyError(f"unknown policy key {key!r}; expected one of matching/policy/keys.toml")
    places = tables.index.get(key, {})
    for region in (*region_chain(region_code), NATION):
        for row in places.get(region, ()):
            if row.in_force(day):
                return row
    return None


@cache
def _packaged() -> PolicyTables:
    return PolicyTables(packaged_rows())


def load_policy(region_code: str, as_of: date) -> PolicyBook:
    """Return the packaged tables resolved for a place (GB/T 2260, 6, 9 or 12 digits) and a day; PolicyError where they are none."""
    if not isinstance(region_code, str) or not _REGION_CODE.fullmatch(region_code):
        raise PolicyError(f"expected a region code of 6, 9 or 12 digits as text, found {region_code!r}")
    if not isinstance(as_of, date):
        raise PolicyError(f"expected a date, found {as_of!r}; datetime.date.fromisoformat reads one from text")
    return _book(region_code, as_of.date() if isinstance(as_of, datetime) else as_of, _packaged())
