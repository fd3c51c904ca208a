"""Whether officers who departed from the list they were shown did better than the list: by reason, never by officer.

A departure is a caseworker's referral to a post although a better-ranked post of the same list was not referred. What would have come of
that post nobody saw; the comparison is with the chance the model stated for it, and the referrals that followed the list say how far such
chances can be trusted.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from matching.arrays import Floats
from matching.tables import TABLES, empty
from models.resampling import MemberBootstrap

LIST_DAYS = 7
"""A referral answers the last list shown to its member in so many days."""

LEAST = 20
"""Settled referrals below which a reason is counted, not judged."""

DAYS_WITHOUT_CLOCK = 30
UNSTATED = "NOT_STATED"


def override_report(tables: Mapping[str, pd.DataFrame], as_of: date, reasons: Mapping[str, str]) -> dict[str, Any]:
    """Return what became of referrals that followed the list and of those that departed from it, with 95 % intervals by member.

    Parameters
    ----------
    tables : mapping
        ``members``, ``referrals``, ``promises`` and ``suggestions`` (what was shown).
    as_of : date
        Later facts are not used.
    reasons : mapping of referral_id to reason code
        What the officer gave as the reason; absent is ``NOT_STATED``.

    Returns
    -------
    dict
        ``followed`` and ``departed`` with ``n``, ``started`` (share that started in the days left), ``predicted`` (the chance shown for the
        post referred); for departures also ``best_left`` (the chance shown for the best post passed over) and ``advantage``
        (started minus best_left); ``verdict``; ``reasons`` the same by reason; ``pending`` not settled yet; ``not_shown`` referrals without a
        list to depart from. Figures are not yet plain JSON values.
    """
    made = _with_lists(tables, pd.Timestamp(as_of))
    made["reason"] = [reasons.get(name, UNSTATED) for name in made["referral_id"]]
    settled = made[made["settled"]]
    followed, departed = settled[settled["kind"] == "followed"], settled[settled["kind"] == "departed"]
    return {
        "as_of": as_of.isoformat(), "referrals": len(made), "pending": int((~made["settled"] & (made["kind"] != "not_shown")).sum()),
        "not_shown": int((made["kind"] == "not_shown").sum()), "followed": _figures(followed), "departed": _figures(departed),
        "verdict": _verdict(departed), "least": LEAST,
        "reasons": [
            {"reason": str(reason), "verdict": _verdict(rows), **(_figures(rows) if len(rows) >= LEAST else {"n": len(rows)})}
            for reason, rows in departed.groupby("reason", sort=True)
        ],
    }  # fmt: skip


def _with_lists(tables: Mapping[str, pd.DataFrame], today: pd.Timestamp) -> pd.DataFrame:
    """Caseworkers' referrals beside the list they answer: kind, chances, whether and how they are settled."""
    referrals = tables["referrals"]
    made = referrals[(referrals["source"] == "caseworker") & (referrals["created_on"] <= today)].reset_index(drop=True)
    lists = _member_lists(tables.get("suggestions", empty(TABLES["suggestions"])))
    made = made[
        ["referral_id", "member_id", "position_id", "created_on", "state", "started_on", "outcome_on", "p_placed"]
    ]
    out = pd.DataFrame({"kind": "not_shown", "predicted": np.nan, "best_left": np.nan}, index=made.index)
    shown = made["member_id"].isin(list(lists))
    rows = [_one(row, lists, mates) for row, mates in _answering(made[shown], lists)]
    out.loc[shown] = pd.DataFrame(rows, columns=list(out.columns), index=made.index[shown])
    return pd.concat([made, out, _settled(made, tables, today)], axis=1)


def _member_lists(suggestions: pd.DataFrame) -> dict[str, dict[str, pd.DataFrame]]:
    """Lists shown for one member, by member and list; lists of members for one post and proposals of a night are something else."""
    suggestions = suggestions[suggestions["run_id"].isna()]
    if suggestions.empty:
        return {}
    shown = suggestions.assign(list=suggestions["suggestion_id"].str.rsplit("-", n=1).str[0])
    alone = shown.groupby("list")["member_id"].transform("nunique") == 1
    shown = shown[alone].sort_values(["list", "rank"], kind="stable")
    found: dict[str, dict[str, pd.DataFrame]] = {}
    for (member, name), rows in shown.groupby(["member_id", "list"], sort=True):
        found.setdefault(str(member), {})[str(name)] = rows
    return found


