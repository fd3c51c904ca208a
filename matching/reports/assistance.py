"""The quarterly bulletin: who was helped into work, in time or not, to stay or not, and what else was done."""

from collections.abc import Mapping

import pandas as pd

from matching.household import milestone_table
from matching.policy.load import PolicyBook
from matching.promise import rolled
from matching.reports.period import Period, area_of, counted
from matching.reports.stock import stock_movement
from matching.vocabulary import Insurance, PromiseState

FIVE = frozenset(i.value for i in Insurance)
"""The five insurances (五险)."""

DONE = (PromiseState.MET, PromiseState.MET_LATE)

Tables = Mapping[str, pd.DataFrame]


def assistance_bulletin(
    tables: Tables, spells: pd.DataFrame, period: Period, policy: PolicyBook, level: str = "district"
) -> pd.DataFrame:
    """Return the quarterly assistance bulletin (季度通报) by area; ``policy`` of the period's last day.

    Columns ``area``, the stock movement (``stock_before recognised job_lost lifted left stock``), ``placed_households placed_members``
    (jobs that began in the period and are verified; a trainee place is no job), promises that fell due in the period: ``due kept_net
    kept_gross met_late breached running void`` as they stood at its end (kept net counts the days of pause, gross does not; one that a
    lost job reopened by then is counted when the new one falls due), ``insured_five`` placed members with all five insurances,
    ``retained_30``, ``_90``, ``_180`` and ``judged_…`` of the jobs that reached the milestone's day in the period, ``trainings startups
    dispatched dibao_closed appeals``. Counts; an area with nothing to report is left out.
    """
    out = stock_movement(spells, period, level).drop(columns=["days_median", "days_longest"]).set_index("area")
    place = _Places(tables, level)
    parts = {
        **_placed(tables, place, period, policy),
        **_promises(tables, place, period, policy),
        **_retained(tables, place, period, policy),
    }
    parts |= _other(tables, place, period)
    index = out.index.union(pd.Index(sorted({a for rows in parts.values() for a in rows.dropna()}), name="area"))
    out = out.reindex(index).fillna(0).astype("int64")
    for name, rows in parts.items():
        out[name] = counted(rows.dropna(), index)
    return out.reset_index()


class _Places:
    """Area of each household, member and employer."""

    def __init__(self, tables: Tables, level: str) -> None:
        households, members = tables["households"], tables["members"]
        self.household = pd.Series(
            area_of(households["region_code"], level).to_numpy(), index=households["household_id"]
        )
        self.home = members.set_index("member_id")["household_id"]

    def of_members(self, members: pd.Series) -> pd.Series:
        """Return the area of each member's household."""
        return members.map(self.home).map(self.household)


def _verified(placements: pd.DataFrame, period: Period) -> pd.DataFrame:
    known = (placements["verified_on"] <= pd.Timestamp(period.last)) & (placements["evidence"] != "none")
    return placements[known]


def _jobs(tables: Tables, period: Period, policy: PolicyBook) -> pd.DataFrame:
    jobs = _verified(tables["placements"], period)
    return jobs[jobs["kind"].isin(policy.items("promise.met_by"))]


def _placed(tables: Tables, place: _Places, period: Period, policy: PolicyBook) -> dict[str, pd.Series]:
    jobs = _jobs(tables, period, policy)
    jobs = jobs[period.holds(jobs["started_on"])]
    insured = jobs["position_id"].map(tables["positions"].set_index("position_id")["insured"]).fillna("")
    five = insured.map(lambda text: set(text.split(";")) >= FIVE).astype(bool)
    people = jobs.drop_duplicates("member_id")
    homes = people["member_id"].map(place.home).drop_duplicates()
    return {
        "placed_households": homes.map(place.household),
        "placed_members": place.of_members(people["member_id"]),
        "insured_five": place.of_members(jobs.loc[five, "member_id"].drop_duplicates()),
        "startups": place.of_members(jobs.loc[jobs["kind"] == "self_employed", "member_id"]),
        "dispatched": place.of_members(jobs.loc[jobs["kind"] == "DISPATCH", "member_id"]),
    }


