"""What a policy row is, and what makes one unusable."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from matching.errors import PolicyError

Value = float | int | str | bool | tuple[str, ...]
"""A policy value; the text ``unknown`` is an amount the source leaves open."""

UNKNOWN = "unknown"


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

    def in_force(self, day: date) -> bool:
        """Whether the row is in force on a day."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


def parse_row(raw: Mapping[str, object], where: str) -> PolicyRow:
    """Read one row of a policy table; PolicyError names the file, the row and what was expected."""
    name = f"{where}, row {raw.get('id', '(no id)')}"
    for field in ("id", "key", "region", "value", "unit", "source", "verified_on"):
        if field not in raw or raw[field] == "":
            raise PolicyError(f"{name}: expected a {field}, found none; add it")
    value = raw["value"]
    value = tuple(str(v) for v in value) if isinstance(value, list) else value
    if not isinstance(value, (bool, int, float, str, tuple)):
        raise PolicyError(f"{name}: expected a number, text, true/false or a list of texts, found {value!r}")
    days = {f: raw.get(f) for f in ("verified_on", "valid_from", "valid_to")}
    for field, day in days.items():
        if day is not None and not (isinstance(day, date) and date(1949, 10, 1) <= day < date(2200, 1, 1)):
            raise PolicyError(f"{name}: expected {field} as a date, found {day!r}")
    first, last = days["valid_from"], days["valid_to"]
    if isinstance(first, date) and isinstance(last, date) and last < first:
        raise PolicyError(f"{name}: expected valid_to on or after valid_from {first}, found {last}")
    return PolicyRow(
        id=str(raw["id"]), key=str(raw["key"]), region=str(raw["region"]), value=value, unit=str(raw["unit"]), source=str(raw["source"]),
        verified_on=days["verified_on"], valid_from=first, valid_to=last, note=str(raw.get("note", "")),  # type: ignore[arg-type]
    )  # fmt: skip


def refuse_overlaps(rows: Sequence[PolicyRow]) -> None:
    """Raise PolicyError when two rows answer the same question on the same day."""
    groups: dict[tuple[str, str], list[PolicyRow]] = {}
    for row in rows:
        groups.setdefault((row.key, row.region), []).append(row)
    for group in groups.values():
        group.sort(key=lambda r: r.valid_from or date.min)
        for one, two in zip(group, group[1:], strict=False):
            if (one.valid_to or date.max) >= (two.valid_from or date.min):
                raise PolicyError(
                    f"policy rows {one.id} and {two.id} overlap for {one.key} in {one.region}; end the earlier one first"
                )
