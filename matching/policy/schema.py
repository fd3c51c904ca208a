"""What a policy row is, and what makes one unusable."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib import resources
from itertools import pairwise

from matching.errors import PolicyError

Value = float | int | str | bool | tuple[str, ...]
"""A policy value; the text ``unknown`` is an amount the source leaves open."""

UNKNOWN = "unknown"
"""Value of a row whose source grants something without saying how much: neither 0 nor the absence of a row."""

_REGION = re.compile(r"\d{6}")
_WHOLE = frozenset(
    {"day", "workday", "month", "year", "count", "minute", "fen/month", "fen/hour", "fen", "kg", "hour/week"}
)
_NUMBER = frozenset({"share", "weight", "utility", "points", "referrals per opening"})
_PATTERNS = {
    "duration": (re.compile(r"P([1-9]\d*(M|D|WD)|1Q)"), "P1M, P30D, P10WD or P1Q"),
    "birth month": (re.compile(r"(19|20)\d\d-(0[1-9]|1[0-2])"), "a month YYYY-MM"),
    "code": (re.compile(r"[a-z0-9_]+"), "a code in lower case"),
    "class": (re.compile(r"[IV]+|SZ"), "a wage class I, II, III, IV or SZ"),
}
UNITS = frozenset({"flag", "codes", *_WHOLE, *_NUMBER, *_PATTERNS})
"""Units a key may have; the unit says what a value must be."""


@dataclass(frozen=True, slots=True)
class Key:
    """A question policy answers: its name, the unit of the answer and what it means."""

    name: str
    unit: str
    meaning: str


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """One dated number or text of policy, with where it comes from.

    ``region`` is a GB/T 2260 code (100000 is the nation); ``valid_from`` and ``valid_to`` are inclusive, null is open.
    """

    id: str
    key: str
    region: str
    value: Value
    unit: str
    source: str
    verified_on: date
    valid_from: date | None = None
    valid_to: date | None = None
    note: str = ""
    table: str = field(default="", compare=False)

    def in_force(self, day: date) -> bool:
        """Whether the row is in force on a day."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)

    @property
    def amount_known(self) -> bool:
        """Whether the row says how much; a row without an amount still grants."""
        return self.value != UNKNOWN

    @property
    def name(self) -> str:
        """The row and the file it is from, for messages."""
        return f"{self.table}, row {self.id}" if self.table else f"row {self.id}"


@cache
def keys() -> Mapping[str, Key]:
    """Return every key policy may answer, by name."""
    text = resources.files("matching.policy").joinpath("keys.toml").read_text(encoding="utf-8")
    return {name: Key(name, unit, meaning) for name, (unit, meaning) in tomllib.loads(text)["keys"].items()}


