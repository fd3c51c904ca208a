"""Has the office done its own duty first? Rounds of suitable offers made to each member."""

from collections import Counter
from datetime import date

import numpy as np
import pandas as pd

from matching.arrays import Bools
from matching.columns import Table, among, counts, days, known, looked_up, texts, written
from matching.policy.load import PolicyBook


def put_to_member(referrals: Table) -> Bools:
    """Return (n,) referrals that were issued: no draft, and no proposal of the night that ended before a person issued it."""
    state = texts(referrals, "state")
    nobodys = (texts(referrals, "source") == "night") & ~known(texts(referrals, "caseworker_id"))
    return np.asarray((state != "draft") & ~(nobodys & among(state, ("revoked", "expired", "filled"))))


def offer_duty_table(members: Table, referrals: Table, as_of: date, policy: PolicyBook) -> pd.DataFrame:
    """Return the rounds of offers each member was made up to a day, in the order of ``members``.

    A round is a month of the calendar in which at least ``offers.posts_per_round`` different posts that were suitable on the day were
    put to the member. Before ``offers.minimum_rounds`` of them nobody may assume that there is no wish to work.

    Returns
    -------
    DataFrame
        ``member_id offers rounds rounds_owed done``: ``offers`` (count) different suitable posts in all, ``rounds_owed`` (count) still to
        make, ``done`` (bool) nothing is owed.
    """
    n = len(members)
    row = dict(zip(texts(members, "member_id"), range(n), strict=True))
    owner, on = looked_up(row, texts(referrals, "member_id")), days(referrals, "created_on")
    made = (owner >= 0) & (on <= np.datetime64(as_of, "D")) & (texts(referrals, "suitability") == "ok")
    made &= put_to_member(referrals) & (texts(referrals, "state") != "revoked")
    months = on[made].astype("datetime64[M]").astype(np.int64)
    posts = list(zip(owner[made].tolist(), texts(referrals, "position_id")[made], months.tolist(), strict=True))
    sizes = Counter((i, month) for i, _, month in set(posts))
    full = [i for (i, _), size in sizes.items() if size >= policy.whole("offers.posts_per_round")]
    rounds = counts(np.array(full, dtype=np.int64), n)
    owed = np.maximum(policy.whole("offers.minimum_rounds") - rounds, 0)
    offers = counts(np.array([i for i, _ in {(i, post) for i, post, _ in posts}], dtype=np.int64), n)
    return pd.DataFrame({
        "member_id": written(texts(members, "member_id")), "offers": offers, "rounds": rounds, "rounds_owed": owed, "done": owed == 0,
    })  # fmt: skip
