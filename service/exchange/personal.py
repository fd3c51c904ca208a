"""What an office's file holds about a person and the record may not: which columns, and how such values look."""

import re
import unicodedata
from datetime import date

from service.exchange.catalogue import tidy

SEALED = {"members": ("name", "identity number", "phone", "address"), "caseworkers": ("address",)}
"""Table → what the vault keeps of its people when it is open; everything else personal is dropped."""

_HOLDS = {
    "name": r"姓名$|^曾用名$|^(full)?name$", "identity number": r"身份证|公民身份|证件号|^id(entity)?(card)?(no|number)$|^idcard$",
    "phone": r"电话|手机|联系号码|^(tele|mobile)?phone(number)?$|^mobile$", "ethnicity": r"民族|^ethnicity$|^ethnicgroup$",
    "marriage": r"婚|^maritalstatus$", "political status": r"政治面貌|党派|^politicalstatus$", "religion": r"宗教|信仰|^religion$",
    "health": r"疾病|病史|乙肝|携带者|传染病|怀孕|孕期|心理", "address": r"地址|住址|门牌|^address$",
}  # fmt: skip

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"
_IDENTITY = re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_PHONE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")


def holds(header: object) -> str | None:
    """Return what a column of this header holds of a person, None when nothing that may not be kept."""
    plain = re.sub(r"\(.*?\)", "", tidy(header))
    return next((what for what, pattern in _HOLDS.items() if re.search(pattern, plain)), None)


def is_identity_number(text: str) -> bool:
    """Whether text is an 18-digit resident identity number: a day of birth that is possible and a check digit that fits (GB 11643-1999)."""
    text = unicodedata.normalize("NFKC", text).strip().upper()
    if not re.fullmatch(r"[1-9]\d{16}[\dX]", text) or not _is_day(text[6:14]):
        return False
    return _CHECK[sum(w * int(d) for w, d in zip(_WEIGHTS, text, strict=False)) % 11] == text[17]


def looks_like_identity_number(text: str) -> bool:
    """Whether text has the form of an identity number, typed rightly or not."""
    return re.fullmatch(r"\d{17}[\dX]", unicodedata.normalize("NFKC", text).strip().upper()) is not None


def is_phone(text: str) -> bool:
    """Whether text is a mobile phone number, as people write it."""
    return _PHONE.fullmatch(re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", text)).removeprefix("+86")) is not None


def _is_day(digits: str) -> bool:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).year >= 1900
    except ValueError:
        return False


def hidden(text: str) -> str:
    """Return text that may be shown and kept: identity and phone numbers in it are named, control characters are marked."""
    text = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text.encode("utf-8", "replace").decode())
    return _PHONE.sub("(phone number)", _IDENTITY.sub("(identity number)", text))
