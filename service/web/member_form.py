"""A member's values as a form shows and sends them."""

from collections.abc import Callable, Mapping

from starlette.datastructures import FormData

from service.web.form_fields import day, decimal, fen, many, minute, text_of, yes_no

_READ: Mapping[str, Callable[[FormData, str], object]] = {
    "education": text_of, "functional_limits": many, "kinds_ok": many, "wanted_occupations": text_of, "excluded_tasks": text_of,
    "certificates": text_of, "accepted_regions": text_of, "reachable": text_of,
    "wage_floor": lambda f, n: fen(n, text_of(f, n)), "commute_limit_minutes": lambda f, n: decimal(n, text_of(f, n)),
    "max_hours_week": lambda f, n: decimal(n, text_of(f, n)), "earliest_start": lambda f, n: minute(n, text_of(f, n)),
    "latest_end": lambda f, n: minute(n, text_of(f, n)), "night_ok": lambda f, n: yes_no(text_of(f, n)),
    "available_from": lambda f, n: day(n, text_of(f, n)), "willing": lambda f, n: text_of(f, n) == "yes",
    "flexibility_declared": lambda f, n: text_of(f, n) == "yes",
}  # fmt: skip
"""Field of the form → how its value is read."""


def member_values(form: FormData) -> dict[str, object]:
    """Return the values of the fields a form has; a field it does not name (``fields``) is left as it is."""
    asked = [name for name in form.getlist("fields") if isinstance(name, str) and name in _READ]
    return {name: _READ[name](form, name) for name in asked}
