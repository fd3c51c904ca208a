"""Tables out of the record as files an office can open."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from matching.errors import BadInput
from matching.tables import TABLES, Column, Kind
from service.exchange.catalogue import encode, header_names, sheet_names
from service.exchange.table_file import write_table

Format = Literal["xlsx", "csv", "parquet"]


def export_folder(
    frames: Mapping[str, pd.DataFrame],
    folder: Path,
    *,
    fmt: str = "xlsx",
    language: str = "zh",
    encoding: str = "utf-8-sig",
) -> list[Path]:
    """Write each table as one file, named by its sheet name (zh) or table name (en); returns the paths.

    Workbooks and CSV with Chinese headers carry Chinese words for coded values and money in yuan; with English headers, codes and fen.
    Parquet always carries column names, codes, fen, and native lists and maps. Text that a spreadsheet would take for a formula is
    written with a leading apostrophe.
    """
    if fmt not in ("xlsx", "csv", "parquet") or language not in ("zh", "en"):
        raise BadInput(f"expected xlsx, csv or parquet and zh or en, found {fmt} and {language}")
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, frame in frames.items():
        stem = sheet_names(name)[0] if language == "zh" and fmt != "parquet" else name
        path = folder / f"{stem}.{fmt}"
        if fmt == "parquet":
            _parquet(name, frame, path)
        else:
            cells = _cells(name, frame, language)
            with path.open("wb") as file:
                write_table(
                    file, fmt, stem, list(cells.columns), cells.itertuples(index=False, name=None), encoding=encoding
                )
        written.append(path)
    return written


def _cells(name: str, frame: pd.DataFrame, language: str) -> pd.DataFrame:
    out = {}
    for header in frame.columns:
        if header not in TABLES[name].names:
            out[header] = frame[header]
            continue
        column = TABLES[name].column(header)
        chinese = header_names(name)[header][0]
        yuan = language == "zh" and column.kind is Kind.MONEY and "元" in chinese
        values = [_cell(name, column, v, language, yuan) for v in frame[header].to_numpy(dtype=object)]
        out[chinese if language == "zh" else header] = pd.Series(values, index=frame.index, dtype=object)
    return pd.DataFrame(out)


def _cell(name: str, column: Column, value: object, language: str, yuan: bool) -> object:
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and value != value):
        return None
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    if yuan and isinstance(value, int | float):
        return value / 100
    return encode(name, column, value) if language == "zh" else value


def _parquet(name: str, frame: pd.DataFrame, path: Path) -> None:
    arrays, fields = [], []
    for header in frame.columns:
        kind = TABLES[name].column(header).kind
        values = frame[header]
        if kind is Kind.SET:
            array = pa.array([v.split(";") if v else [] for v in values], type=pa.list_(pa.string()))
        elif kind is Kind.MAP:
            pairs = [[(k, float(x)) for k, _, x in (p.rpartition(":") for p in v.split(";") if p)] for v in values]
            array = pa.array(pairs, type=pa.map_(pa.string(), pa.float64()))
        elif kind is Kind.DATE:
            array = pa.array(values.to_numpy().astype("datetime64[D]"), type=pa.date32())
        else:
            array = pa.Array.from_pandas(values)
        arrays.append(array)
        fields.append(header)
    pq.write_table(pa.table(arrays, names=fields), path)
