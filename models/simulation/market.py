"""Posts that will be declared, and the outsiders who will fill them (domain model, section 7.3)."""

from dataclasses import dataclass

import numpy as np

from matching.arrays import Bools, Floats, Ints
from matching.vocabulary import DIMENSIONS
from models.simulation.config import BASE_HOUSEHOLDS, BASE_STOCK, RegionConfig
from models.simulation.days import Days
from models.simulation.draws import generator
from models.simulation.geography import Places
from models.simulation.occupations import TRADE_DIMENSIONS, TRADES

KINDS = ("EMPLOYER", "PUBLIC_WELFARE", "DISPATCH", "COMMUNITY_BASE", "FLEXIBLE")
"""Kinds of simulated posts."""

SHARE = np.array([0.66, 0.12, 0.10, 0.09, 0.03])
WAGE = np.array([1.50, 1.02, 1.25, 0.95, 1.00])
WAGE_SD = np.array([0.20, 0.02, 0.12, 0.15, 0.25])
WAGE_FLOOR = np.array([1.0, 1.0, 1.0, 0.70, 0.60])
HEAVY = np.array([0.22, 0.12, 0.30, 0.05, 0.05])
NIGHT = np.array([0.22, 0.08, 0.28, 0.0, 0.0])
LOW_STATUS = np.array([0.12, 0.55, 0.10, 0.05, 0.10])
NEED = np.array([52.0, 38.0, 46.0, 36.0, 38.0])
FILLED_A_DAY = np.array([1 / 14, 1 / 45, 1 / 14, 1 / 45, 1 / 45])
VALID_DAYS = np.array([60, 120, 60, 120, 120])
HOME_BASED = np.array([0.0, 0.0, 0.0, 0.30, 0.20])

HARD_SCHOOLING = np.array([0.12, 0.48, 0.34, 0.06, 0.0])
EASY_SCHOOLING = np.array([0.60, 0.40, 0.0, 0.0, 0.0])
"""Shares of education required, from none to bachelor, for skilled and for simple posts."""

TRADE_MIX = np.array([
    [0.339, 0.342, 0.076, 0.063, 0.101, 0.049, 0.030],
    [0.000, 0.100, 0.500, 0.250, 0.000, 0.100, 0.050],
    [0.339, 0.342, 0.076, 0.063, 0.101, 0.049, 0.030],
    [0.800, 0.200, 0.000, 0.000, 0.000, 0.000, 0.000],
    [0.339, 0.342, 0.076, 0.063, 0.101, 0.049, 0.030],
])  # fmt: skip
"""Shares of ``TRADES`` by kind; over all openings production .34, service .30, cleaning .12, guard .08, kitchen .08, clerk .05, care .03."""

WOMEN_PREFERRED = np.array([0.35, 0.70, 0.60, 0.05, 0.40, 0.80, 0.95])
"""Share of the biased employers' posts of each trade for which they want a woman; for the others they want a man (assumption)."""

BROKEN = 0.02
"""Share of posts that break a rule and are held back on entry."""


@dataclass(frozen=True, slots=True)
class Posts:
    """All posts of the horizon, in order of declaration.

    Attributes
    ----------
    day, city, kind, trade, job, street, employer : (n_posts,)
    lng, lat, home_based : (n_posts,) workplace
    openings, slot : (n_posts,) openings declared, first slot in ``filled_day``
    filled_day : (n_slots,) working day an outsider takes the opening
    wage_low, wage_high : (n_posts,) fen a month
    contract_months, hours, shift_start, shift_end : (n_posts,); minutes of day, -1 not told
    night, heavy, low_status, standing, height, chemical, contact, training, certificate, broken : (n_posts,) bool
    schooling : (n_posts,) least education the employer looks for, 0 none
    dims, levels : (n_posts, 4) dimensions needed and levels; level -1 pads
    prefers_young, prefers_female : (n_posts,) hidden preference; 0 none, for sex 1 women, -1 men
    valid_days : (n_posts,) calendar days the offer stands
    employer_city, employer_class, employer_home : (n_employers,) city, index of the kind of unit, street
    """

    day: Ints
    city: Ints
    kind: Ints
    trade: Ints
    job: Ints
    street: Ints
    employer: Ints
    lng: Floats
    lat: Floats
    home_based: Bools
    openings: Ints
    slot: Ints
    filled_day: Ints
    wage_low: Ints
    wage_high: Ints
    contract_months: Ints
    hours: Floats
    shift_start: Ints
    shift_end: Ints
    night: Bools
    heavy: Bools
    low_status: Bools
    standing: Bools
    height: Bools
    chemical: Bools
    contact: Bools
    training: Bools
    certificate: Bools
    broken: Bools
    schooling: Ints
    dims: Ints
    levels: Floats
    prefers_young: Bools
    prefers_female: Ints
    valid_days: Ints
    employer_city: Ints
    employer_class: Ints
    employer_home: Ints

    @property
    def wage(self) -> Floats:
        """(n_posts,) the wage paid, the middle of what is offered."""
        return (self.wage_low + self.wage_high) / 2.0


