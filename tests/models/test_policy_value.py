"""What last month's promises would have come to: choices set out again as they stood, products over promises, verdicts on the overlap."""

from datetime import date

import numpy as np

from models.choices import choices_on
from models.datasets import training_frame
from models.policy_value import LEAST_PROMISES, _due, choices_again, promise_value, referral_value
from models.record import checked_tables
from models.splits import temporal_split
from tests.matching.people import member, table
from tests.models import region
from tests.models.region import DAY, placement, record, referral


def late():
    frame = region.frame()
    return frame.take(np.flatnonzero(frame.created_on >= temporal_split(frame).test_from))


def test_a_logged_choice_set_out_again_has_the_very_features_it_was_learned_with():
    frame = late()
    posts_of_record = region.tables()["positions"]["position_id"].to_numpy(dtype=object)
    met = 0
    for day in np.unique(frame.created_on)[[2, 20]]:
        rows = np.flatnonzero(frame.created_on == day)
        ids = np.unique(frame.member_id[rows].astype(str)).astype(object)
        seen = choices_on(region.tables(), ids, day, region.policy(), most_posts=10_000, gated=False)
        posts = seen.positions["position_id"].to_numpy(dtype=object)[seen.pairs.position]
        for row in rows:
            mine = (ids[seen.pairs.member] == frame.member_id[row]) & (
                posts == posts_of_record[frame.pairs.position[row]]
            )
            for k in np.flatnonzero(mine):
                assert seen.pairs.features[k].tobytes() == frame.pairs.features[row].tobytes()
                met += 1
    assert met > 40


def test_chances_of_choice_are_those_of_a_softmax_and_the_mean_lies_among_the_chances():
    frame = late()
    rows = np.flatnonzero(frame.created_on == frame.created_on[100])
    chosen, expected, mean = choices_again(
        region.trained(), frame, rows, region.tables(), region.policy(), np.full(len(frame), 30.0)
    )
    assert ((chosen > 0) & (chosen < 1)).all() and ((mean > 0) & (mean < 1)).all()
    assert np.array_equal(expected, region.trained().score(frame.take(rows).pairs, np.full(len(rows), 30.0)).p_placed)


def test_promises_of_the_month_are_weighed_whole_and_a_thin_overlap_is_called_thin():
    found = promise_value(region.trained(), late(), region.tables(), region.policy())
    assert found["n"] >= LEAST_PROMISES and found["decisions"] > 2
    assert found["overlap"] == "too thin to tell" and found["effective"] < found["n"]
    assert found["logged"][1] < found["rebuilt"][0] < found["logged"][2] + 0.1
    assert found["due_to"] <= str(region.frame().cutoff)


def test_a_record_without_propensities_tells_nothing():
    tables = dict(region.tables())
    tables["referrals"] = tables["referrals"].assign(propensity=np.nan)
    bare = training_frame(tables, region.policy())
    assert "nothing can be told" in promise_value(region.trained(), bare, tables, region.policy())["note"]
    y = np.zeros(len(bare)), np.ones(len(bare))
    assert "nothing can be told" in referral_value(region.trained(), bare, tables, region.policy(), y, 30)["note"]


def test_promises_nobody_was_referred_for_tell_nothing():
    homes = [f"H{k}" for k in range(2, LEAST_PROMISES + 3)]
    people = [member(), *(member(member_id=f"M{h}", household_id=h) for h in homes)]
    tables = record(referral(1, propensity=0.5), members=people)
    tables["promises"] = table("promises", *[
        {"promise_id": f"C{h}", "household_id": h, "started_on": DAY, "due_on": date(2026, 4, 2)} for h in homes
    ])  # fmt: skip
    checked = checked_tables(tables)
    frame = training_frame(checked, region.policy(), date(2026, 4, 10))
    found = promise_value(region.trained(), frame, checked, region.policy())
    assert found == {
        "n": len(homes),
        "note": "no referral was logged for the promises of the month: nothing can be told",
    }


def test_a_promise_is_kept_by_a_start_of_any_member_in_time_with_or_without_a_referral():
    homes = [f"H{k}" for k in range(1, 5)]
    people = [member(member_id=f"M{k}", household_id=f"H{k}") for k in range(1, 5)]
    begun = [(1, date(2026, 3, 20), "P1"), (2, date(2026, 3, 20), "P2"), (3, date(2026, 4, 20), "P1")]
    tables = record(
        *[referral(k, member_id=f"M{k}", propensity=0.5) for k in (1, 2, 3, 4)], referral(9, created_on=date(2026, 4, 5)), members=people,
        placements=[placement(on, placement_id=f"L{k}", member_id=f"M{k}", position_id=post) for k, on, post in begun],
    )  # fmt: skip
    tables["promises"] = table("promises", *[
        {"promise_id": f"C{h}", "household_id": h, "started_on": DAY, "due_on": date(2026, 4, 2)} for h in homes
    ])  # fmt: skip
    checked = checked_tables(tables)
    frame = training_frame(checked, region.policy(), date(2026, 4, 10))
    due = _due(frame, checked).set_index("household_id")
    assert due["kept"].to_dict() == {"H1": True, "H2": True, "H3": False, "H4": False}
    assert due["alone"].to_dict() == {"H1": False, "H2": True, "H3": False, "H4": False}
    assert due["complete"].all() and [len(rows) for rows in due["rows"]] == [1, 1, 1, 1]
