"""What a post officer is shown when a post comes in: wishes no law allows, and rules of its kind that it does not meet."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from matching.arrays import Bools, Floats
from matching.encoding import wage_gate
from matching.policy.load import PolicyBook

_LIMIT, _PREFER = (
    "(?:(?<![不无無])限|仅限|僅限|只限|只招|只要|仅招|僅招)",
    "(?:优先|優先|勿扰|勿擾|免谈|免談|除外|不招|不要)",
)
_ASKED, _SOMETHING = r"{}(?:要求|限制)?\s*[:：=]\s*(?:限|须|需)?", r"(?!不限|无|無|没有|不)\S"
UNLAWFUL_WORDS: Mapping[str, re.Pattern[str]] = {
    code: re.compile("|".join(parts))
    for code, parts in {
        "DISCRIMINATORY_SEX": (
            rf"{_LIMIT}\s*(?:男|女)(?![装鞋裝包厕廁])",
            rf"(?:男|女)(?:性|士|生|工|员工|員工)?\s*{_PREFER}",
            r"招(?:聘)?(?:男|女)(?:工|性|士|生)",
            r"[（(]\s*(?:男|女)(?:性)?\s*[)）]",
            rf"{_ASKED.format('性[别別]')}(?:男|女)(?![女男/、]|.{{0,2}}不限)",
        ),
        "DISCRIMINATORY_MARRIAGE": (r"未婚", r"已婚", r"已育", r"未育", r"婚育", r"不孕"),
        "DISCRIMINATORY_HUKOU": (
            rf"{_LIMIT}.{{0,6}}(?:户口|户籍|戶口|戶籍|本地人)",
            rf"(?:户口|户籍|戶口|戶籍|本地人|外地人)\s*{_PREFER}",
            r"(?:须|需|須)(?:本地|本市|当地|當地)(?:户|戶)",
            r"不招.{0,4}(?:省|市|县|縣|地)人",
            rf"{_ASKED.format('[户戶](?:籍|口)')}{_SOMETHING}",
        ),
        "DISCRIMINATORY_ETHNICITY": (
            r"汉族|漢族",
            rf"{_LIMIT}.{{0,4}}族",
            rf"少数民族\s*{_PREFER}|少數民族\s*{_PREFER}",
            rf"{_ASKED.format('民族')}{_SOMETHING}",
        ),
        "DISCRIMINATORY_RELIGION": (r"(?:无|無|不信|没有|沒有).{0,2}宗教", rf"{_LIMIT}.{{0,4}}(?:教徒|信徒)"),
        "DISCRIMINATORY_DISABILITY": (
            rf"残疾(?:人)?\s*{_PREFER}|殘疾(?:人)?\s*{_PREFER}",
            r"(?:无|無)(?:残疾|殘疾|身体缺陷|身體缺陷)",
        ),
        "DISCRIMINATORY_CARRIER": (r"乙肝", r"两对半|兩對半", r"[大小]三阳|[大小]三陽"),
        "FEE_CHARGED": (r"押金", r"保证金|保證金", r"(?:收取|交纳|交納|缴纳|繳納).{0,4}(?:费|費)", r"集资|集資"),
    }.items()
}
"""Words of a post that name a condition no employer may set (就业促进法 26-31, 人力资源市场暂行条例 24, 妇女权益保障法 43), simplified and traditional."""

NOTED_WORDS: Mapping[str, re.Pattern[str]] = {
    "AGE_STATED": re.compile(r"\d{2}\s*(?:周|週)?[岁歲]|年[龄齡](?:要求|限制)?\s*[:：]?\s*\d{2}")
}
"""Words an officer is told of, though they hold nothing back: an age the employer states is no filter here."""

TEXTS = ("title", "duties", "pw_subtype", "required_certificates", "excluded_task_tags", "accommodations_offered")
"""Columns an employer may fill with words of its own."""

QUARANTINES = frozenset({
    *UNLAWFUL_WORDS, "BELOW_MINIMUM_WAGE", "WELFARE_TYPE_NOT_ALLOWED", "WELFARE_NOT_DECLARED", "DISPATCH_WITHOUT_USER_UNIT",
})  # fmt: skip
"""Codes with which a post may not be shown until an officer has cleared it; the others are notes."""


FIELDS: Mapping[str, str] = {
    "BELOW_MINIMUM_WAGE": "wage_max", "WELFARE_TYPE_NOT_ALLOWED": "pw_subtype", "WELFARE_NOT_DECLARED": "declared_on",
    "DISPATCH_WITHOUT_USER_UNIT": "user_unit_id", "DISPATCH_CONTRACT_SHORT": "contract_months", "BASE_ORDERS_END_UNKNOWN": "valid_until",
    "PIECE_BELOW_HOURLY_MINIMUM": "wage_min", "LOAD_BARRED_FOR_WOMEN": "lift_kg",
}  # fmt: skip
"""Rule of a kind → the column that would have to change."""


class Finding(NamedTuple):
    """One finding: the post's row, the code, the column in which it was seen, what was seen."""

    row: int
    code: str
    field: str
    found: str


