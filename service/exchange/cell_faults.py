"""Cells of a sheet in the order they are written: each stands once, and those that have no value a record could keep are noted."""

import re
from dataclasses import dataclass, field
from typing import NamedTuple

MAX_FAULTY = 1_000_000
"""Most cells of a file without a usable value before the whole file is refused."""

NO_RESULT = "(a formula without its result)"
NO_NUMBER = "(no number)"
NO_TEXT = "(a text that is not in the file)"

NOT_AN_ERROR = "a value; correct the error in the cell, or clear it"
A_RESULT = "a value; open the workbook in Excel and save it again"
A_NUMBER = "a number in a cell that is formatted as one; type it again"

_CELL = re.compile(
    rb"<(?:\w+:)?(row|c)(?=[\s>/])([^>]*)>"
    rb"(?:\s*(<(?:\w+:)?f(?:\s[^>]*)?(?:/>|>[^<]*</(?:\w+:)?f>)))?"
    rb"(?:\s*<(?:\w+:)?v(?:\s[^>]*)?(?:/>|>([^<]*)</(?:\w+:)?v>))?"
    rb"\s*(</(?:\w+:)?c>)?"
)
_PLACE = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]{0,3})(\d{1,10})["']""")
_KIND = re.compile(rb"""\st\s*=\s*["'](\w+)["']""")
_INDEX = re.compile(rb"\s*\d{1,9}\s*")
_NUMBER = re.compile(rb"\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?\s*")


class Faulty(NamedTuple):
    """What stands in a cell in place of a value, and what was expected."""

    found: str
    expected: str


@dataclass(slots=True)
class CellOrder:
    """What the cells of one part were found to be so far; rows and columns count from 1.

    ``again`` is the first cell that does not stand after the one before it, ``unplaced`` the most cells without a place of their own
    in a row; ``sheet`` is False for parts that are no sheet, of which only the counts are kept.
    """

    sheet: bool
    cells: int = 0
    rows_unplaced: int = 0
    unplaced: int = 0
    again: tuple[int, int] | None = None
    faulty: dict[tuple[int, int], Faulty] = field(default_factory=dict)
    _in_row: int = 0
    _at: tuple[int, int] = (0, 0)
    _last: tuple[int, int] = (0, 0)

    def add(self, text: bytes) -> None:
        """Read the cells of a piece that begins and ends between two cells."""
        for tag, inside, formula, value, end in _CELL.findall(text):
            place = _PLACE.search(inside)
            if tag == b"row":
                self._in_row, self.rows_unplaced = 0, self.rows_unplaced + (place is None)
                self._at = (int(place[2]) if place else self._at[0] + 1, 0)
                continue
            self.cells += 1
            self._in_row += place is None
            self.unplaced = max(self.unplaced, self._in_row)
            self._at = (int(place[2]), column_number(place[1])) if place else (self._at[0], self._at[1] + 1)
            if self.sheet:
                self._see(_fault(inside, formula, value, end))

    def _see(self, fault: Faulty | None) -> None:
        if self.again is None and self._at <= self._last:
            self.again = self._at
        self._last = self._at
        if fault is not None:
            self.faulty[self._at] = fault


def _fault(inside: bytes, formula: bytes, value: bytes, end: bytes) -> Faulty | None:
    match = _KIND.search(inside)
    kind = match[1] if match else b"n"
    if kind == b"e":
        return Faulty(value.decode(errors="replace")[:20] or NO_NUMBER, NOT_AN_ERROR)
    if formula and not value and end and kind != b"str":
        return Faulty(NO_RESULT, A_RESULT)
    if kind == b"s" and value and not _INDEX.fullmatch(value):
        return Faulty(NO_TEXT, A_RESULT)
    if kind != b"n" or inside.endswith(b"/"):
        return None
    if not end:
        return Faulty(NO_NUMBER, A_NUMBER)
    return Faulty(value.decode(errors="replace")[:80], A_NUMBER) if value and not _NUMBER.fullmatch(value) else None


def column_number(letters: bytes) -> int:
    """Return the number of a column: A is 1."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def column_letters(number: int) -> str:
    """Return the letters of a column: 1 is A."""
    letters = ""
    while number > 0:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
