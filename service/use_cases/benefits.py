"""What a post is worth beside its wage: shown with the score, never part of it."""

from collections.abc import Mapping
from dataclasses import dataclass

from matching.entitlements import effective_pay, entitlements
from matching.policy.load import PolicyBook
from matching.reasons import Reason, Verdict

Row = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Benefits:
    """Entitlements of a member at a post, and the pay with what the worker is paid on top; fen a month, None unknown."""

    entitlements: tuple[Reason, ...]
    effective_pay_fen: int | None


def benefits_of(member: Row, post: Row, policy: PolicyBook, *, employer: Row | None, household: Row | None) -> Benefits:
    """Return what a member gets at a post on the book's day; entitlements that are ruled out are left out."""
    found = entitlements(member, post, policy, policy.as_of, employer=employer, household=household)
    kept = tuple(r for r in found if r.facts["verdict"] != Verdict.NOT_MET.value)
    return Benefits(kept, effective_pay(post, policy, policy.as_of).total_fen)
