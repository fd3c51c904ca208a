"""What happened so far in a simulated office: referrals, jobs and promise clocks, as growing columns."""

from dataclasses import dataclass, field

import numpy as np

from matching.arrays import Bools, Floats, Ints

NO_SHOW, REJECTED, DECLINED, STARTED, FILLED, REVOKED, OPEN = 0, 1, 2, 3, 4, 5, -1
"""Fates of a referral; the first four are drawn when it is made, the next two come from the world, the last is no fate yet."""

CASEWORKER, FAIR, NIGHT = 0, 1, 2
"""Sources of a referral."""

SELF_FOUND = -1
"""Post number of a job the member found without the office."""

NEVER = np.datetime64("NaT", "D")


@dataclass(frozen=True, slots=True)
class Proposals:
    """Referrals a policy makes on one day, all (n,); ``propensity`` is NaN where the policy does not know it."""

    member: Ints
    post: Ints
    rank: Ints
    propensity: Floats
    source: Ints

    @classmethod
    def of(cls, member: Ints, post: Ints, source: int = NIGHT) -> "Proposals":
        """Return proposals of a policy that states neither rank nor propensity."""
        n = len(member)
        return cls(
            np.asarray(member), np.asarray(post), np.ones(n, dtype=np.int64), np.full(n, np.nan), np.full(n, source)
        )


@dataclass(slots=True)
class Referrals:
    """Referrals made, one list a column; days are working-day indices."""

    member: list[int] = field(default_factory=list)
    post: list[int] = field(default_factory=list)
    day: list[int] = field(default_factory=list)
    rank: list[int] = field(default_factory=list)
    source: list[int] = field(default_factory=list)
    propensity: list[float] = field(default_factory=list)
    attend_day: list[int] = field(default_factory=list)
    decide_day: list[int] = field(default_factory=list)
    accept_day: list[int] = field(default_factory=list)
    start_day: list[int] = field(default_factory=list)
    fate: list[int] = field(default_factory=list)
    ended_as: list[int] = field(default_factory=list)
    ended_day: list[int] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.member)

    def fate_day(self, k: int) -> int:
        """Return the day on which what was drawn for a referral comes about."""
        return (self.attend_day, self.decide_day, self.accept_day, self.start_day)[self.fate[k]][k]

    def column(self, name: str) -> np.ndarray:
        """Return one column as an array."""
        return np.array(getattr(self, name), dtype=float if name == "propensity" else np.int64)


@dataclass(slots=True)
class Jobs:
    """Jobs that began; ``ends_on`` is the true last calendar day, ``known_day`` the day the office knows of the job."""

    member: list[int] = field(default_factory=list)
    post: list[int] = field(default_factory=list)
    referral: list[int] = field(default_factory=list)
    day: list[int] = field(default_factory=list)
    known_day: list[int] = field(default_factory=list)
    ends_on: list[np.datetime64] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.member)


@dataclass(slots=True)
class Clocks:
    """Household promise clocks; ``met_on`` and ``void_on`` are NaT until they happen, ``met_known`` is the working day the office learns of it."""

    household: list[int] = field(default_factory=list)
    started_on: list[np.datetime64] = field(default_factory=list)
    met_on: list[np.datetime64] = field(default_factory=list)
    met_known: list[int] = field(default_factory=list)
    void_on: list[np.datetime64] = field(default_factory=list)
    reopened: list[bool] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.household)


def flags(n: int) -> Bools:
    """Return (n,) all false."""
    return np.zeros(n, dtype=bool)
