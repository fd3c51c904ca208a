"""Small allocation problems and slow referees."""

import itertools

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

from matching.allocation import AllocationProblem


def matrix(rng, n, m, share=0.6, whole=None):
    """Return a random utility matrix; ``whole`` draws from that many equal steps, so that many plans tie."""
    values = rng.uniform(0.05, 0.95, (n, m)) if whole is None else rng.integers(1, whole + 1, (n, m)) / (whole + 1)
    return sparse.csr_matrix(np.where(rng.random((n, m)) < share, values, 0.0))


def saturating(rng, n, m, members=2, slots=2, scarcity=0.7):
    """Return a problem of households of ``members`` seekers."""
    capacity = rng.integers(0, max(2, round(2 * scarcity * n * slots / m)) + 1, m)
    weight = rng.uniform(0.5, 2.0, n)
    return AllocationProblem(matrix(rng, n, m), capacity, np.arange(n) // members, slots, weight=weight)


def districts(rng, n, arcs=30, posts=200, slots=3):
    """Return a problem of households of one to three in districts of ``posts`` posts, where good posts are wanted by everybody."""
    home = np.repeat(np.arange(n), rng.integers(1, 4, n))[:n]
    m = posts * max(1, n // 600)
    column = (rng.integers(0, m // posts, n)[home][:, None] * posts + rng.integers(0, posts, (n, arcs))).ravel()
    able = np.repeat(rng.normal(-1.2, 0.7, n), arcs) + 0.8 * rng.normal(0, 1, m)[column]
    chance = 1 / (1 + np.exp(-able - rng.normal(0, 0.6, n * arcs)))
    row = np.repeat(np.arange(n), arcs)
    first = np.unique(row * m + column, return_index=True)[1]
    utility = sparse.csr_matrix((chance[first], (row[first], column[first])), shape=(n, m))
    return AllocationProblem(utility, rng.integers(1, 8, m), home, slots, weight=rng.choice([1.0, 1.5, 2.0], n)[home])


def referee(utility, capacity):
    """Return the optimum of the plain assignment by linear programming (HiGHS)."""
    coo = utility.tocoo()
    if not coo.nnz:
        return 0.0
    k, (n, m) = coo.nnz, coo.shape
    rows = sparse.csr_matrix((np.ones(k), (coo.row, np.arange(k))), shape=(n, k))
    columns = sparse.csr_matrix((np.ones(k), (coo.col, np.arange(k))), shape=(m, k))
    room = np.concatenate([np.ones(n), capacity])
    return -linprog(-coo.data, A_ub=sparse.vstack([rows, columns]), b_ub=room, method="highs").fun


def best_by_trying(problem, prices=None, allowed=lambda pairs: True):
    """Return the best priced value over all plans, by trying every set of free pairs; ``allowed`` may rule plans out."""
    coo = problem.utility.tocoo()
    pairs = list(zip(coo.row.tolist(), coo.col.tolist(), coo.data.tolist(), strict=True))
    locked = {tuple(p) for p in problem.locked.tolist()}
    prices = np.zeros(problem.utility.shape[1]) if prices is None else prices
    best = -np.inf
    for flags in itertools.product((False, True), repeat=len(pairs)):
        plan = [p for p, flag in zip(pairs, flags, strict=True) if flag]
        held = {(i, j) for i, j, _ in plan}
        if (
            not locked <= held
            or not allowed(np.array(sorted(held), dtype=int).reshape(-1, 2))
            or any(u < 0 and (i, j) not in locked for i, j, u in plan)
        ):
            continue
        rows = np.bincount([i for i, _, _ in plan], minlength=len(problem.slots)) if plan else problem.slots * 0
        columns = (
            np.bincount([j for _, j, _ in plan], minlength=len(problem.capacity)) if plan else problem.capacity * 0
        )
        if (rows > problem.slots).any() or (columns > problem.capacity).any():
            continue
        missed = np.ones(len(problem.household_weight))
        for i, _, u in plan:
            missed[problem.household[i]] *= 1.0 - u
        paid = sum(prices[j] for i, j, _ in plan if (i, j) not in locked)
        best = max(best, float((problem.household_weight * (1.0 - missed)).sum() - paid))
    return best
