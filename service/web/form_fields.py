"""Values as forms send them (days, yuan, clock times, choices; BadInput names the field and what was expected), and the way back from one."""

from datetime import date
from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import Form, Path
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from matching.errors import BadInput

Id = Annotated[str, Path(min_length=1, max_length=64)]
Choice = Annotated[str, Form(max_length=64)]
Words = Annotated[str, Form(max_length=1000)]
SEE_OTHER = 303


def day(name: str, text: str) -> date | None:
    """Return a day, None where nothing was filled in."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise BadInput(f"{name}: expected a day YYYY-MM-DD, found {text[:20]!r}") from None


def needed_day(name: str, text: str) -> date:
    """Return a day; BadInput where nothing was filled in."""
    found = day(name, text)
    if found is None:
        raise BadInput(f"{name}: expected a day YYYY-MM-DD, found nothing")
    return found


def fen(name: str, text: str) -> int | None:
    """Return an amount of yuan as fen, None where nothing was filled in."""
    number = decimal(name, text)
    return None if number is None else round(100 * number)


def decimal(name: str, text: str) -> float | None:
    """Return a number, None where nothing was filled in."""
    try:
        return float(text.replace(",", "")) if text.strip() else None
    except ValueError:
        raise BadInput(f"{name}: expected a number, found {text[:20]!r}") from None


def minute(name: str, text: str) -> int | None:
    """Return a clock time as the minute of the day, None where nothing was filled in."""
    if not text:
        return None
    hours, colon, minutes = text.partition(":")
    if not (colon and hours.isdecimal() and minutes[:2].isdecimal()):
        raise BadInput(f"{name}: expected a time HH:MM, found {text[:20]!r}")
    return int(hours) * 60 + int(minutes[:2])


def yes_no(text: str) -> bool | None:
    """Return a choice of yes, no or not known."""
    return {"yes": True, "no": False}.get(text)


def text_of(form: FormData, name: str) -> str:
    """Return a field's text, empty where it is missing; BadInput for one that is too long."""
    value = form.get(name, "")
    text = value if isinstance(value, str) else ""
    if len(text) > 1000:
        raise BadInput(f"{name}: expected at most 1,000 characters, found {len(text):,}")
    return text.strip()


def many(form: FormData, name: str) -> str:
    """Return the ticked codes of a field as a set is written."""
    return ";".join(sorted(v for v in form.getlist(name) if isinstance(v, str) and v))


def back_to_household(household_id: str, done: str) -> RedirectResponse:
    """Return the way back to a household's page, which says what was done."""
    return RedirectResponse(f"/households/{quote(household_id, safe='')}?{urlencode({'done': done})}", SEE_OTHER)


def back_to(member_id: str, done: str, number: str = "") -> RedirectResponse:
    """Return the way back to a member's page, which says what was done."""
    told = {"done": done, **({"number": number} if number else {})}
    return RedirectResponse(f"/members/{quote(member_id, safe='')}?{urlencode(told)}", SEE_OTHER)
