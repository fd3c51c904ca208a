"""What a file of posts asks of a person in columns of its own (sex, marriage, household registration …): no column of the record, and no
wish that may be met; it is kept in the words of the post, where review finds it."""

import re

import pandas as pd

from service.exchange.catalogue import tidy
from service.exchange.reader import Sheet

_WISH = re.compile(
    r"^(?:性别|年龄|婚姻|婚育|婚况|生育|户籍|户口|籍贯|民族|宗教|政治面貌|健康|残疾)(?:状况|要求|限制|条件)*$"
)
_NO_WISH = frozenset({"", "不限", "无", "无要求", "没有", "均可", "男女不限", "/", "-", "—", "none"})


def wish_columns(sheet: Sheet) -> tuple[str, ...]:
    """Return the headers of a sheet of posts that state a wish about the person."""
    if sheet.table != "positions":
        return ()
    free = [h for h in sheet.frame.columns if h not in sheet.columns]
    return tuple(h for h in free if _WISH.match(re.sub(r"\(.*?\)", "", tidy(h))))


def with_wishes(sheet: Sheet, good: pd.DataFrame) -> pd.DataFrame:
    """Return the posts with every stated wish in their duties, as "header：value"; a wish for nothing is none."""
    headers = wish_columns(sheet)
    if not headers or not len(good):
        return good
    told = sheet.frame.loc[good.index, list(headers)]
    lines = [
        [f"{h.strip()}：{text}" for h, v in zip(headers, row, strict=True) if tidy(text := _text(v)) not in _NO_WISH]
        for row in told.itertuples(index=False, name=None)
    ]
    old = ["" if pd.isna(d) else str(d) for d in good["duties"]]
    new = [
        "；".join([*([d] if d else []), *(x for x in some if x not in d)]) or None
        for d, some in zip(old, lines, strict=True)
    ]
    return good.assign(duties=pd.array(new, dtype="str"))


def _text(value: object) -> str:
    return "" if value is None or value != value else str(value).strip()
