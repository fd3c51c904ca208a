"""One list as a file a spreadsheet opens, CSV or workbook; text that a spreadsheet would run is made harmless here and nowhere else."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import BinaryIO

from openpyxl import Workbook

from matching.errors import BadInput
from service.exchange.catalogue import harmless

MEDIA_TYPES: Mapping[str, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
"""Form of a file → its media type."""


def write_table(
    file: BinaryIO, form: str, title: str, head: Sequence[str], rows: Iterable[Sequence[object]], *, encoding: str = "utf-8-sig"
) -> None:  # fmt: skip
    """Write headers and rows in a form of ``MEDIA_TYPES``; ``title`` names the sheet. BadInput for another form."""
    lines = ([harmless(c) if isinstance(c, str) else c for c in line] for line in (head, *rows))
    if form == "csv":
        text = io.TextIOWrapper(file, encoding=encoding, newline="")
        csv.writer(text, lineterminator="\r\n").writerows(lines)
        text.flush()
        text.detach()
    elif form == "xlsx":
        book = Workbook(write_only=True)
        sheet = book.create_sheet(title[:31])
        sheet.freeze_panes = "A2"
        for line in lines:
            sheet.append(line)
        book.save(file)
    else:
        raise BadInput(f"format: expected one of {', '.join(MEDIA_TYPES)}, found {form[:20]!r}")


def table_bytes(form: str, title: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """Return what ``write_table`` writes."""
    out = io.BytesIO()
    write_table(out, form, title, head, rows)
    return out.getvalue()
