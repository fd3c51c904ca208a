"""The regulated order in a night's plan: what the short lists leave out is added until nobody earlier is passed over.

The plan keeps to the order among the pairs it knows. A member's short list does not hold every public-welfare post in reach, so after each
solution the posts that went to somebody later are looked at once more: who of those still waiting could hold them? The nearest few are put
on the list; where more are waiting than there is room for, the post is barred to everybody later. Then the night is solved again.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from matching.arrays import Bools, Ints
from matching.candidates import Candidates
from matching.features import build
from matching.nightly_scene import Scene
from matching.policy.load import PolicyBook
from matching.scoring import Scorer, scored
from matching.vocabulary import POSITION_KINDS
from matching.welfare_queue import could_hold

ROUNDS = 3
"""Solutions after which posts are only barred, so that there is an end to it."""

SPARE = 4
"""People put on the list for a post beyond twice its room."""

_WELFARE = POSITION_KINDS.index("PUBLIC_WELFARE")


@dataclass(frozen=True, slots=True)
class PassedOver:
    """Who is passed over by a plan: pairs ``member``, ``position`` (k,) of who waits and what they could hold, by post, place and way."""

    member: Ints
    position: Ints


def passed_over(scene: Scene, policy: PolicyBook, pairs: Ints) -> PassedOver:
    """Find everybody a plan's new public-welfare proposals (m, 2) pass over, on the short lists or not."""
    welfare = scene.pairing.positions.kind == _WELFARE
    given = pairs[welfare[pairs[:, 1]]]
    latest = np.full(len(welfare), -1)
    np.maximum.at(latest, given[:, 1], scene.place[given[:, 0]])
    homes = scene.pairing.members.household_ids
    waits = scene.waits & ~pd.Index(homes).isin(homes[given[:, 0]])
    rows = np.flatnonzero(waits)
    first = scene.place[rows].min(initial=scene.place.max(initial=0))
    member, position = [], []
    for j in np.flatnonzero(latest > first).tolist():
        earlier = rows[scene.place[rows] < latest[j]]
        found = could_hold(scene.pairing, policy, earlier, j)
        found = found[~np.isin(found * len(welfare) + j, scene.taken)]
        way = np.nan_to_num(scene.pairing.minutes(found, np.full(len(found), j)), nan=np.inf)
        member.append(found[np.lexsort((found, way, scene.place[found]))])
        position.append(np.full(len(found), j))
    none = np.zeros(0, dtype=np.int64)
    return PassedOver(np.concatenate([none, *member]), np.concatenate([none, *position]))


def listed(
    scene: Scene, scorer: Scorer, found: Candidates, over: PassedOver, bar: Ints, *, only_bar: bool
) -> Candidates:
    """Return the short lists with those passed over on them, as far as there may be room; ``bar`` (n_positions,) is lowered for the rest."""
    n = len(scene.pairing.positions)
    rank = np.arange(len(over.position)) - np.searchsorted(over.position, over.position)
    new = rank < (0 if only_bar else 2 * scene.room[over.position] + SPARE)
    np.minimum.at(bar, over.position[~new], scene.place[over.member[~new]])
    new &= ~np.isin(over.member * n + over.position, found.member * n + found.position)
    mi, pj = over.member[new], over.position[new]
    scores = scored(scorer, build(scene.pairing, mi, pj), scene.horizon[mi])
    member, position = np.concatenate([found.member, mi]), np.concatenate([found.position, pj])
    order = np.lexsort((position, member))
    longer = replace(
        found, member=member[order], position=position[order],
        p_placed=np.concatenate([found.p_placed, scores.p_placed])[order], p_stays=np.concatenate([found.p_stays, scores.p_stays])[order],
    )  # fmt: skip
    return barred(scene, longer, bar)


def barred(scene: Scene, found: Candidates, bar: Ints) -> Candidates:
    """Return the short lists without public-welfare posts for members later than ``bar`` (n_positions,) or who may not begin one."""
    welfare = scene.pairing.positions.kind[found.position] == _WELFARE
    late = (scene.place[found.member] > bar[found.position]) | scene.spent[found.member]
    keep: Bools = ~(welfare & late)
    return replace(
        found, member=found.member[keep], position=found.position[keep], p_placed=found.p_placed[keep], p_stays=found.p_stays[keep]
    )  # fmt: skip
