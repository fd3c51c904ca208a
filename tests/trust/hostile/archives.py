"""Archives no spreadsheet program writes: bombs, entities, lies about sizes and numbers, pieces."""

import io
import struct
import zipfile

from tests.trust.hostile import Hostile, kind
from tests.trust.hostile.texts import GOOD, HEAD

DAMAGED = "damaged"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PARTS = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
    "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    f'<Relationship Id="r0" Type="{LINKS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{LINKS}"><sheets><sheet name="单位" sheetId="1" r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    f'<Relationship Id="r1" Type="{LINKS}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
}  # fmt: skip
SHEET = "xl/worksheets/sheet1.xml"
SHARED = "xl/sharedStrings.xml"


def cell(at, value):
    """Return a cell with text of its own; ``at`` may be empty."""
    return f'<c{at and f""" r="{at}" """} t="inlineStr"><is><t>{value}</t></is></c>'


def sheet(*more, after="", head=HEAD):
    """Return a sheet: the header, a good row, and more."""
    top = "".join(cell(f"{chr(65 + k)}1", h) for k, h in enumerate(head.split(",")))
    good = cell("A2", "Z1") + cell("B2", "饭店") + cell("C2", "440103") + '<c r="D2"><v>12</v></c>'
    rows = f'<row r="1">{top}</row><row r="2">{good}</row>{"".join(more)}'
    return f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData>{after}</worksheet>'


def row3(cells):
    """Return the third row."""
    return f'<row r="3">{cells}</row>'


