"""A post officer's day in a real browser: a post is taken in, held back, corrected, let through, confirmed; desk in Chinese, phone in English."""

import pandas as pd
import pytest

from service.settings import Settings
from service.storage import Store
from service.web.wording import Wording
from tests.browser.test_walks import check_page


@pytest.fixture
def w(page):
    return Wording(page.language)


@pytest.fixture
def stale(site, tmp_path):
    """A post nobody has confirmed for a month."""
    with Store.open(Settings(home=tmp_path)) as store, store.write() as tx:
        tx.update("positions", {"position_id": "SIM-P2"}, {"last_confirmed_on": pd.Timestamp("2026-10-02")})
    return "SIM-P2"


def test_a_post_is_taken_in_held_back_corrected_and_let_through(page, w):
    page.goto("/desk")
    check_page(page)
    page.get_by_role("link", name=w("desk.new")).click()
    check_page(page)
    page.locator("[name=employer]").fill("新开的面馆")
    page.locator("[name=title]").fill("洗碗工（限女性）")
    page.locator("[name=duties]").fill("清洗碗碟，收拾后厨")
    for name, value in (
        ("wage_min", "2800"),
        ("wage_max", "3200"),
        ("contract_months", "12"),
        ("shift_start", "09:00"),
        ("shift_end", "18:00"),
    ):
        page.locator(f"[name={name}]").fill(value)
    page.locator("[name=region_code]").select_option("440103001")
    page.locator("[name=insured][value=medical]").check()
    page.get_by_role("button", name=w("desk.suggest")).click()
    page.locator("[name=occupation_pick][value='40305']").check()
    assert page.locator("[name=wage_max]").input_value() == "3200"
    check_page(page)
    page.get_by_role("button", name=w("desk.save")).click()

    page.wait_for_url("**/desk/posts/**")
    found = page.locator("section", has=page.locator("#found"))
    assert w.label("finding", "DISCRIMINATORY_SEX") in found.inner_text()
    assert w("desk.change.DISCRIMINATORY_SEX") in found.inner_text()
    check_page(page)
    page.locator("[name=title]").fill("洗碗工")
    page.get_by_role("button", name=w("desk.correct")).click()
    page.get_by_text(w("desk.done.corrected")).wait_for()
    assert w("desk.found_nothing") in found.inner_text()
    page.get_by_role("button", name=w("desk.release")).click()
    page.get_by_text(w("desk.done.verified")).wait_for()

    page.get_by_role("link", name=w("desk.members")).click()
    assert page.locator("tbody tr").count() > 0
    check_page(page)


def test_a_stale_post_is_confirmed_by_one_tap_from_the_list(page, w, stale):
    page.goto("/desk?waits=stale")
    check_page(page)
    assert page.locator("tbody tr").count() == 1
    page.get_by_role("button", name=f"{w.label('post_step', 'confirm')} {stale}").click()
    page.get_by_text(w("desk.done.confirm")).wait_for()
    page.get_by_text(w("desk.none")).wait_for()


def test_a_filled_post_is_marked_and_leaves_the_open_ones(page, w):
    page.goto("/desk/posts/SIM-P2")
    page.get_by_role("button", name=w.label("post_step", "fill")).click()
    page.get_by_text(w("desk.done.fill")).wait_for()
    page.goto("/desk?waits=filled")
    assert page.locator("tbody tr").count() == 1
    check_page(page)
