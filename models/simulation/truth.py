"""The planted truth: who attends, who is taken, who accepts, how long it takes, who stays (domain model, section 7.4)."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from matching.arrays import Bools, Floats, Ints
from matching.pairing import KM_PER_DEGREE, commute_minutes
from models.simulation.config import RegionConfig
from models.simulation.days import Days
from models.simulation.draws import normal, uniform
from models.simulation.geography import Places
from models.simulation.market import Posts
from models.simulation.occupations import FIELD_OF_TRADE
from models.simulation.people import LIMITS, People

EMPLOYER_LEVEL = np.array([-0.55, 1.15, -0.20, 0.70, 0.20])
"""Logit with which an employer takes a fitting person, by kind."""

MINIMUM_WAGE_CHANGE = np.datetime64("2025-03-01", "D")
HAZARD = ((7, 0.012), (30, 0.004), (90, 0.0018), (180, 0.0009))
"""Daily hazard of leaving until each day of employment; the last one goes on."""

_LIMIT = {name: k for k, (name, _) in enumerate(LIMITS)}
_FIELD = np.array(FIELD_OF_TRADE)


@dataclass(frozen=True, slots=True)
class Odds:
    """True chances of pairs, all (n,): the three steps, what shaped them, and their product ``success``."""

    attends: Floats
    taken: Floats
    accepts: Floats
    minutes: Floats
    gap: Floats
    bias: Floats
    barred: Bools

    @property
    def success(self) -> Floats:
        """(n,) chance that the referral would lead to work, were the opening still there."""
        return np.where(self.barred, 0.0, self.attends * self.taken * self.accepts)


@dataclass(frozen=True, slots=True)
class Truth:
    """The model behind the region: people, posts, places, days and the seed of their luck."""

    config: RegionConfig
    days: Days
    places: Places
    people: People
    posts: Posts
    seed: int

    def minutes(self, mi: Ints, pj: Ints) -> Floats:
        """Return (n,) minutes to work, 0 at home."""
        street = self.people.street[self.people.household[mi]]
        p = self.posts
        lat = np.radians((self.places.lat[street] + p.lat[pj]) / 2.0)
        x = (self.places.lng[street] - p.lng[pj]) * np.cos(lat)
        y = self.places.lat[street] - p.lat[pj]
        return np.where(p.home_based[pj], 0.0, commute_minutes(np.sqrt(x * x + y * y) * KM_PER_DEGREE))

    def gap(self, mi: Ints, pj: Ints) -> Floats:
        """Return (n,) mean shortfall over the needed dimensions, in tens of points."""
        levels = self.posts.levels[pj]
        have = self.people.skills[mi[:, None], self.posts.dims[pj]]
        asked = levels >= 0
        return np.asarray(
            np.where(asked, np.maximum(levels - have, 0.0), 0.0).sum(axis=1) / np.maximum(asked.sum(axis=1), 1) / 10.0
        )

    def reservation(self, mi: Ints, day: Ints | int) -> Floats:
        """Return (n,) the wage a member would just take: 1 % less for every month since arrival."""
        months = np.maximum(day - self.people.member_arrives[mi], 0) / 20.83
        return np.asarray(self.people.reservation[mi] * 0.99**months)

    def barred(self, mi: Ints, pj: Ints) -> Bools:
        """Return (n,) pairs that never become a job: a task against a limit, a certificate that is missing."""
        m, p = self.people, self.posts
        limits = m.limits[mi]
        against = p.heavy[pj] & limits[:, _LIMIT["no_heavy_lift"]]
        for name, task in (
            ("no_night", p.night),
            ("no_long_standing", p.standing),
            ("no_height", p.height),
            ("no_chemical", p.chemical),
        ):
            against |= task[pj] & limits[:, _LIMIT[name]]
        return against | (p.certificate[pj] & ~m.certificate[mi, p.trade[pj]]) | p.broken[pj]

    def bias(self, mi: Ints, pj: Ints) -> Floats:
        """Return (n,) what an employer's hidden preference takes from the logit; at most 0."""
        m, p = self.people, self.posts
        aged = m.age_months[mi] > np.where(m.female[mi], 480, 540)
        unlike = p.prefers_female[pj] * np.where(m.female[mi], 1, -1) < 0
        return np.asarray(-0.7 * (p.prefers_young[pj] & aged) - 0.4 * unlike)

    def odds(self, mi: Ints, pj: Ints, day: Ints | int) -> Odds:
        """Return the true chances of pairs referred on a working day."""
        m, p = self.people, self.posts
        minutes, gap, bias = self.minutes(mi, pj), self.gap(mi, pj), self.bias(mi, pj)
        unseen = 0.5 * normal(self.seed, "employer-term", mi, p.employer[pj])
        short = p.schooling[pj] > m.education[mi]
        same = _FIELD[p.trade[pj]] == m.trade_field[mi]
        drift = np.where(
            self.days.dates[np.minimum(day, len(self.days) - 1)] >= MINIMUM_WAGE_CHANGE, self.config.drift, 0.0
        )
        logit = EMPLOYER_LEVEL[p.kind[pj]] - 1.3 * gap + 0.8 * same - 1.0 * short + bias + unseen + drift
        waited = np.minimum(np.maximum(day - m.member_arrives[mi], 0) / 20.0, 1.0)
        accept = (
            1.25
            + 2.4 * np.log(p.wage[pj] / self.reservation(mi, day))
            - 0.05 * np.maximum(minutes - m.commute_limit[mi], 0.0)
            - 1.4 * (p.night[pj] & ~m.night_ok[mi])
            - 1.4 * self.clash(mi, pj)
            - 0.9 * (p.low_status[pj] & m.picky[mi])
            + 0.5 * ~m.picky[mi]
            + 0.3 * waited
        )
        attends = np.minimum(expit(1.7 - 0.018 * np.maximum(minutes - 25.0, 0.0)) * m.reach[mi] / 0.82, 1.0)
        return Odds(attends, expit(logit), expit(accept), minutes, gap, bias, self.barred(mi, pj))

    def clash(self, mi: Ints, pj: Ints) -> Bools:
        """Return (n,) shifts outside the hours a member who cares for others can work."""
        start, end = self.posts.shift_start[pj], self.posts.shift_end[pj]
        return np.asarray(
            self.people.windowed[mi] & (start >= 0) & ((start < WINDOW[0]) | (end > WINDOW[1]) | (end < start))
        )

    def days_employed(self, mi: Ints, pj: Ints, day: int) -> Ints:
        """Return (n,) calendar days until each job that starts now would end."""
        minutes = self.minutes(mi, pj)
        over = np.maximum(minutes - self.people.commute_limit[mi], 0.0)
        low = self.posts.wage[pj] < self.reservation(mi, day)
        welfare = self.posts.kind[pj] == 1
        factor = np.exp(0.5 * self.gap(mi, pj) + 0.02 * over + 0.6 * low - 0.3 * welfare)
        return days_until(-np.log(uniform(self.seed, "stays", mi, pj)) / factor)


WINDOW = (480, 1080)
"""Hours of a member who takes children to school or a parent to care: 8:00 to 18:00."""


def days_until(hazard: Floats) -> Ints:
    """Return (n,) the day on which the cumulative daily hazard passes these amounts."""
    day, passed, before = np.zeros(len(hazard)), 0.0, 0
    for until, rate in HAZARD:
        reach = passed + rate * (until - before)
        inside = (hazard > passed) & (hazard <= reach)
        day[inside] = before + np.ceil((hazard[inside] - passed) / rate)
        passed, before = reach, until
    late = hazard > passed
    day[late] = before + np.ceil((hazard[late] - passed) / HAZARD[-1][1])
    return np.maximum(day, 1).astype(np.int64)
