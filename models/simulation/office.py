"""What the office of a simulated world has on file: the tables of the data dictionary, and nothing only the simulation knows."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from matching.arrays import Bools, Ints
from matching.tables import TABLES, check, empty
from models.simulation.draws import normal, uniform
from models.simulation.ledger import Referrals
from models.simulation.truth import Truth
from models.simulation.world import World

WAITS_DAYS = 8
"""Working days within which the office may still wait for the slip of a referral that has ended already."""


@dataclass(frozen=True, slots=True)
class Office:
    """A world read on one day: rows of households, members and posts that are on file, and helpers to write them down."""

    world: World
    households: Ints
    members: Ints
    posts: Ints

    @property
    def truth(self) -> Truth:
        """The planted truth; only for values an office would see through error."""
        return self.world.truth

    @property
    def day(self) -> int:
        """The working day read."""
        return self.world.day

    @property
    def as_of(self) -> np.datetime64:
        """The calendar day read: the last of the record, or the working day a replay stands on."""
        days = self.truth.days
        return np.datetime64(days.as_of, "D") if self.day == days.today else self.world.today

    def date(self, day: Ints) -> np.ndarray:
        """Return the calendar days of working-day indices; NaT for -1 and beyond today."""
        dates = self.truth.days.dates
        day = np.asarray(day, dtype=np.int64)  # a column of nobody has no type of its own
        known = (day >= 0) & (day <= self.day)
        return np.where(known, dates[np.clip(day, 0, len(dates) - 1)], np.datetime64("NaT", "D"))

    def until_now(self, dates: np.ndarray) -> np.ndarray:
        """Return dates, NaT where they lie after the day read."""
        return np.where(dates <= self.as_of, dates, np.datetime64("NaT", "D"))

    def luck(self, stream: str, *keys: np.ndarray) -> np.ndarray:
        """Return keyed numbers in (0, 1)."""
        return np.atleast_1d(uniform(self.truth.seed, stream, *keys))

    def noise(self, stream: str, *keys: np.ndarray) -> np.ndarray:
        """Return keyed standard normal numbers."""
        return np.atleast_1d(normal(self.truth.seed, stream, *keys))


def read(world: World, *, live_only: bool = False, recent: int = 0) -> Office:
    """Read a world; ``live_only`` leaves out households that left or are settled and posts nobody can be sent to, unless they came
    within the last ``recent`` working days."""
    people, posts = world.truth.people, world.truth.posts
    known_h = people.arrives <= world.day
    known_p = posts.day <= world.day
    if live_only:
        at_work = np.bincount(people.household, weights=world.known_working, minlength=len(people.arrives)) > 0
        known_h &= ((world.gone_day < 0) & ~at_work) | (people.arrives > world.day - recent)
        listed = np.zeros(len(posts.day), dtype=bool)
        listed[world.listed()] = True
        lately = np.array(world.referrals.day, dtype=np.int64) > world.day - WAITS_DAYS
        listed[np.array(world.referrals.post, dtype=np.int64)[lately]] = True
        known_p &= listed | (world.pending > 0) | (posts.day > world.day - recent)
    households = np.flatnonzero(known_h)
    return Office(world, households, np.flatnonzero(known_h[people.household]), np.flatnonzero(known_p))


def kept_referrals(office: Office, referrals: Referrals) -> Bools:
    """Return (n_referrals,) those whose member and post are both on file."""
    members = np.zeros(len(office.truth.people.household), dtype=bool)
    posts = np.zeros(len(office.truth.posts.day), dtype=bool)
    members[office.members], posts[office.posts] = True, True
    return (
        members[referrals.column("member")] & posts[referrals.column("post")]
        if len(referrals)
        else np.zeros(0, dtype=bool)
    )


def ids(prefix: str, numbers: Ints) -> np.ndarray:
    """Return identifiers under the reserved prefix SIM, which no real record carries."""
    written = np.asarray(numbers).astype(str)
    return np.char.add("SIM" + prefix, np.char.zfill(written, 6) if len(written) else written).astype(object)


def numbers(identifiers: pd.Series) -> Ints:
    """Return the row numbers behind identifiers made by ``ids``."""
    return identifiers.str[4:].astype("int64").to_numpy()


def nullable(values: np.ndarray, known: Bools) -> pd.Series:
    """Return numbers that are null where not known."""
    return pd.Series(np.where(known, values, np.nan))


def words(flags: Bools, names: tuple[str, ...]) -> np.ndarray:
    """Return the set columns of rows of flags (n, k)."""
    out = np.full(len(flags), "", dtype=object)
    for k, name in enumerate(names):
        out[flags[:, k]] += name + ";"
    return np.array([text.rstrip(";") for text in out], dtype=object)


def pick(luck: np.ndarray, names: tuple[str, ...], shares: tuple[float, ...]) -> np.ndarray:
    """Return one name a row by its luck."""
    at = np.searchsorted(np.cumsum(shares)[:-1], luck, side="right")
    return np.array(names, dtype=object)[at]


def canonical(name: str, columns: dict[str, object]) -> pd.DataFrame:
    """Bring columns through the door of the data dictionary; every row must pass."""
    frame = pd.DataFrame(columns)
    return check(TABLES[name], frame).require().reset_index(drop=True) if len(frame) else empty(TABLES[name])


Writer = Callable[[Office], pd.DataFrame]
"""Writes one table of the office."""
