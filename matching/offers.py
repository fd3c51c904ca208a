"""Has the office done its own duty first? Rounds of suitable offers made to each member."""

from datetime import date

import pandas as pd

from matching.policy.load import PolicyBook


def offer_duty_table(members: pd.DataFrame, referrals: pd.DataFrame, as_of: date, policy: PolicyBook) -> pd.DataFrame:
    """Return the rounds of offers each member was made up to a day, in the order of ``members``.

    A round is a month of the calendar in which at least ``offers.posts_per_round`` different posts that were suitable on the day were
    put to the member. Before ``offers.minimum_rounds`` of them nobody may assume that there is no wish to work.

    Returns
    -------
    DataFrame
        ``member_id offers rounds rounds_owed done``: ``offers`` (count) different suitable posts in all, ``rounds_owed`` (count) still to
        make, ``done`` (bool) nothing is owed.
    """
    made = referrals[
        (referrals["created_on"] <= pd.Timestamp(as_of))
        & ~referrals["state"].isin(["draft", "revoked"])
        & (referrals["suitability"] == "ok")
    ]
    posts = made.assign(month=made["created_on"].dt.year * 12 + made["created_on"].dt.month).drop_duplicates(
        ["member_id", "month", "position_id"]
    )
    sizes = posts.groupby(["member_id", "month"]).size()
    rounds = (sizes >= policy.whole("offers.posts_per_round")).groupby("member_id").sum()
    frame = members[["member_id"]].reset_index(drop=True)
    offers = made.drop_duplicates(["member_id", "position_id"])["member_id"].value_counts()
    frame["offers"] = offers.reindex(frame["member_id"], fill_value=0).to_numpy()
    frame["rounds"] = rounds.reindex(frame["member_id"], fill_value=0).to_numpy()
    frame["rounds_owed"] = (policy.whole("offers.minimum_rounds") - frame["rounds"]).clip(lower=0)
    frame["done"] = frame["rounds_owed"] == 0
    return frame.astype({"offers": "int64", "rounds": "int64", "rounds_owed": "int64"})
