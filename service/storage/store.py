"""The record: consistent reads, writes that are kept whole or not at all, a journal entry beside every change."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import pandas as pd
import sqlalchemy as sa

from matching.errors import Conflict, NotFound, NotReady
from matching.tables import TABLES
from service.settings import Settings
from service.storage import journal, leasing
from service.storage.engine import PATIENCE, make_engine, reading, writing
from service.storage.migrate import migrate
from service.storage.schema import VAULTS, changes, leases
from service.storage.transactions import Reader, Transaction
from service.storage.vault import Identity, Vault

EXPORTED = tuple(n for n in TABLES if n not in ("journal", "runs", "suggestions"))
"""Tables an office exports."""

TRAINING_TABLES = (
    "regions",
    "households",
    "members",
    "assessments",
    "employers",
    "positions",
    "referrals",
    "placements",
    "promises",
)
"""Tables training reads."""


Write = Callable[[], AbstractContextManager[Transaction]]
"""Opens a transaction."""


class Store:
    """The record of one office or of a province; ``regions`` are the heads of region codes whose people its reads show (empty: all)."""

    def __init__(self, engine: sa.Engine, vault: Vault | None = None, regions: Sequence[str] = ()) -> None:
        self.engine = engine
        self.vault = vault
        self.regions = tuple(regions)

    def limited_to(self, regions: Sequence[str]) -> "Store":
        """Return the same record as a caller of these regions sees it."""
        return Store(self.engine, self.vault, regions)

    @classmethod
    def open(cls, settings: Settings) -> "Store":
        """Open the record; migrations that are due run first, one process at a time."""
        vault = None if settings.vault_key is None else Vault.of(settings.vault_key.get_secret_value())
        engine = engine_of(settings)
        try:
            migrate(engine)
            with reading(engine) as connection:
                journal.require_open(connection)
        except BaseException:
            engine.dispose()
            raise
        return cls(engine, vault)

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()

    def __enter__(self) -> "Store":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def read(self, table: str, columns: Sequence[str] | None = None, **where: Any) -> pd.DataFrame:
        """Return rows as a canonical frame, of people in this store's regions only; see ``Reader.read``."""
        with self.reading() as reader:
            return reader.seen(table, columns, **where)

    @contextmanager
    def reading(self) -> Iterator[Reader]:
        """Open a transaction that sees one consistent state."""
        with reading(self.engine) as connection:
            yield Reader(connection, self.regions)

    def snapshot(self, names: Sequence[str]) -> dict[str, pd.DataFrame]:
        """Return tables, of people in this store's regions only, as they stood at one instant."""
        with self.reading() as reader:
            return {name: reader.seen(name) for name in names}

    @contextmanager
    def write(self, patience: float = PATIENCE) -> Iterator[Transaction]:
        """Open a transaction; it is kept when the block ends well and undone when it raises. ``patience``: see ``writing``."""
        with writing(self.engine, patience) as connection:
            transaction = Transaction(connection, self.regions)
            yield transaction
            transaction.finish()

    def identity(
        self, member_id: str, *, actor: str, role: str, reason: str, request_id: str | None = None
    ) -> Identity | None:
        """Return who a member is, None when nothing is sealed; every reading is an entry in the journal. NotReady without a key."""
        if self.vault is None:
            raise NotReady(
                "identities: expected a key in ONEMONTH_VAULT_KEY, found none; start with the key they were sealed under"
            )
        with self.write() as tx:
            if tx.seen("members", ["member_id"], member_id=member_id).empty:
                raise NotFound(f"no member {member_id!r} in the record; check the identifier")
            found = tx.sealed([member_id])
            identity = self.vault.unseal(member_id, *found[member_id]) if found else None
            tx.journal(
                actor=actor, role=role, action="identity.read", object_type="identities", object_id=member_id, reason=reason,
                request_id=request_id,
            )  # fmt: skip
            return identity

    def reseal(self, new: Vault, *, actor: str) -> int:
        """Seal every identity under a new key, in one transaction; returns how many. What is under the new key already is left alone."""
        if self.vault is None:
            raise NotReady("identities: expected the key they are sealed under in ONEMONTH_VAULT_KEY, found none")
        with self.write() as tx:
            count = 0
            for people, kept in VAULTS.items():
                key, rows = TABLES[people].key[0], []
                for row in tx.execute(sa.select(kept).where(kept.c.key_id != new.key_id)).mappings().all():
                    identity = self.vault.unseal(row[key], bytes(row["sealed"]), row["key_id"], people)
                    rows.append(new.row(row[key], identity, people))
                tx.keep_sealed(rows, people)
                count += len(rows)
            tx.journal(
                actor=actor, role="service", action="vault.resealed", object_type="identities", object_id=new.key_id,
                before={"key_id": self.vault.key_id}, after={"identities": count},
            )  # fmt: skip
            return count

    def version(self, names: Sequence[str] | None = None) -> int:
        """Return a number that grows with every committed write to these tables (default all)."""
        query = sa.select(sa.func.coalesce(sa.func.sum(changes.c.n), 0))
        if names is not None:
            query = query.where(changes.c.name.in_(list(names)))
        with reading(self.engine) as connection:
            return int(connection.execute(query).scalar_one())

    def journal_break(self) -> journal.Broken | None:
        """Walk the journal's chain; None when every entry holds."""
        with reading(self.engine) as connection:
            return journal.first_break(connection)

    @contextmanager
    def lease(self, name: str, *, minutes: float) -> Iterator[Write]:
        """Hold what no two may run at once; Conflict when somebody else does.

        On this machine a holder holds while its process lives, whatever the clock says; one elsewhere holds until its time is over by the
        store's clock. Yields a function that opens a transaction as ``write`` does, with a third of the lease's time for its turn to come, and
        holds the lease for as many minutes again in it; it raises Conflict when the lease has gone to another, so that a run that was
        overtaken writes nothing more.
        """
        me, patience = leasing.this_process(), max(PATIENCE, minutes * 20)
        with writing(self.engine) as connection:
            held = connection.execute(sa.select(leases).where(leases.c.name == name)).first()
            if held is not None and leasing.holds(held.holder, held.until, leasing.now(connection)):
                raise Conflict(f"{name} is already running as {held.holder}; wait for it to end")
            until = leasing.now(connection) + minutes * 60
            connection.execute(leases.delete().where(leases.c.name == name))
            connection.execute(leases.insert(), {"name": name, "holder": me, "until": until})

        @contextmanager
        def _write() -> Iterator[Transaction]:
            with self.write(patience) as tx:
                mine = leases.update().where(leases.c.name == name, leases.c.holder == me)
                if not tx.execute(mine.values(until=leasing.now(tx._connection) + minutes * 60)).rowcount:
                    raise Conflict(f"{name}: another run has taken over; this one stops")
                yield tx

        try:
            yield _write
        finally:
            with writing(self.engine, patience) as connection:
                connection.execute(leases.delete().where(leases.c.name == name, leases.c.holder == me))


@contextmanager
def as_it_is(settings: Settings) -> Iterator[sa.Engine]:
    """Open the record these settings name as it stands: nothing is migrated."""
    engine = engine_of(settings)
    try:
        yield engine
    finally:
        engine.dispose()


def engine_of(settings: Settings) -> sa.Engine:
    """Return an engine for the record these settings name, as it stands; nothing is migrated."""
    if settings.database_url is not None:
        return make_engine(settings.database_url)
    home = Path(settings.home)
    home.mkdir(parents=True, exist_ok=True)
    return make_engine(sa.URL.create("sqlite", database=str(home.absolute() / "onemonth.db")))
