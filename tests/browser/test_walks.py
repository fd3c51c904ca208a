"""A caseworker's morning in a real browser: worklist, member, refer, outcome; no script, phone and desk, Chinese and English."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from service.web.wording import Wording


@pytest.fixture
def w(page):
    return Wording(page.language)


def check_page(page):
    """Accessible by axe (WCAG 2.2 AA), in one language, no wider than the screen."""
    found = Axe().run(
        page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    )
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.locator("html").get_attribute("lang") == ("zh-CN" if page.language == "zh" else "en")


def choose_outcome(page, w, state, **fields):
    page.get_by_label(w("page.outcome_to")).select_option(state)
    for name, value in fields.items():
        field = page.locator(f"[name={name}]").first
        field.fill(value) if name == "started_on" else field.select_option(value)
    page.get_by_role("button", name=w("page.save"), exact=True).click()
    page.get_by_role("status").first.wait_for()


def test_from_the_worklist_to_a_job(page, w):
    page.goto("/")
    check_page(page)
    assert page.get_by_role("complementary").inner_text() == w("page.simulated")
    page.get_by_role("rowheader").first.get_by_role("link").click()
    assert page.get_by_role("heading", level=1).inner_text() == f"{w('page.member')} SIM-M4"
    check_page(page)

    first = page.locator(".posts > li").first
    post = first.get_by_role("link").inner_text()
    first.get_by_role("button").click()
    assert "number=" in page.url
    card = page.locator(".referral")
    assert post in card.inner_text()
    assert w.label("referral_state", "issued") in card.inner_text()
    assert post not in page.locator(".posts").inner_text()
    check_page(page)

    for state in ("attended", "offered", "accepted"):
        choose_outcome(page, w, state)
        assert w.label("referral_state", state) in card.inner_text()
    choose_outcome(page, w, "started", started_on="2026-11-02", evidence="contract")
    assert page.get_by_role("status").first.inner_text() == w("page.done.started")
    check_page(page)
    page.goto("/worklist")
    assert "SIM-M4" not in page.locator("main").inner_text()


def test_a_refusal_is_recorded_with_its_reason_and_the_list_goes_on(page, w):
    page.goto("/members/SIM-M1")
    page.locator(".posts button").first.click()
    choose_outcome(page, w, "declined", reason="CARE")
    history = page.locator("section", has=page.locator("#history")).inner_text()
    assert w.label("refusal", "CARE") in history
    assert page.locator(".referral").count() == 0
    assert page.locator(".posts > li").count() > 0
    check_page(page)


def test_why_not_names_the_rule_and_the_smallest_change(page, w):
    page.goto("/members/SIM-M6")
    page.get_by_label(w("page.why_label")).fill("SIM-P8")
    page.get_by_role("button", name=w("page.why_button")).click()
    answer = page.locator(".answer").inner_text()
    assert w("page.why_cannot") in answer
    assert w("page.nearest") in answer
    check_page(page)


def test_filters_narrow_the_worklist(page, w):
    page.goto("/worklist")
    page.get_by_label(w("page.days_7")).check()
    page.get_by_role("button", name=w("page.apply")).click()
    assert page.locator("tbody tr").count() == 3
    page.get_by_role("link", name=w("page.clear")).click()
    assert page.locator("tbody tr").count() == 5


def test_the_switch_changes_the_language_and_stays_on_the_page(page):
    page.goto("/members/SIM-M3?limit=20")
    page.locator(".language button").click()
    other = "en" if page.language == "zh" else "zh"
    assert page.url.endswith("/members/SIM-M3?limit=20")
    assert Wording(other)("page.ranked") == page.locator("#ranked").inner_text()


def test_a_post_s_page_lists_suitable_members(page, w):
    page.goto("/positions/SIM-P2")
    assert page.locator(".posts > li").count() > 0
    check_page(page)


def test_the_keyboard_alone_reaches_the_first_member(page):
    page.goto("/worklist")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('th') !== null"):
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/members/SIM-M4")
    assert page.locator("h1").inner_text().endswith("SIM-M4")
