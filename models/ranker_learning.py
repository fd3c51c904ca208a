"""From training rows to heads: which members are grown, on which folds, and how they are stacked."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import expit

from models.ranker_additive import fit_additive
from models.ranker_boosting import Binned, bin_rows, grow, pick
from models.ranker_folds import assign_folds
from models.ranker_head import Head, Member, constant_head, rank_share, stack
from models.ranker_inputs import Floats, Ints, Outcomes
from models.ranker_levels import fit_levels
from models.ranker_recipes import chance_recipes, grade_recipe, max_bin_for, n_folds_for, order_recipe, timing_recipe
from models.ranker_timing import Timing, Waits, fit_hazard, open_row_labels, quickness_target, step_ends

_LEAST_OF_A_CLASS = 8
_LEAST_FOR_BOOSTING = 150
_LEAST_MIXED_GROUPS = 40
_LEAST_TIMED = 200
_HEAD_START = 0.5
"""Share of what curves and levels say that trees grow from: all of it binds them to what may not hold later (decision 0004)."""

_START = {"curves": 0.5, "levels": 0.5, "chance": 1.0, "grade": 0.0}


@dataclass(frozen=True, slots=True)
class Effort:
    """What the learner may spend, and what it must respect."""

    directions: tuple[int, ...]
    n_threads: int
    seed: int
    max_rounds: int | None


@dataclass(slots=True)
class _Team:
    """Members grown so far and their out-of-fold margins (n,)."""

    members: dict[str, Member]
    held_out: dict[str, Floats]

    def add(self, name: str, member: Member, held_out: Floats) -> None:
        """Take a member in, with its out-of-fold margin (n,)."""
        self.members[name], self.held_out[name] = member, held_out

    def known(self, rows: Outcomes) -> Floats:
        """What curves and levels say of each row (n,), out of fold where a fold holds it out."""
        curves = self.held_out["curves"]
        margin = np.where(np.isnan(curves), self.members["curves"].margin(rows.X), curves)
        return margin + self.held_out.get("levels", 0.0)

    def stacked(self, rows: Outcomes) -> tuple[Head, Floats]:
        """The head of all members that state a chance, and its out-of-fold margin (n,)."""
        stating = {name: member for name, member in self.members.items() if name in _START}
        head = stack(stating, {name: self.held_out[name] for name in stating}, rows, _START)
        margin = np.full(len(rows), head.base)
        for name, weight in head.weights.items():
            margin += weight * self.held_out[name]
        return head, margin


def learn(rows: Outcomes, effort: Effort, with_order: bool = True) -> tuple[Head, Timing]:
    """Return the head of a start at all, with what the order adds, and the timing of a start."""
    rng = np.random.default_rng(effort.seed)
    ends = step_ends(rows)
    waits = Waits.of(rows)
    if rows.censored.any():
        rows = replace(rows, label=open_row_labels(rows, _base_rates(rows, waits), waits))
    if min(rows.label.sum(), (1 - rows.label).sum()) < _LEAST_OF_A_CLASS:
        return constant_head(rows.label, rows.weight), Timing(ends, _flat_hazard(ends, rows), 0.0, None)
    rarer = float(min(rows.label.sum(), (1 - rows.label).sum()))
    fold = assign_folds(rows, n_folds_for(rarer), rng)
    team = _Team({}, {})
    if rows.censored.any():
        first, _ = fit_additive(rows.X, rows.label, rows.weight, fold, effort.directions, rng)
        rows = replace(rows, label=open_row_labels(rows, expit(first.margin(rows.X)), waits))
    team.add("curves", *fit_additive(rows.X, rows.label, rows.weight, fold, effort.directions, rng))
    ranked: list[str] = []
    if len(rows) >= _LEAST_FOR_BOOSTING:
        binned = bin_rows(rows, effort.directions, effort.n_threads, effort.seed, max_bin_for(len(rows)))
        _add_levels(team, rows, fold, effort, rng)
        begin = _HEAD_START * team.known(rows)
        shape = pick(binned, chance_recipes(len(rows), effort.max_rounds), fold, begin)
        team.add("chance", *grow(binned, shape, fold, begin))
        if with_order and rows.grouped and _n_mixed_groups(rows) >= _LEAST_MIXED_GROUPS:
            ranked = _add_rank_members(team, binned, fold, effort)
    head, margin = team.stacked(rows)
    return _with_order(head, margin, team, ranked, rows), _learn_timing(rows, ends, fold, effort)


def _add_levels(team: _Team, rows: Outcomes, fold: Ints, effort: Effort, rng: np.random.Generator) -> None:
    """Add the heights of codes; they are quick enough to be judged by three folds at any size."""
    thirds = fold if fold.max() > 0 else assign_folds(rows, 3, rng)
    levels, held_out = fit_levels(rows.X, rows.label, rows.weight, team.known(rows), thirds, effort.directions)
    if levels is not None:
        team.add("levels", levels, held_out)


def _add_rank_members(team: _Team, binned: Binned, fold: Ints, effort: Effort) -> list[str]:
    """Grow LambdaMART from half the log-odds known so far: far enough to profit, not so far as to be bound by it.

    One fold judges it: its margin says how much the order gains from it, the chance is not stacked from it.
    """
    rows = binned.rows
    _, margin = team.stacked(rows)
    begin = _HEAD_START * np.where(np.isnan(margin), team.known(rows), margin)
    judge = np.where(fold == 0, 0, -1)
    team.add("order", *grow(binned, order_recipe(len(rows), effort.max_rounds), judge, begin))
    if rows.grade.max() == 1:
        return ["order"]
    level = np.full(len(rows), rows.grade.mean())
    team.add("grade", *grow(binned, grade_recipe(len(rows), effort.max_rounds), fold, level))
    return ["order", "grade"]


def _with_order(head: Head, margin: Floats, team: _Team, ranked: list[str], rows: Outcomes) -> Head:
    """Add each rank member in turn to the order, by as much as held-out groups say; drop members nothing uses."""
    weights: dict[str, float] = {}
    for name in ranked:
        weight = rank_share(margin, team.held_out[name], rows)
        if weight > 0:
            weights[name] = weight
            margin = margin + weight * team.held_out[name]
    used = {name: member for name, member in team.members.items() if name in head.weights or name in weights}
    return Head(used, head.weights, head.base, weights)


def _base_rates(rows: Outcomes, waits: Waits) -> Floats:
    """The share of starts (n,), found with the open rows' own soft labels in ten rounds."""
    closed = ~rows.censored
    rate = float(np.average(rows.label[closed], weights=rows.weight[closed])) if closed.any() else 0.5
    for _ in range(10):
        rate = float(np.average(open_row_labels(rows, np.full(len(rows), rate), waits), weights=rows.weight))
    return np.full(len(rows), rate)


