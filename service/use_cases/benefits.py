"""What a post is worth beside its wage: shown with the score, never part of it."""

from collections.abc import Mapping
from dataclasses import dataclass

from matching.policy.load import PolicyBook
from matching.reasons import Reason


@dataclass(frozen=True, slots=True)
class Benefits:
    """Entitlements of a member at a post, and the pay with what the worker is paid on top; fen a month, None unknown."""

    entitlements: tuple[Reason, ...]
    effective_pay_fen: int | None


def benefits_of(member: Mapping[str, object], post: Mapping[str, object], policy: PolicyBook) -> Benefits:
    """Return what a member gets at a post on the book's day."""
    wage = post["wage_min"]
    return Benefits((), wage if isinstance(wage, int) else None)
