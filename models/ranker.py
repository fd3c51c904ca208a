"""PlacementRanker: one scikit-learn estimator that orders pairs and states calibrated probabilities of a start in time."""

import numbers
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import expit, logit
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted
from threadpoolctl import threadpool_limits

from matching.errors import BadInput, ModelRefused
from models.ranker_head import Head
from models.ranker_inputs import Float32s, Floats, Outcomes, column, feature_matrix, read_outcomes
from models.ranker_learning import Effort, learn
from models.ranker_state import FORMAT, Parts, head_from, head_state, timing_from, timing_state

_LEAST_CHANCE = 1e-12
_CELLS_FOR_THREADS = 200_000


class PlacementRanker(BaseEstimator):
    """Order pairs and say how likely each ends in a start within given days.

    P(start within d days | x) = P(start at all | x) * P(start within d | start, x). The first factor stacks
    boosted trees, an additive logistic member and, with groups, LambdaMART by out-of-fold margins; the second is a
    discrete-time hazard. It never falls as days grow, by construction. The order adds LambdaMART's margin to the
    log-odds by as much as held-out groups gain from it.

    Parameters
    ----------
    random_state : int, RandomState or None
        Seed of every draw; the same seed gives the same bytes of :meth:`to_state` on any number of threads.
    monotone : mapping of feature name to +1, 0 or -1, or one such number a feature, or None
        Directions kept by the probability and the order (not by retention); names the data do not have are an error.
    n_threads : int or None
        Threads of the learner; None takes all, or one where the data are small.
    max_rounds : int or None
        The most boosting rounds a member may take; None leaves it to the size of the data.

    Attributes
    ----------
    n_features_in_ : int
    feature_names_in_ : (n_features_in_,) object array, only when fitted on a frame whose column names are text, each its own
    head_, timing_, retention_ : learned parts; ``retention_`` is None without ``retained``
    """

    def __init__(
        self,
        random_state: int | np.random.RandomState | None = 0,
        monotone: Mapping[str, int] | Sequence[int] | None = None,
        n_threads: int | None = None,
        max_rounds: int | None = None,
    ) -> None:
        self.random_state = random_state
        self.monotone = monotone
        self.n_threads = n_threads
        self.max_rounds = max_rounds

    def fit(
        self,
        X: ArrayLike | pd.DataFrame,
        event: ArrayLike,
        duration_days: ArrayLike | None = None,
        groups: ArrayLike | None = None,
        retained: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Learn from referrals and what became of them.

        Parameters
        ----------
        X : (n, n_features) numeric frame or array
            NaN is *unknown*.
        event : (n,)
            1 started, 0 closed without a start, -1 or NaN still open at the cut-off (censored). Integer grades above 1
            are starts for the probability and keep their grade for the order.
        duration_days : (n,) or None
            Days from the referral to the start, the close or the cut-off; NaN or None where unknown. Without any known
            days to a start, :meth:`probability_within` is the chance of a start for every ``days`` of at least 0.
        groups : (n,) labels or None
            Rows that compete with one another (one member's posts on one day). Folds never split a group.
        retained : (n,) 1, 0 or NaN, or None
            Whether a started placement still stood at the milestone; read only where the event is a start.
        sample_weight : (n,) or None
            At least 0.

        Raises
        ------
        BadInput
            When shapes, codes or column types are not as above.
        """
        names = _text_names(X)
        matrix = feature_matrix(X)
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        rows, source = read_outcomes(matrix, event, duration_days, groups, sample_weight, np.random.default_rng(seed))
        effort = Effort(
            _directions(self.monotone, names, matrix.shape[1]), self._threads(matrix), seed, self.max_rounds
        )
        with threadpool_limits(limits=1, user_api="blas"):
            self.head_, self.timing_ = learn(rows, effort)
            self.retention_ = None
            if retained is not None:
                stays = column(retained, len(matrix), "retained", np.nan)[source]
                known = np.flatnonzero((rows.grade > 0) & ~np.isnan(stays))
                _require_stays(stays[known])
                self.retention_ = _learn_retention(rows.take(known), stays[known], effort) if len(known) else None
        self.n_features_in_ = matrix.shape[1]
        if names is not None:
            self.feature_names_in_ = np.asarray(names, dtype=object)
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_
        return self

    def probability_within(self, X: ArrayLike | pd.DataFrame, days: ArrayLike) -> Floats:
        """Return P(start within ``days``) (n,) in [0, 1]; ``days`` is one number or (n,), and more days never lower it."""
        matrix = self._read(X)
        limit = _known_days(days, len(matrix))
        return self._chance(self.head_.margins(matrix)[0], self.timing_.margin(matrix), limit)

    def retention(self, X: ArrayLike | pd.DataFrame) -> Floats | None:
        """Return P(still in work at the milestone | started) (n,), or None when never fitted with ``retained``."""
        matrix = self._read(X)
        return None if self.retention_ is None else np.asarray(expit(self.retention_.margins(matrix)[0]))

    def order(self, X: ArrayLike | pd.DataFrame, days: ArrayLike) -> Floats:
        """Return the ranking score (n,), larger first; rows with the same features and days score exactly the same."""
        return self.probability_and_order(X, days)[1]

    def probability_and_order(
        self, X: ArrayLike | pd.DataFrame, days: ArrayLike, order_days: ArrayLike | None = None
    ) -> tuple[Floats, Floats]:
        """Return :meth:`probability_within` and :meth:`order`, both (n,), for little more than the price of one.

        The order is that of ``order_days`` where they are given.
        """
        matrix = self._read(X)
        whether, added = self.head_.margins(matrix, with_order=True)
        when = self.timing_.margin(matrix)
        chance = self._chance(whether, when, _known_days(days, len(matrix)))
        if order_days is None:
            return chance, _log_odds(chance) + added
        later = self._chance(whether, when, _known_days(order_days, len(matrix)))
        return chance, _log_odds(later) + added

    def contributions(self, X: ArrayLike | pd.DataFrame, days: ArrayLike) -> Floats:
        """Return each feature's share of the log-odds of :meth:`probability_within` at ``days``.

        Parameters
        ----------
        X : (n, n_features)
        days : number or (n,), above 0

        Returns
        -------
        (n, n_features + 1) float
            The last column is the base value: the log-odds where every feature counts as average. Rows add up to
            ``logit(probability_within(X, days))``, clipped at 1e-12. Inside the two margins (whether, when) the shares are exact TreeSHAP
            and curve heights; between the two margins the log-odds are split by their Shapley value.
        """
        matrix = self._read(X)
        limit = _known_days(days, len(matrix))
        whether, when = self.head_.contributions(matrix), self.timing_.contributions(matrix)
        u, v = whether.sum(axis=1), when.sum(axis=1)
        u0, v0 = whether[:, -1], when[:, -1]
        corners = self._chance(np.concatenate([u0, u, u0, u]), np.concatenate([v0, v0, v, v]), np.tile(limit, 4))
        base, left, right, top = _log_odds(corners).reshape(4, -1)
        gain_u = 0.5 * ((left - base) + (top - right))
        shares = _scaled(whether[:, :-1], u - u0, gain_u) + _scaled(when[:, :-1], v - v0, top - base - gain_u)
        return np.column_stack([shares, top - shares.sum(axis=1)])

    def to_state(self) -> tuple[dict[str, Any], Parts]:
        """Return the learned state as JSON-able metadata and named parts (model texts, ``.npy`` bytes), without pickle."""
        check_is_fitted(self, "head_")
        parts: Parts = {}
        monotone = dict(self.monotone) if isinstance(self.monotone, Mapping) else self.monotone
        meta = {
            "format": FORMAT,
            "n_features": self.n_features_in_,
            "feature_names": [str(n) for n in self.feature_names_in_] if hasattr(self, "feature_names_in_") else None,
            "monotone": monotone if monotone is None or isinstance(monotone, dict) else [int(d) for d in monotone],
            "random_state": self.random_state if isinstance(self.random_state, numbers.Integral) else None,
            "max_rounds": self.max_rounds,
            "head": head_state(self.head_, "head", parts),
            "timing": timing_state(self.timing_, parts),
            "retention": None if self.retention_ is None else head_state(self.retention_, "retention", parts),
        }
        return meta, parts

    @classmethod
    def from_state(
        cls, meta: Mapping[str, Any], parts: Mapping[str, bytes | str], n_threads: int | None = None
    ) -> Self:
        """Return the fitted ranker that :meth:`to_state` described, with the same predictions to the last bit.

        The caller vouches for the parts (registry: hash and signature first); the model text parser checks nothing.
        Raises ModelRefused when the format is another or a part is absent.
        """
        if meta.get("format") != FORMAT:
            raise ModelRefused(f"expected a ranker of format {FORMAT}, got {meta.get('format')!r}; train it again")
        ranker = cls(meta["random_state"], meta["monotone"], n_threads, meta["max_rounds"])
        threads = n_threads or 0
        ranker.head_ = head_from(meta["head"], parts, threads)
        ranker.timing_ = timing_from(meta["timing"], parts, threads)
        ranker.retention_ = None if meta["retention"] is None else head_from(meta["retention"], parts, threads)
        ranker.n_features_in_ = int(meta["n_features"])
        if meta["feature_names"] is not None:
            ranker.feature_names_in_ = np.asarray(meta["feature_names"], dtype=object)
        return ranker

    def _threads(self, matrix: Float32s) -> int:
        return self.n_threads or (1 if matrix.size < _CELLS_FOR_THREADS else 0)

    def _read(self, X: ArrayLike | pd.DataFrame) -> Float32s:
        check_is_fitted(self, "head_")
        names = (
            list(self.feature_names_in_) if isinstance(X, pd.DataFrame) and hasattr(self, "feature_names_in_") else None
        )
        matrix = feature_matrix(X, names)
        if matrix.shape[1] != self.n_features_in_:
            raise BadInput(
                f"expected {self.n_features_in_} features, got {matrix.shape[1]}; give those the ranker was fitted with"
            )
        return matrix

    def _chance(self, whether: Floats, when: Floats, days: Floats) -> Floats:
        return np.asarray(expit(whether) * self.timing_.share_by(when, days))


def _known_days(days: ArrayLike, n: int) -> Floats:
    limit = column(days, n, "days", np.nan)
    if np.isnan(limit).any():
        raise BadInput(
            "expected days known for every row, found NaN or none; give the days within which a start shall count"
        )
    return limit


def _require_stays(stays: Floats) -> None:
    strange = stays[(stays != 0) & (stays != 1)]
    if len(strange):
        raise BadInput(
            f"expected retained 1 (stayed), 0 (did not) or NaN (not known) of who started, found {strange[0]:g}; check the column"
        )


def _log_odds(chance: Floats) -> Floats:
    return np.asarray(logit(np.clip(chance, _LEAST_CHANCE, 1.0 - _LEAST_CHANCE)))


def _learn_retention(rows: Outcomes, stays: Floats, effort: Effort) -> Head:
    """The head of P(stays | started): the same members as the chance of a start, without directions, days or order."""
    free = replace(effort, directions=(0,) * len(effort.directions))
    nothing = np.full(len(stays), np.nan)
    started = replace(
        rows,
        label=(stays > 0).astype(float),
        grade=(stays > 0).astype(np.intp),
        duration=nothing,
        censored=np.zeros(len(stays), dtype=bool),
        weight=rows.weight / rows.weight.mean(),
    )
    head, _ = learn(started, free, with_order=False)
    return head


def _text_names(X: Any) -> list[str] | None:
    names = list(X.columns) if isinstance(X, pd.DataFrame) else []
    unlike = len(set(map(str, names))) == len(names)
    return names if names and unlike and all(isinstance(name, str) for name in names) else None


def _directions(
    monotone: Mapping[str, int] | Sequence[int] | None, names: list[str] | None, n_features: int
) -> tuple[int, ...]:
    if monotone is None:
        return (0,) * n_features
    if isinstance(monotone, Mapping):
        unknown = [name for name in monotone if name not in (names or ())]
        if unknown:
            raise BadInput(
                f"expected directions for columns of X, but {unknown[:5]} are none; fit on a frame that has them"
            )
        found = tuple(int(monotone.get(name, 0)) for name in names or ())
    else:
        found = tuple(int(d) for d in monotone)
    if len(found) != n_features or any(d not in (-1, 0, 1) for d in found):
        raise BadInput(f"expected {n_features} directions of -1, 0 or +1, got {found[:10]}; one a feature")
    return found


def _scaled(shares: Floats, total: Floats, wanted: Floats) -> Floats:
    """Shares (n, n_features) that add up to ``total``, stretched to add up to ``wanted``."""
    factor = np.divide(wanted, total, out=np.zeros(len(total)), where=np.abs(total) > 1e-12)
    return shares * factor[:, None]
