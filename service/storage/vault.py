"""The identity vault: name, identity number and phone of a member, sealed under a key that is not in the record."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from matching.errors import NotReady
from service.settings import key_bytes

if TYPE_CHECKING:
    from service.storage.store import Transaction

_NONCE = 12


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a member is and how to reach them; a part that is not known is None. Its text form shows none of it."""

    name: str | None = field(default=None, repr=False)
    identity_number: str | None = field(default=None, repr=False)
    phone: str | None = field(default=None, repr=False)

    def over(self, earlier: "Identity") -> "Identity":
        """Return this identity with what it does not know taken from an earlier one."""
        parts = asdict(earlier) | {k: v for k, v in asdict(self).items() if v is not None}
        return Identity(**parts)


class Vault:
    """Seals and opens identities with AES-256-GCM; a sealed identity opens only under its own member's number."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)
        self.key_id = hashlib.sha256(b"onemonth identity key" + key).hexdigest()[:16]

    @classmethod
    def of(cls, key: str) -> "Vault":
        """Return a vault for a key written in base64; BadInput when it is not 32 bytes."""
        return cls(key_bytes(key))

    def seal(self, member_id: str, identity: Identity) -> bytes:
        """Return the sealed form of a member's identity."""
        nonce = os.urandom(_NONCE)
        text = json.dumps(asdict(identity), ensure_ascii=False).encode()
        return nonce + self._cipher.encrypt(nonce, text, self._bound(member_id))

    def unseal(self, member_id: str, sealed: bytes, key_id: str) -> Identity:
        """Return a member's identity; NotReady when it was sealed under another key, altered, or belongs to somebody else."""
        if key_id != self.key_id:
            raise NotReady(
                f"identity of {member_id}: sealed under key {key_id}, expected {self.key_id}; start with the key it was sealed under"
            )
        try:
            text = self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], self._bound(member_id))
        except InvalidTag as error:
            raise NotReady(
                f"identity of {member_id}: what is stored was altered or belongs to another member; import it again"
            ) from error
        return Identity(**json.loads(text))

    def keep(self, tx: "Transaction", identities: Mapping[str, Identity]) -> int:
        """Seal identities into the record; returns how many were new or different. A part not given stays as it was."""
        before = tx.sealed(list(identities))
        rows = []
        for member_id, identity in identities.items():
            earlier = Identity()
            if member_id in before:
                earlier = self.unseal(member_id, *before[member_id])
            whole = identity.over(earlier)
            if whole != earlier:
                rows.append({"member_id": member_id, "sealed": self.seal(member_id, whole), "key_id": self.key_id})
        tx.keep_sealed(rows)
        return len(rows)

    def _bound(self, member_id: str) -> bytes:
        return f"{self.key_id}|{member_id}".encode()
