"""Families arrive in batches through a year and are placed at once: how near prices of waiting come to hindsight.

``python tests/benchmarks/dynamic_placement.py [--orders 2] [--only NAME] [--size 1.0] [--seed 0] [--told "right;15% high"]``. Generated years after
Ahani et al., Dynamic Placement in Refugee Resettlement, Operations Research 2024: tens of places with seats, chances that depend on
place, person and both, batches that must be placed today. Printed are mean shares of the hindsight optimum (one exact flow over
the year) and the worst decile, for greedy, the published method (solver duals averaged over sampled futures of the told number)
and ``shadow_prices``; the number of arrivals is told right, 15 % high and 15 % low, with and without the spread owned up to: as a total
for the year, from which those who came are taken, or as a factor on what is left.
"""

import argparse
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from scipy import sparse

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from matching.allocation import AllocationProblem, Forecast, allocate, shadow_prices
from matching.allocation.flow import best_flow
from matching.allocation.order import mixed
from matching.allocation.worth import gain_of_one_more


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of year: sizes, how scarce seats are, what chances hang on, and what the forecast has seen."""

    people: int = 400
    places: int = 20
    seats: float = 1.0
    skew: float = 1.0
    place: float = 1.0
    person: float = 1.0
    taste: float = 1.0
    noise: float = 0.5
    members: bool = False
    open_share: float = 1.0
    batch: tuple[int, int] = (5, 30)
    drift: float = 0.0
    season: float = 0.0
    seen: str = "other"
    decided: bool = True


KINDS = {
    "base": Kind(),
    "families": Kind(members=True, people=350, places=16, skew=0.7),
    "families scarce": Kind(members=True, people=350, places=16, seats=0.8),
    "families slack": Kind(members=True, people=350, places=16, seats=1.3, skew=0.6),
    "one by one": Kind(people=150, places=12, batch=(1, 1)),
    "large batches": Kind(people=600, places=30, batch=(50, 100)),
    "many places": Kind(people=400, places=60, batch=(5, 40)),
    "few seats each": Kind(people=150, places=50, batch=(3, 12)),
    "slack": Kind(seats=1.3),
    "a little slack": Kind(seats=1.08),
    "scarce": Kind(seats=0.8),
    "place decides": Kind(place=2.5, taste=0.5, noise=0.3),
    "taste decides": Kind(place=0.5, taste=2.5, noise=0.3),
    "noise": Kind(place=0.8, taste=0.2, noise=1.5),
    "person decides": Kind(person=2.5, place=1.0, taste=0.5),
    "sparse": Kind(open_share=0.25),
    "sparse families": Kind(open_share=0.4, members=True, seats=1.1),
    "skewed places": Kind(skew=0.3, places=30),
    "drift": Kind(drift=1.0),
    "season": Kind(season=1.0),
    "past only": Kind(seen="past"),
    "past only, drift": Kind(seen="past", drift=0.7),
    "the very people": Kind(seen="same"),
    "small sample": Kind(seen="small"),
}


@dataclass(frozen=True, slots=True)
class Year:
    """One year: utilities of those who come (absent = forbidden), of those the forecast has seen, seats, batches in order."""

    people: sparse.csr_matrix
    seen: sparse.csr_matrix
    seats: np.ndarray
    batches: tuple[np.ndarray, ...]
    past_only: bool

    def known(self, arrived: int) -> sparse.csr_matrix:
        """Utilities the forecaster has seen before the batch that starts after ``arrived`` people."""
        if not self.past_only:
            return self.seen
        return sparse.vstack([self.seen, self.people[np.concatenate(self.batches)[:arrived]]], format="csr")


def year_of(kind: Kind, seed: int) -> Year:
    """Draw a year."""
    rng = np.random.default_rng(seed)
    n, m = kind.people, kind.places
    traits = 3
    place = rng.normal(0, kind.place, m)
    tastes = rng.normal(0, kind.taste / np.sqrt(traits), (traits, m))

    def drawn(count: int, late: np.ndarray) -> sparse.csr_matrix:
        who = rng.normal(0, 1, (count, traits))
        who[:, 0] += kind.drift * (2 * late - 1) + kind.season * np.sin(2 * np.pi * late)
        size = 1 + rng.binomial(4, 0.3, count) if kind.members else np.ones(count, dtype=int)
        able = rng.normal(-0.7, kind.person, count)[:, None] + place + who @ tastes
        value = np.zeros((count, m))
        for k in range(int(size.max(initial=1))):
            value += (k < size)[:, None] / (1 + np.exp(-able - rng.normal(0, kind.noise, (count, m))))
        return sparse.csr_matrix(np.where(rng.random((count, m)) < kind.open_share, value, 0.0))

    seats = rng.multinomial(round(kind.seats * n), rng.dirichlet(np.full(m, kind.skew * 3)))
    batches, first = [], 0
    while first < n:
        last = min(n, first + int(rng.integers(kind.batch[0], kind.batch[1] + 1)))
        batches.append(np.arange(first, last))
        first = last
    people = drawn(n, np.arange(n) / n)
    other = drawn({"past": 40, "small": 60}.get(kind.seen, n), rng.random({"past": 40, "small": 60}.get(kind.seen, n)))
    return Year(people, people if kind.seen == "same" else other, seats, tuple(batches), kind.seen == "past")


def reordered(year: Year, seed: int) -> Year:
    """The same people in another order, in batches of the same sizes."""
    order = np.random.default_rng(seed).permutation(year.people.shape[0])
    return Year(year.people[order], year.seen, year.seats, year.batches, year.past_only)


Prices = Callable[[AllocationProblem, Forecast], np.ndarray]


def greedy(problem: AllocationProblem, forecast: Forecast) -> np.ndarray:
    """Tomorrow is worth nothing."""
    return np.zeros(problem.utility.shape[1])


def published(problem: AllocationProblem, forecast: Forecast, futures: int = 10) -> np.ndarray:
    """Duals of today's batch with a sampled future of the told number, averaged over futures."""
    n, m = round(forecast.expected), problem.utility.shape[1]
    if not n:
        return np.zeros(m)
    out = []
    for k in range(futures):
        rng = np.random.default_rng((k, n))
        rows = sparse.vstack(
            [problem.utility, forecast.arrivals[rng.integers(0, forecast.arrivals.shape[0], n)]], format="csr"
        )
        who = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
        keys = mixed(np.arange(rows.shape[0], dtype=np.uint64)), mixed(np.arange(m, dtype=np.uint64))
        chosen = best_flow(who, rows.indices, rows.data, problem.capacity, keys)
        out.append(gain_of_one_more(who, rows.indices, rows.data, chosen, m))
    return np.mean(out, axis=0)


