"""Boosted members of the ranker: one LightGBM model a fold, averaged; out-of-fold margins judge them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from models.ranker_inputs import Float32s, Floats, Ints, Outcomes, query_sizes

_LEAST_STRIDE = 0.03
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
        "verbosity": -1, "num_threads": n_threads, "seed": seed, "deterministic": True, "force_row_wise": True,
        "max_bin": max_bin, "feature_pre_filter": False, "min_data_in_bin": 3, "bin_construct_sample_cnt": 200_000,
    }
    if any(directions):
        common |= {"monotone_constraints": list(directions), "monotone_constraints_method": "intermediate"}
    dataset = lgb.Dataset(rows.X, label=rows.label, params=dict(common), free_raw_data=True)
    return Binned(rows, dataset.construct(), common)


def grow(binned: Binned, recipe: Recipe, fold: Ints, begin: Floats) -> tuple[Bag, Floats]:
    """Return a bag and its out-of-fold margins (n,), NaN for rows no fold holds out.

    Trees grow from the margins ``begin`` (n,), so they learn what those leave unsaid; the bag's margin is theirs alone.
    With patience, steps are paced by a pilot and all folds are cut at the round where their mean held-out loss is best.
    """
    paced = _paced(binned, recipe, begin, fold) if recipe.patience else recipe
    grown = [_grow_one(binned, paced, begin, fold == k) for k in range(max(int(fold.max()) + 1, 1))]
    best = int(np.argmin(np.mean([curve for _, curve in grown], axis=0))) + 1 if recipe.patience else paced.rounds
    n_threads = int(binned.common["num_threads"])
    bag = Bag.from_texts(tuple(_text(booster, best) for booster, _ in grown), n_threads)
    margin = np.full(len(fold), np.nan)
    for held_out, booster in enumerate(bag.boosters):
        out = np.flatnonzero(fold == held_out)
        if len(out):
            margin[out] = booster.predict(binned.rows.X[out], raw_score=True, num_threads=n_threads)
    return bag, margin


def _paced(binned: Binned, recipe: Recipe, begin: Floats, fold: Ints) -> Recipe:
    """Return the recipe with steps as small as its rounds allow.

    A pilot on fold 0 with long steps shows how far (steps times rounds) the data bear to go; the bag goes that far in
    shorter steps, which generalise better.
    """
    _, curve = _grow_one(binned, recipe, begin, fold == 0, patience=recipe.patience)
    stride = float(recipe.params["learning_rate"])
    far = (int(np.argmin(curve)) + 1) * stride
    shorter = min(max(far / (_PILOT_SHARE * recipe.rounds), _LEAST_STRIDE), stride)
    rounds = min(recipe.rounds, int(np.ceil(far / (_PILOT_SHARE * shorter))) + _ROUNDS_TO_SPARE)
    return replace(recipe, params={**recipe.params, "learning_rate": shorter}, rounds=rounds)


def _grow_one(
    binned: Binned, recipe: Recipe, begin: Floats, held_out: NDArray[np.bool_], patience: int | None = None
) -> tuple[lgb.Booster, Floats]:
    params = {**binned.common, **recipe.params, "objective": _objective(binned.rows, recipe), "metric": _metric(recipe)}
    train = binned.part(np.flatnonzero(~held_out), recipe.objective, begin)
    judge = binned.part(np.flatnonzero(held_out), recipe.objective, begin)
    history: dict[str, dict[str, list[float]]] = {}
    callbacks = [lgb.record_evaluation(history)]
    if patience is not None:
        callbacks.append(lgb.early_stopping(patience, verbose=False))
    booster = lgb.train(params, train, recipe.rounds, valid_sets=[judge], valid_names=["out"], callbacks=callbacks)
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
