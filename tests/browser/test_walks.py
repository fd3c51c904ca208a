"""A caseworker's day in a real browser: worklist, member, letter, slip, registration, no network; desk in Chinese and phone in English."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from service.web.wording import Wording


@pytest.fixture
def w(page):
    return Wording(page.language)


def check_page(page):
    """Accessible by axe (WCAG 2.2 AA), in one language, no wider than the screen."""
    page.wait_for_load_state()
    found = Axe().run(
        page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    )
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.locator("html").get_attribute("lang") == ("zh-CN" if page.language == "zh" else "en")


def record_slip(page, w, result, **fields):
    form = page.locator("form[action^='/slips/']").first
    form.get_by_label(w("work.slip_result")).select_option(result)
    for name, value in fields.items():
        field = form.locator(f"[name={name}]")
        field.fill(value) if name == "started_on" else field.select_option(value)
    form.get_by_role("button", name=w("page.save"), exact=True).click()
    page.get_by_role("status").first.wait_for()


def test_from_the_worklist_to_a_recorded_slip(page, w):
    page.goto("/")
    check_page(page)
    assert page.locator(".banner").inner_text() == w("page.simulated")
    page.get_by_role("rowheader").first.get_by_role("link").click()
    assert page.get_by_role("heading", level=1).inner_text() == f"{w('page.member')} SIM-M4"
    check_page(page)

    first = page.locator(".posts > li").first
    post = first.locator("header").get_by_role("link").inner_text()
    first.get_by_role("button", name=w("page.refer")).first.click()
    page.wait_for_url("**/letters/**")
    letter = page.locator(".letter").inner_text()
    assert post in letter and w("label.slip.hired") in letter
    check_page(page)

    page.get_by_role("link", name=w("letter.back")).click()
    assert w.label("referral_state", "issued") in page.locator(".referral").inner_text()
    assert post not in page.locator(".posts").inner_text()
    record_slip(page, w, "hired", started_on="2026-11-02", evidence="contract")
    assert page.get_by_role("status").first.inner_text() == w("page.done.started")
    page.goto("/worklist")
    assert "SIM-M4" not in page.locator("main").inner_text()


def test_a_refusal_is_recorded_with_its_reason_and_the_list_goes_on(page, w):
    page.goto("/members/SIM-M1")
    page.locator(".posts button.main").first.click()
    page.wait_for_url("**/letters/**")
    page.goto("/members/SIM-M1")
    record_slip(page, w, "declined", reason="CARE")
    history = page.locator("section", has=page.locator("#history")).inner_text()
    assert w.label("refusal", "CARE") in history
    assert page.locator(".referral").count() == 0
    assert page.locator(".posts > li").count() > 0


def test_a_household_is_registered_visited_and_its_values_corrected(page, w):
    page.goto("/register?people=1")
    check_page(page)
    page.get_by_label(w("page.street")).select_option("440103001")
    page.get_by_role("button", name=w("work.register_save")).click()
    page.wait_for_url("**/households/**")
    check_page(page)
    page.get_by_label(w("work.note")).fill("开门的是户主")
    page.get_by_role("button", name=w("work.contact_add")).click()
    page.get_by_text("开门的是户主").wait_for()

    page.get_by_text(w("work.path"), exact=True).click()
    step = page.locator("form[action$='/path']")
    step.locator("label", has_text=w("steps.stage_to")).locator("[name=to]").select_option("ASSESS")
    step.get_by_label(w("steps.stage_why")).select_option("MEMBER_WISH")
    page.get_by_role("button", name=w("steps.stage")).press("Enter")
    page.get_by_text(w("page.done.stepped")).wait_for()
    page.get_by_text(w("work.path"), exact=True).click()
    assert page.locator("[aria-current=step]").inner_text() == w.label("path_stage", "ASSESS")
    page.get_by_text(w("steps.job_new", member=page.locator("thead a").inner_text())).click()
    job = page.locator("form[action$='/jobs']")
    job.get_by_label(w("steps.job_kind")).select_option("FLEXIBLE")
    job.get_by_label(w("steps.first_day")).fill("2026-11-01")
    check_page(page)
    job.get_by_role("button").press("Enter")
    page.get_by_text(w("page.done.job_noted")).wait_for()
    page.locator("form[action$='/evidence'] select").select_option("agreement")
    page.get_by_role("button", name=w("steps.prove")).click()
    page.get_by_text(w("page.done.job_proven")).wait_for()
    check_page(page)

    page.locator("thead a").first.click()
    page.get_by_text(w("work.correct"), exact=True).click()
    page.get_by_label(w("work.commute_limit")).fill("25")
    page.get_by_role("button", name=w("work.correct_save")).click()
    page.get_by_text(w("page.done.corrected")).wait_for()
    assert page.get_by_label(w("work.commute_limit")).input_value() == "25"


def test_what_cannot_be_sent_waits_and_is_sent_once_when_the_network_is_back(chromium, site):
    w = Wording("zh")
    context = chromium.new_context(base_url=site)
    page = context.new_page()
    page.goto("/members/SIM-M1")
    context.set_offline(True)
    page.locator(".posts button.main").first.click()
    page.get_by_text(w("work.queue_waiting")).wait_for()
    context.set_offline(False)
    page.locator("#queue").wait_for(state="hidden")
    page.goto("/members/SIM-M1")
    assert page.locator(".referral").count() == 1

    context.set_offline(True)
    page.locator(".posts button.main").first.click()
    page.get_by_text(w("work.queue_waiting")).wait_for()
    page.evaluate("""() => { const items = JSON.parse(localStorage.getItem('onemonth.queue'));
        items[0].body = items[0].body.replace(/position_id=[^&]*/, 'position_id=SIM-P4');
        items[0].address = '/members/SIM-M2/referrals'; localStorage.setItem('onemonth.queue', JSON.stringify(items)); }""")
    context.set_offline(False)
    page.get_by_text(w("work.queue_refused")).wait_for()
    page.reload()
    assert page.get_by_text(w("work.queue_refused")).count() == 1
    page.get_by_role("button", name=w("work.queue_away")).click()
    page.locator("#queue").wait_for(state="hidden")
    context.close()


@pytest.mark.parametrize("address", ["/morning", "/slips", "/fairs", "/appeals", "/members/SIM-M1/list", "/households/SIM-H1/cards",
                                     "/members/SIM-M1/assessment", "/members/SIM-M1/compare?post=SIM-P1&post=SIM-P2"])  # fmt: skip
def test_every_page_of_the_day_is_accessible(page, address):
    assert page.goto(address).status == 200
    check_page(page)


def test_why_not_names_the_rule_and_the_smallest_change(page, w):
    page.goto("/members/SIM-M6")
    page.get_by_label(w("work.why_search")).fill("SIM-P8")
    page.get_by_role("button", name=w("page.why_button")).click()
    answer = page.locator(".answer").inner_text()
    assert w("page.why_cannot") in answer
    assert w("page.nearest") in answer
    check_page(page)


def test_filters_narrow_the_worklist(page, w):
    page.goto("/worklist")
    page.get_by_label(w("page.days_7")).check()
    page.get_by_role("button", name=w("page.apply"), exact=True).click()
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
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('th') !== null"):
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/members/SIM-M4")
    assert page.locator("h1").inner_text().endswith("SIM-M4")
