"""A simulated office that lives day by day: people and posts come, outsiders fill posts, referrals meet their fate."""

import copy
from collections import defaultdict
from collections.abc import Callable
from typing import Self

import numpy as np

from matching.arrays import Bools, Ints
from models.simulation.config import RegionConfig
from models.simulation.days import make_days
from models.simulation.draws import normal, uniform
from models.simulation.geography import make_places
from models.simulation.ledger import (
    DECLINED,
    FILLED,
    NEVER,
    NO_SHOW,
    OPEN,
    REJECTED,
    REVOKED,
    SELF_FOUND,
    STARTED,
    Clocks,
    Jobs,
    Proposals,
    Referrals,
    flags,
)
from models.simulation.market import make_posts
from models.simulation.people import make_people
from models.simulation.truth import Truth

FOUND_ALONE_A_DAY, WITHDRAWS_A_DAY = 0.0015, 0.0008
"""Chance a working day that a member finds work without the office, that a household withdraws (assumptions)."""

COMES_BACK = 0.3
"""Share of households that ask again when their last job ends; the others leave (assumption)."""

CONFIRM_EVERY, CONFIRM_REACHED, FRESH_DAYS = 5, 0.85, 14
"""Working days between two calls to an employer, share of calls that reach it, calendar days a listing stays fresh."""

DELAY_MEDIAN, DELAY_SD = 4.5, 0.7
"""Working days from referral to start: 1 + lognormal (section 7.4)."""

SLIP_MISSING, KNOWN_LATER = 0.08, 10
"""Share of outcomes that never come back; working days until such a job is found out."""

Policy = Callable[["World"], Proposals]
"""Decides on one day who is referred where."""


