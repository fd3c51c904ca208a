"""Brings a record to the present schema, one process at a time."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from matching.errors import NotReady
from service.storage.engine import MIGRATION

_SCRIPTS = Path(__file__).parent / "migrations"


def alembic_config(connection: sa.Connection) -> Config:
    """Return a configuration that migrates over an open connection."""
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.attributes["connection"] = connection
    return config


def migrate(engine: sa.Engine, revision: str = "head") -> None:
    """Run the migrations that are due; a second process waits for the first."""
    with _alone(engine), engine.connect() as connection:
        require_known(connection)
        now, known = revisions(connection)
        if now != (known[-1] if revision == "head" else revision):
            command.upgrade(alembic_config(connection), revision)
            connection.commit()


def downgrade(engine: sa.Engine, revision: str) -> None:
    """Take migrations back."""
    with _alone(engine), engine.connect() as connection:
        command.downgrade(alembic_config(connection), revision)
        connection.commit()


def revisions(connection: sa.Connection) -> tuple[str | None, list[str]]:
    """Return the revision a record is of (None before the first) and every revision this version knows, the oldest first."""
    return MigrationContext.configure(connection).get_current_revision(), list(_known())


@cache
def _known() -> tuple[str, ...]:
    script = ScriptDirectory(str(_SCRIPTS))
    return tuple(step.revision for step in script.walk_revisions())[::-1]


def require_known(connection: sa.Connection) -> None:
    """Refuse a record that a later version has already brought forward: NotReady says what to do."""
    now, known = revisions(connection)
    if now is not None and now not in known:
        raise NotReady(
            f"record: expected revision {known[-1]} or earlier, found {now} of a later version; start that version, or take the record back "
            f"with it: `onemonth migrate --to {known[-1]}`"
        )


@contextmanager
def _alone(engine: sa.Engine) -> Iterator[None]:
    if engine.dialect.name == "postgresql":
        with engine.connect() as connection:
            connection.execute(sa.text("SELECT pg_advisory_lock(:k)"), {"k": MIGRATION})
            try:
                yield
            finally:
                connection.execute(sa.text("SELECT pg_advisory_unlock(:k)"), {"k": MIGRATION})
        return
    path = Path(str(engine.url.database) + ".migrating")
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
