"""Refusals of a use case that say more than a message."""

from matching.errors import Conflict
from matching.reasons import Reason


class Ineligible(Conflict):
    """The post may not be proposed to this member; carries the rules not met and the nearest change that would help."""

    def __init__(self, message: str, reasons: tuple[Reason, ...], nearest: tuple[Reason, ...] = ()) -> None:
        super().__init__(message)
        self.reasons = reasons
        self.nearest = nearest


class NoOpening(Conflict):
    """Every opening of the post is filled or held by an open referral."""


class NoSlot(Conflict):
    """The member holds as many open referrals as policy allows."""


class PassesOver(Conflict):
    """Others stand before this member in the regulated order for public-welfare posts."""


class KeyReused(Conflict):
    """An idempotency key came back with another request."""


class Stale(Conflict):
    """What a person was looking at was changed by somebody else meanwhile."""