def review_posts(positions: pd.DataFrame, policy: PolicyBook) -> pd.DataFrame:
    """Return what a post officer should see of each post, one row a finding, in the order of ``positions``.

    Columns ``position_id code quarantine field found``: ``quarantine`` (bool) the post waits for the officer, ``field`` the column in
    which it was seen, ``found`` what was seen.
    An officer decides; nothing is deleted and a wish that is dropped lets the post through.
    """
    return listed(positions, found_on(positions, policy), QUARANTINES)


def found_on(positions: pd.DataFrame, policy: PolicyBook) -> list[Finding]:
    """Return every finding of ``review_posts`` in no order."""
    return [f for column in TEXTS for f in _wordings(positions, column)] + _kind_rules(positions, policy)


def listed(positions: pd.DataFrame, found: Sequence[Finding], holding: Collection[str]) -> pd.DataFrame:
    """Return findings as a table in the order of the posts, with those that hold one back marked."""
    ids = positions["position_id"].to_numpy(dtype=object)
    rows = [
        (ids[f.row], f.code, f.code in holding, f.field, f.found) for f in sorted(found, key=lambda f: (f.row, f.code))
    ]
    table = pd.DataFrame(rows, columns=["position_id", "code", "quarantine", "field", "found"])
    return table.astype({n: "bool" if n == "quarantine" else "str" for n in table.columns})


def unlawful_words(text: str) -> dict[str, str]:
    """Return the conditions a text names that no employer may set: code → the words."""
    return {code: match[0] for code, pattern in UNLAWFUL_WORDS.items() if (match := pattern.search(text)) is not None}


def hourly_fen(positions: pd.DataFrame) -> Floats:
    """Return (n,) the lowest wage as fen an hour, from the month's wage and the week's hours; NaN where no hours are stated."""
    hours = positions["hours_week"].to_numpy(dtype=float) * 52 / 12
    return np.asarray(positions["wage_min"].to_numpy(dtype=float) / np.where(hours > 0, hours, np.nan))


def _wordings(positions: pd.DataFrame, column: str) -> list[Finding]:
    codes, texts = pd.factorize(positions[column])
    out = []
    for k, text in enumerate(texts):
        noted = {code: match[0] for code, pattern in NOTED_WORDS.items() if (match := pattern.search(str(text)))}
        if found := unlawful_words(str(text)) | noted:
            out += [
                Finding(int(i), code, column, words)
                for i in np.flatnonzero(codes == k)
                for code, words in found.items()
            ]
    return out


def _kind_rules(positions: pd.DataFrame, policy: PolicyBook) -> list[Finding]:
    kind = positions["kind"]
    welfare, dispatch, base = (kind == k for k in ("PUBLIC_WELFARE", "DISPATCH", "COMMUNITY_BASE"))
    month, hour = (policy.each(f"wage.minimum_{unit}", positions["region_code"]) for unit in ("month", "hour"))
    piece, hourly = positions["wage_type"] == "piece", hourly_fen(positions)
    load = policy.number("task.women_load_kg")
    rules: tuple[tuple[str, pd.Series | Bools, pd.Series | Floats], ...] = (
        (
            "WELFARE_TYPE_NOT_ALLOWED",
            welfare & ~positions["pw_subtype"].isin([*policy.items("pw.allowed_types")]),
            positions["pw_subtype"],
        ),
        (
            "WELFARE_NOT_DECLARED",
            welfare & positions["declared_on"].isna() & _declares(policy),
            positions["declared_on"],
        ),
        ("BELOW_MINIMUM_WAGE", wage_gate(positions, month, policy) < 0, positions["wage_max"]),
        ("DISPATCH_WITHOUT_USER_UNIT", dispatch & positions["user_unit_id"].isna(), positions["user_unit_id"]),
        (
            "DISPATCH_CONTRACT_SHORT",
            dispatch
            & (positions["contract_months"] < (policy.number_or_none("dispatch.min_contract_months") or 0)).fillna(
                False
            ),
            positions["contract_months"],
        ),
        ("BASE_ORDERS_END_UNKNOWN", base & positions["valid_until"].isna(), positions["valid_until"]),
        ("PIECE_BELOW_HOURLY_MINIMUM", piece & (hourly < hour), hourly),
        ("LOAD_BARRED_FOR_WOMEN", positions["lift_kg"] > load, positions["lift_kg"]),
    )
    out = []
    for code, broken, found in rules:
        seen = np.asarray(found)
        out += [
            Finding(int(i), code, FIELDS[code], _told(seen[i])) for i in np.flatnonzero(np.asarray(broken, dtype=bool))
        ]
    return out


def _told(value: object) -> str:
    if pd.isna(value):  # type: ignore[call-overload]
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)


def _declares(policy: PolicyBook) -> bool:
    row = policy.row("pw.declare_first")
    return row is not None and row.value is True
