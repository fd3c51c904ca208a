"""Which promises will break, what blocks each, and what one more opening of each kind and area would be worth.

The chance of a household joins two things: the referrals it holds tonight, and those later nights will still make. The latter come at
the pace of the region's own record, to posts like those on tonight's lists, with the time to a start that the record shows; households
are drawn together, because tonight's lists say less of a whole month than of a night; and the level is set so that households with a
whole promise ahead are given the share that would be kept if starts went on to come as they did in the last weeks (a period life table).
Whether a level above 1 means that more referrals come than expected or that their chances are better, the record does not tell: the
referrals held are given half of it, as ratios go (measured, docs/decisions/0013).
"""

import json
from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from matching.arrays import Bools, Floats, Ints
from matching.candidates import Candidates
from matching.eligibility import Gate
from matching.nightly_scene import DEFAULT_DAYS, RUNNING, Scene
from matching.policy.load import PolicyBook
from matching.vocabulary import POSITION_KINDS

LATELY_DAYS = 21
"""Days of the record from which it is told how fast promises are met now."""

AGES = np.array([0.0, 5.0, 10.0, 15.0, 20.0, 25.0, np.inf])
"""Ends of the classes of a promise's age, in days, each with a rate of its own."""

USUAL_HALF_DAYS, USUAL_STARTS = 8.0, 10.0
"""Half-time of a start where the record is silent, and the starts or promises that view is worth (assumption)."""

NEAREST = 8
"""Posts of tonight's list, the best ones, that stand for those a later night will offer a member."""

LIKELY = 0.5
"""Chance from which a promise is expected to be kept: nothing is said to block it."""


def forecast_of(
    scene: Scene, policy: PolicyBook, found: Candidates, referrals: pd.DataFrame, standing_placed: Floats
) -> pd.DataFrame:
    """Return a row for each planned household.

    ``household_id due_on days_left chance open_referrals blocker blocking``: ``chance`` that somebody starts work by the due day (within
    the promise's length where no clock can be kept), ``blocker`` the code of what stands in the way where the chance is below
    ``LIKELY``, ``blocking`` JSON text of posts in reach that each gate stands against.
    """
    rows = scene.rows
    homes, home = np.unique(scene.pairing.members.household_ids[rows].astype(str), return_inverse=True)
    at = np.full(len(scene.pairing.members), -1, dtype=np.int64)
    at[rows] = home
    mi = np.concatenate([referrals["mi"].to_numpy(dtype=np.int64), scene.standing["mi"].to_numpy(dtype=np.int64)])
    p = np.concatenate([referrals["p_placed"].to_numpy(dtype=float), standing_placed])
    mi, p = mi[at[mi] >= 0], p[at[mi] >= 0]
    missed = np.bincount(at[mi], np.log1p(-np.clip(p, 0.0, 0.999)), len(homes))
    whole, left = _ahead(scene, policy, found, home, len(homes))
    at_stake = _stakes(scene, home, len(homes))
    whole = _drawn_together(whole, at_stake)
    level = _level(whole[at_stake & (whole > 0)], scene.history["promises"], scene.as_of)
    frame = pd.DataFrame({"household_id": homes.astype(object)})
    due = pd.Series(scene.due_on[rows]).groupby(home).min()
    frame["due_on"] = due.reindex(range(len(homes))).to_numpy()
    days = np.full(len(homes), np.inf)
    np.minimum.at(days, home, scene.days_left[rows])
    frame["days_left"] = days.astype(np.int64)
    frame["chance"] = 1.0 - np.exp(np.sqrt(level) * missed - level * whole * left)
    frame["open_referrals"] = np.bincount(at[mi], minlength=len(homes))
    blocker, blocking = _blockers(scene, found, home, frame)
    return frame.assign(blocker=blocker, blocking=blocking)


def _stakes(scene: Scene, home: Ints, n: int) -> np.ndarray:
    return np.bincount(home, scene.stake[scene.rows] == RUNNING, n) > 0


def _ahead(scene: Scene, policy: PolicyBook, found: Candidates, home: Ints, n: int) -> tuple[Floats, Floats]:
    """Return (n_homes,) expected starts from referrals of later nights with a whole promise ahead, and the share of them by the due day."""
    within = started_within_days(scene.history["referrals"])
    days = np.minimum(scene.horizon, DEFAULT_DAYS).astype(np.int64)[scene.rows]
    usual = _usual_chance(found, len(scene.pairing.members))[scene.rows] / np.maximum(within[days], within[3])
    later = np.concatenate([[0.0], np.cumsum(within)])
    expected = _pace(scene, policy) * np.minimum(usual, 0.95)
    left = np.zeros(n)
    np.maximum.at(left, home, later[days] / later[DEFAULT_DAYS])
    return np.bincount(home, expected * later[DEFAULT_DAYS], n), left


