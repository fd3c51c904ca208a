"""Wishes no law allows are held back on entry, in free text too, until a post officer has looked."""

import pytest

from service.exchange import import_paths
from service.settings import Settings
from service.storage import Store
from tests.matching.people import position, table


@pytest.fixture
def store(tmp_path):
    opened = Store.open(Settings(home=tmp_path / "home"))
    with opened.write() as tx:
        tx.insert("employers", table("employers", {"employer_id": "E1", "name": "E", "region_code": "440103"}))
    yield opened
    opened.close()


def bring(store, tmp_path, *posts):
    path = tmp_path / "positions.csv"
    table("positions", *posts).to_csv(path, index=False)
    [report] = import_paths(store, [path], actor="officer")
    assert report.refused == 0
    return report.quarantined


def states(store):
    return dict(store.read("positions")[["position_id", "review_state"]].itertuples(index=False))


@pytest.mark.parametrize(
    "title",
    ["包装工（限女性）", "保安 男士优先", "文员 未婚", "店员 限本地户口", "普工 乙肝勿扰", "服務員（僅限漢族）"],
)
def test_a_title_that_names_an_unlawful_condition_is_held_back_even_if_it_came_verified(store, tmp_path, title):
    assert bring(store, tmp_path, position(title=title), position(position_id="P2")) == 1
    assert states(store) == {"P1": "quarantined", "P2": "verified"}


def test_a_post_that_breaks_a_rule_of_its_kind_waits_only_while_nobody_has_verified_it(store, tmp_path):
    lone = position(kind="DISPATCH", review_state="received")
    assert bring(store, tmp_path, lone, position(position_id="P2", kind="DISPATCH")) == 1
    assert states(store) == {"P1": "quarantined", "P2": "verified"}


def test_what_an_officer_let_through_stays_let_through_until_something_else_is_found(store, tmp_path):
    bring(store, tmp_path, position(title="包装工（限女性）"))
    with store.write() as tx:
        tx.update("positions", {"position_id": "P1"}, {"review_state": "verified"})
    assert bring(store, tmp_path, position(title="包装工（限女性）")) == 0
    assert bring(store, tmp_path, position(title="包装工（限女性），收取押金")) == 1
    assert states(store) == {"P1": "quarantined"}
