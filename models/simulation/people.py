"""Households and members who will come to the office, with what only the simulation knows of them (domain model, section 7.2)."""

from dataclasses import dataclass

import numpy as np

from matching.arrays import Bools, Floats, Ints
from matching.policy.load import load_policy
from matching.vocabulary import DIMENSIONS
from models.simulation.config import RegionConfig
from models.simulation.days import Days
from models.simulation.draws import generator
from models.simulation.geography import Places
from models.simulation.occupations import CERTIFICATES, FIELD_CODES, FIELD_OF_TRADE, FIELDS

SIZES = (0.35, 0.50, 0.13, 0.02)
"""Shares of households with 1 to 4 able and willing members."""

EDUCATION_CUTS = (-1.40, 0.0, 1.20, 1.95)
"""Where the education score is cut into five levels."""

LIMITS: tuple[tuple[str, float], ...] = (
    ("no_heavy_lift", 1.0),
    ("no_night", 0.15),
    ("no_long_standing", 0.20),
    ("no_height", 0.10),
    ("no_chemical", 0.10),
)
"""Functional limits and the share of limited members who have each."""

_STAMINA = DIMENSIONS.index("physical_stamina")


@dataclass(frozen=True, slots=True)
class People:
    """All households and members of the horizon.

    Attributes
    ----------
    arrives, street, city, dibao, rural, caseworker : (n_households,)
        Working day of recognition, street, city, allowance, rural, paired caseworker.
    declare_lag, discovery_lag : (n_households,) calendar days from recognition to declaration, from discovery to recognition
    household : (n_members,) household
    relation : (n_members,) 0 head, 1 spouse, 2 child
    female, care, night_ok, picky, windowed : (n_members,) bool
    age_months : (n_members,) on arrival
    ability : (n_members,) latent g
    education : (n_members,) 0-4
    skills : (n_members, 12) true, 0-100
    trade_field, last_code : (n_members,) field of experience, index of the last job within the field's codes
    months_worked, months_unemployed : (n_members,)
    disability : (n_members,) 0 none, 1-4
    limits : (n_members, n_limits) bool
    certificate : (n_members, n_trades) bool
    commute_limit : (n_members,) minutes
    reservation : (n_members,) fen a month on arrival
    reach : (n_members,) chance that an attempt reaches them
    """

    arrives: Ints
    street: Ints
    city: Ints
    dibao: Bools
    rural: Bools
    caseworker: Ints
    declare_lag: Ints
    discovery_lag: Ints
    household: Ints
    relation: Ints
    female: Bools
    age_months: Ints
    ability: Floats
    education: Ints
    skills: Floats
    trade_field: Ints
    last_code: Ints
    months_worked: Floats
    months_unemployed: Floats
    disability: Ints
    limits: Bools
    certificate: Bools
    care: Bools
    windowed: Bools
    night_ok: Bools
    picky: Bools
    commute_limit: Floats
    reservation: Floats
    reach: Floats

    @property
    def member_arrives(self) -> Ints:
        """(n_members,) working day of recognition."""
        return self.arrives[self.household]

    @property
    def older(self) -> Bools:
        """(n_members,) woman from 40, man from 50 on arrival."""
        return np.asarray(self.age_months >= np.where(self.female, 480, 600))


