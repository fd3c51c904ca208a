"""Bulletins: drawn up, published once, corrected by a new revision, never changed."""

import io
import json
import re
from datetime import date

import openpyxl
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from matching.errors import BadInput, Conflict, NotFound
from service.app import app_of
from service.use_cases import bulletins as books
from service.use_cases.dashboard import MONTHS, dashboard
from service.use_cases.household_state import FileStep, record_step
from service.use_cases.jobs import Job, record_job
from service.web.bulletin_book import ABREAST, grouped
from service.web.wording import Wording
from tests.service.conftest import add
from tests.service.region import DAY

PAIRING = {"pairing_id": "Q1", "household_id": "H1", "caseworker_id": "K1", "started_on": "2026-10-02"}


def staff(office):
    add(office, "agencies", [{"agency_id": "G1", "name": "示例服务站", "region_code": "440103"}])
    add(office, "caseworkers", [{"caseworker_id": "K1", "agency_id": "G1"}])


def row(found, area):
    return next(r for r in found.figures["main"] if r["area"] == area)


def test_a_bulletin_is_frozen_and_a_later_fact_becomes_a_correction(office_on_either_store):
    office = office_on_either_store
    staff(office)
    first = books.publish(office, "monthly", "2026-10")
    assert first.revision == 1 and row(first, "440103")["paired"] == 0
    add(office, "pairings", [PAIRING])
    assert row(books.bulletin(office, first.bulletin_id), "440103")["paired"] == 0
    drawn = books.draft(office, "monthly", "2026-10")
    assert ("440103", "paired", 0, 1) in [(c.row, c.column, c.was, c.now) for c in drawn.corrections]
    with pytest.raises(BadInput, match="says why the published figures change"):
        books.publish(office, "monthly", "2026-10")
    second = books.publish(office, "monthly", "2026-10", note="补录结对")
    assert second.revision == 2 and {c.column for c in second.corrections} == {
        "paired",
        "share",
        "staff",
        "households_per_staff",
    }
    assert books.bulletin(office, first.bulletin_id) == first
    entries = office.store.read("journal", action="bulletin.published")
    assert len(entries) == 2 and set(entries["object_id"]) == {first.bulletin_id, second.bulletin_id}


def test_the_store_refuses_to_change_or_drop_a_published_bulletin(office_on_either_store):
    made = books.publish(office_on_either_store, "monthly", "2026-10")
    for statement in ("UPDATE bulletins SET figures = '{}'", "DELETE FROM bulletins"):
        with pytest.raises(sa.exc.DBAPIError, match="final"), office_on_either_store.store.engine.begin() as connection:
            connection.execute(sa.text(statement))
    assert books.bulletin(office_on_either_store, made.bulletin_id) == made


def test_nothing_is_published_twice_or_before_its_time(office):
    with pytest.raises(BadInput, match="published once it is over"):
        books.publish(office, "monthly", "2026-11")
    books.publish(office, "monthly", "2026-10")
    with pytest.raises(Conflict, match="nothing has changed"):
        books.publish(office, "monthly", "2026-10")
    for kind, period in (("weekly", "2026-10"), ("monthly", "2026Q3"), ("quarterly", "soon")):
        with pytest.raises(BadInput, match="expected"):
            books.draft(office, kind, period)
    with pytest.raises(NotFound):
        books.bulletin(office, "B0")


@pytest.mark.parametrize("kind", list(books.KINDS))
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_kind_is_drawn_up_shown_and_written_as_a_workbook(office, kind, language):
    staff(office)
    client = TestClient(app_of(office), cookies={"language": language})
    period = "2026-10" if kind == "monthly" else "2026Q3"
    page = client.get("/bulletins/draft", params={"kind": kind, "period": period})
    assert page.status_code == 200 and "bulletin." not in page.text
    not_yet = Wording(language)("bulletin.title_draft", title="#").partition("#")[2]
    assert not_yet in page.text and f"/bulletins/draft.pdf?kind={kind}&amp;period={period}" in page.text
    drawn = client.get("/bulletins/draft/workbook", params={"kind": kind, "period": period})
    assert "draft.xlsx" in drawn.headers["content-disposition"]
    assert all(not_yet in sheet["A1"].value for sheet in openpyxl.load_workbook(io.BytesIO(drawn.content)))
    made = client.post("/bulletins", data={"kind": kind, "period": period}, follow_redirects=False)
    assert made.status_code == 303
    assert client.get(made.headers["location"]).status_code == 200
    answer = client.get(made.headers["location"] + "/workbook")
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    found = books.published(office)[0]
    assert len(book.sheetnames) == len(found.figures) and book.worksheets[0].max_row == 2 + len(found.figures["main"])


