"""Files no office means to send, by kind: each is written anew, the same to the byte, and says what has to become of it."""

import importlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

MODULES = ("texts", "cells", "workbooks", "archives", "columns", "names")
"""Modules of this package that hold kinds."""


@dataclass(frozen=True)
class Hostile:
    """One file: ``told`` is what its refusal says (a pattern); without it the file is read, and the counts say how many rows went in
    and were refused, ``first`` what the record then has of the row ``Z1``. ``large`` ones are left out of the short form."""

    name: str
    file: str
    write: Callable[[Path], object]
    told: str | None = None
    added: int = 1
    refused: int = 0
    table: str = "employers"
    first: Mapping[str, object] = field(default_factory=dict)
    large: bool = False


KINDS: dict[str, Callable[[], Iterator[Hostile]]] = {}
"""Kind → the files of it."""


def kind(function):
    """Put a kind on the list."""
    KINDS[function.__name__] = function
    return function


def corpus() -> dict[str, Hostile]:
    """Return kind and name → file, in order."""
    for module in MODULES:
        importlib.import_module(f"tests.trust.hostile.{module}")
    found = {}
    for name, files in KINDS.items():
        for hostile in files():
            key = f"{name}: {hostile.name}"
            assert key not in found, key
            found[key] = hostile
    return found
