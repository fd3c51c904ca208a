"""Parquet files of any program: the same rows whatever form their pages have, and no more of them than can be borne."""

import datetime
import decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from matching.errors import BadInput
from service.exchange import parquet_pages
from service.exchange.parquet import parquet_rows

TABLE = pa.table(
    {
        "text": ["q", "r", "q", None],
        "bytes": [b"ab", None, "长".encode(), b""],
        "list": pa.array([["x", "yy"], None, ["x"] * 3, []], pa.list_(pa.string())),
        "map": pa.array([[("a", 1.5)], [], None, [("b", None), ("c", 2)]], pa.map_(pa.string(), pa.float64())),
        "structure": [{"k": "v", "z": [1]}, None, {"k": None, "z": []}, {"k": "长", "z": None}],
        "lists": pa.array([[["a", "b"], []], [], None, [None]], pa.list_(pa.list_(pa.large_string()))),
        "whole": pa.array([1, 2, 3, 4], pa.int8()),
        "day": [datetime.date(2026, 1, 2)] * 4,
        "amount": [decimal.Decimal("1.20")] * 4,
    }
)
"""Four rows of every kind of column an office's programs write."""

FIRST = [
    "q",
    "ab",
    "x;yy",
    "a:1.5",
    "k:v;z:[1]",
    "['a' 'b'];[]",
    1,
    datetime.date(2026, 1, 2),
    decimal.Decimal("1.20"),
]

FORMS = {
    "as pyarrow writes it": {},
    "without lists of texts": {"use_dictionary": False},
    "pages of the second version": {"data_page_version": "2.0"},
    "one row a group": {"row_group_size": 1},
    "packed by zstd": {"compression": "zstd"},
    "packed by brotli": {"compression": "brotli"},
    "not packed": {"compression": "none", "store_schema": False},
    "one value a page": {"data_page_size": 1, "write_batch_size": 1},
}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "unit.parquet"


@pytest.mark.parametrize("form", FORMS)
def test_rows_are_the_same_whatever_form_the_pages_have(path, form):
    pq.write_table(TABLE, path, **FORMS[form])
    names, *rows = parquet_rows(path)
    assert names == TABLE.column_names and len(rows) == 4
    assert rows[0] == FIRST
    columns = [[None if value != value else value for value in column] for column in zip(*rows, strict=True)]
    assert columns[:4] == [
        ["q", "r", "q", None],
        ["ab", None, "长", ""],
        ["x;yy", None, "x;x;x", ""],
        ["a:1.5", "", None, "b:None;c:2.0"],
    ]


@pytest.mark.parametrize("form", FORMS)
def test_values_of_lists_count_as_cells_before_one_is_unpacked(path, form, monkeypatch):
    pq.write_table(TABLE, path, **FORMS[form])
    with pq.ParquetFile(path) as file:
        groups = [file.metadata.row_group(k) for k in range(file.metadata.num_row_groups)]
        held = sum(g.column(k).num_values for g in groups for k in range(g.num_columns))
    monkeypatch.setattr(parquet_pages, "MAX_CELLS", held)
    assert len(parquet_rows(path)) == 5
    monkeypatch.setattr(parquet_pages, "MAX_CELLS", held - 1)
    with pytest.raises(BadInput, match="expected at most"):
        parquet_rows(path)


def test_a_text_in_lists_counts_as_often_as_it_stands_there(path, monkeypatch):
    pq.write_table(pa.table({"text": ["x" * 900] * 9, "list": [["y" * 300] * 9] * 9}), path)
    monkeypatch.setattr(parquet_pages, "MAX_PAGES_BYTES", 9 * 9 * 300)
    assert len(parquet_rows(path)) == 10
    monkeypatch.setattr(parquet_pages, "MAX_PAGES_BYTES", 9 * 9 * 300 - 1)
    with pytest.raises(BadInput, match="unpacks to more than 24,299 bytes"):
        parquet_rows(path)


def test_pages_without_end_are_refused(path, monkeypatch):
    pq.write_table(TABLE, path, row_group_size=1)
    monkeypatch.setattr(parquet_pages, "MAX_PAGES", 20)
    with pytest.raises(BadInput, match="at most 20 pages"):
        parquet_rows(path)


def test_any_changed_byte_is_read_or_refused_and_never_a_fault(path):
    pq.write_table(TABLE.slice(0, 2), path)
    whole = path.read_bytes()
    for at in range(4, len(whole) - 8, 7):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x85]) + whole[at + 1 :])
        try:
            rows = parquet_rows(path)
        except BadInput:
            continue
        assert len(rows) == 3
