"""Workbooks a spreadsheet program may well have written."""

from datetime import date, datetime, time

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from tests.trust.hostile import Hostile, kind
from tests.trust.hostile.cells import HOMES, RUNS
from tests.trust.hostile.texts import HEAD, NOT_FOUND

UNITS = HEAD.split(",")
ROW = ["Z1", "饭店", "440103", 12]


def workbook(name, rows, told=None, *, title="用人单位", change=None, file="台账.xlsx", **wanted):
    """Return a workbook of one sheet; ``change`` is given the book before it is saved."""

    def write(path):
        book = Workbook()
        book.active.title = title
        for row in rows:
            book.active.append(row)
        if change is not None:
            change(book)
        book.save(path)

    return Hostile(name, file, write, told, **wanted)


def homes(name, value, told=None, *, change=None, **wanted):
    """Return a workbook of one household, recognised on a day as written."""
    rows = [HOMES.split(","), ["Z1", "F1", "440103", value]]
    return workbook(name, rows, told, title="零就业家庭", change=change, table="households", **wanted)


def _merge(*ranges):
    return lambda book: [book.active.merge_cells(r) for r in ranges]


def _more(state, title="单位", rows=(UNITS, ["Z2", "b", "440103", 1])):
    def change(book):
        sheet = book.create_sheet(title)
        sheet.sheet_state = state
        for row in rows:
            sheet.append(row)

    return change


@kind
def merged_cells():
    """Cells over several rows or columns."""
    several = [UNITS, ROW, ["Z2", "b", "440103", 3], ["Z3", "c", "440103", 4]]
    yield workbook("a name over three rows", several, change=_merge("B2:B4"), added=3)
    yield workbook("an amount over three rows", several, change=_merge("D2:D4"), refused=2)
    yield workbook("an identifier over three rows", several[:3], change=_merge("A2:A3"), refused=1)
    yield workbook("the header over two rows", [UNITS, [None] * 4, ROW], change=_merge(*(f"{c}1:{c}2" for c in "ABCD")))
    yield workbook("a title over all columns", [["台账"], UNITS, ROW], change=_merge("A1:D1"))
    yield workbook("two headers over one cell", [UNITS, ROW], "expected columns name", change=_merge("A1:B1"))
    yield workbook("a row over all columns", [UNITS, ROW, ["合计"]], change=_merge("A3:D3"), refused=1)
    yield workbook("everything", [UNITS, ROW], NOT_FOUND, change=_merge("A1:D2"))


@kind
def hidden_sheets():
    """Sheets nobody sees are not read; they are named."""
    yield workbook("hidden beside a seen one", [UNITS, ROW], change=_more("hidden"))
    yield workbook("very hidden beside a seen one", [UNITS, ROW], change=_more("veryHidden"))
    yield workbook("the only table is hidden", [["说明"]], NOT_FOUND, change=_more("hidden"), title="说明")
    yield workbook("300 sheets", [UNITS, ROW], change=lambda b: [b.create_sheet(f"s{k}") for k in range(299)])
    yield workbook("hidden rows and columns", [UNITS, ROW], change=_hide)
    yield workbook("a sheet named like markup", [UNITS, ROW], title="(b)<i>{x}单位")


def _hide(book):
    book.active.row_dimensions[2].hidden = True
    book.active.column_dimensions["B"].hidden = True


def _as_text(book):
    for cell in book.active[2]:
        if isinstance(cell.value, str):
            cell.data_type = "s"


