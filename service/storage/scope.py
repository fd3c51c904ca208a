"""Whose rows a caller sees: people's tables narrowed to heads of region codes, inside the query itself."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from service.storage.schema import metadata

_OWN = ("members", "households")
_JOURNALLED = {
    "members": "member_id", "households": "household_id", "referrals": "referral_id", "placements": "placement_id",
    "promises": "promise_id", "identities": "member_id", "appeals": "appeal_id", "notices": "notice_id", "locks": "lock_id",
    "contacts": "contact_id", "path_records": "path_record_id", "trainings": "training_id", "pairings": "pairing_id",
}  # fmt: skip
"""Object type in the journal → key of the table its numbers are of."""


def scope(table: sa.Table, heads: Sequence[str]) -> sa.ColumnElement[bool] | None:
    """Return the condition that keeps a table's rows of people in these regions; None for tables of no person, or no limit.

    A row is of the region of its member, else of its household; a row of neither (a post's own lock) is of nobody and stays.
    """
    if not heads:
        return None
    if table.name == "journal":
        return _journal(table, heads)
    if table.name == "approvals":
        return sa.or_(*(table.c.region_code.startswith(head, autoescape=True) for head in heads))
    return _people(table, heads)


def _people(table: sa.Table, heads: Sequence[str]) -> sa.ColumnElement[bool] | None:
    if table.name in _OWN:
        return sa.or_(*(table.c.region_code.startswith(head, autoescape=True) for head in heads))
    for key, owner in (("household_id", "households"), ("member_id", "members")):
        if key in table.c:
            people = metadata.tables[owner]
            inside = table.c[key].in_(sa.select(people.c[key]).where(_people(people, heads)))  # type: ignore[arg-type]
            return sa.or_(table.c[key].is_(None), inside) if table.c[key].nullable else inside
    return None


def _journal(table: sa.Table, heads: Sequence[str]) -> sa.ColumnElement[bool]:
    """Entries about people of these regions, and those about no person: posts, runs, files."""
    about: list[Any] = [table.c.object_type.not_in([*_JOURNALLED, "approvals", "accounts"])]
    for name, key in _JOURNALLED.items():
        other = metadata.tables["members" if name == "identities" else name]
        condition = _people(other, heads)
        if condition is not None:
            about.append(
                sa.and_(table.c.object_type == name, table.c.object_id.in_(sa.select(other.c[key]).where(condition)))
            )
    return sa.or_(*about)
