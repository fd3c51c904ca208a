"""Zero-employment households over time: when each was one, the stock on any day, what came in and went out, and why."""

from datetime import date

import numpy as np
import pandas as pd

from matching.household import LEFT
from matching.policy.load import PolicyBook
from matching.reports.period import Period, area_of, counted

_EVER = pd.Timestamp(2999, 12, 31)


def zero_spells(
    households: pd.DataFrame, members: pd.DataFrame, placements: pd.DataFrame, as_of: date, policy: PolicyBook
) -> pd.DataFrame:
    """Return each stretch of days in which a recognised household had no verified job, as known on a day.

    Columns ``household_id region_code area_kind began_on ended_on came went``: ``ended_on`` is the first day it no longer was one, null
    while it lasts; ``came`` is recognised | job_lost; ``went`` is lifted | left, "" while it lasts. Ordered by household and day.
    """
    today = pd.Timestamp(as_of)
    known = households[households["recognised_on"].notna() & (households["recognised_on"] <= today)]
    gone = known["closed_on"].where(known["status"].isin(LEFT) & (known["closed_on"] <= today))
    files = pd.DataFrame({
        "household_id": known["household_id"], "region_code": known["region_code"], "area_kind": known["area_kind"],
        "opens": known["recognised_on"], "shuts": gone.fillna(_EVER),
    }).reset_index(drop=True)  # fmt: skip
    work = _work(members, placements, today, policy).merge(files[["household_id", "opens"]], on="household_id")
    work = work[work["to"] > work["opens"]]
    at_work = files["household_id"].isin(work.loc[work["from"] <= work["opens"], "household_id"])
    fresh = files.loc[~at_work, ["household_id", "opens"]].set_axis(["household_id", "began_on"], axis=1)
    again = work.loc[work["to"] < _EVER, ["household_id", "to"]].set_axis(["household_id", "began_on"], axis=1)
    begins = pd.concat([fresh.assign(came="recognised"), again.assign(came="job_lost")], ignore_index=True)
    spells = begins.merge(files, on="household_id").sort_values(["household_id", "began_on"], ignore_index=True)
    spells = spells[(spells["began_on"] <= today) & (spells["began_on"] < spells["shuts"])].reset_index(drop=True)
    lifted = _next_work(spells, work)
    end = lifted.where(lifted <= spells["shuts"], spells["shuts"])
    spells["ended_on"] = end.where(end <= today)
    spells["went"] = np.where(spells["ended_on"].isna(), "", np.where(lifted <= spells["shuts"], "lifted", "left"))
    names = ["household_id", "region_code", "area_kind", "began_on", "ended_on", "came", "went"]
    return spells[names].astype({"came": "str", "went": "str"}).reset_index(drop=True)


def _work(members: pd.DataFrame, placements: pd.DataFrame, today: pd.Timestamp, policy: PolicyBook) -> pd.DataFrame:
    """Return each household's unbroken stretches of verified work; ``to`` is the first day without, ``_EVER`` while it lasts."""
    proven = (placements["verified_on"] <= today) & (placements["evidence"] != "none")
    proven &= (placements["started_on"] <= today) & placements["kind"].isin([*policy.items("promise.met_by")])
    jobs = placements.loc[proven, ["member_id", "started_on", "ended_on"]]
    home = jobs["member_id"].map(members.set_index("member_id")["household_id"])
    over = jobs["ended_on"].where(jobs["ended_on"] < today) + pd.Timedelta(days=1)
    spans = pd.DataFrame({"household_id": home, "from": jobs["started_on"], "to": over.fillna(_EVER)}).dropna()
    spans = spans.sort_values(["household_id", "from", "to"], ignore_index=True)
    reach = spans.groupby("household_id")["to"].cummax()
    before = reach.groupby(spans["household_id"]).shift()
    fresh = before.isna() | (spans["from"] > before)
    return spans.groupby(["household_id", fresh.cumsum()]).agg({"from": "min", "to": "max"}).reset_index(level=0)


