"""What the morning sees of a night: new referrals, what changed, who holds nothing and why, which promises are in danger."""

import json

import numpy as np
import pandas as pd

from matching.arrays import Bools, Ints
from matching.candidates import Candidates
from matching.columns import texts, written
from matching.eligibility import Gate, verdicts
from matching.features import build
from matching.nightly_problem import Solved
from matching.nightly_scene import RUNNING, Scene
from matching.policy.load import PolicyBook
from matching.reasons import Fact, Reason
from matching.splicing import find
from matching.unblock import nearest_changes_of
from matching.vocabulary import POSITION_KINDS

_WELFARE = POSITION_KINDS.index("PUBLIC_WELFARE")
_NOBODY = np.zeros(0, dtype=object)


def referrals_of(scene: Scene, policy: PolicyBook, found: Candidates, solved: Solved) -> pd.DataFrame:
    """Return everything the night wants proposed, yesterday's kept proposals among it, best first within a member.

    ``suitability`` is ``ok`` where every rule is met tonight, ``unknown`` where one cannot be told.
    """
    mi, pj = solved.pairs.T
    utility = solved.p_placed * solved.p_stays
    order = np.lexsort((pj, -utility, mi))
    mi, pj, utility = mi[order], pj[order], utility[order]
    members, positions = scene.pairing.members, scene.pairing.positions
    frame = pd.DataFrame(
        {
            "member_id": members.ids[mi],
            "household_id": members.household_ids[mi],
            "position_id": positions.ids[pj],
            "kind": np.array(POSITION_KINDS, dtype=object)[positions.kind[pj]],
            "p_placed": solved.p_placed[order],
            "p_stays": solved.p_stays[order],
            "utility": utility,
            "rank_shown": np.arange(len(mi)) - np.searchsorted(mi, mi) + 1,
            "days_left": scene.days_left[mi].astype(np.int64),
            "tier": scene.tier[mi],
            "mi": mi,
            "pj": pj,
            "suitability": np.where(verdicts(scene.pairing, policy, mi, pj).unknown == 0, "ok", "unknown"),
        }
    ).astype(dict.fromkeys(("member_id", "household_id", "position_id", "kind", "tier", "suitability"), "str"))
    return frame.assign(**_trade(scene, found, frame))


