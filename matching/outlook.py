"""Who and what is still to come within a month, learned from the region's own record, with its spread."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from matching.arrays import Floats
from matching.vocabulary import POSITION_KINDS

AHEAD_DAYS, BACK_DAYS = 30, 90
"""Days looked ahead, the length of the promise; days of the record they are judged from."""

SEASON_WEIGHT = 40.0
"""Arrivals that last year's season must outweigh before it moves the forecast half way (assumption)."""

USUAL_FILL, USUAL_WEIGHT = 1 / 30, 60.0
"""Rate a day at which an opening goes to somebody else where the record is silent, and the opening-days that view is worth (assumption)."""

START_DAYS = 7
"""Days from posting until a referred person could have started: an opening must outlive them to be of use (assumption)."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """The month to come.

    Attributes
    ----------
    seekers, spread : float
        Expected number of new seekers and its standard deviation, what the rate itself is uncertain by included.
    openings : mapping of (kind, city) to float
        Openings that will be posted and outlive the first week.
    fill_rate : (n_kinds,) float
        Rate a day at which an opening of each kind goes to somebody the office did not send.
    """

    seekers: float
    spread: float
    openings: Mapping[tuple[str, str], float]
    fill_rate: Floats


def outlook_of(tables: Mapping[str, pd.DataFrame], as_of: date) -> Outlook:
    """Learn the outlook from canonical tables; those without history give an outlook of nothing to come."""
    today = np.datetime64(as_of, "D")
    seekers, spread = _seekers(_arrival_days(tables), today)
    rate = fill_rates(tables["positions"], tables["placements"], today)
    return Outlook(seekers, spread, _openings(tables["positions"], rate, today), rate)


def _arrival_days(tables: Mapping[str, pd.DataFrame]) -> np.ndarray:
    """Return each member's first day: the household's recognition where known, else the registration."""
    members, households = tables["members"], tables["households"]
    first = members["registered_on"].to_numpy().astype("datetime64[D]")
    if len(households) and len(members):
        known = members["household_id"].map(households.set_index("household_id")["recognised_on"])
        recognised = known.to_numpy().astype("datetime64[D]")
        first = np.where(np.isnat(recognised), first, recognised)
    return np.asarray(first)


def _seekers(first: np.ndarray, today: np.datetime64) -> tuple[float, float]:
    """Return mean and standard deviation of the arrivals of the next ``AHEAD_DAYS`` days.

    A whole week is one observation, so that week-ends, batches and over-dispersion are in the spread; last year's season moves the
    mean as far as it rests on many arrivals.
    """
    age = (today - first[first <= today]).astype(np.int64)
    if not len(age):
        return 0.0, 0.0
    weeks = max(min(int(age.max()) + 1, BACK_DAYS) // 7, 1)
    count = np.bincount(age[age < 7 * weeks] // 7, minlength=weeks).astype(float)
    a_week, ahead = float(count.mean()), AHEAD_DAYS / 7.0
    dispersion = max(float(count.var(ddof=1)) / a_week, 1.0) if weeks > 1 and a_week > 0 else 1.0
    mean = a_week * ahead * _season(age)
    return mean, float(np.sqrt(dispersion * mean * (1.0 + ahead / weeks)))


def _season(age: np.ndarray) -> float:
    """Return how many times the rate of the ``BACK_DAYS`` before it the coming month brought a year ago."""
    before = ((age >= 365) & (age < 365 + BACK_DAYS)).sum() * AHEAD_DAYS / BACK_DAYS
    then = ((age < 365) & (age >= 365 - AHEAD_DAYS)).sum()
    whole_year = len(age) > 0 and age.max() >= 365 + BACK_DAYS
    return float((then + SEASON_WEIGHT) / (before + SEASON_WEIGHT)) if whole_year else 1.0


def fill_rates(positions: pd.DataFrame, placements: pd.DataFrame, today: np.datetime64) -> Floats:
    """Return (n_kinds,) rates a day at which openings go to people the office did not send.

    Openings gone less the starts on file, over opening-days up to the last news of each post; shrunk towards ``USUAL_FILL``.
    """
    if not len(positions):
        return np.full(len(POSITION_KINDS), USUAL_FILL)
    total, left = (positions[c].to_numpy(dtype=float) for c in ("openings_total", "openings_left"))
    ours = placements["position_id"].value_counts()
    own = positions["position_id"].map(ours).fillna(0).to_numpy(dtype=float)
    posted = positions["posted_on"].to_numpy().astype("datetime64[D]")
    news = positions["last_confirmed_on"].fillna(positions["posted_on"]).to_numpy().astype("datetime64[D]")
    seen = np.maximum((np.minimum(news, today) - posted).astype(float), 0.0)
    gone = np.maximum(total - left - own, 0.0)
    kind = positions["kind"].map({k: i for i, k in enumerate(POSITION_KINDS)}).to_numpy(dtype=np.int64)
    fills = np.bincount(kind, gone, len(POSITION_KINDS))
    exposure = np.bincount(kind, seen * (total + left) / 2.0, len(POSITION_KINDS))
    return np.asarray((fills + USUAL_FILL * USUAL_WEIGHT) / (exposure + USUAL_WEIGHT))


def _openings(positions: pd.DataFrame, rate: Floats, today: np.datetime64) -> dict[tuple[str, str], float]:
    posted = positions["posted_on"].to_numpy().astype("datetime64[D]")
    age = (today - posted).astype(float)
    lately = (age >= 0) & (age < BACK_DAYS) & (positions["review_state"] != "quarantined").to_numpy(dtype=bool)
    if not lately.any():
        return {}
    days = min(float(age[age >= 0].max()) + 1.0, float(BACK_DAYS))
    city = positions["region_code"].str[:4]
    frame = pd.DataFrame({"kind": positions["kind"], "city": city, "openings": positions["openings_total"]})[lately]
    counts = frame.groupby(["kind", "city"], as_index=False)["openings"].sum()
    lives = dict(zip(POSITION_KINDS, np.exp(-rate * START_DAYS), strict=True))
    return {
        (str(k), str(c)): float(n) * AHEAD_DAYS / days * lives[str(k)]
        for k, c, n in zip(counts["kind"], counts["city"], counts["openings"], strict=True)
    }
