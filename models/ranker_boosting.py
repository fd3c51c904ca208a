"""Boosted members of the ranker: one LightGBM model a fold, averaged; out-of-fold margins judge them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from models.ranker_inputs import Float32s, Floats, Ints, Outcomes, query_sizes


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one boosted member is grown: its objective, parameters over the common ones, rounds and patience."""

    name: str
    objective: str
    params: Mapping[str, Any]
    rounds: int
    patience: int


@dataclass(frozen=True, slots=True)
class Bag:
    """Boosters whose raw margins are averaged, beside the texts they were read from."""

    texts: tuple[str, ...]
    boosters: tuple[lgb.Booster, ...]
    n_threads: int

    def margin(self, X: Float32s) -> Floats:
        """Return the mean raw margin (n,)."""
        total = np.zeros(len(X))
        for booster in self.boosters:
            total += booster.predict(X, raw_score=True, num_threads=self.n_threads)
        return total / len(self.boosters)

    def contributions(self, X: Float32s) -> Floats:
        """Return exact TreeSHAP shares (n, n_features + 1) of the margin, the base value last."""
        total = np.zeros((len(X), X.shape[1] + 1))
        for booster in self.boosters:
            total += booster.predict(X, pred_contrib=True, num_threads=self.n_threads)
        return total / len(self.boosters)

    @classmethod
    def from_texts(cls, texts: tuple[str, ...], n_threads: int) -> "Bag":
        """Return the bag of these model texts; the caller vouches for them, the parser does not check."""
        return cls(texts, tuple(lgb.Booster(model_str=text) for text in texts), n_threads)


@dataclass(frozen=True, slots=True)
class Binned:
    """Training rows as LightGBM's histogram bins, made once and shared by every member and fold."""

    rows: Outcomes
    dataset: lgb.Dataset
    common: Mapping[str, Any]

    def part(self, chosen: Ints, objective: str) -> lgb.Dataset:
        """Return the chosen rows (ascending) as a data set labelled for the objective."""
        part = self.dataset.subset(chosen, params=dict(self.common)).construct()
        label, weight = _target(self.rows, chosen, objective)
        part.set_label(label)
        part.set_weight(weight)
        if objective == "lambdarank":
            part.set_group(query_sizes(self.rows.group[chosen]))
        return part


def bin_rows(rows: Outcomes, directions: tuple[int, ...], n_threads: int, seed: int, max_bin: int) -> Binned:
    """Return the rows binned, with the parameters every member shares."""
    common: dict[str, Any] = {
        "verbosity": -1, "num_threads": n_threads, "seed": seed, "deterministic": True, "force_row_wise": True,
        "max_bin": max_bin, "feature_pre_filter": False, "min_data_in_bin": 3, "bin_construct_sample_cnt": 200_000,
    }
    if any(directions):
        common |= {"monotone_constraints": list(directions), "monotone_constraints_method": "intermediate"}
    dataset = lgb.Dataset(rows.X, label=rows.label, params=dict(common), free_raw_data=True)
    return Binned(rows, dataset.construct(), common)


def grow(binned: Binned, recipe: Recipe, fold: Ints) -> tuple[Bag, Floats]:
    """Return a bag and its out-of-fold margins (n,), NaN for rows no fold holds out.

    Fold 0 stops early; the others grow as long; all are cut at the round where the mean held-out loss is best.
    """
    n_threads = int(binned.common["num_threads"])
    grown: list[lgb.Booster] = []
    curves: list[Floats] = []
    rounds = recipe.rounds
    for held_out in range(max(int(fold.max()) + 1, 1)):
        patience = recipe.patience if held_out == 0 else None
        booster, curve = _grow_one(binned, recipe, fold == held_out, rounds, patience)
        rounds = len(curve)
        grown.append(booster)
        curves.append(curve)
    best = int(np.argmin(np.mean([curve[:rounds] for curve in curves], axis=0))) + 1
    texts = tuple(_text(booster, best) for booster in grown)
    bag = Bag.from_texts(texts, n_threads)
    margin = np.full(len(fold), np.nan)
    for held_out, booster in enumerate(bag.boosters):
        out = np.flatnonzero(fold == held_out)
        if len(out):
            margin[out] = booster.predict(binned.rows.X[out], raw_score=True, num_threads=n_threads)
    return bag, margin


def _grow_one(
    binned: Binned, recipe: Recipe, held_out: NDArray[np.bool_], rounds: int, patience: int | None
) -> tuple[lgb.Booster, Floats]:
    params = {**binned.common, **recipe.params, "objective": _objective(binned.rows, recipe), "metric": _metric(recipe)}
    train = binned.part(np.flatnonzero(~held_out), recipe.objective)
    judge = binned.part(np.flatnonzero(held_out), recipe.objective)
    history: dict[str, dict[str, list[float]]] = {}
    callbacks = [lgb.record_evaluation(history)]
    if patience is not None:
        callbacks.append(lgb.early_stopping(patience, verbose=False))
    booster = lgb.train(params, train, rounds, valid_sets=[judge], valid_names=["out"], callbacks=callbacks)
    curve = np.asarray(next(iter(history["out"].values())))
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
