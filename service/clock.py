"""The one clock of the service: every time it writes or compares, but for how long something took, is read here."""

import time
from datetime import date, datetime
from zoneinfo import ZoneInfo

LOCAL = ZoneInfo("Asia/Shanghai")
"""The service's days are local days."""

APART = 300.0
"""Seconds two clocks, or one clock at two moments of its own telling, may differ without anything being wrong."""


def seconds() -> float:
    """Return the machine's time in seconds since 1970."""
    return time.time()


def local_now() -> datetime:
    """Return the time in Guangdong, with its offset."""
    return datetime.fromtimestamp(seconds(), LOCAL)


def local_today() -> date:
    """Return today's date in Guangdong."""
    return local_now().date()


def stamp() -> str:
    """Return the time in Guangdong as the record keeps it, to the second, with its offset."""
    return local_now().isoformat(timespec="seconds")
