"""Cells of a workbook that hold no value, days of another calendar, and cells that stand twice."""

import pytest
from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from matching.errors import BadInput
from service.exchange.cell_faults import NO_RESULT
from service.exchange.preview import preview
from service.exchange.reader import read_sheets
from tests.trust.hostile.archives import SHEET, packed, sheet

UNITS = ["单位编号", "单位名称", "单位所在地", "职工人数", "备注"]


def written(path, *rows, title="用人单位", epoch=None):
    book = Workbook()
    book.active.title = title
    if epoch is not None:
        book.epoch = epoch
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def test_only_rows_with_an_error_or_an_unknown_result_are_named_by_row_and_header(tmp_path):
    good = ["E1", "面馆", "440103", 3]
    path = written(
        tmp_path / "a.xlsx", UNITS, good, ["E2", "#N/A", "440103", 4], ["E3", "饭店", "440103", "=6*7"], ["E4"]
    )
    [read] = read_sheets(path)
    assert [f[:3] for f in read.faulty] == [(3, "单位名称", "#N/A"), (4, "职工人数", NO_RESULT)]
    assert len(read.frame) == 4


def test_an_error_is_missed_in_no_column_with_a_header_and_told_by_the_preview(tmp_path):
    path = written(tmp_path / "a.xlsx", UNITS, ["E2", "面馆", "440103", 4, "#REF!"], [None, None, None, None, "=A1"])
    [seen] = preview(path, None, {}, sealing=False)
    assert [(row, header, found) for row, header, found, _ in seen.errors] == [(2, "备注", "#REF!")]
    assert seen.rows == 1


def test_a_title_above_the_header_does_not_move_what_is_named(tmp_path):
    path = written(tmp_path / "a.xlsx", ["台账"], [], UNITS, ["E2", "#N/A", "440103", 4])
    assert [f[:2] for f in read_sheets(path)[0].faulty] == [(4, "单位名称")]


@pytest.mark.parametrize(("epoch", "day"), [(None, 46167), (CALENDAR_MAC_1904, 44705)])
def test_a_serial_number_is_the_day_the_workbook_s_own_calendar_shows(tmp_path, epoch, day):
    head = ["家庭编号", "家庭档案号", "居住地区划代码", "认定日期"]
    path = written(tmp_path / "a.xlsx", head, ["H1", "F1", "440103", day], title="零就业家庭", epoch=epoch)
    [seen] = preview(path, None, {}, sealing=False)
    assert [c.becomes for c in seen.first[0][1]][3] == "2026-05-25"


@pytest.mark.parametrize("again", ['<c r="D2"><v>99</v></c><c r="D2">', '<c r="E2"><v>99</v></c><c r="D2">'])
def test_a_cell_that_stands_twice_or_out_of_order_refuses_the_file(tmp_path, again):
    path = tmp_path / "a.xlsx"
    path.write_bytes(packed({SHEET: sheet().replace('<c r="D2">', again)}))
    with pytest.raises(BadInput, match="cell D2 stands twice or out of order"):
        read_sheets(path)


@pytest.mark.parametrize("value", ["NaN", "1,2", "abc", "<![CDATA[1,2]]>"])
def test_a_number_cell_without_a_number_is_named(tmp_path, value):
    path = tmp_path / "a.xlsx"
    path.write_bytes(packed({SHEET: sheet().replace("<v>12</v>", f"<v>{value}</v>")}))
    assert [f[:2] for f in read_sheets(path)[0].faulty] == [(2, "职工人数")]
