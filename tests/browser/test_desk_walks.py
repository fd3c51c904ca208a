"""The supervisor's, the analyst's and the auditor's day in a real browser: desk in Chinese and phone in English."""

import base64
import io
import re
import zipfile
from dataclasses import replace

import pytest

from service.batch import office_night
from service.sealed_pack import check_pack
from service.use_cases import model_life
from service.use_cases.approval_kinds import KINDS
from service.use_cases.approvals import decide, listed
from service.use_cases.rank import rank_member
from service.use_cases.refer import refer
from service.web.wording import Wording
from tests.browser.test_walks import check_page
from tests.models import region


@pytest.fixture
def w(page):
    return Wording(page.language)


def test_a_supervisor_sees_what_will_break_and_publishes_this_month_s_bulletin(page, served, w):
    office_night(served)
    page.goto("/supervisor")
    check_page(page)
    page.get_by_role("link", name=re.compile(re.escape(w("outlook.all", matching=0).partition("0")[0]))).click()
    assert page.locator("tbody tr").count() > 0
    check_page(page)

    page.get_by_role("navigation", name=w("page.navigation")).get_by_role("link", name=w("nav.bulletins")).click()
    check_page(page)
    form = page.locator("form", has=page.locator("input[name=kind][value=monthly]"))
    assert form.locator("[name=period]").input_value() == "2026-10"
    form.get_by_role("button").click()
    assert page.get_by_text(w("bulletin.is_draft")).count() == 1
    check_page(page)
    page.get_by_role("button", name=w("bulletin.publish")).click()
    page.wait_for_url("**/bulletins/B*")
    check_page(page)
    pdf = page.evaluate(FETCH, page.get_by_role("link", name=w("bulletin.pdf")).get_attribute("href"))
    assert base64.b64decode(pdf).startswith(b"%PDF")
    for address in ("/approvals", "/flags", "/bulletins/draft?kind=quarterly&period=2026Q3"):
        page.goto(address)
        check_page(page)


FETCH = """async (address) => { const bytes = new Uint8Array(await (await fetch(address)).arrayBuffer());
    return btoa(bytes.reduce((text, b) => text + String.fromCharCode(b), '')); }"""


def test_an_analyst_compares_two_versions_and_a_second_person_puts_one_in_charge(page, served, w):
    for at in ("2026-10-01T08:00:00+08:00", "2026-10-08T08:00:00+08:00"):
        served.registry.save(region.trained(), region.evaluation(), made_by="analyst-1", made_at=at)
    model_life.promote(served, "v0001", by="analyst-1", approved_by="head-1")
    page.goto("/models")
    check_page(page)
    page.get_by_role("link", name=w("model.tab.model-compare")).click()
    assert page.locator("figure svg").count() == 3
    check_page(page)
    page.get_by_role("link", name="v0002").click()
    check_page(page)
    page.get_by_label(w("model.reason")).fill("calibrated")
    page.get_by_role("button", name=w("model.propose")).click()
    page.locator(".warn").get_by_role("link", name=w("nav.approvals")).click()
    check_page(page)
    [waiting], _ = listed(served, state="proposed")
    decide(replace(served, actor="head-2", role="supervisor"), KINDS, waiting.approval_id, approve=True, answer="seen")
    page.goto("/models")
    assert page.locator("tr", has_text="v0002").first.get_by_text(w("model.in_charge")).count() == 1
    for address in ("/models/watch", "/models/shadow", "/models/overrides", "/models/data"):
        page.goto(address)
        check_page(page)


def test_an_auditor_reads_the_journal_and_takes_a_household_s_evidence_away(page, served, w):
    refer(replace(served, actor="li"), "SIM-M1", rank_member(served, "SIM-M1").items[0].position_id)
    page.goto("/journal")
    page.get_by_role("button", name=w("journal.verify_all")).click()
    assert page.locator(".done").inner_text().startswith(w("journal.holds", entries=0).partition("0")[0])
    page.locator("tbody summary").first.click()
    check_page(page)
    page.get_by_label(w("journal.household")).fill("SIM-H1")
    page.get_by_role("button", name=w("page.apply"), exact=True).click()
    check_page(page)
    page.get_by_label(w("journal.reason_label")).fill("inspection")
    with page.expect_download() as taken:
        page.get_by_role("button", name=w("journal.build")).click()
    content = taken.value.path().read_bytes()
    assert check_pack(content, served.registry.keys).faults == ()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert b"referral.issued" in archive.read("decided.json")
    page.goto("/journal?action=evidence.")
    assert page.locator("tbody tr").count() == 1
