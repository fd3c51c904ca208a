"""A solver's answer, checked apart from the solver: is it feasible, what is it worth, how far is it from the bound?"""

from dataclasses import dataclass

import numpy as np

from matching.allocation.problem import AllocationProblem, at_pairs
from matching.arrays import Floats, Ints


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule: ``rule`` (outside | forbidden | repeated | capacity | slots | lock | order), the seeker's or (for capacity) the
    position's row number, how many were found and how many are allowed (for a lock: asked; for the order: the seeker's place, and the place
    of the first who is passed over)."""

    rule: str
    index: int
    found: int
    allowed: int


@dataclass(frozen=True, slots=True)
class Certificate:
    """What was checked of a plan.

    Attributes
    ----------
    feasible : bool
        No violation was found.
    objective : float
        Value of the pairs, recomputed from them alone, without prices.
    bound : float
        What no plan can exceed (in ``priced`` terms, brought to the scale of ``objective`` by adding what this plan pays in prices).
    gap : float
        ``(bound - objective) / bound``, 0 where the plan is proven best.
    violations : tuple of Violation
        Every broken rule.
    """

    feasible: bool
    objective: float
    bound: float
    gap: float
    violations: tuple[Violation, ...] = ()


def certify(problem: AllocationProblem, pairs: Ints, bound: float) -> Certificate:
    """Check pairs (m, 2) against a problem; nothing is taken from the solver but the pairs and the bound it claims."""
    pairs = np.asarray(pairs, dtype=np.int64).reshape(-1, 2)
    inside = _inside(problem, pairs)
    found = tuple(_violations(problem, pairs, inside))
    objective = plan_value(problem, pairs[inside])
    bound = max(bound, objective) if not found else bound
    gap = (bound - objective) / bound if bound > 0 else 0.0
    return Certificate(not found, objective, bound, gap, found)


def plan_value(problem: AllocationProblem, pairs: Ints) -> float:
    """Return the value of a plan: the weighted sum of utilities, or of each household's saturating value; a forbidden pair counts 0."""
    at = at_pairs(problem.utility, pairs)
    utility = np.where(at >= 0, problem.utility.data[at], 0.0).astype(float) if len(at) else np.zeros(0)
    home = problem.household[pairs[:, 0]]
    weight = problem.household_weight
    if not problem.saturating:
        return float((utility * weight[home]).sum())
    missed = np.ones(len(weight))
    np.multiply.at(missed, home, 1.0 - np.maximum(utility, 0.0))
    return float((weight * (1.0 - missed)).sum())


def _inside(problem: AllocationProblem, pairs: Ints) -> Floats:
    n, m = problem.utility.shape
    return np.asarray((pairs[:, 0] >= 0) & (pairs[:, 1] >= 0) & (pairs[:, 0] < n) & (pairs[:, 1] < m))


def _violations(problem: AllocationProblem, pairs: Ints, inside: Ints) -> list[Violation]:
    m = problem.utility.shape[1]
    out = [Violation("outside", int(i), 1, 0) for i in pairs[~inside][:, 0]]
    pairs = pairs[inside]
    out += [Violation("forbidden", int(i), 1, 0) for i in pairs[at_pairs(problem.utility, pairs) < 0][:, 0]]
    keys, counts = np.unique(pairs[:, 0] * m + pairs[:, 1], return_counts=True)
    twice = counts > 1
    out += [Violation("repeated", int(k // m), int(c), 1) for k, c in zip(keys[twice], counts[twice], strict=True)]
    for rule, column, room in (("capacity", 1, problem.capacity), ("slots", 0, problem.slots)):
        held = np.bincount(pairs[:, column], minlength=len(room))
        out += [Violation(rule, int(k), int(held[k]), int(room[k])) for k in np.flatnonzero(held > room)]
    missing = ~np.isin(problem.locked[:, 0] * m + problem.locked[:, 1], keys)
    out += [Violation("lock", int(i), 0, 1) for i in problem.locked[missing][:, 0]]
    if problem.place.any():
        out += _passed_over(problem, pairs)
    return out


def _passed_over(problem: AllocationProblem, pairs: Ints) -> list[Violation]:
    """Find new pairs at ``must_positions`` that somebody earlier in the order could hold whose household holds none."""
    n, m = problem.utility.shape
    given = pairs[problem.must_positions[pairs[:, 1]]]
    served = np.isin(problem.household, problem.household[given[:, 0]])
    waits = ~served & (problem.slots > np.bincount(problem.locked[:, 0], minlength=n))
    rows = np.repeat(np.arange(n), np.diff(problem.utility.indptr))
    could = waits[rows] & (problem.utility.data >= 0)
    first = np.full(m, np.iinfo(np.int64).max)
    np.minimum.at(first, problem.utility.indices[could], problem.place[rows[could]])
    new = given[~np.isin(given[:, 0] * m + given[:, 1], problem.locked[:, 0] * m + problem.locked[:, 1])]
    late = new[problem.place[new[:, 0]] > first[new[:, 1]]]
    return [Violation("order", int(i), int(problem.place[i]), int(first[j])) for i, j in late]
