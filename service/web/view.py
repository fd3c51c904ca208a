"""What every page is made with: the templates, the language of the reader, the names of places."""

import hashlib
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

import pandas as pd
from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from matching.occupations import occupation_names
from service.index import Index
from service.security.gate import caller_of
from service.security.principals import OFFICE
from service.web.navigation import SECTION, places_for
from service.web.wording import HTML_LANG, LANGUAGES, Wording
from service.wiring import Office

COOKIE = "language"


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("service.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def version_of(name: str) -> str:
    """Return a short hash of a static file, so that browsers fetch a changed one."""
    return hashlib.sha256((files("service.web") / "static" / name).read_bytes()).hexdigest()[:12]


def language_of(request: Request, office: Office) -> str:
    """Return the language of the reader: the one chosen by the switch, else the office's."""
    chosen = request.cookies.get(COOKIE, office.settings.language)
    return chosen if chosen in LANGUAGES else "zh"


def local_path(address: str) -> str:
    """Return an address of this service to go back to; the worklist for anything else."""
    parts = urlsplit(address)
    inside = address.startswith("/") and not address.startswith("//") and "\\" not in address and not parts.netloc
    return address if inside and address.isprintable() else "/worklist"


def place_name(places: pd.DataFrame, code: str, language: str) -> str:
    """Return the name of a region with that of the one above it; the code where the region is not known."""
    names: list[str] = []
    for part in dict.fromkeys((code, code[:6])):
        if part in places.index:
            row = places.loc[part]
            english = row["name_en"]
            names.append(str(english) if language == "en" and not pd.isna(english) else str(row["name_zh"]))
    if not names:
        return code
    return ", ".join(names) if language == "en" else "".join(reversed(names))


def render(
    request: Request,
    office: Office,
    index: Index | None,
    name: str,
    *,
    here: str = "",
    status: int = 200,
    **context: Any,
) -> HTMLResponse:
    """Return a page in the reader's language; without an index the page stands without names of places.

    ``here`` names the page; the navigation marks the place it is, or belongs to.
    """
    language, caller = language_of(request, office), caller_of(request)
    other = "en" if language == "zh" else "zh"

    def place(code: str) -> str:
        """Return a region's name in the page's language, its code where the names are not at hand."""
        return code if index is None else place_name(index.places, code, language)

    query = f"?{request.url.query}" if request.url.query else ""
    html = _templates().get_template(name).render(
        w=Wording(language, place), place=place, occupations=occupation_names(), other=other, other_lang=HTML_LANG[other], today=office.today(), caller=caller,
        places=places_for(caller), section=SECTION.get(here, here), here=here, version=version_of,
        simulated=index is not None and index.simulated, alone=caller.actor == OFFICE.actor,
        address=request.url.path + query if request.method == "GET" else "/worklist", **context,
    )  # fmt: skip
    return HTMLResponse(html, status_code=status, headers={"Vary": "Cookie"})
