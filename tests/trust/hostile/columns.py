"""Parquet files: wrong types, columns in columns, lies in the footer, few bytes that are many rows."""

import decimal
import struct
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq

from tests.trust.hostile import Hostile, kind

DAMAGED = "Parquet file is damaged"
LARGE = "expected at most 20,000,000 cells"


def columns(title, told=None, /, *, added=1, refused=0, first=None, large=False, **changed):
    """Return a file of one unit; a column may be changed, added or (None) taken away."""

    def write(path):
        given = {"employer_id": ["Z1"], "name": ["a"], "region_code": ["440103"], "headcount": [12]}
        made = {n: v() if callable(v) else v for n, v in changed.items()}
        pq.write_table(pa.table({n: v for n, v in (given | made).items() if v is not None}), path)

    return Hostile(title, "unit.parquet", write, told, added, refused, first=first or {}, large=large)


@kind
def wrong_types():
    """Columns of a type the table does not have."""
    yield columns("identifiers as whole numbers", employer_id=[1234])
    yield columns("identifiers as large floats", employer_id=[4.4e17], added=0, refused=1)
    yield columns("identifiers as large whole numbers", employer_id=[440305199001011234])
    yield columns("names as lists", name=[["a", "b"]], first={"name": "a;b"})
    yield columns("names as maps", name=pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64())))
    yield columns("names as structures", name=[{"a": {"b": [1, 2]}}])
    yield columns("names as bytes", "found bytes that are none", name=[b"\xff\x00\xfe"])
    yield columns("names that are true", name=[True])
    yield columns("names that are nothing", name=pa.nulls(1), added=0, refused=1)
    yield columns("codes as lists of lists", region_code=[[["440103"]]], added=1)
    yield columns("amounts as text", headcount=["12"], first={"headcount": 12})
    yield columns("amounts as lists", headcount=[[1, 2]], added=0, refused=1)
    yield columns("amounts as structures", headcount=[{"a": 1}], added=0, refused=1)
    yield columns("amounts as moments", headcount=[datetime(2026, 5, 25, tzinfo=UTC)], added=0, refused=1)
    yield columns("amounts as spans", headcount=[timedelta(days=3)], added=0, refused=1)
    yield columns("amounts as decimals", headcount=[decimal.Decimal("12")], first={"headcount": 12})
    yield columns("amounts that are no number", headcount=[float("inf")], added=0, refused=1)
    yield columns("amounts over 64 bits", headcount=pa.array([2**64 - 1], pa.uint64()), added=0, refused=1)
    yield columns("no names", "expected columns name", name=None)
    yield columns("one column", "headers", name=None, region_code=None, headcount=None)
    yield columns("columns with odd names", **{"\0": [1], "x" * 5000: [1], "=1+1": [1], "[/]": [1]})
    yield Hostile("a column twice", "unit.parquet", _twice, "twice; remove one")
    yield Hostile("no columns", "unit.parquet", lambda p: pq.write_table(pa.table({}), p), "headers|damaged")


def _twice(path):
    arrays = [pa.array([x]) for x in ("Z1", "a", "b", "440103")]
    pq.write_table(pa.Table.from_arrays(arrays, ["employer_id", "name", "name", "region_code"]), path)


def _noted(path, note):
    table = pa.table({"employer_id": ["Z1"], "name": ["a"], "region_code": ["440103"]})
    pq.write_table(table.replace_schema_metadata({"pandas": note}), path)


