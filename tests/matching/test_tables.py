"""The door: canonical form, refused cells named, good rows kept."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.errors import TableError
from matching.tables import EXCHANGE, TABLES, Kind, check, empty
from matching.tables.door import EMPTY
from tests.matching.people import member, position


@pytest.mark.parametrize("table", EXCHANGE, ids=lambda t: t.name)
def test_an_empty_table_has_every_column_in_canonical_form_and_passes_again(table):
    frame = empty(table)
    assert tuple(frame.columns) == table.names
    pd.testing.assert_frame_equal(check(table, frame).frame, frame)


@pytest.mark.parametrize("table", EXCHANGE, ids=lambda t: t.name)
def test_keys_exist_and_references_come_before_their_referrers(table):
    assert not any(table.column(k).nullable for k in table.key)
    earlier = {t.name for t in EXCHANGE[: EXCHANGE.index(table)]}
    assert {c.references for c in table.columns if c.references} <= earlier


def test_a_missing_required_column_stops_the_file():
    with pytest.raises(TableError, match="household_id"):
        check(TABLES["members"], pd.DataFrame({"member_id": ["M1"]}))


def test_a_bad_cell_refuses_its_row_and_the_good_rows_go_in():
    frame = pd.DataFrame([member(), member(member_id="M2", education="phd"), member(member_id="M3", wage_floor=-1)])
    checked = check(TABLES["members"], frame)
    assert list(checked.frame["member_id"]) == ["M1"]
    told = checked.errors.set_index("key")
    assert (
        told.loc["M2", "column"] == "education"
        and told.loc["M2", "found"] == "phd"
        and "junior" in told.loc["M2", "expected"]
    )
    assert told.loc["M3", "row"] == 2 and "fen" in told.loc["M3", "expected"]


@pytest.mark.parametrize(
    ("column", "value"),
    [("registered_on", "2026-02-30"), ("registered_on", "01/02/2026"), ("birth_month", "2001-13"), ("commute_limit_minutes", 12.5),
     ("commute_limit_minutes", 301), ("wage_floor", "many"), ("night_ok", "perhaps"), ("experience", "cook:x"), ("kinds_ok", "EMPLOYER;ELF"),
     ("member_id", 440305199001011234.0), ("member_id", ""), ("latitude", 91)],
)  # fmt: skip
def test_what_is_not_what_the_column_says_is_refused(column, value):
    checked = check(TABLES["members"], pd.DataFrame([member(**{column: value})]))
    assert len(checked.frame) == 0 and list(checked.errors["column"]) == [column]


def test_the_second_row_with_a_key_is_refused():
    checked = check(TABLES["members"], pd.DataFrame([member(), member(education="college")]))
    assert list(checked.frame["education"]) == ["junior"] and "once" in checked.errors["expected"][0]


def test_a_second_assessment_of_the_same_day_corrects_the_first():
    exam = {"member_id": "M1", "assessed_on": date(2026, 6, 1), "dimension": "verbal", "instrument": "a"}
    checked = check(TABLES["assessments"], pd.DataFrame([{**exam, "score": 40}, {**exam, "score": 60}]))
    assert checked.frame["score"].tolist() == [60] and len(checked.errors) == 0


def test_null_means_unknown_and_stays_null():
    checked = check(TABLES["members"], pd.DataFrame([member(night_ok=None, wage_floor=None, longitude=None)]))
    row = checked.frame.iloc[0]
    assert pd.isna(row["night_ok"]) and pd.isna(row["wage_floor"]) and np.isnan(row["longitude"])


def test_sets_and_maps_may_come_as_text_lists_or_mappings():
    rows = [
        member(certificates="b@2; a@1", experience={"61804": 12}),
        member(member_id="M2", certificates=["a@1", "b@2"], experience="61804:12"),
    ]
    frame = check(TABLES["members"], pd.DataFrame(rows)).require()
    assert (
        frame["certificates"].nunique() == 1
        and frame["experience"].nunique() == 1
        and frame["experience"][0] == "61804:12"
    )


def test_columns_nobody_asked_for_are_reported_and_not_kept():
    checked = check(TABLES["positions"], pd.DataFrame([position(marital_status="single")]))
    assert checked.dropped == ("marital_status",) and "marital_status" not in checked.frame.columns


_VALUES = {
    Kind.ID: st.text("ABC123-", min_size=1, max_size=12), Kind.TEXT: st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=20).filter(lambda t: t.lower() not in EMPTY),
    Kind.DATE: st.dates(date(1950, 1, 1), date(2100, 1, 1)), Kind.MONTH: st.just("1990-07"), Kind.BOOL: st.booleans(),
}  # fmt: skip


def _value(column):
    if column.kind in (Kind.CODE,):
        return st.sampled_from(sorted(column.codes)) if column.codes else st.sampled_from(["440103", "4401", "x-1"])
    if column.kind in (Kind.INT, Kind.MONEY, Kind.FLOAT):
        low, high = int(column.low or 0), int(column.high or 10_000)
        return st.integers(low, high)
    if column.kind is Kind.SET:
        return st.lists(st.sampled_from(sorted(column.codes or {"a", "b@1", "c"})), max_size=3)
    if column.kind is Kind.MAP:
        return st.dictionaries(st.sampled_from(sorted(column.codes or {"a", "b"})), st.integers(0, 100), max_size=3)
    return _VALUES[column.kind]


@settings(max_examples=25, deadline=None)
@given(st.data(), st.sampled_from(EXCHANGE))
def test_what_passed_once_passes_again_unchanged(data, table):
    row = {c.name: data.draw(st.none() | _value(c) if c.nullable else _value(c)) for c in table.columns}
    first = check(table, pd.DataFrame([row]).astype(object)).require()
    pd.testing.assert_frame_equal(check(table, first).require(), first)


@pytest.mark.parametrize("word", ["NONE", "null", "NaN", " "])
def test_a_word_for_nothing_is_nothing_and_refused_where_a_text_is_needed(word):
    checked = check(TABLES["positions"], pd.DataFrame([position(title=word)]))
    assert len(checked.frame) == 0 and checked.errors["column"].tolist() == ["title"]
