"""What became of each referral, as far as the record tells: started, not started, or not known, and after how many days."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from matching.arrays import Bools, Floats
from matching.vocabulary import STARRED_REJECTIONS
from models.record import Record, is_open

CENSORED = -1
STAYS_DAYS = 90
NO_SLIP_DAYS = 30
"""A referral whose slip never came back counts as settled after so many days; until then it says nothing."""


@dataclass(frozen=True, slots=True)
class Outcomes:
    """All (n,), one row a referral of the record.

    ``used`` whether training may read the row at all; ``event`` 1, 0 or -1 (censored); ``duration_days`` to the start, the close or
    the cut-off, NaN unknown; ``retained`` 1, 0 or NaN; ``weight`` in [0, 1].
    """

    used: Bools
    event: Floats
    duration_days: Floats
    retained: Floats
    weight: Floats


def read_outcomes(record: Record) -> tuple[Outcomes, dict[str, int]]:
    """Return the outcomes of ``record['referrals']`` in their order, and how many rows each reason keeps out of training.

    * A start is a start whatever the state says: the referral's own date, or a placement of that member at that post.
    * ``filled``, ``rejected``, ``declined``, ``no_show``, ``expired``, ``closed`` without a start: not started. A post that filled up
      while the referral was under way is a referral that failed; that is how the ranker learns how fast posts fill.
    * ``revoked`` is censored on its day: the member found other work or left, which says nothing about this pair.
    * Rejections for age, sex or household registration are kept out: they are the employer's fault, not evidence about the member.
    * Drafts were never issued and are kept out.
    * A slip that never came back counts as not started as far as starts among such slips do come to light (weight); young ones are kept out.
    """
    referrals = record["referrals"]
    started_on, ended_on = _starts(record)
    created = _days(referrals["created_on"])
    closed_on = _days(referrals["outcome_on"])
    state = referrals["state"]
    started = ~np.isnat(started_on)
    slip = (state == "no_slip").to_numpy() & ~started
    young = slip & (_gap(created, record.cutoff) < NO_SLIP_DAYS)
    starred = _starred(referrals) & ~started
    draft = (state == "draft").to_numpy() & ~started
    revoked = (state == "revoked").to_numpy() & ~started
    censored = (is_open(state).to_numpy() | revoked) & ~started
    event = np.where(started, 1.0, np.where(censored, float(CENSORED), 0.0))
    last = np.where(started, started_on, np.where(censored & ~revoked, record.cutoff, closed_on))
    duration = _gap(created, last)
    duration[revoked & np.isnan(duration)] = 0.0
    weight = np.where(slip, _slip_weight(state, started, slip), 1.0)
    used = ~(young | starred | draft) & (weight > 0)
    kept_out = {
        "starred_rejections": int(starred.sum()),
        "drafts": int(draft.sum()),
        "slips_not_back": int((slip & ~used).sum()),
    }
    return Outcomes(used, event, duration, _retained(started_on, ended_on, record.cutoff), weight), kept_out


def _starts(record: Record) -> tuple[np.ndarray, np.ndarray]:
    """First day of work and last day of work of each referral, NaT where there is none; a placement found by referral, else by pair."""
    referrals, placements = record["referrals"], record["placements"]
    started = _days(referrals["started_on"])
    started = np.where(
        np.isnat(started) & (referrals["state"] == "started").to_numpy(), _days(referrals["outcome_on"]), started
    )
    ended = np.full(len(referrals), np.datetime64("NaT", "D"))
    for source, row in (
        (placements, _by_referral(referrals, placements)),
        (placements, _by_pair(referrals, placements, started)),
    ):
        hit = row >= 0
        placed_on = _days(source["started_on"])[row[hit]]
        ended[hit] = _days(source["ended_on"])[row[hit]]
        started[hit] = np.where(np.isnat(started[hit]), placed_on, started[hit])
    return started, ended


def _by_referral(referrals: pd.DataFrame, placements: pd.DataFrame) -> np.ndarray:
    first = placements.reset_index(drop=True).dropna(subset=["referral_id"]).drop_duplicates("referral_id")
    at = pd.Index(first["referral_id"]).get_indexer(referrals["referral_id"])
    return np.where(at >= 0, first.index.to_numpy()[np.maximum(at, 0)] if len(first) else -1, -1)


def _by_pair(referrals: pd.DataFrame, placements: pd.DataFrame, started: np.ndarray) -> np.ndarray:
    """Row of the placement without a referral number that the pair's latest referral before it led to, -1 where there is none."""
    loose = placements.reset_index(drop=True).rename_axis("placement").reset_index()
    loose = loose[loose["referral_id"].isna() & loose["position_id"].notna()]
    waiting = referrals.rename_axis("referral").reset_index()
    waiting = waiting[
        np.isnat(started) & waiting["state"].isin(["no_slip", "started", "accepted", "closed", "revoked"]).to_numpy()
    ]
    both = waiting[["referral", "member_id", "position_id", "created_on"]].merge(
        loose[["placement", "member_id", "position_id", "started_on"]], on=["member_id", "position_id"]
    )
    both = both[both["created_on"] <= both["started_on"]].sort_values(["placement", "created_on"], kind="stable")
    both = both.drop_duplicates("placement", keep="last").drop_duplicates("referral")
    out = np.full(len(referrals), -1)
    out[both["referral"].to_numpy(dtype=np.int64)] = both["placement"].to_numpy(dtype=np.int64)
    return out


def _retained(started_on: np.ndarray, ended_on: np.ndarray, cutoff: np.datetime64) -> Floats:
    """1 or 0 where the 90 days are over by the cut-off; early ends are not counted before, or the recent would look bad."""
    milestone = started_on + np.timedelta64(STAYS_DAYS, "D")
    knowable = ~np.isnat(started_on) & (milestone <= cutoff)
    return np.where(knowable, (~(ended_on < milestone)).astype(float), np.nan)


def _slip_weight(state: pd.Series, started: Bools, slip: Bools) -> float:
    """How much a slip not back counts as no start: the start rate found among such slips over the rate among the others."""
    slips = (state == "no_slip").to_numpy()
    usual = float(started[~slips].mean()) if (~slips).any() else 0.0
    found = float(started[slips].mean()) if slip.any() else 0.0
    return min(found / usual, 1.0) if usual > 0 else 0.0


def _starred(referrals: pd.DataFrame) -> Bools:
    reason = referrals["reason"].fillna("")
    named = {text: bool(STARRED_REJECTIONS & set(text.replace(",", ";").split(";"))) for text in reason.unique()}
    return np.asarray((referrals["state"] == "rejected").to_numpy() & reason.map(named).to_numpy(dtype=bool))


def _days(column: pd.Series) -> np.ndarray:
    return column.to_numpy().astype("datetime64[D]")


def _gap(first: np.ndarray, last: np.ndarray) -> Floats:
    return np.asarray((last - first) / np.timedelta64(1, "D"), dtype=float)
