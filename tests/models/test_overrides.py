"""The override report on hand-made lists: what followed, what departed, and whether departing did better."""

from datetime import date

import pandas as pd
import pytest

from models.overrides import LEAST, override_report
from tests.matching.people import member, table

AS_OF = date(2026, 6, 10)
SHOWN = date(2026, 3, 2)


def record(n, position, started, *, reason_of=lambda k: None, state="rejected"):
    """Return tables of n members, each shown P1 (chance 0.3) before P2 (0.2) and referred to one of them or elsewhere."""
    members = [member(member_id=f"M{k}", household_id=f"H{k}") for k in range(n)]
    shown = [
        {"suggestion_id": f"list{k}-{rank}", "member_id": f"M{k}", "position_id": post, "rank": rank, "score": 1.0, "p_placed": p,
         "p_stays": 0.5, "model_version": "v0001", "shown_on": SHOWN}
        for k in range(n) for rank, (post, p) in enumerate((("P1", 0.3), ("P2", 0.2)), 1)
    ]  # fmt: skip
    made = [
        {"referral_id": f"R{k}", "member_id": f"M{k}", "position_id": position, "created_on": SHOWN, "source": "caseworker", "p_placed": 0.1,
         "caseworker_id": f"C{k % 2}", "state": "started" if started(k) else state, "started_on": date(2026, 3, 9) if started(k) else None,
         "outcome_on": date(2026, 3, 9) if started(k) or state == "rejected" else None}
        for k in range(n)
    ]  # fmt: skip
    tables = {
        "members": table("members", *members), "suggestions": table("suggestions", *shown), "referrals": table("referrals", *made),
    }  # fmt: skip
    return tables, {f"R{k}": reason_of(k) for k in range(n) if reason_of(k)}


def report(*parts, **options):
    return override_report(*record(*parts, **options)[:1], AS_OF, record(*parts, **options)[1])


def test_taking_the_first_post_is_following_and_any_other_is_departing():
    assert report(30, "P1", lambda k: False)["followed"]["n"] == 30
    second, elsewhere = report(30, "P2", lambda k: False), report(30, "P9", lambda k: False)
    assert second["departed"]["n"] == elsewhere["departed"]["n"] == 30 and second["followed"] == {"n": 0}
    assert second["departed"]["predicted"][0] == pytest.approx(0.2)
    assert elsewhere["departed"]["predicted"][0] == pytest.approx(0.1)
    assert second["departed"]["best_left"][0] == pytest.approx(0.3)


def test_departures_that_start_far_more_often_than_the_best_post_left_promised_are_better():
    found = report(60, "P2", lambda k: k % 4 > 0)
    assert found["departed"]["started"][0] == pytest.approx(0.75)
    assert found["departed"]["advantage"][0] == pytest.approx(0.45) and found["verdict"] == "better"


def test_departures_that_never_start_are_worse_and_those_about_as_good_cannot_be_told():
    assert report(60, "P2", lambda k: False)["verdict"] == "worse"
    assert report(40, "P2", lambda k: k % 10 < 3)["verdict"] == "cannot_tell"


def test_a_second_post_taken_beside_the_first_is_no_departure():
    tables, _ = record(30, "P2", lambda k: False)
    both = pd.concat([tables["referrals"], record(30, "P1", lambda k: False)[0]["referrals"].assign(
        referral_id=[f"S{k}" for k in range(30)])], ignore_index=True)  # fmt: skip
    found = override_report({**tables, "referrals": both}, AS_OF, {})
    assert found["followed"]["n"] == 60 and found["departed"]["n"] == 0


def test_reasons_are_judged_apart_and_small_ones_are_only_counted():
    found = report(
        60, "P2", lambda k: k < 30, reason_of=lambda k: "KNOWS_EMPLOYER" if k < 30 else "OTHER" if k < 55 else None
    )
    rows = {row["reason"]: row for row in found["reasons"]}
    assert rows["KNOWS_EMPLOYER"]["verdict"] == "better" and rows["OTHER"]["verdict"] == "worse"
    assert rows["NOT_STATED"] == {"reason": "NOT_STATED", "verdict": "too_few", "n": 5} and LEAST > 5


def test_nothing_in_the_report_tells_officers_apart():
    text = str(report(40, "P2", lambda k: False))
    assert "C0" not in text and "C1" not in text and "caseworker" not in text


def test_referrals_without_a_list_or_not_settled_are_counted_apart():
    tables, _ = record(30, "P2", lambda k: False)
    bare = override_report({**tables, "suggestions": tables["suggestions"].iloc[:0]}, AS_OF, {})
    assert bare["not_shown"] == 30 and bare["departed"] == {"n": 0} and bare["verdict"] == "too_few"
    early = override_report(record(30, "P2", lambda k: False, state="issued")[0], date(2026, 3, 5), {})
    assert early["pending"] == 30 and early["departed"] == {"n": 0}
    late = override_report(record(30, "P2", lambda k: False, state="issued")[0], AS_OF, {})
    assert late["departed"]["n"] == 30 and late["departed"]["started"][0] == 0.0


def test_the_days_left_are_those_of_the_promise_that_ran():
    tables, _ = record(30, "P2", lambda k: True)
    promises = table("promises", *[
        {"promise_id": f"C{k}", "household_id": f"H{k}", "started_on": date(2026, 2, 6), "due_on": date(2026, 3, 6)} for k in range(30)
    ])  # fmt: skip
    assert override_report({**tables, "promises": promises}, AS_OF, {})["departed"]["started"][0] == 0.0
    assert override_report(tables, AS_OF, {})["departed"]["started"][0] == 1.0


def test_a_list_of_members_shown_for_a_post_is_no_list_to_depart_from():
    tables, _ = record(30, "P2", lambda k: False)
    reverse = tables["suggestions"].assign(suggestion_id=lambda f: "post-" + f["member_id"].str[1:])
    assert override_report({**tables, "suggestions": reverse}, AS_OF, {})["not_shown"] == 30


def test_an_office_without_referrals_gets_an_empty_report():
    tables, _ = record(1, "P1", lambda k: False)
    found = override_report({**tables, "referrals": tables["referrals"].iloc[:0]}, AS_OF, {})
    assert found["referrals"] == 0 and found["verdict"] == "too_few" and found["reasons"] == []
