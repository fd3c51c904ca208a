"""``hindsight``: a planner that knows the true odds, the true openings and everything still to come, and plans every night anew; and the
bound no policy can pass."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.optimize import linprog
from scipy.special import ndtr

from matching.arrays import Bools, Floats, Ints
from matching.nightly import NightState
from matching.nightly_problem import lists_of, solve_night
from matching.nightly_scene import scene_of
from matching.outlook import AHEAD_DAYS, START_DAYS, Outlook
from matching.scoring import Contributions, PairFrame, Scores
from matching.vocabulary import POSITION_KINDS
from models.replay_policies import book, night_state, row_numbers
from models.simulation.ledger import NIGHT, Proposals
from models.simulation.market import FILLED_A_DAY, KINDS
from models.simulation.truth import Truth
from models.simulation.world import DELAY_MEDIAN, DELAY_SD, World

WORKDAYS_A_WEEK = 5 / 7


def true_chance(truth: Truth, member: Ints, post: Ints, day: Ints | int, workdays: Floats) -> Floats:
    """Return (n,) true chance that a referral made on a working day leads to a start within so many working days.

    The true odds, the law of the delay, and the law by which outsiders fill openings; no draw of any of them.
    """
    in_time = ndtr(np.log(np.maximum(workdays - 0.5, 1e-9) / DELAY_MEDIAN) / DELAY_SD)
    lives = np.exp(-FILLED_A_DAY[truth.posts.kind[post]] * np.minimum(1.0 + DELAY_MEDIAN, np.maximum(workdays, 0.0)))
    return np.asarray(truth.odds(member, post, day).success * in_time * lives)


@dataclass(slots=True)
class TrueOdds:
    """A Scorer that knows the truth of one day; pairs are rows of that day's state."""

    world: World
    members: Ints
    posts: Ints
    version: str = "truth"

    def score(self, pairs: PairFrame, days_left: Floats) -> Scores:
        """Score by the true chance; staying is not part of the promise and counts as certain."""
        member, post = self.members[pairs.member], self.posts[pairs.position]
        workdays = np.asarray(days_left, dtype=float) * WORKDAYS_A_WEEK
        p = true_chance(self.world.truth, member, post, self.world.day, workdays)
        return Scores(p, np.ones(len(p)), p)

    def explain(self, pairs: PairFrame, days_left: Floats) -> Contributions:
        """Return the log-odds as one number: the truth gives no reasons."""
        p = np.clip(self.score(pairs, days_left).p_placed, 1e-12, 1 - 1e-12)
        return Contributions(np.zeros((len(p), 0)), np.log(p / (1 - p)), ())


def hindsight(world: World) -> Proposals:
    """Propose what the night's solver plans with the truth in place of every estimate, under the same gates, slots and room."""
    policy, state = book(world), night_state(world)
    positions = state["positions"]
    posts = row_numbers(positions["position_id"].to_numpy(dtype=object))
    left = np.minimum(np.maximum(world.left[posts], 0), positions["openings_total"].to_numpy())
    tables = {**state.tables, "positions": positions.assign(openings_left=left)}
    state = NightState.canonical(state.as_of, tables)
    scene = scene_of(state, policy)
    members = row_numbers(scene.pairing.members.ids)
    scorer = TrueOdds(world, members, posts)
    found = lists_of(scene, scorer, policy)
    solved = solve_night(scene, scorer, policy, found, np.random.default_rng(0), true_outlook(world))
    return Proposals.of(members[solved.pairs[:, 0]], posts[solved.pairs[:, 1]], NIGHT)


def true_outlook(world: World) -> Outlook:
    """Return the arrivals and openings the coming month really brings."""
    truth, days = world.truth, world.truth.days
    until = days.index(np.array([world.today + np.timedelta64(AHEAD_DAYS + 1, "D")]))[0]
    arrives = truth.people.member_arrives
    seekers = float(((arrives > world.day) & (arrives < until)).sum())
    rate = np.full(len(POSITION_KINDS), FILLED_A_DAY[0] * WORKDAYS_A_WEEK)
    for k, name in enumerate(KINDS):
        rate[POSITION_KINDS.index(name)] = FILLED_A_DAY[k] * WORKDAYS_A_WEEK
    come = (truth.posts.day > world.day) & (truth.posts.day < until) & ~truth.posts.broken
    openings: dict[tuple[str, str], float] = {}
    for k, c in {(int(k), int(c)) for k, c in zip(truth.posts.kind[come], truth.posts.city[come], strict=True)}:
        count = truth.posts.openings[come & (truth.posts.kind == k) & (truth.posts.city == c)].sum()
        lives = np.exp(-rate[POSITION_KINDS.index(KINDS[k])] * START_DAYS)
        openings[KINDS[k], truth.places.cities[c][:4]] = float(count * lives)
    return Outlook(seekers, 0.0, openings, rate)


def fluid_bound(world: World, households: Ints, due: Ints) -> float:
    """Return a share of ``households`` above which no policy can expect to be, from a linear programme over the whole replay.

    ``world`` stands on the day the replay begins; ``due`` (n,) are last working days. Each pair is referred at most once and each
    household counts once; expected starts at a post stay within its openings; a start needs the law's least delay of two working days.
    Gates are the world's own bars, outsiders are left out, so the bound is generous.
    """
    truth = world.truth
    mine = np.flatnonzero(np.isin(truth.people.household, households))
    at = np.searchsorted(households, truth.people.household[mine])
    posts = np.flatnonzero((truth.posts.day <= due.max()) & ~truth.posts.broken & _alive(world))
    i, j = (x.ravel() for x in np.indices((len(mine), len(posts))))
    same = truth.people.city[truth.people.household[mine[i]]] == truth.posts.city[posts[j]]
    begin = np.maximum(np.maximum(truth.people.member_arrives[mine[i]], truth.posts.day[posts[j]]), world.day + 1)
    same &= begin + 1 < due[at[i]]
    i, j, begin = i[same], j[same], begin[same]
    p = truth.odds(mine[i], posts[j], begin).success
    p *= ndtr(np.log(np.maximum(due[at[i]] - begin - 0.5, 1e-9) / DELAY_MEDIAN) / DELAY_SD)
    keep = p > 1e-4
    return _programme(at[i[keep]], j[keep], p[keep], len(households), truth.posts.openings[posts])


def _alive(world: World) -> Bools:
    """Posts of the future, and those of the past that still have an opening."""
    return np.asarray((world.truth.posts.day > world.day) | (world.left > 0))


def _programme(home: Ints, post: Ints, p: Floats, n_homes: int, openings: Ints) -> float:
    n, m = len(p), len(openings)
    if not n or not n_homes:
        return 0.0
    rows = np.concatenate([home, n_homes + post])
    matrix = sparse.csr_matrix((np.concatenate([p, p]), (rows, np.tile(np.arange(n), 2))), shape=(n_homes + m, n))
    found = linprog(-p, A_ub=matrix, b_ub=np.concatenate([np.ones(n_homes), openings]), bounds=(0, 1), method="highs")
    return min(float(-found.fun / n_homes), 1.0)
