"""What a unit of each position is worth to those still to come: shadow prices over many possible futures.

Each scenario draws how many seekers are still to come (the forecast's mean and spread, at evenly spaced quantiles, in some of them more than
told) and who they are (rows of the sampled arrivals, with replacement), and places them together with today's seekers by one exact flow. A
unit's price in a scenario is the middle between what one more unit would gain and what one unit less would lose; the price is the mean over
scenarios. Those to come count only what they would gain above a small part of their best, so that prices steer between positions more than
they refuse. After Ahani, Gölz, Procaccia, Teytelboym and Trapp, Dynamic Placement in Refugee Resettlement, Operations Research 2024, who
average solver duals for a number of arrivals taken as known; see docs/decisions/0005.
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.special import ndtri

from matching.allocation.flow import best_flow
from matching.allocation.order import mixed, twins
from matching.allocation.problem import AllocationProblem, whole
from matching.allocation.worth import gain_of_one_more, loss_of_one
from matching.arrays import Floats, Ints
from matching.errors import AllocationError

DOUBT = 0.1
"""Standard deviation, as a share of the number still to come, of the error that a forecast does not own up to. It adds in quadrature to
the spread it states: a little is lost where the forecast is exact, more is kept where it is wrong (measured, decision 0005)."""

BEYOND, OF_SAMPLE, OF_TODAY = 10, 1 / 6, 3
"""In one scenario of ``BEYOND`` more come than are told: a sixth as many as the sample holds (often a year's arrivals), though no more than
three times today's seekers. The error of a told total does not shrink with what is left of it, so towards the end it outgrows any share of
that; where the forecast is right, a scenario in ten costs next to nothing (measured, decision 0005)."""

ARCS_IN_ALL = 200_000
"""Scenarios are as many as keep all their arcs together below this, within the two limits that follow."""

FEWEST, MOST = 6, 30

ASIDE, OWNED, MOST_ASIDE = 0.075, 0.5, 0.15
"""Share of a future seeker's best utility that keeps no seat free, and how much more of it for each unit of the spread a forecast states, as a
share of what it expects, up to the last. Who is refused today has lost it all and for certain; for whom the seat is kept may never come, the
likelier the less is known. A little is lost where the forecast is right, more is kept where it told too many (measured, decision 0005)."""


@dataclass(frozen=True, slots=True, eq=False)
class Forecast:
    """Who is still to come, today's seekers not counted.

    Attributes
    ----------
    arrivals : (n_sampled, n_positions) CSR
        Utilities of sampled future seekers, in the units of ``AllocationProblem.utility``; an absent pair is forbidden. A sample of any
        size: it says who comes, ``expected`` says how many.
    expected : float
        Mean number of seekers still to come, at least 0.
    spread : float
        Standard deviation of that number; below 1 it is read as a share of ``expected``.
    """

    arrivals: sparse.csr_matrix
    expected: float
    spread: float = 0.0

    def __post_init__(self) -> None:
        for name, value in (("expected", self.expected), ("spread", self.spread)):
            if not np.isfinite(value) or value < 0:
                raise AllocationError(f"{name}: expected a finite number of at least 0, found {value}")
        if self.expected > 0 and not self.arrivals.shape[0]:
            raise AllocationError(
                f"arrivals: expected at least one sampled seeker for {self.expected:g} still to come, found none"
            )
        if not np.isfinite(sparse.csr_matrix(self.arrivals).data).all():
            raise AllocationError("arrivals: expected finite utilities, found NaN or infinity")

    @property
    def deviation(self) -> float:
        """Standard deviation of the number still to come, in seekers."""
        return float(self.spread * self.expected if self.spread < 1 else self.spread)


def shadow_prices(problem: AllocationProblem, forecast: Forecast) -> Floats:
    """Return (n_positions,) what one unit of each position is worth to those still to come, in units of utility, at least 0.

    ``problem`` is today's: its seekers who hold nothing yet compete with the future for the capacity that locks leave, one referral each,
    at ``weight * utility``. Positions that are alike to everybody are priced as one class. Equal inputs give equal prices.
    """
    if forecast.arrivals.shape[1] != problem.utility.shape[1]:
        raise AllocationError(
            f"arrivals: expected {problem.utility.shape[1]} columns, one a position, found {forecast.arrivals.shape[1]}"
        )
    return class_prices(problem, forecast, twins(_stacked(problem, forecast)[0]))


def class_prices(problem: AllocationProblem, forecast: Forecast, classes: Ints) -> Floats:
    """Return (n_positions,) prices that are equal within each class (n_positions,) int of positions.

    A class has the capacity of its positions together and, to each seeker, the utility of the best of them. With a class for each kind and
    area a province is priced in the time of a town.
    """
    _, code = np.unique(whole("classes", classes, problem.utility.shape[1], low=None), return_inverse=True)
    pool, today = _stacked(problem, forecast)
    room = problem.capacity - np.bincount(problem.locked[:, 1], minlength=len(problem.capacity))
    capacity = np.bincount(code, weights=room, minlength=int(code.max(initial=-1)) + 1).astype(np.int64)
    merged = pool if len(capacity) == len(code) else _merged(pool, code, len(capacity))
    draws = _draws(_less_aside(merged, today, aside(forecast)), today, forecast)
    if not draws or not len(code):
        return np.zeros(len(code))
    return np.asarray(np.mean([_prices(rows, capacity) for rows in draws], axis=0)[code])


def _stacked(problem: AllocationProblem, forecast: Forecast) -> tuple[sparse.csr_matrix, int]:
    """Return today's waiting seekers above the sampled arrivals, and how many of them are today's."""
    waiting = (problem.slots > 0) & (np.bincount(problem.locked[:, 0], minlength=len(problem.slots)) == 0)
    today = sparse.csr_matrix(sparse.diags(problem.household_weight[problem.household]) @ problem.utility)[waiting]
    pool = sparse.csr_matrix(sparse.vstack([today, sparse.csr_matrix(forecast.arrivals)]))
    pool.sum_duplicates()
    return pool, today.shape[0]


def _merged(pool: sparse.csr_matrix, code: Ints, n_classes: int) -> sparse.csr_matrix:
    """Return one column a class: each row's best utility in it."""
    row = np.repeat(np.arange(pool.shape[0], dtype=np.int64), np.diff(pool.indptr))
    key = row * n_classes + code[pool.indices]
    order = np.argsort(key, kind="stable")
    starts = np.flatnonzero(np.diff(key[order], prepend=-1))
    best = np.maximum.reduceat(pool.data[order], starts) if len(starts) else pool.data
    at = key[order][starts]
    return sparse.csr_matrix((best, (at // n_classes, at % n_classes)), shape=(pool.shape[0], n_classes))


def aside(forecast: Forecast) -> float:
    """Return the share of anybody's best utility that keeps no seat free under a forecast."""
    stated = forecast.deviation / forecast.expected if forecast.expected else np.inf
    return float(min(ASIDE + OWNED * stated, MOST_ASIDE))


def _less_aside(pool: sparse.csr_matrix, today: int, share: float) -> sparse.csr_matrix:
    """Return the pool with utilities of the sampled arrivals less a ``share`` of each row's best; what is not above that is never chosen."""
    row = np.repeat(np.arange(pool.shape[0], dtype=np.int64), np.diff(pool.indptr))
    best = np.zeros(pool.shape[0])
    np.maximum.at(best, row, pool.data)
    data = pool.data - np.where(row < today, 0.0, share * best[row])
    return sparse.csr_matrix((data, pool.indices, pool.indptr), shape=pool.shape)


def _draws(pool: sparse.csr_matrix, today: int, forecast: Forecast) -> list[sparse.csr_matrix]:
    """Return each scenario's seekers: today's and a resample of the arrivals; the draws hang on nothing but sizes."""
    sampled = pool.shape[0] - today
    if not sampled or forecast.expected == 0 == forecast.deviation:
        return []
    per_row = pool.nnz / pool.shape[0]
    count = int(np.clip(ARCS_IN_ALL / max(per_row * (forecast.expected + today), 1.0), FEWEST, MOST))
    out = []
    for k, n in enumerate(_numbers(forecast, count, min(OF_SAMPLE * sampled, OF_TODAY * today))):
        ticket = mixed(np.arange(n, dtype=np.uint64) + np.uint64((k + 1) << 40))
        out.append(pool[np.append(np.arange(today), today + (ticket % np.uint64(sampled)).astype(np.int64))])
    return out


def _numbers(forecast: Forecast, count: int, beyond: float) -> Ints:
    """Return (count,) how many come in each scenario: quantiles around what is told, then around ``beyond`` more."""
    deviation = float(np.hypot(forecast.deviation, DOUBT * forecast.expected))
    more = round(count / BEYOND)
    told, wrong = ((np.arange(k) + 0.5) / k for k in (count - more, more))
    numbers = forecast.expected + np.concatenate([deviation * ndtri(told), beyond + deviation * ndtri(wrong)])
    return np.maximum(np.round(numbers), 0).astype(np.int64)


def _prices(rows: sparse.csr_matrix, capacity: Ints) -> Floats:
    """Return one scenario's prices: the middle of each dual interval, in which every unit finds its taker on the right side."""
    seeker = np.repeat(np.arange(rows.shape[0], dtype=np.int64), np.diff(rows.indptr))
    use = rows.data > 0
    keys = mixed(np.arange(rows.shape[0], dtype=np.uint64)), mixed(np.arange(len(capacity), dtype=np.uint64))
    source, position, value = seeker[use], rows.indices[use], rows.data[use]
    chosen = best_flow(source, position, value, capacity, keys)
    gain = gain_of_one_more(source, position, value, chosen, len(capacity))
    loss = loss_of_one(source, position, value, chosen, capacity)
    return np.where(np.isnan(loss), gain, (gain + np.fmax(loss, gain)) / 2)
