"""Is a household lifted, stable, closed? Derived every day from the jobs of its members; recognition is recorded, never decided."""

from datetime import date

import numpy as np
import pandas as pd

from matching.arrays import Bools
from matching.errors import BadInput, Conflict
from matching.policy.load import PolicyBook
from matching.promise import months_later
from matching.vocabulary import WORKING, HouseholdStatus

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


def counted_members(members: pd.DataFrame, as_of: date, policy: PolicyBook) -> Bools:
    """Return (n,) members who count: willing, not inactive or moved, of working age (unknown age counts)."""
    month = np.datetime64(as_of, "M")
    text = members["birth_month"].to_numpy(dtype=object)
    born = np.array([b if isinstance(b, str) else "NaT" for b in text], dtype="datetime64[M]")
    retires = policy.retirement_months(text, members["sex"].to_numpy(dtype=object)).astype("datetime64[M]")
    months = (month - born).astype(np.int64)
    young = ~np.isnat(born) & (months < 12 * policy.whole("work.minimum_age"))
    retired = ~np.isnat(retires) & (month >= retires)
    away = members["employment_state"].isin(["inactive", "moved"]).to_numpy()
    return np.asarray(members["willing"].to_numpy(dtype=bool) & ~(young | retired | away))


def household_table(
    households: pd.DataFrame,
    members: pd.DataFrame,
    placements: pd.DataFrame,
    referrals: pd.DataFrame,
    as_of: date,
    policy: PolicyBook,
) -> pd.DataFrame:
    """Return the derived state of every household on a day, in the order of ``households``.

    A job counts once its evidence is verified, if its kind keeps the promise (``promise.met_by``). Work is continuous while some member's job covers every day; a job that begins the day
    after another ends goes on.

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
    today = pd.Timestamp(as_of)
    frame = households[["household_id", "status"]].reset_index(drop=True)
    jobs = _verified_jobs(members, placements, today, policy)
    spells = _last_spells(jobs, today).reindex(frame["household_id"]).reset_index(drop=True)
    recorded = frame["status"]
    works = spells["ended_on"].isna() & spells["started_on"].notna()
    since = spells["started_on"].where(works)
    days = (today - since).dt.days
    stable, close = policy.whole("stability.stable_days"), policy.whole("stability.close_days")
    lost = (spells["ended_on"] + pd.Timedelta(days=1)).where(~works)
    derived = np.select(
        [works & (days >= close), works & (days >= stable), works, spells["started_on"].notna()],
        ["closed", "stable", "one_employed", "in_service"], recorded,
    )  # fmt: skip
    frame["status"] = pd.array(np.where(recorded.isin(FOLLOWED), derived, recorded), dtype="str")
    frame["employed_members"] = _count(frame, jobs[jobs["ended_on"].isna() & (jobs["started_on"] <= today)])
    said = members[
        members["employment_state"].isin(WORKING)
        & ~members["member_id"].isin(jobs.loc[jobs["ended_on"].isna(), "member_id"])
    ]
    frame["employed_unverified"] = _count(frame, said)
    frame["working_since"], frame["lost_on"] = since, lost
    frame["days_in_work"] = days.astype("Int64")
    frame["stable_on"], frame["closes_on"] = since + pd.Timedelta(days=stable), since + pd.Timedelta(days=close)
    frame["dibao_review_on"] = _months_after(since, policy)
    receiving = (households["dibao_status"] == "receiving").to_numpy()
    frame["dibao_review_due"] = receiving & (frame["dibao_review_on"] <= today).to_numpy()
    return _lost_days(frame, households, members, placements, referrals, today)


def milestone_table(placements: pd.DataFrame, as_of: date, policy: PolicyBook) -> pd.DataFrame:
    """Return how far each placement came, in the order of ``placements``.

    Columns ``placement_id days_in_work`` and one ``stable_<days>`` for each of ``stability.milestones``: true once that many days are
    worked, false when the job ended before, null while that is still open. ``days_in_work`` is null before the first day.
    """
    today = pd.Timestamp(as_of)
    ended = placements["ended_on"].where(placements["ended_on"] < today)
    days = (ended.fillna(today) - placements["started_on"]).dt.days
    begun = placements["started_on"] <= today
    frame = placements[["placement_id"]].copy()
    frame["days_in_work"] = days.where(begun).astype("Int64")
    for text in policy.items("stability.milestones"):
        reached = (days >= int(text)).astype("boolean")
        frame[f"stable_{text}"] = reached.mask(~begun | (~reached & ended.isna()))
    return frame.reset_index(drop=True)


def _verified_jobs(
    members: pd.DataFrame, placements: pd.DataFrame, today: pd.Timestamp, policy: PolicyBook
) -> pd.DataFrame:
    """Return jobs that count on a day; an end that lies ahead has not happened, and a trainee place is a step and no job."""
    proven = (
        (placements["verified_on"] <= today) & (placements["evidence"] != "none") & (placements["started_on"] <= today)
    )
    proven &= placements["kind"].isin([*policy.items("promise.met_by")])
    jobs = placements.loc[proven, ["member_id", "started_on", "ended_on"]].copy()
    jobs["ended_on"] = jobs["ended_on"].where(jobs["ended_on"] < today)
    home = members.set_index("member_id")["household_id"]
    jobs["household_id"] = jobs["member_id"].map(home)
    return jobs.dropna(subset=["household_id"])


def _last_spells(jobs: pd.DataFrame, today: pd.Timestamp) -> pd.DataFrame:
    """Return each household's last unbroken stretch of work; ``ended_on`` null while it lasts."""
    spans = jobs.sort_values(["household_id", "started_on", "ended_on"])
    until = spans["ended_on"].fillna(today + pd.Timedelta(days=1))
    reach = until.groupby(spans["household_id"]).cummax()
    before = reach.groupby(spans["household_id"]).shift()
    begins = before.isna() | (spans["started_on"] > before + pd.Timedelta(days=1))
    spell = begins.groupby(spans["household_id"]).cumsum()
    last = spell == spell.groupby(spans["household_id"]).transform("max")
    found = pd.DataFrame({"household_id": spans["household_id"], "started_on": spans["started_on"], "ended_on": reach})[
        last
    ]
    out = found.groupby("household_id").agg(started_on=("started_on", "min"), ended_on=("ended_on", "max"))
    return out.assign(ended_on=out["ended_on"].where(out["ended_on"] <= today))


