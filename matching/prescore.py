"""A cheap guess at a scorer's order within a member, for blocks of members beside blocks of posts at once, or for one member's posts.

It decides what is worth a look, never who may be proposed or how a pair is scored: gates and the scorer have the last word on what it lets
through. It is learned from the scorer itself, tonight: a few landmark members are scored with every post, and the log-odds are split into a
worth of each post and slopes of the features that depend on both sides. Those are put as products of a member's row and a post's column,
so that a block costs one matrix product. For one member alone, who waits, nothing is kept from before: ``guess`` learns from some of the
member's own posts.
"""

from dataclasses import dataclass

import numpy as np

from matching.allocation.order import mixed
from matching.arrays import Float32s, Floats, Ints
from matching.features import FEATURE_NAMES, background, build
from matching.pairing import Pairing
from matching.scoring import PairFrame, Scorer, scored

LANDMARKS = 24
"""Members scored with every post to learn from."""

STEP = 0.5
"""Tens of points between the levels at which a shortfall of skill is read."""

LEVELS = np.arange(1.5, 9.0, STEP)
"""Lower ends of the levels."""

LIKE_JOBS = 80
"""Most distinct jobs (occupation and tasks) whose fit with a member's past and wishes is read; the commonest ones."""

RIDGE = 1e-3

BENT = 8
"""The first features (skills, way to work) whose worth is far from a straight line: their roots are read beside them."""

RIDGE_ROWS = 1.0
"""How many rows the pull of every slope towards 0 is worth when one member's posts are guessed at."""

_AT = {name: k for k, name in enumerate(FEATURE_NAMES)}
_PAST = ("experience_same", "experience_near", "experience_field", "experience_short", "wanted", "excluded_tasks")


@dataclass(frozen=True, slots=True)
class Prescore:
    """What was learned, as factors whose products are parts of the guess.

    ``rows columns`` (n_members, r) and (r, n_positions) what is plainly a product; ``skill_rows skill_columns`` shortfall and margin summed
    over the required dimensions that are assessed; ``known asked`` how many those are; ``blank`` what stands where there are none;
    ``past job`` (n_members, n_jobs) and (n_positions,) what a member's past is worth in a post's job; ``minute`` the slope of the way to work.
    """

    rows: Float32s
    columns: Float32s
    skill_rows: Float32s
    skill_columns: Float32s
    known: Float32s
    asked: Float32s
    blank: float
    past: Float32s
    job: Ints
    minute: float

    def block(self, mi: Ints, pj: Ints, minutes: Float32s) -> Float32s:
        """Return (len(mi), len(pj)) guesses, comparable within a member; ``minutes`` of the same shape, NaN where not known."""
        out = self.skill_rows[mi] @ self.skill_columns[:, pj]
        dimensions = self.known[mi] @ self.asked[:, pj]
        out /= np.maximum(dimensions, np.float32(1.0))
        if self.blank:
            out[(dimensions == 0) & (self.asked[:, pj].max(axis=0) > 0)] = self.blank
        out += self.rows[mi] @ self.columns[:, pj]
        out += np.take(self.past[mi], self.job[pj], axis=1)
        way = minutes * np.float32(self.minute)
        way[np.isnan(way)] = np.float32(30.0) * np.float32(self.minute)
        out += way
        return np.asarray(out)


