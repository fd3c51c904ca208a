"""Whose rows a caller sees: people's tables narrowed to heads of region codes, inside the query itself."""

from collections.abc import Callable, Iterator, Sequence

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
    steps = metadata.tables["approvals"]
    return sa.or_(
        table.c.object_type.not_in([*_JOURNALLED, "approvals", "accounts"]),
        *_named(table, lambda other: _people(other, heads)),
        sa.and_(
            table.c.object_type == "approvals", table.c.object_id.in_(sa.select(steps.c.approval_id).where(scope(steps, heads)))  # type: ignore[arg-type]
        ),
    )  # fmt: skip


def about_household(household_id: str) -> sa.ColumnElement[bool]:
    """Return the condition on the journal that keeps what was done about a household, its members and their affairs."""
    table, steps, people = (metadata.tables[name] for name in ("journal", "approvals", "members"))

    def own(other: sa.Table) -> sa.ColumnElement[bool] | None:
        """Return the condition that a row is of the household or of one of its members."""
        if "household_id" in other.c:
            return other.c.household_id == household_id
        return other.c.member_id.in_(sa.select(people.c.member_id).where(people.c.household_id == household_id))

    of_theirs = sa.select(steps.c.approval_id).where(sa.or_(*_named(steps, own)))
    return sa.or_(
        *_named(table, own), sa.and_(table.c.object_type == "approvals", table.c.object_id.in_(of_theirs))
    )  # fmt: skip


def _named(
    table: sa.Table, whose: Callable[[sa.Table], sa.ColumnElement[bool] | None]
) -> Iterator[sa.ColumnElement[bool]]:
    """Conditions that a row names, by object type and number, a row of somebody's."""
    for name, key in _JOURNALLED.items():
        other = metadata.tables["members" if name == "identities" else name]
        condition = whose(other)
        if condition is not None:
            mine = sa.select(other.c[key]).where(condition)
            yield sa.and_(table.c.object_type == name, table.c.object_id.in_(mine))