def _answering(
    made: pd.DataFrame, lists: dict[str, dict[str, pd.DataFrame]]
) -> list[tuple[tuple[Any, str | None], set[str]]]:
    """Each referral with the list it answers, and every post referred from that list."""
    answered = [_list_of(row, lists.get(str(row.member_id), {})) for row in made.itertuples()]
    posts: dict[str, set[str]] = {}
    for row, name in zip(made.itertuples(), answered, strict=True):
        if name is not None:
            posts.setdefault(name, set()).add(str(row.position_id))
    return [((row, name), posts.get(name or "", set())) for row, name in zip(made.itertuples(), answered, strict=True)]


def _list_of(row: Any, mine: dict[str, pd.DataFrame]) -> str | None:
    """The last list of the days before; of several on one day the one that names the post."""
    near = [
        (rows["shown_on"].iloc[0], bool((rows["position_id"] == row.position_id).any()), name)
        for name, rows in mine.items()
        if pd.Timedelta(0) <= row.created_on - rows["shown_on"].iloc[0] <= pd.Timedelta(days=LIST_DAYS)
    ]
    return max(near)[2] if near else None


def _one(
    found: tuple[Any, str | None], lists: dict[str, dict[str, pd.DataFrame]], referred: set[str]
) -> tuple[str, float, float]:
    row, name = found
    if name is None:
        return "not_shown", float("nan"), float("nan")
    shown = lists[str(row.member_id)][name]
    mine = shown[shown["position_id"] == row.position_id]
    left = shown[~shown["position_id"].isin(referred)]
    better = left if mine.empty else left[left["rank"] < mine["rank"].iloc[0]]
    predicted = float(row.p_placed) if mine.empty else float(mine["p_placed"].iloc[0])
    return (
        ("followed", predicted, float("nan"))
        if better.empty
        else ("departed", predicted, float(better["p_placed"].iloc[0]))
    )


def _settled(made: pd.DataFrame, tables: Mapping[str, pd.DataFrame], today: pd.Timestamp) -> pd.DataFrame:
    """Whether what became of a referral in its days left is known by now, and whether it was a start."""
    limit = made["created_on"] + pd.to_timedelta(_days_left(made, tables), unit="D")
    known_start = made["started_on"].where(made["started_on"] <= today)
    started = known_start <= limit
    closed = (
        made["outcome_on"].notna() & (made["outcome_on"] <= today) & known_start.isna() & ~made["state"].eq("started")
    )
    return pd.DataFrame({"started": started.astype(float), "settled": started | closed | (limit <= today)})


def _days_left(made: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> Floats:
    """Days to the due day of the household's promise that ran on the day; where none ran, thirty."""
    household = tables["members"].set_index("member_id")["household_id"].reindex(made["member_id"])
    asked = pd.DataFrame({"row": np.arange(len(made)), "household_id": household.to_numpy(), "on": made["created_on"]})
    promises = tables.get("promises", empty(TABLES["promises"]))[["household_id", "started_on", "due_on"]]
    ran = asked.merge(promises, on="household_id")
    ran = ran[(ran["started_on"] <= ran["on"]) & (ran["due_on"] >= ran["on"])].groupby("row")["due_on"].min()
    days = (ran.reindex(asked["row"]).to_numpy() - made["created_on"].to_numpy()) / np.timedelta64(1, "D")
    return np.where(np.isnan(days), float(DAYS_WITHOUT_CLOCK), np.maximum(days, 1.0))


def _figures(rows: pd.DataFrame) -> dict[str, Any]:
    if rows.empty:
        return {"n": 0}
    boot = MemberBootstrap(rows["member_id"].to_numpy())
    one, started = np.ones(len(rows)), rows["started"].to_numpy(dtype=float)
    known = rows["predicted"].notna().to_numpy()
    out = {
        "n": len(rows), "members": rows["member_id"].nunique(), "started": boot.ratio(started, one),
        "predicted": boot.ratio(np.where(known, rows["predicted"], 0.0), known.astype(float)),
    }  # fmt: skip
    if rows["best_left"].notna().all():
        best = rows["best_left"].to_numpy(dtype=float)
        out |= {"best_left": boot.ratio(best, one), "advantage": boot.ratio(started - best, one)}
    return out


def _verdict(departed: pd.DataFrame) -> str:
    """``better``, ``worse`` or ``cannot_tell`` as the interval of the advantage says; ``too_few`` below the least."""
    if len(departed) < LEAST:
        return "too_few"
    _, low, high = _figures(departed)["advantage"]
    return "better" if low > 0 else "worse" if high < 0 else "cannot_tell"
