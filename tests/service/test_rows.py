"""Rows as plain values: the same whether a few are picked out or a whole frame is read."""

from datetime import date

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.columns import days, flags, numbers, texts, wholes
from matching.tables import TABLES, Kind
from service.use_cases.rows import at, only, records
from tests.service.storage.everything import everything

DAYS = st.one_of(st.none(), st.dates(date(1950, 1, 1), date(2060, 1, 1)))
ROW = st.tuples(
    st.one_of(st.none(), st.text(max_size=5)), st.integers(-9, 9), st.one_of(st.none(), st.integers(0, 9)), st.booleans(),
    st.one_of(st.none(), st.booleans()), st.one_of(st.none(), st.floats(-1, 1)), DAYS,
)  # fmt: skip


def frame(rows):
    text, whole, maybe, flag, told, share, day = zip(*rows, strict=True)
    return pd.DataFrame({
        "text": pd.array(list(text), dtype="str"), "whole": np.array(whole, dtype="int64"), "maybe": pd.array(list(maybe), dtype="Int64"),
        "flag": np.array(flag, dtype=bool), "told": pd.array(list(told), dtype="boolean"),
        "share": np.array([np.nan if s is None else s for s in share]),
        "day": pd.Series(np.array(["NaT" if d is None else d for d in day], dtype="datetime64[D]").astype("datetime64[s]")),
    })  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(st.lists(ROW, min_size=1, max_size=6))
def test_a_row_is_what_was_put_in_as_plain_values_with_unknown_as_none(rows):
    made = frame(rows)
    want = [dict(zip(made.columns, row, strict=True)) for row in rows]
    assert records(made) == want and at(made, range(len(rows))) == want and only(made) == want[0]
    for row in (*records(made), *at(made, [0])):
        assert {type(v) for v in row.values()} <= {str, int, bool, float, date, type(None)}


READ = {
    Kind.DATE: days,
    Kind.BOOL: flags,
    Kind.FLOAT: numbers,
    Kind.INT: (wholes, numbers),
    Kind.MONEY: (wholes, numbers),
}


def test_a_few_rows_read_as_columns_are_the_rows_read_as_a_frame(office):
    everything(office)
    with office.store.reading() as reader:
        for name, spec in TABLES.items():
            few, frame = reader.few(name), reader.seen(name)
            assert len(few) == len(frame) and records(few) == records(frame)
            for column in spec.columns:
                for read in np.atleast_1d(READ.get(column.kind, texts)):
                    np.testing.assert_array_equal(
                        read(few, column.name), read(frame, column.name), f"{name}.{column.name}"
                    )
        some = reader.few("members", ("member_id", "sex"), household_id=["H1", "H3"], employment_state="unemployed")
        assert records(some) == records(
            reader.seen("members", ("member_id", "sex"), household_id=["H1", "H3"], employment_state="unemployed")
        )
        open_ones = {"outcome_on": None}
        assert records(reader.few("referrals", **open_ones)) == records(reader.seen("referrals", **open_ones))
        assert not len(reader.few("members", member_id=[])) and not len(reader.few("members", member_id="nobody"))