def learn_prescore(pairing: Pairing, scorer: Scorer, days_left: Floats, rows: Ints) -> Prescore:
    """Learn the guess for member rows ``rows`` from landmarks spread over the days left; the same inputs give the same guess."""
    n = len(pairing.positions)
    by_days = rows[np.argsort(days_left[rows], kind="stable")]
    marks = by_days[((np.arange(LANDMARKS) + 0.5) / LANDMARKS * len(by_days)).astype(np.int64)]
    mi, pj = np.repeat(marks, n), np.tile(np.arange(n), LANDMARKS)
    features = build(pairing, mi, pj).features
    _stand_near(pairing, features, mi, pj)
    y = np.log(_odds(scored(scorer, PairFrame(mi, pj, features, FEATURE_NAMES), days_left[mi]).utility))
    slopes, usual, worth = _split(y.reshape(LANDMARKS, n), features.reshape(LANDMARKS, n, -1))
    slope = dict(zip(FEATURE_NAMES, slopes.tolist(), strict=True))
    rows_, columns = _products(pairing, slope, worth)
    skill_rows, skill_columns = _skills(pairing, slope)
    past, job = _past(pairing, slope)
    blank = sum(slope[name] * usual[_AT[name]] for name in ("skill_gap_mean", "skill_margin"))
    known, asked = ~np.isnan(pairing.members.skills), ~np.isnan(pairing.positions.need.T)
    return Prescore(
        rows_, columns, skill_rows, skill_columns, known.astype(np.float32), asked.astype(np.float32), float(blank), past, job,
        slope["commute_minutes"],
    )  # fmt: skip


def guess(features: Float32s, some: Ints, order: Floats) -> Floats:
    """Return (n,) guesses at a scorer's order of one member's posts, from their features (n, n_features) and the order (k,) of rows ``some``.

    Least squares over the features, the roots of the first of them, which are unknown, and whether the way is longer than half an hour.
    """
    seen = np.hstack(_read(features[some])).astype(float)
    centre, spread = seen.mean(axis=0), seen.std(axis=0)
    moves = spread > 1e-6
    x = (seen[:, moves] - centre[moves]) / spread[moves]
    gram = np.einsum("ij,ik->jk", x, x) + RIDGE_ROWS * np.eye(
        x.shape[1]
    )  # no product of matrices: its threads wait for one another
    slopes = np.zeros(len(moves), dtype=np.float32)
    slopes[moves] = np.linalg.solve(gram, np.einsum("ij,i->j", x, order - order.mean())) / spread[moves]
    out, first = np.zeros(len(features)), 0
    for part in _read(features):
        out += np.einsum("ij,j->i", part, slopes[first : first + part.shape[1]])
        first += part.shape[1]
    return out


def _read(features: Float32s) -> list[Float32s]:
    """Return what the guess reads of features (n, n_features), side by side; unknown counts as 0."""
    known = np.where(np.isfinite(features), features, np.float32(0.0))
    bent = np.sqrt(np.abs(known[:, :BENT]))
    told = np.column_stack([np.isnan(features[:, _MAYBE]), known[:, _AT["commute_minutes"]] > 30.0])
    return [known, bent, told.astype(np.float32)]


_MAYBE = [_AT[name] for name in ("skill_gap_mean", "commute_minutes", "wage_over_floor")]


def _odds(p: Floats) -> Floats:
    p = np.clip(p, 1e-9, 1.0 - 1e-9)
    return np.asarray(p / (1.0 - p))


def _stand_near(pairing: Pairing, features: Float32s, mi: Ints, pj: Ints) -> None:
    """Let every landmark stand at an ordinary distance from every post: the way to work is told apart from the post."""
    minutes = 8.0 + (mixed(mi * len(pairing.positions) + pj) % np.uint64(47)).astype(float)
    features[:, _AT["commute_minutes"]] = np.where(pairing.positions.home_based[pj], 0.0, minutes)
    features[:, _AT["commute_over_limit"]] = 0.0


