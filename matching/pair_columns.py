"""What is known of members and posts as columns of numbers; ``matching.encoding`` makes them of tables."""

from dataclasses import dataclass

import numpy as np

from matching.arrays import Bools, Days, Float32s, Floats, Ints
from matching.tokens import TokenColumn


@dataclass(frozen=True, slots=True)
class MemberColumns:
    """Members as columns, one row an input row. Barred attributes (sex, age, hukou, disability, dibao) are used only for ``age_gate``."""

    ids: np.ndarray
    household_ids: np.ndarray
    as_of: Days
    skills: Float32s
    education: Ints
    certificates: TokenColumn
    categories: TokenColumn
    functional_limits: TokenColumn
    accommodations: TokenColumn
    wanted: TokenColumn
    excluded_tasks: TokenColumn
    accepted_regions: TokenColumn
    kinds_ok: TokenColumn
    experience: "Experience"
    seeking: Bools
    age_gate: Ints
    flexible: Bools
    wage_floor: Floats
    commute_limit: Floats
    earliest_start: Floats
    latest_end: Floats
    max_hours: Floats
    night_ok: Floats
    reachable: Floats
    available_in: Floats
    city: np.ndarray
    lng: Floats
    lat: Floats
    pw_times: Ints
    pw_months: Floats

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class PositionColumns:
    """Posts as columns, one row an input row."""

    ids: np.ndarray
    as_of: Days
    kind: Ints
    open: Bools
    fresh: Ints
    review: Ints
    barred_employer: Bools
    wage_gate: Ints
    region: TokenColumn
    city: np.ndarray
    lng: Floats
    lat: Floats
    home_based: Bools
    occupation: TokenColumn
    openings_left: Ints
    pending: Floats
    wage_min: Floats
    wage_max: Floats
    minimum_wage: Floats
    contract_months: Floats
    insured: Floats
    hours: Floats
    shift_start: Floats
    shift_end: Floats
    night: Bools
    min_education: Ints
    certificates: TokenColumn
    need: Float32s
    essential: Bools
    experience_months: Floats
    lift_kg: Floats
    standing: Bools
    height: Bools
    chemical: Bools
    contact: Bools
    task_tags: TokenColumn
    accommodations: TokenColumn
    reserved: TokenColumn
    training: Bools
    days_listed: Floats
    days_unconfirmed: Floats

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class Experience:
    """Months of experience by occupation group, looked up for many pairs at once.

    ``keys`` are ``row * n_tokens + token`` in rising order, ``months`` their values, ``tokens`` the occupation code or prefix → token.
    """

    keys: Ints
    months: Floats
    tokens: dict[str, int]

    def lookup(self, rows: Ints, tokens: Ints) -> Floats:
        """Return (n,) months of each row in each token's occupation; token -1 is an occupation nobody has worked in."""
        wanted = rows * max(len(self.tokens), 1) + tokens
        out = np.zeros(len(wanted))
        if not len(self.keys):
            return out
        at = np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)
        hit = (self.keys[at] == wanted) & (tokens >= 0)
        out[hit] = self.months[at[hit]]
        return out

    def take(self, rows: Ints) -> "Experience":
        """Return the months of some rows, in their order; the tokens keep their numbers."""
        width = max(len(self.tokens), 1)
        low, high = np.searchsorted(self.keys, rows * width), np.searchsorted(self.keys, (rows + 1) * width)
        repeat = high - low
        place = np.repeat(np.arange(len(rows)), repeat)
        pick = low[place] + np.arange(len(place)) - np.repeat(np.cumsum(repeat) - repeat, repeat)
        return Experience(place * width + self.keys[pick] % width, self.months[pick], self.tokens)
