"""The analyst's pages: what they show, that they name nobody, two people for production, data to take away; and their plots."""

import csv
import io
import json
import re
import zipfile

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from service.app import app_of
from service.security.accounts import Accounts
from service.security.sessions import COOKIE, Sessions
from service.settings import Settings
from service.storage.schema import approvals
from service.use_cases import model_life
from service.use_cases.rank import rank_member
from service.use_cases.training_export import LEAST_ALIKE
from service.web.card_blocks import card_blocks
from service.web.charts import BOTTOM, HEIGHT, TOP
from service.web.model_charts import calibration, interval_text, whiskers
from service.wiring import open_office
from tests.models import region
from tests.service.records import fill
from tests.service.region import DAY

PLACES = ("/models", "/models/compare", "/models/watch", "/models/shadow", "/models/overrides", "/models/data")
PERSON = re.compile(r"\b[MHR]\d{1,3}\b|荔湾-00\d|\bR[0-9a-f]{18}\b")


@pytest.fixture(scope="module")
def living(tmp_path_factory):
    """An office with two versions, the first in charge, the second in the shadow of a list, and an analyst and a supervisor."""
    with open_office(Settings(home=tmp_path_factory.mktemp("models")), day=DAY) as office:
        fill(office)
        for at in ("2026-10-01T08:00:00+08:00", "2026-10-08T08:00:00+08:00"):
            office.registry.save(region.trained(), region.evaluation(), made_by="analyst-1", made_at=at)
        model_life.promote(office, "v0001", by="analyst-1", approved_by="head-1")
        model_life.set_shadow(office, "v0002", by="analyst-1")
        rank_member(office, "M1")
        office.shadow.wait()
        accounts = Accounts(office.store)
        for name, role in (("ana", "analyst"), ("ben", "analyst"), ("sue", "supervisor")):
            accounts.add(name, role, None, by="test")
        yield office


def as_(office, name, language="zh"):
    client = TestClient(app_of(office), cookies={"language": language})
    client.cookies.set(COOKIE, Sessions(office.store, 1800, 36000).open(name))
    return client


def test_an_office_without_accounts_is_told_how_to_come_to_a_second_person(client, living):
    told = "onemonth accounts add"
    assert told in client.get("/approvals").text and told not in as_(living, "sue").get("/approvals").text


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_stands_in_both_languages_and_names_no_person(living, language):
    client = as_(living, "ana", language)
    for address in (*PLACES, "/models/v0001", "/models/v0002"):
        answer = client.get(address)
        main = answer.text.partition("<main")[2]
        assert answer.status_code == 200, address
        assert not PERSON.search(main) and "model." not in re.sub(r"model\.(json|part)", "", main), address


def test_a_version_s_page_shows_the_figures_of_its_evaluation(living):
    evaluation = living.registry.show("v0001")["evaluation"]
    page = as_(living, "ana").get("/models/v0001").text
    for scorer in evaluation["scorers"].values():
        assert interval_text(scorer["ndcg_at_10"], lambda v: f"{v:.3f}") in page
    assert page.count('class="dot s0"') == len(evaluation["horizons"]) + len(evaluation["calibration"])
    assert page.count("通过</span>") == len(evaluation["gates"]["gates"])
    assert "模型卡 v0001" in page and f"{evaluation['test']['referrals']:,}" in page


def test_the_first_page_says_what_was_in_charge_when_and_who_decided(living):
    [term] = model_life.terms(living)
    assert (term.version, term.by, term.approved_by, term.until) == ("v0001", "analyst-1", "head-1", None)
    page = as_(living, "ana").get("/models").text
    assert "head-1" in page and term.since[:16].replace("T", " ") in page
    assert as_(living, "ana").get("/api/v1/models/history").json()["terms"] == [
        {k: getattr(term, k) for k in term.__slots__}
    ]


def test_two_people_promote_and_take_back_from_the_pages_alone(living):
    ana, ben, sue = (as_(living, name) for name in ("ana", "ben", "sue"))
    assert ana.post("/models/v0002/promotion", data={"reason": ""}).status_code == 422
    ana.post("/models/v0002/promotion", data={"reason": "fewer promises broken"})
    assert "等第二人决定" in ana.get("/models").text and "等第二人决定" in ana.get("/models/v0002").text
    number = re.search(r"/approvals/(\w+)", ben.get("/approvals").text)[1]
    assert ana.post(f"/approvals/{number}", data={"approve": "yes"}).status_code == 403
    assert living.registry.production() == "v0001"
    ben.post(f"/approvals/{number}", data={"approve": "yes"})
    assert living.registry.production() == "v0002"
    ana.post("/models/v0002/rollback", data={"reason": "complaints"})
    number = re.search(r"/approvals/(\w+)", sue.get("/approvals").text)[1]
    sue.post(f"/approvals/{number}", data={"approve": "yes"})
    assert living.registry.production() == "v0001"
    told = [(t.version, t.by, t.approved_by, t.until is None) for t in model_life.terms(living)]
    assert told[-2:] == [("v0002", "ana", "ben", False), ("v0001", "ana", "sue", True)]
    assert sue.post("/models/v0002/promotion", data={"reason": "me too"}).status_code == 403


