"""What the registry's history says: what is in charge, since when, what runs in the shadow."""

from collections.abc import Mapping
from typing import Any

Events = list[dict[str, Any]]


def stack_of(events: Events) -> list[str]:
    """Return the versions that were put in charge and not taken back, the one in charge last."""
    stack: list[str] = []
    for event in events:
        if event["event"] == "promoted":
            stack.append(event["version"])
        elif event["event"] == "rolled_back":
            stack.pop()
    return stack


def production_of(events: Events) -> str | None:
    """Return the version in charge, None for the baseline."""
    stack = stack_of(events)
    return stack[-1] if stack else None


def told(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event without what only the chain needs."""
    return {k: v for k, v in event.items() if k not in ("signature", "before")}


def shadow_of(events: Events) -> str | None:
    """Return the version that scores beside the one in charge; a version that is put in charge leaves the shadow."""
    now = None
    for event in events:
        if event["event"] == "shadowed":
            now = event["version"]
        elif event["event"] == "promoted" and event["version"] == now:
            now = None
    return now


def in_charge_since(events: Events) -> str | None:
    """Return when what is in charge was last put there, None while it is the baseline from the beginning."""
    moves = [e["at"] for e in events if e["event"] in ("promoted", "rolled_back")]
    return str(moves[-1]) if moves else None