@kind
def formulas_in_workbooks():
    """Rows with errors or formulas without their results are refused; text that only looks like one is kept."""
    for name in ("equals", "DDE", "a link", "plus", "at"):
        yield workbook(
            f"text: {name}", [UNITS, ["Z1", RUNS[name], "440103", 1]], change=_as_text, first={"name": RUNS[name]}
        )
    none = {"added": 1, "refused": 1}
    yield workbook("an amount without its result", [UNITS, ROW, ["Z2", "a", "440103", "=6*7"]], **none)
    yield workbook("a name without its result", [UNITS, ROW, ["Z2", "=A1", "440103", 1]], **none)
    for error in ("#REF!", "#N/A", "#DIV/0!", "#NAME?"):
        yield workbook(f"{error} as a name", [UNITS, ROW, ["Z2", error, "440103", 1]], **none)
    yield workbook("#VALUE! as an amount", [UNITS, ROW, ["Z2", "a", "440103", "#VALUE!"]], **none)
    yield workbook("#N/A alone in a row", [UNITS, ROW, ["#N/A"]], **none)
    yield workbook("#N/A in the header", [[*UNITS, "#N/A"], ROW])
    yield workbook(
        "errors and formulas in a sheet that is no table",
        [UNITS, ROW],
        change=_more("visible", "说明", [["=1+1", "#REF!"]]),
    )
    yield workbook(
        "errors and formulas in a hidden sheet",
        [UNITS, ROW],
        change=_more("hidden", "单位", [UNITS, ["=1+1", "#REF!"]]),
    )


@kind
def dates_in_workbooks():
    """Both systems of days, serial numbers, moments, text."""
    right = {"recognised_on": "2026-05-25"}
    yield homes("a day", date(2026, 5, 25), first=right)
    yield homes("a day of the system of 1904", date(2026, 5, 25), change=_old_system, first=right)
    yield homes("a serial number", 46167, first=right)
    yield homes("a serial number of the system of 1904", 44705, change=_old_system, first=right)
    yield homes("a written number in the system of 1904", 20260525, change=_old_system, first=right)
    yield homes("text", "2026年5月25日", first=right)
    for name, value in {
        "a moment": datetime(2026, 5, 25, 10, 30),
        "a time": time(10, 30),
        "a number too small": 12,
        "a number too large": 4e9,
        "yes": True,
        "a negative number": -3,
    }.items():
        yield homes(name, value, added=0, refused=1)


def _old_system(book):
    book.epoch = CALENDAR_MAC_1904


@kind
def identifiers_in_workbooks():
    """Numbers where identifiers should stand."""
    for name, value in {
        "18 digits": 4.40305199001011e17,
        "16 digits": 1234567890123456,
        "1E+300": 1e300,
        "a fraction of such": 4.4e17 + 64,
    }.items():
        yield workbook(name, [UNITS, [value, "a", "440103", 1]], added=0, refused=1)
    yield workbook("a small number", [UNITS, [1234, "a", 440103, 1]])
    yield workbook("text that shows a power", [UNITS, ["4.4E+17", "a", "440103", 1]], added=0, refused=1)
    yield workbook("an identifier twice", [UNITS, ROW, ROW], refused=1)
    yield workbook("a number twice, once as text", [UNITS, [12, "a", "440103", 1], ["12", "b", "440103", 1]], refused=1)


def _decorated(book):
    sheet = book.active
    sheet["A2"].comment = Comment("=cmd|' /C calc'!A0", "x")
    sheet["B2"].hyperlink = "file:///etc/passwd"
    sheet.auto_filter.ref = "A1:D2"
    sheet.protection.set_password("x")


@kind
def decorations():
    """What is beside the cells is not read."""
    yield workbook(
        "comments, links, filters, protection of the sheet", [UNITS, ROW], change=_decorated, first={"name": "饭店"}
    )
    yield workbook("a name .xlsm", [UNITS, ROW], file="台账.xlsm")
    yield workbook("a name .csv", [UNITS, ROW], file="台账.csv")
    yield workbook("16,384 columns", [[*UNITS, *(f"x{k}" for k in range(16_380))], ROW])
    yield workbook(
        "a cell in the last corner",
        [UNITS, ROW],
        "row 1,048,576 and column 16,384",
        change=lambda b: b.active.cell(1_048_576, 16_384, "x"),
    )
    yield workbook(
        "a cell in the last row", [UNITS, ROW], refused=1, change=lambda b: b.active.cell(1_048_576, 1, "x"), large=True
    )
    yield workbook("a name of 32,767 characters", [UNITS, ["Z1", "长" * 32_767, "440103", 1]])
    yield workbook("empty", [], NOT_FOUND)
    yield workbook("a header alone", [UNITS], added=0)
