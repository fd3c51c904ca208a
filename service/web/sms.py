"""The short message that tells a member of a post: at most 70 characters, one message on every network."""

from service.use_cases.post_facts import PostFacts
from service.web.wording import Wording

LIMIT = 70
"""Characters of one message in Chinese (UCS-2)."""


def sms(w: Wording, post: PostFacts, letter: str) -> str:
    """Return the message; title and employer are shortened until it fits. No name, no category: a phone lies on a table."""
    title, employer = post.title, post.employer
    while True:
        text = w("sms.post", title=title, employer=employer, wage_min_fen=post.wage_min, letter=letter[-6:])
        if len(text) <= LIMIT:
            return text
        if len(employer) > 1 and len(employer) >= len(title):
            employer = _shorter(employer)
        elif len(title) > 1:
            title = _shorter(title)
        else:
            return text[:LIMIT]


def _shorter(text: str) -> str:
    return text.rstrip("…")[:-1] + "…" if len(text) > 2 else text[:-1]
