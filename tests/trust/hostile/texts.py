"""Text files: encodings, quotation marks, separators, headers, sizes."""

from tests.trust.hostile import Hostile, kind

HEAD = "单位编号,单位名称,单位所在地,职工人数"
ROW = "Z1,龑記飯店,440103,12"
GOOD = f"{HEAD}\r\n{ROW}\r\n"
NOT_FOUND = "expected the headers of a table .*check the header row"
NOT_TEXT = "expected text in UTF-8 or GB18030.*save it again as CSV UTF-8"


def text(name, content, told=None, *, file="单位.csv", encoding="utf-8", **wanted):
    """Return a file of this text, or of these bytes."""
    raw = content if isinstance(content, bytes) else content.encode(encoding, "surrogatepass")
    return Hostile(name, file, lambda path: path.write_bytes(raw), told, **wanted)


def rows(*lines, head=HEAD):
    """Return the text of a table."""
    return "\r\n".join((head, *lines)) + "\r\n"


@kind
def encodings():
    """What offices' programs save, and what no program should."""
    for encoding in ("utf-8", "utf-8-sig", "gb18030"):
        yield text(
            f"{encoding}, characters beyond the first plane",
            rows("Z1,𠮷野家㐂𪚥,440103,1"),
            encoding=encoding,
            first={"name": "𠮷野家㐂𪚥"},
        )
    yield text("gb18030, four bytes only", rows("Z1,㐀㐁㐂,440103,1"), encoding="gb18030", first={"name": "㐀㐁㐂"})
    yield text(
        "gb18030, private use", rows("Z1,\ue5e5\ue000厂,440103,1"), encoding="gb18030", first={"name": "\ue5e5\ue000厂"}
    )
    yield text("gb18030, cut inside a character", GOOD.encode("gb18030") + "㐀".encode("gb18030")[:3], NOT_TEXT)
    yield text("utf-8, cut inside a character", rows("Z1,饭店,440103,12").encode() + "饭".encode()[:2], "UTF-8|headers")
    yield text("two byte order marks", b"\xef\xbb\xbf" * 2 + GOOD.encode(), "expected columns employer_id")
    yield text("a byte order mark alone", b"\xef\xbb\xbf", NOT_FOUND)
    yield text(
        "a byte order mark before another encoding", b"\xef\xbb\xbf" + GOOD.encode("gb18030"), "UTF-8|headers|columns"
    )
    for encoding in ("utf-16", "utf-16-be", "utf-32", "utf-16-le", "utf-7", "big5", "shift-jis", "euc-kr", "cp500"):
        content = (
            "單位編號,單位名稱,單位所在地\r\nZ1,飯店,440103\r\n" if encoding == "big5" else rows("Z1,abc,440103,1")
        )
        if encoding in ("shift-jis", "euc-kr"):
            content = (
                "会社番号,名,住所\r\nZ1,飯店,440103\r\n"
                if encoding == "shift-jis"
                else "회사,이름,주소\r\nZ1,x,440103\r\n"
            )
        if encoding == "cp500":
            content = "employer_id,name,region_code\r\nZ1,x,440103\r\n"
        yield text(f"{encoding}", content, "UTF-8|headers", encoding=encoding)
    plain = b"employer_id,name,region_code\r\n"
    mixed = plain + "Z1,电子厂,440103\r\n".encode() + "Z2,大饭店,440103\r\n".encode("gb18030")
    yield text("one row in UTF-8, one in GB18030", mixed, "line 2.*UTF-8")
    yield text(
        "GB18030 first, UTF-8 at the end",
        plain + "Z2,大饭店,440103\r\n".encode("gb18030") + "Z1,电子厂房,440103\r\n".encode(),
        "line 3.*UTF-8",
    )
    yield text("overlong UTF-8", plain + b"Z1,\xc0\xaf\xe0\x80\xaf,440103\r\n", NOT_TEXT)
    yield text("a surrogate in UTF-8", plain + b"Z1,\xed\xa0\x80\xff,440103\r\n", NOT_TEXT)
    yield text("bytes that are no text", bytes(range(255, -1, -1)) * 40, NOT_TEXT)


@kind
def quotation_marks():
    """Quotation marks that do not close, close too early, or are no quotation marks."""
    yield text("never closed", rows('Z1,"饭店,440103,12', "Z2,b,440103,1"), "line .*quotation marks")
    yield text("closed too early", rows('Z1,"饭"店,440103,12'), "line 2.*quotation marks")
    yield text("in the middle", rows('Z1,饭"店",440103,12'), first={"name": '饭"店"'})
    yield text("doubled", rows('Z1,"饭""店",440103,12'), first={"name": '饭"店'})
    yield text("of print", rows("Z1,“饭,店”,440103,12"), added=0, refused=1)
    yield text("single", rows("Z1,'饭,店',440103,12"), added=0, refused=1)
    yield text("with a line end inside", rows('Z1,"饭\r\n店",440103,12'), first={"name": "饭\r\n店"})
    yield text("never closed in the header", f'"{GOOD}', "line .*quotation marks")


@kind
def separators():
    """Other signs between cells, and rows that are longer or shorter than the header."""
    for name, sign in (("semicolon", ";"), ("tab", "\t"), ("bar", "|")):
        yield text(name, GOOD.replace(",", sign), first={"name": "龑記飯店", "headcount": 12})
    yield text("full-width comma", GOOD.replace(",", "，"), NOT_FOUND)
    yield text("blank", GOOD.replace(",", " "), NOT_FOUND)
    yield text("semicolon below a header with commas", f"{HEAD}\r\nZ1;a;440103;1\r\n", added=0, refused=1)
    yield text("more cells than headers", rows(f"{ROW},x,y"), added=0, refused=1)
    yield text("fewer cells than headers", rows("Z1,饭店"), added=0, refused=1)
    yield text("one column", "单位编号\r\nZ1\r\n", NOT_FOUND)
    yield text("line ends of old machines", GOOD.replace("\r\n", "\r"), first={"name": "龑記飯店"})
    yield text("line ends of three kinds", f"{HEAD}\nZ1,a,440103,1\r\nZ2,b,440103,1\rZ3,c,440103,1", added=3)
    yield text("a word to the spreadsheet before the header", f"sep=;\r\n{GOOD}", first={"name": "龑記飯店"})


