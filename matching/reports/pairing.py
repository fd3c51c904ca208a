"""The monthly bulletin: is every household paired with somebody, and is it visited?"""

from datetime import date

import pandas as pd

from matching.household import LEFT
from matching.reports.period import Period, area_of, counted


def pairing_bulletin(
    households: pd.DataFrame,
    members: pd.DataFrame,
    pairings: pd.DataFrame,
    contacts: pd.DataFrame,
    period: Period,
    level: str = "district",
) -> pd.DataFrame:
    """Return the monthly pairing bulletin (月通报) by area.

    Columns ``area open_households paired share staff households_per_staff visits_due visits_done overdue unreachable``: files open at the
    end of the period; those with a pairing that runs then; staff with such a pairing; home visits that fell due in the period and those
    made in it; households whose latest due contact has passed without one; households none of whose members can be reached.
    """
    files = _open_files(households, period.last)
    area = area_of(files["region_code"], level)
    index = pd.Index(sorted(area.unique()), name="area")
    place = pd.Series(area.to_numpy(), index=files["household_id"])
    last = pd.Timestamp(period.last)
    live = pairings[(pairings["started_on"] <= last) & ~(pairings["ended_on"] < last)]
    live = live.assign(area=live["household_id"].map(place)).dropna(subset=["area"])
    out = pd.DataFrame({"open_households": counted(area, index)})
    out["paired"] = counted(live.drop_duplicates("household_id")["area"], index)
    out["share"] = out["paired"] / out["open_households"]
    out["staff"] = live.groupby("area")["caseworker_id"].nunique().reindex(index).fillna(0).astype("int64")
    out["households_per_staff"] = (out["paired"] / out["staff"].where(out["staff"] > 0)).astype(float)
    mine = contacts.assign(area=contacts["household_id"].map(place)).dropna(subset=["area"])
    visits = mine[mine["kind"] == "home_visit"]
    out["visits_due"] = counted(mine.loc[period.holds(mine["next_due_on"]), "area"], index)
    out["visits_done"] = counted(visits.loc[period.holds(visits["contacted_on"]), "area"], index)
    out["overdue"] = counted(_overdue(mine, period.last).map(place), index)
    out["unreachable"] = counted(_unreachable(members).map(place).dropna(), index)
    return out.reset_index()


def _open_files(households: pd.DataFrame, day: date) -> pd.DataFrame:
    at = pd.Timestamp(day)
    gone = households["status"].isin(LEFT) & (households["closed_on"] <= at)
    return households[(households["recognised_on"] <= at) & ~gone]


def _overdue(contacts: pd.DataFrame, day: date) -> pd.Series:
    """Return households whose latest due contact passed by a day without a contact after the one that set it."""
    until = contacts[contacts["contacted_on"] <= pd.Timestamp(day)]
    latest = until.sort_values(["contacted_on", "contact_id"]).drop_duplicates("household_id", keep="last")
    return latest.loc[latest["next_due_on"] < pd.Timestamp(day), "household_id"]


def _unreachable(members: pd.DataFrame) -> pd.Series:
    lost = (members["reachable"] == "unreachable").groupby(members["household_id"]).all()
    return pd.Series(lost[lost].index)
