"""Training data that can leave the office: random person keys, months for days, and no fewer than k people alike.

People are alike when age band, sex, place and education are the same. A place grows from street to district, city and everywhere until
k are alike; who is still alone is left out. The keys are drawn anew for each export and kept nowhere.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from matching.errors import BadInput

K = 5
QUASI = ("age_band", "sex", "place", "education")
_LEVELS = (9, 6, 4, 0)
_MEMBER = ("flexibility_declared", "night_ok", "path_stage", "reachable", "commute_limit_minutes")
_POST = ("kind", "occupation_code", "night", "home_based", "insured")


@dataclass(frozen=True, slots=True)
class Pseudonymised:
    """The frames of an export, how many people it holds, how many were left out, and the fewest who are alike."""

    frames: Mapping[str, pd.DataFrame]
    people: int
    left_out: int
    smallest: int


def pseudonymise(tables: Mapping[str, pd.DataFrame], as_of: date, k: int = K) -> Pseudonymised:
    """Return members, referrals and placements for training; BadInput when fewer than k people are in the record."""
    members = tables["members"]
    if len(members) < k:
        raise BadInput(f"training export: expected at least {k} people, found {len(members)}; nothing was written")
    quasi = generalised(members, as_of, k)
    kept = quasi["place"].notna().to_numpy()
    keys = [secrets.token_hex(8) for _ in range(int(kept.sum()))]
    person = pd.Series(keys, index=members["member_id"][kept].to_numpy())
    people = pd.concat([quasi[kept], members.loc[kept, list(_MEMBER)]], axis=1)
    people.insert(0, "person", keys)
    frames = {"people": people, "referrals": _referrals(tables, person), "placements": _placements(tables, person)}
    order = np.argsort(frames["people"]["person"].to_numpy(dtype=object))
    frames["people"] = frames["people"].iloc[order].reset_index(drop=True)
    return Pseudonymised(frames, len(keys), int((~kept).sum()), smallest_class(frames["people"]))


def generalised(members: pd.DataFrame, as_of: date, k: int) -> pd.DataFrame:
    """Return the quasi-identifiers in row order, places grown until k are alike; place NA for who has to be left out."""
    births = pd.to_datetime(members["birth_month"], format="%Y-%m")
    age = (as_of.year - births.dt.year) - (as_of.month < births.dt.month)
    band = pd.cut(age, [-1, 15, 29, 39, 49, 200], labels=["under 16", "16-29", "30-39", "40-49", "50+"]).astype(object)
    out = pd.DataFrame({"age_band": band.fillna("unknown"), "sex": members["sex"], "place": members["region_code"].astype(object),
                        "education": members["education"]})  # fmt: skip
    for length in _LEVELS[1:]:
        alone = _sizes(out) < k
        out.loc[alone, "place"] = members.loc[alone, "region_code"].str[:length].astype(object)
    out.loc[_sizes(out) < k, "place"] = None
    return out


def _sizes(quasi: pd.DataFrame) -> np.ndarray:
    return np.asarray(quasi.groupby(list(QUASI), dropna=False)["sex"].transform("size"))


def smallest_class(people: pd.DataFrame) -> int:
    """Return the fewest people of an export who are alike."""
    return int(people.groupby(list(QUASI)).size().min()) if len(people) else 0


def fewest_candidates(people: pd.DataFrame, members: pd.DataFrame, as_of: date) -> int:
    """Try to find each person of the record again by age, sex, place and education; return the fewest rows that could be them.

    Whoever was left out has none and does not count.
    """
    known = generalised(members, as_of, 1)
    fewest = len(people)
    groups = {
        key: group["place"].to_numpy(dtype=object) for key, group in people.groupby(["age_band", "sex", "education"])
    }
    for row in known.drop_duplicates().itertuples():
        places = groups.get((row.age_band, row.sex, row.education), np.array([], dtype=object))
        candidates = sum(str(row.place).startswith(str(p)) for p in places)
        if candidates:
            fewest = min(fewest, candidates)
    return fewest


def _referrals(tables: Mapping[str, pd.DataFrame], person: pd.Series) -> pd.DataFrame:
    mine = tables["referrals"][tables["referrals"]["member_id"].isin(person.index)]
    posts = (
        tables["positions"].set_index("position_id").reindex(mine["position_id"])[list(_POST)].reset_index(drop=True)
    )
    out = pd.DataFrame({
        "person": person.loc[mine["member_id"]].to_numpy(), "month": mine["created_on"].dt.strftime("%Y-%m").to_numpy(),
        "state": mine["state"].to_numpy(), "reason": mine["reason"].to_numpy(),
        "days_to_outcome": (mine["outcome_on"] - mine["created_on"]).dt.days.to_numpy(),
        "days_to_start": (mine["started_on"] - mine["created_on"]).dt.days.to_numpy(),
    })  # fmt: skip
    return pd.concat([out, posts], axis=1).sort_values(["person", "month"], ignore_index=True)


def _placements(tables: Mapping[str, pd.DataFrame], person: pd.Series) -> pd.DataFrame:
    mine = tables["placements"][tables["placements"]["member_id"].isin(person.index)]
    out = pd.DataFrame({
        "person": person.loc[mine["member_id"]].to_numpy(), "month": mine["started_on"].dt.strftime("%Y-%m").to_numpy(),
        "kind": mine["kind"].to_numpy(), "days_employed": (mine["ended_on"] - mine["started_on"]).dt.days.to_numpy(),
    })  # fmt: skip
    return out.sort_values(["person", "month"], ignore_index=True)
