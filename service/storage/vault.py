"""The identity vault: name, identity number, phone and address of a member, sealed under a key that is not in the record."""

import hashlib
import hmac
import json
import os
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from matching.errors import NotReady
from matching.tables import TABLES
from service.settings import key_bytes

if TYPE_CHECKING:
    from service.storage.transactions import Transaction

_NONCE = 12
_SIMPLIFIED = str.maketrans("廣東號樓棟單縣區鎮鄉門莊園濱灣龍陽", "广东号楼栋单县区镇乡门庄园滨湾龙阳")
"""Characters of addresses that are written both ways."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a member is and how to reach them; a part that is not known is None. Its text form shows none of it."""

    name: str | None = field(default=None, repr=False)
    identity_number: str | None = field(default=None, repr=False)
    phone: str | None = field(default=None, repr=False)
    address: str | None = field(default=None, repr=False)

    def over(self, earlier: "Identity") -> "Identity":
        """Return this identity with what it does not know taken from an earlier one."""
        parts = asdict(earlier) | {k: v for k, v in asdict(self).items() if v is not None}
        return Identity(**parts)


class Vault:
    """Seals and opens identities with AES-256-GCM; a sealed identity opens only under its own member's number."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)
        self._address_key = hashlib.sha256(b"onemonth address key" + key).digest()
        self.key_id = hashlib.sha256(b"onemonth identity key" + key).hexdigest()[:16]

    @classmethod
    def of(cls, key: str) -> "Vault":
        """Return a vault for a key written in base64; BadInput when it is not 32 bytes."""
        return cls(key_bytes(key))

    def row(self, owner: str, identity: Identity, people: str = "members") -> dict[str, object]:
        """Return the row that keeps the identity of a member (or caseworker): sealed, with the token of the address."""
        nonce = os.urandom(_NONCE)
        text = json.dumps(asdict(identity), ensure_ascii=False).encode()
        sealed = nonce + self._cipher.encrypt(nonce, text, self._bound(owner, people))
        token = None if identity.address is None else self.address_token(identity.address)
        return {TABLES[people].key[0]: owner, "sealed": sealed, "key_id": self.key_id, "address_token": token}

    def address_token(self, address: str) -> str:
        """Return the keyed hash by which addresses are compared: spaces, punctuation, width and the province's name do not count."""
        plain = re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", address).casefold())
        plain = plain.translate(_SIMPLIFIED).removeprefix("广东省")
        return hmac.new(self._address_key, plain.encode(), hashlib.sha256).hexdigest()

    def unseal(self, member_id: str, sealed: bytes, key_id: str, people: str = "members") -> Identity:
        """Return a member's identity; NotReady when it was sealed under another key, altered, or belongs to somebody else."""
        if key_id != self.key_id:
            raise NotReady(
                f"identity of {member_id}: sealed under key {key_id}, expected {self.key_id}; start with the key it was sealed under"
            )
        try:
            text = self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], self._bound(member_id, people))
        except InvalidTag as error:
            raise NotReady(
                f"identity of {member_id}: what is stored was altered or belongs to another member; import it again"
            ) from error
        return Identity(**json.loads(text))

    def keep(self, tx: "Transaction", identities: Mapping[str, Identity], people: str = "members") -> int:
        """Seal identities into the record; returns how many were new or different. A part not given stays as it was."""
        if not identities:
            return 0
        before = tx.sealed(list(identities), people)
        rows = []
        for owner, identity in identities.items():
            earlier = Identity()
            if owner in before:
                earlier = self.unseal(owner, *before[owner], people)
            whole = identity.over(earlier)
            if whole != earlier:
                rows.append(self.row(owner, whole, people))
        tx.keep_sealed(rows, people)
        return len(rows)

    def _bound(self, owner: str, people: str) -> bytes:
        return f"{self.key_id}|{owner if people == 'members' else f'{people}|{owner}'}".encode()
