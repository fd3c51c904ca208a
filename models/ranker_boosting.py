"""Boosted members of the ranker: LightGBM trees, with out-of-fold margins that say what they are worth."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from models.ranker_inputs import Float32s, Floats, Ints, Outcomes, query_sizes

Mask = NDArray[np.bool_]
_ROWS_FOR_THREADS = 2_000
_ROWS_BY_ROW = 50_000
_LOOK_EVERY = 4
_FEW = 0.2
_PILOT_ROUNDS, _PILOT_STRIDE = 48, 0.2


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one boosted member is grown: its objective, parameters over the common ones, the most rounds, and for how many rounds
    the held-out loss may fail to fall before growth stops (0 = every round is kept)."""

    name: str
    objective: str
    params: Mapping[str, Any]
    rounds: int
    patience: int


@dataclass(frozen=True, slots=True)
class Trees:
    """One booster beside the text it was read from: predictions come from what is stored, never from what was in memory."""

    text: str
    booster: lgb.Booster
    n_threads: int

    def margin(self, X: Float32s) -> Floats:
        """Return the raw margin (n,)."""
        return np.asarray(self.booster.predict(X, raw_score=True, num_threads=self._threads(X)))

    def contributions(self, X: Float32s) -> Floats:
        """Return exact TreeSHAP shares (n, n_features + 1) of the margin, the base value last."""
        return np.asarray(self.booster.predict(X, pred_contrib=True, num_threads=self._threads(X)))

    def _threads(self, X: Float32s) -> int:
        """One for few rows: waking the others costs more than it brings, and far more on a busy machine."""
        return 1 if len(X) < _ROWS_FOR_THREADS else self.n_threads

    @classmethod
    def from_text(cls, text: str, n_threads: int) -> "Trees":
        """Return the trees of a model text; the caller vouches for it, the parser does not check."""
        return cls(text, lgb.Booster(model_str=text), n_threads)


@dataclass(frozen=True, slots=True)
class Binned:
    """Training rows as LightGBM's histogram bins, made once and shared by every member and fold."""

    rows: Outcomes
    dataset: lgb.Dataset
    common: Mapping[str, Any]

    def part(self, chosen: Ints, objective: str, begin: Floats) -> lgb.Dataset:
        """Return the chosen rows (ascending) as a data set labelled for the objective, growing from ``begin`` (n,)."""
        part = self.dataset.subset(chosen, params=dict(self.common)).construct()
        label, weight = _target(self.rows, chosen, objective)
        part.set_label(label)
        part.set_weight(weight)
        part.set_init_score(begin[chosen])
        if objective == "lambdarank":
            part.set_group(query_sizes(self.rows.group[chosen]))
        return part


def bin_rows(rows: Outcomes, directions: tuple[int, ...], n_threads: int, seed: int, max_bin: int) -> Binned:
    """Return the rows binned, with the parameters every member shares."""
    common: dict[str, Any] = {
        "verbosity": -1,
        "num_threads": n_threads,
        "seed": seed,
        "deterministic": True,
        # the same sums either way; by column is quicker where rows are few
        "force_col_wise" if len(rows) < _ROWS_BY_ROW else "force_row_wise": True,
        "max_bin": max_bin,
        "feature_pre_filter": False,
        "min_data_in_bin": 3,
        "bin_construct_sample_cnt": 200_000,
    }
    if any(directions):
        common |= {"monotone_constraints": list(directions), "monotone_constraints_method": "intermediate"}
    dataset = lgb.Dataset(rows.X, label=rows.label, params=dict(common), free_raw_data=True)
    return Binned(rows, dataset.construct(), common)


