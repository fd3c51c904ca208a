"""Tonight's allocation problem: utilities, capacity by kind, standing referrals, pins, the bottom line and the price of waiting."""

from dataclasses import dataclass, replace
from itertools import count

import numpy as np
import pandas as pd
from scipy import sparse

from matching.allocation import Allocation, AllocationProblem, allocate
from matching.arrays import Floats, Ints
from matching.candidates import Candidates, short_lists
from matching.eligibility import decide
from matching.features import build
from matching.nightly_order import ROUNDS, PassedOver, barred, listed, passed_over
from matching.nightly_prices import prices_of
from matching.nightly_scene import BROKEN, LIFTED, OPEN_ENDED, RUNNING, Scene
from matching.outlook import Outlook, outlook_of
from matching.policy.load import PolicyBook
from matching.reasons import Reason
from matching.scoring import Scorer, scored
from matching.vocabulary import POSITION_KINDS

CERTAIN = 0.999
"""Utilities stay below 1, so that a second referral in a household is never worth exactly nothing."""

_WELFARE = POSITION_KINDS.index("PUBLIC_WELFARE")


@dataclass(frozen=True, slots=True)
class Solved:
    """The solved night: ``pairs`` (m, 2) member and post rows chosen, standing ones left out; ``utility`` (m,) their utilities."""

    allocation: Allocation
    pairs: Ints
    p_placed: Floats
    p_stays: Floats
    standing_placed: Floats
    prices: Floats
    notes: tuple[Reason, ...]


