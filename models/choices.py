"""What a scorer would propose: eligible posts of a member's city on a day, scored, for audits of choices rather than of logged pairs."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from matching.arrays import Floats, Ints
from matching.eligibility import verdicts
from matching.encoding import encode_members, encode_positions, open_referrals
from matching.features import build
from matching.pairing import Pairing
from matching.policy.load import PolicyBook
from matching.scoring import PairFrame
from matching.vocabulary import OPEN_REFERRAL_STATES
from models.datasets import UNRECORDED, starts_before
from models.record import Record, read_record


@dataclass(frozen=True, slots=True)
class Choices:
    """Eligible pairs of some members on one day.

    ``member_id`` (m,) the members; ``pairs`` their eligible posts (``member`` counts in ``member_id``, ``position`` in ``positions``), with
    the very features training would have given them that day; ``positions`` the posts' frame; ``share`` (m,) which part of the posts listed in
    the member's city was looked at.
    """

    member_id: np.ndarray
    pairs: PairFrame
    positions: pd.DataFrame
    share: Floats


def choices_on(
    tables: Mapping[str, pd.DataFrame],
    member_ids: np.ndarray,
    day: np.datetime64,
    policy: PolicyBook,
    *,
    listed_days: int = 30,
    most_posts: int = 60,
    gated: bool = True,
    seed: int = 0,
) -> Choices:
    """Return the pairs of these members with at most ``most_posts`` posts of their city posted in the last days.

    Eligible ones, or with ``gated`` False all of them: what officers chose from, who also refer across the gates.
    """
    record = read_record(tables, day.astype("datetime64[D]").item())
    positions = record["positions"]
    posted = positions["posted_on"].to_numpy().astype("datetime64[D]")
    until = positions["valid_until"].to_numpy().astype("datetime64[D]")
    live = (posted <= day) & (posted > day - np.timedelta64(listed_days, "D")) & ~(until < day)
    positions = positions[live].reset_index(drop=True)
    members = (
        record["members"].iloc[pd.Index(record["members"]["member_id"]).get_indexer(member_ids)].reset_index(drop=True)
    )
    mi, pj, share = _same_city(members, positions, most_posts, np.random.default_rng(seed))
    positions, pending = _as_listed(record, positions, day)
    pairing = Pairing(
        encode_members(
            members,
            record["assessments"],
            day.astype("datetime64[D]").item(),
            policy,
            households=record["households"],
            placements=record["placements"],
            regions=record["regions"],
        ),
        encode_positions(
            positions,
            record["employers"],
            day.astype("datetime64[D]").item(),
            policy,
            pending=pending,
            regions=record["regions"],
        ),
    )
    fits = verdicts(pairing, policy, mi, pj).eligible if gated else np.ones(len(mi), dtype=bool)
    pairs = build(pairing, mi[fits], pj[fits])
    pairs.features[:, UNRECORDED] = np.nan
    return Choices(np.asarray(member_ids), pairs, positions, share)


def _as_listed(record: Record, positions: pd.DataFrame, day: np.datetime64) -> tuple[pd.DataFrame, Ints]:
    """Posts with the openings left that morning, and the referrals that were open at each."""
    days = np.full(len(positions), day)
    ids = positions["position_id"]
    pending = open_referrals(record["referrals"], ids, "position_id", days, OPEN_REFERRAL_STATES)
    left = np.maximum(positions["openings_total"].to_numpy() - starts_before(record, ids, days), 1)
    return positions.assign(openings_left=left), pending


def top_of(order: Floats, member: Ints, k: int) -> np.ndarray:
    """Return (n,) whether each pair is among its member's first ``k``; equal orders by row."""
    by = np.lexsort((-order, member))
    start = np.flatnonzero(np.r_[True, member[by][1:] != member[by][:-1]]) if len(by) else np.zeros(0, dtype=np.int64)
    rank = np.arange(len(by)) - np.repeat(start, np.diff(np.r_[start, len(by)]))
    out = np.zeros(len(order), dtype=bool)
    out[by[rank < k]] = True
    return out


def _same_city(
    members: pd.DataFrame, positions: pd.DataFrame, most: int, rng: np.random.Generator
) -> tuple[Ints, Ints, Floats]:
    by_city = positions.groupby(positions["region_code"].str[:4], sort=True).indices
    mi, pj = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    share = np.ones(len(members))
    for i, city in enumerate(members["region_code"].str[:4]):
        posts = np.asarray(by_city.get(city, np.zeros(0, dtype=np.int64)), dtype=np.int64)
        drawn = np.sort(rng.permutation(posts)[:most])
        share[i] = len(drawn) / max(len(posts), 1)
        mi.append(np.full(len(drawn), i, dtype=np.int64))
        pj.append(drawn)
    return np.concatenate(mi), np.concatenate(pj), share