def test_an_analyst_s_waiting_steps_are_those_about_models(living):
    with living.store.write() as tx:
        tx.execute(
            approvals.insert(),
            {
                "approval_id": "A-person", "kind": "promise.pause", "object_type": "promises", "object_id": "C1", "region_code": "440103001",
                "payload": "{}", "reason": "ill", "state": "proposed", "proposed_by": "li", "proposed_at": "2026-11-02T09:00:00+08:00",
            },
        )  # fmt: skip
    assert "A-person" not in as_(living, "ana").get("/approvals").text
    assert as_(living, "ana").get("/api/v1/approvals/A-person").status_code == 404
    assert "A-person" in as_(living, "sue").get("/approvals").text


def test_data_to_take_away_names_nobody_and_each_export_is_an_entry(tmp_path):
    with open_office(Settings(home=tmp_path), day=region.DAY) as office:
        with office.store.write() as tx:
            for name in ("regions", "households", "members", "employers", "positions", "referrals", "placements"):
                tx.insert(name, region.tables()[name])
        client = TestClient(app_of(office))
        answers = [client.post("/models/data"), client.post("/api/v1/models/training-data")]
        for answer in answers:
            assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
            with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
                tables = {n: archive.read(n).decode("utf-8-sig") for n in archive.namelist()}
            assert set(tables) == {"people.csv", "referrals.csv", "placements.csv"}
            text = "".join(tables.values())
            assert not any(m in text for m in region.tables()["members"]["member_id"])
            people = list(csv.DictReader(io.StringIO(tables["people.csv"])))
            alike = [tuple(p[k] for k in ("age_band", "sex", "place", "education")) for p in people]
            assert min(alike.count(each) for each in set(alike)) >= LEAST_ALIKE
        entries = office.store.read("journal", action="training.exported")
        assert len(entries) == 2 and json.loads(entries["after"].iloc[0])["people"] == len(people)


def test_an_office_without_versions_has_pages_that_say_so(client):
    assert "还没有登记过版本" in client.get("/models").text
    assert "至少登记两版" in client.get("/models/compare").text
    assert "无从监测" in client.get("/models/watch").text
    assert "没有影子运行" in client.get("/models/shadow").text
    assert client.get("/models/v0001").status_code == 404 and client.post("/models/data").status_code == 200


@given(
    st.lists(st.tuples(st.floats(-3, 3), st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=8),
)
def test_whiskers_stay_on_the_paper_and_zero_is_in_sight(figures):
    values = [[m, m - low, m + high] for m, low, high in figures]
    drawn = whiskers([str(n) for n in range(len(values))], [values])
    tops, foot = TOP - 0.2, HEIGHT - BOTTOM + 0.2
    heights = [float(point.split(",")[1]) for _, line in drawn.lines for point in line.split()]
    assert all(tops <= y <= foot for y in [*heights, *(m.y for m in drawn.marks)])
    assert any(re.fullmatch(r"-?0\.000", text) for _, text in drawn.ticks)
    order = sorted(range(len(values)), key=lambda n: values[n][0])
    ys = [drawn.marks[n].y for n in order]
    assert ys == sorted(ys, reverse=True)


def test_an_unknown_figure_draws_nothing_and_is_written_as_a_dash():
    drawn = whiskers(["a", "b"], [[None, [0.1, None, None]]])
    assert [m.label for m in drawn.marks] == ["b"] and drawn.lines == ()
    assert interval_text(None, str) == interval_text([None, None, None], str) == "–"


def test_calibration_has_the_diagonal_and_a_point_a_bin():
    rows = [{"n": 50.0, "predicted": 0.1, "observed": 0.1, "low": 0.05, "high": 0.2}]
    drawn = calibration([rows, rows])
    [point] = {(m.x, m.y) for m in drawn.marks}
    (start, end) = (tuple(map(float, p.split(","))) for p in dict(drawn.lines)[2].split())
    share = (point[0] - start[0]) / (end[0] - start[0])
    assert abs(start[1] + share * (end[1] - start[1]) - point[1]) < 0.2
    assert len(drawn.marks) == 2


def test_a_card_is_taken_apart_without_losing_a_word():
    text = "# Title\n\nWords.\n\n## Part\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n\n- one\n- two\n"
    assert [(b.kind, b.lines) for b in card_blocks(text)] == [
        ("h3", (("Title",),)), ("p", (("Words.",),)), ("h4", (("Part",),)), ("table", (("a", "b"), ("1", "2"))), ("ul", (("one",), ("two",))),
    ]  # fmt: skip
