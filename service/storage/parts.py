"""The parts of nights in the record: what each shard was planned from, its plan, and whether it has been written."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from service.storage.schema import night_parts as table


@dataclass(frozen=True, slots=True)
class PartState:
    """How far one part has come: ``written`` and ``dropped`` proposals are None until it was written."""

    n: int
    name: str
    planned: bool
    written: int | None
    dropped: int | None


class NightParts:
    """Reads and writes parts inside one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def keep(self, run_id: str, parts: Sequence[tuple[str, bytes]]) -> None:
        """Freeze a run's parts, each a name and its bytes; the parts of earlier runs are let go."""
        self._connection.execute(table.delete())
        for n, (name, frozen) in enumerate(parts):
            self._connection.execute(table.insert(), {"run_id": run_id, "n": n, "name": name, "frozen": frozen})

    def states(self, run_id: str) -> list[PartState]:
        """Return how far each part of a run has come, in order."""
        columns = (table.c.n, table.c.name, table.c.plan.is_not(None), table.c.written, table.c.dropped)
        found = self._connection.execute(sa.select(*columns).where(table.c.run_id == run_id).order_by(table.c.n))
        return [PartState(*row) for row in found]

    def frozen(self, run_id: str, n: int) -> bytes:
        """Return the bytes a part is planned from."""
        return bytes(self._connection.execute(sa.select(table.c.frozen).where(*_at(run_id, n))).scalar_one())

    def plan(self, run_id: str, n: int) -> bytes:
        """Return the bytes of a part's plan."""
        return bytes(self._connection.execute(sa.select(table.c.plan).where(*_at(run_id, n))).scalar_one())

    def planned(self, run_id: str, n: int, plan: bytes) -> None:
        """Keep the plan of a part."""
        self._connection.execute(table.update().where(*_at(run_id, n)).values(plan=plan))

    def wrote(self, run_id: str, n: int, written: int, dropped: int) -> None:
        """Note that the proposals of a part were written, in the transaction that writes them."""
        self._connection.execute(table.update().where(*_at(run_id, n)).values(written=written, dropped=dropped))

    def thaw(self, run_id: str) -> None:
        """Let go of what a finished run was planned from; its plans stay until the next run."""
        self._connection.execute(table.update().where(table.c.run_id == run_id).values(frozen=None))


def _at(run_id: str, n: int) -> tuple[sa.ColumnElement[bool], ...]:
    return table.c.run_id == run_id, table.c.n == n
