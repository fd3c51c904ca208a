"""Days by which something has to be done, from the policy that sets them."""

from datetime import date, timedelta

from matching.policy.load import PolicyBook


def letter_valid_until(issued_on: date, policy: PolicyBook) -> date:
    """Return the last day a referral letter is valid."""
    return issued_on + timedelta(days=policy.whole("referral.valid_days"))


def wish_confirm_due(confirmed_on: date, policy: PolicyBook) -> date:
    """Return the day by which the wish to work is confirmed again."""
    return confirmed_on + timedelta(days=policy.whole("contact.willing_confirm_days"))


def appeal_due(filed_on: date, policy: PolicyBook) -> date:
    """Return the last working day to answer an appeal; the day it was filed is not counted."""
    return policy.calendar.add_workdays(filed_on, policy.whole("appeal.answer_workdays"))


def recognition_due(applied_on: date, policy: PolicyBook) -> date | None:
    """Return the last working day to decide on recognition; None where no rule of the place and day is known."""
    row = policy.row("recognition.decision_workdays")
    return None if row is None else policy.calendar.add_workdays(applied_on, policy.whole(row.key))


def review_request_until(refused_on: date, policy: PolicyBook) -> date | None:
    """Return the last day on which a refused household may ask for review; None where no rule of the place and day is known."""
    row = policy.row("recognition.review_days")
    return None if row is None else refused_on + timedelta(days=policy.whole(row.key))