def make_people(config: RegionConfig, days: Days, places: Places, seed: int) -> People:
    """Draw everyone who is recognised within the horizon."""
    rng = generator(seed, "people")
    homes = _households(config, days, places, rng)
    arrives, street, city, size = homes
    n_households = len(arrives)
    household = np.repeat(np.arange(n_households), size)
    place_in = np.arange(len(household)) - np.repeat(np.cumsum(size) - size, size)
    n = len(household)
    relation = np.where(place_in == 0, 0, np.where((place_in == 1) & (rng.random(n) < 0.70), 1, 2))
    female = rng.random(n) < np.array([0.45, 0.60, 0.48])[relation]
    age = _ages(relation, female, days.dates[arrives[household]], config, rng)
    ability = rng.standard_normal(n)
    years = age / 12.0
    education = np.searchsorted(EDUCATION_CUTS, 0.8 * ability - 0.03 * (years - 40) + rng.normal(0, 0.6, n)).astype(
        np.int64
    )
    skills = 46 + 9 * ability[:, None] + rng.normal(0, 11, (n, len(DIMENSIONS)))
    skills[:, _STAMINA] = 55 - 0.55 * (years - 35) + rng.normal(0, 11, n)
    field = rng.integers(0, len(FIELDS), n)
    unemployed = rng.gamma(1.2, 14 / 1.2, n)
    disability = np.where(rng.random(n) < 0.09, rng.integers(1, 5, n), 0)
    limited = rng.random(n) < np.where(disability > 0, 0.75, 0.08 + 0.004 * np.maximum(years - 40, 0))
    care = rng.random(n) < np.where(female, 0.42, 0.15)
    minimum = days.minimum[city[household], arrives[household]]
    wrong_number = rng.random(n) < 0.06
    return People(
        arrives=arrives,
        street=street,
        city=city,
        dibao=rng.random(n_households) < 0.37,
        rural=rng.random(n_households) < config.rural_share,
        caseworker=city * config.caseworkers_per_city + rng.integers(0, config.caseworkers_per_city, n_households),
        declare_lag=np.where(rng.random(n_households) < 0.7, 0, rng.integers(1, 6, n_households)),
        discovery_lag=rng.integers(5, 25, n_households),
        household=household,
        relation=relation,
        female=female,
        age_months=age,
        ability=ability,
        education=education,
        skills=np.clip(skills, 0, 100),
        trade_field=field,
        last_code=np.array(
            [int(u * len(FIELD_CODES[f])) for u, f in zip(rng.random(n), field, strict=True)], dtype=np.int64
        ),
        months_worked=np.maximum((age - 18 * 12) * rng.uniform(0.3, 0.9, n) - unemployed, 0.0),
        months_unemployed=unemployed,
        disability=disability,
        limits=limited[:, None] & (rng.random((n, len(LIMITS))) < np.array([share for _, share in LIMITS])),
        certificate=_certificates(field, rng),
        care=care,
        windowed=care & (rng.random(n) < 0.3),
        night_ok=rng.random(n) < np.where(care, 0.10, 0.45),
        picky=rng.random(n) >= 0.78,
        commute_limit=np.clip(38 * np.exp(rng.normal(0, 0.40, n)) - 10 * care, 10, 90),
        reservation=minimum * 1.12 * np.exp(rng.normal(0, 0.14, n)),
        reach=np.where(wrong_number, 0.25, 0.82),
    )


def _households(
    config: RegionConfig, days: Days, places: Places, rng: np.random.Generator
) -> tuple[Ints, Ints, Ints, Ints]:
    """Return arrival day, street, city and number of members of every household, in order of arrival."""
    counts = rng.poisson(config.households_per_city_day * days.intensity[:, None], (len(days), len(places.cities)))
    arrives = np.repeat(np.repeat(np.arange(len(days)), len(places.cities)), counts.ravel())
    city = np.repeat(np.tile(np.arange(len(places.cities)), len(days)), counts.ravel())
    street = np.zeros(len(city), dtype=np.int64)
    for c in range(len(places.cities)):
        here = city == c
        street[here] = rng.choice(places.streets_of(c), int(here.sum()))
    hit = int(rng.integers(len(places.codes)))
    week = np.maximum(days.today - 14 + rng.integers(0, 5, config.closure_households), 0)
    arrives, street, city = (
        np.append(arrives, week),
        np.append(street, np.full(len(week), hit)),
        np.append(city, np.full(len(week), places.city[hit])),
    )
    size = 1 + np.searchsorted(np.cumsum(SIZES)[:-1], rng.random(len(city)), side="right")
    order = np.argsort(arrives, kind="stable")
    return arrives[order], street[order], city[order], size


def _ages(relation: Ints, female: Bools, arrived: np.ndarray, config: RegionConfig, rng: np.random.Generator) -> Ints:
    """Return ages in months; whoever would reach statutory retirement within a year is drawn again."""
    book = load_policy("440000", config.as_of)
    months = np.zeros(len(relation), dtype=np.int64)
    todo = np.arange(len(relation))
    while len(todo):
        draw = np.select(
            [relation[todo] == 0, relation[todo] == 1],
            [rng.normal(46.5, 7.2, len(todo)), rng.normal(44.0, 6.3, len(todo))],
            rng.uniform(18, 30, len(todo)),
        )
        months[todo] = (np.clip(draw, 18, 59.9) * 12).astype(np.int64)
        month = arrived[todo].astype("datetime64[M]")
        born = (month - months[todo].astype("timedelta64[M]")).astype(str)
        retires = book.retirement_months(born, np.where(female[todo], "F", "M"))
        todo = todo[retires <= month + np.timedelta64(12, "M")]
    return months


def _certificates(field: Ints, rng: np.random.Generator) -> Bools:
    held = np.zeros((len(field), len(CERTIFICATES)), dtype=bool)
    for t, code in enumerate(CERTIFICATES):
        if code:
            held[:, t] = rng.random(len(field)) < np.where(field == FIELD_OF_TRADE[t], 0.4, 0.03)
    return held
