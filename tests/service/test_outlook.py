"""What the last night foresaw, over the use case, the interface and the page."""

from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from matching.errors import NotFound
from matching.forecast import LIKELY
from service.app import app_of
from service.batch import last_plan, office_night
from service.settings import Settings
from service.use_cases.outlook import last_outlook, outlook
from service.wiring import open_office
from tests.service.records import fill
from tests.service.region import DAY


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    """The small region after a night in which one member could be proposed nothing."""
    with open_office(Settings(home=tmp_path_factory.mktemp("night")), day=DAY) as office:
        fill(office)
        with office.store.write() as tx:
            tx.update("members", {"member_id": "M6"}, {"commute_limit_minutes": 1, "kinds_ok": "DISPATCH"})
        office_night(office)
        yield office


def test_the_promises_likely_to_break_are_those_the_night_kept(night):
    found = outlook(night)
    _, plan = last_plan(night.store)
    thin = plan.forecast[plan.forecast["chance"] < LIKELY]
    assert {i.household_id for i in found.items} == set(thin["household_id"]) and len(thin) >= 1
    assert found.households == len(plan.forecast) and found.matching == sum(found.blockers.values())
    assert [i.days_left for i in found.items] == sorted(i.days_left for i in found.items)
    stuck = next(i for i in found.items if i.household_id == "H4")
    assert [m.member_id for m in stuck.unplaced] == ["M6"] and stuck.blocker.startswith("GATE_") and stuck.blocking
    with night.store.write() as tx:
        tx.update("members", {"member_id": "M6"}, {"commute_limit_minutes": 90, "kinds_ok": ""})
    assert outlook(night) == found, "a later change of the record changes nothing of what the night foresaw"


def test_pages_join_without_gap_and_filters_narrow_them(night):
    whole, seen, after = outlook(night), [], None
    while True:
        page = outlook(night, limit=1, after=after)
        seen += page.items
        after = page.next
        if after is None:
            break
    assert tuple(seen) == whole.items
    code = whole.items[0].blocker
    assert {i.blocker for i in outlook(night, blocker=code).items} == {code}
    assert all(i.region_code.startswith("440104") for i in outlook(night, region="440104").items)


def test_a_caller_of_other_regions_sees_none_of_these_households(night):
    there = replace(night, regions=("440183",), store=night.store.limited_to(("440183",)))
    assert outlook(there).items == () and outlook(there).households == 0


def test_before_the_first_night_there_is_nothing_and_the_pages_say_so(office):
    with pytest.raises(NotFound, match="no night"):
        outlook(office)
    assert last_outlook(office) is None
    client = TestClient(app_of(office))
    assert client.get("/api/v1/outlook").status_code == 404
    assert all("还没有做过夜间计划" in client.get(a).text for a in ("/supervisor", "/supervisor/outlook"))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_pages_show_what_the_interface_tells(night, language):
    client = TestClient(app_of(night), cookies={"language": language})
    told = client.get("/api/v1/outlook").json()
    assert told["matching"] == len(told["items"]) and told["openings"]
    page = client.get("/supervisor/outlook").text
    assert "outlook." not in page and "GATE_" not in page.split("<table", 1)[1]
    for item in told["items"]:
        assert item["file_no"] in page and f"/households/{item['household_id']}" in client.get("/supervisor").text
