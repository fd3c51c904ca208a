"""Words of the office's files: sheet names, headers and coded values, both ways."""

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from matching.tables import TABLES, Column, Kind

PERSONAL = {
    "姓名": "name", "身份证号": "identity number", "身份证号码": "identity number", "公民身份号码": "identity number", "联系电话": "phone",
    "手机号": "phone", "电话": "phone", "民族": "ethnicity", "婚姻状况": "marriage", "婚姻": "marriage", "政治面貌": "political status",
    "宗教": "religion", "宗教信仰": "religion", "name": "name", "id_number": "identity number", "phone": "phone", "ethnicity": "ethnicity",
    "marital_status": "marriage", "religion": "religion",
}  # fmt: skip
"""Headers of columns that may not be kept, and what they hold."""

_SIMPLIFIED = str.maketrans(
    "業員號編認據狀態級結對歷證書類別礙體願聲記錄願職資歸無離開關單稱額應該種產學時間頭達標準類點數據經緯從與係戶檔層處環節測評維測試險傷醫療養實發佈確認過審確補貼條備註個東",
    "业员号编认据状态级结对历证书类别碍体愿声记录愿职资归无离开关单称额应该种产学时间头达标准类点数据经纬从与系户档层处环节测评维测试险伤医疗养实发布确认过审确补贴条备注个东",
)

_TRUE, _FALSE = ("是", "有", "能", "可以", "y", "yes"), ("否", "无", "不能", "不可以", "n", "no")


def tidy(text: object) -> str:
    """Return a header or word in one form: half-width, simplified, lower case, without blanks or a star that marks a compulsory column."""
    plain = unicodedata.normalize("NFKC", str(text)).translate(_SIMPLIFIED).strip().lower()
    return re.sub(r"[\s*_]+", "", plain.replace("(", "(").replace(")", ")"))


@cache
def _load(name: str) -> Mapping[str, Mapping[str, object]]:
    return tomllib.loads(files("service.exchange").joinpath(name).read_text(encoding="utf-8"))


@cache
def header_names(table: str) -> Mapping[str, tuple[str, ...]]:
    """Return column → its Chinese headers, the one that is written first."""
    return {c: tuple(names) for c, names in _load("headers.toml")[table].items() if c != "sheet"}  # type: ignore[arg-type]


@cache
def sheet_names(table: str) -> tuple[str, ...]:
    """Return a table's Chinese names, the one that is written first."""
    return tuple(_load("headers.toml")[table]["sheet"])  # type: ignore[arg-type]


def exchanged() -> tuple[str, ...]:
    """Return the tables that have headers, parents first."""
    return tuple(t for t in TABLES if t in _load("headers.toml"))


@cache
def header_index(table: str) -> Mapping[str, str]:
    """Return tidy header → column, of every Chinese header and of the column names themselves."""
    index = {tidy(c): c for c in TABLES[table].names}
    for column, names in header_names(table).items():
        index |= {tidy(n): column for n in names} | {tidy(re.sub(r"\((元|分)\)$", "", n)): column for n in names}
    return index


@cache
def words(table: str, column: str) -> Mapping[str, tuple[str, ...]]:
    """Return code → its Chinese words, empty where the column has none."""
    values, shared = _load("values.toml"), _load("values.toml")["shared"]
    for name in (f"{table}.{column}", column):
        if name in values:
            return {code: tuple(w) for code, w in values[name].items()}  # type: ignore[arg-type]
        if name in shared:
            family = str(shared[name]).removeprefix("label.")
            labels = tomllib.loads(
                files("service.web").joinpath("locale/zh_CN/labels.toml").read_text(encoding="utf-8")
            )
            extra = {"self_employed": ("自主创业",)} if (table, column) == ("placements", "kind") else {}
            return {code: (str(word),) for code, word in labels["label"][family].items()} | extra
    return {}


@cache
def word_index(table: str, column: str) -> Mapping[str, str]:
    """Return tidy word → code; the codes themselves are words too."""
    index = {tidy(w): code for code, many in words(table, column).items() for w in many}
    return (
        index
        | {tidy(code): code for code in words(table, column)}
        | {tidy(c): c for c in TABLES[table].column(column).codes or ()}
    )


def decode(table: str, column: Column, value: object) -> object:
    """Return a cell's value as the dictionary codes it; what is not understood is returned as it came, for the door to refuse."""
    if not isinstance(value, str):
        return value
    text = value.strip().lstrip("'") if value.strip()[:2] in ("'=", "'+", "'-", "'@") else value.strip()
    if column.kind is Kind.BOOL:
        word = tidy(text)
        return True if word in _TRUE else False if word in _FALSE else text
    if column.kind is Kind.CODE and column.codes is not None:
        return word_index(table, column.name).get(tidy(text), text)
    if column.kind is Kind.SET:
        index = word_index(table, column.name)
        return ";".join(index.get(tidy(p), p.strip()) for p in re.split("[;；、,，]", text) if p.strip())
    if column.kind is Kind.MAP:
        index = word_index(table, column.name)
        pairs = (re.split("[:：]", p.strip()) for p in re.split("[;；、]", text) if p.strip())
        return ";".join(":".join([index.get(tidy(p[0]), p[0].strip()), *p[1:]]) for p in pairs)
    return text


def encode(table: str, column: Column, value: object) -> object:
    """Return a coded value in Chinese words, as it is written to an office's file."""
    if column.kind is Kind.BOOL and isinstance(value, bool):
        return "是" if value else "否"
    if not isinstance(value, str):
        return value
    known = words(table, column.name)
    if column.kind is Kind.CODE:
        return known[value][0] if value in known else value
    if column.kind is Kind.SET:
        return "；".join(known[p][0] if p in known else p for p in value.split(";")) if value else value
    if column.kind is Kind.MAP:
        pairs = (p.partition(":") for p in value.split(";") if p)
        return "；".join(f"{known[k][0] if k in known else k}：{v}" for k, _, v in pairs)
    return value
