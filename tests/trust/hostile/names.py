"""Files that are not what their names say, and names that are hostile themselves."""

from tests.trust.hostile import Hostile, kind
from tests.trust.hostile.archives import packed
from tests.trust.hostile.texts import GOOD, text

WHAT = "check what the file is"
OLD = "protected or in the old .xls form"
COMPOUND = bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 504


@kind
def wrong_names():
    """A form under another form's name."""
    yield text("text named .xlsx", GOOD, WHAT, file="单位.xlsx")
    yield text("text named .parquet", GOOD, WHAT, file="单位.parquet")
    yield text("text without a form", GOOD, WHAT, file="单位")
    yield text("text named .txt", GOOD, file="单位.txt", first={"headcount": 12})
    yield text("text named .CSV", GOOD, file="单位.CSV", first={"headcount": 12})
    yield text("a workbook named .parquet", packed(), file="单位.parquet", first={"headcount": 12})
    for name, content in {
        "a page": b"<html><table><tr><td>=1+1</table>", "a picture": b"\x89PNG\r\n\x1a\n" + b"\0" * 999, "a program": b"MZ\x90\0" + b"\0" * 999,
        "a document": b"%PDF-1.7\n" + b"\xff" * 999, "a packed file": b"\x1f\x8b\x08" + b"\xff" * 999, "another packed file": b"7z\xbc\xaf\x27\x1c" + b"\xff" * 99,
        "objects of a program": b"\x80\x04\x95cos\nsystem\n(S'id'\ntR.",
    }.items():  # fmt: skip
        for file in ("台账.xlsx", "台账.csv"):
            yield text(f"{name} named {file[2:]}", content, f"{WHAT}|check the header row|UTF-8 or GB18030", file=file)


@kind
def compound_files():
    """Workbooks with a password and old ones are one form: neither is opened."""
    locked = COMPOUND + "EncryptedPackage".encode("utf-16-le") + "EncryptionInfo".encode("utf-16-le") + b"\0" * 4000
    old = COMPOUND + "Workbook".encode("utf-16-le") + bytes.fromhex("0908100000060500") + b"\0" * 4000
    for name, content in {"with a password": locked, "old": old, "cut": COMPOUND[:60]}.items():
        for file in ("台账.xlsx", "台账.xls", "台账.csv"):
            yield text(f"{name}, named {file[2:]}", content, OLD, file=file)


@kind
def hostile_names():
    """Names of files that mean something to a terminal, a shell or a spreadsheet."""
    for file in (
        "[bold red]x.csv",
        "=cmd|' .csv",
        "$(id);`id`.csv",
        "\u202evsc.csv",
        "\x1b[31m.csv",
        "a\nb.csv",
        "-n.csv",
        "%s%n{0}.csv",
        "é" * 120 + ".csv",
    ):
        yield text(f"{file[:20]!r}, read", GOOD, file=file, first={"headcount": 12})
        yield text(f"{file[:20]!r}, refused", "x", "headers", file=file)
    yield Hostile("a folder", "单位.csv", lambda path: path.mkdir(), "expected a file, found none")
    yield Hostile("nothing", "单位.csv", lambda path: None, "expected a file, found none|does not exist")
    yield Hostile(
        "a link to nothing", "单位.csv", lambda path: path.symlink_to("/nowhere"), "expected a file, found none"
    )
    yield Hostile(
        "a link to a device without end",
        "单位.csv",
        lambda path: path.symlink_to("/dev/zero"),
        "expected a file, found none",
    )
    yield Hostile(
        "a link to itself", "单位.csv", lambda path: path.symlink_to(path.name), "expected a file, found none"
    )
