"""Why the gate does not let a request pass."""

from matching.errors import OneMonthError


class Unknown(OneMonthError):
    """Nobody is logged in, or what was shown to prove it does not hold."""


class NotAllowed(OneMonthError):
    """The caller is known and their role does not include this."""


class Busy(OneMonthError):
    """More people are at work than the service answers at once, and those who may wait wait already."""


class TooMany(OneMonthError):
    """More requests than the limit allows; carries the seconds to wait."""

    def __init__(self, message: str, retry_after: int = 60) -> None:
        super().__init__(message)
        self.retry_after = retry_after