def _trade(scene: Scene, found: Candidates, frame: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return why each referral is to a public-welfare post or not, and the best chance on the list's other side.

    ``WELFARE_BOTTOM_LINE`` in the last days of a promise, ``WELFARE_BETTER_ODDS`` where no other post on the list gives a better chance in
    the days left, ``WELFARE_AS_WELL`` where one does and the household's odds are still thin, ``ORDINARY_FIRST`` for every other post.
    """
    welfare = scene.pairing.positions.kind[found.position] == _WELFARE
    best = np.zeros((2, len(scene.pairing.members)))
    for side in (0, 1):
        np.maximum.at(best[side], found.member[welfare == side], found.p_placed[welfare == side])
    mi, is_welfare = frame["mi"].to_numpy(dtype=np.int64), (frame["kind"] == "PUBLIC_WELFARE").to_numpy(dtype=bool)
    other = np.where(is_welfare, best[0, mi], best[1, mi])
    last = (scene.stake[mi] == RUNNING) & (frame["tier"] == "P0").to_numpy(dtype=bool)
    better = frame["p_placed"].to_numpy(dtype=float) >= other
    codes = ["ORDINARY_FIRST", "WELFARE_BOTTOM_LINE", "WELFARE_BETTER_ODDS"]
    return {"trade": np.select([~is_welfare, last, better], codes, "WELFARE_AS_WELL"), "p_other_side": other}


def diff_of(scene: Scene, referrals: pd.DataFrame) -> pd.DataFrame:
    """Return tonight against yesterday's untouched proposals, sorted by member and post, each change with its reason."""
    before, now = _keys(scene, scene.movable), _keys(scene, referrals)
    keys = np.union1d(before, now)
    mi, pj = np.divmod(keys, max(len(scene.pairing.positions), 1))
    was, is_ = np.isin(keys, before), np.isin(keys, now)
    had = np.isin(mi, scene.movable["mi"].to_numpy())
    change = np.select([was & is_, is_], ["kept", "added"], "withdrawn")
    possible = _still_possible(scene, mi, pj)
    code = np.select(
        [was & is_, is_ & had, is_, possible], ["STILL_BEST", "BETTER_PLAN", "NEW_PROPOSAL", "BETTER_PLAN"], "NO_LONGER_POSSIBLE"
    )  # fmt: skip
    ids = scene.pairing.members.ids[mi], scene.pairing.positions.ids[pj]
    frame = pd.DataFrame({"member_id": ids[0], "position_id": ids[1], "change": change, "code": code}, dtype="str")
    return frame


def _keys(scene: Scene, rows: pd.DataFrame) -> Ints:
    mi, pj = rows["mi"].to_numpy(dtype=np.int64), rows["pj"].to_numpy(dtype=np.int64)
    return np.asarray(mi * len(scene.pairing.positions) + pj)


def _still_possible(scene: Scene, mi: Ints, pj: Ints) -> Bools:
    p = scene.pairing.positions
    return np.asarray(np.isin(mi, scene.rows) & p.open[pj] & (p.fresh[pj] >= 0) & ~scene.shut[pj])


def only_new(scene: Scene, referrals: pd.DataFrame) -> pd.DataFrame:
    """Return the referrals that were not already yesterday's proposals, without the row numbers."""
    new = ~np.isin(_keys(scene, referrals), _keys(scene, scene.movable))
    return referrals[new].drop(columns=["mi", "pj"]).reset_index(drop=True)


def no_inputs() -> pd.DataFrame:
    """Return the inputs of no referral."""
    return pd.DataFrame({"member_id": written(_NOBODY), "position_id": written(_NOBODY), "features": _NOBODY})


def inputs_of(scene: Scene, new: pd.DataFrame) -> pd.DataFrame:
    """Return what each of tonight's new referrals was scored from: ``member_id position_id features``, the exact features as bytes of
    float32 in the order of ``matching.features``."""
    mi = find(scene.pairing.members.ids, texts(new, "member_id"))[1]
    pj = find(scene.pairing.positions.ids, texts(new, "position_id"))[1]
    features = [row.tobytes() for row in build(scene.pairing, mi, pj).features]
    return new[["member_id", "position_id"]].assign(features=pd.Series(features, dtype=object, index=new.index))


def unplaced_of(scene: Scene, policy: PolicyBook, found: Candidates, referrals: pd.DataFrame) -> pd.DataFrame:
    """Return every planned member who holds nothing after tonight, with the reason and the nearest change."""
    holds = np.zeros(len(scene.pairing.members), dtype=bool)
    holds[referrals["mi"].to_numpy()] = True
    holds[scene.standing["mi"].to_numpy()] = True
    left = scene.rows[~holds[scene.rows]]
    reasons = [_why_nothing(found, int(i)) for i in left]
    stuck = left[[r.code != "ALL_TAKEN_TONIGHT" for r in reasons]]
    changes = dict(zip(stuck.tolist(), nearest_changes_of(scene.pairing, policy, stuck), strict=True))
    members = scene.pairing.members
    return pd.DataFrame(
        {
            "member_id": members.ids[left],
            "household_id": members.household_ids[left],
            "code": [r.code for r in reasons],
            "facts": [json.dumps(dict(r.facts), ensure_ascii=False, sort_keys=True) for r in reasons],
            "nearest_change": [
                json.dumps([c.as_dict() for c in changes.get(i, ())], ensure_ascii=False, sort_keys=True)
                for i in left.tolist()
            ],
        },
        dtype="str",
    )


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
