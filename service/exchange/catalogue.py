"""Words of the office's files: sheet names, headers and coded values, both ways."""

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from matching.tables import TABLES, Column, Kind

_SIMPLIFIED = str.maketrans(
    "佈來係個備傷傾價兌內冊別創劃動務勞區協參員問啓啟單圍園執報場夠婦學實審專對導層屬崗幫廠廳彎徑從復態慣應戶揀據數於時暫書會東條業構樓標機檔歲歷歸殘氣沒測準滿無營狀現環產畢當療發確碼礎"
    "礙種稱穩節範籤紉級紡細紹終組結絕給統經綠維編緯縣縫織繳羣習聯聲職聽臺與舉著薦藝處號衛衝補裝見規視親覺觀觸計訓記訪設許訴診註評試話該認語誤說説課調請諾證識議護貧買費貼資賣質賬蹤車軍輔"
    "轉辦農進遊運過達違適遷選鄉醫銷錄錯鍾鎖鎮鑑長門閉開間關險隱離難電靈項頭題額願類顧飯飲飾養餘驗體點齊齡",
    "布来系个备伤倾价兑内册别创划动务劳区协参员问启启单围园执报场够妇学实审专对导层属岗帮厂厅弯径从复态惯应户拣据数于时暂书会东条业构楼标机档岁历归残气没测准满无营状现环产毕当疗发确码础"
    "碍种称稳节范签纫级纺细绍终组结绝给统经绿维编纬县缝织缴群习联声职听台与举着荐艺处号卫冲补装见规视亲觉观触计训记访设许诉诊注评试话该认语误说说课调请诺证识议护贫买费贴资卖质账踪车军辅"
    "转办农进游运过达违适迁选乡医销录错钟锁镇鉴长门闭开间关险隐离难电灵项头题额愿类顾饭饮饰养余验体点齐龄",
)
"""Traditional characters of headers and coded words, and their simplified forms."""

_TRUE = ("是", "有", "能", "可以", "愿意", "√", "✓", "✔", "y", "yes")
_FALSE = ("否", "无", "不能", "不可以", "不愿意", "×", "✗", "✘", "n", "no")

_RUN = r"[=+\-@＝＋－＠\t\r]"
"""First characters at which some spreadsheet takes text for a formula."""

_HINT = re.compile(
    r"\((元|元/月|元每月|分|分钟|月|小时|公斤|岁|必填|选填|必选|单选|多选|下拉|文本|yyyy-mm(-dd)?|年月日?|日期)\)$"
)


def tidy(text: object) -> str:
    """Return a header or word in one form: half-width, simplified, lower case, without blanks or a star that marks a compulsory column."""
    plain = unicodedata.normalize("NFKC", str(text)).translate(_SIMPLIFIED).strip().lower()
    return re.sub(r"[\s*_]+", "", plain)


def harmless(text: str) -> str:
    """Return text a spreadsheet does not run: what begins like a formula gets an apostrophe before it."""
    return "'" + text if re.match(rf"'*{_RUN}", text) else text


def as_meant(text: str) -> str:
    """Return text without the apostrophe that made it harmless."""
    return text[1:] if re.match(rf"'+{_RUN}", text) else text


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


def column_of(table: str, header: str, mapping: Mapping[str, str]) -> str | None:
    """Return the column a header means: an office's own word for it, one of the catalogue's, or one of them with a hint behind it."""
    if header in mapping:
        return mapping[header] if mapping[header] in TABLES[table].names else None
    index, plain = header_index(table), tidy(header)
    return index.get(plain) or index.get(_HINT.sub("", plain))


def in_yuan(header: str) -> bool:
    """Whether amounts under this header are yuan: it says so, or it is Chinese and does not say fen."""
    plain = tidy(header)
    return "元" in plain or ("分" not in plain and re.search(r"[\u4e00-\u9fff]", plain) is not None)


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
    text = as_meant(value.strip())
    if column.kind is Kind.BOOL:
        word = tidy(text)
        return True if word in _TRUE else False if word in _FALSE else text
    if column.kind is Kind.CODE and column.codes is not None:
        return word_index(table, column.name).get(tidy(text), text)
    if column.kind is Kind.SET:
        index = word_index(table, column.name)
        return ";".join(index.get(tidy(p), p.strip()) for p in re.split("[;；、,，\\n]", text) if p.strip())
    if column.kind is Kind.MAP:
        index = word_index(table, column.name)
        pairs = (re.split("[:：]", p.strip()) for p in re.split("[;；、,，\\n]", text) if p.strip())
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
