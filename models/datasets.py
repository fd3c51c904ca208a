"""Logged referrals as training rows: each pair as it stood on the day of its referral, beside what became of it."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd

from matching.arrays import Float32s, Floats, Ints
from matching.encoding import encode_members, encode_positions, open_referrals
from matching.errors import NotReady
from matching.features import FEATURE_NAMES, build
from matching.pairing import Pairing
from matching.policy.load import PolicyBook
from matching.scoring import PairFrame
from matching.vocabulary import OPEN_REFERRAL_STATES
from models.outcomes import CENSORED, STAYS_DAYS, read_outcomes
from models.record import Record, read_record

CHUNK_ROWS = 100_000
"""Rows encoded at once, so that two million referrals fit into memory."""


@dataclass(frozen=True, slots=True)
class TrainingFrame:
    """Referrals ready to learn from, by day; all (n,) unless said otherwise.

    Attributes
    ----------
    pairs : PairFrame
        Features on the day of the referral; ``member`` and ``position`` are rows of the tables given.
    event : float
        1 started, 0 ended without a start, -1 not known at the cut-off.
    duration_days : float
        Days to the start, the end, or the day the row was lost from sight; NaN unknown.
    retained : float
        1 still employed 90 days after the start, 0 not, NaN no start or not yet knowable.
    weight : float
        How much the row counts, in (0, 1].
    groups : int
        Decision group: one member on one day.
    created_on : datetime64[D]
    propensity : float
        Chance with which the logging policy made this referral, NaN unknown.
    referral_id, member_id, household_id, region_code : object
        ``region_code`` is the workplace's.
    cutoff : datetime64[D]
        Nothing later was used.
    left_out : mapping
        How many referrals each rule kept out.
    """

    pairs: PairFrame
    event: Floats
    duration_days: Floats
    retained: Floats
    weight: Floats
    groups: Ints
    created_on: np.ndarray
    propensity: Floats
    referral_id: np.ndarray
    member_id: np.ndarray
    household_id: np.ndarray
    region_code: np.ndarray
    cutoff: np.datetime64
    left_out: Mapping[str, int]

    def __len__(self) -> int:
        return len(self.event)

    @property
    def starts(self) -> int:
        """Number of rows known to have started."""
        return int((self.event == 1).sum())

    def take(self, rows: Ints) -> "TrainingFrame":
        """Return the chosen rows, ascending row numbers."""
        pairs = PairFrame(
            self.pairs.member[rows], self.pairs.position[rows], self.pairs.features[rows], self.pairs.names
        )
        columns = {name: getattr(self, name)[rows] for name in _COLUMNS}
        return replace(self, pairs=pairs, **columns)

    def known_on(self, day: np.datetime64) -> "TrainingFrame":
        """Return the rows as they were known at the end of an earlier day: later outcomes are censored again."""
        end = self.created_on + np.where(np.isnan(self.duration_days), 0, self.duration_days).astype("timedelta64[D]")
        later = (end > day) & ~np.isnan(self.duration_days)
        waited = np.asarray((day - self.created_on) / np.timedelta64(1, "D"), dtype=float)
        lasted = end + np.timedelta64(STAYS_DAYS, "D") <= day
        return replace(
            self, event=np.where(later, float(CENSORED), self.event), duration_days=np.where(later, waited, self.duration_days),
            retained=np.where((self.event == 1) & lasted, self.retained, np.nan), cutoff=day,
        ).take(np.flatnonzero(self.created_on <= day))  # fmt: skip


_COLUMNS = (
    "event", "duration_days", "retained", "weight", "groups", "created_on", "propensity", "referral_id", "member_id",
    "household_id", "region_code",
)  # fmt: skip


def training_frame(tables: Mapping[str, pd.DataFrame], policy: PolicyBook, cutoff: date | None = None) -> TrainingFrame:
    """Return the usable referrals with their features as on the day of the referral and their outcomes as known at ``cutoff``.

    Parameters
    ----------
    tables : mapping of table name to DataFrame
        ``members``, ``positions`` and ``referrals`` are needed; ``assessments``, ``employers``, ``households``, ``placements`` and
        ``regions`` are used where given.
    policy : PolicyBook
        Resolved again for the month of each referral (minimum wages).
    cutoff : date or None
        Last day whose facts may be used; by default the last day the referrals speak of.

    Raises
    ------
    TableError
        When a table is absent or a row is not valid; see ``models.record``.
    NotReady
        When no referral is usable.
    """
    record = read_record(tables, cutoff)
    outcomes, kept_out = read_outcomes(record)
    used = np.flatnonzero(outcomes.used)
    if not len(used):
        raise NotReady(
            f"expected referrals to learn from, found {len(record['referrals'])} and none usable; record some outcomes first"
        )
    referrals = record["referrals"].iloc[used]
    created = referrals["created_on"].to_numpy().astype("datetime64[D]")
    mi = pd.Index(record["members"]["member_id"]).get_indexer(referrals["member_id"])
    pj = pd.Index(record["positions"]["position_id"]).get_indexer(referrals["position_id"])
    groups, _ = pd.factorize(mi.astype(np.int64) * 4_000_000 + created.astype(np.int64))
    return TrainingFrame(
        pairs=PairFrame(mi, pj, features_on_the_day(record, referrals, policy), FEATURE_NAMES),
        event=outcomes.event[used], duration_days=outcomes.duration_days[used], retained=outcomes.retained[used],
        weight=outcomes.weight[used], groups=groups, created_on=created,
        propensity=referrals["propensity"].to_numpy(dtype=float), referral_id=referrals["referral_id"].to_numpy(dtype=object),
        member_id=referrals["member_id"].to_numpy(dtype=object),
        household_id=record["members"]["household_id"].to_numpy(dtype=object)[mi],
        region_code=record["positions"]["region_code"].to_numpy(dtype=object)[pj], cutoff=record.cutoff,
        left_out={**record.left_out, **{k: v for k, v in kept_out.items() if v}},
    )  # fmt: skip


def features_on_the_day(record: Record, referrals: pd.DataFrame, policy: PolicyBook) -> Float32s:
    """Return (n, n_features) of referrals sorted by day, each pair as it stood that morning, a month of rows at a time."""
    days = _days(referrals["created_on"])
    members, positions = record["members"], record["positions"]
    rows = _Rows(
        days=days, mi=pd.Index(members["member_id"]).get_indexer(referrals["member_id"]),
        pj=pd.Index(positions["position_id"]).get_indexer(referrals["position_id"]),
        pending=open_referrals(record["referrals"], referrals["position_id"], "position_id", days, OPEN_REFERRAL_STATES),
        filled=starts_before(record, referrals["position_id"], days),
        assessed=pd.Index(members["member_id"]).get_indexer(record["assessments"]["member_id"]),
    )  # fmt: skip
    out = np.empty((len(referrals), len(FEATURE_NAMES)), dtype=np.float32)
    for at in _pieces(days):
        out[at] = _month(record, rows, at, policy)
    return out


@dataclass(frozen=True, slots=True)
class _Rows:
    """Referrals as row numbers: day, member row, post row, open referrals and starts at the post before the day; member row of each assessment."""

    days: np.ndarray
    mi: Ints
    pj: Ints
    pending: Ints
    filled: Ints
    assessed: Ints


def _pieces(created: np.ndarray) -> list[Ints]:
    months = created.astype("datetime64[M]")
    edges = np.flatnonzero(np.r_[True, months[1:] != months[:-1], True]) if len(months) else np.zeros(1, dtype=np.int64)
    return [
        np.arange(low, min(low + CHUNK_ROWS, last))
        for first, last in itertools.pairwise(edges)
        for low in range(first, last, CHUNK_ROWS)
    ]


def _month(record: Record, rows: _Rows, at: Ints, policy: PolicyBook) -> Float32s:
    """Features of one month's referrals. The policy is that of the month's first day: never later than the referral."""
    days = rows.days[at]
    book = policy.at(policy.region_code, days[0].astype("datetime64[M]").astype("datetime64[D]").item())
    members = record["members"].iloc[rows.mi[at]].reset_index(drop=True)
    positions = record["positions"].iloc[rows.pj[at]].reset_index(drop=True)
    told = members["flexibility_declared"].to_numpy() & ~(_days(members["flexibility_declared_on"]) > days)
    members = members.assign(flexibility_declared=told)
    positions = positions.assign(openings_left=np.maximum(positions["openings_total"].to_numpy() - rows.filled[at], 1))
    concerned = np.zeros(len(record["members"]) + 1, dtype=bool)
    concerned[rows.mi[at]] = True
    assessments = record["assessments"][concerned[rows.assessed]]
    pairing = Pairing(
        encode_members(members, assessments, days, book, regions=record["regions"]),
        encode_positions(
            positions, record["employers"], days, book, pending=rows.pending[at], regions=record["regions"]
        ),
    )
    all_rows = np.arange(len(at))
    features = build(pairing, all_rows, all_rows).features
    features[:, UNRECORDED] = np.nan
    return features


UNRECORDED = FEATURE_NAMES.index("days_unconfirmed")
"""The record keeps only the last confirmation, so on the day of a past referral it is unknown: a later one would tell that the post lived on."""


def starts_before(record: Record, position_ids: pd.Series, days: np.ndarray) -> Ints:
    """Return (n,) starts known at each post before each day."""
    placements = record["placements"].dropna(subset=["position_id"])
    known = pd.Index(position_ids.unique())
    owner, mine = known.get_indexer(placements["position_id"]), known.get_indexer(position_ids)
    span = np.int64(4_000_000)
    keys = np.sort(owner[owner >= 0] * span + _days(placements["started_on"])[owner >= 0].astype(np.int64))
    return np.asarray(
        np.searchsorted(keys, mine * span + days.astype(np.int64)) - np.searchsorted(keys, mine * span - span // 2)
    )


def _days(column: pd.Series) -> np.ndarray:
    return column.to_numpy().astype("datetime64[D]")
