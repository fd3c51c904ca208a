"""Every proposal of a night can be issued the next morning: the counter asks nothing that the night did not keep to."""

import pandas as pd
import pytest

import matching.night_shards as night_shards
from matching.tables import TABLES, check
from service.batch import office_night
from service.settings import Settings
from service.use_cases.refer import refer
from service.wiring import open_office
from tests.matching.crowded import crowded
from tests.matching.people import TODAY

ORDER = ("households", "members", "employers", "positions", "referrals", "placements", "promises", "locks")
"""Tables in the order the record takes them in."""


def office_of(folder, tables):
    office = open_office(Settings(home=folder, region_code="440000"), day=TODAY)
    with office.store.write() as tx:
        for name in ORDER:
            tx.insert(name, check(TABLES[name], pd.DataFrame(tables[name])).require())
    return office


def drafts(office):
    rows = office.store.read("referrals", state="draft", source="night")
    return list(zip(rows["member_id"], rows["position_id"], strict=True))


@pytest.mark.parametrize("seed", range(1, 4))
def test_every_proposal_of_a_night_can_be_issued(tmp_path, seed):
    with office_of(tmp_path, crowded(seed)) as office:
        office_night(office)
        proposed = drafts(office)
        for member_id, position_id in proposed:
            assert refer(office, member_id, position_id)["state"] == "issued"
        assert proposed and drafts(office) == []


def test_every_proposal_of_a_night_in_shards_can_be_issued(tmp_path, monkeypatch):
    monkeypatch.setattr(night_shards, "WHOLE", 6)
    monkeypatch.setattr(night_shards, "LEAST", 6)
    with office_of(tmp_path, crowded(3, n=30, m=16, cities=3)) as office:
        assert office_night(office).plan.figures["shards"] == 3
        for member_id, position_id in drafts(office):
            assert refer(office, member_id, position_id)["state"] == "issued"
