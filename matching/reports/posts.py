"""What became of posts: how fast they filled, how many people were sent, and refusals that hint at discrimination."""

import numpy as np
import pandas as pd

from matching.offers import put_to_member
from matching.reports.period import Period
from matching.vocabulary import EmployerRejection

STARRED = tuple(r.value for r in (EmployerRejection.AGE, EmployerRejection.SEX, EmployerRejection.HUKOU))
"""Reasons of an employer that raise a flag on the employer and never count against a member (domain model 3.2)."""


def post_use(
    positions: pd.DataFrame, referrals: pd.DataFrame, placements: pd.DataFrame, period: Period
) -> pd.DataFrame:
    """Return the posts that were on the list in a period and what became of them, fullest use of people first.

    Columns ``position_id employer_id kind title region_code openings_total filled days_to_first_start referrals referrals_per_opening
    rejected rejected_starred``: ``filled`` verified starts up to the period's end; ``days_to_first_start`` from declaration (else posting)
    to the first of them, null without; referrals made in the period; rejections by the employer in it and those for age, sex or household
    registration.
    """
    last = pd.Timestamp(period.last)
    shown = positions[(positions["posted_on"] <= last) & ~(positions["valid_until"] < pd.Timestamp(period.first))]
    made = referrals[period.holds(referrals["created_on"]) & put_to_member(referrals)]
    ended = referrals[period.holds(referrals["outcome_on"]) & (referrals["state"] == "rejected")]
    jobs = placements[(placements["started_on"] <= last) & (placements["verified_on"] <= last)]
    out = shown[["position_id", "employer_id", "kind", "title", "region_code", "openings_total"]].reset_index(drop=True)
    posts = out["position_id"]
    out["filled"] = _count(posts, jobs["position_id"])
    since = shown["declared_on"].fillna(shown["posted_on"]).reset_index(drop=True)
    first = jobs.groupby("position_id")["started_on"].min().reindex(posts).reset_index(drop=True)
    out["days_to_first_start"] = (first - since).dt.days.astype("Int64")
    out["referrals"] = _count(posts, made["position_id"])
    openings = out["openings_total"].where(out["openings_total"] > 0)
    out["referrals_per_opening"] = np.asarray(out["referrals"] / openings, dtype=float)
    out["rejected"] = _count(posts, ended["position_id"])
    out["rejected_starred"] = _count(posts, ended.loc[ended["reason"].isin(STARRED), "position_id"])
    used = out[(out["referrals"] > 0) | (out["filled"] > 0) | (out["rejected"] > 0)]
    return used.sort_values(["referrals", "position_id"], ascending=[False, True], ignore_index=True)


def _count(posts: pd.Series, rows: pd.Series) -> pd.Series:
    return posts.map(rows.dropna().value_counts()).fillna(0).astype("int64")
