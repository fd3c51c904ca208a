"""Files into the record: good rows go in by key, every refused cell is named, a file is kept whole or not at all."""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from matching.errors import BadInput
from matching.tables import TABLES, Kind, Table, check
from service.exchange.catalogue import PERSONAL, decode, exchanged, tidy
from service.exchange.reader import Sheet, read_sheets
from service.exchange.rules import cross_checks
from service.storage import Store, Transaction

Progress = Callable[[str, float, float], None]

ERROR_COLUMNS = ["file", "row", "column", "found", "expected"]
"""Columns of the list of refused cells; ``row`` is the number the spreadsheet shows, ``column`` the header as written."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of one sheet of a file."""

    file: str
    sheet: str
    table: str
    read: int
    added: int
    changed: int
    unchanged: int
    refused: int
    errors: pd.DataFrame
    dropped: tuple[str, ...]
    import_id: str

    def as_dict(self) -> dict[str, object]:
        """Return plain values for JSON."""
        names = ("file", "sheet", "table", "read", "added", "changed", "unchanged", "refused", "import_id")
        return {n: getattr(self, n) for n in names} | {
            "dropped": list(self.dropped),
            "errors": self.errors.to_dict("records"),
        }


def import_paths(
    store: Store, paths: Sequence[Path], *, actor: str, progress: Progress | None = None
) -> list[ImportReport]:
    """Import several files, tables that others refer to first, whatever the order of the files."""
    told = progress or (lambda name, done, total: None)
    sheets: list[tuple[Path, Sheet]] = []
    for k, path in enumerate(paths):
        told("read files", k, len(paths))
        sheets += [(path, sheet) for sheet in read_sheets(path)]
    told("read files", len(paths), len(paths))
    order = {name: k for k, name in enumerate(exchanged())}
    sheets.sort(key=lambda item: order[item[1].table])
    total = float(sum(len(s.frame) for _, s in sheets))
    reports, done = [], 0.0
    for path, sheet in sheets:
        told("import rows", done, total)
        reports.append(_import_sheet(store, path, sheet, actor))
        done += len(sheet.frame)
    told("import rows", total, total)
    return reports


def import_file(
    store: Store, path: Path, *, table: str | None = None, actor: str, progress: Progress | None = None
) -> list[ImportReport]:
    """Import one file, one report a sheet; ``table`` says which table it is where headers leave it open."""
    if table is None:
        return import_paths(store, [path], actor=actor, progress=progress)
    if table not in exchanged():
        raise BadInput(f"expected a table of {', '.join(exchanged())}, found {table}")
    return [_import_sheet(store, path, sheet, actor) for sheet in read_sheets(path, table)]


def _import_sheet(store: Store, path: Path, sheet: Sheet, actor: str) -> ImportReport:
    table = TABLES[sheet.table]
    missing = [c.name for c in table.columns if c.required and c.name not in sheet.columns.values()]
    if missing:
        wanted = ", ".join(missing)
        raise BadInput(
            f"{path.name}, sheet {sheet.name}: expected columns {wanted} for {table.name}, found none; add them. Nothing was stored"
        )
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    raw = _decoded(sheet, table)
    checked = check(table, raw)
    errors = [_as_written(checked.errors, sheet)]
    with store.write() as tx:
        good, more = cross_checks(tx, table, checked.frame)
        errors.append(_as_written(more, sheet))
        counts = tx.upsert(table.name, good)
        refused = pd.concat(errors, ignore_index=True).sort_values(["row", "column"], kind="stable", ignore_index=True)
        refused.insert(0, "file", path.name)
        import_id = hashlib.sha256(f"{digest}|{sheet.name}".encode()).hexdigest()[:20]
        summary = {
            "file": path.name, "sheet": sheet.name, "sha256": digest, "table": table.name, "read": len(raw), "added": counts.added,
            "changed": counts.changed, "unchanged": counts.unchanged, "refused": int(refused["row"].nunique()),
        }  # fmt: skip
        entry = tx.journal(
            actor=actor,
            role="service",
            action="file.imported",
            object_type=table.name,
            object_id=import_id,
            after=summary,
        )
        tx.refuse(f"{import_id}-{entry}", refused)
    return ImportReport(
        path.name, sheet.name, table.name, len(raw), counts.added, counts.changed, counts.unchanged, int(refused["row"].nunique()),
        refused, _dropped(sheet), f"{import_id}-{entry}",
    )  # fmt: skip