def parse_table(text: str, where: str) -> tuple[PolicyRow, ...]:
    """Read a policy table in TOML: ``[defaults]`` and ``[[row]]``; a row with ``regions`` stands for one row a region.

    PolicyError names the file, the row, what was found and what was expected.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"{where}: expected a TOML table of policy rows, found {error}; correct that line") from None
    if unknown := set(data) - {"defaults", "row"}:
        raise PolicyError(f"{where}: expected [defaults] and [[row]] only, found {', '.join(sorted(unknown))}")
    defaults = data.get("defaults", {})
    return tuple(parse_row(one, where) for raw in data.get("row", []) for one in _spread({**defaults, **raw}))


def _spread(raw: Mapping[str, object]) -> list[Mapping[str, object]]:
    regions = raw.get("regions")
    if not isinstance(regions, list):
        return [raw]
    rest = {k: v for k, v in raw.items() if k != "regions"}
    return [{**rest, "id": f"{raw.get('id', '')}-{region}", "region": region} for region in regions]


def parse_row(raw: Mapping[str, object], where: str) -> PolicyRow:
    """Read one row of a policy table; PolicyError names the file, the row and what was expected."""
    name = f"{where}, row {raw.get('id') or '(no id)'}"
    for wanted in ("id", "key", "region", "value", "unit", "source", "verified_on"):
        if wanted not in raw or raw[wanted] in ("", []):
            raise PolicyError(f"{name}: expected a {wanted}, found none; add it")
    known = {"id", "key", "region", "value", "unit", "source", "verified_on", "valid_from", "valid_to", "note"}
    if extra := set(raw) - known:
        raise PolicyError(
            f"{name}: expected only {', '.join(sorted(known))}, found {', '.join(sorted(extra))}; remove it"
        )
    value = raw["value"]
    value = tuple(str(v) for v in value) if isinstance(value, list) else value
    if not isinstance(value, (bool, int, float, str, tuple)):
        raise PolicyError(f"{name}: expected a number, text, true/false or a list of texts, found {value!r}")
    verified = _day(raw, "verified_on", name)
    first, last = _day(raw, "valid_from", name), _day(raw, "valid_to", name)
    if first is not None and last is not None and last < first:
        raise PolicyError(f"{name}: expected valid_to on or after valid_from {first}, found {last}")
    assert verified is not None
    row = PolicyRow(
        id=str(raw["id"]), key=str(raw["key"]), region=str(raw["region"]), value=value, unit=str(raw["unit"]), source=str(raw["source"]),
        verified_on=verified, valid_from=first, valid_to=last, note=str(raw.get("note", "")), table=where,
    )  # fmt: skip
    check_row(row)
    return row


def _day(raw: Mapping[str, object], column: str, name: str) -> date | None:
    day = raw.get(column)
    if isinstance(day, str):
        try:
            day = date.fromisoformat(day)
        except ValueError:
            raise PolicyError(f"{name}: expected {column} as a date YYYY-MM-DD, found {day!r}") from None
    if day is None or (type(day) is date and date(1949, 10, 1) <= day < date(2200, 1, 1)):
        return day
    raise PolicyError(f"{name}: expected {column} as a date from 1949 to 2199, found {day!r}")


def check_row(row: PolicyRow) -> None:
    """Raise PolicyError when a row has an unknown key, a unit or value that does not fit it, or no such region."""
    key = keys().get(row.key)
    if key is None:
        near = [k for k in keys() if k.split(".")[0] == row.key.split(".")[0]]
        raise PolicyError(
            f"{row.name}: unknown key {row.key!r}; expected one of matching/policy/keys.toml, for example {', '.join(near[:5])}"
        )
    if row.unit != key.unit:
        raise PolicyError(f"{row.name}: {row.key} is stated in {key.unit}, found unit {row.unit!r}")
    if not _REGION.fullmatch(row.region):
        raise PolicyError(f"{row.name}: expected a region of six digits (100000 is the nation), found {row.region!r}")
    expected = _misfit(row.value, key.unit)
    if expected:
        raise PolicyError(f"{row.name}: {row.key} expects {expected}, found {row.value!r}")


def _misfit(value: Value, unit: str) -> str | None:
    """Return what was expected when a value does not fit its unit, None when it does."""
    if value == UNKNOWN and unit not in ("flag", "codes"):
        return None
    if unit == "flag":
        return None if isinstance(value, bool) else "true or false"
    if unit == "codes":
        return None if isinstance(value, tuple) else "a list of codes"
    if unit in _PATTERNS:
        pattern, words = _PATTERNS[unit]
        return None if isinstance(value, str) and pattern.fullmatch(value) else words
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1e12:
        return f"a number of {unit}, 0 or more, or {UNKNOWN!r}"
    if unit in _WHOLE and not float(value).is_integer():
        return f"a whole number of {unit}"
    return "a share from 0 to 1" if unit == "share" and value > 1 else None


def refuse_clashes(rows: Sequence[PolicyRow]) -> None:
    """Raise PolicyError when two rows have one id, or answer the same question on the same day."""
    groups: dict[tuple[str, str], list[PolicyRow]] = {}
    seen: dict[str, PolicyRow] = {}
    for row in rows:
        if row.id in seen:
            raise PolicyError(
                f"{seen[row.id].name} and {row.name}: expected an id of its own for each row, found the same; rename one"
            )
        seen[row.id] = row
        groups.setdefault((row.key, row.region), []).append(row)
    for group in groups.values():
        group.sort(key=lambda r: r.valid_from or date.min)
        for one, two in pairwise(group):
            if (one.valid_to or date.max) >= (two.valid_from or date.min):
                raise PolicyError(
                    f"{one.name} and {two.name} overlap for {one.key} in {one.region}; end the earlier one first"
                )
