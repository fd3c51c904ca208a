"""A workbook's true size, before a reader opens it: an archive may claim less than it unpacks to, one far cell fills memory, and one
text may stand in a million cells."""

import re
import zipfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from matching.errors import BadInput
from service.exchange.cell_faults import MAX_FAULTY, CellOrder, Faulty, column_letters, column_number
from service.exchange.sheet_parts import SheetParts, require_plain, sheet_parts

MAX_UNPACKED = 1_500_000_000
"""Most bytes a workbook may unpack to, and most bytes its shared texts may take once each cell has its own."""

MAX_CELLS = 20_000_000
"""Largest area of a file's sheets together, from each one's first cell to its last, in cells; the reader takes memory for all of it."""

MAX_COLUMNS = 16_384
"""Most columns of a row, as in a spreadsheet."""

MAX_TEXT = 32_767
"""Longest text of a cell, in characters, as in a spreadsheet."""

_CHUNK = 1 << 20
_LETTERS = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]{1,3})\d""")
_DIGITS = re.compile(rb"""\sr\s*=\s*["'][A-Za-z]{0,3}(\d{1,10})["']""")
_SHARED = re.compile(rb"""<(?:\w+:)?c\s[^>]*\bt\s*=\s*["']s["'][^>]*>(?:<(?:\w+:)?v[^>]*>(\d{1,9})<)?""")
_TEXT_ENDS = re.compile(rb"</(?:\w+:)?si\s*>|<(?:\w+:)?si\s*/>")
_MERGED = re.compile(
    rb"""<(?:\w+:)?mergeCell\s[^>]*\bref\s*=\s*["'][A-Za-z]{1,3}(\d{1,7}):[A-Za-z]{1,3}(\d{1,7})["']"""
)
_ENCRYPTED = 1


@dataclass(frozen=True, slots=True)
class Measured:
    """A workbook of bearable size: its sheets, and part → (row, column) → a cell without a usable value, counted from 1."""

    sheets: SheetParts
    faulty: dict[str, dict[tuple[int, int], Faulty]]


@dataclass(slots=True)
class _Part:
    """What one part of the archive was found to have so far. Cells without a place of their own stand after the one before them."""

    order: CellOrder
    width: int = 0
    height: int = 0
    merged_rows: int = 0
    shared: Counter[bytes] = field(default_factory=Counter)

    @property
    def area(self) -> int:
        """Cells a reader takes memory for."""
        if not self.order.cells:
            return 0
        return max((self.width + self.order.unplaced) * (self.height + self.order.rows_unplaced), self.order.cells)

    def add(self, text: bytes) -> None:
        """Count what stands in a piece that begins and ends between two tags."""
        self.width = max(self.width, 0, *map(column_number, set(_LETTERS.findall(text))))
        self.height = max(self.height, 0, *map(int, set(_DIGITS.findall(text))))
        self.order.add(text)
        self.shared.update(_SHARED.findall(text))
        self.merged_rows += sum(abs(int(low) - int(high)) for low, high in _MERGED.findall(text))


def measure(path: Path) -> Measured:
    """Unpack a workbook piece by piece without keeping it; BadInput when it is too large or something else than .xlsx."""
    unpacked = area = longest = 0
    used: Counter[bytes] = Counter()
    lengths: list[int] = []
    faulty: dict[str, dict[tuple[int, int], Faulty]] = {}
    with zipfile.ZipFile(path) as archive:
        _require_workbook(path, archive.infolist())
        sheets = sheet_parts(path, archive)
        own = set(sheets.parts.values())
        for info in archive.infolist():
            part, unpacked, found = _measure_part(path, archive, info, unpacked, own)
            lengths = found or lengths
            longest = max(longest, 0, *found)
            used += part.shared
            area += part.area
            faulty[info.filename.lower()] = part.order.faulty
            _require_few(path, part, area)
    written = sum(n * (lengths[int(k)] if k and int(k) < len(lengths) else longest) for k, n in used.items())
    if written > MAX_UNPACKED:
        raise BadInput(
            f"{path.name}: expected texts of at most {MAX_UNPACKED:,} bytes, found {written:,} written out; shorten the long text "
            "that is repeated"
        )
    return Measured(sheets, faulty)


def _require_few(path: Path, part: _Part, area: int) -> None:
    if area > MAX_CELLS:
        raise BadInput(
            f"{path.name}: a sheet reaches to row {part.height:,} and column {part.width:,}, expected at most {MAX_CELLS:,} cells "
            "in the file; delete the rows and columns after the data, or split the file"
        )


def _require_workbook(path: Path, listed: list[zipfile.ZipInfo]) -> None:
    if any(info.flag_bits & _ENCRYPTED for info in listed):
        raise BadInput(f"{path.name}: the archive has a password; save it without one")
    names = {info.filename.lower() for info in listed}
    if len(names) < len(listed):
        raise BadInput(
            f"{path.name}: the workbook is damaged, it holds a part twice; open it in Excel and save it again"
        )
    if "xl/workbook.xml" not in names:
        other = "a binary workbook (.xlsb)" if "xl/workbook.bin" in names else "another kind of archive"
        raise BadInput(f"{path.name}: expected an .xlsx workbook, found {other}; save it as .xlsx")


def _measure_part(
    path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo, unpacked: int, own: set[str]
) -> tuple[_Part, int, list[int]]:
    """Return what a part has, how much is unpacked by now, and the lengths in bytes of the shared texts it defines."""
    part, tail, run = _Part(CellOrder(info.filename.lower() in own)), b"", 0
    lengths: list[int] = []
    markup = info.filename.lower().endswith((".xml", ".rels"))
    with archive.open(info) as file:
        while chunk := file.read(_CHUNK):
            unpacked += len(chunk)
            if unpacked > MAX_UNPACKED:
                raise BadInput(f"{path.name}: unpacks to more than {MAX_UNPACKED:,} bytes; split the workbook")
            text = tail + chunk
            cut = _between_cells(text)
            text, tail = text[:cut], text[cut:]
            if len(tail) > 2 * _CHUNK:
                if not markup:
                    tail = b""
                    continue
                raise BadInput(f"{path.name}: the workbook is damaged and cannot be read; save it again")
            run = _counted(path, part, text, lengths, run)
    _counted(path, part, tail, lengths, run)
    if part.merged_rows > MAX_CELLS:
        raise BadInput(f"{path.name}: merged cells lie over each other; unmerge them and save the workbook again")
    return part, unpacked, lengths


def _between_cells(text: bytes) -> int:
    """Return where a cell, a shared text or any last tag begins, so that none is counted in halves."""
    named = text.rfind(b":c ")
    return max(
        text.rfind(b"<c "), text.rfind(b"<c>"), text.rfind(b"<si"), text.rfind(b"<", 0, max(named, 0)), 0
    ) or max(text.rfind(b"<"), 0)


def _counted(path: Path, part: _Part, text: bytes, lengths: list[int], run: int) -> int:
    """Count a piece; returns the bytes since the last shared text ended."""
    require_plain(path, text)
    part.add(text)
    _require_few(path, part, part.area)
    if part.order.again is not None:
        row, column = part.order.again
        raise BadInput(
            f"{path.name}: the workbook is damaged, cell {column_letters(column)}{row} stands twice or out of order; "
            "open it in Excel and save it again"
        )
    if len(part.order.faulty) > MAX_FAULTY:
        raise BadInput(
            f"{path.name}: expected at most {MAX_FAULTY:,} cells with errors, found more; correct or clear them"
        )
    at = 0
    for end in _TEXT_ENDS.finditer(text):
        lengths.append(run + end.end() - at)
        run, at = 0, end.end()
    return run + len(text) - at
