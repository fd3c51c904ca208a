"""The registry's history: one signed line an event, each holding the hash of the line before. Lines are added, never changed."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from matching.errors import ModelRefused, NotReady

START = "0" * 64
SIGNING, CHECKING = "signing.pem", "checking.pem"


@dataclass(frozen=True, slots=True)
class Keys:
    """The registry's Ed25519 keys: a machine that only serves has the checking key alone."""

    folder: Path

    def make(self) -> None:
        """Write a new pair, the signing key readable by its owner only."""
        self.folder.mkdir(parents=True, exist_ok=True)
        key = Ed25519PrivateKey.generate()
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        handle = os.open(self.folder / SIGNING, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(secret)
        (self.folder / CHECKING).write_bytes(
            key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        )

    @property
    def made(self) -> bool:
        """Whether there is a checking key."""
        return (self.folder / CHECKING).is_file()

    def sign(self, content: bytes) -> str:
        """Return the signature in hex; NotReady on a machine without the signing key."""
        path = self.folder / SIGNING
        if not path.is_file():
            raise NotReady(
                f"expected the signing key {SIGNING} beside {CHECKING}, found none; sign (register, promote, build evidence) where the signing key is kept"
            )
        key = load_pem_private_key(path.read_bytes(), password=None)
        assert isinstance(key, Ed25519PrivateKey)
        return key.sign(content).hex()

    def check(self, content: bytes, signature: str, what: str) -> None:
        """Refuse content this registry did not sign."""
        path = self.folder / CHECKING
        if not path.is_file():
            raise ModelRefused(
                f"expected the registry's key {CHECKING}, found none; restore it, nothing is opened without it"
            )
        key = load_pem_public_key(path.read_bytes())
        assert isinstance(key, Ed25519PublicKey)
        try:
            if bytes.fromhex(signature).hex() != signature:
                raise ValueError("a signature has one spelling")
            key.verify(bytes.fromhex(signature), content)
        except (InvalidSignature, ValueError, TypeError) as error:
            raise ModelRefused(
                f"{what}: expected this registry's signature, found another or none; restore the file from a copy"
            ) from error


def canonical(value: Mapping[str, Any]) -> bytes:
    """Return the one spelling of a JSON object that is hashed and signed."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode("utf-8")


def read_log(path: Path, keys: Keys) -> list[dict[str, Any]]:
    """Return the events in order; ModelRefused when a line was changed, taken out, moved or added by somebody else.

    A last line without its end is a write that was cut off; it never took effect.
    """
    if not path.exists():
        return []
    whole = path.read_bytes()
    whole = whole[: whole.rfind(b"\n") + 1]
    events: list[dict[str, Any]] = []
    before = START
    for number, line in enumerate(whole.splitlines(), 1):
        event = _event(line, number)
        body = {k: v for k, v in event.items() if k not in ("hash", "signature")}
        found = hashlib.sha256(canonical(body)).hexdigest()
        if event.get("before") != before or event.get("n") != number or event.get("hash") != found:
            raise ModelRefused(
                f"history line {number}: expected it to follow {before[:12]} and to hash to {str(event.get('hash'))[:12]}, found {found[:12]}; restore the history from a copy"
            )
        keys.check(found.encode(), str(event.get("signature")), f"history line {number}")
        before = found
        events.append(event)
    return events


def append(path: Path, keys: Keys, events: list[dict[str, Any]], body: Mapping[str, Any]) -> dict[str, Any]:
    """Add one event after those read before, under the caller's lock, and return it; on disk when this returns."""
    event = {**body, "n": len(events) + 1, "before": events[-1]["hash"] if events else START}
    event["hash"] = hashlib.sha256(canonical(event)).hexdigest()
    event["signature"] = keys.sign(event["hash"].encode())
    _cut_off_half_line(path)
    with path.open("ab") as file:
        file.write(canonical(event) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    return event


def _event(line: bytes, number: int) -> dict[str, Any]:
    try:
        event = json.loads(line.decode("utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ModelRefused(
            f"history line {number}: expected JSON, found {error}; restore the history from a copy"
        ) from error
    if not isinstance(event, dict):
        raise ModelRefused(
            f"history line {number}: expected an object, found {type(event).__name__}; restore the history from a copy"
        )
    return event


def _cut_off_half_line(path: Path) -> None:
    if not path.exists():
        return
    whole = path.read_bytes()
    kept = whole.rfind(b"\n") + 1
    if kept < len(whole):
        os.truncate(path, kept)
