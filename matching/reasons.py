"""Reasons: a code with its facts. The sentence lives in the service's catalogues, in Chinese and in English."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

Fact = str | int | float | bool | None
"""A fact of a reason: what a catalogue sentence may quote."""


class Verdict(StrEnum):
    """Answer of a rule. Unknown never excludes silently."""

    MET = "met"
    NOT_MET = "not_met"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something is so.

    Attributes
    ----------
    code : str
        Stable code, ``UPPER_CASE``; every code has a sentence in each catalogue.
    facts : mapping
        Values the sentence quotes; names say their unit (``commute_minutes``, ``wage_fen``).
    weight : float
        Share of the score in log-odds: above 0 speaks for, below 0 against, 0 for gates and notes.
    """

    code: str
    facts: Mapping[str, Fact] = field(default_factory=dict)
    weight: float = 0.0

    def as_dict(self) -> dict[str, object]:
        """Return the reason as plain values for JSON."""
        return {"code": self.code, "facts": dict(self.facts), "weight": round(float(self.weight), 6)}


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict with everything it rests on."""

    verdict: Verdict
    reasons: tuple[Reason, ...] = ()
    unknowns: tuple[Reason, ...] = ()
