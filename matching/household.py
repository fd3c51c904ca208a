"""Is a household lifted, stable, closed? Derived every day from the jobs of its members; recognition is recorded, never decided."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from matching.arrays import Bools, Days, Ints
from matching.columns import (
    NO_DAY,
    Table,
    among,
    counts,
    dated,
    days,
    first_day,
    flags,
    looked_up,
    picked,
    rows_of,
    texts,
    whole_days,
    written,
)
from matching.errors import BadInput, Conflict
from matching.offers import put_to_member
from matching.policy.load import PolicyBook
from matching.promise import RUNS, months_later
from matching.vocabulary import SEEKING, WORKING, HouseholdStatus

HOUSEHOLD_STEPS: dict[str, frozenset[str]] = {
    "discovered": frozenset({"applied", "recognised", "withdrawn", "moved"}),
    "applied": frozenset({"recognised", "refused", "withdrawn", "moved"}),
    "refused": frozenset({"applied", "recognised"}),
    "recognised": frozenset({"in_service", "one_employed", "withdrawn", "ended", "moved"}),
    "in_service": frozenset({"one_employed", "withdrawn", "ended", "moved"}),
    "one_employed": frozenset({"in_service", "stable", "ended", "withdrawn", "moved"}),
    "stable": frozenset({"in_service", "one_employed", "closed", "ended", "withdrawn", "moved"}),
    "closed": frozenset({"recognised"}),
    "withdrawn": frozenset({"applied", "recognised"}),
    "ended": frozenset({"applied", "recognised"}),
    "moved": frozenset({"recognised"}),
}
"""Allowed steps of a household's file; ``refused``, ``withdrawn``, ``ended``, ``closed`` open again by a new application or a review."""

FOLLOWED = ("recognised", "in_service", "one_employed", "stable")
"""States that follow from the members' jobs; all others are decided by people and stand as recorded."""

DECIDED = ("applied", "recognised", "refused", "withdrawn", "ended", "moved")
"""States that people record; the others follow from jobs, or come with the first registration."""

LEFT = ("withdrawn", "ended", "moved", "closed")
"""States of a file that is no longer the office's, from ``closed_on``."""

_SPAN = 1 << 24
"""More days than lie between any two."""


def step_household(state: str, to: str) -> str:
    """Return the new state; Conflict when the step is not possible, BadInput for a state nobody knows."""
    for name in (state, to):
        if name not in HOUSEHOLD_STEPS:
            raise BadInput(
                f"expected a household state, one of {', '.join(s.value for s in HouseholdStatus)}, found {name!r}"
            )
    if to in HOUSEHOLD_STEPS[state]:
        return to
    raise Conflict(
        f"a household that is {state} cannot become {to}; expected one of {', '.join(sorted(HOUSEHOLD_STEPS[state]))}"
    )


def counted_members(members: Table, as_of: date, policy: PolicyBook) -> Bools:
    """Return (n,) members who count: willing, not inactive or moved, of working age (unknown age counts)."""
    month = np.datetime64(as_of, "M")
    text = texts(members, "birth_month")
    born = np.array([b if isinstance(b, str) else "NaT" for b in text], dtype="datetime64[M]")
    retires = policy.retirement_months(text, texts(members, "sex")).astype("datetime64[M]")
    months = (month - born).astype(np.int64)
    young = ~np.isnat(born) & (months < 12 * policy.whole("work.minimum_age"))
    retired = ~np.isnat(retires) & (month >= retires)
    away = among(texts(members, "employment_state"), ("inactive", "moved"))
    return np.asarray(flags(members, "willing") & ~(young | retired | away))


