"""How the simulated caseworkers choose: by taste, by half of the stock, and not without prejudice (domain model, section 7.5)."""

import numpy as np

from matching.arrays import Floats, Ints
from models.simulation.draws import gumbel, normal, uniform
from models.simulation.ledger import CASEWORKER, FAIR, Proposals
from models.simulation.occupations import TRADES
from models.simulation.world import World

REVIEW_EVERY, REVIEWED, LIFTED = 4, 0.8, 0.08
"""Working days between reviews, share of reviews that take place, and their share once somebody in the household works."""

PER_REVIEW, PER_MEMBER, PER_OPENING = 2, 3, 2
"""New referrals a review, open referrals a member, open referrals an opening."""

SEES, FAIRS, NOISE = 0.5, 0.05, 0.7
"""Share of the stock a caseworker sees, share of reviews that are a fair where anything seen is as likely, scale of the taste of the day."""

_ATYPICAL = np.array([{"F": 1, "M": -1}.get(t.atypical_for, 0) for t in TRADES])


def caseworkers(world: World) -> Proposals:
    """Propose as the caseworkers of the region do; the propensity of each choice, given what the caseworker saw, is exact."""
    parts = [_city(world, c) for c in range(len(world.truth.places.cities))]
    return Proposals(
        *(
            np.concatenate([getattr(p, name) for p in parts])
            for name in ("member", "post", "rank", "propensity", "source")
        )
    )


def due_for_review(world: World) -> Ints:
    """Return the members a caseworker looks at today, oldest promise first."""
    people, seed, day = world.truth.people, world.truth.seed, world.day
    rows = world.seeking()
    rows = rows[((day - people.member_arrives[rows]) % REVIEW_EVERY == 0) & (world.held[rows] < PER_MEMBER)]
    seen = people.ability[rows] * 0.5 + (people.education[rows] - 1.5) * 0.3 + 0.3 * normal(seed, "impression", rows)
    chance = REVIEWED * np.exp(0.3 * np.clip(seen, -2, 2) - 0.06)
    chance = np.where(world.jobs_held[people.household[rows]] > 0, chance * LIFTED, chance)
    rows = rows[uniform(seed, "review", rows, day) < chance]
    return rows[np.argsort(people.member_arrives[rows], kind="stable")]


def _city(world: World, city: int) -> Proposals:
    truth, people, day = world.truth, world.truth.people, world.day
    rows = due_for_review(world)
    rows = rows[people.city[people.household[rows]] == city]
    stock = world.listed()
    stock = stock[truth.posts.city[stock] == city]
    worker = people.caseworker[people.household[rows]]
    sees = uniform(truth.seed, "sees", worker[:, None], stock[None, :], day) < SEES
    r, c = np.nonzero(sees)
    keep = ~truth.barred(rows[r], stock[c])
    r, c = r[keep], c[keep]
    value = _value(world, worker[r], rows[r], stock[c])
    fair = uniform(truth.seed, "fair", rows, day) < FAIRS
    value[fair[r]] = 0.0
    wish = value / NOISE + gumbel(truth.seed, "taste", rows[r], stock[c], day)
    shape = (len(rows), len(stock))
    weights, wishes = np.zeros(shape), np.full(shape, -np.inf)
    weights[r, c], wishes[r, c] = np.exp(value / NOISE), wish
    return choose(world, rows, stock, wishes, weights, np.where(fair, FAIR, CASEWORKER))


def _value(world: World, worker: Ints, mi: Ints, pj: Ints) -> Floats:
    truth, people, posts, seed = world.truth, world.truth.people, world.truth.posts, world.truth.seed
    first, second = 0.5 * normal(seed, "taste-wage", worker), 0.5 * normal(seed, "taste-welfare", worker)
    perceived = truth.gap(mi, pj) + 0.5 * normal(seed, "perceives", worker, mi, pj)
    pay = np.log(posts.wage[pj] / truth.days.minimum[posts.city[pj], world.day])
    late_welfare = (posts.kind[pj] == 1) & (world.day - people.member_arrives[mi] > 14 * 5 / 7)
    female = np.where(people.female[mi], 1, -1)
    atypical = (_ATYPICAL[posts.trade[pj]] * female > 0) | (posts.heavy[pj] & people.female[mi])
    aged = (people.age_months[mi] > 48 * 12) & (posts.kind[pj] == 0)
    return np.asarray(
        -0.7 * perceived
        - 0.03 * truth.minutes(mi, pj)
        + 0.9 * pay * (1 + first)
        + (1 + second) * late_welfare
        - 0.5 * atypical
        - 0.4 * aged
    )


def choose(world: World, rows: Ints, stock: Ints, wishes: Floats, weights: Floats, source: Ints) -> Proposals:
    """Let members in order take their highest wishes under the limits of section 7.5.

    ``wishes`` (n_rows, n_stock) with -inf for what may not be chosen; ``weights`` their softmax weights, for the propensity.
    """
    taken: list[tuple[int, int, int, float, int]] = []
    room = PER_OPENING * world.known_left[stock] - world.pending[stock]
    column = np.full(len(world.left), -1, dtype=np.int64)
    column[stock] = np.arange(len(stock))
    for i, m in enumerate(rows.tolist() if len(stock) else []):
        may = room > 0
        before = column[world.sent_to[m]]
        may[before[before >= 0]] = False
        wish, weight = np.where(may, wishes[i], -np.inf), np.where(may, weights[i], 0.0)
        for rank in range(1, min(PER_REVIEW, PER_MEMBER - int(world.held[m])) + 1):
            j = int(wish.argmax())
            if wish[j] == -np.inf:
                break
            taken.append((m, int(stock[j]), rank, float(weight[j] / weight.sum()), int(source[i])))
            wish[j], weight[j] = -np.inf, 0.0
            room[j] -= 1
    columns = np.array(taken, dtype=float).reshape(-1, 5)
    member, post, rank_of, propensity, made = columns.T
    return Proposals(
        member.astype(np.int64), post.astype(np.int64), rank_of.astype(np.int64), propensity, made.astype(np.int64)
    )
