"""How often a caller may ask, in this process: one moving window a caller, and a narrower one for log-ins."""

import time

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from service.clock import APART, seconds
from service.security.refusals import TooMany


class Rates:
    """Counts requests; ``limit`` such as "1200/minute"."""

    def __init__(self, limit: str, login_limit: str) -> None:
        self._limiter, self._ahead = MovingWindowRateLimiter(MemoryStorage()), seconds() - time.monotonic()
        self._limits: dict[str, RateLimitItem] = {"request": parse(limit), "login": parse(login_limit)}

    def count(self, what: str, caller: str) -> None:
        """Count one request of a caller; TooMany, with the seconds to wait, when the limit is used up.

        Where the clock was moved the count begins anew: after a step back old requests would count until their time comes again.
        """
        ahead = seconds() - time.monotonic()
        if abs(ahead - self._ahead) > APART:
            self._limiter, self._ahead = MovingWindowRateLimiter(MemoryStorage()), ahead
        limit = self._limits[what]
        if not self._limiter.hit(limit, what, caller):
            wait = max(1, int(self._limiter.get_window_stats(limit, what, caller).reset_time - seconds()) + 1)
            raise TooMany(f"the limit is {limit}; try again in {wait} seconds", wait)
