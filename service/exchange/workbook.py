"""A workbook's cells, sheet by sheet, once its true size is known."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from python_calamine import CalamineWorkbook, PasswordError, SheetVisibleEnum

from matching.errors import BadInput
from service.exchange.cell_faults import Faulty
from service.exchange.measure import measure
from service.exchange.serials import FIRST_DAY


@dataclass(frozen=True, slots=True)
class Cells:
    """Cells of one sheet as they lie there, and the columns in which one cell spans several rows: (first row, last row, column).

    A ``hidden`` sheet is named without its cells: what nobody sees is not read. ``faulty`` is (row, column), from 0, of cells without a
    usable value; serial numbers of days count from ``first_day``.
    """

    name: str
    rows: list[list[object]]
    spans: tuple[tuple[int, int, int], ...] = ()
    hidden: bool = False
    faulty: Mapping[tuple[int, int], Faulty] = field(default_factory=dict)
    first_day: date = FIRST_DAY


def workbook_cells(path: Path) -> Iterator[Cells]:
    """Read every sheet of a workbook; BadInput when it is no workbook, protected, damaged or larger than can be read."""
    try:
        found = measure(path)
        with CalamineWorkbook.from_path(str(path)) as book:
            for known in book.sheets_metadata:
                if known.visible is not SheetVisibleEnum.Visible:
                    yield Cells(known.name, [], hidden=True)
                    continue
                sheet = book.get_sheet_by_name(known.name)
                rows = sheet.to_python(skip_empty_area=False)
                faulty = found.faulty.get(found.sheets.parts.get(known.name, ""), {})
                places = {(row - 1, column - 1): fault for (row, column), fault in faulty.items()}
                spans = _spans(sheet.merged_cell_ranges)
                yield Cells(known.name, rows, spans, faulty=places, first_day=found.sheets.first_day)
    except BadInput:
        raise
    except PasswordError as error:
        raise BadInput(f"{path.name}: the workbook has a password; save it without one") from error
    except Exception as error:
        raise BadInput(
            f"{path.name}: the workbook is damaged and cannot be read ({type(error).__name__}); open it in Excel and save it again"
        ) from error


def _spans(ranges: list[tuple[tuple[int, int], tuple[int, int]]] | None) -> tuple[tuple[int, int, int], ...]:
    return tuple((top, bottom, left) for (top, left), (bottom, right) in ranges or () if bottom > top and left == right)
