"""A solver's answer, checked apart from the solver: is it feasible, what is it worth, how far is it from the bound?"""

from dataclasses import dataclass

import numpy as np

from matching.allocation.problem import AllocationProblem
from matching.arrays import Floats, Ints


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule: ``rule`` (capacity | slots | forbidden | repeated | lock), the row concerned, how many and how many are allowed."""

    rule: str
    index: int
    found: int
    allowed: int


@dataclass(frozen=True, slots=True)
class Certificate:
    """What was checked: ``objective`` recomputed from the pairs alone, ``bound`` no plan can exceed, ``gap`` between them as a share."""

    feasible: bool
    objective: float
    bound: float
    gap: float
    violations: tuple[Violation, ...] = ()


def certify(problem: AllocationProblem, pairs: Ints, bound: float) -> Certificate:
    """Check pairs (m, 2) against a problem; nothing is taken from the solver but the pairs and the bound it claims."""
    found = tuple(_violations(problem, pairs))
    objective = plan_value(problem, pairs)
    bound = max(bound, objective)
    gap = 0.0 if bound <= 0 else (bound - objective) / bound
    return Certificate(not found, objective, bound, gap, found)


def plan_value(problem: AllocationProblem, pairs: Ints) -> float:
    """Return the value of a plan: the sum of weighted utilities, or of each household's saturating value."""
    assert problem.weight is not None and problem.household is not None
    if not len(pairs):
        return 0.0
    utility = np.asarray(problem.utility[pairs[:, 0], pairs[:, 1]]).ravel()
    if not problem.saturating:
        return float((utility * problem.weight[pairs[:, 0]]).sum())
    homes, at = np.unique(problem.household[pairs[:, 0]], return_inverse=True)
    missed = np.ones(len(homes))
    np.multiply.at(missed, at, 1.0 - utility)
    return float((household_weights(problem)[homes] * (1.0 - missed)).sum())


def household_weights(problem: AllocationProblem) -> Floats:
    """Return (largest household code + 1,) the weight of each household: the largest of its seekers' weights."""
    assert problem.weight is not None and problem.household is not None
    out = np.zeros(int(problem.household.max(initial=-1)) + 1)
    np.maximum.at(out, problem.household, problem.weight)
    return out


def _violations(problem: AllocationProblem, pairs: Ints) -> list[Violation]:
    n, m = problem.utility.shape
    out: list[Violation] = []
    outside = (pairs < 0).any(axis=1) | (pairs[:, 0] >= n) | (pairs[:, 1] >= m) if len(pairs) else np.zeros(0, dtype=bool)
    out += [Violation("forbidden", int(i), 1, 0) for i in pairs[outside][:, 0]] if outside.any() else []
    pairs = pairs[~outside]
    keys, counts = np.unique(pairs[:, 0] * m + pairs[:, 1], return_counts=True)
    out += [Violation("repeated", int(k // m), int(c), 1) for k, c in zip(keys[counts > 1], counts[counts > 1], strict=True)]
    rows = problem.utility.tocoo()
    allowed = np.isin(pairs[:, 0] * m + pairs[:, 1], rows.row.astype(np.int64) * m + rows.col)
    out += [Violation("forbidden", int(i), 1, 0) for i in pairs[~allowed][:, 0]]
    for rule, column, room in (("capacity", 1, problem.capacity), ("slots", 0, problem.slots)):
        held = np.bincount(pairs[:, column], minlength=len(np.asarray(room)))
        out += [Violation(rule, int(k), int(held[k]), int(np.asarray(room)[k])) for k in np.flatnonzero(held > room)]
    assert problem.locked is not None
    missing = ~np.isin(problem.locked[:, 0] * m + problem.locked[:, 1], keys)
    out += [Violation("lock", int(i), 0, 1) for i in problem.locked[missing][:, 0]]
    return out
