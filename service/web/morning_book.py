"""What the night changed, as rows a spreadsheet opens: one a proposal, then who holds nothing."""

from service.use_cases.morning import Morning
from service.web.wording import Wording

HEAD = ("days_left", "member", "file_no", "change", "post", "post_number", "why", "chance", "referral")
"""Columns of the file; their words are ``morning_file.<name>``."""


def rows(found: Morning, w: Wording) -> list[list[object]]:
    """Return the changes in their order and the waiting members behind them, in the reader's words."""
    changed: list[list[object]] = [
        [
            c.days_left, c.member_id, c.file_no, w.label("change", c.change), c.title, c.position_id, w.label("change_code", c.code),
            w("page.unknown") if c.p_placed is None else w.chance(c.p_placed), c.referral_id,
        ]
        for c in found.changes
    ]  # fmt: skip
    waiting: list[list[object]] = [
        [m["days_left"], m["member_id"], m["file_no"], w("work.holds_nothing"), *[None] * 5] for m in found.waiting
    ]
    return changed + waiting
