"""Days by which something has to be done."""

from datetime import date

from matching.deadlines import appeal_due, letter_valid_until, recognition_due, review_request_until, wish_confirm_due
from matching.policy.load import load_policy

POLICY = load_policy("440103", date(2026, 6, 10))
EARLY = load_policy("440103", date(2010, 6, 10))


def test_a_letter_is_valid_a_week_and_a_wish_a_month_of_days():
    assert letter_valid_until(date(2026, 6, 10), POLICY) == date(2026, 6, 17)
    assert wish_confirm_due(date(2026, 6, 10), POLICY) == date(2026, 7, 10)


def test_an_appeal_is_answered_in_ten_working_days_over_a_holiday():
    assert appeal_due(date(2026, 6, 10), POLICY) == date(2026, 6, 25)


def test_recognition_is_decided_in_ten_working_days_and_review_asked_in_thirty_days():
    assert recognition_due(date(2026, 6, 10), POLICY) == date(2026, 6, 25)
    assert recognition_due(date(2006, 6, 12), load_policy("442000", date(2006, 6, 12))) == date(2006, 6, 21)
    assert review_request_until(date(2026, 6, 10), POLICY) == date(2026, 7, 10)


def test_where_no_rule_is_known_there_is_no_deadline():
    assert recognition_due(date(2010, 6, 10), EARLY) is None and review_request_until(date(2010, 6, 10), EARLY) is None
