"""The seven stages of the service path: where a member stands, what comes next and why. The promise clock does not wait for it."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from matching.arrays import Bools, Days, Floats, Ints
from matching.columns import (
    NO_DAY,
    Table,
    among,
    counts,
    dated,
    days,
    first_day,
    in_order,
    last_day,
    last_of,
    looked_up,
    picked,
    texts,
    whole_days,
    wholes,
    written,
)
from matching.errors import BadInput, Conflict
from matching.offers import put_to_member
from matching.policy.load import PolicyBook
from matching.reasons import Reason
from matching.vocabulary import DIMENSIONS, PathStage

PATH_STEPS: dict[str, frozenset[str]] = {
    "BASIC": frozenset({"JOBSEARCH", "EXPERT", "ASSESS", "SKILL_TRAIN", "TARGET_TRAIN", "FOLLOWUP"}),
    "JOBSEARCH": frozenset({"EXPERT", "ASSESS", "SKILL_TRAIN", "TARGET_TRAIN", "FOLLOWUP"}),
    "EXPERT": frozenset({"ASSESS", "SKILL_TRAIN", "TARGET_TRAIN", "FOLLOWUP"}),
    "ASSESS": frozenset({"SKILL_TRAIN", "TARGET_TRAIN", "FOLLOWUP"}),
    "SKILL_TRAIN": frozenset({"TARGET_TRAIN", "FOLLOWUP"}),
    "TARGET_TRAIN": frozenset({"FOLLOWUP"}),
    "FOLLOWUP": frozenset({"BASIC"}),
}
"""Stage → stages that may follow: forward, with stages skipped where that is recorded; a lost job starts again at BASIC."""


def step_path(stage: str, to: str) -> str:
    """Return the new stage; Conflict when the path does not lead there, BadInput for a stage nobody knows."""
    for name in (stage, to):
        if name not in PATH_STEPS:
            raise BadInput(f"expected a stage, one of {', '.join(s.value for s in PathStage)}, found {name!r}")
    if to in PATH_STEPS[stage]:
        return to
    raise Conflict(
        f"the path does not lead from {stage} to {to}; expected one of {', '.join(sorted(PATH_STEPS[stage]))}"
    )


def path_table(
    members: Table, records: Table, referrals: Table, assessments: Table, trainings: Table, placements: Table,
    as_of: date, policy: PolicyBook, *, gaps: Bools | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Return where each member stands on the path on a day and the next step proposed, in the order of ``members``.

    ``gaps`` (n,) says for whom a course would bring openings within reach (:func:`best_training`); after a complete assessment only they
    are sent to training, the others are matched again. Without it everybody assessed is.

    Columns ``member_id stage entered_on days_in_stage referrals sessions assessed working days_in_work next_stage reason``:
    ``referrals`` (count) since the stage was entered, ``assessed`` (count) dimensions with an unexpired value, ``working`` a job runs,
    ``next_stage`` null where the member stays, ``reason`` a code of :data:`PATH_REASONS`. A proposal, never a step.
    """
    today, n = np.datetime64(as_of, "D"), len(members)
    ids = texts(members, "member_id")
    row = dict(zip(ids, range(n), strict=True))
    entered = days(records, "entered_on")
    owner = np.where(entered <= today, looked_up(row, texts(records, "member_id")), -1)
    last = last_of(owner, in_order(entered, texts(records, "path_record_id")), n)
    recorded = picked(texts(records, "stage"), last, None)
    stage = np.where(last >= 0, recorded, texts(members, "path_stage"))
    since = np.where(last >= 0, picked(entered, last, NO_DAY), days(members, "registered_on"))
    sent, sent_on = looked_up(row, texts(referrals, "member_id")), days(referrals, "created_on")
    sent[~((sent_on >= picked(since, sent, NO_DAY)) & (sent_on <= today) & put_to_member(referrals))] = -1
    begun = _begun(row, placements, today)
    frame = {
        "member_id": written(ids), "stage": written(stage), "entered_on": dated(since),
        "days_in_stage": (today - since).astype(np.int64), "referrals": counts(sent, n),
        "sessions": picked(wholes(records, "sessions"), last, 0),
        "assessed": _assessed(row, assessments, today, policy.whole("assessment.valid_days")), "working": ~np.isnat(begun),
        "days_in_work": whole_days(today, begun),
    }  # fmt: skip
    left = picked(texts(records, "exit"), last, None) == "next"
    trained = {kind: _completed(row, trainings, kinds, today) >= since for kind, kinds in _COURSES.items()}
    step, reason = _propose(frame, left, np.ones(n, dtype=bool) if gaps is None else gaps, trained, policy)
    return pd.DataFrame({**frame, "next_stage": written(step), "reason": written(reason)})


