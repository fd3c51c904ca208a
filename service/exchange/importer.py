"""Files into the record: good rows go in by key, every refused cell is named, a file is kept whole or not at all."""

import hashlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from sqlalchemy.exc import IntegrityError

from matching.errors import BadInput
from matching.tables import TABLES, Table, check
from service.exchange.catalogue import exchanged
from service.exchange.cells import decoded, identifier_fault
from service.exchange.identities import dropped_columns, identities, identity_faults
from service.exchange.personal import hidden
from service.exchange.quarantine import quarantined
from service.exchange.reader import Mappings, Sheet, read_sheets
from service.exchange.rules import cross_checks
from service.exchange.together import together
from service.exchange.told import as_written, fault, faults
from service.exchange.wishes import with_wishes
from service.storage import Store, Transaction

Progress = Callable[[str, float, float], None]


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of one sheet of a file.

    ``quarantined`` posts wait for a post officer, who is shown why; ``errors`` has a row for every refused cell: ``row`` is the number the spreadsheet shows, ``column`` the header as written.
    """

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
    quarantined: int = 0

    def as_dict(self) -> dict[str, object]:
        """Return plain values for JSON."""
        names = (
            "file",
            "sheet",
            "table",
            "read",
            "added",
            "changed",
            "unchanged",
            "refused",
            "quarantined",
            "import_id",
        )
        return {n: getattr(self, n) for n in names} | {
            "dropped": list(self.dropped),
            "errors": self.errors.to_dict("records"),
        }


@dataclass(frozen=True, slots=True)
class _Ready:
    """A sheet whose cells were read and checked, before the record is asked."""

    path: Path
    digest: str
    sheet: Sheet
    table: Table
    frame: pd.DataFrame
    errors: pd.DataFrame


def import_paths(
    store: Store,
    paths: Sequence[Path],
    *,
    actor: str,
    role: str = "service",
    table: str | None = None,
    progress: Progress | None = None,
    mapping: Mappings | None = None,
    allowed: Collection[str] | None = None,
) -> list[ImportReport]:
    """Import several files, tables that others refer to first, whatever the order of the files.

    Each file is one transaction; files that need each other's rows are one together. BadInput, before anything is stored, when a file
    cannot be used at all, or holds a table that is not ``allowed``. ``mapping`` are an office's own headers. A column a file does not
    have stays as the record has it; people of other regions than the store's are refused row by row.
    """
    if table is not None and table not in exchanged():
        raise BadInput(f"expected a table of {', '.join(exchanged())}, found {table}")
    told = progress or (lambda name, done, total: None)
    sheets: list[tuple[Path, Sheet]] = []
    for k, path in enumerate(paths):
        told("read files", k, len(paths))
        sheets += [(path, sheet) for sheet in read_sheets(path, table, mapping)]
    told("read files", len(paths), len(paths))
    for path, sheet in sheets:
        _require_columns(path, sheet)
        if allowed is not None and sheet.table not in allowed:
            raise BadInput(
                f"{path.name}, sheet {sheet.name}: {sheet.table} may not be brought in by this role; leave the sheet out"
            )
    digests = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
    total, done, ready = float(sum(len(s.frame) for _, s in sheets)), 0.0, []
    for path, sheet in sheets:
        told("import rows", done, total)
        ready.append(_checked(store, path, digests[path], sheet))
        done += len(sheet.frame) / 2
    reports: list[ImportReport] = []
    for group in together(ready, lambda item: item.path, lambda item: item.table.name):
        reports += _kept(store, group, (actor, role), lambda rows, at=done: told("import rows", at + rows / 2, total))  # type: ignore[misc]
        done += sum(len(item.sheet.frame) for item in group) / 2
    told("import rows", total, total)
    return reports


def import_file(
    store: Store,
    path: Path,
    *,
    table: str | None = None,
    actor: str,
    progress: Progress | None = None,
    mapping: Mappings | None = None,
) -> list[ImportReport]:
    """Import one file, one report a sheet; ``table`` says which table it is where headers leave it open."""
    return import_paths(store, [path], actor=actor, table=table, progress=progress, mapping=mapping)


def _require_columns(path: Path, sheet: Sheet) -> None:
    table = TABLES[sheet.table]
    missing = [c.name for c in table.columns if c.required and c.name not in sheet.columns.values()]
    if missing:
        wanted = ", ".join(missing)
        raise BadInput(
            f"{path.name}, sheet {sheet.name}: expected columns {wanted} for {table.name}, found none; add them. Nothing was stored"
        )


def _checked(store: Store, path: Path, digest: str, sheet: Sheet) -> _Ready:
    table = TABLES[sheet.table]
    checked = check(table, decoded(sheet, table))
    refused = [fault(row, "", f"{cells} cells", "no more cells than headers") for row, cells in sheet.misshapen]
    refused += [fault(*f) for f in sheet.faulty]
    told = {(row, header) for row, header, _, _ in sheet.faulty}
    for header, name in sheet.columns.items():
        for row, value in zip(sheet.frame.index, sheet.frame[header], strict=True):
            expected = identifier_fault(name, value) if table.column(name).kind == "id" else None
            if expected is not None and (row, header) not in told:
                refused.append(fault(row, header, value, expected))
    if store.vault is not None:
        refused += identity_faults(sheet)
    own = faults(refused)
    door = as_written(checked.errors, sheet, table)
    known = set(zip(own["row"], own["column"], strict=True))
    door = door[[cell not in known for cell in zip(door["row"], door["column"], strict=True)]]
    errors = pd.concat([own, door], ignore_index=True)
    return _Ready(path, digest, sheet, table, checked.frame[~checked.frame.index.isin(own["row"])], errors)


def _kept(
    store: Store, group: Sequence[_Ready], who: tuple[str, str], told: Callable[[float], None]
) -> list[ImportReport]:
    """Write the sheets of one or several files in one transaction."""
    names = ", ".join(dict.fromkeys(item.path.name for item in group))
    try:
        with store.write() as tx:
            reports, done = [], 0
            for item in group:
                reports.append(_keep(tx, store, item, who))
                done += len(item.sheet.frame)
                told(done)
            return reports
    except IntegrityError as error:
        raise BadInput(
            f"{names}: expected rows the record can hold together, found some it refused ({error.orig}); nothing was stored"
        ) from error


def _completed(tx: Transaction, item: _Ready) -> pd.DataFrame:
    """Return the sheet's rows; of those the record knows, a column the sheet does not have stays as it is: it says nothing."""
    untold = [c.name for c in item.table.columns if c.name not in item.sheet.columns.values()]
    key, frame = list(item.table.key), item.frame
    if not untold or not len(frame):
        return frame
    before = tx.read_among(item.table.name, [*key, *untold], key[0], sorted(set(frame[key[0]])))
    place = pd.MultiIndex.from_frame(before[key]).get_indexer(pd.MultiIndex.from_frame(frame[key]))
    known = frame.index[place >= 0]
    kept = before.iloc[place[place >= 0]].set_index(known)
    out = frame.copy()
    for name in untold:
        out.loc[known, name] = kept[name]
    return out