def _next_work(spells: pd.DataFrame, work: pd.DataFrame) -> pd.Series:
    """Return the first day of the next stretch of work after each spell began, ``_EVER`` where there is none."""
    if not len(work) or not len(spells):
        return pd.Series(_EVER, index=spells.index, dtype="datetime64[s]")
    left = spells[["household_id", "began_on"]].reset_index().sort_values("began_on")
    right = work[["household_id", "from"]].sort_values("from")
    right["began_on"] = right["from"]
    found = pd.merge_asof(
        left.astype({"began_on": "datetime64[s]"}), right.astype({"began_on": "datetime64[s]"}),
        on="began_on", by="household_id", direction="forward",
    )  # fmt: skip
    return found.set_index("index")["from"].reindex(spells.index).fillna(_EVER).astype("datetime64[s]")


def standing(spells: pd.DataFrame, day: date) -> pd.Series:
    """Return which spells hold on a day."""
    at = pd.Timestamp(day)
    return (spells["began_on"] <= at) & ~(spells["ended_on"] <= at)


def stock_movement(spells: pd.DataFrame, period: Period, level: str = "district") -> pd.DataFrame:
    """Return the stock at the start and end of a period by area, and what came in and went out between.

    Columns ``area stock_before recognised job_lost lifted left stock days_median days_longest``: ``stock_before`` on the evening before the
    first day; the four flows inside the period; ``stock = stock_before + recognised + job_lost - lifted - left``; the last two are the age of
    the households in stock at the end, in days. An area without any household is left out.
    """
    areas = area_of(spells["region_code"], level)
    index = pd.Index(sorted(areas.unique()), name="area")
    out = pd.DataFrame(index=index)
    came, went = period.holds(spells["began_on"]), period.holds(spells["ended_on"])
    before = (spells["began_on"] < pd.Timestamp(period.first)) & ~(spells["ended_on"] < pd.Timestamp(period.first))
    out["stock_before"] = counted(areas[before], index)
    for name in ("recognised", "job_lost"):
        out[name] = counted(areas[came & (spells["came"] == name)], index)
    for name in ("lifted", "left"):
        out[name] = counted(areas[went & (spells["went"] == name)], index)
    now = standing(spells, period.last)
    out["stock"] = counted(areas[now], index)
    age = (pd.Timestamp(period.last) - spells.loc[now, "began_on"]).dt.days
    grouped = age.groupby(areas[now])
    out["days_median"] = grouped.median().reindex(index)
    out["days_longest"] = grouped.max().reindex(index).astype("Int64")
    return out.reset_index()


def stock_series(spells: pd.DataFrame, days: list[date]) -> pd.DataFrame:
    """Return the stock of all areas together on each day. Columns ``day stock``."""
    return pd.DataFrame({"day": days, "stock": [int(standing(spells, day).sum()) for day in days]})


def zero_stock_list(spells: pd.DataFrame, period: Period, level: str, areas: list[str] | None = None) -> pd.DataFrame:
    """Return the areas without a zero-employment household at the end of a period (当期无零就业家庭), and the days they had one.

    Columns ``area stock days_with_stock``; ``areas`` names those to be listed although they never had any.
    """
    place = area_of(spells["region_code"], level)
    index = pd.Index(sorted({*place.unique(), *(areas or ())}), name="area")
    stock = counted(place[standing(spells, period.last)], index)
    first, last = pd.Timestamp(period.first), pd.Timestamp(period.last)
    begin = spells["began_on"].where(spells["began_on"] >= first, first)
    beyond = last + pd.Timedelta(days=1)
    end = spells["ended_on"].where(spells["ended_on"] <= beyond, beyond)
    days = {str(area): _covered(begin[rows], end[rows]) for area, rows in spells.groupby(place).groups.items()}
    out = pd.DataFrame({"stock": stock, "days_with_stock": pd.Series(days).reindex(index).fillna(0).astype("int64")})
    return out[out["stock"] == 0].reset_index()


def _covered(begin: pd.Series, end: pd.Series) -> int:
    """Return how many days at least one of the spans [begin, end) covers."""
    spans = pd.DataFrame({"begin": begin, "end": end})[end > begin].sort_values("begin")
    if not len(spans):
        return 0
    reach = spans["end"].cummax().shift()
    fresh = spans["begin"].where(~(reach > spans["begin"]), reach)
    return int((spans["end"] - fresh).dt.days.clip(lower=0).sum())
