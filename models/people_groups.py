"""Groups an audit looks at: protected attributes of the members behind training rows, read for the audit and for nothing else."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from models.datasets import TrainingFrame
from models.record import checked_tables

PROTECTED = ("sex", "age", "disability", "dibao", "hukou", "area")
"""Dimensions the gates judge; district is reported beside them."""

AGE_BANDS = ((0, 30, "16-29"), (30, 40, "30-39"), (40, 50, "40-49"), (50, 200, "50+"))


def member_groups(tables: Mapping[str, pd.DataFrame], member_ids: np.ndarray, on: np.ndarray) -> dict[str, np.ndarray]:
    """Return {dimension: (n,) group name} of members on a day each; ``unknown`` where the record does not say."""
    tables = checked_tables(tables)
    members = tables["members"].set_index("member_id").reindex(member_ids)
    households = tables["households"].set_index("household_id").reindex(members["household_id"])
    return {
        "sex": members["sex"].fillna("unknown").to_numpy(dtype=object),
        "age": _age_band(members["birth_month"], on),
        "disability": np.where(members["disability_level"].isna(), "none_recorded", "recorded").astype(object),
        "dibao": np.where(households["dibao_status"].isna(), "unknown", np.where(households["dibao_status"].isin(["receiving", "closing"]), "receiving", "not_receiving")).astype(object),
        "hukou": _hukou(households),
        "area": households["area_kind"].fillna("unknown").to_numpy(dtype=object),
        "district": members["region_code"].fillna("unknown").str[:6].to_numpy(dtype=object),
    }  # fmt: skip


def row_groups(tables: Mapping[str, pd.DataFrame], frame: TrainingFrame) -> dict[str, np.ndarray]:
    """Return the groups of a frame's rows, members and posts: {dimension: (n,) group name}."""
    kinds = [k for k, name in enumerate(frame.pairs.names) if name.startswith("kind_")]
    names = np.array([frame.pairs.names[k].removeprefix("kind_").upper() for k in kinds], dtype=object)
    city = np.array([str(code)[:4] for code in frame.region_code], dtype=object)
    return {
        "kind": names[np.argmax(np.nan_to_num(frame.pairs.features[:, kinds]), axis=1)],
        "city": city,
        **member_groups(tables, frame.member_id, frame.created_on),
    }


def _age_band(births: pd.Series, on: np.ndarray) -> np.ndarray:
    born = np.array([b if isinstance(b, str) and b else "NaT" for b in births], dtype="datetime64[M]")
    years = (on.astype("datetime64[M]") - born).astype(float) / 12.0
    out = np.full(len(born), "unknown", dtype=object)
    for low, high, name in AGE_BANDS:
        out[~np.isnat(born) & (years >= low) & (years < high)] = name
    return out


def _hukou(households: pd.DataFrame) -> np.ndarray:
    home, here = households["hukou_region_code"], households["region_code"]
    local = home.str[:4].to_numpy(dtype=object) == here.str[:4].to_numpy(dtype=object)
    return np.where(
        (home.isna() | here.isna()).to_numpy(), "unknown", np.where(local, "local", "from_elsewhere")
    ).astype(object)
