"""What last month's promise rate would have been had posts been drawn by a scorer's order; and the same for single referrals.

The new policy draws one post of those listed in the member's city that day, by a softmax over the order. The gates are left out, for officers
refer across them, and what they did not choose from cannot be weighed: it is the order that is judged. For promises, what is
weighed is the whole sequence of choices made while the clock ran: its chance under the new policy over its chance under the log. When and how
often a member is referred stays as it was, and so do starts without a referral.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from matching.arrays import Floats, Ints
from matching.policy.load import PolicyBook
from models.baselines import Scoring
from models.choices import choices_on
from models.datasets import TrainingFrame
from models.off_policy import off_policy
from models.record import CheckedTables, checked_tables
from models.resampling import MemberBootstrap

TEMPERATURE = 0.5
MOST_POSTS, LISTED_DAYS = 300, 30
SAMPLED_DAYS, MEMBERS_A_DAY = 12, 120
MONTH_DAYS, MOST_PROMISES, LEAST_PROMISES = 30, 300, 30


def referral_value(
    scorer: Scoring,
    test: TrainingFrame,
    tables: Mapping[str, pd.DataFrame],
    policy: PolicyBook,
    outcome: tuple[Floats, Floats],
    days: int,
) -> dict[str, Any]:
    """Return what the share of referrals that start within ``days`` would have been, on sampled days.

    ``note`` says why when nothing was estimated.
    """
    y, in_sight = outcome
    known = (test.propensity > 0) & (in_sight > 0)
    if known.sum() < 100:
        return {
            "n": int(known.sum()),
            "note": "fewer than 100 test referrals with a logged propensity: nothing can be told",
        }
    made, counts = np.unique(test.created_on[known], return_counts=True)
    busiest = np.sort(made[np.argsort(-counts, kind="stable")[:SAMPLED_DAYS]])
    rows = np.concatenate([np.flatnonzero(known & (test.created_on == day))[:MEMBERS_A_DAY] for day in busiest])
    chosen, q, v = choices_again(scorer, test, rows, tables, policy, np.full(len(test), float(days)))
    found = off_policy(
        y[rows],
        np.minimum(test.propensity[rows], 1.0),
        chosen,
        test.member_id[rows],
        expected=q,
        expected_new=v,
        weight=in_sight[rows],
    )
    return {**found.as_dict(), "days": days, "sampled_days": len(busiest)}


def promise_value(
    scorer: Scoring, late: TrainingFrame, tables: Mapping[str, pd.DataFrame], policy: PolicyBook
) -> dict[str, Any]:
    """Return what the rate of kept promises would have been among those due in the frame's last thirty days.

    Parameters
    ----------
    scorer : Scoring
        Must not have seen the households of ``late``.
    late : TrainingFrame
        Every usable referral of the time in question, not only those followed for long.

    Returns
    -------
    dict
        As ``OffPolicy.as_dict`` with households as the unit; ``by_model`` what the scorer alone expects under the new policy and ``rebuilt``
        under the logged one (beside ``logged`` it says how far the scorer's chances add up to promises); ``decisions`` referrals a promise;
        ``note`` instead when nothing was estimated.
    """
    due = _due(late, checked_tables(tables))
    usable = due["complete"].to_numpy(dtype=bool) if len(due) else np.zeros(0, dtype=bool)
    if usable.sum() < LEAST_PROMISES:
        return {
            "n": int(usable.sum()),
            "note": f"fewer than {LEAST_PROMISES} promises of the month with every propensity logged: nothing can be told",
        }
    due = due[usable].reset_index(drop=True)
    place = np.repeat(np.arange(len(due)), [len(rows) for rows in due["rows"]])
    rows = np.concatenate(due["rows"].to_list()).astype(np.int64)
    if not len(rows):
        return {"n": len(due), "note": "no referral was logged for the promises of the month: nothing can be told"}
    limit = np.zeros(len(late))
    limit[rows] = (due["due_on"].to_numpy().astype("datetime64[D]")[place] - late.created_on[rows]) / np.timedelta64(
        1, "D"
    )
    chosen, q, v = choices_again(scorer, late, rows, tables, policy, limit)
    alone = due["alone"].to_numpy(dtype=float).mean()
    kept = due["kept"].to_numpy(dtype=float)
    expected, expected_new = (1.0 - (1.0 - alone) * _product(place, 1.0 - p, len(due)) for p in (q, v))
    households = due["household_id"].to_numpy()
    found = off_policy(
        kept, np.maximum(_product(place, np.minimum(late.propensity[rows], 1.0), len(due)), 1e-300), _product(place, chosen, len(due)),
        households, expected=expected, expected_new=expected_new,
    )  # fmt: skip
    boot, one = MemberBootstrap(households), np.ones(len(due))
    return {
        **found.as_dict(), "by_model": boot.ratio(expected_new, one), "rebuilt": boot.ratio(expected, one), "decisions": len(rows) / len(due),
        "due_from": str(due["due_on"].min().date()), "due_to": str(due["due_on"].max().date()),
    }  # fmt: skip


def choices_again(
    scorer: Scoring,
    frame: TrainingFrame,
    rows: Ints,
    tables: Mapping[str, pd.DataFrame],
    policy: PolicyBook,
    days: Floats,
) -> tuple[Floats, Floats, Floats]:
    """Set out again what could have been chosen at each of these referrals.

    Returns
    -------
    (chosen, expected, expected_new) : each (n_rows,)
        Chance of the logged post under the softmax over the scorer's order (0 where it was not to be had), the modelled chance of a start
        within ``days`` (n,) at the logged post, and its mean over the softmax.
    """
    out = np.zeros((3, len(rows)))
    tables = checked_tables(tables)
    posts = tables["positions"]["position_id"].to_numpy(dtype=object)[frame.pairs.position[rows]]
    near = _near(tables, frame, rows)
    for day in np.unique(frame.created_on[rows]):
        at = np.flatnonzero(frame.created_on[rows] == day)
        out[:, at] = _one_day(scorer, frame, rows[at], posts[at], near, policy, days[rows[at]])
    return out[0], out[1], out[2]


def _near(tables: CheckedTables, frame: TrainingFrame, rows: Ints) -> CheckedTables:
    """The part of the record these choices can depend on: their members, the posts listed on their days, and what concerns either."""
    made = frame.created_on[rows]
    posted = tables["positions"]["posted_on"].to_numpy().astype("datetime64[D]")
    listed = (posted > made.min() - np.timedelta64(LISTED_DAYS, "D")) & (posted <= made.max())
    members = tables["members"][tables["members"]["member_id"].isin(np.unique(frame.member_id[rows].astype(str)))]
    positions = tables["positions"][listed]
    ours = {name: tables[name]["member_id"].isin(members["member_id"]) for name in ("assessments", "placements")}
    posts = {name: tables[name]["position_id"].isin(positions["position_id"]) for name in ("referrals", "placements")}
    part = {
        "members": members, "positions": positions, "assessments": tables["assessments"][ours["assessments"]],
        "placements": tables["placements"][ours["placements"] | posts["placements"]], "referrals": tables["referrals"][posts["referrals"]],
        "households": tables["households"][tables["households"]["household_id"].isin(members["household_id"])],
    }  # fmt: skip
    return CheckedTables({**tables, **{k: v.reset_index(drop=True) for k, v in part.items()}}, tables.left_out)


def _one_day(
    scorer: Scoring,
    frame: TrainingFrame,
    rows: Ints,
    at_post: np.ndarray,
    tables: CheckedTables,
    policy: PolicyBook,
    days: Floats,
) -> Floats:
    ids, which = np.unique(frame.member_id[rows].astype(str), return_inverse=True)
    seen = choices_on(
        tables,
        ids.astype(object),
        frame.created_on[rows[0]],
        policy,
        most_posts=MOST_POSTS,
        listed_days=LISTED_DAYS,
        gated=False,
    )
    mine = scorer.score(frame.take(rows).pairs, days)
    limit = np.zeros(len(ids))
    limit[which] = days
    theirs = scorer.score(seen.pairs, limit[seen.pairs.member])
    posts = seen.positions["position_id"].to_numpy(dtype=object)[seen.pairs.position]
    top = max(float(mine.order.max()), float(theirs.order.max(initial=-np.inf)))
    pull = np.exp((theirs.order - top) / TEMPERATURE) / seen.share[seen.pairs.member]
    own = np.exp((mine.order - top) / TEMPERATURE)
    out = np.zeros((3, len(rows)))
    for k in range(len(rows)):
        others = (seen.pairs.member == which[k]) & (posts != at_post[k])
        total = pull[others].sum() + own[k]
        out[:, k] = (
            own[k] / total,
            mine.p_placed[k],
            ((pull[others] * theirs.p_placed[others]).sum() + own[k] * mine.p_placed[k]) / total,
        )
    return out


def _due(late: TrainingFrame, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Promises due in the last month: whether kept, whether by a start of their own, their referrals, and whether every propensity is known."""
    end = pd.Timestamp(late.cutoff.astype("datetime64[D]").item())
    promises = tables["promises"]
    due = promises[
        (promises["due_on"] <= end)
        & (promises["due_on"] > end - pd.Timedelta(days=MONTH_DAYS))
        & (promises["scope"] == "household")
    ]
    due = due[["household_id", "started_on", "due_on"]].drop_duplicates("household_id").reset_index(drop=True)
    due = due[due["started_on"] >= pd.Timestamp(late.created_on.min().astype("datetime64[D]").item())]
    due = due.sample(n=min(len(due), MOST_PROMISES), random_state=0).sort_values("household_id", ignore_index=True)
    starts = _starts(tables)
    where = pd.Series(np.arange(len(late))).groupby(pd.Series(late.household_id.astype(str))).agg(list)
    found = []
    for row in due.itertuples():
        rows = np.array(where.get(str(row.household_id), []), dtype=np.int64)
        made = late.created_on[rows]
        rows = rows[(made >= np.datetime64(row.started_on, "D")) & (made <= np.datetime64(row.due_on, "D"))]
        begun = starts.get(str(row.household_id), [])
        inside = [alone for on, alone in begun if row.started_on < on <= row.due_on]
        found.append((bool(inside), any(inside), rows, bool((late.propensity[rows] > 0).all())))
    table = pd.DataFrame(found, columns=["kept", "alone", "rows", "complete"])
    return pd.concat([due, table], axis=1)


def _starts(tables: Mapping[str, pd.DataFrame]) -> dict[str, list[tuple[pd.Timestamp, bool]]]:
    """Household → days on which a member began work, each with whether no referral led to it."""
    placed = tables["placements"][["member_id", "position_id", "started_on"]]
    referred = set(zip(tables["referrals"]["member_id"], tables["referrals"]["position_id"], strict=True))
    home = dict(zip(tables["members"]["member_id"], tables["members"]["household_id"], strict=True))
    out: dict[str, list[tuple[pd.Timestamp, bool]]] = {}
    for row in placed.itertuples():
        alone = (row.member_id, row.position_id) not in referred
        out.setdefault(str(home.get(row.member_id)), []).append((row.started_on, alone))
    return out


def _product(place: Ints, values: Floats, n: int) -> Floats:
    """Product of the values at each place (n,), 1 where there is none."""
    out = np.ones(n)
    np.multiply.at(out, place, values)
    return out
