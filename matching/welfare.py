"""How long a member may still stay in a public-welfare post, and whether the member may take another."""

from collections.abc import Mapping
from datetime import date

import numpy as np
import pandas as pd

from matching.arrays import Bools, Days, Ints
from matching.columns import (
    NO_DAY,
    Table,
    among,
    counts,
    dated,
    days,
    holding,
    in_order,
    last_of,
    looked_up,
    numbers,
    picked,
    texts,
    written,
)
from matching.offers import put_to_member
from matching.policy.load import PolicyBook

WELFARE = "PUBLIC_WELFARE"


def welfare_term_table(
    members: Table,
    placements: Table,
    referrals: Table,
    positions: Table,
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
    today, n = np.datetime64(as_of, "D"), len(members)
    row = dict(zip(texts(members, "member_id"), range(n), strict=True))
    started, ended = days(placements, "started_on"), days(placements, "ended_on")
    owner = looked_up(row, texts(placements, "member_id"))
    owner[~((texts(placements, "kind") == WELFARE) & (started <= today))] = -1
    times = counts(owner, n)
    last = last_of(owner, in_order(started, texts(placements, "placement_id")), n)
    began, over = picked(started, last, NO_DAY), picked(ended, last, NO_DAY)
    runs = ~np.isnat(began) & ~(over < today)
    retires = policy.retirement_months(texts(members, "birth_month"), texts(members, "sex")).astype("datetime64[M]")
    left = (retires - began.astype("datetime64[M]")).astype(np.int64)
    near = runs & ~np.isnat(retires) & ~np.isnat(began) & (left <= 12 * policy.whole("pw.near_retire_years"))
    ends = np.where(near, retires.astype("datetime64[D]") - np.timedelta64(1, "D"), _term_end(began, policy))
    offers = _other_offers(row, referrals, positions, over, today)
    verdict = _verdict(times, offers, members, runs, policy)
    return pd.DataFrame({
        "member_id": written(texts(members, "member_id")), "times": times, "term_ends_on": dated(np.where(runs, ends, NO_DAY)), "to_retirement": near,
        "other_offers": offers, "may_take": among(verdict, ("FIRST", "REPEAT_ALLOWED")), "verdict": written(verdict),
    })  # fmt: skip


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
    row: Mapping[object, int], referrals: Table, positions: Table, ended: Days, today: np.datetime64
) -> Ints:
    kinds = dict(zip(texts(positions, "position_id"), texts(positions, "kind"), strict=True))
    owner, post, on = (
        looked_up(row, texts(referrals, "member_id")),
        texts(referrals, "position_id"),
        days(referrals, "created_on"),
    )
    made = (
        (owner >= 0) & (on >= picked(ended, owner, NO_DAY)) & (on <= today) & (texts(referrals, "suitability") == "ok")
    )
    made &= put_to_member(referrals) & (texts(referrals, "state") != "revoked")
    others = {(i, p) for i, p in zip(owner[made].tolist(), post[made], strict=True) if kinds.get(p, WELFARE) != WELFARE}
    return counts(np.array([i for i, _ in others], dtype=np.int64), len(row))


def _verdict(times: Ints, offers: Ints, members: Table, runs: Bools, policy: PolicyBook) -> np.ndarray:
    again = np.zeros(len(members), dtype=bool)
    for category in policy.items("pw.repeat_categories"):
        if category == "disabled_severe":
            again |= numbers(members, "disability_level") <= 2
        else:
            again |= holding(texts(members, "categories"), category)
    rules = (
        (runs, "IN_TERM"),
        (times == 0, "FIRST"),
        (times >= policy.whole("pw.max_lifetime"), "LIFETIME_USED"),
        (~again, "NO_REPEAT_CATEGORY"),
        (offers < policy.whole("pw.offers_before_repeat"), "OFFERS_OWED"),
    )
    return np.select([np.asarray(met, dtype=bool) for met, _ in rules], [code for _, code in rules], "REPEAT_ALLOWED")
