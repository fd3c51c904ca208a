"""Shares the law asks of employers: hard-to-employ staff of institutions, dispatched staff at a user unit. Reported, never enforced here."""

from datetime import date

import numpy as np
import pandas as pd

from matching.policy.load import PolicyBook


def required_share_table(employers: pd.DataFrame, policy: PolicyBook) -> pd.DataFrame:
    """Return how far institutions are from the share of hard-to-employ staff asked of them (the rule of Shanwei and others).

    Columns ``employer_id region_code required_share actual_share shortfall consequence``: the share stated for the employer, else that
    of ``required_share.share`` at its seat; ``shortfall`` people (rounded up), null where share, headcount or count is unknown;
    ``consequence`` the coded one policy names, "" where none; the decision is Finance's. Employers nobody asks a share of are left out.
    """
    codes = employers["region_code"].str[:6].to_numpy(dtype=object)
    rows = {c: policy.at(str(c)).row("required_share.share") for c in set(codes)}
    institution = employers["type"].isin(["government", "public_institution"]).to_numpy()
    asked = employers["required_share"].notna().to_numpy() | (
        institution & np.array([rows[c] is not None for c in codes], dtype=bool)
    )
    out: pd.DataFrame = employers.loc[
        asked, ["employer_id", "region_code", "required_share", "headcount", "hard_to_employ_count"]
    ].reset_index(drop=True)
    local = policy.each("required_share.share", out["region_code"].tolist()) if len(out) else np.zeros(0)
    out["required_share"] = out["required_share"].fillna(pd.Series(local))
    head, count = (out.pop(name).astype("Float64") for name in ("headcount", "hard_to_employ_count"))
    out["actual_share"] = (count / head.where(head > 0)).to_numpy(dtype=float, na_value=np.nan)
    missing = np.ceil(out["required_share"] * head.to_numpy(dtype=float, na_value=np.nan) - 1e-9) - count.to_numpy(
        dtype=float, na_value=np.nan
    )
    out["shortfall"] = pd.Series(pd.array(np.maximum(missing, 0), dtype="Float64")).astype("Int64")
    found = [policy.at(str(c)[:6]).row("required_share.consequence") for c in out["region_code"]]
    out["consequence"] = pd.array(["" if row is None else str(row.value) for row in found], dtype="str")
    return out


def dispatch_share_table(
    employers: pd.DataFrame, positions: pd.DataFrame, placements: pd.DataFrame, as_of: date, policy: PolicyBook
) -> pd.DataFrame:
    """Return the share of dispatched staff at each user unit that this record knows of.

    Columns ``employer_id dispatched headcount share limit over``: ``dispatched`` people in running dispatch placements here, a lower
    bound of the true number; ``share`` of headcount and dispatched together (NaN where headcount is unknown); ``over`` the share known
    is already above ``dispatch.max_share``.
    """
    today = pd.Timestamp(as_of)
    runs = (placements["kind"] == "DISPATCH") & (placements["started_on"] <= today) & ~(placements["ended_on"] < today)
    units = placements.loc[runs, "position_id"].map(positions.set_index("position_id")["user_unit_id"]).dropna()
    counts = units.value_counts().sort_index()
    head = employers.set_index("employer_id")["headcount"].reindex(counts.index).to_numpy(dtype=float, na_value=np.nan)
    dispatched = counts.to_numpy(dtype=np.int64)
    share, limit = dispatched / (head + dispatched), policy.number("dispatch.max_share")
    return pd.DataFrame({
        "employer_id": counts.index.astype("str"), "dispatched": dispatched, "headcount": pd.array(head, dtype="Float64").astype("Int64"),
        "share": share, "limit": limit, "over": share > limit,
    })  # fmt: skip