def household_table(
    households: Table,
    members: Table,
    placements: Table,
    referrals: Table,
    as_of: date,
    policy: PolicyBook,
    promises: Table | None = None,
) -> pd.DataFrame:
    """Return the derived state of every household on a day, in the order of ``households``.

    A job counts once its evidence is verified, if its kind keeps the promise (``promise.met_by``). Work is continuous while some member's job covers every day; a job that begins the day
    after another ends goes on. While a member who seeks work is owed a promise of their own (``promises``), the file does not close.

    Returns
    -------
    DataFrame
        ``household_id status`` derived: lifted (``one_employed``) when a member starts, back (``in_service``) when the last job ends,
        ``stable`` and ``closed`` after ``stability.stable_days`` and ``stability.close_days`` of continuous work.
        ``employed_members`` now, ``employed_unverified`` those who are said to work without verified evidence (shown, not counted).
        ``working_since`` first day of the continuous work, ``days_in_work``, ``stable_on`` and ``closes_on`` the days the milestones
        are or will be reached, ``lost_on`` the day after the last job ended. ``dibao_review_on`` the day from which the subsistence
        allowance is reviewed with the household, ``dibao_review_due`` whether that task is open today; a task, never a decision.
        ``days_before_recognition``, ``days_to_first_referral``, ``days_to_work``: days lost from discovery to recognition, recognition
        to first referral, first referral to work; null where a day is not known.
    """
    today, n = np.datetime64(as_of, "D"), len(households)
    ids = texts(households, "household_id")
    homes = dict(zip(texts(members, "member_id"), rows_of(ids, texts(members, "household_id")), strict=True))
    jobs = _verified_jobs(placements, homes, today, policy)
    began, ended = _last_spells(jobs, n, today)
    works = ~np.isnat(began) & np.isnat(ended)
    since = np.where(works, began, NO_DAY)
    stable, close = policy.whole("stability.stable_days"), policy.whole("stability.close_days")
    review = _months_after(since, policy)
    owed = counts(_owed_alone(homes, members, promises), n) > 0
    held = jobs.member[np.isnat(jobs.ended)]
    said = among(texts(members, "employment_state"), WORKING) & ~among(texts(members, "member_id"), set(held))
    return pd.DataFrame({
        "household_id": written(ids), "status": written(_status(texts(households, "status"), works, began, today - since, stable, np.where(owed, _SPAN, close))),
        "employed_members": counts(looked_up(homes, np.array(list(dict.fromkeys(held)), dtype=object)), n),
        "employed_unverified": counts(looked_up(homes, texts(members, "member_id")[said]), n),
        "working_since": dated(since), "lost_on": dated(np.where(works, NO_DAY, ended + 1)), "days_in_work": whole_days(today, since),
        "stable_on": dated(since + stable), "closes_on": dated(since + close), "dibao_review_on": dated(review),
        "dibao_review_due": (texts(households, "dibao_status") == "receiving") & (review <= today),
        **_lost_days(households, homes, placements, referrals, today),
    })  # fmt: skip


def _status(
    recorded: np.ndarray, works: Bools, began: Days, worked: np.ndarray, stable: int, close: Ints
) -> np.ndarray:  # fmt: skip
    derived = np.select(
        [works & (worked >= close.astype("timedelta64[D]")), works & (worked >= np.timedelta64(stable, "D")), works, ~np.isnat(began)],
        ["closed", "stable", "one_employed", "in_service"], recorded,
    )  # fmt: skip
    return np.where(among(recorded, FOLLOWED), derived, recorded)


def _owed_alone(homes: Mapping[object, int], members: Table, promises: Table | None) -> Ints:
    """Return the household row of each member who seeks work and is still owed a promise made to this member alone."""
    if promises is None:
        return np.zeros(0, dtype=np.int64)
    own = (texts(promises, "scope") == "member") & among(texts(promises, "state"), RUNS)
    seeks = flags(members, "willing") & among(texts(members, "employment_state"), SEEKING)
    ids = texts(members, "member_id")[seeks]
    return looked_up(homes, ids[among(ids, set(texts(promises, "member_id")[own]))])


