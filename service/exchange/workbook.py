"""A workbook's cells, after its true size is known: an archive may claim less than it unpacks to, and one far cell fills memory."""

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from python_calamine import CalamineWorkbook, PasswordError

from matching.errors import BadInput

MAX_UNPACKED = 1_500_000_000
"""Most bytes a workbook may unpack to."""

MAX_CELLS = 20_000_000
"""Largest area of a sheet, from its first cell to its last, in cells; the reader takes memory for all of it."""

_CHUNK = 1 << 20
_LETTERS = re.compile(rb"""r\s*=\s*["']([A-Za-z]{1,3})\d""")
_DIGITS = re.compile(rb"""r\s*=\s*["'][A-Za-z]{0,3}(\d{1,10})["']""")
_ENCRYPTED = 1


@dataclass(frozen=True, slots=True)
class Cells:
    """Cells of one sheet as they lie there, and the columns in which one cell spans several rows: (first row, last row, column)."""

    name: str
    rows: list[list[object]]
    spans: tuple[tuple[int, int, int], ...] = ()


def workbook_cells(path: Path) -> Iterator[Cells]:
    """Read every sheet of a workbook; BadInput when it is no workbook, protected, damaged or larger than can be read."""
    try:
        measure(path)
        with CalamineWorkbook.from_path(str(path)) as book:
            for name in book.sheet_names:
                sheet = book.get_sheet_by_name(name)
                rows = sheet.to_python(skip_empty_area=False)
                yield Cells(name, rows, _spans(sheet.merged_cell_ranges))
    except BadInput:
        raise
    except PasswordError as error:
        raise BadInput(f"{path.name}: the workbook has a password; save it without one") from error
    except Exception as error:
        raise BadInput(
            f"{path.name}: the workbook is damaged and cannot be read ({type(error).__name__}); open it in Excel and save it again"
        ) from error


def measure(path: Path) -> None:
    """Unpack a workbook piece by piece without keeping it; BadInput when it is too large or something else than .xlsx."""
    unpacked = 0
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        if "xl/workbook.xml" not in names:
            other = "a binary workbook (.xlsb)" if "xl/workbook.bin" in names else "another kind of archive"
            raise BadInput(f"{path.name}: expected an .xlsx workbook, found {other}; save it as .xlsx")
        for info in archive.infolist():
            if info.flag_bits & _ENCRYPTED:
                raise BadInput(f"{path.name}: the archive has a password; save it without one")
            unpacked = _measure_part(path, archive, info, unpacked)


def _measure_part(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo, unpacked: int) -> int:
    width = height = 0
    tail = b""
    with archive.open(info) as file:
        while chunk := file.read(_CHUNK):
            unpacked += len(chunk)
            if unpacked > MAX_UNPACKED:
                raise BadInput(f"{path.name}: unpacks to more than {MAX_UNPACKED:,} bytes; split the workbook")
            text = tail + chunk
            width = max(width, 0, *map(_column, set(_LETTERS.findall(text))))
            height = max(height, 0, *map(int, set(_DIGITS.findall(text))))
            tail = text[text.rfind(b"<") :] if b"<" in text else b""
            if len(tail) > 2 * _CHUNK:
                raise BadInput(f"{path.name}: the workbook is damaged and cannot be read; save it again")
    if width * height > MAX_CELLS:
        raise BadInput(
            f"{path.name}: a sheet reaches to row {height:,} and column {width:,}, expected at most {MAX_CELLS:,} cells; "
            "delete the rows and columns after the data, or split the sheet"
        )
    return unpacked


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _spans(ranges: list[tuple[tuple[int, int], tuple[int, int]]] | None) -> tuple[tuple[int, int, int], ...]:
    return tuple((top, bottom, left) for (top, left), (bottom, right) in ranges or () if bottom > top and left == right)
