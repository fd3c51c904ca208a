"""What the night changed, as a file that says what the page says and runs nothing."""

import csv
import io

import pytest
from openpyxl import load_workbook

from service.batch import office_night
from service.use_cases.morning import morning
from service.web.morning_book import HEAD
from service.web.wording import Wording
from tests.service.region import DAY

HOSTILE = "=HYPERLINK(1)"


@pytest.fixture
def after_a_night(office):
    with office.store.write() as tx:
        for post in ("P1", "P2"):
            tx.update("positions", {"position_id": post}, {"title": HOSTILE})
    office_night(office)
    return morning(office)


def lines_of(form, content):
    if form == "csv":
        return [list(line) for line in csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))]
    sheet = load_workbook(io.BytesIO(content), read_only=True).worksheets[0]
    return [["" if c is None else str(c) for c in line] for line in sheet.iter_rows(values_only=True)]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_file_has_a_row_for_every_change_and_for_everybody_who_holds_nothing(client, after_a_night, form, language):
    client.cookies.set("language", language)
    answer = client.get("/morning/file", params={"format": form})
    head, *rows = lines_of(form, answer.content)
    w = Wording(language)
    assert answer.status_code == 200 and f"morning-{DAY}.{form}" in answer.headers["content-disposition"]
    assert head == [w(f"morning_file.{name}") for name in HEAD]
    told = [(r[1], r[3], r[5]) for r in rows]
    expected = [(c.member_id, w.label("change", c.change), c.position_id) for c in after_a_night.changes]
    expected += [(m["member_id"], w("work.holds_nothing"), "") for m in after_a_night.waiting]
    assert told == expected and len(after_a_night.changes) > 0


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_title_that_a_spreadsheet_would_run_is_written_as_text(client, after_a_night, form):
    titles = {row[4] for row in lines_of(form, client.get("/morning/file", params={"format": form}).content)}
    assert f"'{HOSTILE}" in titles and HOSTILE not in titles


def test_the_page_links_to_both_files_of_the_caseworker_chosen(client, after_a_night):
    text = client.get("/morning").text
    assert "/morning/file?format=csv" in text and "/morning/file?format=xlsx" in text


def test_another_form_is_refused(client):
    assert client.get("/morning/file", params={"format": "pdf"}).status_code == 422
