"""The change feed: who and what looks different since a given change, so that an index in memory renews those rows and no others.

Writers queue on both databases, so the numbers rise in the order in which changes become visible.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from service.storage.schema import changes, touched

FOLLOWED: Mapping[str, tuple[str, ...]] = {
    "regions": (),
    "households": ("household_id",),
    "members": ("member_id", "household_id"),
    "assessments": ("member_id",),
    "employers": ("employer_id",),
    "positions": ("position_id",),
    "referrals": ("member_id", "position_id"),
    "placements": ("member_id",),
    "promises": ("household_id", "member_id"),
    "locks": ("member_id", "position_id"),
    "contacts": ("household_id",),
}
"""Tables that are followed, and the columns that say whose rows a change concerns; none means it concerns everybody."""

OWNERS = tuple(dict.fromkeys(column for columns in FOLLOWED.values() for column in columns))
"""Owner columns a change may name."""

MOST = 500
"""Owners named in one transaction; a write that touches more says so, and readers start afresh."""

KEPT = 20_000
"""Entries kept; a reader that fell further behind starts afresh."""

EVERYTHING = "*"


@dataclass(slots=True)
class Touched:
    """What one transaction touched: (column, identifier) of every owner, before and after."""

    owners: set[tuple[str, str]] = field(default_factory=set)
    everything: bool = False

    def follows(self, table: str) -> bool:
        """Whether a change of this table has still to be told apart by owner."""
        return table in FOLLOWED and not self.everything

    def note(self, table: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Note the owners of rows that were or are now in a followed table."""
        columns = FOLLOWED[table]
        for row in rows:
            self.owners.update((c, str(row[c])) for c in columns if row.get(c) is not None)
            self.everything = self.everything or not columns or len(self.owners) > MOST

    def write(self, connection: sa.Connection) -> None:
        """Add the entries to the feed and drop the oldest ones."""
        named = [(EVERYTHING, "")] if self.everything else sorted(self.owners)
        if not named:
            return
        last = count(connection)
        rows = [{"seq": last + 1 + k, "owner": owner, "id": id_} for k, (owner, id_) in enumerate(named)]
        connection.execute(touched.insert(), rows)
        connection.execute(touched.delete().where(touched.c.seq <= last + len(rows) - KEPT))


_COUNT = sa.select(sa.func.coalesce(sa.func.max(touched.c.seq), 0))


def count(connection: sa.Connection) -> int:
    """Return the number of the last change; 0 before the first."""
    return int(connection.execute(_COUNT).scalar_one())


def writes(connection: sa.Connection) -> dict[str, int]:
    """Return how often each table was written: what was not written since a reading need not be read again."""
    return {str(name): int(n) for name, n in connection.execute(sa.select(changes.c.name, changes.c.n))}


def since(connection: sa.Connection, seq: int) -> Mapping[str, Collection[str]] | None:
    """Return owner column → identifiers touched after change ``seq``; None when that cannot be told one by one."""
    rows = connection.execute(sa.select(touched).where(touched.c.seq > seq).order_by(touched.c.seq)).all()
    if rows and (rows[0].seq != seq + 1 or any(r.owner == EVERYTHING for r in rows)):
        return None
    found: dict[str, set[str]] = {column: set() for column in OWNERS}
    for row in rows:
        found[row.owner].add(row.id)
    return found
