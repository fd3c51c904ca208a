"""What came of a policy in a replay: the promise, the wait, the stay, the posts, and whom it served."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache

import numpy as np

from matching.arrays import Bools, Floats, Ints
from matching.policy.load import load_policy
from matching.promise import due_date
from models.replay_policies import REGION
from models.simulation.ledger import SELF_FOUND
from models.simulation.oracle import EASY, HARD, MIDDLE, employability, thirds
from models.simulation.world import World

STAYS_DAYS = 90

STRATA = {EASY: "easy", MIDDLE: "middle", HARD: "hard"}
"""Thirds of households by the true employability of their most employable member."""


@dataclass(frozen=True, slots=True)
class Cohort:
    """Households whose promise began within the days counted: ``households`` (n,) ascending, ``started due`` (n,) days, ``due_day`` (n,)
    last working-day index, ``stratum`` (n,)."""

    households: Ints
    started: np.ndarray
    due: np.ndarray
    due_day: Ints
    stratum: Ints


@dataclass(frozen=True, slots=True)
class Measures:
    """Figures of one policy in one replay.

    ``promise_kept`` share of the cohort with a first job by its due day; ``median_days`` from the start of the promise to the first job
    (null where fewer than half got one by the end); ``stable_90`` share of the cohort with a job begun in the replay that lasts 90
    days; ``welfare_used`` share of starts through the office on public-welfare posts; ``starts`` and ``referrals`` made;
    ``coverage`` share of listed posts that anybody was referred to; ``gini`` of referrals over listed posts; ``by_stratum`` and
    ``by_group`` promise kept.
    """

    promise_kept: float
    median_days: float | None
    stable_90: float
    welfare_used: float
    starts: int
    referrals: int
    coverage: float
    gini: float
    by_stratum: Mapping[str, float]
    by_group: Mapping[str, float]

    def as_dict(self) -> dict[str, object]:
        """Return plain values."""
        return asdict(self)


def cohort_of(world: World, first: int, last: int) -> Cohort:
    """Return the households that arrive on working days ``first`` to ``last`` with somebody who is not picky: their clock starts on declaration."""
    people, days = world.truth.people, world.truth.days
    able = np.bincount(people.household, weights=~people.picky, minlength=len(people.arrives)) > 0
    rows = np.flatnonzero((people.arrives >= first) & (people.arrives <= last) & able)
    started = days.dates[people.arrives[rows]] + people.declare_lag[rows].astype("timedelta64[D]")
    cities = [world.truth.places.cities[c] for c in people.city[rows]]
    due = np.array([_due(c, s) for c, s in zip(cities, started, strict=True)], dtype="datetime64[D]")
    member = np.flatnonzero(np.isin(people.household, rows))
    best = np.zeros(len(rows))
    np.maximum.at(best, np.searchsorted(rows, people.household[member]), employability(world.truth, member))
    due_day = np.searchsorted(days.dates, due, side="right") - 1
    return Cohort(rows, started, due, due_day, thirds(best))


@cache
def _due(city: str, started: np.datetime64) -> np.datetime64:
    day = started.item()
    return np.datetime64(due_date(day, load_policy(REGION, day).at(city)), "D")


def kept(world: World, cohort: Cohort) -> Bools:
    """Return (n,) whether somebody of each household had begun work by the due day."""
    first = world.first_job_day[cohort.households]
    return np.asarray((first >= 0) & (first <= cohort.due_day))


def measures_of(world: World, cohort: Cohort, since: int) -> Measures:
    """Measure a world that lived on from working day ``since`` under one policy."""
    good = kept(world, cohort).astype(float)
    strata = {name: _mean(good[cohort.stratum == k]) for k, name in STRATA.items()}
    jobs, posts = world.jobs, world.truth.posts
    day, post = np.array(jobs.day, dtype=np.int64), np.array(jobs.post, dtype=np.int64)
    sent = (day > since) & (post != SELF_FOUND)
    referrals = world.referrals.column("post")[world.referrals.column("day") > since]
    listed = np.flatnonzero(
        (posts.day <= world.day) & ~posts.broken & ((posts.day > since) | (world.confirmed > since))
    )
    load = np.bincount(referrals, minlength=len(posts.day))[listed]
    return Measures(
        promise_kept=_mean(good),
        median_days=_median(world, cohort),
        stable_90=_mean(_stayed(world, cohort, since).astype(float)),
        welfare_used=_mean((posts.kind[post[sent]] == 1).astype(float)),
        starts=int(sent.sum()),
        referrals=len(referrals),
        coverage=_mean((load > 0).astype(float)),
        gini=gini(load),
        by_stratum=strata,
        by_group=_by_group(world, cohort, good),
    )


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _median(world: World, cohort: Cohort) -> float | None:
    first = world.first_job_day[cohort.households]
    began = world.truth.days.dates[np.maximum(first, 0)]
    days = np.where(first >= 0, (began - cohort.started).astype(float), np.inf)
    middle = float(np.median(np.maximum(days, 0.0))) if len(days) else np.inf
    return middle if np.isfinite(middle) else None


def _stayed(world: World, cohort: Cohort, since: int) -> Bools:
    people, jobs, dates = world.truth.people, world.jobs, world.truth.days.dates
    day = np.array(jobs.day, dtype=np.int64)
    span = (np.array(jobs.ends_on, dtype="datetime64[D]") - dates[day]).astype(int)
    owner = people.household[np.array(jobs.member, dtype=np.int64)]
    return np.isin(cohort.households, owner[(day > since) & (span >= STAYS_DAYS)])


def gini(load: Ints) -> float:
    """Return the Gini coefficient of non-negative counts: 0 when all are equal; 0 for none."""
    ordered = np.sort(load.astype(float))
    total, n = ordered.sum(), len(ordered)
    return float((2 * np.arange(1, n + 1) - n - 1) @ ordered / (n * total)) if total > 0 else 0.0


def _by_group(world: World, cohort: Cohort, good: Floats) -> dict[str, float]:
    """Promise kept by what the head of the household is, each against the rest."""
    people = world.truth.people
    head = np.searchsorted(people.household, cohort.households)
    flags = {
        "women": people.female[head], "men": ~people.female[head], "aged_40_50": people.older[head], "younger": ~people.older[head],
        "disabled": people.disability[head] > 0, "not_disabled": people.disability[head] == 0,
        "dibao": people.dibao[cohort.households], "no_dibao": ~people.dibao[cohort.households], "care_duty": people.care[head],
    }  # fmt: skip
    return {name: _mean(good[mask]) for name, mask in flags.items() if mask.any()}
