"""Keys of other systems: ``om_HEAD_SECRET``; the head finds the row, the secret is kept as a hash."""

import hmac
import secrets
from collections.abc import Callable

import sqlalchemy as sa

from matching.errors import BadInput, NotFound
from service.clock import seconds
from service.security.accounts import Accounts
from service.security.principals import Principal
from service.security.sessions import digest
from service.storage.schema import accounts, api_keys
from service.storage.store import Store

LONGEST_DAYS = 730


class Keys:
    """The keys of a record."""

    def __init__(self, store: Store, clock: Callable[[], float] = seconds) -> None:
        self._store = store
        self._clock = clock
        self._accounts = Accounts(store, clock)

    def make(self, account: str, *, days: int, by: str) -> str:
        """Return a new key of an account, to be shown once; it ends after so many days."""
        if not 1 <= days <= LONGEST_DAYS:
            raise BadInput(f"days: expected 1 to {LONGEST_DAYS}, found {days}")
        self._accounts.get(account)
        head, secret, now = secrets.token_hex(6), secrets.token_urlsafe(32), self._clock()
        row = {
            "key_id": head, "account": account, "digest": digest(secret), "made_at": now, "expires_at": now + days * 86_400,
            "revoked_at": None,
        }  # fmt: skip
        with self._store.write() as tx:
            tx.execute(api_keys.insert(), row)
            tx.journal(
                actor=by, role="service", action="key.made", object_type="accounts", object_id=account,
                after={"key_id": head, "days": days},
            )  # fmt: skip
        return f"om_{head}_{secret}"

    def revoke(self, key_id: str, *, by: str) -> None:
        """End a key now; NotFound without it."""
        with self._store.write() as tx:
            row = tx.execute(sa.select(api_keys).where(api_keys.c.key_id == key_id)).first()
            if row is None:
                raise NotFound(f"no key {key_id[:16]!r}; see `onemonth accounts list`")
            tx.execute(api_keys.update().where(api_keys.c.key_id == key_id).values(revoked_at=self._clock()))
            tx.journal(
                actor=by, role="service", action="key.revoked", object_type="accounts", object_id=row.account,
                after={"key_id": key_id},
            )  # fmt: skip

    def list(self) -> list[dict[str, object]]:
        """Return the keys that still open something: head, account, end."""
        now = self._clock()
        query = sa.select(api_keys).where(api_keys.c.revoked_at.is_(None), api_keys.c.expires_at > now)
        with self._store.reading() as reader:
            rows = reader.execute(query.order_by(api_keys.c.account, api_keys.c.made_at)).all()
        return [{"key_id": r.key_id, "account": r.account, "expires_at": r.expires_at} for r in rows]

    def principal(self, key: str) -> Principal | None:
        """Return whose key this is; None when it is not whole, not known, over or revoked."""
        mark, _, rest = key.partition("_")
        head, _, secret = rest.partition("_")
        query = sa.select(accounts, api_keys.c.digest, api_keys.c.expires_at, api_keys.c.revoked_at).join(
            api_keys, api_keys.c.account == accounts.c.name
        )
        with self._store.reading() as reader:
            row = reader.execute(query.where(api_keys.c.key_id == head[:16])).first()
        good = hmac.compare_digest(digest(secret), "0" * 64 if row is None else row.digest)
        if row is None or not good or mark != "om" or row.disabled or row.revoked_at is not None:
            return None
        return None if row.expires_at <= self._clock() else self._accounts.principal(row)
