"""Accounts: made, disabled, reset and asked for their password; every one of these is an entry in the journal."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa

from matching.errors import BadInput, Conflict, NotFound
from matching.vocabulary import Role
from service.clock import APART, seconds
from service.security import passwords, regions
from service.security.principals import NOBODY, OFFICE, Principal
from service.security.refusals import TooMany, Unknown
from service.storage.schema import accounts, api_keys, failures, sessions
from service.storage.store import Store
from service.storage.transactions import Transaction

FREE_TRIES = 5
"""Wrong passwords in a row before the name is shut for a while."""

FIRST_WAIT, LONGEST_WAIT = 30.0, 3600.0
"""Seconds a name is shut at first, doubled at each further failure, up to the longest."""

LONGEST_SUBJECT = 255
"""Characters of an issuer and its subject."""

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,62}")
_KEPT = 86_400.0


@dataclass(frozen=True, slots=True)
class Account:
    """An account as it is shown: no password, no hash. ``regions`` are heads of codes; empty for every region."""

    name: str
    role: str
    regions: tuple[str, ...]
    disabled: bool
    has_password: bool


class Accounts:
    """The accounts of a record."""

    def __init__(self, store: Store, clock: Callable[[], float] = seconds) -> None:
        self._store = store
        self._clock = clock
        self._seen_one = False

    def any(self) -> bool:
        """Whether there is an account at all; once there was one there always is, for accounts are disabled, never deleted."""
        if not self._seen_one:
            with self._store.reading() as reader:
                self._seen_one = (
                    reader.execute(sa.select(sa.literal(1)).select_from(accounts).limit(1)).first() is not None
                )
        return self._seen_one

    def add(
        self, name: str, role: str, codes: tuple[str, ...] | None, *, by: str, password: str | None = None
    ) -> Account:  # fmt: skip
        """Make an account; ``codes`` are region codes, None for every region. BadInput or Conflict when it cannot be made."""
        if not _NAME.fullmatch(name) or name in (OFFICE.actor, NOBODY.actor):
            raise BadInput(f"name: expected 2 to 63 of a-z 0-9 . _ - and none that is reserved, found {name[:64]!r}")
        if role not in list(Role):
            raise BadInput(f"role: expected one of {', '.join(Role)}, found {role[:32]!r}")
        if codes == ():
            raise BadInput("region: expected at least one region code, or every region said so; found none")
        scope = regions.written(regions.heads_of(codes) if codes is not None else ())
        if password is not None:
            passwords.require_good(password, name)
        row = {
            "name": name, "role": role, "regions": scope, "password": None if password is None else passwords.hashed(password),
            "subject": None, "disabled": False, "made_at": self._clock(), "made_by": by,
        }  # fmt: skip
        with self._store.write() as tx:
            if tx.execute(sa.select(accounts.c.name).where(accounts.c.name == name)).first() is not None:
                raise Conflict(f"account {name} exists; reset or disable it, names are not used twice")
            tx.execute(accounts.insert(), row)
            _journal(tx, by, "account.added", name, {"role": role, "regions": scope})
        return self.get(name)

    def get(self, name: str) -> Account:
        """Return an account; NotFound without it."""
        found = [a for a in self.list() if a.name == name]
        if not found:
            raise NotFound(f"no account {name[:64]!r}; see `onemonth accounts list`")
        return found[0]

    def list(self) -> list[Account]:
        """Return all accounts by name."""
        with self._store.reading() as reader:
            rows = reader.execute(sa.select(accounts).order_by(accounts.c.name)).all()
        return [Account(r.name, r.role, regions.read(r.regions), r.disabled, r.password is not None) for r in rows]

    def disable(self, name: str, *, by: str) -> None:
        """Shut an account: its sessions end and its keys are revoked in the same transaction."""
        self.get(name)
        with self._store.write() as tx:
            tx.execute(accounts.update().where(accounts.c.name == name).values(disabled=True))
            self._end(tx, name)
            revoked = api_keys.update().where(api_keys.c.account == name, api_keys.c.revoked_at.is_(None))
            tx.execute(revoked.values(revoked_at=self._clock()))
            _journal(tx, by, "account.disabled", name, {"disabled": True})

    def reset(self, name: str, password: str, *, by: str) -> None:
        """Give an account a new password, open it, and end its sessions."""
        self.get(name)
        passwords.require_good(password, name)
        with self._store.write() as tx:
            new = {"password": passwords.hashed(password), "disabled": False}
            tx.execute(accounts.update().where(accounts.c.name == name).values(new))
            tx.execute(failures.delete().where(failures.c.name == _tried(name)))
            self._end(tx, name)
            _journal(tx, by, "account.reset", name, {"disabled": False})

    def change(self, name: str, old: str, new: str) -> None:
        """Give a caller a password of their own choice; the old one has to fit, and every session of the account ends."""
        self.authenticate(name, old)
        if old == new:
            raise BadInput("password: expected a new one, found the old one")
        self.reset(name, new, by=name)

    def link(self, name: str, subject: str, *, by: str) -> None:
        """Let who proves a subject (issuer, space, subject) at the identity provider log in as this account; Conflict when another has it."""
        self.get(name)
        if not re.fullmatch(r"\S+ \S(.{0,200}\S)?", subject) or len(subject) > LONGEST_SUBJECT:
            raise BadInput(
                f"subject: expected issuer and subject of at most {LONGEST_SUBJECT} characters, found something else"
            )
        with self._store.write() as tx:
            held = tx.execute(sa.select(accounts.c.name).where(accounts.c.subject == subject)).scalar()
            if held not in (None, name):
                raise Conflict(f"account {held} is linked to this subject; a subject has one account")
            tx.execute(accounts.update().where(accounts.c.name == name).values(subject=subject))
            _journal(tx, by, "account.linked", name, {"linked": True})

    def of_subject(self, subject: str) -> str:
        """Return the account a subject is linked to; Unknown, with an entry in the journal, when there is none or it is disabled."""
        with self._store.reading() as reader:
            row = reader.execute(sa.select(accounts).where(accounts.c.subject == subject)).first()
        if row is None or row.disabled:
            told = "unknown" if row is None else str(row.name)
            with self._store.write() as tx:
                _journal(tx, told, "login.refused", told, {"by": "provider"})
            raise Unknown("log-in: no account is linked to this identity; ask the administrator")
        return str(row.name)

    def _end(self, tx: Transaction, name: str) -> None:
        tx.execute(sessions.delete().where(sessions.c.account == name))

    def authenticate(self, name: str, password: str) -> str:
        """Return the account's name when the password fits; Unknown, after the same work, when anything does not.

        After ``FREE_TRIES`` failures in a row the name is shut for a growing while (TooMany), whether there is such an account or not.
        """
        name = name.strip().lower()[:64]
        with self._store.reading() as reader:
            tried = reader.execute(sa.select(failures).where(failures.c.name == _tried(name))).first()
            row = reader.execute(sa.select(accounts).where(accounts.c.name == name)).first()
        now = self._clock()
        # a failure that is still to come was noted by a clock that was set back since
        if tried is not None and tried.until > now >= tried.last_at - APART:
            raise TooMany("log-in: too many failures for this name; wait, then try again", int(tried.until - now) + 1)
        good = passwords.fits(password[: passwords.LONGEST + 1], None if row is None else row.password)
        if not good or row is None or row.disabled:
            self._failed(name)
            raise Unknown("log-in: the name or the password does not fit; try again")
        with self._store.write() as tx:
            tx.execute(failures.delete().where(failures.c.name == _tried(name)))
        return str(row.name)

    def _failed(self, name: str) -> None:
        now = self._clock()
        with self._store.write() as tx:
            tx.execute(failures.delete().where(failures.c.last_at < now - _KEPT))
            before = tx.execute(sa.select(failures.c.n).where(failures.c.name == _tried(name))).scalar() or 0
            n = int(before) + 1
            wait = 0.0 if n < FREE_TRIES else min(FIRST_WAIT * 2.0 ** min(n - FREE_TRIES, 20), LONGEST_WAIT)
            tx.execute(failures.delete().where(failures.c.name == _tried(name)))
            tx.execute(failures.insert(), {"name": _tried(name), "n": n, "until": now + wait, "last_at": now})
            known = tx.execute(sa.select(accounts.c.name).where(accounts.c.name == name)).first() is not None
            told = name if known else "unknown"  # a password typed in the name's place is not written down
            _journal(tx, told, "login.refused", told, {"failures": n, "shut_seconds": wait})

    def principal(self, row: sa.Row[tuple[object, ...]], session: str | None = None) -> Principal:
        """Return the caller of an accounts row as it stands now."""
        return Principal(str(row.name), str(row.role), regions.read(row.regions), session)


def _tried(name: str) -> str:
    """Return what is kept of a name that was tried: people type numbers and passwords into the wrong field."""
    return hashlib.sha256(f"tried {name}".encode()).hexdigest()


def _journal(tx: Transaction, actor: str, action: str, name: str, after: dict[str, object]) -> None:
    tx.journal(actor=actor, role="service", action=action, object_type="accounts", object_id=name, after=after)
