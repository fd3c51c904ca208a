"""Which entry of a form a problem is about, in the reader's words."""

from service.exchange.catalogue import exchanged, header_names
from service.web.wording import Wording


def entry_named(w: Wording, message: str) -> str:
    """Return the entry a message begins with (``started_on: expected a day …``) by its header in the office's files; empty where it names none."""
    name = message.partition(":")[0]
    headers = next((header_names(t)[name] for t in exchanged() if name in header_names(t)), ())
    if not headers:
        return ""
    return headers[0] if w.language == "zh" else name.replace("_", " ")