def _drawn_together(whole: Floats, at_stake: Bools) -> Floats:
    """Return (n_homes,) expected starts half way, as ratios go, to what is usual among those at stake; who has none a tenth of the usual."""
    known = np.log(whole[at_stake & (whole > 0)]) if (at_stake & (whole > 0)).any() else np.log(whole[whole > 0])
    if not len(known):
        return whole
    usual = float(np.exp(known.mean()))
    return np.asarray(np.sqrt(np.maximum(whole, usual / 100.0) * usual))


def started_within_days(referrals: pd.DataFrame) -> Floats:
    """Return (``DEFAULT_DAYS`` + 1,) share of the starts that come within so many days of their referral."""
    took = (referrals["started_on"] - referrals["created_on"]).dt.days.dropna().to_numpy(dtype=float)
    took = took[(took >= 0) & (took <= 2 * DEFAULT_DAYS)]
    days = np.arange(DEFAULT_DAYS + 1, dtype=float)
    usual = 1.0 - 0.5 ** (days / USUAL_HALF_DAYS)
    seen = np.searchsorted(np.sort(took), days, side="right")
    return np.asarray((seen + USUAL_STARTS * usual) / (len(took) + USUAL_STARTS))


def _usual_chance(found: Candidates, n_members: int) -> Floats:
    """Return (n_members,) mean chance over each member's ``NEAREST`` best posts tonight, taken by others or not."""
    order = np.lexsort((-found.p_placed, found.member))
    member = found.member[order]
    rank = np.arange(len(order)) - np.searchsorted(member, member)
    best = order[rank < NEAREST]
    return np.bincount(found.member[best], found.p_placed[best], n_members) / NEAREST


def _pace(scene: Scene, policy: PolicyBook) -> float:
    """Return referrals a member is given on a night: those of the record's last month, else slots turned over as letters expire."""
    made = scene.history["referrals"]["created_on"].to_numpy().astype("datetime64[D]")
    age = (np.datetime64(scene.as_of, "D") - made).astype(np.int64)
    age = age[age >= 0]
    usual = policy.number("night.max_open_referrals") / (2.0 * policy.number("referral.valid_days"))
    nights = float(min(int(age.max(initial=-1)) + 1, DEFAULT_DAYS)) * len(scene.rows)
    return float(((age < DEFAULT_DAYS).sum() + USUAL_STARTS * usual) / (nights + USUAL_STARTS))


def _level(whole: Floats, promises: pd.DataFrame, as_of: object) -> float:
    """Return the factor at which expected starts of a whole promise (n,) keep as many promises as the last weeks would."""
    if not len(whole):
        return 1.0
    share = kept_at_this_pace(promises, as_of, float((1.0 - np.exp(-whole)).mean()))

    def beyond(level: float) -> float:
        """Return by how much the mean share placed at a level of the log hazard exceeds the share seen."""
        return float((1.0 - np.exp(-np.exp(level) * whole)).mean()) - share

    low, high = np.log(0.1), np.log(10.0)
    if beyond(low) >= 0 or beyond(high) <= 0:
        return float(np.exp(low if beyond(low) >= 0 else high))
    return float(np.exp(brentq(beyond, low, high)))


def kept_at_this_pace(promises: pd.DataFrame, as_of: object, expected: float) -> float:
    """Return the share of household promises that would be met within their length if each age went on as in the last ``LATELY_DAYS``.

    A period life table: for each class of ``AGES`` promises met in those days over days lived in them, joined over the length of a
    promise; ``expected`` is what is thought where the record is silent, worth ``USUAL_STARTS`` promises.
    """
    mine = promises[(promises["scope"] == "household") & ~promises["state"].isin(["void", "paused", "reopened"])]
    today = pd.Timestamp(str(as_of))
    met, over = mine["state"] == "met", mine["state"].isin(["met", "met_late", "breached"])
    end = mine["met_on"].where(met).fillna(mine["due_on"].where(over)).fillna(today)
    stood = mine["paused_days"].to_numpy(dtype=float)
    now = (today - mine["started_on"]).dt.days.to_numpy(dtype=float) - stood
    age = (end - mine["started_on"]).dt.days.to_numpy(dtype=float) - stood
    begun = np.maximum(now - LATELY_DAYS, 0.0)
    started = met.to_numpy(dtype=bool) & (age >= begun) & (age <= now)
    usual = -np.log1p(-min(expected, 0.999)) / DEFAULT_DAYS
    hazard = 0.0
    for low, high in pairwise(AGES):
        width = min(high, DEFAULT_DAYS) - low
        lived = np.clip(np.minimum(np.minimum(age, now), high) - np.maximum(begun, low), 0.0, None).sum()
        starts = (started & (age >= low) & (age < high)).sum()
        hazard += width * (starts + USUAL_STARTS * width * usual) / (lived + USUAL_STARTS * width)
    return float(1.0 - np.exp(-hazard))


