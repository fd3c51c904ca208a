"""Lists that leave as files."""

from collections.abc import Iterable, Sequence
from urllib.parse import quote

from fastapi import Response

from service.exchange.table_file import MEDIA_TYPES, table_bytes


def file_answer(form: str, name: str, title: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """Return a list as a file to save, ``name`` without its ending; BadInput for an unknown form."""
    content = table_bytes(form, title, head, rows)
    return Response(content, media_type=MEDIA_TYPES[form], headers=saved_as(f"{name}.{form}"))


def saved_as(name: str) -> dict[str, str]:
    """Return the headers that have a browser save an answer under a name of any script."""
    return {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