METHODS: dict[str, Prices] = {"greedy": greedy, "published": published, "ours": shadow_prices}


@dataclass(frozen=True, slots=True)
class Told:
    """What the forecaster is told: a factor on the true number, the spread owned up to, and whether the factor is on the year's total, from
    which those who came are taken, or on what is left."""

    factor: float = 1.0
    spread: float = 0.0
    of_total: bool = True

    def expected(self, total: int, come: int) -> float:
        """Number still to come when ``come`` of ``total`` people have."""
        return max(round(self.factor * total) - come, 0) if self.of_total else round(self.factor * (total - come))


TOLD = {
    "right": Told(),
    "right, spread": Told(1.0, 0.15),
    "15% high": Told(1.15),
    "15% low": Told(0.85),
    "15% high, spread": Told(1.15, 0.15),
    "15% low, spread": Told(0.85, 0.15),
    "left 15% high": Told(1.15, 0.0, of_total=False),
    "left 15% low": Told(0.85, 0.0, of_total=False),
}

TOGETHER = {
    "told right": ("right",),
    "told wrong": ("15% high", "15% low"),
    "told wrong, spread owned up to": ("15% high, spread", "15% low, spread"),
    "told wrong what is left": ("left 15% high", "left 15% low"),
}


def share(year: Year, prices: Prices, told: Told) -> float:
    """Place a year batch by batch; return the share of the hindsight optimum."""
    hindsight = allocate(AllocationProblem(year.people, year.seats)).objective
    left, arrived, made = year.seats.copy(), 0, 0.0
    for batch in year.batches:
        problem = AllocationProblem(year.people[batch], left)
        expected = told.expected(year.people.shape[0], arrived + len(batch))
        plan = allocate(problem, prices(problem, Forecast(year.known(arrived), expected, told.spread)))
        left = left - np.bincount(plan.pairs[:, 1], minlength=len(left))
        arrived, made = arrived + len(batch), made + plan.objective
    return made / hindsight


def years(orders: int, only: str | None, size: float, first: int = 0) -> Iterator[tuple[str, Year]]:
    """Years of all kinds, each in several orders of arrival (drawn anew where the order means something)."""
    for name, kind in KINDS.items():
        if only is not None and only not in name:
            continue
        sized = Kind(**{**{f: getattr(kind, f) for f in Kind.__slots__}, "people": round(kind.people * size)})
        seed = zlib.crc32(name.encode()) % 2**16 + first
        for k in range(orders):
            timed = kind.drift or kind.season or kind.seen == "past"
            yield name, year_of(sized, seed + k) if timed else reordered(year_of(sized, seed), first + k)


def _table(found: dict[tuple[str, str, str], list[float]], methods: list[str], told: list[str]) -> None:
    names = list(dict.fromkeys(name for name, _, _ in found))
    print(f"{'kind of year':20s}" + "".join(f" {m[:9]:>10s}/{t}" for t in told for m in methods))
    for name in names:
        print(f"{name:20s}" + "".join(f" {np.mean(found[name, m, t]):10.4f}" for t in told for m in methods))
    for t in told:
        for m in methods:
            means = np.array([np.mean(found[name, m, t]) for name in names])
            every = np.concatenate([found[name, m, t] for name in names])
            print(
                f"{t:18s} {m:10s} mean {every.mean():.4f}  worst decile {np.quantile(every, 0.1):.4f}  worst kind {means.min():.4f}"
            )
    for name, parts in TOGETHER.items():
        if set(parts) <= set(told):
            mean = {m: np.mean([found[kind, m, t] for kind in names for t in parts]) for m in methods}
            print(f"{name:32s}" + "".join(f"  {m} {value:.4f}" for m, value in mean.items()))


def main() -> None:
    """Run the comparison and print it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--orders", type=int, default=2)
    parser.add_argument("--only")
    parser.add_argument("--size", type=float, default=1.0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--methods", default="greedy,published,ours")
    parser.add_argument("--told", default=";".join(TOLD))
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    methods, told = given.methods.split(","), given.told.split(";")
    started = time.perf_counter()
    tasks = [
        (name, year, m, t)
        for name, year in years(given.orders, given.only, given.size, given.seed)
        for m in methods
        for t in told
    ]
    results = Parallel(given.workers)(delayed(share)(year, METHODS[m], TOLD[t]) for _, year, m, t in tasks)
    found: dict[tuple[str, str, str], list[float]] = {}
    for (name, _, m, t), value in zip(tasks, results, strict=True):
        found.setdefault((name, m, t), []).append(value)
    _table(found, methods, told)
    print(f"{len(tasks)} years placed in {time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
