"""Which parts of a workbook are its sheets, and from which day it counts."""

import zipfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

from matching.errors import BadInput
from service.exchange.serials import FIRST_DAY, FIRST_DAY_1904

_BOOK, _LINKS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
_MAX_LIST = 16_000_000
"""Most bytes of a list of sheets or links."""


@dataclass(frozen=True, slots=True)
class SheetParts:
    """Sheet → the part it is in, lower case, and the first day of the workbook's calendar."""

    parts: dict[str, str]
    first_day: date


def sheet_parts(path: Path, archive: zipfile.ZipFile) -> SheetParts:
    """Read the list of sheets; BadInput when it has definitions of its own or is too long, other errors when it is damaged."""
    book, links = _tags(path, archive, _BOOK), _tags(path, archive, _LINKS)
    targets = {a.get("Id", ""): a.get("Target", "") for tag, a in links if tag == "Relationship"}
    parts = {a.get("name", ""): _part(targets.get(_link(a), "")) for tag, a in book if tag == "sheet"}
    old = any(a.get("date1904", "").lower() in ("1", "true", "on") for tag, a in book if tag == "workbookPr")
    return SheetParts(parts, FIRST_DAY_1904 if old else FIRST_DAY)


def require_plain(path: Path, text: bytes) -> None:
    """Refuse definitions, which could stand for more than is there or point elsewhere."""
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise BadInput(
            f"{path.name}: the workbook has definitions of its own (DOCTYPE), which no spreadsheet writes; save it again"
        )


def _tags(path: Path, archive: zipfile.ZipFile, name: str) -> list[tuple[str, dict[str, str]]]:
    found = next((i for i in archive.infolist() if i.filename.lower() == name.lower()), None)
    if found is None:
        return []
    with archive.open(found) as file:
        text = file.read(_MAX_LIST + 1)
    require_plain(path, text)
    if len(text) > _MAX_LIST:
        raise BadInput(f"{path.name}: the workbook is damaged and cannot be read; save it again")
    utf8 = ElementTree.XMLParser(encoding="utf-8")  # in another encoding definitions would not have been seen above
    tree = ElementTree.fromstring(text, utf8)  # nosec B314: parts with definitions are refused above
    return [(e.tag.rpartition("}")[2], dict(e.attrib)) for e in tree.iter()]


def _link(attributes: dict[str, str]) -> str:
    return next((v for k, v in attributes.items() if k.endswith("}id")), "")


def _part(target: str) -> str:
    plain = target.replace("\\", "/").removeprefix("/").lower()
    return plain if plain.startswith("xl/") else f"xl/{plain}"
