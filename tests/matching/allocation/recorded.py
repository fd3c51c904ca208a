"""Problems whose plan, bound and prices are kept: the same problem has the same answer until somebody records it anew.

That an answer is right is shown by its certificate and by referees; here it is only shown that nothing moves unnoticed.
``python -m tests.matching.allocation.recorded`` writes the answers of today.
"""

import json
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import numpy as np

from matching.allocation import AllocationProblem, Forecast, allocate, class_prices, shadow_prices, solve
from tests.matching.allocation.instances import districts, matrix, saturating

FILE = Path(__file__).with_name("recorded.json")


def problems():
    """Yield a name, a problem, prices, and how many arcs make it a large one."""
    for seed, (n, m, members, slots) in enumerate([(40, 24, 2, 2), (45, 30, 3, 1), (36, 20, 1, 3), (60, 40, 2, 3)]):
        rng = np.random.default_rng(seed)
        posed = saturating(rng, n, m, members, slots)
        yield f"households {seed}", posed, rng.uniform(0, 0.3, m) if seed % 2 else None, solve.MANY
    for seed in (4, 5):
        yield f"districts {seed}", districts(np.random.default_rng(seed), 140, arcs=12, posts=50), None, solve.MANY
    for seed in (6, 7):
        yield f"large {seed}", districts(np.random.default_rng(seed), 120, arcs=16, posts=40), None, 300
    for seed, slots in ((8, 1), (9, 2), (10, 1), (11, 3)):
        yield f"bound by rules {seed}", _ruled(np.random.default_rng(seed), slots), None, solve.MANY
    for seed in (12, 13):
        rng = np.random.default_rng(seed)
        yield (
            f"ties {seed}",
            AllocationProblem(matrix(rng, 40, 12, whole=3), rng.integers(0, 4, 12), None, seed - 11),
            None,
            solve.MANY,
        )


def _ruled(rng, slots):
    """Return a problem with locks, people who must be placed, and an order in which scarce posts are given."""
    n, m = 40, 16
    utility, capacity = matrix(rng, n, m, share=0.4), rng.integers(1, 4, m)
    locked = np.column_stack(utility.nonzero())[:: 3 * m][:4]
    locked = locked[np.unique(locked[:, 1], return_index=True)[1]]
    return AllocationProblem(
        utility, capacity, np.arange(n) // 2, slots, locked, weight=rng.uniform(0.5, 2.0, n), must=rng.random(n) < 0.3,
        must_positions=rng.random(m) < 0.5, place=rng.integers(0, 4, n) if slots % 2 else None,
    )  # fmt: skip


@contextmanager
def _large_from(arcs):
    before, solve.MANY = solve.MANY, arcs
    try:
        yield
    finally:
        solve.MANY = before


def answers():
    """Return name → what came out: the pairs as a hash, and figures."""
    out = {}
    for name, posed, prices, many in problems():
        with _large_from(many):
            plan = allocate(posed, prices)
        pairs = sha256(np.ascontiguousarray(plan.pairs, dtype=np.int64).tobytes()).hexdigest()[:16]
        out[name] = {"pairs": pairs, "figures": [plan.objective, plan.certificate.bound, plan.priced]}
    for seed in (20, 21, 22):
        rng = np.random.default_rng(seed)
        posed = AllocationProblem(matrix(rng, 20, 8), rng.integers(0, 4, 8), weight=rng.uniform(0.5, 2, 20))
        forecast = Forecast(matrix(rng, 15, 8), 25 + 10 * (seed - 20), (0.0, 0.3, 4.0)[seed - 20])
        found = [*shadow_prices(posed, forecast), *class_prices(posed, forecast, np.arange(8) // 3)]
        out[f"prices {seed}"] = {"pairs": "", "figures": [float(x) for x in found]}
    return out


if __name__ == "__main__":
    FILE.write_text(json.dumps(answers(), indent=1) + "\n", "utf-8")
