"""Who makes a request, as far as the service knows."""

from dataclasses import dataclass

from matching.vocabulary import Role

ANYONE = "anyone"
"""Role of a caller who has not said who they are; no account has it."""

NOWHERE = ("nowhere",)
"""Region scope that holds no region: no code begins like this."""


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller: name in the journal, role, and heads of the region codes they see (empty: every region)."""

    actor: str
    role: str
    regions: tuple[str, ...] = NOWHERE
    session: str | None = None
    unlimited: bool = False

    @property
    def known(self) -> bool:
        """Whether the caller has said who they are, or need not."""
        return self.role != ANYONE


NOBODY = Principal("nobody", ANYONE)
"""A caller who has not logged in."""

OFFICE = Principal("office", Role.CASEWORKER, (), unlimited=True)
"""Every caller of an installation without accounts, which answers on its own machine only: all roles, every region."""
