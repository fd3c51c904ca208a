"""Log-ins that wait for the identity provider: bound to one browser, good once, for ten minutes."""

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa

from service.clock import APART, seconds
from service.security.sessions import digest
from service.storage.schema import provider_logins
from service.storage.store import Store

SECONDS = 600
"""How long a person has to log in at the provider."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A log-in that was begun: the browser's token, and what the provider is asked with."""

    token: str
    state: str
    nonce: str
    verifier: str
    back: str


class Waiting:
    """The log-ins of a record that wait for an answer."""

    def __init__(self, store: Store, clock: Callable[[], float] = seconds) -> None:
        self._store = store
        self._clock = clock

    def begin(self, back: str) -> Begun:
        """Begin a log-in that leads back to a page of this service."""
        token, state, nonce, verifier = (secrets.token_urlsafe(n) for n in (32, 32, 32, 48))
        begun = Begun(token, state, nonce, verifier, back)
        row = {
            "digest": digest(begun.token), "state": begun.state, "nonce": begun.nonce, "verifier": begun.verifier, "back": back,
            "made_at": self._clock(),
        }  # fmt: skip
        with self._store.write() as tx:
            tx.execute(provider_logins.delete().where(provider_logins.c.made_at < self._clock() - SECONDS))
            tx.execute(provider_logins.insert(), row)
        return begun

    def take(self, token: str, state: str) -> Begun | None:
        """Return the log-in this browser began and end its waiting; None when there is none, it is over, or the state is another's."""
        mine = provider_logins.c.digest == digest(token)
        with self._store.write() as tx:
            row = tx.execute(sa.select(provider_logins).where(mine)).first()
            tx.execute(provider_logins.delete().where(mine))
        if (
            row is None
            or not -APART <= self._clock() - row.made_at <= SECONDS
            or not hmac.compare_digest(row.state, state)
        ):
            return None
        return Begun(token, row.state, row.nonce, row.verifier, row.back)