def _dropped(sheet: Sheet) -> tuple[str, ...]:
    """Return the columns that were not kept; those that may not be kept say what they hold."""
    out = []
    for header in sheet.frame.columns:
        if header not in sheet.columns:
            holds = PERSONAL.get(tidy(header)) or PERSONAL.get(str(header).strip())
            out.append(f"{header} [{holds}: not kept]" if holds else str(header))
    return tuple(out)


def _as_written(errors: pd.DataFrame, sheet: Sheet) -> pd.DataFrame:
    headers = {column: header for header, column in sheet.columns.items()}
    return pd.DataFrame(
        {
            "row": errors["row"].astype("int64"),
            "column": [headers.get(c, c) for c in errors["column"]],
            "found": errors["found"].astype(str),
            "expected": errors["expected"].astype(str),
        }
    )


def _decoded(sheet: Sheet, table: Table) -> pd.DataFrame:
    """Return the sheet under the dictionary's column names with coded values, dates and money as the dictionary has them."""
    out = {}
    for header, name in sheet.columns.items():
        column = table.column(name)
        values = sheet.frame[header]
        try:
            codes, uniques = pd.factorize(values.to_numpy(dtype=object), use_na_sentinel=False)
        except TypeError:
            out[name] = values
            continue
        yuan = "元" in header
        decoded = np.empty(len(uniques), dtype=object)
        decoded[:] = [_value(table.name, column, v, yuan) for v in uniques]
        out[name] = pd.Series(decoded[codes] if len(codes) else decoded[:0], index=values.index, dtype=object)
    return pd.DataFrame(out, index=sheet.frame.index)


def _value(table: str, column: object, value: object, yuan: bool) -> object:
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return None
    kind = column.kind  # type: ignore[attr-defined]
    if isinstance(value, str):
        value = unicodedata.normalize("NFKC", value) if kind is not Kind.TEXT else value
    if kind is Kind.MONEY:
        return _money(value, yuan)
    if kind is Kind.DATE:
        return _date(value)
    if kind is Kind.MONTH:
        return _month(value)
    if kind in (Kind.INT, Kind.FLOAT) and isinstance(value, str):
        return value.replace(",", "").strip()
    return decode(table, column, value)  # type: ignore[arg-type]


def _money(value: object, yuan: bool) -> object:
    if isinstance(value, str):
        text = value.replace(",", "").removesuffix("元").strip()
        try:
            value = float(text)
        except ValueError:
            return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return round(value * 100, 4) if yuan else value
    return value


_CHINESE_DATE = re.compile(r"(\d{4})[年./-](\d{1,2})[月./-](\d{1,2})日?")
_SERIAL = (20_000, 80_000)


def _date(value: object) -> object:
    if isinstance(value, str):
        match = _CHINESE_DATE.fullmatch(value.strip())
        return f"{match[1]}-{int(match[2]):02}-{int(match[3]):02}" if match else value.strip()
    if (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and float(value).is_integer()
        and _SERIAL[0] < value < _SERIAL[1]
    ):
        return date(1899, 12, 30) + timedelta(days=int(value))
    return value


def _month(value: object) -> object:
    if isinstance(value, str):
        match = re.fullmatch(r"(\d{4})[年./-]?(\d{1,2})月?", value.strip())
        return f"{match[1]}-{int(match[2]):02}" if match else value.strip()
    if isinstance(value, int | float) and 190_001 <= value <= 220_012 and float(value).is_integer():
        return f"{int(value) // 100}-{int(value) % 100:02}"
    return value


__all__ = ["ImportReport", "Progress", "Transaction", "import_file", "import_paths"]
