"""The policy book: what it answers, and what it refuses."""

import pickle
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.errors import PolicyError
from matching.policy.changes import changes
from matching.policy.load import load_policy, packaged_rows
from matching.policy.schema import PolicyRow, parse_table, refuse_clashes
from matching.regions import load_regions

DAY = date(2026, 6, 10)
GUANGZHOU = load_policy("440103", DAY)


def row(**changes) -> PolicyRow:
    """Return a row of a city's own."""
    return replace(PolicyRow("own", "freshness.days", "440100", 10, "day", "city notice", DAY), **changes)


def text(**changes) -> str:
    """Return a table of one row in TOML."""
    parts = {
        "id": '"own"', "key": '"freshness.days"', "region": '"440100"', "value": "10", "unit": '"day"', "source": '"city notice"',
        "verified_on": "2026-06-10", **changes,
    }  # fmt: skip
    return "[[row]]\n" + "\n".join(f"{k} = {v}" for k, v in parts.items() if v is not None)


def test_the_nearest_place_answers_district_city_province_nation():
    policy = GUANGZHOU.at("440103001")
    assert policy.whole("freshness.days") == 14
    for region, value in (("440000", 13), ("440100", 12), ("440103", 11)):
        policy = policy.with_rows([row(id=f"own-{region}", region=region, value=value)])
        assert policy.whole("freshness.days") == value
    assert policy.at("440106").whole("freshness.days") == 12
    assert policy.at("440300").whole("freshness.days") == 13
    assert policy.at("360100").whole("freshness.days") == 14


def test_a_row_holds_from_its_first_to_its_last_day():
    policy = GUANGZHOU.with_rows([row(valid_from=date(2026, 6, 1), valid_to=date(2026, 6, 30))])
    days = {date(2026, 5, 31): 14, date(2026, 6, 1): 10, date(2026, 6, 30): 10, date(2026, 7, 1): 14}
    assert {d: policy.at("440100", d).whole("freshness.days") for d in days} == days


def test_unknown_amount_no_row_and_zero_are_three_things():
    zhongshan, guangzhou = GUANGZHOU.at("442000"), GUANGZHOU
    zero = guangzhou.with_rows([row(key="startup.grant", value=0, unit="fen")])
    assert zhongshan.row("startup.grant").amount_known is False and zhongshan.number_or_none("startup.grant") is None
    assert guangzhou.row("startup.grant") is None and guangzhou.number_or_none("startup.grant") is None
    assert zero.row("startup.grant").amount_known and zero.number_or_none("startup.grant") == 0.0
    with pytest.raises(PolicyError, match=r"startup.grant in 442000 on 2026-06-10: expected a number, found 'unknown'"):
        zhongshan.number("startup.grant")
    with pytest.raises(PolicyError, match=r"no policy row answers startup.grant in 440103 on 2026-06-10"):
        guangzhou.number("startup.grant")


def test_a_question_nobody_knows_is_an_error():
    with pytest.raises(PolicyError, match=r"unknown policy key 'night.slots'"):
        GUANGZHOU.row("night.slots")


