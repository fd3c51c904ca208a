"""Whether the machine's clock may be believed: beside the journal's last entry, and beside the database's own clock."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from matching.errors import NotReady
from service.storage import leasing
from service.storage.engine import reading
from service.storage.schema import metadata
from service.storage.store import Store

APART = timedelta(minutes=5)
"""How far two clocks may differ."""

SILENT = timedelta(days=45)
"""How long a record at work may go without an entry."""


def clock_fault(store: Store, now: datetime) -> str | None:
    """Return what speaks against the clock, None when nothing does; ``now`` is the machine's time with its zone."""
    entries = metadata.tables["journal"]
    with reading(store.engine) as connection:
        last = connection.execute(sa.select(entries.c.at).order_by(entries.c.seq.desc()).limit(1)).scalar()
        there = datetime.fromtimestamp(leasing.now(connection), now.tzinfo)
    if store.engine.dialect.name != "sqlite" and abs(there - now) > APART:
        return f"the clock says {now:%Y-%m-%d %H:%M}, the database's {there:%Y-%m-%d %H:%M}"
    if last is None:
        return None
    written = datetime.fromisoformat(last)
    if written > now + APART:
        return f"the clock says {now:%Y-%m-%d %H:%M}, before the journal's last entry at {written:%Y-%m-%d %H:%M}"
    if written < now - SILENT:
        return f"the clock says {now:%Y-%m-%d %H:%M}, {(now - written).days} days after the journal's last entry"
    return None


def require_clock(store: Store, now: datetime) -> None:
    """Refuse to work for a day that the clock alone names while something speaks against it: NotReady says what to do."""
    fault = clock_fault(store, now)
    if fault is not None:
        raise NotReady(f"clock: {fault}; set it right, or say the day is meant with --as-of")