def _count(frame: pd.DataFrame, rows: pd.DataFrame) -> pd.Series:
    each = rows.drop_duplicates("member_id")["household_id"].value_counts()
    return frame["household_id"].map(each).fillna(0).astype("int64")


def _months_after(since: pd.Series, policy: PolicyBook) -> pd.Series:
    row = policy.row("dibao.close_after_months")
    if row is None:
        return pd.Series(pd.NaT, index=since.index, dtype="datetime64[s]")
    unique = {day: pd.Timestamp(months_later(day.date(), policy.whole(row.key))) for day in since.dropna().unique()}
    return since.map(unique).astype("datetime64[s]")


def _lost_days(
    frame: pd.DataFrame,
    households: pd.DataFrame,
    members: pd.DataFrame,
    placements: pd.DataFrame,
    referrals: pd.DataFrame,
    today: pd.Timestamp,
) -> pd.DataFrame:
    home = members.set_index("member_id")["household_id"]
    recognised = households["recognised_on"].reset_index(drop=True)
    discovered = households["discovered_on"].reset_index(drop=True)
    referred = _first(frame, home, referrals, "created_on", recognised, today)
    started = _first(frame, home, placements, "started_on", recognised, today)
    frame["days_before_recognition"] = (recognised - discovered).dt.days.astype("Int64")
    frame["days_to_first_referral"] = (referred - recognised).dt.days.astype("Int64")
    frame["days_to_work"] = (started - referred).dt.days.astype("Int64")
    return frame


def _first(
    frame: pd.DataFrame, home: pd.Series, rows: pd.DataFrame, column: str, since: pd.Series, today: pd.Timestamp
) -> pd.Series:
    """Return each household's first such day on or after its recognition."""
    owner = rows["member_id"].map(home)
    starts = owner.map(pd.Series(since.to_numpy(), index=frame["household_id"]))
    mine = (rows[column] >= starts) & (rows[column] <= today)
    return (
        rows.loc[mine, column]
        .groupby(owner[mine])
        .min()
        .reindex(frame["household_id"])
        .astype("datetime64[s]")
        .reset_index(drop=True)
    )