def _n_mixed_groups(rows: Outcomes) -> int:
    _, first = np.unique(rows.group, return_index=True)
    return int((np.maximum.reduceat(rows.grade, first) > np.minimum.reduceat(rows.grade, first)).sum())


def _flat_hazard(ends: Floats, rows: Outcomes) -> Floats:
    return fit_hazard(ends, rows, np.zeros(len(rows)))[0] if len(ends) > 1 else np.zeros(0)


def _learn_timing(rows: Outcomes, ends: Floats, fold: Ints, effort: Effort) -> Timing:
    if len(ends) < 2:
        return Timing(ends, np.zeros(0), 0.0, None)
    target, weight = quickness_target(rows, ends)
    timed = np.flatnonzero(weight > 0)
    if len(timed) < _LEAST_TIMED:
        return Timing(ends, _flat_hazard(ends, rows), 0.0, None)
    part = replace(
        rows.take(timed),
        grade=target[timed],
        censored=np.zeros(len(timed), dtype=bool),
        weight=weight[timed] / weight[timed].mean(),
    )
    binned = bin_rows(part, effort.directions, effort.n_threads, effort.seed, max_bin_for(len(timed)))
    begin = np.full(len(timed), target[timed].mean())
    trees, margin = grow(binned, timing_recipe(len(timed), effort.max_rounds), fold[timed], begin)
    intercepts, slope = fit_hazard(ends, rows.take(timed), margin)
    return Timing(ends, intercepts, slope, trees if slope > 0 else None)
