"""One hostile file brought to the record by the command an office uses, in a process of its own with little memory and time."""

import csv
import json
import os
import resource
import tempfile
from dataclasses import dataclass
from pathlib import Path

import openpyxl
from typer.testing import CliRunner

import service.use_cases  # noqa: F401  read before the memory is bounded, as all below
from matching.tables import TABLES
from service.cli import app
from service.exchange import export_folder, import_paths  # noqa: F401
from service.settings import Settings
from service.storage.contents import contents
from service.storage.engine import reading
from service.storage.store import Store, as_it_is

MEMORY = 3_000_000_000
"""Bytes of addresses a file may cost beyond what the program itself has."""

SECONDS = 300
"""Seconds of processor time a file may cost."""


@dataclass(frozen=True)
class Brought:
    """What became of a file: the exit code, what was said, whether the record is as it was, its counts, its first row, what would run."""

    code: int
    said: str
    fault: str
    same: bool
    counts: dict
    first: dict
    runs: list
    left: int
    peak: int


def bring(path, table, home, address, before, answer):
    """Send through a pipe what became of a file; ``before`` is what the record held."""
    for name, value in {
        "HOME": str(home),
        "DATABASE_URL": address,
        "VAULT_KEY": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    }.items():
        os.environ[f"ONEMONTH_{name}"] = value
    os.environ["PATH"] = ""
    _bound()
    found = CliRunner().invoke(app, ["import", "--", str(path)])
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY,) * 2)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    fault = "" if found.exception is None or isinstance(found.exception, SystemExit) else repr(found.exception)[:300]
    with as_it_is(Settings()) as engine:
        store = Store(engine)
        with reading(engine) as connection:
            same = contents(connection) == before
        entries = store.read("journal")
        mine = entries[entries["action"] == "file.imported"]["after"]
        first, runs, left = _stored(store, table) if len(mine) and before[table].rows < 10_000 else ({}, [], 0)
    counts = json.loads(mine.iloc[-1]) if len(mine) else {}
    answer.send(Brought(found.exit_code, found.output, fault, same, counts, first, runs, left, peak))


def _bound():
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + MEMORY, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 5))


def _stored(store, table):
    """Return the row ``Z1`` of a table, cells that would run where it is exported, and how many text cells were looked at."""
    frame = store.read(table)
    if len(frame) > 10_000:
        return {}, [], 0
    key = TABLES[table].key[0]
    rows = frame[frame[key] == "Z1"].to_dict("records")
    plain = (
        {n: v.date().isoformat() if hasattr(v, "date") and v == v else v for n, v in rows[0].items()} if rows else {}
    )
    with tempfile.TemporaryDirectory() as folder:
        [text] = export_folder({table: frame}, Path(folder), fmt="csv")
        with text.open(encoding="utf-8-sig", newline="") as file:
            cells = [c for row in csv.reader(file) for c in row if c]
        [book] = export_folder({table: frame}, Path(folder), fmt="xlsx")
        sheet = openpyxl.load_workbook(book).active
        formulas = [str(c.value) for row in sheet.iter_rows() for c in row if c.data_type == "f"]
    running = [c for c in cells if c[0] in "=+-@\t\r＝＋－＠" and not _number(c)]
    return plain, running + formulas, len(cells)


def _number(text):
    try:
        return float(text) is not None
    except ValueError:
        return False
