"""Who holds a lease, and whether it still does: by its process on this machine, by the store's clock elsewhere."""

import os
import time
from pathlib import Path

import sqlalchemy as sa

from service.clock import seconds


def this_process() -> str:
    """Return a name for one holding by this process: machine, process, when it began (ticks since the machine's start), a number."""
    return f"{os.uname().nodename}:{os.getpid()}:{_began(os.getpid()) or 0}:{time.monotonic_ns()}"


def holds(holder: str, until: float, now: float) -> bool:
    """Whether a holder still holds: on this machine while its process lives, elsewhere until its time is over."""
    parts = holder.split(":")
    if len(parts) != 4 or parts[0] != os.uname().nodename:
        return until > now
    return _began(int(parts[1])) == int(parts[2])


def now(connection: sa.Connection) -> float:
    """Return the store's time in seconds since 1970: the database's own where several machines share it."""
    if connection.dialect.name == "postgresql":
        return float(connection.execute(sa.text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one())
    return seconds()


def _began(pid: int) -> int | None:
    """Return when a living process began, 0 where the system does not tell; None when there is no such process.

    A number alone is not enough: it is given again, and in a container it is always the same.
    """
    if not Path("/proc/self/stat").exists():
        return 0 if _is_there(pid) else None
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in ("Z", "X") else int(fields[19])


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
