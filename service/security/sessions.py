"""Log-ins that are open: a random token in the browser, its hash in the record, so that a row deleted ends it at once."""

import hashlib
import secrets
from collections.abc import Callable

import sqlalchemy as sa

from service.clock import APART, seconds
from service.security.accounts import Accounts
from service.security.principals import Principal
from service.storage.schema import accounts, sessions
from service.storage.store import Store

COOKIE = "onemonth_session"

_TOUCH = 60.0


def digest(token: str) -> str:
    """Return what is kept of a token; the token has 256 bits of chance, so a plain hash tells nothing."""
    return hashlib.sha256(token.encode()).hexdigest()


class Sessions:
    """The open log-ins of a record; idle and absolute ends in seconds.

    One that was opened later than the clock says now is over: how long it has been open cannot be told after the clock was set back.
    """

    def __init__(self, store: Store, idle: float, longest: float, clock: Callable[[], float] = seconds) -> None:
        self._store = store
        self._idle = idle
        self._longest = longest
        self._clock = clock
        self._accounts = Accounts(store, clock)

    def open(self, account: str, old: str | None = None) -> str:
        """Return the token of a new session; an old one of the same browser ends, so that no token lives through a log-in."""
        token, now = secrets.token_urlsafe(32), self._clock()
        with self._store.write() as tx:
            over = sa.or_(sessions.c.made_at < now - self._longest, sessions.c.seen_at < now - self._idle)
            tx.execute(sessions.delete().where(sa.or_(over, sessions.c.digest == digest(old or ""))))
            tx.execute(sessions.insert(), {"digest": digest(token), "account": account, "made_at": now, "seen_at": now})
            role = tx.execute(sa.select(accounts.c.role).where(accounts.c.name == account)).scalar_one()
            tx.journal(actor=account, role=role, action="login", object_type="accounts", object_id=account)
        return token

    def principal(self, token: str) -> Principal | None:
        """Return whose session this is, with role and regions as they are now; None when it is over or never was."""
        now, key = self._clock(), digest(token)
        query = sa.select(accounts, sessions.c.made_at.label("opened"), sessions.c.seen_at).join(
            sessions, sessions.c.account == accounts.c.name
        )
        with self._store.reading() as reader:
            row = reader.execute(query.where(sessions.c.digest == key)).first()
        if row is None or row.disabled or not now - self._longest <= row.opened <= now + APART:
            return None
        if row.seen_at < now - self._idle:
            return None
        if abs(row.seen_at - now) > _TOUCH:
            with self._store.write() as tx:
                tx.execute(sessions.update().where(sessions.c.digest == key).values(seen_at=now))
        return self._accounts.principal(row, key)

    def close(self, caller: Principal) -> None:
        """End the session a caller came with."""
        if caller.session is None:
            return
        with self._store.write() as tx:
            tx.execute(sessions.delete().where(sessions.c.digest == caller.session))
            tx.journal(
                actor=caller.actor, role=caller.role, action="logout", object_type="accounts", object_id=caller.actor
            )