@kind
def headers():
    """Headers twice, in other languages, with odd characters, or alone."""
    yield text("a column twice", f"{HEAD},单位名称\r\n{ROW},x\r\n", "twice; remove one")
    yield text("a column under two names", f"{HEAD},单位区划代码\r\n{ROW},440103\r\n", "twice; remove one")
    yield text("an unknown column twice", f"{HEAD},备注,备注\r\n{ROW},x,y\r\n")
    yield text("an identity column twice", _person("身份证号码,身份证号码", "44010319800101001X,"), table="members")
    yield text("in English", "employer_id,name,region_code\r\nZ1,a,440103\r\n", first={"name": "a"})
    yield text("in traditional characters", "單位編號,單位名稱,單位所在地\r\nZ1,a,440103\r\n", first={"name": "a"})
    yield text("in French", "Numéro,Nom,Région\r\nZ1,a,440103\r\n", NOT_FOUND)
    yield text("in Japanese", "会社番号,会社名,所在地\r\nZ1,a,440103\r\n", NOT_FOUND)
    yield text("in Russian", "Номер,Имя,Регион\r\nZ1,a,440103\r\n", NOT_FOUND)
    yield text("in Arabic", "رقم,اسم,منطقة\r\nZ1,a,440103\r\n", NOT_FOUND)
    yield text("that run", rows(ROW, head=HEAD.replace("单位名称", "=单位名称")), "expected columns name")
    yield text("with an override", rows(ROW, head=HEAD.replace("单位名称", "\u202e单位名称")), "expected columns name")
    yield text("with a zero byte", rows(ROW, head=HEAD.replace("单位名称", "单位\x00名称")), "expected columns name")
    yield text("alone", f"{HEAD}\r\n", added=0)
    yield text("below nine titles", "某街道台账\r\n" * 9 + GOOD, NOT_FOUND)
    yield text("again below", rows(ROW, HEAD, "Z2,b,440103,1"), added=2)
    yield text(
        "of ten million characters",
        f"{HEAD},{'长' * 10_000_000}\r\n{ROW}\r\n",
        "of at most 32,767 characters",
        large=True,
    )


def _person(head, cells):
    """Return a members' list with some personal columns."""
    return f"成员编号,家庭编号,与户主关系,出生年月,性别,文化程度,就业意愿,求职登记日期,居住地区划代码,{head}\r\nZ1,H1,户主,1980-05,女,初中,是,2026-05-20,440103,{cells}\r\n"


@kind
def nothing():
    """Files with nothing in them."""
    for name, content in (
        ("no byte", b""),
        ("one line end", b"\n"),
        ("blanks", b" " * 5000),
        ("commas", b",,,,\r\n" * 50),
        ("zero bytes", b"\0" * 5000),
    ):
        yield text(name, content, NOT_FOUND)
    for file in ("空.xlsx", "空.parquet", "空.txt", "空"):
        yield text(f"no byte, {file}", b"", "check what the file is|check the header row", file=file)


@kind
def sizes():
    """Long cells, many rows, many columns."""
    yield text("a name of 32,767 characters", rows(f"Z1,{'长' * 32_767},440103,1"), first={"name": "长" * 32_767})
    yield text("a name of 32,768 characters", rows(f"Z1,{'长' * 32_768},440103,1"), "of at most 32,767 characters")
    yield text(
        "a name of ten million characters",
        rows(f"Z1,{'长' * 10_000_000},440103,1"),
        "of at most 32,767 characters",
        large=True,
    )
    yield text("an identifier of 5,000 characters", rows(f"{'Z' * 5000},a,440103,1"), added=0, refused=1)
    yield text("a code of 5,000 characters", rows(f"Z1,a,{'4' * 5000},1"), added=0, refused=1)
    yield text("a number of 20,000 digits", rows(f"Z1,a,440103,{'9' * 20_000}"), added=0, refused=1)
    yield text("16,384 columns", f"{HEAD},{','.join(f'x{k}' for k in range(16_380))}\r\n{ROW}\r\n")
    yield text("a million columns", f"{HEAD},{',' * 1_000_000}\r\n{ROW}\r\n", "expected at most 16,384 columns")
    yield text(
        "21 million empty cells",
        f"{HEAD}\r\n{ROW}\r\n" + ",,,\r\n" * 5_250_000,
        "expected at most 20,000,000 cells",
        large=True,
    )
    yield text(
        "200 million empty cells",
        HEAD.encode() + b"\r\n" + b"," * 199_000_000,
        "expected at most 20,000,000 cells",
        large=True,
    )
    yield text("more than 200,000,000 bytes", b" " * 200_000_001, "expected at most 200,000,000 bytes", large=True)
    yield text("a million empty rows", rows(ROW) + ",,,\r\n" * 1_000_000, large=True)
    yield Hostile("a million rows", "百万.csv", _million, added=1_000_000, large=True)


def _million(path):
    with path.open("w", encoding="utf-8") as file:
        file.write(HEAD + "\n")
        file.writelines(f"Z{k},单位{k},440103,{k % 90}\n" for k in range(1, 1_000_001))
