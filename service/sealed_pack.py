"""A sealed pack: files in one archive with a manifest of their hashes, signed; any changed byte of the archive is found.

The archive has one spelling: the same files and manifest give the same bytes, so that what the manifest does not list (the archive's own
headers) cannot be changed unseen either.
"""

import io
import json
import lzma
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from matching.errors import ModelRefused
from models.registry_log import Keys, canonical

MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
FORMAT = "onemonth evidence 1"
_SIGNED = b"onemonth evidence pack\n"
UNREADABLE = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, NotImplementedError, RuntimeError, OSError, ValueError, EOFError, LookupError,
    OverflowError,
)  # fmt: skip
"""What reading an archive with changed bytes may raise."""

_EPOCH = (1980, 1, 1, 0, 0, 0)
_UNIX, _MODE = 3, 0o100644 << 16


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check of a pack found: its manifest as far as it could be read, and every fault; none means that no byte was changed."""

    manifest: Mapping[str, Any]
    faults: tuple[str, ...]


def seal(files: Mapping[str, bytes], facts: Mapping[str, Any], keys: Keys) -> bytes:
    """Return the pack of some files; ``facts`` are said in the manifest. NotReady on a machine without the signing key."""
    listed = {name: {"sha256": sha256(content).hexdigest(), "bytes": len(content)} for name, content in files.items()}
    manifest = canonical({**facts, "format": FORMAT, "files": listed})
    signature = keys.sign(_SIGNED + manifest).encode()
    return _archive({**files, MANIFEST: manifest, SIGNATURE: signature})


def check_pack(content: bytes, keys: Keys) -> Checked:
    """Return what is wrong with a pack, nothing when every byte is as it was sealed by the holder of these keys."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
    except UNREADABLE as error:
        return Checked({}, (f"expected an archive, found {type(error).__name__}: {error}",))
    manifest = _manifest(files.get(MANIFEST, b""))
    if manifest is None:
        return Checked({}, (f"{MANIFEST}: expected a manifest of {FORMAT}, found none",))
    faults = _against(manifest["files"], {k: v for k, v in files.items() if k not in (MANIFEST, SIGNATURE)})
    try:
        keys.check(_SIGNED + files[MANIFEST], files.get(SIGNATURE, b"").decode("ascii", "replace"), MANIFEST)
    except ModelRefused:
        faults.append(f"{MANIFEST}: expected the signature of this office's key, found another or none")
    if not faults and _archive(files) != content:
        faults.append("expected the archive as it was written, found bytes changed around its files")
    return Checked(manifest, tuple(faults))


def _manifest(content: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(content)
    except ValueError:
        return None
    if not isinstance(found, dict) or found.get("format") != FORMAT or not isinstance(found.get("files"), dict):
        return None
    return found if all(isinstance(listed, dict) for listed in found["files"].values()) else None


def _against(listed: Mapping[str, Any], files: Mapping[str, bytes]) -> list[str]:
    faults = [f"{name}: expected in the pack, found none" for name in sorted(set(listed) - set(files))]
    faults += [f"{name}: expected nothing, found a file the manifest does not list" for name in sorted(set(files) - set(listed))]  # fmt: skip
    for name in sorted(set(files) & set(listed)):
        found, wanted = sha256(files[name]).hexdigest(), str(listed[name].get("sha256"))
        if found != wanted:
            faults.append(f"{name}: expected sha256 {wanted[:12]}, found {found[:12]}")
    return faults


def _archive(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, _EPOCH)
            info.create_system, info.external_attr = _UNIX, _MODE
            archive.writestr(info, files[name])
    return out.getvalue()