def _blockers(scene: Scene, found: Candidates, home: Ints, frame: pd.DataFrame) -> tuple[np.ndarray, list[str]]:
    """Return each household's bottleneck and the counts behind it."""
    n, rows, members = len(frame), scene.rows, scene.pairing.members
    eligible = np.bincount(home, found.eligible[rows], n)
    gates = np.zeros((n, len(Gate)), dtype=np.int64)
    np.add.at(gates, home, found.blocked[rows])
    gates[:, Gate.GATE_CLOSED] = 0  # a post that is gone is no post in reach
    reach = np.full(n, 0.0)
    np.maximum.at(reach, home, np.nan_to_num(members.reachable[rows], nan=1.0))
    top = np.array([Gate(int(g)).name for g in gates.argmax(axis=1)], dtype=object) if n else np.zeros(0, dtype=object)
    blocker = np.select(
        [
            frame["chance"] >= LIKELY, reach == 0.0, (eligible == 0) & (gates.sum(axis=1) == 0), eligible == 0,
            frame["open_referrals"] == 0, frame["days_left"] <= 3,
        ],
        ["", "UNREACHABLE", "NO_POST_IN_REACH", top, "OPENINGS", "TIME"], "LOW_ODDS",
    )  # fmt: skip
    blocking = [
        json.dumps(
            {Gate(int(g)).name: int(row[g]) for g in np.argsort(-row, kind="stable")[:3] if row[g]}, sort_keys=True
        )
        for row in gates
    ]
    return blocker.astype(object), blocking


def openings_of(
    scene: Scene, policy: PolicyBook, found: Candidates, referrals: pd.DataFrame, forecast: pd.DataFrame
) -> pd.DataFrame:
    """Return ``kind region_code worth``: promises kept more by one more opening like tonight's posts of each kind and district.

    An opening takes as many referrals as its kind allows, to households that may still be referred and would gain most; each gains its
    chance at the post times the chance that its promise breaks otherwise. What the referrals it relieves would free is not counted, so
    the worth is a lower end.
    """
    chance = forecast.set_index("household_id")["chance"]
    p = scene.pairing.positions
    held = np.bincount(
        np.concatenate([referrals["mi"], scene.standing["mi"]]).astype(np.int64), minlength=len(scene.slots)
    )
    use = (scene.stake[found.member] == RUNNING) & (held[found.member] < scene.slots[found.member])
    member, position = found.member[use], found.position[use]
    homes = scene.pairing.members.household_ids[member]
    frame = pd.DataFrame({
        "kind": np.array(POSITION_KINDS, dtype=object)[p.kind[position]],
        "region_code": district_of(scene.history["positions"])[position],
        "household_id": homes,
        "gain": found.p_placed[use] * (1.0 - chance.reindex(homes).fillna(1.0).to_numpy()),
    })  # fmt: skip
    gains = frame.groupby(["kind", "region_code", "household_id"])["gain"].max().rename("gain")
    best = pd.DataFrame(gains).reset_index()
    best = best.sort_values(["kind", "region_code", "gain"], ascending=[True, True, False], kind="stable")
    rank = best.groupby(["kind", "region_code"]).cumcount()
    taken = best["kind"].map({k: max(policy.number(f"night.referral_ratio.{k}"), 1.0) for k in POSITION_KINDS})
    best = best[rank < taken]
    left = np.log1p(-best["gain"].clip(0.0, 0.999)).groupby([best["kind"], best["region_code"]]).sum()
    out = pd.DataFrame({"worth": 1.0 - np.exp(left)}).reset_index()
    return out.sort_values(["worth", "kind", "region_code"], ascending=[False, True, True], ignore_index=True)


def district_of(positions: pd.DataFrame) -> np.ndarray:
    """Return each post's district: the first six digits of its region."""
    return positions["region_code"].str[:6].to_numpy(dtype=object)


def reliability(chance: Floats, kept: Floats, bins: int = 10) -> list[Mapping[str, float]]:
    """Return the reliability table of forecasts: for each tenth ``low high n forecast kept`` (mean forecast, share kept); empty tenths left out."""
    at = np.minimum((chance * bins).astype(np.int64), bins - 1)
    return [
        {"low": k / bins, "high": (k + 1) / bins, "n": float(len(c)), "forecast": float(c.mean()), "kept": float(kept[at == k].mean())}
        for k in range(bins)
        if len(c := chance[at == k])
    ]  # fmt: skip
