"""Policy resolved for a place and a day: district before city before province before nation."""

import hashlib
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

import numpy as np

from matching.arrays import Floats
from matching.errors import PolicyError
from matching.policy.retirement import retirement_months
from matching.policy.schema import UNKNOWN, PolicyRow, parse_row, refuse_overlaps
from matching.tokens import region_chain

NATION = "100000"


@cache
def packaged_rows() -> tuple[PolicyRow, ...]:
    """Return every packaged row, checked."""
    rows: list[PolicyRow] = []
    folder = resources.files("matching.policy").joinpath("tables")
    for file in sorted(folder.iterdir(), key=lambda f: f.name):
        if file.name.endswith(".toml"):
            data = tomllib.loads(file.read_text(encoding="utf-8"))
            rows += [parse_row(raw, file.name) for raw in data.get("row", [])]
    refuse_overlaps(rows)
    ids = [r.id for r in rows]
    if len(set(ids)) != len(ids):
        twice = sorted({i for i in ids if ids.count(i) > 1})
        raise PolicyError(f"policy row ids must be unique; found twice: {', '.join(twice)}")
    return tuple(rows)


@dataclass(frozen=True)
class PolicyBook:
    """The rows that hold in a place on a day; equal places, days and rows give equal books."""

    region_code: str
    as_of: date
    rows: tuple[PolicyRow, ...]

    @property
    def version(self) -> str:
        """Short hash of all rows: which policy tables were in force."""
        return _version(self.rows)

    def at(self, region_code: str, as_of: date | None = None) -> "PolicyBook":
        """Return the same tables for another place or day."""
        return PolicyBook(region_code, as_of or self.as_of, self.rows)

    def with_rows(self, rows: Iterable[PolicyRow]) -> "PolicyBook":
        """Return the book with extra rows; a row with an id already there replaces it."""
        extra = {r.id: r for r in rows}
        kept = tuple(r for r in self.rows if r.id not in extra)
        merged = (*kept, *extra.values())
        refuse_overlaps(merged)
        return PolicyBook(self.region_code, self.as_of, merged)

    def row(self, key: str) -> PolicyRow | None:
        """Return the row that answers a key here and now, None when there is none."""
        index = _index(self.rows).get(key, {})
        for region in (*region_chain(self.region_code), NATION):
            for row in index.get(region, ()):
                if row.in_force(self.as_of):
                    return row
        return None

    def number(self, key: str) -> float:
        """Return a number; PolicyError when no row says it or its amount is unknown."""
        value = self._value(key)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return float(value)
        raise PolicyError(f"policy {key} in {self.region_code} on {self.as_of}: expected a number, found {value!r}")

    def number_or_none(self, key: str) -> float | None:
        """Return a number, None when no row says it or its amount is unknown."""
        row = self.row(key)
        return None if row is None or row.value == UNKNOWN else self.number(key)

    def whole(self, key: str) -> int:
        """Return a whole number; PolicyError otherwise."""
        value = self.number(key)
        if not value.is_integer():
            raise PolicyError(f"policy {key}: expected a whole number, found {value}")
        return int(value)

    def text(self, key: str) -> str:
        """Return a text; PolicyError when no row says it."""
        value = self._value(key)
        if isinstance(value, str):
            return value
        raise PolicyError(f"policy {key} in {self.region_code} on {self.as_of}: expected a text, found {value!r}")

    def flag(self, key: str) -> bool:
        """Return true or false; PolicyError when no row says it."""
        value = self._value(key)
        if isinstance(value, bool):
            return value
        raise PolicyError(
            f"policy {key} in {self.region_code} on {self.as_of}: expected true or false, found {value!r}"
        )

    def items(self, key: str) -> tuple[str, ...]:
        """Return a list of texts; PolicyError when no row says it."""
        value = self._value(key)
        if isinstance(value, tuple):
            return value
        raise PolicyError(f"policy {key} in {self.region_code} on {self.as_of}: expected a list, found {value!r}")

    def each(self, key: str, region_codes: Any) -> Floats:
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
        women = retirement_months(born, self.text("retirement.women_line"))
        men = retirement_months(born, "men")
        return np.where(sexes == "F", women, np.where(sexes == "M", men, np.datetime64("NaT", "M")))

    def _value(self, key: str) -> object:
        row = self.row(key)
        if row is None:
            raise PolicyError(f"no policy row answers {key} in {self.region_code} on {self.as_of}; add a dated row")
        return row.value


@cache
def _version(rows: tuple[PolicyRow, ...]) -> str:
    text = "\n".join(repr(r) for r in sorted(rows, key=lambda r: r.id))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


@cache
def _index(rows: tuple[PolicyRow, ...]) -> dict[str, dict[str, list[PolicyRow]]]:
    index: dict[str, dict[str, list[PolicyRow]]] = {}
    for row in rows:
        index.setdefault(row.key, {}).setdefault(row.region, []).append(row)
    return index


def load_policy(region_code: str, as_of: date) -> PolicyBook:
    """Return the packaged tables resolved for a place and a day."""
    return PolicyBook(region_code, as_of, packaged_rows())