def _keep(tx: Transaction, store: Store, item: _Ready, who: tuple[str, str]) -> ImportReport:
    good, more = cross_checks(tx, item.table, _completed(tx, item))
    held = 0
    if item.table.name == "positions":
        good = with_wishes(item.sheet, good)
        good, held = quarantined(tx, good)
    counts = tx.upsert(item.table.name, good)
    sealed = 0 if store.vault is None else store.vault.keep(tx, identities(item.sheet, good), item.table.name)
    refused = pd.concat([item.errors, as_written(more, item.sheet, item.table)], ignore_index=True)
    refused = refused.sort_values(["row", "column"], kind="stable", ignore_index=True)
    file = hidden(item.path.name)
    refused.insert(0, "file", file)
    bad = int(refused["row"].nunique())
    import_id = hashlib.sha256(f"{item.digest}|{item.sheet.name}".encode()).hexdigest()[:20]
    entry = tx.journal(
        actor=who[0], role=who[1], action="file.imported", object_type=item.table.name, object_id=import_id,
        after={
            "file": file, "sheet": item.sheet.name, "sha256": item.digest, "table": item.table.name, "read": len(item.sheet.frame),
            "added": counts.added, "changed": counts.changed, "unchanged": counts.unchanged, "refused": bad, "sealed": sealed, "quarantined": held,
        },
    )  # fmt: skip
    tx.refuse(f"{import_id}-{entry}", refused)
    return ImportReport(
        file, item.sheet.name, item.table.name, len(item.sheet.frame), counts.added, counts.changed, counts.unchanged, bad,
        refused, dropped_columns(item.sheet, sealing=store.vault is not None), f"{import_id}-{entry}", held,
    )  # fmt: skip