def _begun(row: Mapping[object, int], placements: Table, today: np.datetime64) -> Days:
    """Return (n,) the day the earliest job began that runs."""
    started, ended = days(placements, "started_on"), days(placements, "ended_on")
    runs = (started <= today) & ~(ended < today)
    return first_day(looked_up(row, texts(placements, "member_id")[runs]), started[runs], len(row))


def _assessed(row: Mapping[object, int], assessments: Table, today: np.datetime64, valid_days: int) -> Ints:
    """Return (n,) dimensions with a value that has not expired."""
    made, expires = days(assessments, "assessed_on"), days(assessments, "expires_on")
    fresh = (made >= today - valid_days) & (made <= today) & ~(expires < today)
    values = zip(texts(assessments, "member_id")[fresh], texts(assessments, "dimension")[fresh], strict=True)
    owners = np.array([member for member, _ in dict.fromkeys(values)], dtype=object)
    return counts(looked_up(row, owners), len(row))


def _completed(row: Mapping[object, int], trainings: Table, kinds: tuple[str, ...], today: np.datetime64) -> Days:
    """Return (n,) the day the last course of some kinds was completed."""
    on = days(trainings, "completed_on")
    done = (on <= today) & (texts(trainings, "state") == "completed") & among(texts(trainings, "kind"), kinds)
    return last_day(looked_up(row, texts(trainings, "member_id")[done]), on[done], len(row))


PATH_REASONS = (
    "PATH_PLACED", "PATH_JOB_LOST", "PATH_STABLE", "PATH_FOLLOW", "PATH_NOT_PLACED", "PATH_STAYS", "PATH_GUIDED", "PATH_INTERVIEWED",
    "PATH_ASSESS_INCOMPLETE", "PATH_GAP_FOUND", "PATH_REMATCH", "PATH_TRAINED", "PATH_TRAINEE_DONE",
)  # fmt: skip
"""Why the next stage is proposed, or why the member stays."""

PATH_MOVES = tuple(
    code for code in PATH_REASONS if code not in ("PATH_STABLE", "PATH_FOLLOW", "PATH_STAYS", "PATH_ASSESS_INCOMPLETE")
)
"""Those of them that lead on to another stage."""

_COURSES = {"SKILL_TRAIN": ("skill", "startup", "certification"), "TARGET_TRAIN": ("targeted",)}


def _propose(
    frame: Mapping[str, Any], left: Bools, gaps: Bools, trained: Mapping[str, Bools], policy: PolicyBook
) -> tuple[np.ndarray, np.ndarray]:
    stage, works = np.asarray(frame["stage"], dtype=object), frame["working"]
    tried = frame["referrals"] >= policy.whole("path.jobsearch_after_referrals")
    waited = frame["days_in_stage"] >= policy.whole("path.jobsearch_after_days")
    assessed = frame["assessed"] >= policy.whole("path.assessed_dimensions")
    stable = frame["days_in_work"].to_numpy(dtype=np.int64, na_value=-1) >= policy.whole("stability.close_days")
    attended = (frame["sessions"] > 0) | left
    follow = stage == "FOLLOWUP"
    rules = (
        (works & ~follow, "FOLLOWUP", "PATH_PLACED"),
        (works & stable, None, "PATH_STABLE"),
        (works, None, "PATH_FOLLOW"),
        (follow, "BASIC", "PATH_JOB_LOST"),
        ((stage == "BASIC") & (tried | waited | left), "JOBSEARCH", "PATH_NOT_PLACED"),
        ((stage == "JOBSEARCH") & attended, "ASSESS", "PATH_GUIDED"),
        ((stage == "EXPERT") & attended, "ASSESS", "PATH_INTERVIEWED"),
        ((stage == "ASSESS") & (assessed | left) & gaps, "SKILL_TRAIN", "PATH_GAP_FOUND"),
        ((stage == "ASSESS") & (assessed | left), None, "PATH_REMATCH"),
        (stage == "ASSESS", None, "PATH_ASSESS_INCOMPLETE"),
        ((stage == "SKILL_TRAIN") & (trained["SKILL_TRAIN"] | left), "TARGET_TRAIN", "PATH_TRAINED"),
        ((stage == "TARGET_TRAIN") & (trained["TARGET_TRAIN"] | left), None, "PATH_TRAINEE_DONE"),
    )
    first = np.select([np.asarray(met, dtype=bool) for met, _, _ in rules], list(range(len(rules))), len(rules))
    steps = np.array([*(to for _, to, _ in rules), None], dtype=object)
    codes = np.array([*(code for _, _, code in rules), "PATH_STAYS"], dtype=object)
    return steps[first], codes[first]


