"""A member's values as a form shows and sends them."""

import re
from collections.abc import Callable, Mapping

from starlette.datastructures import FormData

from matching.errors import BadInput
from matching.occupations import known_titles, occupation_names, suggest
from service.web.form_fields import day, decimal, fen, many, minute, text_of, yes_no


def wished_occupations(text: str) -> str:
    """Return occupations as a set of codes is written; each may be given as its code, its name in the classification, or an everyday title.

    BadInput names what is none of them with the nearest groups.
    """
    return ";".join(dict.fromkeys(_code(part.strip()) for part in re.split("[;；、,，]", text) if part.strip()))


def _code(word: str) -> str:
    names, titles = occupation_names(), known_titles()
    if word in names or re.fullmatch(r"\d{3,10}", word):
        return word
    exact = [code for code, name in names.items() if name == word] + titles.loc[
        titles["title"] == word, "code"
    ].tolist()
    if exact:
        return str(exact[0])
    near = ", ".join(f"{s.code} {s.name_zh}" for s in suggest(word)) or "none"
    raise BadInput(f"wanted_occupations: expected a code or a known occupation, found {word!r}; nearest: {near}")


_READ: Mapping[str, Callable[[FormData, str], object]] = {
    "education": text_of, "functional_limits": many, "kinds_ok": many, "wanted_occupations": lambda f, n: wished_occupations(text_of(f, n)), "excluded_tasks": text_of,
    "certificates": text_of, "accepted_regions": text_of, "reachable": text_of,
    "wage_floor": lambda f, n: fen(n, text_of(f, n)), "commute_limit_minutes": lambda f, n: decimal(n, text_of(f, n)),
    "max_hours_week": lambda f, n: decimal(n, text_of(f, n)), "earliest_start": lambda f, n: minute(n, text_of(f, n)),
    "latest_end": lambda f, n: minute(n, text_of(f, n)), "night_ok": lambda f, n: yes_no(text_of(f, n)),
    "available_from": lambda f, n: day(n, text_of(f, n)), "willing": lambda f, n: text_of(f, n) == "yes",
    "flexibility_declared": lambda f, n: text_of(f, n) == "yes", "willing_confirmed_on": lambda f, n: day(n, text_of(f, n)),
    "flexibility_declared_on": lambda f, n: day(n, text_of(f, n)),
}  # fmt: skip
"""Field of the form → how its value is read."""


def member_values(form: FormData) -> dict[str, object]:
    """Return the values of the fields a form has; a field it does not name (``fields``) is left as it is."""
    asked = [name for name in form.getlist("fields") if isinstance(name, str) and name in _READ]
    return {name: _READ[name](form, name) for name in asked}
