"""One night: the record as it stands in, the plan for the morning out."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from matching.allocation import Certificate
from matching.errors import BadInput
from matching.forecast import forecast_of, openings_of
from matching.night_shards import Shard, shards_of
from matching.nightly_morning import diff_of, inputs_of, no_inputs, only_new, referrals_of, unplaced_of
from matching.nightly_problem import lists_of, solve_night
from matching.nightly_scene import NightState, scene_of
from matching.outlook import Outlook
from matching.policy.load import PolicyBook
from matching.reasons import Reason
from matching.scoring import Scorer

__all__ = ["NightPlan", "NightState", "plan_night"]


@dataclass(frozen=True, slots=True)
class NightPlan:
    """What the night proposes.

    Attributes
    ----------
    referrals : DataFrame
        Only tonight's new ones: ``member_id household_id position_id kind p_placed p_stays utility rank_shown days_left tier
        suitability trade p_other_side``; ``trade`` says why it is a public-welfare post or not, ``p_other_side`` is the best chance on
        tonight's list among the posts it was weighed against.
    unplaced : DataFrame
        Members who hold nothing after tonight: ``member_id household_id code facts nearest_change`` (the last two JSON text).
    forecast : DataFrame
        A household a row: ``household_id due_on days_left chance open_referrals blocker blocking``; ``chance`` that somebody starts in
        time, ``blocker`` what stands in the way where that is unlikely (``matching.forecast``).
    openings : DataFrame
        ``kind region_code worth``: promises kept more by one more opening of each kind and district.
    prices : DataFrame
        ``position_id price``, what a unit is worth to those still to come.
    certificate : Certificate
        Feasible, objective, bound, gap; checked apart from the solver.
    diff : DataFrame
        Against yesterday's untouched proposals: ``member_id position_id change`` (added | kept | withdrawn) ``code``.
    notes : tuple of Reason
        Human decisions that could not be carried out as given.
    inputs : DataFrame
        What each new referral was scored from: ``member_id position_id features`` (float32 as bytes). They follow from the state and are
        no part of the fingerprint.
    """

    referrals: pd.DataFrame
    unplaced: pd.DataFrame
    forecast: pd.DataFrame
    openings: pd.DataFrame
    prices: pd.DataFrame
    certificate: Certificate
    diff: pd.DataFrame
    notes: tuple[Reason, ...] = ()
    model_version: str = "baseline"
    policy_version: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)
    inputs: pd.DataFrame = field(default_factory=no_inputs)

    def fingerprint(self) -> str:
        """Return a hash of everything the plan proposes; the same state, scorer, policy and seed give the same."""
        digest = hashlib.sha256()
        for frame in (self.referrals, self.unplaced, self.forecast, self.openings, self.prices, self.diff):
            digest.update(",".join(map(str, frame.columns)).encode())
            digest.update(pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes())
        return digest.hexdigest()


def plan_night(
    state: NightState, scorer: Scorer, policy: PolicyBook, *, rng: np.random.Generator, outlook: Outlook | None = None
) -> NightPlan:
    """Plan tonight's referrals for every seeking member of an open household.

    ``policy`` is the book of the whole region planned; numbers are resolved for each member's and each post's own place. ``rng`` draws
    the sampled arrivals of the forecast and nothing else (BadInput where it is no generator). ``outlook`` is the month to come, by default learned from the record. The plan is a pure function of its arguments. A large record is planned shard by
    shard (``matching.night_shards``), a small one is one shard.
    """
    if not isinstance(rng, np.random.Generator):
        raise BadInput(f"rng: expected a numpy.random.Generator, found {rng!r}; numpy.random.default_rng(0) makes one")
    shards = shards_of(state, policy)
    draws = rng.spawn(len(shards))
    return joined([plan_shard(s, scorer, policy, rng=r, outlook=outlook) for s, r in zip(shards, draws, strict=True)])


def plan_shard(
    shard: Shard, scorer: Scorer, policy: PolicyBook, *, rng: np.random.Generator, outlook: Outlook | None = None
) -> NightPlan:
    """Plan one shard: its members alone, with the room that is its own."""
    scene = scene_of(shard.state, policy, shard.lent, shard.ahead)
    found = lists_of(scene, scorer, policy)
    solved = solve_night(scene, scorer, policy, found, rng, outlook)
    referrals = referrals_of(scene, policy, found, solved)
    diff = diff_of(scene, referrals)
    forecast = forecast_of(scene, policy, found, referrals, solved.standing_placed)
    new = only_new(scene, referrals)
    return NightPlan(
        referrals=new,
        unplaced=unplaced_of(scene, policy, found, referrals),
        forecast=forecast,
        openings=openings_of(scene, policy, found, referrals, forecast),
        prices=pd.DataFrame({"position_id": scene.pairing.positions.ids, "price": solved.prices}),
        certificate=solved.allocation.certificate,
        diff=diff,
        notes=scene.notes + solved.notes,
        model_version=scorer.version,
        policy_version=policy.version,
        figures={
            "members": float(len(scene.rows)),
            "positions": float(len(scene.pairing.positions)),
            "pairs": float(len(found.member)),
            "standing_referrals": float(len(scene.standing)),
        },
        inputs=inputs_of(scene, new),
    )


def joined(plans: Sequence[NightPlan]) -> NightPlan:
    """Return the plan of a night from the plans of its shards, in any order; a post that several shards deal with is worth its best price."""
    prices = pd.concat([p.prices for p in plans]).groupby("position_id", sort=True)["price"].max().reset_index()
    certificates = [p.certificate for p in plans]
    objective, bound = (float(np.sum(np.sort([getattr(c, n) for c in certificates]))) for n in ("objective", "bound"))
    return NightPlan(
        referrals=_stacked([p.referrals for p in plans], ["member_id", "rank_shown"]),
        unplaced=_stacked([p.unplaced for p in plans], ["member_id"]),
        forecast=_stacked([p.forecast for p in plans], ["household_id"]),
        openings=_best_worth([p.openings for p in plans]),
        prices=prices,
        certificate=Certificate(
            all(c.feasible for c in certificates), objective, bound, (bound - objective) / bound if bound > 0 else 0.0,
            tuple(v for c in certificates for v in c.violations),
        ),
        diff=_stacked([p.diff for p in plans], ["member_id", "position_id"]),
        notes=tuple(note for p in plans for note in p.notes),
        model_version=plans[0].model_version,
        policy_version=plans[0].policy_version,
        figures={
            name: float(len(prices)) if name == "positions" else sum(p.figures[name] for p in plans) for name in plans[0].figures
        } | {"shards": float(len(plans))},
        inputs=_stacked([p.inputs for p in plans], ["member_id", "position_id"]),
    )  # fmt: skip


def _best_worth(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return the worth of one more opening by kind and district: where it is worth most."""
    best = pd.DataFrame(pd.concat(frames).groupby(["kind", "region_code"])["worth"].max().rename("worth")).reset_index()
    return best.sort_values(["worth", "kind", "region_code"], ascending=[False, True, True], ignore_index=True)


def _stacked(frames: Sequence[pd.DataFrame], key: list[str]) -> pd.DataFrame:
    filled = [f for f in frames if len(f)] or list(frames[:1])
    return pd.concat(filled).sort_values(key, kind="stable", ignore_index=True)