class World:
    """One region under one policy. Same configuration and seed: same people, same posts, same luck for the same pair on the same day.

    ``step`` lives one working day: jobs end, outsiders fill openings, outcomes arrive, employers are called; then the policy
    proposes. State arrays speak of what is true (``left``, ``working``) and of what the office knows (``known_left``, ``confirmed``).
    """

    def __init__(self, truth: Truth) -> None:
        self.truth = truth
        people, posts = truth.people, truth.posts
        n, k, h = len(people.household), len(posts.day), len(people.arrives)
        self.day = -1
        self.referrals, self.jobs, self.clocks = Referrals(), Jobs(), Clocks()
        self.working, self.known_working = flags(n), flags(n)
        self.held = np.zeros(n, dtype=np.int64)
        self.gone_day = np.full(h, -1, dtype=np.int64)
        self.jobs_held = np.zeros(h, dtype=np.int64)
        self.first_job_day = np.full(h, -1, dtype=np.int64)
        self.left = posts.openings.copy()
        self.known_left = posts.openings.copy()
        self.confirmed = posts.day.copy()
        self.pending = np.zeros(k, dtype=np.int64)
        self.sent_to: dict[int, list[int]] = defaultdict(list)
        self._clock = np.full(h, -1, dtype=np.int64)
        self._slot_taken = flags(len(posts.filled_day))
        self._live = np.zeros(0, dtype=np.int64)
        self._open_of_member: dict[int, list[int]] = defaultdict(list)
        self._open_of_post: dict[int, list[int]] = defaultdict(list)
        self._due: dict[int, list[int]] = defaultdict(list)
        self._ends: dict[int, list[int]] = defaultdict(list)
        self._learnt: dict[int, list[int]] = defaultdict(list)
        order = np.argsort(posts.filled_day, kind="stable")
        self._slots, self._slot_days = order, posts.filled_day[order]
        self._slot_post = np.repeat(np.arange(k), posts.openings)
        self._promised = np.bincount(people.household, weights=~people.picky, minlength=h) > 0

    @classmethod
    def build(cls, config: RegionConfig, seed: int) -> Self:
        """Draw a region and stand on the day before its first."""
        return cls(make_truth(config, seed))

    def fork(self) -> Self:
        """Return a copy that may live on under another policy; the truth is shared."""
        return copy.deepcopy(self, {id(self.truth): self.truth})

    @property
    def today(self) -> np.datetime64:
        """The calendar day the world stands on."""
        return np.datetime64(self.truth.days.dates[self.day], "D")

    def step(self, policy: Policy) -> None:
        """Live one working day under a policy."""
        self.begin_day()
        self.refer(policy(self))

    def begin_day(self) -> None:
        """Move to the next working day and let everything happen that was due."""
        self.day += 1
        self._end_jobs()
        self._outsiders()
        for k in sorted(self._due.pop(self.day, []), key=self._luck):
            self._come_about(k)
        self._found_alone_or_gone()
        for m in self._learnt.pop(self.day, []):
            self.known_working[m] = self.working[m]
        self._arrivals()
        self._call_employers()

    def seeking(self) -> Ints:
        """Return members the office knows, who have no job as far as it knows and whose household has not left."""
        people = self.truth.people
        here = (people.member_arrives <= self.day) & ~self.known_working & (self.gone_day[people.household] < 0)
        return np.flatnonzero(here)

    def listed(self) -> Ints:
        """Return posts the office would show today: lawful, fresh, valid, openings left as far as it knows."""
        posts, days = self.truth.posts, self.truth.days.dates
        live = self._live
        age = (self.today - days[self.confirmed[live]]).astype(np.int64)
        return live[(self.known_left[live] > 0) & (age <= FRESH_DAYS) & ~posts.broken[live]]

    def refer(self, made: Proposals) -> None:
        """Take in the referrals of the day and draw what each will come to."""
        mi, pj, n = made.member, made.post, len(made.member)
        if not n:
            return
        seed, day = self.truth.seed, self.day
        odds = self.truth.odds(mi, pj, day)
        luck = [uniform(seed, step, mi, pj, day) for step in ("attends", "taken", "accepts")]
        fate = np.select(
            [luck[0] >= odds.attends, (luck[1] >= odds.taken) | odds.barred, luck[2] >= odds.accepts],
            [NO_SHOW, REJECTED, DECLINED],
            STARTED,
        )
        delay = 1.0 + DELAY_MEDIAN * np.exp(DELAY_SD * normal(seed, "delay", mi, pj, day))
        attend = day + np.clip(np.round(0.35 * delay), 1, 5).astype(np.int64)
        decide = np.maximum(attend, day + np.round(0.75 * delay).astype(np.int64))
        accept = np.maximum(decide, day + np.floor(0.9 * delay).astype(np.int64))
        start = np.maximum(accept, day + np.ceil(delay).astype(np.int64))
        first = len(self.referrals)
        columns = {
            "member": mi, "post": pj, "day": np.full(n, day), "rank": made.rank, "source": made.source, "propensity": made.propensity,
            "attend_day": attend, "decide_day": decide, "accept_day": accept, "start_day": start, "fate": fate,
            "ended_as": np.full(n, OPEN), "ended_day": np.full(n, -1),
        }  # fmt: skip
        for name, values in columns.items():
            getattr(self.referrals, name).extend(values.tolist())
        for k in range(first, first + n):
            m, p = self.referrals.member[k], self.referrals.post[k]
            self.held[m] += 1
            self.pending[p] += 1
            self.sent_to[m].append(p)
            self._open_of_member[m].append(k)
            self._open_of_post[p].append(k)
            self._due[self.referrals.fate_day(k)].append(k)

    def slip_missing(self, mi: Ints, pj: Ints, day: Ints) -> Bools:
        """Return (n,) referrals, by member, post and day made, whose outcome never comes back to the office."""
        return np.asarray(uniform(self.truth.seed, "slip", mi, pj, day) < SLIP_MISSING)

    def _luck(self, k: int) -> float:
        """Order of events of one day: by key, not by who was referred first."""
        return float(uniform(self.truth.seed, "order", self.referrals.member[k], self.referrals.post[k]))

    def _come_about(self, k: int) -> None:
        r = self.referrals
        if r.ended_as[k] != OPEN:
            return
        m, p, fate = r.member[k], r.post[k], r.fate[k]
        if self.working[m]:
            self._end_referral(k, REVOKED)
        elif fate in (REJECTED, STARTED) and self.left[p] <= 0:
            self.known_left[p] = 0
            self._end_referral(k, FILLED)
        else:
            self._end_referral(k, fate)
            if fate == STARTED:
                self._take_opening(p)
                self._start_job(m, p, k)

    def _end_referral(self, k: int, how: int) -> None:
        r = self.referrals
        m, p = r.member[k], r.post[k]
        r.ended_as[k], r.ended_day[k] = how, self.day
        self.held[m] -= 1
        self.pending[p] -= 1
        self._open_of_member[m].remove(k)
        self._open_of_post[p].remove(k)

    def _take_opening(self, p: int) -> None:
        posts = self.truth.posts
        slots = np.arange(posts.slot[p], posts.slot[p] + posts.openings[p])
        free = slots[~self._slot_taken[slots] & (posts.filled_day[slots] > self.day)]
        self._slot_taken[free[0]] = True
        self.left[p] -= 1
        self.known_left[p] = min(self.known_left[p] - 1, self.left[p])
        if self.known_left[p] <= 0:
            for other in list(self._open_of_post[p]):
                self._end_referral(other, FILLED)

    def _start_job(self, m: int, p: int, k: int) -> None:
        truth, h = self.truth, int(self.truth.people.household[m])
        mi, pj = np.array([m]), np.array([max(p, 0)])
        span = int(truth.days_employed(mi, pj, self.day)[0])
        ends = self.today + np.timedelta64(span, "D")
        late = p == SELF_FOUND or bool(self.slip_missing(mi, pj, np.array([self.referrals.day[k]]))[0])
        known = self.day + (KNOWN_LATER if late else 0)
        j = len(self.jobs)
        for name, value in (
            ("member", m),
            ("post", p),
            ("referral", k),
            ("day", self.day),
            ("known_day", known),
            ("ends_on", ends),
        ):
            getattr(self.jobs, name).append(value)
        self._ends[int(truth.days.index(np.array([ends]))[0])].append(j)
        self.working[m] = True
        self.known_working[m] = not late
        if late:
            self._learnt[known].append(m)
        for other in list(self._open_of_member[m]):
            self._end_referral(other, REVOKED)
        self.jobs_held[h] += 1
        if self.first_job_day[h] < 0:
            self.first_job_day[h] = self.day
        clock = self._clock[h]
        if clock >= 0:
            self.clocks.met_on[clock], self.clocks.met_known[clock] = self.today, known
            self._clock[h] = -1

    def _end_jobs(self) -> None:
        for j in self._ends.pop(self.day, []):
            m = self.jobs.member[j]
            h = int(self.truth.people.household[m])
            self.working[m] = self.known_working[m] = False
            self.jobs_held[h] -= 1
            if self.jobs_held[h] == 0 and self.gone_day[h] < 0:
                if uniform(self.truth.seed, "comes-back", m, self.jobs.day[j]) < COMES_BACK:
                    short = (self.jobs.ends_on[j] - self.truth.days.dates[self.jobs.day[j]]).astype(int) < 30
                    self._open_clock(h, self.today, reopened=bool(short))
                else:
                    self._leave(h)

    def _outsiders(self) -> None:
        low, high = np.searchsorted(self._slot_days, [self.day, self.day + 1])
        slots = self._slots[low:high]
        np.subtract.at(self.left, self._slot_post[slots[~self._slot_taken[slots]]], 1)

    def _found_alone_or_gone(self) -> None:
        people, seed = self.truth.people, self.truth.seed
        here = np.flatnonzero(
            (people.member_arrives < self.day) & ~self.working & (self.gone_day[people.household] < 0)
        )
        for m in here[uniform(seed, "alone", here, self.day) < FOUND_ALONE_A_DAY]:
            self._start_job(int(m), SELF_FOUND, -1)
        idle = np.flatnonzero((people.arrives < self.day) & (self.jobs_held == 0) & (self.gone_day < 0))
        for h in idle[uniform(seed, "leaves", idle, self.day) < WITHDRAWS_A_DAY]:
            self._leave(int(h))

    def _leave(self, h: int) -> None:
        self.gone_day[h] = self.day
        if self._clock[h] >= 0:
            self.clocks.void_on[self._clock[h]] = self.today
            self._clock[h] = -1
        first, last = np.searchsorted(self.truth.people.household, [h, h + 1])
        for m in range(first, last):
            for k in list(self._open_of_member[m]):
                self._end_referral(k, REVOKED)

    def _arrivals(self) -> None:
        people, posts = self.truth.people, self.truth.posts
        first, last = np.searchsorted(people.arrives, [self.day, self.day + 1])
        for h in range(first, last):
            if self._promised[h]:
                self._open_clock(h, self.today + np.timedelta64(int(people.declare_lag[h]), "D"), reopened=False)
        fresh = np.arange(*np.searchsorted(posts.day, [self.day, self.day + 1]))
        live = np.concatenate([self._live, fresh])
        days = self.truth.days.dates
        age = (self.today - days[posts.day[live]]).astype(np.int64)
        self._live = live[(self.known_left[live] > 0) & (age <= posts.valid_days[live])]

    def _open_clock(self, h: int, started: np.datetime64, *, reopened: bool) -> None:
        self._clock[h] = len(self.clocks)
        for name, value in (
            ("household", h),
            ("started_on", started),
            ("met_on", NEVER),
            ("met_known", -1),
            ("void_on", NEVER),
            ("reopened", reopened),
        ):
            getattr(self.clocks, name).append(value)

    def _call_employers(self) -> None:
        posts, live = self.truth.posts, self._live
        asked = live[(self.day - posts.day[live]) % CONFIRM_EVERY == 0]
        reached = asked[
            (posts.day[asked] == self.day) | (uniform(self.truth.seed, "confirms", asked, self.day) < CONFIRM_REACHED)
        ]
        self.known_left[reached] = self.left[reached]
        self.confirmed[reached] = self.day
        for p in reached[self.known_left[reached] <= 0]:
            for k in list(self._open_of_post[int(p)]):
                self._end_referral(k, FILLED)


def make_truth(config: RegionConfig, seed: int) -> Truth:
    """Draw places, days, people and posts of a region."""
    places = make_places(config, seed)
    days = make_days(config, places.cities)
    return Truth(
        config, days, places, make_people(config, days, places, seed), make_posts(config, days, places, seed), seed
    )
