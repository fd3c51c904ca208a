"""What a desk is told of a post it takes in."""

from datetime import date

import pytest

from matching.policy.load import load_policy
from matching.post_entry import HOLDS, review_entries
from matching.post_review import QUARANTINES, review_posts
from tests.matching.people import position, table

POLICY = load_policy("440103", date(2026, 6, 10))
WHOLE = {
    "duties": "给产品贴标装箱",
    "contract_months": 12,
    "insured": "pension;medical",
    "shift_start": 510,
    "shift_end": 1050,
}


def shown(others=(), **changes):
    own = table("positions", position(**{**WHOLE, **changes}))
    found = review_entries(own, table("positions", position(**{**WHOLE, **changes}), *others), POLICY)
    return list(found[["code", "field", "quarantine"]].itertuples(index=False, name=None))


def test_a_whole_post_has_no_finding_and_is_no_duplicate_of_itself():
    assert shown() == []


@pytest.mark.parametrize("column", list(WHOLE))
def test_what_an_employed_post_leaves_out_holds_it_back(column):
    empty = "" if column == "insured" else None
    assert shown(**{column: empty}) == [("INCOMPLETE", column, True)]


def test_work_at_home_needs_no_shift_and_free_work_no_contract():
    assert shown(home_based=True, shift_start=None, shift_end=None) == []
    assert shown(kind="FLEXIBLE", contract_months=None, insured="", shift_start=None, shift_end=None) == []


def test_of_two_alike_the_later_one_is_the_duplicate_unless_the_earlier_is_over():
    earlier = position(**{**WHOLE, "position_id": "P0", "posted_on": date(2026, 1, 1)})
    assert shown([earlier]) == [("DUPLICATE", "title", True)]
    assert shown([{**earlier, "posted_on": date(2027, 1, 1)}]) == []
    assert shown([{**earlier, "status": "closed"}]) == []
    assert shown([{**earlier, "wage_max": 990_000}]) == []


def test_every_finding_of_the_review_is_kept():
    post = table("positions", position(**{**WHOLE, "title": "只招男", "lift_kg": 60}))
    bare = review_posts(post, POLICY)
    assert review_entries(post, post, POLICY)[list(bare.columns)].to_numpy().tolist() == bare.to_numpy().tolist()
    assert QUARANTINES < HOLDS
