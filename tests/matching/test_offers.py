"""The office's own duty: rounds of suitable offers."""

from datetime import date

from matching.offers import offer_duty_table
from matching.policy.load import load_policy
from tests.matching.people import member, table

TODAY = date(2026, 6, 10)
POLICY = load_policy("440103", TODAY)


def duty(*offers: tuple, **changes) -> dict:
    """Return the duty done to the one member by offers (day, post)."""
    rows = [
        {
            "referral_id": f"R{k}",
            "member_id": "M1",
            "position_id": post,
            "created_on": day,
            "suitability": "ok",
            "state": "declined",
            **changes,
        }
        for k, (day, post) in enumerate(offers)
    ]
    return offer_duty_table(table("members", member()), table("referrals", *rows), TODAY, POLICY).iloc[0].to_dict()


def month(number: int, posts: str = "ABC") -> list[tuple]:
    """Return an offer of each post on its own day of a month."""
    return [(date(2026, number, 3 + k), f"P{number}{post}") for k, post in enumerate(posts)]


def test_three_rounds_of_three_different_posts_are_owed():
    assert duty() == {"member_id": "M1", "offers": 0, "rounds": 0, "rounds_owed": 3, "done": False}
    assert duty(*month(3), *month(4)) == {"member_id": "M1", "offers": 6, "rounds": 2, "rounds_owed": 1, "done": False}
    assert duty(*month(3), *month(4), *month(5))["done"]
    assert duty(*month(2), *month(3), *month(4), *month(5))["rounds_owed"] == 0


def test_two_posts_are_no_round_and_the_same_post_twice_is_one_post():
    assert duty(*month(3, "AB"))["rounds"] == 0 and duty(*month(3, "AAB"))["rounds"] == 0


def test_only_suitable_offers_that_were_made_by_today_count():
    assert (
        duty(*month(3), suitability="failed")["offers"] == 0 and duty(*month(3), suitability="unknown")["offers"] == 0
    )
    assert duty(*month(3), state="draft")["offers"] == 0 and duty(*month(7))["offers"] == 0


def test_a_proposal_of_the_night_that_ended_before_anybody_issued_it_was_no_offer():
    for state in ("filled", "expired"):
        assert duty(*month(3), state=state)["offers"] == 3
        assert duty(*month(3), state=state, source="night", caseworker_id="C1")["offers"] == 3
        assert duty(*month(3), state=state, source="night")["offers"] == 0
