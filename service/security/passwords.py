"""Passwords: hashed with argon2id, never kept, never printed but once."""

import secrets
from itertools import pairwise

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher

from matching.errors import BadInput

SHORTEST, LONGEST = 12, 128

_HASHER = PasswordHash((Argon2Hasher(),))
_NONE = _HASHER.hash(secrets.token_urlsafe(24))
_LETTERS = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_WORN = (
    "password",
    "onemonth",
    "qwerty",
    "abc123",
    "admin",
    "letmein",
    "welcome",
    "mima",
    "iloveyou",
    "zaq12wsx",
    "1q2w3e",
)


def generated() -> str:
    """Return a new password of 20 letters and digits without look-alikes (116 bits)."""
    return "".join(secrets.choice(_LETTERS) for _ in range(20))


def require_good(password: str, name: str) -> None:
    """Refuse a password that is short, long, the account's name, one letter over and over, a run, or a worn-out word with a little more."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise BadInput(f"password: expected {SHORTEST} to {LONGEST} characters, found {len(password)}")
    plain = password.lower()
    rest = plain.replace(name.lower(), "")
    for word in _WORN:
        rest = rest.replace(word, "")
    if len(rest) < SHORTEST // 2 or len(set(plain)) < 5 or _runs(plain):
        raise BadInput(
            "password: expected one that is hard to guess, found a name, a worn-out word or a run; choose another"
        )


def _runs(text: str) -> bool:
    """Whether nearly all characters follow the one before (12345…, abcde…)."""
    steps = sum(abs(ord(b) - ord(a)) <= 1 for a, b in pairwise(text))
    return steps >= 0.75 * (len(text) - 1)


def hashed(password: str) -> str:
    """Return the hash that is kept."""
    return _HASHER.hash(password)


def fits(password: str, stored: str | None) -> bool:
    """Whether a password belongs to a stored hash; takes the same time where there is none."""
    try:
        found = _HASHER.verify(password, stored or _NONE)
    except UnknownHashError:
        return False
    return found and stored is not None
