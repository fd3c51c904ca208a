"""What the morning sees of a night: new referrals, what changed, who holds nothing and why, which promises are in danger."""

import json

import numpy as np
import pandas as pd

from matching.arrays import Floats
from matching.candidates import Candidates
from matching.eligibility import Gate
from matching.nightly_problem import Solved
from matching.nightly_scene import Scene
from matching.policy.load import PolicyBook
from matching.reasons import Fact, Reason
from matching.unblock import nearest_changes
from matching.vocabulary import POSITION_KINDS


def referrals_of(scene: Scene, found: Candidates, solved: Solved) -> pd.DataFrame:
    """Return everything the night wants proposed, yesterday's kept proposals among it, best first within a member."""
    mi, pj = solved.pairs.T
    utility = solved.p_placed * solved.p_stays
    frame = pd.DataFrame(
        {
            "member_id": scene.pairing.members.ids[mi],
            "household_id": scene.pairing.members.household_ids[mi],
            "position_id": scene.pairing.positions.ids[pj],
            "kind": np.array(POSITION_KINDS, dtype=object)[scene.pairing.positions.kind[pj]],
            "p_placed": solved.p_placed,
            "p_stays": solved.p_stays,
            "utility": utility,
            "days_left": scene.days_left[mi].astype(np.int64),
            "tier": scene.tier[mi].astype(str),
            "mi": mi,
            "pj": pj,
        }
    )
    frame = frame.sort_values(["member_id", "utility", "position_id"], ascending=[True, False, True], ignore_index=True)
    frame.insert(7, "rank_shown", frame.groupby("member_id").cumcount() + 1)
    frame["suitability"] = "ok"
    return frame


def diff_of(scene: Scene, referrals: pd.DataFrame) -> pd.DataFrame:
    """Return tonight against yesterday's untouched proposals, sorted by member and post."""
    ids = scene.pairing.members.ids, scene.pairing.positions.ids
    before = set(zip(ids[0][scene.movable["mi"].to_numpy()], ids[1][scene.movable["pj"].to_numpy()], strict=True))
    now = set(zip(referrals["member_id"], referrals["position_id"], strict=True))
    rows = [(m, p, "kept", "STILL_BEST") for m, p in before & now]
    rows += [
        (m, p, "added", "BETTER_PLAN" if any(b[0] == m for b in before) else "NEW_PROPOSAL") for m, p in now - before
    ]
    usable = _still_possible(scene)
    rows += [(m, p, "withdrawn", "BETTER_PLAN" if (m, p) in usable else "NO_LONGER_POSSIBLE") for m, p in before - now]
    return pd.DataFrame(sorted(rows), columns=["member_id", "position_id", "change", "code"])


def _still_possible(scene: Scene) -> set[tuple[str, str]]:
    p, m = scene.pairing.positions, scene.pairing.members
    planned = np.isin(scene.movable["mi"].to_numpy(), scene.rows)
    pj = scene.movable["pj"].to_numpy()
    good = planned & p.open[pj] & (p.fresh[pj] >= 0) & ~scene.shut[pj]
    return set(zip(m.ids[scene.movable["mi"].to_numpy()[good]], p.ids[pj[good]], strict=True))


def only_new(referrals: pd.DataFrame, diff: pd.DataFrame) -> pd.DataFrame:
    """Return the referrals that were not already yesterday's proposals, without the row numbers."""
    kept = diff[diff["change"] == "kept"]
    known = set(zip(kept["member_id"], kept["position_id"], strict=True))
    pairs = zip(referrals["member_id"], referrals["position_id"], strict=True)
    new = np.array([pair not in known for pair in pairs], dtype=bool)
    return referrals[new].drop(columns=["mi", "pj"]).reset_index(drop=True)


def unplaced_of(scene: Scene, policy: PolicyBook, found: Candidates, referrals: pd.DataFrame) -> pd.DataFrame:
    """Return every planned member who holds nothing after tonight, with the reason and the nearest change."""
    holds = np.zeros(len(scene.pairing.members), dtype=bool)
    holds[referrals["mi"].to_numpy()] = True
    holds[scene.standing["mi"].to_numpy()] = True
    rows = []
    for i in scene.rows[~holds[scene.rows]]:
        reason = _why_nothing(found, int(i))
        changes = nearest_changes(scene.pairing, policy, int(i)) if reason.code != "ALL_TAKEN_TONIGHT" else ()
        rows.append(
            {
                "member_id": scene.pairing.members.ids[i],
                "household_id": scene.pairing.members.household_ids[i],
                "code": reason.code,
                "facts": json.dumps(dict(reason.facts), ensure_ascii=False, sort_keys=True),
                "nearest_change": json.dumps([c.as_dict() for c in changes], ensure_ascii=False, sort_keys=True),
            }
        )
    columns = ["member_id", "household_id", "code", "facts", "nearest_change"]
    return pd.DataFrame(rows, columns=columns).sort_values("member_id", ignore_index=True)


def _why_nothing(found: Candidates, i: int) -> Reason:
    eligible = int(found.eligible[i])
    if eligible:
        return Reason("ALL_TAKEN_TONIGHT", {"eligible": eligible})
    counts = found.blocked[i]
    if not counts.any():
        return Reason("NO_POST_IN_REACH", {})
    top = [int(g) for g in np.argsort(-counts, kind="stable")[:3] if counts[g] > 0]
    facts: dict[str, Fact] = {Gate(g).name: int(counts[g]) for g in top}
    return Reason("NOTHING_ELIGIBLE", facts)


def forecast_of(scene: Scene, referrals: pd.DataFrame, standing_utility: Floats) -> pd.DataFrame:
    """Return for each planned household the chance that at least one of its open referrals leads to a lasting start in time."""
    mi = np.concatenate([referrals["mi"].to_numpy(), scene.standing["mi"].to_numpy()])
    utility = np.concatenate([referrals["utility"].to_numpy(), standing_utility])
    members = scene.pairing.members
    planned = pd.DataFrame(
        {
            "household_id": members.household_ids[scene.rows],
            "due_on": scene.due_on[scene.rows],
            "days_left": scene.days_left[scene.rows].astype(np.int64),
        }
    )
    base = planned.groupby("household_id", sort=True).agg(due_on=("due_on", "min"), days_left=("days_left", "min"))
    misses = pd.Series(np.log1p(-np.clip(utility, 0.0, 0.999)), index=members.household_ids[mi]).groupby(level=0).sum()
    counts = pd.Series(1, index=members.household_ids[mi]).groupby(level=0).sum()
    base["chance"] = 1.0 - np.exp(misses.reindex(base.index).fillna(0.0))
    base["open_referrals"] = counts.reindex(base.index).fillna(0).astype(np.int64)
    return base.reset_index()
