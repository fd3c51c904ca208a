"""Policies a replay compares: this engine, and the ways of working it has to beat."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from matching.arrays import Floats, Ints
from matching.candidates import Candidates
from matching.nightly import NightPlan, NightState, plan_night
from matching.nightly_problem import lists_of
from matching.nightly_scene import Scene, scene_of
from matching.policy.load import PolicyBook, load_policy
from matching.scoring import Scorer
from models.simulation.draws import uniform
from models.simulation.ledger import NIGHT, Proposals
from models.simulation.region import tables
from models.simulation.world import World

RECENT = 60
"""Working days of settled households and closed posts a night still sees: its region's own recent history."""

REGION = "440000"
"""Place of the policy book; numbers are resolved for each member's and post's own place."""


def night_state(world: World) -> NightState:
    """Return what the office has on file today, as a night reads it."""
    return NightState.canonical(world.today.item(), tables(world, live_only=True, recent=RECENT))


@dataclass(slots=True)
class Engine:
    """``onemonth``: this engine, night after night, with a scorer trained on the logged history."""

    scorer: Scorer
    seed: int
    watch: Callable[[World, NightPlan], None] | None = None

    def __call__(self, world: World) -> Proposals:
        """Propose what the night plans; what it plans is issued the same day."""
        rng = np.random.default_rng([self.seed, world.day])
        plan = plan_night(night_state(world), self.scorer, book(world), rng=rng)
        if self.watch is not None:
            self.watch(world, plan)
        return Proposals.of(
            row_numbers(plan.referrals["member_id"].to_numpy()),
            row_numbers(plan.referrals["position_id"].to_numpy()),
            NIGHT,
        )


Wish = Callable[[World, Scene, Candidates], Floats]
"""How much each pair of the short lists is wished for; the highest wish goes first."""


@dataclass(slots=True)
class OneByOne:
    """Pairs in the order of a wish, each taken while its member has a slot and its post has room: no plan, one night at a time."""

    scorer: Scorer
    wish: Wish

    def __call__(self, world: World) -> Proposals:
        """Propose under the same gates, slots and room as the engine."""
        policy = book(world)
        scene = scene_of(night_state(world), policy)
        found = lists_of(scene, self.scorer, policy)
        order = np.argsort(-self.wish(world, scene, found), kind="stable")
        member, post = _taken_in_turn(scene, policy, found.member[order], found.position[order])
        ids = scene.pairing.members.ids, scene.pairing.positions.ids
        return Proposals.of(row_numbers(ids[0][member]), row_numbers(ids[1][post]), NIGHT)


def by_score(world: World, scene: Scene, found: Candidates) -> Floats:
    """Wish for the highest chance of a lasting start."""
    return found.utility


def by_lot(world: World, scene: Scene, found: Candidates) -> Floats:
    """Wish at random, alike for the same pair on the same day."""
    member, post = (
        row_numbers(scene.pairing.members.ids[found.member]),
        row_numbers(scene.pairing.positions.ids[found.position]),
    )
    return np.asarray(uniform(world.truth.seed, "lot", member, post, world.day)).reshape(len(member))


def _taken_in_turn(scene: Scene, policy: PolicyBook, member: Ints, post: Ints) -> tuple[Ints, Ints]:
    held = np.bincount(scene.standing["mi"], minlength=len(scene.slots))
    slots = (scene.slots - held).tolist()
    room = (scene.room - np.bincount(scene.standing["pj"], minlength=len(scene.shut))).tolist()
    kept: list[tuple[int, int]] = []
    for i, j in zip(member.tolist(), post.tolist(), strict=True):
        if slots[i] > 0 and room[j] > 0:
            slots[i] -= 1
            room[j] -= 1
            kept.append((i, j))
    pairs = np.array(kept, dtype=np.int64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def row_numbers(identifiers: np.ndarray) -> Ints:
    """Return the world's row numbers behind the office's identifiers."""
    return np.array([int(text[4:]) for text in identifiers], dtype=np.int64)


def book(world: World) -> PolicyBook:
    """Return the policy of the world's day."""
    return load_policy(REGION, world.today.item())
