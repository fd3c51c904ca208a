"""Everything an import can say of a cell or a file has its sentence in both languages; values of a file stay as they are."""

import re

import pytest

from matching.tables import TABLES
from service.exchange.catalogue import exchanged
from service.exchange.cell_faults import A_NUMBER, A_RESULT, NO_NUMBER, NO_RESULT, NO_TEXT, NOT_AN_ERROR
from service.exchange.cells import LOST_DIGITS, NOT_A_PHONE, NOT_AN_IDENTITY_NUMBER
from service.exchange.reader import SPANNED
from service.exchange.rules import ONLY_ONE, RULES, TAKEN
from service.web.import_words import SAYINGS, found_told, told
from service.web.wording import LANGUAGES, Wording

CELLS = [
    *(c.expected for t in exchanged() for c in TABLES[t].columns), *(expected for rules in RULES.values() for _, expected, _ in rules),
    *(rule.expected for rule in ONLY_ONE), LOST_DIGITS, NOT_A_PHONE, NOT_AN_IDENTITY_NUMBER, A_NUMBER, A_RESULT, NOT_AN_ERROR, TAKEN, "a region you serve",
    "no more cells than headers", "each key once in a file", "one that exists in households; import it first",
    "an amount in yuan, not below 0, at most 1,000,000", "an amount in yuan, not below 0", "one of 初中|大专", "any of 养老|医疗",
    "on or after recognition on 2026-10-01", "not before the start on 2026-10-01", "on or after its referral of 2026-10-01",
    "on or after the first day 2026-10-01", "on or after the referral of 2026-10-01", "the member of its referral, M1", "at most 2", "at least wage_min, 400000",
    "18 characters as text with the check digit that fits; format the column as text and type it again",
]  # fmt: skip

FILES = [
    "a.doc: expected .xlsx, .csv or .parquet, found something else; check what the file is",
    "a.xlsx: expected an open .xlsx workbook, found one that is protected or in the old .xls form; save it as .xlsx without a password",
    "a.xlsx: expected an .xlsx workbook, found a binary workbook (.xlsb); save it as .xlsx",
    "a.xlsx: the workbook has a password; save it without one", "a.xlsx: the archive has a password; save it without one",
    "a.xlsx: the workbook is damaged and cannot be read (ValueError); open it in Excel and save it again",
    "a.parquet: the Parquet file is damaged and cannot be read; write it again", "a.xlsx: unpacks to more than 1,500,000,000 bytes; split the workbook",
    "a.parquet: unpacks to more than 500,000,000 bytes; split the file", "a.parquet: expected at most 200,000 pages, found more; write it again in larger ones",
    "a.parquet: expected texts written out or listed once, found them in delta form; write it again",
    "a.parquet, row 3: expected cells of at most 32,767 characters, found one of at least 40,000; shorten it",
    "a.xlsx: a sheet reaches to row 9 and column 9, expected at most 20,000,000 cells; delete the rows and columns after the data, or split the sheet",
    "a.csv: expected at most 200,000,000 bytes, found 300,000,000; split the file", "a.csv: expected text in UTF-8 or GB18030, found neither; save it again as CSV UTF-8",
    "a.csv, line 3: expected cells of at most 32,767 characters, found a longer one; shorten it, or close its quotation mark",
    "a.xlsx, row 3: expected cells of at most 32,767 characters, found one of 40,000; shorten it", "a.csv, row 3: expected at most 16,384 columns, found 20,000; remove the others",
    "a.csv: expected one encoding, found line 2 in UTF-8 and others not; save the file again as CSV UTF-8",
    "a.xlsx: expected texts of at most 1,500,000,000 bytes, found 2,000,000,000 written out; shorten the long text that is repeated",
    "a.xlsx: expected at most 1,000,000 cells with errors, found more; correct or clear them", "a.parquet: expected text, found bytes that are none; write the columns as text",
    "a.xlsx: the workbook is damaged, cell D2 stands twice or out of order; open it in Excel and save it again", "a.xlsx: merged cells lie over each other; unmerge them and save the workbook again",
    "a.xlsx: the workbook has definitions of its own (DOCTYPE), which no spreadsheet writes; save it again",
    "a.csv, line 3: the text is not a table (unexpected end of data); check the quotation marks there",
    "a.csv: expected the headers of a table (行政区划 …), found none; check the header row",
    "a.csv, sheet a: expected each column once, found household_id twice; remove one",
    "a.csv, sheet a: expected columns region_code for households, found none; add them. Nothing was stored",
    "a.csv, sheet a: members may not be brought in by this role; leave the sheet out",
    "a.csv: expected rows the record can hold together, found some it refused (UNIQUE); nothing was stored", "a fault on our side; nothing was stored",
]  # fmt: skip

DROPPED = [
    "民族 [ethnicity: not kept]", "身份证号 [identity number: in the vault]", "性别要求 [wish about the person: read with the duties]",
    "说明 [sheet: no table]",
]  # fmt: skip


@pytest.mark.parametrize("said", [*CELLS, *FILES, *DROPPED])
def test_what_an_import_says_is_told_in_chinese(said):
    words = told(Wording("zh"), said)
    assert words != said and re.search(r"[一-鿿]", words)
    rest = re.sub(
        r"[\w-]+\.(csv|xlsx|parquet|doc|xls)|\.(xlsx|csv|parquet|xls)|CSV UTF-8|UTF-8|GB18030|Excel|[a-z]+(_[a-z]+)+",
        "",
        words,
    )
    values = set().union(*(c.codes or () for t in exchanged() for c in TABLES[t].columns)) | {"M1"}
    assert {w for w in re.findall(r"[A-Za-z]{2,}\w*", rest) if w not in values} == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_saying_has_a_sentence_and_every_table_and_personal_part_a_name(language):
    w = Wording(language)
    assert all(w.has(f"imports.says.{name}") for name in SAYINGS)
    assert all(w.has(f"label.exchange_table.{t}") for t in exchanged())


def test_the_reader_s_checks_of_a_file_are_all_known_sentences(tmp_path):
    """What the readers really raise today: each kind of broken file, told in Chinese."""
    from matching.errors import BadInput
    from service.exchange.reader import read_sheets
    from tests.service.exchange.test_import import (
        test_a_file_that_cannot_be_used_gets_a_clear_word_and_stores_nothing as cases,
    )

    [mark] = [m for m in cases.pytestmark if m.name == "parametrize"]
    for name, content, _ in mark.args[1]:
        path = tmp_path / name
        path.write_bytes(content)
        try:
            read_sheets(path)
        except BadInput as error:
            assert told(Wording("zh"), str(error)) != str(error)


def test_a_value_of_the_file_is_never_changed():
    w = Wording("zh")
    assert [found_told(w, v) for v in ("text", "true or false", "(备注)", "初中")] == [
        "text",
        "true or false",
        "(备注)",
        "初中",
    ]
    assert found_told(w, "(empty)") == "（空）" and found_told(w, SPANNED) == "（合并单元格跨多行）"
    assert all(re.search("[一-鿿]", found_told(w, v)) for v in (NO_NUMBER, NO_RESULT, NO_TEXT))
