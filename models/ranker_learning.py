"""From training rows to heads: which members are grown, on which folds, and how they are stacked."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import logit

from models.ranker_additive import fit_additive
from models.ranker_boosting import Bag, bin_rows, grow
from models.ranker_folds import assign_folds, n_folds_for
from models.ranker_head import Head, Member, constant_head, rank_share, stack
from models.ranker_inputs import Floats, Ints, Outcomes
from models.ranker_recipes import chance_recipe, grade_recipe, max_bin_for, order_recipe, timing_recipe
from models.ranker_timing import Timing, fit_hazard, open_row_labels, quickness_target, step_ends

_LEAST_OF_A_CLASS = 8
_LEAST_FOR_BOOSTING = 150
_LEAST_MIXED_GROUPS = 20
_LEAST_TIMED = 200


@dataclass(frozen=True, slots=True)
class Effort:
    """What the learner may spend, and what it must respect."""

    directions: tuple[int, ...]
    n_threads: int
    seed: int
    max_rounds: int | None


@dataclass(frozen=True, slots=True)
class Order:
    """What the order adds to the log-odds of the probability: a weighted sum of margins learned inside groups."""

    members: Mapping[str, Bag]
    weights: Mapping[str, float]


def learn(rows: Outcomes, effort: Effort, with_order: bool = True) -> tuple[Head, Order, Timing]:
    """Return the chance of a start at all, what the order adds to it, and when a start comes."""
    rng = np.random.default_rng(effort.seed)
    ends = step_ends(rows)
    if min(rows.label.sum(), (1 - rows.label).sum()) < _LEAST_OF_A_CLASS:
        settled = replace(rows, label=open_row_labels(rows, _base_rates(rows)))
        return constant_head(settled.label, settled.weight), Order({}, {}), Timing(ends, np.zeros(max(len(ends) - 1, 0)), 0.0, None)
    fold = assign_folds(rows, n_folds_for(len(rows)), rng)
    if rows.censored.any():
        rows = _settle_open_rows(rows, fold, effort, rng)
    members: dict[str, Member] = {}
    held_out: dict[str, Floats] = {}
    members["curves"], held_out["curves"] = fit_additive(rows.X, rows.label, rows.weight, fold, effort.directions, rng)
    order: dict[str, Bag] = {}
    order_out: dict[str, Floats] = {}
    if len(rows) >= _LEAST_FOR_BOOSTING:
        binned = bin_rows(rows, effort.directions, effort.n_threads, effort.seed, max_bin_for(len(rows)))
        members["chance"], held_out["chance"] = grow(binned, chance_recipe(len(rows), rounds=effort.max_rounds), fold)
        if with_order and rows.grouped and _n_mixed_groups(rows) >= _LEAST_MIXED_GROUPS:
            order["order"], order_out["order"] = grow(binned, order_recipe(len(rows), effort.max_rounds), fold)
            if rows.grade.max() > 1:
                order["grade"], order_out["grade"] = grow(binned, grade_recipe(len(rows), effort.max_rounds), fold)
    start = {"curves": 0.3, "chance": 0.7, "order": 0.0, "grade": 0.0}
    head = stack({**members, **order}, {**held_out, **order_out}, rows, start)
    return head, _blend(head, order, {**held_out, **order_out}, rows), _learn_timing(rows, ends, fold, effort)


def _settle_open_rows(rows: Outcomes, fold: Ints, effort: Effort, rng: np.random.Generator) -> Outcomes:
    """Give open rows soft labels: first from base rates, then from the additive member's chances."""
    rows = replace(rows, label=open_row_labels(rows, _base_rates(rows)))
    curves, _ = fit_additive(rows.X, rows.label, rows.weight, fold, effort.directions, rng)
    chance = 1.0 / (1.0 + np.exp(-curves.margin(rows.X)))
    hard = np.where(rows.censored, 0.0, rows.label)
    return replace(rows, label=open_row_labels(replace(rows, label=hard), chance))


def _base_rates(rows: Outcomes) -> Floats:
    """The share of starts, found with the open rows' own soft labels in ten rounds."""
    closed = ~rows.censored
    rate = float(np.average(rows.label[closed], weights=rows.weight[closed])) if closed.any() else 0.5
    for _ in range(10):
        rate = float(np.average(open_row_labels(rows, np.full(len(rows), rate)), weights=rows.weight))
    return np.full(len(rows), rate)


def _blend(head: Head, order: Mapping[str, Bag], held_out: Mapping[str, Floats], rows: Outcomes) -> Order:
    """Add each order member in turn, by as much as held-out groups say."""
    weights: dict[str, float] = {}
    if not order:
        return Order({}, {})
    score = head.base + sum((w * held_out[name] for name, w in head.weights.items()), np.zeros(len(rows)))
    for name in order:
        weight = rank_share(score, held_out[name], rows)
        if weight > 0:
            weights[name] = weight
            score = score + weight * held_out[name]
    return Order({name: order[name] for name in weights}, weights)


def _n_mixed_groups(rows: Outcomes) -> int:
    _, first = np.unique(rows.group, return_index=True)
    highest = np.maximum.reduceat(rows.grade, first)
    lowest = np.minimum.reduceat(rows.grade, first)
    return int((highest > lowest).sum())


def _learn_timing(rows: Outcomes, ends: Floats, fold: Ints, effort: Effort) -> Timing:
    if len(ends) < 2:
        return Timing(ends, np.zeros(0), 0.0, None)
    target, weight = quickness_target(rows, ends)
    timed = np.flatnonzero(weight > 0)
    if len(timed) < _LEAST_TIMED:
        intercepts, _ = fit_hazard(ends, rows, np.zeros(len(rows)))
        return Timing(ends, intercepts, 0.0, None)
    part = replace(rows.take(timed), censored=np.zeros(len(timed), dtype=bool), weight=weight[timed] / weight[timed].mean())
    binned = bin_rows(replace(part, grade=target[timed]), effort.directions, effort.n_threads, effort.seed, max_bin_for(len(timed)))
    bag, margin = grow(binned, timing_recipe(len(timed)), np.where(fold[timed] % 2 == 0, 0, np.where(fold[timed] < 0, -1, 1)))
    spread = float(np.nanstd(margin))
    if not spread > 1e-9:
        intercepts, _ = fit_hazard(ends, rows, np.zeros(len(rows)))
        return Timing(ends, intercepts, 0.0, None)
    intercepts, slope = fit_hazard(ends, rows.take(timed), margin)
    return Timing(ends, intercepts, slope, bag)


def shrunken_logit(p: Floats) -> Floats:
    """Return log-odds of probabilities (n,), kept finite."""
    return np.asarray(logit(np.clip(p, 1e-12, 1.0 - 1e-12)))
