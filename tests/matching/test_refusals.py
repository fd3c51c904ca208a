"""Refusals: one log, a counter per regime."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.policy.load import load_policy
from matching.refusals import REGIMES, Counting, NotCounted, refusal_log, refusal_table, tallies
from matching.vocabulary import JUSTIFIED_BY_RULE, RefusalReason
from tests.matching.people import table

TODAY = date(2026, 6, 10)
POLICY = load_policy("440103", TODAY)


def refusal(number: int = 1, days_ago: int = 10, **changes) -> dict:
    """Return an offer declined for pay, suitable, found unjustified."""
    day = TODAY - timedelta(days=days_ago)
    return {
        "referral_id": f"R{number}", "member_id": "M1", "position_id": f"P{number}", "created_on": day - timedelta(days=3), "outcome_on": day,
        "state": "declined", "reason": "WAGE", "reason_side": "member", "suitability": "ok", "refusal_justified": "no", **changes,
    }  # fmt: skip


def notice(number: int = 1, **changes) -> dict:
    """Return the note that the member was told."""
    return {
        "notice_id": f"N{number}",
        "member_id": "M1",
        "item": "refusal",
        "object_id": f"R{number}",
        "given_on": TODAY - timedelta(days=1),
        **changes,
    }


def appeal(**changes) -> dict:
    """Return an appeal against the count of R1."""
    return {
        "appeal_id": "A1",
        "member_id": "M1",
        "about": "refusal_count",
        "object_id": "R1",
        "filed_on": TODAY - timedelta(days=2),
        "due_on": TODAY,
        **changes,
    }


def log(referrals, notices=(), appeals=(), as_of=TODAY):
    """Return the log of these rows."""
    return refusal_log(table("referrals", *referrals), table("notices", *notices), table("appeals", *appeals), as_of)


def why(referral: dict, notices=None, appeals=(), as_of=TODAY) -> str:
    """Return why the one refusal does not count, "" where it does."""
    frame = log([referral], [notice()] if notices is None else notices, appeals, as_of)
    assert bool(frame["counts"].iloc[0]) == (frame["why_not"].iloc[0] == "")
    return frame["why_not"].iloc[0]


def test_a_suitable_offer_declined_without_good_reason_and_told_counts():
    assert why(refusal()) == "" and why(refusal(), [notice(given_on=TODAY)]) == ""


@pytest.mark.parametrize(("day", "counted"), [(date(2025, 12, 10), 0), (date(2025, 12, 11), 1)])
def test_the_window_of_six_months_opens_the_day_after_the_corresponding_day(day, counted):
    tally = next(
        t
        for t in tallies("M1", log([refusal(outcome_on=day)], [notice()]), TODAY, POLICY)
        if t.regime == "hard_to_employ"
    )
    assert tally.counted == counted


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"reason_side": "employer"}, NotCounted.WITHDRAWN_BY_OTHERS),
        ({"reason_side": "agency"}, NotCounted.WITHDRAWN_BY_OTHERS),
        ({"suitability": "failed"}, NotCounted.NOT_SUITABLE),
        ({"suitability": "unknown"}, NotCounted.NOT_SUITABLE),
        ({"refusal_justified": "yes"}, NotCounted.JUSTIFIED),
        ({"refusal_justified": "undecided"}, NotCounted.UNDECIDED),
        ({"refusal_justified": None}, NotCounted.UNDECIDED),
        ({"reason": None}, NotCounted.UNDECIDED),
        *(({"reason": code}, NotCounted.JUSTIFIED_BY_RULE) for code in sorted(JUSTIFIED_BY_RULE)),
    ],
)  # fmt: skip
def test_a_refusal_that_lacks_a_condition_does_not_count(changes, reason):
    assert why(refusal(**changes)) == reason


@pytest.mark.parametrize(
    "told",
    [
        [],
        [notice(2)],
        [notice(item="privacy")],
        [notice(given_on=TODAY + timedelta(days=1))],
        [notice(withdrawn_on=TODAY)],
    ],
)
def test_a_refusal_the_member_was_not_told_of_does_not_count(told):
    assert why(refusal(), told) == NotCounted.NOT_TOLD


def test_an_appeal_stops_the_count_until_it_is_decided_and_for_good_where_it_is_upheld():
    day = TODAY - timedelta(days=1)
    assert why(refusal(), appeals=[appeal()]) == NotCounted.APPEALED
    assert why(refusal(), appeals=[appeal(decided_on=day, decision="upheld")]) == NotCounted.REVERSED
    assert why(refusal(), appeals=[appeal(decided_on=day, decision="rejected")]) == ""
    assert why(refusal(), appeals=[appeal(decided_on=day, decision="partly")]) == ""
    assert (
        why(refusal(), appeals=[appeal(decided_on=TODAY + timedelta(days=1), decision="upheld")]) == NotCounted.APPEALED
    )
    assert why(refusal(), appeals=[appeal(about="data")]) == NotCounted.APPEALED
    assert why(refusal(), appeals=[appeal(filed_on=TODAY + timedelta(days=1))]) == ""


def test_an_appeal_that_names_no_offer_stops_all_of_the_member_s_and_upheld_takes_out_what_it_was_filed_against():
    rows, told = [refusal(1, days_ago=9), refusal(2, days_ago=1)], [notice(1), notice(2)]
    decided = {"decided_on": TODAY, "decision": "upheld"}

    def reasons(**changes):
        return log(rows, told, [appeal(**{"object_id": None, **changes})])["why_not"].tolist()

    for about in ("refusal_count", "suitability", "data", "status", "clock"):
        assert reasons(about=about) == ["appealed", "appealed"], about
    assert reasons(about="clock", object_id="C1") == ["appealed", "appealed"]
    assert reasons(about="ranking", object_id="P1") == ["", ""]
    assert reasons(**decided) == reasons(about="suitability", **decided) == ["reversed", ""]
    assert reasons(about="data", **decided) == reasons(decided_on=TODAY, decision="rejected") == ["", ""]


def test_an_appeal_of_somebody_else_changes_nothing():
    decided = {"decided_on": TODAY, "decision": "upheld"}
    for changes in ({}, decided, {"object_id": None}, {"object_id": None, **decided}):
        assert why(refusal(), appeals=[appeal(member_id="M2", **changes)]) == "", changes


def test_a_post_declined_on_two_slips_counts_once():
    rows = [refusal(k, days_ago=k, position_id="P1" if k < 3 else "P2") for k in (1, 2, 3, 4)]
    rows[3]["refusal_justified"] = "yes"
    assert log(rows, [notice(k) for k in (1, 2, 3, 4)])["why_not"].tolist() == ["justified", "", "", "same_post"]


def test_a_reversal_restores_every_counter():
    rows, told = [refusal(k, days_ago=10 * k) for k in (1, 2, 3)], [notice(k) for k in (1, 2, 3)]
    before = refusal_table(log(rows, told), TODAY, POLICY)
    rows[1]["refusal_justified"] = "yes"
    after = refusal_table(log(rows, told), TODAY, POLICY).set_index("regime")["counted"].to_dict()
    assert before["reached"].all() and after == {
        "hard_to_employ": 2,
        "unemployment_insurance": 2,
        "household": 2,
        "dibao": 1,
    }


def test_answers_of_tomorrow_and_offers_still_open_are_not_in_the_log():
    rows = [
        refusal(1, days_ago=-1),
        refusal(2, state="issued", outcome_on=None),
        refusal(3, state="no_show"),
        refusal(4),
    ]
    assert log(rows)["referral_id"].tolist() == ["R4"]


def test_the_count_is_told_with_what_the_next_one_would_do_and_never_as_a_sanction():
    codes = []
    for k in (1, 2, 3):
        rows, told = [refusal(n) for n in range(k)], [notice(n) for n in range(k)]
        tally = next(t for t in tallies("M1", log(rows, told), TODAY, POLICY) if t.regime == "hard_to_employ")
        codes.append(tally.reason.code)
        assert tally.reason.facts["counted"] == k and tally.reason.facts["limit"] == 3
        assert tally.reason.facts["source"] == "粤人社规〔2019〕7号 第三章 (excerpt)" and tally.reached == (k == 3)
    assert codes == ["REFUSALS_COUNTED", "REFUSALS_NEXT_REACHES", "REFUSALS_REACHED"]


def test_a_member_who_never_refused_stands_at_zero_everywhere():
    found = tallies("M1", log([]), TODAY, POLICY)
    assert {t.regime: t.counted for t in found} == dict.fromkeys(POLICY.items("refusal.regimes"), 0)
    assert refusal_table(log([]), TODAY, POLICY).empty


def test_what_does_not_count_is_listed_with_its_reason():
    found = tallies("M1", log([refusal(1), refusal(2, reason="CARE")], [notice(1)]), TODAY, POLICY)[0]
    assert found.counted_ids == ("R1",) and found.not_counted == (("R2", NotCounted.JUSTIFIED_BY_RULE),)


ANSWERS = st.lists(
    st.tuples(
        st.integers(0, 400), st.sampled_from(["declined", "declined", "declined", "rejected", "started", "no_show"]),
        st.sampled_from([r.value for r in RefusalReason]), st.sampled_from(["yes", "no", "no", "undecided"]),
        st.sampled_from(["ok", "ok", "failed"]), st.booleans(),
    ),
    max_size=9,
)  # fmt: skip


def written_count(regime: str, answers: list[tuple]) -> int:
    """Count a second time, walking through the answers from the oldest."""
    total = 0
    for ago, state, reason, justified, suitable, told in sorted(answers, key=lambda a: -a[0]):
        day = TODAY - timedelta(days=ago)
        if state != "declined":
            total = 0 if state in ("rejected", "started") and REGIMES[regime] is Counting.IN_A_ROW else total
        elif suitable != "ok":
            continue
        elif reason in JUSTIFIED_BY_RULE or justified == "yes":
            total = 0 if REGIMES[regime] is Counting.IN_A_ROW else total
        elif justified == "no" and told and (REGIMES[regime] is not Counting.WINDOW or day > date(2025, 12, 10)):
            total += 1
    return total


@settings(max_examples=60, deadline=None)
@given(ANSWERS)
def test_every_counter_agrees_with_a_walk_through_the_answers(answers):
    answers = [(10 * k + a[0] % 10, *a[1:]) for k, a in enumerate(answers)]
    rows = [
        refusal(
            k,
            a[0],
            state=a[1],
            reason=a[2] if a[1] == "declined" else None,
            refusal_justified=a[3],
            suitability=a[4],
            reason_side=None,
        )
        for k, a in enumerate(answers)
    ]
    frame = log(rows, [notice(k) for k, a in enumerate(answers) if a[5]])
    for tally in tallies("M1", frame, TODAY, POLICY):
        assert tally.counted == written_count(tally.regime, answers), tally.regime
        assert len(tally.counted_ids) == tally.counted


def test_members_do_not_disturb_each_other():
    rows = [refusal(1), refusal(2, member_id="M2"), refusal(3, member_id="M2")]
    frame = log(rows, [notice(k) for k in (1, 2, 3)])
    counted = refusal_table(frame, TODAY, POLICY).query("regime == 'household'").set_index("member_id")["counted"]
    assert counted.to_dict() == {"M1": 1, "M2": 2}