def make_posts(config: RegionConfig, days: Days, places: Places, seed: int) -> Posts:
    """Draw every post that is declared within the horizon."""
    rng = generator(seed, "posts")
    day, city, kind, openings = _postings(config, days, len(places.cities), rng)
    n = len(day)
    trade = _pick(TRADE_MIX[kind], rng)
    street = _streets(places, city, kind, rng)
    jobs = np.array([len(t.jobs) for t in TRADES])
    employers = _employers(config, places, city, kind, trade, rng)
    low, high = _wages(days.minimum[city, day], kind, rng)
    night = rng.random(n) < NIGHT[kind]
    start = np.where(night, 1320, rng.choice([420, 450, 480, 510, 540], n))
    told = rng.random(n) < 0.85
    dims, levels = _needs(kind, trade, rng)
    chance = np.array([[t.standing, t.contact, t.certificate_share] for t in TRADES])[trade]
    return Posts(
        day=day,
        city=city,
        kind=kind,
        trade=trade,
        job=(rng.random(n) * jobs[trade]).astype(np.int64),
        street=street,
        lng=np.round(places.lng[street] + rng.normal(0, 0.004, n), 5),
        lat=np.round(places.lat[street] + rng.normal(0, 0.004, n), 5),
        home_based=rng.random(n) < HOME_BASED[kind],
        openings=openings,
        slot=np.cumsum(openings) - openings,
        filled_day=np.repeat(day, openings) + rng.geometric(np.repeat(FILLED_A_DAY[kind], openings)),
        wage_low=low,
        wage_high=high,
        contract_months=np.where(kind >= 3, -1, np.where(kind == 2, 24, rng.choice([6, 12, 12, 24, 36], n))),
        hours=np.where(kind == 4, 30.0, rng.choice([40.0, 44.0, 48.0], n, p=[0.6, 0.2, 0.2])),
        shift_start=np.where(told, start, -1),
        shift_end=np.where(told, np.where(night, 420, start + 570), -1),
        night=night,
        heavy=rng.random(n) < HEAVY[kind],
        low_status=rng.random(n) < LOW_STATUS[kind],
        standing=rng.random(n) < chance[:, 0],
        height=rng.random(n) < 0.02,
        chemical=(rng.random(n) < 0.12) & (trade == 0),
        contact=rng.random(n) < chance[:, 1],
        training=rng.random(n) < 0.25,
        certificate=rng.random(n) < chance[:, 2],
        broken=rng.random(n) < BROKEN,
        schooling=_pick(np.where(np.isin(kind, [0, 2])[:, None], HARD_SCHOOLING, EASY_SCHOOLING), rng),
        dims=dims,
        levels=levels,
        valid_days=VALID_DAYS[kind],
        **employers,
    )


def _postings(
    config: RegionConfig, days: Days, n_cities: int, rng: np.random.Generator
) -> tuple[Ints, Ints, Ints, Ints]:
    """Return day, city, kind and openings of every post; the first day also brings the starting stock."""
    per_post = np.array([1.0 + 0.35 / 0.65, 3.0, 1.0, 1.0, 1.0])
    flow = config.openings * config.households_per_city_day / BASE_HOUSEHOLDS * days.intensity * days.season
    flow[0] += BASE_STOCK * config.scale * days.intensity[0]
    counts = rng.poisson(flow[:, None, None] * (SHARE / per_post)[None, None, :], (len(days), n_cities, len(KINDS)))
    day, city, kind = (np.repeat(axis.ravel(), counts.ravel()) for axis in np.indices(counts.shape))
    openings = np.ones(len(day), dtype=np.int64)
    openings[kind == 0] = rng.geometric(0.65, int((kind == 0).sum()))
    openings[kind == 1] = rng.integers(1, 6, int((kind == 1).sum()))
    return day, city, kind, openings


