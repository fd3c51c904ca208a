"""What differs between two places, two days or two sets of rows."""

from dataclasses import dataclass

from matching.policy.load import PolicyBook
from matching.policy.schema import PolicyRow, keys


@dataclass(frozen=True, slots=True)
class Change:
    """One question with another answer: the rows that answer it before and after, None where none does."""

    key: str
    before: PolicyRow | None
    after: PolicyRow | None


def changes(before: PolicyBook, after: PolicyBook) -> tuple[Change, ...]:
    """Return every key whose answer differs, by key: value, source or period of the row that answers."""
    pairs = ((key, before.row(key), after.row(key)) for key in sorted(keys()))
    return tuple(Change(key, old, new) for key, old, new in pairs if old != new)
