"""Boosted members of the ranker: LightGBM trees, with out-of-fold margins that say what they are worth."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from models.ranker_inputs import Float32s, Floats, Ints, Outcomes, query_sizes

_LEAST_STRIDE = 0.03
_ROWS_FOR_THREADS = 2_000
_ROUNDS_TO_SPARE = 10
_PILOT_SHARE = 0.6


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one boosted member is grown: its objective, parameters over the common ones, rounds, and the
    pilot's patience (0 = no pilot, every round is kept)."""

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
        "force_row_wise": True,
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
    With patience, steps are paced by a pilot and growth stops at the round where the mean held-out loss is best. The
    final trees of a paced member take half the steps and somewhat over twice the rounds, for they see more rows. Where
    one fold holds out few of many rows, its trees are final.
    """
    paced = _paced(binned, recipe, begin, fold) if recipe.patience else recipe
    n_folds = max(int(fold.max()) + 1, 1)
    grown = [_grow_one(binned, paced, begin, fold == k) for k in range(n_folds)]
    best = int(np.argmin(np.mean([curve for _, curve in grown], axis=0))) + 1 if recipe.patience else paced.rounds
    margin = np.full(len(fold), np.nan)
    for held_out, (booster, _) in enumerate(grown):
        out = np.flatnonzero(fold == held_out)
        if len(out):
            margin[out] = booster.predict(
                binned.rows.X[out], raw_score=True, num_iteration=best, num_threads=int(binned.common["num_threads"])
            )
    if n_folds > 1:
        shorter, longer = (0.5, 2.5) if recipe.patience else (1.0, 1.1)
        stride = float(paced.params["learning_rate"]) * shorter
        final = replace(paced, rounds=round(longer * best), params={**paced.params, "learning_rate": stride})
        text = _text(_grow_one(binned, final, begin, None)[0], final.rounds)
    else:
        text = _text(grown[0][0], best)
    return Trees.from_text(text, int(binned.common["num_threads"])), margin


def _paced(binned: Binned, recipe: Recipe, begin: Floats, fold: Ints) -> Recipe:
    """Return the recipe with steps as small as its rounds allow.

    A pilot on fold 0 with long steps shows how far (steps times rounds) the data bear to go; the members go that far
    in shorter steps, which generalise better.
    """
    _, curve = _grow_one(binned, recipe, begin, fold == 0, patience=recipe.patience)
    stride = float(recipe.params["learning_rate"])
    far = (int(np.argmin(curve)) + 1) * stride
    shorter = min(max(far / (_PILOT_SHARE * recipe.rounds), _LEAST_STRIDE), stride)
    rounds = min(recipe.rounds, int(np.ceil(far / (_PILOT_SHARE * shorter))) + _ROUNDS_TO_SPARE)
    return replace(recipe, params={**recipe.params, "learning_rate": shorter}, rounds=rounds)


def _grow_one(
    binned: Binned, recipe: Recipe, begin: Floats, held_out: NDArray[np.bool_] | None, patience: int = 0
) -> tuple[lgb.Booster, Floats]:
    """A booster of the rows not held out, and its held-out loss by round; all rows and no loss where none is held out."""
    params = {**binned.common, **recipe.params, "objective": _objective(binned.rows, recipe), "metric": _metric(recipe)}
    if held_out is None:
        return lgb.train(params, binned.part(np.arange(len(begin)), recipe.objective, begin), recipe.rounds), np.empty(
            0
        )
    train = binned.part(np.flatnonzero(~held_out), recipe.objective, begin)
    judge = binned.part(np.flatnonzero(held_out), recipe.objective, begin)
    history: dict[str, dict[str, list[float]]] = {}
    callbacks = [lgb.record_evaluation(history)]
    if patience:
        callbacks.append(lgb.early_stopping(patience, verbose=False))
    booster = lgb.train(params, train, recipe.rounds, valid_sets=[judge], valid_names=["out"], callbacks=callbacks)
    # rounded: the last bits of the loss depend on the number of threads, the round chosen must not
    curve = np.round(next(iter(history["out"].values())), 9)
    return booster, -curve if recipe.objective == "lambdarank" else curve


def _objective(rows: Outcomes, recipe: Recipe) -> str:
    return "cross_entropy" if recipe.objective == "binary" and rows.censored.any() else recipe.objective


def _metric(recipe: Recipe) -> str:
    return {"binary": "cross_entropy", "lambdarank": "ndcg", "regression": "l2"}[recipe.objective]


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