def _pick(shares: Floats, rng: np.random.Generator) -> Ints:
    """Return one column for each row of shares."""
    edges = np.cumsum(shares, axis=1)
    return np.asarray((rng.random(len(shares))[:, None] * edges[:, -1:] > edges).sum(axis=1))


def _streets(places: Places, city: Ints, kind: Ints, rng: np.random.Generator) -> Ints:
    street = np.zeros(len(city), dtype=np.int64)
    inner = np.isin(kind, [1, 3])
    for c in range(len(places.cities)):
        mine = places.streets_of(c)
        for near in (False, True):
            here = (city == c) & (inner == near)
            street[here] = rng.choice(mine, int(here.sum()), p=places.inner[mine] if near else None)
    return street


def _wages(minimum: Floats, kind: Ints, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Return lowest and highest wage in fen, whole tens of yuan, lawful where the kind has a legal floor."""
    ratio = np.maximum(WAGE[kind] * np.exp(rng.normal(0, 1, len(kind)) * WAGE_SD[kind]), WAGE_FLOOR[kind])
    span = np.where(kind == 1, 0.0, rng.choice([0.0, 0.05, 0.10, 0.15], len(kind)))
    floor = np.ceil(minimum * WAGE_FLOOR[kind] / 1000) * 1000
    low = np.maximum(np.round(minimum * ratio * (1 - span) / 1000) * 1000, floor)
    high = np.maximum(np.round(2 * minimum * ratio / 1000) * 1000 - low, low)
    return low.astype(np.int64), high.astype(np.int64)


def _needs(kind: Ints, trade: Ints, rng: np.random.Generator) -> tuple[Ints, Floats]:
    """Return 2 to 4 needed dimensions of each post's group and their levels."""
    n, width = len(kind), 4
    dims = np.zeros((n, width), dtype=np.int64)
    luck = rng.random((n, len(DIMENSIONS)))
    for t, allowed in enumerate(TRADE_DIMENSIONS):
        here = np.flatnonzero(trade == t)
        order = np.argsort(luck[np.ix_(here, allowed)], axis=1)[:, :width]
        dims[here, : order.shape[1]] = np.array(allowed)[order]
    available = np.array([min(len(d), width) for d in TRADE_DIMENSIONS])[trade]
    count = np.minimum(rng.integers(2, width + 1, n), available)
    levels = np.clip(np.round(rng.normal(NEED[kind][:, None], 9, (n, width))), 0, 100)
    return dims, np.where(np.arange(width) < count[:, None], levels, -1.0)


def _employers(
    config: RegionConfig, places: Places, city: Ints, kind: Ints, trade: Ints, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Give every post an employer of its city and kind, and employers their hidden preferences."""
    key = city * len(KINDS) + kind
    groups = len(places.cities) * len(KINDS)
    size = np.maximum(np.bincount(key, minlength=groups) // 5, 3)
    first = np.cumsum(size) - size
    employer = first[key] + (rng.random(len(key)) * size[key]).astype(np.int64)
    owner = np.repeat(np.arange(groups), size)
    home = np.zeros(len(owner), dtype=np.int64)
    for c in range(len(places.cities)):
        here = owner // len(KINDS) == c
        home[here] = rng.choice(places.streets_of(c), int(here.sum()))
    biased = (rng.random(len(owner)) < config.biased_share) & np.isin(owner % len(KINDS), [0, 2])
    sex = np.where(rng.random(len(key)) < WOMEN_PREFERRED[trade], 1, -1)
    return {
        "employer": employer, "employer_city": owner // len(KINDS), "employer_class": owner % len(KINDS), "employer_home": home,
        "prefers_young": biased[employer], "prefers_female": np.where(biased[employer], sex, 0),
    }  # fmt: skip
