"""The record as files: one table at a time, of the people the caller sees, without the columns nobody reads by the way."""

import tempfile
from pathlib import Path

from matching.errors import BadInput
from matching.vocabulary import Role
from service.exchange import export_folder
from service.security.matrix import RESTRICTED
from service.storage import EXPORTED
from service.wiring import Office

_POSTS = ("employers", "positions")


def may_take(role: str) -> tuple[str, ...]:
    """Return the tables a role may take home."""
    return _POSTS if role == Role.POST_OFFICER else tuple(EXPORTED)


def table_file(
    office: Office, table: str, form: str, language: str, *, request_id: str | None = None
) -> tuple[str, bytes]:
    """Return the name and bytes of a table as a file; the taking is an entry in the journal. BadInput for a table the role may not take.

    Restricted columns are left out; a file without them that is brought in again leaves them as they are.
    """
    if table not in may_take(office.role):
        raise BadInput(f"table: expected one of {', '.join(may_take(office.role))}, found {table[:40]}")
    frame = office.store.read(table)
    frame = frame[[c for c in frame.columns if f"{table}.{c}" not in RESTRICTED]]
    with tempfile.TemporaryDirectory() as folder:
        [path] = export_folder({table: frame}, Path(folder), fmt=form, language=language)
        content = path.read_bytes()
    with office.store.write() as tx:
        tx.journal(
            actor=office.actor, role=office.role, action="record.exported", object_type=table, object_id=table,
            after={"rows": len(frame), "form": form}, request_id=request_id,
        )  # fmt: skip
    return path.name, content
