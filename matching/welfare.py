"""How long a member may still stay in a public-welfare post, and whether the member may take another."""

from datetime import date

import numpy as np
import pandas as pd

from matching.arrays import Bools
from matching.policy.load import PolicyBook

WELFARE = "PUBLIC_WELFARE"


def welfare_term_table(
    members: pd.DataFrame,
    placements: pd.DataFrame,
    referrals: pd.DataFrame,
    positions: pd.DataFrame,
    as_of: date,
    policy: PolicyBook,
) -> pd.DataFrame:
    """Return each member's standing with public-welfare posts on a day, in the order of ``members``.

    Returns
    -------
    DataFrame
        ``member_id times term_ends_on to_retirement other_offers may_take verdict``. ``times`` (count) welfare placements so far;
        ``term_ends_on`` the last day of the one that runs: ``pw.max_months`` after its start, or the end of the month before retirement
        where the member was within ``pw.near_retire_years`` of it at the start (``to_retirement``), null where none runs.
        ``other_offers`` (count) different suitable posts of other kinds offered since the last one ended. ``may_take`` (bool) another
        may begin, ``verdict`` why: ``FIRST``, ``REPEAT_ALLOWED``, ``IN_TERM``, ``LIFETIME_USED``, ``NO_REPEAT_CATEGORY``,
        ``OFFERS_OWED``.
    """
    today = pd.Timestamp(as_of)
    frame = members[["member_id"]].reset_index(drop=True)
    jobs = placements[(placements["kind"] == WELFARE) & (placements["started_on"] <= today)].sort_values(
        ["started_on", "placement_id"]
    )
    frame["times"] = jobs["member_id"].value_counts().reindex(frame["member_id"], fill_value=0).to_numpy()
    last = jobs.drop_duplicates("member_id", keep="last").set_index("member_id").reindex(frame["member_id"])
    runs = (last["started_on"].notna() & ~(last["ended_on"] < today)).to_numpy()
    began = last["started_on"].to_numpy().astype("datetime64[D]")
    retires = policy.retirement_months(
        members["birth_month"].to_numpy(dtype=object), members["sex"].to_numpy(dtype=object)
    ).astype("datetime64[M]")
    left = (retires - began.astype("datetime64[M]")).astype(np.int64)
    near = runs & ~np.isnat(retires) & ~np.isnat(began) & (left <= 12 * policy.whole("pw.near_retire_years"))
    ends = np.where(near, retires.astype("datetime64[D]") - np.timedelta64(1, "D"), _term_end(began, policy))
    frame["term_ends_on"] = np.where(runs, ends, np.datetime64("NaT", "D")).astype("datetime64[s]")
    frame["to_retirement"] = near
    frame["other_offers"] = _other_offers(frame, referrals, positions, last["ended_on"], today)
    frame["verdict"] = pd.array(_verdict(frame, members, runs, policy), dtype="str")
    frame["may_take"] = frame["verdict"].isin(["FIRST", "REPEAT_ALLOWED"])
    return frame[["member_id", "times", "term_ends_on", "to_retirement", "other_offers", "may_take", "verdict"]]


def spent(
    members: pd.DataFrame,
    placements: pd.DataFrame,
    referrals: pd.DataFrame,
    positions: pd.DataFrame,
    as_of: date,
    policy: PolicyBook,
) -> Bools:
    """Return (n_members,) who may not begin a public-welfare post on a day, each by the rules of their own place.

    Most have had none; only the record of those who have is looked at.
    """
    out = np.zeros(len(members), dtype=bool)
    began = (placements["kind"] == WELFARE) & (placements["started_on"] <= pd.Timestamp(as_of))
    had = members["member_id"].isin(placements.loc[began, "member_id"]).to_numpy()
    place = members["region_code"].str[:6].to_numpy(dtype=object)
    for code in sorted(set(place[had])):
        here = np.flatnonzero(had & (place == code))
        people = members.iloc[here]
        jobs, sent = (t[t["member_id"].isin(people["member_id"])] for t in (placements, referrals))
        table = welfare_term_table(people, jobs, sent, positions, as_of, policy.at(code))
        out[here] = ~table["may_take"].to_numpy(dtype=bool)
    return out


def _term_end(began: np.ndarray, policy: PolicyBook) -> np.ndarray:
    """The day before the corresponding day, or before the first of the next month where the month is shorter."""
    months = began.astype("datetime64[M]")
    into = (began - months.astype("datetime64[D]")).astype(np.int64)
    target = months + policy.whole("pw.max_months")
    length = ((target + 1).astype("datetime64[D]") - target.astype("datetime64[D]")).astype(np.int64)
    return np.asarray(target.astype("datetime64[D]") + np.minimum(into, length) - 1)


def _other_offers(
    frame: pd.DataFrame, referrals: pd.DataFrame, positions: pd.DataFrame, ended: pd.Series, today: pd.Timestamp
) -> np.ndarray:
    kinds = referrals["position_id"].map(positions.set_index("position_id")["kind"])
    since = referrals["member_id"].map(ended)
    made = (
        referrals["created_on"].between(since, today)
        & ~referrals["state"].isin(["draft", "revoked"])
        & (referrals["suitability"] == "ok")
    )
    rows = referrals[made & kinds.notna() & (kinds != WELFARE)].drop_duplicates(["member_id", "position_id"])
    return np.asarray(rows["member_id"].value_counts().reindex(frame["member_id"], fill_value=0), dtype=np.int64)


def _verdict(frame: pd.DataFrame, members: pd.DataFrame, runs: np.ndarray, policy: PolicyBook) -> np.ndarray:
    again = np.zeros(len(members), dtype=bool)
    for category in policy.items("pw.repeat_categories"):
        if category == "disabled_severe":
            again |= (members["disability_level"] <= 2).fillna(False).to_numpy(dtype=bool)
        else:
            again |= (";" + members["categories"] + ";").str.contains(f";{category};", regex=False).to_numpy(dtype=bool)
    rules = (
        (runs, "IN_TERM"),
        ((frame["times"] == 0).to_numpy(), "FIRST"),
        ((frame["times"] >= policy.whole("pw.max_lifetime")).to_numpy(), "LIFETIME_USED"),
        (~again, "NO_REPEAT_CATEGORY"),
        ((frame["other_offers"] < policy.whole("pw.offers_before_repeat")).to_numpy(), "OFFERS_OWED"),
    )
    return np.select([np.asarray(met, dtype=bool) for met, _ in rules], [code for _, code in rules], "REPEAT_ALLOWED")