def telling_dimensions(required: Floats, skills: Floats, openings: Ints, limit: int = 3) -> tuple[Reason, ...]:
    """Return the unassessed dimensions whose value would bear on most reachable openings, the most telling first.

    Parameters
    ----------
    required : (n_posts, 12) float
        Level each reachable post asks, 0-100, NaN where it asks none; columns as ``DIMENSIONS``.
    skills : (12,) float
        The member's values, NaN where not assessed.
    openings : (n_posts,) int
        Openings left at each post.
    limit : int
        How many to return.
    """
    _check(required, skills, openings)
    counts = np.where(np.isnan(skills), (~np.isnan(required)).T @ openings, 0)
    order = np.argsort(-counts, kind="stable")[:limit]
    return tuple(
        Reason("PATH_ASSESS_FIRST", {"dimension": DIMENSIONS[d], "openings": int(counts[d])})
        for d in order
        if counts[d] > 0
    )


def training_unlocks(required: Floats, skills: Floats, openings: Ints) -> Ints:
    """Return (12,) openings that would come within reach if the member were brought up in that one dimension.

    A reachable post counts where this dimension is the only one known to fall short of what it asks; arguments as in
    :func:`telling_dimensions`. Not assessed is not a shortfall.
    """
    _check(required, skills, openings)
    short = required > skills
    alone = short & (short.sum(axis=1, keepdims=True) == 1)
    return np.asarray(alone.T @ openings, dtype=np.int64)


def certificate_unlocks(required: Sequence[frozenset[str]], held: frozenset[str], openings: Ints) -> dict[str, int]:
    """Return openings that each missing certificate alone keeps out of reach, the most first.

    ``required`` holds one set a reachable post; ``held`` is what the member's certificates prove, lower levels included.
    """
    counts: dict[str, int] = {}
    for wanted, left in zip(required, openings, strict=True):
        missing = wanted - held
        if len(missing) == 1:
            (one,) = missing
            counts[one] = counts.get(one, 0) + int(left)
    return dict(sorted(counts.items(), key=lambda c: (-c[1], c[0])))


def best_training(
    required: Floats, skills: Floats, openings: Ints, certificates: Sequence[frozenset[str]], held: frozenset[str]
) -> Reason | None:
    """Return the one course that would bring most openings within reach: a dimension or a certificate, with the number; None if none would."""
    by_skill = training_unlocks(required, skills, openings)
    options = [(int(count), DIMENSIONS[d]) for d, count in enumerate(by_skill)]
    options += [(count, name) for name, count in certificate_unlocks(certificates, held, openings).items()]
    count, course = min(options, key=lambda o: (-o[0], o[1]))
    return Reason("PATH_TRAINING_UNLOCKS", {"course": course, "openings": count}) if count > 0 else None


def _check(required: Floats, skills: Floats, openings: Ints) -> None:
    if (
        required.ndim != 2
        or required.shape[1] != len(DIMENSIONS)
        or skills.shape != (len(DIMENSIONS),)
        or openings.shape != required.shape[:1]
    ):
        raise BadInput(
            f"expected required (n, {len(DIMENSIONS)}), skills ({len(DIMENSIONS)},), openings (n,); "
            f"found {required.shape}, {skills.shape}, {openings.shape}"
        )
