"""A version's folder: written once and whole, listed in a signed manifest, read back only when every byte is as listed."""

import hashlib
import json
import os
import platform
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from matching.errors import ModelRefused, NotFound
from models.registry_log import Keys, canonical

MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
LIBRARIES = ("numpy", "pandas", "scipy", "scikit-learn", "lightgbm", "onemonth")
_VERSION = re.compile(r"v\d{4,9}")
_NAME = re.compile(r"[a-z0-9][a-z0-9_.\-]{0,80}\.(json|txt|npy|md)")
LARGEST_FILE = 512 * 1024 * 1024


def is_version(name: str) -> bool:
    """Whether a text is a version's name, such as ``v0001``."""
    return _VERSION.fullmatch(name) is not None


def libraries() -> dict[str, str]:
    """Return the versions of Python and of the libraries a model depends on."""
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def write_version(folder: Path, files: Mapping[str, bytes], manifest: Mapping[str, Any], keys: Keys) -> str:
    """Write a version's folder in one step and return its manifest's hash: it is there whole, or not at all."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    listed = {name: {"sha256": sha256(content), "bytes": len(content)} for name, content in sorted(files.items())}
    content = canonical({**manifest, "files": listed})
    writing = Path(tempfile.mkdtemp(prefix=".writing-", dir=folder.parent))
    try:
        for name, part in {**files, MANIFEST: content, SIGNATURE: keys.sign(content).encode()}.items():
            if name not in (MANIFEST, SIGNATURE) and not _NAME.fullmatch(name):
                raise ModelRefused(
                    f"expected a plain file name, found {name!r}; a model's parts are named by its own code"
                )
            _write(writing / name, part)
        writing.chmod(0o755)
        writing.rename(folder)
        _sync_folder(folder.parent)
    except BaseException:
        shutil.rmtree(writing, ignore_errors=True)
        raise
    return sha256(content)


def read_manifest(folder: Path, expected: str, keys: Keys) -> dict[str, Any]:
    """Return a version's manifest when it is the one the history names and this registry signed."""
    if not folder.is_dir() or folder.is_symlink():
        raise NotFound(f"no version {folder.name} in the registry")
    content = read_plain(folder / MANIFEST)
    if sha256(content) != expected:
        raise ModelRefused(
            f"{folder.name}/{MANIFEST}: expected sha256 {expected[:12]}, found {sha256(content)[:12]}; restore the version from a copy"
        )
    keys.check(content, read_plain(folder / SIGNATURE).decode("ascii", errors="replace"), f"{folder.name}/{MANIFEST}")
    manifest: dict[str, Any] = json.loads(content)
    return manifest


def read_version(folder: Path, manifest: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the bytes of every listed file, each checked; files that are not listed are refused, and none is parsed here."""
    listed: Mapping[str, Any] = manifest["files"]
    there = {p.name for p in folder.iterdir()} - {MANIFEST, SIGNATURE}
    if there != set(listed):
        odd = sorted(there ^ set(listed))
        raise ModelRefused(
            f"{folder.name}: expected exactly the {len(listed)} files of its manifest, found {', '.join(odd[:3])} missing or foreign; restore the version from a copy"
        )
    out = {}
    for name, wanted in listed.items():
        content = read_plain(folder / name)
        if len(content) != wanted["bytes"] or sha256(content) != wanted["sha256"]:
            raise ModelRefused(
                f"{folder.name}/{name}: expected {wanted['bytes']} bytes with sha256 {wanted['sha256'][:12]}, found {len(content)} with {sha256(content)[:12]}; restore the version from a copy"
            )
        out[name] = content
    return out


def read_plain(path: Path) -> bytes:
    """Return a regular file's bytes; links and anything else are refused."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError as error:
        raise ModelRefused(
            f"{path.parent.name}/{path.name}: expected a regular file the registry wrote, found {error.strerror}; restore the version from a copy"
        ) from error
    with os.fdopen(handle, "rb") as file:
        if os.fstat(handle).st_size > LARGEST_FILE:
            raise ModelRefused(
                f"{path.parent.name}/{path.name}: expected at most {LARGEST_FILE} bytes; restore the version from a copy"
            )
        return file.read()


def sha256(content: bytes) -> str:
    """Return the hash in hex."""
    return hashlib.sha256(content).hexdigest()


def marks_of(*folders: Path) -> tuple[tuple[str, int, int, int], ...]:
    """Return what changes whenever a file in the folders does: name, time of the last change, size and number of each; locks left out."""
    found = []
    for path in (p for folder in folders for p in folder.rglob("*") if not p.name.endswith("lock")):
        with suppress(FileNotFoundError):  # put in place under another name meanwhile
            told = path.lstat()
            found.append((str(path), told.st_ctime_ns, told.st_size, told.st_ino))
    return tuple(sorted(found))


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the registry's lock; other processes wait."""
    import fcntl

    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    path.chmod(0o444)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