def solve_night(
    scene: Scene,
    scorer: Scorer,
    policy: PolicyBook,
    found: Candidates,
    rng: np.random.Generator,
    outlook: Outlook | None = None,
) -> Solved:
    """Pose and solve the night; the ``outlook`` is learned from the record where none is given."""
    outlook = outlook_of(scene.history, scene.as_of) if outlook is None else outlook
    pins, notes = _pins(scene, policy)
    bar, prices = scene.ahead.copy(), np.zeros(0)
    found = barred(scene, kept_for_need(scene, policy, found, outlook), bar)
    for turn in count(1):
        posed = _posed(scene, scorer, policy, found, pins)
        if turn == 1:
            prices = prices_of(scene, posed.problem, posed.chances, outlook, rng)
        allocation = allocate(posed.problem, prices)
        chosen = _without(scene, allocation.pairs, posed.standing)
        over = passed_over(scene, policy, chosen)
        pins, dropped = _in_order(scene, pins, over, bar)
        notes += dropped
        if not len(over.member) and not dropped:
            break
        found = listed(scene, scorer, found, over, bar, only_bar=turn >= ROUNDS)
    at = posed.places(scene, *chosen.T)
    still = posed.places(scene, scene.standing["mi"].to_numpy(), scene.standing["pj"].to_numpy())
    return Solved(
        allocation=allocation, pairs=chosen, p_placed=posed.p_placed[at], p_stays=posed.p_stays[at],
        standing_placed=posed.p_placed[still], prices=prices, notes=notes,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Posed:
    """A night's problem with its pairs, sorted by member and post: ``keys p_placed p_stays`` (n,), ``chances`` as a matrix."""

    problem: AllocationProblem
    standing: Ints
    keys: Ints
    p_placed: Floats
    p_stays: Floats
    chances: sparse.csr_matrix

    def places(self, scene: Scene, member: Ints, position: Ints) -> Ints:
        """Return where pairs stand among the problem's."""
        return np.searchsorted(self.keys, _keys(scene, member, position))


def _posed(scene: Scene, scorer: Scorer, policy: PolicyBook, found: Candidates, pins: Ints) -> _Posed:
    standing = scene.standing[["mi", "pj"]].drop_duplicates().to_numpy(dtype=np.int64)
    extra = np.concatenate([standing, pins]) if len(pins) else standing
    member, position, p_placed, p_stays = _with(scene, scorer, found, extra)
    utility = np.clip(p_placed * p_stays, 1e-6, CERTAIN)
    keys = _keys(scene, member, position)
    moved = np.isin(keys, _keys(scene, *scene.movable[["mi", "pj"]].to_numpy(dtype=np.int64).T))
    stable = np.minimum(utility + moved * policy.number("night.stability_gain"), CERTAIN)
    locked = np.unique(extra, axis=0) if len(extra) else np.zeros((0, 2), dtype=np.int64)
    shape = (len(scene.pairing.members), len(scene.pairing.positions))
    problem = AllocationProblem(
        utility=sparse.csr_matrix((stable, (member, position)), shape=shape),
        capacity=_capacity(scene, locked),
        household=_household_codes(scene),
        slots=np.maximum(scene.slots, np.bincount(locked[:, 0], minlength=shape[0])),
        locked=locked,
        weight=_weights(scene, policy),
        must=_bottom_line(scene, policy),
        must_positions=scene.pairing.positions.kind == _WELFARE,
        place=scene.place,
    )
    return _Posed(
        problem, standing, keys, p_placed, p_stays, sparse.csr_matrix((p_placed, (member, position)), shape=shape)
    )


def _without(scene: Scene, pairs: Ints, standing: Ints) -> Ints:
    return np.asarray(pairs[~np.isin(_keys(scene, *pairs.T), _keys(scene, *standing.T))])


def kept_for_need(scene: Scene, policy: PolicyBook, found: Candidates, outlook: Outlook) -> Candidates:
    """Return the candidates without public-welfare posts for households whose odds elsewhere are good and time is left.

    The odds are those of each member's best other posts of tonight's list, as many as it has slots, within the days left; from
    ``night.welfare_odds`` on the fallback waits for who needs it, until the last days. Openings beyond what those who need one tonight,
    and as large a share of the month's arrivals, could take are free for everybody.
    """
    welfare = scene.pairing.positions.kind[found.position] == _WELFARE
    home = _household_codes(scene)
    waits = _odds_elsewhere(scene, found, ~welfare, home)[home] >= policy.number("night.welfare_odds")
    waits &= ~_bottom_line(scene, policy)
    could = np.unique(home[found.member[welfare]])
    needy = len(np.unique(home[found.member[welfare & ~waits[found.member]]]))
    need = needy + needy / max(len(could), 1) * outlook.seekers
    posts = np.unique(found.position[welfare])
    if scene.pairing.positions.openings_left[posts].sum() > need:
        return found
    keep = ~(welfare & waits[found.member])
    return replace(
        found, member=found.member[keep], position=found.position[keep], p_placed=found.p_placed[keep], p_stays=found.p_stays[keep]
    )  # fmt: skip


def _odds_elsewhere(scene: Scene, found: Candidates, other: np.ndarray, home: Ints) -> Floats:
    """Return (n_homes,) the chance of at least one start over each member's best ``other`` posts, as many as it has slots."""
    at = np.flatnonzero(other)
    order = at[np.lexsort((-found.p_placed[at], found.member[at]))]
    member = found.member[order]
    rank = np.arange(len(order)) - np.searchsorted(member, member)
    best = order[rank < scene.slots[member]]
    missed = np.log1p(-np.minimum(found.p_placed[best], CERTAIN))
    return np.asarray(1.0 - np.exp(np.bincount(home[found.member[best]], missed, int(home.max(initial=-1)) + 1)))


def _keys(scene: Scene, member: Ints, position: Ints) -> Ints:
    return np.asarray(member, dtype=np.int64) * len(scene.pairing.positions) + np.asarray(position, dtype=np.int64)


def _with(scene: Scene, scorer: Scorer, found: Candidates, extra: Ints) -> tuple[Ints, Ints, Floats, Floats]:
    """Return the candidates with the standing and pinned pairs among them, scored alike, sorted by member and post."""
    new = (
        extra[~np.isin(_keys(scene, *extra.T), _keys(scene, found.member, found.position))]
        if len(extra)
        else extra.reshape(0, 2)
    )
    new = np.unique(new, axis=0)
    member = np.concatenate([found.member, new[:, 0]])
    position = np.concatenate([found.position, new[:, 1]])
    scores = scored(scorer, build(scene.pairing, new[:, 0], new[:, 1]), scene.horizon[new[:, 0]])
    order = np.argsort(_keys(scene, member, position), kind="stable")
    p_placed = np.concatenate([found.p_placed, scores.p_placed])
    p_stays = np.concatenate([found.p_stays, scores.p_stays])
    return member[order], position[order], p_placed[order], p_stays[order]


def _capacity(scene: Scene, locked: Ints) -> Ints:
    """Referrals each post may hold at once, never fewer than people already sent."""
    held = np.bincount(locked[:, 1], minlength=len(scene.room))
    return np.where(scene.shut, held, np.maximum(scene.room, held))


def lists_of(scene: Scene, scorer: Scorer, policy: PolicyBook) -> Candidates:
    """Return the short lists of everybody who is planned for."""
    return short_lists(
        scene.pairing, scorer, policy, scene.horizon,
        taken=scene.taken, rows=scene.rows, shut=scene.shut, room=room_left(scene), spent=scene.spent,
    )  # fmt: skip


def room_left(scene: Scene) -> Ints:
    """Return (n_positions,) further referrals each post may hold beside those that stand."""
    held = np.bincount(scene.standing["pj"].to_numpy(dtype=np.int64), minlength=len(scene.room))
    return np.asarray(np.maximum(scene.room - held, 0))


def _household_codes(scene: Scene) -> Ints:
    return pd.factorize(scene.pairing.members.household_ids, sort=True)[0].astype(np.int64)


def _weights(scene: Scene, policy: PolicyBook) -> Floats:
    """(n_members,) the tier's weight, less where no promise can be kept by a start."""
    table = {tier: policy.number(f"night.promise_weight.{tier}") for tier in ("P0", "P1", "P2", "P3")}
    stake = {name: policy.number(f"night.stake_weight.{name}") for name in (BROKEN, OPEN_ENDED, LIFTED)} | {
        RUNNING: 1.0
    }
    by_tier, by_stake = (
        pd.Series(x).astype(str).map(t).to_numpy(dtype=float) for x, t in ((scene.tier, table), (scene.stake, stake))
    )
    return np.asarray(by_tier * by_stake)


def _bottom_line(scene: Scene, policy: PolicyBook) -> np.ndarray:
    """(n_members,) members in the last days of their promise, who hold a public-welfare opening if any fits."""
    planned = np.zeros(len(scene.pairing.members), dtype=bool)
    planned[scene.rows] = True
    return np.asarray((scene.stake == RUNNING) & planned & (scene.days_left <= policy.number("night.fallback_days")))


def _pins(scene: Scene, policy: PolicyBook) -> tuple[Ints, tuple[Reason, ...]]:
    """Return pins that may be carried out (k, 2), and a note for each that may not."""
    good: list[tuple[int, int]] = []
    notes: list[Reason] = []
    mi, pj = (scene.standing[c].to_numpy(dtype=np.int64) for c in ("mi", "pj"))
    slots = scene.slots - np.bincount(mi, minlength=len(scene.slots))
    room = scene.room - np.bincount(pj, minlength=len(scene.room))
    held = set(zip(mi.tolist(), pj.tolist(), strict=True))
    for i, j in scene.pins:
        if (i, j) in held:
            continue
        why = (
            _against(scene, policy, i, j)
            or (() if room[j] > 0 else ("GATE_CLOSED",))
            or (() if slots[i] > 0 else ("NO_SLOT",))
        )
        if why:
            notes.append(_not_possible(scene, i, j, why))
        else:
            good.append((i, j))
            slots[i], room[j] = slots[i] - 1, room[j] - 1
    return np.array(good, dtype=np.int64).reshape(-1, 2), tuple(notes)


def _against(scene: Scene, policy: PolicyBook, i: int, j: int) -> tuple[str, ...]:
    """Return what stands against a pin, as the counter would find it when the proposal is issued."""
    decision = decide(scene.pairing, policy, i, j)
    if decision.verdict == "not_met":
        return tuple(r.code for r in decision.reasons)
    told = {
        "GATE_LOCK": scene.shut[j],
        "GATE_NOT_SEEKING": i not in scene.rows,
        "GATE_ALREADY_REFERRED": bool(np.isin(i * len(scene.room) + j, scene.taken)),
        "GATE_PW_TERM": scene.spent[i] and scene.pairing.positions.kind[j] == _WELFARE,
    }
    return tuple(code for code, stands in told.items() if stands)


def _in_order(scene: Scene, pins: Ints, over: PassedOver, bar: Ints) -> tuple[Ints, tuple[Reason, ...]]:
    """Return the pins that pass nobody over, and a note for each that does: that is not for one person to decide."""
    first = bar.copy()
    np.minimum.at(first, over.position, scene.place[over.member])
    late = (scene.pairing.positions.kind[pins[:, 1]] == _WELFARE) & (scene.place[pins[:, 0]] > first[pins[:, 1]])
    return pins[~late], tuple(_not_possible(scene, i, j, ("WELFARE_ORDER",)) for i, j in pins[late].tolist())


def _not_possible(scene: Scene, i: int, j: int, why: tuple[str, ...]) -> Reason:
    ids = {"member_id": str(scene.pairing.members.ids[i]), "position_id": str(scene.pairing.positions.ids[j])}
    return Reason("PIN_NOT_POSSIBLE", {**ids, "gates": ";".join(why)})