@kind
def few_bytes_many_rows():
    """What is packed as one value and a count."""
    yield columns(
        "50 million empty rows",
        LARGE,
        **dict.fromkeys(("employer_id", "name", "region_code", "headcount"), lambda: pa.nulls(50_000_000, pa.int8())),
        large=True,
    )
    yield columns(
        "six million empty rows",
        LARGE,
        **dict.fromkeys(("employer_id", "name", "region_code", "headcount"), lambda: pa.nulls(6_000_000, pa.int8())),
    )
    yield columns(
        "a text of 10 MB in 20,000 rows",
        "of at most 32,767 characters",
        employer_id=lambda: _same("Z1"),
        name=lambda: _same("长" * 3_000_000),
        region_code=lambda: _same("440103"),
        headcount=None,
        large=True,
    )
    yield columns(
        "a text of 40,000 characters in 200,000 rows",
        "of at most 32,767 characters",
        employer_id=lambda: _same("Z1", 200_000),
        name=lambda: _same("长" * 40_000, 200_000),
        region_code=lambda: _same("440103", 200_000),
        headcount=None,
    )
    for millions, told in ((20, "row 2: expected cells of at most 32,767 characters"), (30, LARGE)):
        yield columns(
            f"a list of {millions} million in one cell",
            told,
            name=lambda n=millions: pa.ListArray.from_arrays([0, n * 10**6 - 9], pa.array(np.arange(n * 10**6) % 9)),
            large=True,
        )
    yield columns("a list of 40,000", "row 2: expected cells of at most 32,767 characters", name=[["a"] * 40_000])
    yield columns("lists in a list, 40,000", "of at most 32,767 characters", name=[[[["a", "b"]] * 10] * 2_000])
    yield columns("a map of 20,000", "of at most 32,767 characters", name=lambda: _map(20_000))
    yield columns(
        "a text of 1,000 characters in a list, 600,000 times", "unpacks to more than", name=_listed, large=True
    )
    yield Hostile("a footer that counts one of a million", "unit.parquet", _footer_of_one, DAMAGED)
    yield Hostile("texts that share their beginning", "unit.parquet", _beginnings, "found them in delta form")
    yield columns("ten thousand columns", **{f"x{k}": [1] for k in range(10_000)})


def _map(pairs):
    return pa.array([[(str(k), k) for k in range(pairs)]], pa.map_(pa.string(), pa.int64()))


def _listed():
    return pa.array([["长" * 1_000] * 600_000], pa.list_(pa.string()))


def _footer_of_one(path):
    """A list of a million in one cell; the footer says that the column has one value."""
    table = pa.table({"employer_id": ["Z1"], "name": pa.array([range(10**6)], pa.list_(pa.int32()))})
    pq.write_table(table, path, use_dictionary=False)
    written, count = path.read_bytes(), b"\x80\x89\x7a"  # a million as Thrift writes it
    at = written.index(count, len(written) - struct.unpack("<I", written[-8:-4])[0] - 8)
    path.write_bytes(written[:at] + b"\x82\x80\x00" + written[at + 3 :])


def _beginnings(path):
    table = pa.table({"employer_id": ["Z1"] * 3, "name": ["a" * 9_000] * 3, "region_code": ["440103"] * 3})
    pq.write_table(table, path, use_dictionary=False, column_encoding={"name": "DELTA_BYTE_ARRAY"})


def _same(value, times=20_000):
    return pa.DictionaryArray.from_arrays(pa.array([0] * times, pa.int32()), [value])


@kind
def damaged_columns():
    """Footers that are cut, changed, or lie; other forms under the name."""

    def whole(path):
        pq.write_table(pa.table({"employer_id": ["Z1"], "name": ["a"], "region_code": ["440103"]}), path)
        return path.read_bytes()

    for part in (0.1, 0.5, 0.9, 0.99):
        yield Hostile(
            f"cut at {part:.0%}",
            "unit.parquet",
            lambda p, part=part: p.write_bytes(whole(p)[: int(len(whole(p)) * part)]),
            DAMAGED,
        )
    for length in (0, 1, 2**31 - 1, 2**32 - 1):
        yield Hostile(
            f"a footer of {length:,} bytes",
            "unit.parquet",
            lambda p, n=length: p.write_bytes(whole(p)[:-8] + struct.pack("<I", n) + b"PAR1"),
            DAMAGED,
        )
    yield Hostile(
        "a footer of noise",
        "unit.parquet",
        lambda p: p.write_bytes(b"PAR1" + bytes(range(256)) * 4 + struct.pack("<I", 1000) + b"PAR1"),
        DAMAGED,
    )
    yield Hostile(
        "pages of zeros", "unit.parquet", lambda p: p.write_bytes(b"PAR1" + b"\0" * 40 + whole(p)[44:]), DAMAGED
    )
    yield Hostile(
        "a note of another program that lies",
        "unit.parquet",
        lambda p: _noted(p, b'{"index_columns": ["none"], "columns": 7}'),
        first={"name": "a"},
    )
    yield Hostile(
        "a note of another program that is noise", "unit.parquet", lambda p: _noted(p, b"\xff{"), first={"name": "a"}
    )
    yield Hostile(
        "encrypted",
        "unit.parquet",
        lambda p: p.write_bytes(b"PARE" + whole(p)[4:-4] + b"PARE"),
        "check what the file is",
    )
    yield Hostile(
        "another form of columns",
        "unit.parquet",
        lambda p: feather.write_feather(pa.table({"name": ["a"]}), p),
        "check what the file is",
    )