def packed(parts=None, *, level=6):
    """Return the bytes of a workbook with these parts changed or added."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        for name, content in ({**PARTS, SHEET: sheet()} | (parts or {})).items():
            if content is not None:
                archive.writestr(
                    zipfile.ZipInfo(name) if isinstance(name, str) else name, content, zipfile.ZIP_DEFLATED
                )
    return out.getvalue()


def archive(name, parts, told=None, *, file="台账.xlsx", **wanted):
    """Return a workbook of these parts; ``parts`` may be a function, for large ones."""
    return Hostile(name, file, lambda p: p.write_bytes(packed(parts() if callable(parts) else parts)), told, **wanted)


def raw(name, content, told=None, *, file="台账.xlsx", **wanted):
    """Return a file of the bytes a function returns."""
    return Hostile(name, file, lambda p: p.write_bytes(content()), told, **wanted)


def _overlapping():
    """Many entries of the table of contents over one and the same 10 MB."""
    base = packed({"xl/media/x": b"0" * 10_000_000})
    end = base.rindex(b"PK\x05\x06")
    start = struct.unpack("<I", base[end + 16 : end + 20])[0]
    entry = base[base.rindex(b"PK\x01\x02", 0, end) : end]
    many = b"".join(entry.replace(b"xl/media/x", b"xl/media/%04d"[:0] + b"xl/m/%05d" % k) for k in range(400))
    count = len(PARTS) + 2 + 400
    body = base[:end] + many
    return body + struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, count, count, len(body) - start, start, 0)


@kind
def bombs():
    """Small files that unpack without end, or make a reader take memory for what is not there."""
    yield raw("entries that overlap, 4 GB", _overlapping, f"unpacks to more than|{DAMAGED}")
    yield archive(
        "zeros, 1.6 GB",
        lambda: {f"xl/media/{k}": b"0" * 100_000_000 for k in range(16)},
        "unpacks to more than",
        large=True,
    )
    yield archive(
        "a sheet of blanks, 1.6 GB", lambda: {SHEET: b" " * 1_600_000_000}, "unpacks to more than|damaged", large=True
    )
    yield archive(
        "a workbook in a workbook in a workbook",
        {"xl/embeddings/a.xlsx": packed({"xl/embeddings/b.xlsx": packed()})},
        first={"name": "饭店"},
    )
    yield archive("one text 30,000 characters long in 600,000 cells", _repeated, "written out", large=True)
    yield archive("one text 30,000 characters long in 60,000 cells", lambda: _repeated(60_000), "written out")
    yield archive(
        "cells without a place, 21 million",
        lambda: {SHEET: sheet("<row>" + "<c><v>1</v></c>" * 21_000_000 + "</row>")},
        "expected at most 20,000,000 cells",
        large=True,
    )
    yield archive(
        "one wide row without places, one far row",
        {SHEET: sheet(row3("<c><v>1</v></c>" * 30_000), '<row r="1000"><c r="A1000"><v>1</v></c></row>')},
        "expected at most 20,000,000 cells",
    )
    yield archive("cells merged over each other", {SHEET: sheet(*_merged(2_000, 20_000))}, "merged", large=False)
    yield archive(
        "a range merged over the whole sheet",
        {SHEET: sheet(after='<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>')},
    )
    yield archive("30 sheets, each 19 million cells wide and high", _many_sheets, "expected at most 20,000,000 cells")
    yield archive("ten thousand parts", {f"xl/media/{k}": b"" for k in range(10_000)}, first={"name": "饭店"})
    yield archive("a tag without end, 5 MB", {SHEET: "<worksheet " + "x" * 5_000_000}, DAMAGED)
    yield archive("elements in each other, 200,000 deep", {SHEET: sheet(after="<a>" * 200_000)}, first={"name": "饭店"})
    yield archive("a comment of 30 MB", lambda: {SHEET: sheet(after=f"<!--{'x' * 30_000_000}-->")}, f"{DAMAGED}")
    yield Hostile("a million rows", "百万.xlsx", _million, added=1_000_001, large=True)


def _repeated(times=600_000):
    cells = "".join(f'<row r="{k}"><c r="E{k}" t="s"><v>0</v></c></row>' for k in range(3, times + 3))
    return {SHARED: f'<sst xmlns="{MAIN}"><si><t>{"长" * 30_000}</t></si></sst>', SHEET: sheet(cells)}


def _merged(ranges, rows):
    body = "".join(f'<row r="{k}"><c r="A{k}"><v>{k}</v></c></row>' for k in range(3, rows))
    return [body + "</sheetData><mergeCells>" + f'<mergeCell ref="B3:B{rows}"/>' * ranges + "</mergeCells><sheetData>"]


def _many_sheets():
    wide = sheet('<row r="1160"><c r="XFD1160"><v>1</v></c></row>')
    names = range(1, 31)
    book = "".join(f'<sheet name="单位{k}" sheetId="{k}" r:id="r{k}"/>' for k in names)
    links = "".join(
        f'<Relationship Id="r{k}" Type="{LINKS}/worksheet" Target="worksheets/sheet{k}.xml"/>' for k in names
    )
    return {
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{LINKS}"><sheets>{book}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{links}</Relationships>',
    } | {f"xl/worksheets/sheet{k}.xml": wide for k in names}


def _million(path):
    rows = (
        f'<row r="{k}">{cell(f"A{k}", f"Z{k}")}{cell(f"B{k}", "厂")}{cell(f"C{k}", "440103")}</row>'
        for k in range(3, 1_000_003)
    )
    path.write_bytes(packed({SHEET: sheet("".join(rows))}, level=1))


def _lol(name):
    body = "".join(f'<!ENTITY l{k} "{f"&l{k - 1};" * 10}">' for k in range(1, 10))
    return f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "lol">{body}]>' + name


@kind
def entities():
    """Definitions inside a part: no spreadsheet program writes them, none is followed."""
    told = "definitions of its own"
    outside = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
    with_e = sheet(row3(cell("A3", "Z2") + cell("B3", "&e;") + cell("C3", "440103")))
    yield archive("a billion laughs in a sheet", {SHEET: _lol(with_e.replace("&e;", "&l9;"))}, told)
    yield archive(
        "a billion laughs in the shared texts", {SHARED: _lol(f'<sst xmlns="{MAIN}"><si><t>&l9;</t></si></sst>')}, told
    )
    yield archive("a billion laughs in the list of sheets", {"xl/workbook.xml": _lol(PARTS["xl/workbook.xml"])}, told)
    yield archive(
        "a long entity many times",
        {SHEET: f'<!DOCTYPE x [<!ENTITY e "{"x" * 50_000}">]>' + with_e.replace("&e;", "&e;" * 20_000)},
        told,
    )
    yield archive("a file of this machine", {SHEET: outside + with_e}, told)
    yield archive(
        "an address of the network",
        {SHEET: outside.replace("file:///etc/passwd", "http://127.0.0.1:9/x") + with_e},
        told,
    )
    yield archive(
        "definitions from elsewhere", {SHEET: '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">' + with_e}, told
    )
    yield archive(
        "parameter entities", {SHEET: '<!DOCTYPE x [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]>' + with_e}, told
    )
    yield archive("an entity nobody defined", {SHEET: with_e}, DAMAGED)
    yield archive(
        "an include",
        {SHEET: sheet(after='<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/>')},
        first={"name": "饭店"},
    )
    yield archive(
        "in another encoding",
        {SHEET: ('<?xml version="1.0" encoding="UTF-16"?>' + outside[21:] + with_e).encode("utf-16")},
        f"{DAMAGED}|headers|{told}",
    )


@kind
def references():
    """Numbers and names that point where nothing is."""
    shared = f'<sst xmlns="{MAIN}"><si><t>a</t></si></sst>'
    for index in ("1", "999999999", ""):
        yield archive(
            f"shared text {index or 'nothing'} of one",
            {SHARED: shared, SHEET: sheet(row3(f'<c r="B3" t="s"><v>{index}</v></c>'))},
            DAMAGED if index else None,
            refused=0,
        )
    for index in ("99999999999999999999", "-1", "x"):
        yield archive(
            f"shared text {index} of one",
            {SHARED: shared, SHEET: sheet().replace('<c r="D2"><v>12<', f'<c r="D2" t="s"><v>{index}<')},
            added=0,
            refused=1,
        )
    yield archive("shared text of none", {SHEET: sheet(row3('<c r="B3" t="s"><v>0</v></c>'))}, DAMAGED)
    yield archive(
        "a style nobody defined",
        {SHEET: sheet().replace('<c r="D2">', '<c r="D2" s="99999">')},
        first={"headcount": 12},
    )
    for name, target in {
        "a missing sheet": "worksheets/none.xml",
        "a file of this machine": "../../../../../etc/passwd",
        "an absolute path": "/etc/passwd",
        "an address": "http://127.0.0.1:9/",
    }.items():
        yield archive(
            name,
            {
                "xl/_rels/workbook.xml.rels": PARTS["xl/_rels/workbook.xml.rels"].replace(
                    "worksheets/sheet1.xml", target
                )
            },
            f"{DAMAGED}|headers",
        )
    yield archive("no sheets", {"xl/workbook.xml": f'<workbook xmlns="{MAIN}"><sheets/></workbook>'}, "headers")
    yield archive("no list of links", {"xl/_rels/workbook.xml.rels": None}, f"{DAMAGED}|headers")
    yield archive("no sheet part", {SHEET: None}, f"{DAMAGED}|headers")
    yield archive("an empty sheet part", {SHEET: ""}, f"{DAMAGED}|headers")
    for place in ("A0", "ZZZ3", "A1048577", "A4294967296", "A-3", "3A", ""):
        yield archive(
            f"a cell at {place or 'nothing'}",
            {SHEET: sheet(row3(f'<c r="{place}"><v>1</v></c>'))},
            f"{DAMAGED}|row|at most 16,384 columns",
        )
    yield archive(
        "a cell twice",
        {SHEET: sheet().replace('<c r="D2">', '<c r="D2"><v>99</v></c><c r="D2">')},
        "cell D2 stands twice",
    )
    yield archive(
        "a row twice",
        {SHEET: sheet().replace('<row r="2">', '<row r="2"><c r="A2"><v>7</v></c></row><row r="2">')},
        "cell A2 stands twice",
    )
    yield archive(
        "a cell without a place upon one with",
        {SHEET: sheet(row3('<c r="B3"><v>1</v></c><c r="A3"><v>1</v></c><c><v>2</v></c>'))},
        "stands twice",
    )
    for value in ("1e999", "NaN", "Infinity", "abc", "1,2", "<![CDATA[1,2]]>", "1<!-- -->2"):
        yield archive(
            f"a number cell of {value}",
            {SHEET: sheet().replace("<v>12</v>", f"<v>{value}</v>")},
            None,
            added=0,
            refused=1,
        )


@kind
def names_inside():
    """Names of parts that would lead a program that unpacks out of its folder: nothing is unpacked to a disk."""
    link = zipfile.ZipInfo("xl/media/link")
    link.external_attr = 0o120777 << 16
    yield archive("a symbolic link", {link: b"/etc/passwd"}, first={"name": "饭店"})
    for name in (
        "../../../../tmp/onemonth-out",
        "/tmp/onemonth-out",
        "..\\..\\out.txt",
        "C:\\out.txt",
        "xl/\u202eslx.jpg",
        "xl/a\nb",
        "CON",
        "a" * 60_000,
    ):
        yield archive(f"a part {name[:30]!r}", {name: b"x"}, first={"name": "饭店"})
    yield archive("the sheet twice in other letters", {SHEET.upper(): sheet().replace("饭店", "другое")}, "twice")


@kind
def pieces():
    """Files cut short, changed by a byte, or joined."""
    whole = packed()
    for part in (0.02, 0.2, 0.5, 0.8, 0.98):
        yield raw(
            f"cut at {part:.0%}", lambda part=part: whole[: int(len(whole) * part)], f"{DAMAGED}|check what the file is"
        )
    for k in range(6):
        at = 40 + k * (len(whole) - 80) // 6
        yield raw(
            f"byte {k} of six changed",
            lambda at=at: whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :],
            "damaged|another kind of archive|password|headers",
        )
    yield raw("with more behind it", lambda: whole + b"x" * 40_000, first={"name": "饭店"})
    yield raw("with more before it", lambda: b"MZ" + whole, "check what the file is")
    yield raw("a header and zeros", lambda: b"PK\x03\x04" + b"\0" * 5000, DAMAGED)
    yield raw("an empty archive", lambda: b"PK\x05\x06" + b"\0" * 18, "check what the file is")
    yield raw("a password on the parts", lambda: _flagged(whole), "password")
    yield raw("a way of packing nobody knows", lambda: _flagged(whole, at=(8, 10), value=97), DAMAGED)
    yield raw("sizes that lie", lambda: _lying(whole), DAMAGED)


def _flagged(content, *, at=(6, 8), value=1):
    """Set the flags (or the way of packing) of every entry, here and in the table of contents."""
    out = bytearray(content)
    for sign, offset in ((b"PK\x03\x04", at[0]), (b"PK\x01\x02", at[1])):
        found = out.find(sign)
        while found >= 0:
            out[found + offset] = value
            found = out.find(sign, found + 4)
    return bytes(out)


def _lying(content):
    """Let the table of contents say that every part is ten bytes long."""
    out, found = bytearray(content), content.find(b"PK\x01\x02")
    while found >= 0:
        out[found + 24 : found + 28] = struct.pack("<I", 10)
        found = out.find(b"PK\x01\x02", found + 4)
    return bytes(out)


@kind
def other_archives():
    """Archives that are no workbook."""
    for name, parts in {
        "a CSV file": {"单位.csv": GOOD}, "a document": {"word/document.xml": "<x/>"}, "an open document": {"content.xml": "<x/>", "mimetype": "x"},
        "a binary workbook": {"xl/workbook.bin": b"\0" * 99}, "an archive of archives": {f"{k}.zip": packed() for k in range(16)}, "a workbook": {"台账.xlsx": packed()},
    }.items():  # fmt: skip
        yield archive(name, dict.fromkeys([*PARTS, SHEET]) | parts, "expected an .xlsx workbook")
    yield archive(
        "a program",
        dict.fromkeys([*PARTS, SHEET]) | {"META-INF/MANIFEST.MF": "x"},
        "expected an .xlsx workbook",
        file="台账.csv",
    )
