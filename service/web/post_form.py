"""A post's values as the desk's form shows and sends them: yuan, clock times, ticks; every value is text on the form."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from starlette.datastructures import FormData

from service.web.form_fields import day, decimal, fen, many, minute, text_of

Texts = Mapping[str, str]

_CLOCK = ("shift_start", "shift_end")
_YUAN = ("wage_min", "wage_max")
_DAYS = ("declared_on", "valid_until")
_NUMBERS = ("openings_total", "contract_months", "hours_week", "experience_months", "lift_kg")
TICKS = ("home_based", "night", "standing", "height", "chemical", "customer_contact", "training_provided")
"""Columns that are ticked or not."""

_WORDS = ("user_unit_id", "kind", "pw_subtype", "title", "duties", "occupation_code", "region_code", "wage_type", "min_education",
          "required_certificates")  # fmt: skip
FIELDS = (*_WORDS, "insured", *_YUAN, *_NUMBERS, *_CLOCK, *_DAYS, *TICKS)
"""Columns the form fills, each under its own name."""

_EMPTY_SETS = ("required_certificates", "insured")
_READ: tuple[tuple[tuple[str, ...], Callable[[str, str], object]], ...] = (
    (_YUAN, fen), (_NUMBERS, decimal), (_CLOCK, minute), (_DAYS, day), (TICKS, lambda _, text: text == "yes"),
)  # fmt: skip


def texts_of(form: FormData) -> dict[str, str]:
    """Return what a form sent, as it is shown again; a suggested occupation that was picked stands for its code."""
    texts = {name: many(form, name) if name == "insured" else text_of(form, name) for name in FIELDS}
    return {**texts, "occupation_code": text_of(form, "occupation_pick") or texts["occupation_code"]}


def texts_of_post(post: Mapping[str, Any]) -> dict[str, str]:
    """Return the values of a post as the form shows them."""
    return {name: _text(name, post[name]) for name in FIELDS}


def values_of(texts: Texts) -> dict[str, object]:
    """Return the columns a form's texts mean; BadInput names a field that cannot be read."""
    out: dict[str, object] = {name: texts[name] or ("" if name in _EMPTY_SETS else None) for name in FIELDS}
    for names, read in _READ:
        out |= {name: read(name, texts[name]) for name in names}
    return out


def named_in(message: str) -> list[str]:
    """Return the fields a refusal speaks of."""
    return [name for name in (*FIELDS, "employer") if re.search(rf"\b{name}\b", message)]


def _text(name: str, value: object) -> str:
    if value is None or value is False:
        return ""
    if value is True:
        return "yes"
    if name in _YUAN:
        return f"{int(str(value)) / 100:g}" if int(str(value)) % 100 == 0 else f"{int(str(value)) / 100:.2f}"
    if name in _CLOCK:
        return f"{int(str(value)) // 60:02d}:{int(str(value)) % 60:02d}"
    if isinstance(value, date):
        return value.isoformat()
    return f"{value:g}" if isinstance(value, float) else str(value)