def _split(y: Floats, features: Float32s) -> tuple[Floats, Floats, Floats]:
    """Return slopes of features that vary both ways (0 for the others), the usual value of each feature, which stands in where it is not
    known, and the worth of each post, by two-way least squares."""
    told = np.maximum((~np.isnan(features)).sum(axis=(0, 1)), 1)
    usual = np.nansum(features, axis=(0, 1), dtype=float) / told
    x = np.where(np.isnan(features), usual, features).astype(float)
    both = _centred(x)
    flat = both.reshape(-1, x.shape[2])
    gram = flat.T @ flat
    size = np.diag(gram)
    moves = size > 1e-9 * y.size
    slopes = np.zeros(len(size))
    used = np.ix_(moves, moves)
    slopes[moves] = np.linalg.solve(
        gram[used] + RIDGE * np.diag(size[moves]), (flat.T @ _centred(y[:, :, None]).ravel())[moves]
    )
    return slopes, usual, np.asarray((y - x @ slopes).mean(axis=0))


def _centred(x: Floats) -> Floats:
    return np.asarray(x - x.mean(axis=0, keepdims=True) - x.mean(axis=1, keepdims=True) + x.mean(axis=(0, 1)))


def _products(pairing: Pairing, slope: dict[str, float], worth: Floats) -> tuple[Float32s, Float32s]:
    """Return the factors of what is known of skills, of the wage floor, of night work, and of a post's own worth.

    Schooling above what is asked counts as far as it goes: who has less is not eligible.
    """
    m, p = pairing.members, pairing.positions
    asked = ~np.isnan(p.need)
    mid = np.log(np.maximum((p.wage_min + p.wage_max) / 2.0, 1.0))
    left = np.column_stack([np.isnan(m.skills), m.wage_floor > 0, np.isnan(m.night_ok), np.ones(len(m))])
    right = np.vstack([
        slope["skills_unknown"] * (asked / np.maximum(asked.sum(axis=1, keepdims=True), 1)).T,
        slope["wage_over_floor"] * (mid - mid.mean()),
        slope["night_unasked"] * p.night,
        worth - slope["education_over"] * p.min_education,
    ])  # fmt: skip
    return left.astype(np.float32), right.astype(np.float32)


def _skills(pairing: Pairing, slope: dict[str, float]) -> tuple[Float32s, Float32s]:
    """Return the factors of shortfall and margin: a level counts as far as it is needed and as far as it is not reached."""
    need, have = pairing.positions.need.T / 10.0, pairing.members.skills.T / 10.0
    left, right = [], []
    for n, h in zip(need, have, strict=True):
        if np.isnan(n).all():
            continue
        above = np.where(np.isnan(n), 0.0, np.clip((n - LEVELS[:, None]) / STEP, 0.0, 1.0))
        below = np.where(np.isnan(h), 0.0, np.clip((LEVELS[:, None] + STEP - h) / STEP, 0.0, 1.0))
        left.append(np.vstack([below, np.nan_to_num(h), ~np.isnan(h)]))
        asked, margin = ~np.isnan(n), slope["skill_margin"]
        right.append(np.vstack([above * (slope["skill_gap_mean"] * STEP), margin * asked, -margin * np.nan_to_num(n)]))
    if not left:
        return np.zeros((len(pairing.members), 1), dtype=np.float32), np.zeros(
            (1, len(pairing.positions)), dtype=np.float32
        )
    return np.vstack(left).T.astype(np.float32), np.vstack(right).astype(np.float32)


def _past(pairing: Pairing, slope: dict[str, float]) -> tuple[Float32s, Ints]:
    """Return (n_members, n_jobs) what a member's past and wishes are worth in each job, and (n_positions,) the job of each post."""
    p, n = pairing.positions, len(pairing.members)
    pair = p.occupation.codes * (int(p.task_tags.codes.max(initial=0)) + 1) + p.task_tags.codes
    _, first, job, count = np.unique(pair, return_index=True, return_inverse=True, return_counts=True)
    common = np.argsort(-count, kind="stable")[:LIKE_JOBS]
    worth = np.zeros((n, len(first)), dtype=np.float32)
    for k in common:
        found = background(pairing, np.arange(n), np.full(n, first[k]))
        worth[:, k] = np.sum([slope[name] * found[name] for name in _PAST], axis=0)
    return worth, job