def milestone_table(placements: Table, as_of: date, policy: PolicyBook) -> pd.DataFrame:
    """Return how far each placement came, in the order of ``placements``.

    Columns ``placement_id days_in_work`` and one ``stable_<days>`` for each of ``stability.milestones``: true once that many days are
    worked, false when the job ended before, null while that is still open. ``days_in_work`` is null before the first day.
    """
    today = np.datetime64(as_of, "D")
    started, ended = days(placements, "started_on"), days(placements, "ended_on")
    ended = np.where(ended < today, ended, NO_DAY)
    begun = started <= today
    worked = np.where(np.isnat(ended), today, ended) - started
    columns: dict[str, Any] = {
        "placement_id": written(texts(placements, "placement_id")),
        "days_in_work": whole_days(started + worked, np.where(begun, started, NO_DAY)),
    }
    for text in policy.items("stability.milestones"):
        reached = worked >= np.timedelta64(int(text), "D")
        columns[f"stable_{text}"] = pd.arrays.BooleanArray(reached, ~begun | (~reached & np.isnat(ended)))
    return pd.DataFrame(columns)


@dataclass(frozen=True, slots=True)
class _Jobs:
    """Jobs that count: whose (member, row of the household), first and last day; (n,) each, the end unknown while it runs."""

    member: np.ndarray
    home: Ints
    started: Days
    ended: Days


def _verified_jobs(placements: Table, homes: Mapping[object, int], today: np.datetime64, policy: PolicyBook) -> _Jobs:
    """Return jobs that count on a day; an end that lies ahead has not happened, and a trainee place is a step and no job."""
    member, started, ended = (
        texts(placements, "member_id"),
        days(placements, "started_on"),
        days(placements, "ended_on"),
    )
    home = looked_up(homes, member)
    proven = (days(placements, "verified_on") <= today) & (texts(placements, "evidence") != "none") & (started <= today)
    proven &= among(texts(placements, "kind"), policy.items("promise.met_by")) & (home >= 0)
    return _Jobs(member[proven], home[proven], started[proven], np.where(ended < today, ended, NO_DAY)[proven])


def _last_spells(jobs: _Jobs, n: int, today: np.datetime64) -> tuple[Days, Days]:
    """Return (n,) the first and last day of each household's last unbroken stretch of work; the last NaT while it lasts."""
    until = np.where(np.isnat(jobs.ended), today + 1, jobs.ended)
    order = np.lexsort((until.astype(np.int64), jobs.started.astype(np.int64), jobs.home))
    home, started = jobs.home[order], jobs.started[order].astype(np.int64)
    reach = np.maximum.accumulate(home * _SPAN + until[order].astype(np.int64)) - home * _SPAN
    begins = np.ones(len(order), dtype=bool)
    begins[1:] = (home[1:] != home[:-1]) | (started[1:] > reach[:-1] + 1)
    began, ended = np.full(n, NO_DAY), np.full(n, NO_DAY)
    began[home[begins]] = started[begins].astype("datetime64[D]")
    ended[home] = reach.astype("datetime64[D]")
    return began, np.where(ended <= today, ended, NO_DAY)


def _months_after(since: Days, policy: PolicyBook) -> Days:
    row = policy.row("dibao.close_after_months")
    if row is None:
        return np.full(len(since), NO_DAY)
    after = {day: months_later(day, policy.whole(row.key)) for day in set(since[~np.isnat(since)].tolist())}
    return np.array([after.get(day, "NaT") for day in since.tolist()], dtype="datetime64[D]")


def _lost_days(
    households: Table,
    homes: Mapping[object, int],
    placements: Table,
    referrals: Table,
    today: np.datetime64,
) -> dict[str, pd.arrays.IntegerArray]:
    recognised = days(households, "recognised_on")
    referred = _first(homes, referrals, "created_on", recognised, today, put_to_member(referrals))
    started = _first(homes, placements, "started_on", recognised, today, np.ones(len(placements), dtype=bool))
    return {
        "days_before_recognition": whole_days(recognised, days(households, "discovered_on")),
        "days_to_first_referral": whole_days(referred, recognised),
        "days_to_work": whole_days(started, referred),
    }


def _first(
    homes: Mapping[object, int], rows: Table, column: str, since: Days, today: np.datetime64, keep: Bools
) -> Days:
    """Return each household's first such day on or after its recognition, of the rows that are kept."""
    home, on = looked_up(homes, texts(rows, "member_id")), days(rows, column)
    mine = keep & (on >= picked(since, home, NO_DAY)) & (on <= today)
    return first_day(home[mine], on[mine], len(since))