@pytest.mark.parametrize(
    ("ask", "key", "expected"),
    [("whole", "night.stability_gain", "a whole number"), ("text", "freshness.days", "a text"), ("flag", "freshness.days", "true or false"),
     ("items", "freshness.days", "a list"), ("number", "promise.roll_holiday", "a number")],
)  # fmt: skip
def test_an_answer_of_another_kind_is_an_error(ask, key, expected):
    with pytest.raises(PolicyError, match=expected):
        getattr(GUANGZHOU, ask)(key)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"key": '"freshness.dais"'}, "city.toml, row own: unknown key 'freshness.dais'"),
        ({"unit": '"month"'}, "city.toml, row own: freshness.days is stated in day, found unit 'month'"),
        ({"value": '"ten"'}, "row own: freshness.days expects a number of day"),
        ({"value": "10.5"}, "row own: freshness.days expects a whole number of day"),
        ({"value": "-1"}, "row own: freshness.days expects a number of day, 0 or more"),
        ({"value": "true"}, "row own: freshness.days expects a number"),
        ({"source": '""'}, "city.toml, row own: expected a source, found none"),
        ({"source": None}, "city.toml, row own: expected a source, found none"),
        ({"id": None}, r"city.toml, row \(no id\): expected a id"),
        ({"valid_from": '"2026-02-30"'}, "row own: expected valid_from as a date YYYY-MM-DD, found '2026-02-30'"),
        ({"valid_from": "0026-02-03"}, "row own: expected valid_from as a date from 1949 to 2199"),
        ({"valid_from": "2026-02-30"}, "city.toml: expected a TOML table"),
        ({"valid_from": "2026-07-01", "valid_to": "2026-06-30"}, "row own: expected valid_to on or after valid_from 2026-07-01"),
        ({"region": '"4401"'}, "row own: expected a region of six digits"),
        ({"amount": "3"}, "row own: expected only .* found amount"),
        ({"key": '"promise.duration"', "unit": '"duration"', "value": '"one month"'}, "expects P1M, P30D, P10WD or P1Q"),
        ({"key": '"promise.roll_holiday"', "unit": '"flag"', "value": '"unknown"'}, "expects true or false"),
        ({"key": '"subsidy.flexible.share"', "unit": '"share"', "value": "50"}, "expects a share from 0 to 1"),
        ({"key": '"pw.priority_order"', "unit": '"codes"', "value": '"older"'}, "expects a list of codes"),
        ({"value": "{ a = 1 }"}, "expected a number, text, true/false or a list"),
    ],
)  # fmt: skip
def test_an_unusable_row_is_refused_by_name(changes, message):
    with pytest.raises(PolicyError, match=message):
        parse_table(text(**changes), "city.toml")


def test_a_row_may_hold_for_a_single_day():
    (only,) = parse_table(text(valid_from="2026-06-10", valid_to="2026-06-10"), "city.toml")
    assert [only.in_force(date(2026, 6, d)) for d in (9, 10, 11)] == [False, True, False]


def test_a_table_may_hold_rows_and_defaults_only():
    with pytest.raises(PolicyError, match=r"city.toml: expected \[defaults\] and \[\[row\]\] only, found rows"):
        parse_table("[[rows]]\nid = 'own'", "city.toml")


def test_two_rows_may_not_answer_the_same_question_on_the_same_day():
    first = row(valid_to=date(2026, 6, 30))
    later = row(id="later", valid_from=date(2026, 7, 1))
    refuse_clashes([later, first])
    with pytest.raises(
        PolicyError, match=r"row own and row later overlap for freshness.days in 440100; end the earlier one first"
    ):
        refuse_clashes([first, replace(later, valid_from=date(2026, 6, 30))])
    with pytest.raises(PolicyError, match="expected an id of its own"):
        refuse_clashes([first, replace(later, id="own")])


def test_one_row_for_several_cities_stands_for_one_row_each():
    rows = parse_table(text(region=None, regions='["440100", "440300"]'), "city.toml")
    assert [(r.id, r.region) for r in rows] == [("own-440100", "440100"), ("own-440300", "440300")]


def test_a_city_s_row_comes_in_and_its_correction_replaces_it():
    once = GUANGZHOU.with_rows(parse_table(text(), "city.toml"))
    twice = once.with_rows([row(value=9)])
    assert (GUANGZHOU.whole("freshness.days"), once.whole("freshness.days"), twice.whole("freshness.days")) == (
        14,
        10,
        9,
    )
    with pytest.raises(PolicyError, match="overlap"):
        once.with_rows([row(id="second")])
    with pytest.raises(PolicyError, match="stated in day"):
        once.with_rows([row(unit="month")])


def test_books_are_equal_when_place_day_and_rows_are():
    copy = pickle.loads(pickle.dumps(GUANGZHOU))
    assert copy == GUANGZHOU and hash(copy) == hash(GUANGZHOU)
    assert GUANGZHOU.at("440104") != GUANGZHOU and GUANGZHOU.at("440103", date(2026, 6, 11)) != GUANGZHOU
    changed = GUANGZHOU.with_rows([row()])
    assert changed != GUANGZHOU and changed.version != GUANGZHOU.version
    assert GUANGZHOU.at("440300") is GUANGZHOU.at("440300")


