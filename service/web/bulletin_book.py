"""A bulletin as an Excel workbook and on paper: headers in the reader's language, what was corrected on a sheet of its own."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from service.exchange.catalogue import harmless
from service.use_cases.bulletins import Bulletin
from service.web.wording import Wording

WIDEST = 40

ABREAST = 9
"""Figures that fit beside each other on a sheet of paper."""


def workbook(found: Bulletin, w: Wording, place: Mapping[str, str]) -> bytes:
    """Return the workbook of a bulletin; ``place`` turns region codes into names."""
    book = Workbook()
    book.remove(book.active)  # type: ignore[arg-type]
    for part, rows in found.figures.items():
        sheet = book.create_sheet(w(f"bulletin.parts.{part}")[:31])
        sheet.append([title(found, w)])
        sheet["A1"].font = Font(bold=True, size=14)
        columns = list(rows[0]) if rows else ["area"]
        _table(
            sheet,
            [w(f"bulletin.column.{c}") for c in columns],
            [[cell(w, c, r[c], place) for c in columns] for r in rows],
        )
    if found.corrections:
        sheet = book.create_sheet(w("bulletin.corrections")[:31])
        sheet.append([title(found, w)])
        head = [w(f"bulletin.{k}") for k in ("part", "row", "figure", "was", "now")]
        rows_ = [
            [w(f"bulletin.parts.{c.part}"), row_name(c.row, place), w(f"bulletin.column.{c.column}"), c.was, c.now]
            for c in found.corrections
        ]
        _table(sheet, head, rows_)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def title(found: Bulletin, w: Wording) -> str:
    """Return the heading of a bulletin."""
    name = w("bulletin.title", kind=w(f"bulletin.kind.{found.kind}"), period=found.period)
    if not found.revision:
        return w("bulletin.title_draft", title=name)
    return w("bulletin.title_revision", title=name, revision=found.revision)


def cell(w: Wording, column: str, value: Any, place: Mapping[str, str]) -> Any:
    """Return one figure as it is written: names for areas and codes, empty where it is not known."""
    if value is None:
        return ""
    if column in ("area", "region_code"):
        return place.get(str(value), str(value))
    if column in ("kind", "state", "cause", "consequence"):
        return w.label("bulletin_code", value) if value != "" else ""
    return harmless(value) if isinstance(value, str) else value


def row_name(key: str, place: Mapping[str, str]) -> str:
    """Return the name of a corrected row."""
    return " · ".join(place.get(part, part) for part in key.split(" · "))


def grouped(rows: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """Return the columns of a part as tables of a sheet's width: the first column, which names the row, begins each."""
    if not rows:
        return []
    first, *rest = rows[0]
    tables = max(1, -(-len(rest) // ABREAST))
    wide = -(-len(rest) // tables)
    return [[first, *rest[n * wide : (n + 1) * wide]] for n in range(tables)]


def _table(sheet: Worksheet, head: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    sheet.append(list(head))
    for row in rows:
        sheet.append(list(row))
    for header in sheet[2]:
        header.font = Font(bold=True)
        header.alignment = Alignment(wrap_text=True, vertical="top")
    sheet.freeze_panes = "B3"
    for n, name in enumerate(head, 1):
        longest = max([len(str(name)), *(len(str(r[n - 1])) for r in rows[:500])])
        sheet.column_dimensions[get_column_letter(n)].width = min(WIDEST, 4 + 1.6 * longest)