def grow(binned: Binned, recipe: Recipe, fold: Ints, begin: Floats) -> tuple[Trees, Floats]:
    """Return trees grown on every row, and out-of-fold margins (n,), NaN for rows no fold holds out.

    Trees grow from the margins ``begin`` (n,), so they learn what those leave unsaid; the margin returned is theirs alone.
    With patience growth stops at the round where the mean held-out loss is best; the trees of all rows take a tenth more. Where one fold
    holds out few of many rows, its trees are final.
    """
    n_threads = int(binned.common["num_threads"])
    parts = [fold == k for k in np.unique(fold[fold >= 0])]
    boosters, best, _ = _grow_side_by_side(binned, recipe, begin, parts)
    margin = np.full(len(fold), np.nan)
    for booster, held_out in zip(boosters, parts, strict=True):
        if held_out.any():
            margin[held_out] = booster.predict(
                binned.rows.X[held_out], raw_score=True, num_iteration=best, num_threads=n_threads
            )
    if len(parts) == 1 and parts[0].mean() < _FEW:
        return Trees.from_text(_text(boosters[0], best), n_threads), margin
    final = replace(recipe, rounds=round(1.1 * best), patience=0)
    (whole,), rounds, _ = _grow_side_by_side(binned, final, begin, [np.zeros(len(fold), dtype=bool)])
    return Trees.from_text(_text(whole, rounds), n_threads), margin


def pick(binned: Binned, recipes: list[Recipe], fold: Ints, begin: Floats) -> Recipe:
    """Return the recipe whose trees, grown in long steps, lose least on the first fold; the first where they do as well."""
    if len(recipes) == 1:
        return recipes[0]
    losses = []
    for recipe in recipes:
        quick = replace(
            recipe, rounds=min(recipe.rounds, _PILOT_ROUNDS), params={**recipe.params, "learning_rate": _PILOT_STRIDE}
        )
        _, _, loss = _grow_side_by_side(binned, quick, begin, [fold == 0])
        losses.append(loss)
    return recipes[int(np.argmin(losses))]


def _grow_side_by_side(
    binned: Binned, recipe: Recipe, begin: Floats, parts: list[Mask]
) -> tuple[list[lgb.Booster], int, float]:
    """A booster for each part, grown on the rows outside it, the rounds to keep, and their mean held-out loss.

    With patience all are grown side by side until the mean loss on the parts, looked at every few rounds, has not fallen for that long.
    """
    boosters = [_planted(binned, recipe, begin, held_out) for held_out in parts]
    least, best = np.inf, recipe.rounds
    for done in range(1, recipe.rounds + 1):
        for booster in boosters:
            booster.update()
        if recipe.patience and not done % _LOOK_EVERY:
            # rounded: the last bits of the loss depend on the number of threads, the round chosen must not
            loss = round(float(np.mean([booster.eval_valid()[0][2] for booster in boosters])), 9)
            least, best = (loss, done) if loss < least else (least, best)
            if done - best >= recipe.patience:
                break
    return boosters, best, least


def _planted(binned: Binned, recipe: Recipe, begin: Floats, held_out: Mask) -> lgb.Booster:
    params = {**binned.common, **recipe.params, "objective": _objective(binned.rows, recipe), "metric": _metric(recipe)}
    booster = lgb.Booster(params, binned.part(np.flatnonzero(~held_out), recipe.objective, begin))
    if recipe.patience:
        booster.add_valid(binned.part(np.flatnonzero(held_out), recipe.objective, begin), "out")
    return booster


def _objective(rows: Outcomes, recipe: Recipe) -> str:
    return "cross_entropy" if recipe.objective == "binary" and rows.censored.any() else recipe.objective


def _metric(recipe: Recipe) -> str:
    return {"binary": "cross_entropy", "regression": "l2"}[recipe.objective] if recipe.patience else "none"


def _target(rows: Outcomes, chosen: Ints, objective: str) -> tuple[Floats, Floats]:
    """Label and weight: an open row is a soft label, or for the rank objective its likelier side, weighted by how sure."""
    label, weight = rows.label[chosen], rows.weight[chosen]
    if objective == "binary":
        return label, weight
    open_row = rows.censored[chosen]
    grade = np.where(open_row, label > 0.5, rows.grade[chosen]).astype(float)
    return grade, np.where(open_row, np.abs(2 * label - 1) * weight, weight)


def _text(booster: lgb.Booster, rounds: int) -> str:
    """Model text up to its last tree, without the training parameters, which name the number of threads."""
    return str(booster.model_to_string(num_iteration=rounds)).split("end of trees", 1)[0] + "end of trees\n"