def test_the_order_of_rows_does_not_change_the_version():
    back = GUANGZHOU.with_rows(reversed(packaged_rows()))
    assert back.version == GUANGZHOU.version and back.number("wage.minimum_month") == GUANGZHOU.number(
        "wage.minimum_month"
    )


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(load_regions()["region_code"].tolist()), max_size=30))
def test_many_places_at_once_are_answered_as_each_alone(codes):
    found = GUANGZHOU.each("wage.minimum_month", codes)
    alone = [GUANGZHOU.at(c).number_or_none("wage.minimum_month") for c in codes]
    np.testing.assert_array_equal(found, [np.nan if v is None else v for v in alone])


def test_every_district_of_guangdong_has_a_minimum_wage_today():
    regions = load_regions()
    below = regions[regions["level"] != "province"]["region_code"]
    assert not np.isnan(GUANGZHOU.each("wage.minimum_month", below.tolist())).any()
    assert not np.isnan(GUANGZHOU.each("wage.minimum_hour", below.tolist())).any()


def test_what_holds_here_and_now_is_listed_once_a_key():
    held = GUANGZHOU.in_force()
    assert [r.key for r in held] == sorted({r.key for r in held})
    assert all(r.in_force(DAY) and r == GUANGZHOU.row(r.key) for r in held)


@pytest.mark.parametrize("place", ["Guangzhou", 440100, None])
def test_a_place_that_is_no_region_code_is_refused(place):
    with pytest.raises(PolicyError, match=f"expected a region code of 6, 9 or 12 digits as text, found {place!r}"):
        load_policy(place, DAY)


def test_a_day_is_a_date_with_or_without_an_hour_and_nothing_else():
    assert load_policy("440100", pd.Timestamp(DAY)) == load_policy("440100", DAY)
    with pytest.raises(PolicyError, match="expected a date, found '2026-06-10'"):
        load_policy("440100", "2026-06-10")


def test_retirement_is_unknown_where_birth_or_sex_is():
    assert GUANGZHOU.retirement_month(None, "F") is None
    assert GUANGZHOU.retirement_month("1970-01", "unknown") is None


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 12 * 45), st.sampled_from(["men", "women_55", "women_50"]))
def test_retirement_rises_by_at_most_a_month_per_month_of_birth(offset, line):
    """Written a second time, as a count: one month of delay for every begun group of months of birth, up to the end of the table."""
    age, first, group, most = {
        "men": (60, "1965-01", 4, 36),
        "women_55": (55, "1970-01", 4, 36),
        "women_50": (50, "1975-01", 2, 60),
    }[line]
    born = np.datetime64("1955-01", "M") + offset
    delay = sum(1 for k in range(most) if born >= np.datetime64(first, "M") + k * group)
    policy = (
        GUANGZHOU
        if line != "women_50"
        else GUANGZHOU.with_rows([replace(GUANGZHOU.row("retirement.women_line"), value="women_50")])
    )
    month = policy.retirement_month(str(born), "M" if line == "men" else "F")
    assert month == str(born + 12 * age + delay)


def test_a_column_of_members_retires_as_each_alone():
    births = pd.array(["1965-05", None, "1981-09", "1981-09"], dtype="str").to_numpy(dtype=object)
    sexes = np.array(["M", "F", "F", "unknown"], dtype=object)
    found = GUANGZHOU.retirement_months(births, sexes)
    assert [None if np.isnat(m) else str(m) for m in found] == ["2025-07", None, "2039-09", None]


def test_changes_name_the_rows_before_and_after():
    found = {c.key: c for c in changes(GUANGZHOU.at("440103", date(2025, 2, 28)), GUANGZHOU)}
    assert found["wage.minimum_month"].before.value == 230_000 and found["wage.minimum_month"].after.value == 250_000
    assert "promise.duration" not in found and changes(GUANGZHOU, GUANGZHOU) == ()
    added = changes(GUANGZHOU, GUANGZHOU.with_rows([row(key="startup.grant", value=100, unit="fen")]))
    assert [(c.key, c.before, c.after.value) for c in added] == [("startup.grant", None, 100)]
