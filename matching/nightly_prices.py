"""What a referral to each post takes from those still to come: shadow prices of kinds of post by city, over the month ahead."""

import numpy as np
from scipy import sparse

from matching.allocation import AllocationProblem, Forecast, class_prices
from matching.arrays import Floats, Ints
from matching.nightly_scene import BROKEN, LIFTED, Scene
from matching.outlook import Outlook
from matching.vocabulary import POSITION_KINDS

SAMPLED = 120
"""Most members drawn to stand for the people still to come."""


def prices_of(
    scene: Scene, problem: AllocationProblem, p_placed: sparse.csr_matrix, outlook: Outlook, rng: np.random.Generator
) -> Floats:
    """Return (n_positions,) prices in units of ``problem``'s weighted utility, for one referral.

    Tonight's seekers and the month's arrivals compete for the openings there are and those to come. A referral costs an opening only
    as far as it is likely to succeed, so the price of an opening of the class is taken times the class's usual ``p_placed``.
    """
    n = problem.utility.shape[1]
    if not n or outlook.seekers <= 0 or not problem.utility.nnz:
        return np.zeros(n)
    classes, first = _classes(scene)
    sample = _sample(scene, rng)
    if not len(sample):
        return np.zeros(n)
    arrivals = sparse.csr_matrix(sparse.diags(problem.weight[sample]) @ problem.utility[sample])
    openings = AllocationProblem(
        utility=problem.utility,
        capacity=_openings(scene, outlook, first),
        slots=((problem.slots > 0) & (scene.stake != LIFTED)).astype(np.int64),
        weight=problem.weight,
    )
    price = class_prices(openings, Forecast(arrivals, outlook.seekers, outlook.spread), classes)
    return np.asarray(price * _usual(p_placed, classes))


def _classes(scene: Scene) -> tuple[Ints, dict[tuple[str, str], int]]:
    """Return each post's class, and for each kind and city the first post of the class."""
    p = scene.pairing.positions
    names = [(POSITION_KINDS[k], str(c)) for k, c in zip(p.kind, p.city, strict=True)]
    first: dict[tuple[str, str], int] = {}
    for j, name in enumerate(names):
        first.setdefault(name, j)
    return np.array([first[name] for name in names], dtype=np.int64), first


def _openings(scene: Scene, outlook: Outlook, first: dict[tuple[str, str], int]) -> Ints:
    p = scene.pairing.positions
    usable = p.open & (p.fresh >= 0) & ~scene.shut
    room = np.where(usable, p.openings_left, 0).astype(np.int64)
    for name, j in first.items():
        room[j] += round(outlook.openings.get(name, 0.0))
    return room


def _sample(scene: Scene, rng: np.random.Generator) -> Ints:
    """Draw from planned members whose promise is not broken and whose household has no job."""
    rows = scene.rows[~np.isin(scene.stake[scene.rows], (LIFTED, BROKEN))]
    return np.sort(rng.choice(rows, SAMPLED, replace=False)) if len(rows) > SAMPLED else rows


def _usual(p_placed: sparse.csr_matrix, classes: Ints) -> Floats:
    """Return each post's class mean of the chances on tonight's lists."""
    n = len(classes)
    total = np.bincount(classes[p_placed.indices], p_placed.data, n)
    count = np.bincount(classes[p_placed.indices], minlength=n)
    return np.asarray((total / np.maximum(count, 1))[classes])
