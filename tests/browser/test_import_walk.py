"""A workbook is brought in from the page in a real browser, and what was refused is taken home; desk in Chinese, phone in English."""

import io

import pytest
from openpyxl import load_workbook

from service.web.wording import Wording
from tests.browser.test_walks import check_page
from tests.service.test_uploads import BAD, GOOD, HEAD, book


@pytest.fixture
def w(page):
    return Wording(page.language)


def test_a_workbook_is_looked_at_brought_in_and_its_refused_cells_taken_home(page, w):
    page.goto("/imports")
    check_page(page)
    name, kind = "台账.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    page.get_by_label(w("imports.choose")).set_input_files(
        {"name": name, "mimeType": kind, "buffer": book(HEAD, GOOD, BAD)}
    )
    page.get_by_role("button", name=w("imports.look")).click()
    page.wait_for_url("**/imports/*")
    check_page(page)
    page.get_by_text(w("imports.change_columns")).click()
    page.get_by_label("低保情况").select_option("dibao_status")
    check_page(page)
    page.get_by_role("button", name=w("imports.keep_columns")).click()
    page.get_by_role("button", name=w("imports.run"), exact=True).click()
    page.get_by_role("heading", name=w("imports.refused")).wait_for()
    counts = page.locator(".counts").inner_text()
    assert w("imports.added") in counts and w("imports.refused_rows") in counts
    check_page(page)
    address = page.get_by_role("link", name=w("morning_file.xlsx")).first.get_attribute("href")
    sheet = load_workbook(io.BytesIO(page.request.get(address).body())).active
    assert sheet.max_row == 3 and sheet["B2"].value == 3