def test_a_workbook_never_holds_a_formula(office):
    staff(office)
    with office.store.write() as tx:
        tx.update(
            "employers",
            {"employer_id": "E2"},
            {"name": "=HYPERLINK(1)", "required_share": 0.1, "headcount": 50, "hard_to_employ_count": 1},
        )
    made = books.publish(office, "shares", "2026Q3")
    content = TestClient(app_of(office)).get(f"/bulletins/{made.bulletin_id}/workbook").content
    cells = [c for line in openpyxl.load_workbook(io.BytesIO(content)).worksheets[0].iter_rows() for c in line]
    assert any(c.value == "'=HYPERLINK(1)" for c in cells) and all(c.data_type != "f" for c in cells)


def test_the_dashboard_agrees_with_the_record(office):
    found = dashboard(office)
    assert found.stock == 4 and len(found.months) == MONTHS and sum(n for *_, n in found.ages) == found.stock
    last = found.months[-1]
    assert last["month"] == "2026-11" and last["stock"] == 4
    assert sum(int(m["recognised"]) for m in found.months) == 4


def test_a_supervisor_publishes_from_the_page_alone(office):
    client = TestClient(app_of(office))
    home = client.get("/supervisor").text
    assert "<svg" in home and "/bulletins" in home
    listed = client.get("/bulletins").text
    assert re.search(r'name="period" value="2026-10"', listed)
    client.post("/bulletins", data={"kind": "monthly", "period": "2026-10"})
    assert (
        "2026-10" in client.get("/bulletins").text
        and client.get("/flags").status_code == client.get("/approvals").status_code == 200
    )


def test_a_pdf_is_of_the_figures_as_published_and_says_what_it_corrects_and_what_corrects_it(office):
    staff(office)
    client = TestClient(app_of(office))
    drawn = client.get("/bulletins/draft.pdf?kind=monthly&period=2026-10")
    assert drawn.content.startswith(b"%PDF") and "monthly-2026-10-draft" in drawn.headers["content-disposition"]
    assert books.published(office) == ()
    first = books.publish(office, "monthly", "2026-10")
    before = client.get(f"/bulletins/{first.bulletin_id}.pdf")
    assert before.headers["content-type"] == "application/pdf" and before.content.startswith(b"%PDF")
    add(office, "pairings", [PAIRING])
    again = client.get(f"/bulletins/{first.bulletin_id}.pdf").content
    assert again == before.content, "a later fact changes no byte of what was published"
    second = books.publish(office, "monthly", "2026-10", note="补录结对")
    later = books.later_revision(office, first)
    assert later is not None and later.bulletin_id == second.bulletin_id
    assert books.later_revision(office, second) is None
    assert client.get(f"/bulletins/{first.bulletin_id}.pdf").content != before.content
    assert "第 2 版更正" in client.get(f"/bulletins/{first.bulletin_id}").text
    assert "更正" in client.get(f"/bulletins/{second.bulletin_id}").text


def test_a_wide_part_is_cut_into_tables_of_a_sheet_s_width_without_losing_a_figure():
    rows = [{"area": "440103", **{f"f{n}": n for n in range(23)}}]
    tables = grouped(rows)
    assert all(columns[0] == "area" and len(columns) <= 1 + ABREAST for columns in tables)
    assert [c for columns in tables for c in columns[1:]] == [f"f{n}" for n in range(23)]
    assert grouped([]) == [] and grouped([{"area": "440103"}]) == [["area"]]


def test_a_draft_of_a_quarter_that_still_runs_breaks_no_promise_and_keeps_no_job_ahead_of_time(office):
    record_job(office, "M3", Job("EMPLOYER", date(2026, 10, 20), "contract"))
    rows = books.draft(office, "quarterly", "2026Q4").figures["main"]
    total = {name: sum(r[name] for r in rows) for name in ("due", "breached", "running", "judged_30")}
    assert total == {"due": 1, "breached": 1, "running": 0, "judged_30": 0}


def test_who_left_and_applied_again_is_in_no_stock_until_recognised_anew(office):
    def stock():
        found = {r["area"]: r["stock"] for r in books.draft(office, "quarterly", "2026Q4").figures["main"]}
        return found["440103"]

    assert stock() == 2
    for to in ("withdrawn", "applied", "refused", "applied"):
        record_step(office, "H2", FileStep(to, DAY))
        assert stock() == 1
    record_step(office, "H2", FileStep("recognised", DAY))
    assert stock() == 2
    entry = office.store.read("journal", action="household.applied")["before"].iloc[0]
    assert json.loads(entry) == {"status": "withdrawn", "recognised_on": "2026-10-01", "closed_on": DAY.isoformat()}