def _promises(tables: Tables, place: _Places, period: Period, policy: PolicyBook) -> dict[str, pd.Series]:
    promises, last = tables["promises"], pd.Timestamp(period.last)
    reopened = promises.loc[promises["started_on"] <= last, "reopens_id"]
    due = promises[period.holds(promises["due_on"]) & ~promises["promise_id"].isin(reopened.dropna())]
    area = due["household_id"].map(place.household)
    state, met = due["state"], due["met_on"] <= last
    done = state.isin(DONE) & met
    late = done & (state == PromiseState.MET_LATE)
    void = state == PromiseState.VOID
    runs = state.isin([PromiseState.RUNNING, PromiseState.REOPENED])
    broken = state.isin([PromiseState.BREACHED, PromiseState.MET_LATE]) | _past(due[runs], policy).reindex(
        due.index, fill_value=False
    )
    return {
        "due": area,
        "kept_net": area[done & ~late],
        "kept_gross": area[done & (due["met_on"] <= due["due_on"])],
        "met_late": area[late],
        "breached": area[broken & ~done],
        "running": area[~done & ~void & ~broken],
        "void": area[void],
    }


def _past(promises: pd.DataFrame, policy: PolicyBook) -> pd.Series:
    """Return which promises are past their net day on the day of the policy."""
    rows = zip(promises["due_on"], promises["paused_days"], strict=True)
    net = [rolled((due + pd.Timedelta(days=n)).date(), policy) if n else due.date() for due, n in rows]
    return pd.Series([day < policy.as_of for day in net], index=promises.index, dtype=bool)


def _retained(tables: Tables, place: _Places, period: Period, policy: PolicyBook) -> dict[str, pd.Series]:
    jobs, milestones = _jobs(tables, period, policy), policy.items("stability.milestones")
    due = pd.DataFrame({d: period.holds(jobs["started_on"] + pd.Timedelta(days=int(d))) for d in milestones})
    jobs, due = (frame[due.any(axis=1)].reset_index(drop=True) for frame in (jobs, due))
    reached, area = milestone_table(jobs, period.last, policy), place.of_members(jobs["member_id"])
    out = {}
    for days in milestones:
        judged = due[days] & reached[f"stable_{days}"].notna()
        out[f"judged_{days}"] = area[judged]
        out[f"retained_{days}"] = area[judged & reached[f"stable_{days}"].fillna(False).astype(bool)]
    return out


def _other(tables: Tables, place: _Places, period: Period) -> dict[str, pd.Series]:
    trainings, appeals, households = (tables[n] for n in ("trainings", "appeals", "households"))
    taught = trainings[trainings["state"].isin(["running", "completed"]) & period.holds(trainings["started_on"])]
    closed = households[(households["dibao_status"] == "closed") & period.holds(households["closed_on"])]
    return {
        "trainings": place.of_members(taught["member_id"]),
        "dibao_closed": closed["household_id"].map(place.household),
        "appeals": place.of_members(appeals.loc[period.holds(appeals["filed_on"]), "member_id"]),
    }


def breach_causes(tables: Tables, period: Period, level: str = "city") -> pd.DataFrame:
    """Return why promises that fell due in a period were broken or voided. Columns ``area state cause count``; "" where no cause is recorded."""
    promises = tables["promises"]
    due = promises[period.holds(promises["due_on"]) & promises["state"].isin(["breached", "met_late", "void"])]
    area = due["household_id"].map(_Places(tables, level).household)
    cause = due["void_reason"].where(due["state"] == "void", due["breach_cause"]).fillna("")
    return _counts(pd.DataFrame({"area": area, "state": due["state"], "cause": cause}))


def placements_by_kind(tables: Tables, period: Period, level: str = "city") -> pd.DataFrame:
    """Return verified jobs that began in a period by kind of post. Columns ``area kind count``."""
    jobs = _verified(tables["placements"], period)
    jobs = jobs[period.holds(jobs["started_on"])]
    return _counts(pd.DataFrame({"area": _Places(tables, level).of_members(jobs["member_id"]), "kind": jobs["kind"]}))


def _counts(rows: pd.DataFrame) -> pd.DataFrame:
    names = list(rows.columns)
    return rows.dropna().groupby(names).size().rename("count").reset_index().sort_values(names, ignore_index=True)
