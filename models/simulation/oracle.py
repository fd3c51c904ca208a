"""What only the simulation can know of a policy: the policy that sees the truth, how hard a member is to place, what came of it."""

import numpy as np

from matching.arrays import Floats, Ints
from models.simulation.caseworker import choose, due_for_review
from models.simulation.draws import uniform
from models.simulation.ledger import NIGHT, Proposals
from models.simulation.truth import Truth
from models.simulation.world import World

EASY, MIDDLE, HARD = 0, 1, 2
"""Thirds of members by employability."""

_SAMPLED_POSTS = 64


def truth_greedy(world: World) -> Proposals:
    """Propose, at the caseworkers' reviews, the listed posts with the highest true chance: perfect odds, no plan."""
    rows, stock = due_for_review(world), world.listed()
    shape = (len(rows), len(stock))
    r, c = (axis.ravel() for axis in np.indices(shape))
    odds = world.truth.odds(rows[r], stock[c], world.day).success if len(r) else np.zeros(0)
    chance = odds.reshape(shape)
    return choose(world, rows, stock, np.where(chance > 0, chance, -np.inf), np.ones(shape), np.full(len(rows), NIGHT))


def employability(truth: Truth, members: Ints) -> Floats:
    """Return (n,) mean true chance of each member over the same sample of posts of their city."""
    posts, people = truth.posts, truth.people
    out = np.zeros(len(members))
    city = people.city[people.household[members]]
    for c in np.unique(city):
        rows = np.flatnonzero(city == c)
        local = np.flatnonzero((posts.city == c) & ~posts.broken)
        sample = local[np.argsort(uniform(truth.seed, "difficulty-sample", local), kind="stable")[:_SAMPLED_POSTS]]
        mi, pj = np.repeat(members[rows], len(sample)), np.tile(sample, len(rows))
        out[rows] = truth.odds(mi, pj, people.member_arrives[mi]).success.reshape(len(rows), -1).mean(axis=1)
    return out


def thirds(employable: Floats) -> Ints:
    """Return (n,) ``EASY``, ``MIDDLE`` or ``HARD``: thirds of a value that is high for the easily placed, true or predicted."""
    if not len(employable):
        return np.zeros(0, dtype=np.int64)
    low, high = np.quantile(employable, [1 / 3, 2 / 3])
    return np.where(employable <= low, HARD, np.where(employable <= high, MIDDLE, EASY))


def placed_within(world: World, households: Ints, workdays: int) -> Floats:
    """Return (n,) 1 where somebody of the household had begun work within so many working days of recognition, else 0."""
    first = world.first_job_day[households]
    return ((first >= 0) & (first - world.truth.people.arrives[households] <= workdays)).astype(float)
