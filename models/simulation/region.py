"""A region simulated from its first day to its last, ready for use: tables for everybody, the truth under seal."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from matching.tables import TABLES, empty
from matching.vocabulary import DIMENSIONS
from models.simulation import office_cases, office_people, office_posts
from models.simulation.caseworker import caseworkers
from models.simulation.config import RegionConfig
from models.simulation.ledger import Proposals
from models.simulation.occupations import FIELDS
from models.simulation.office import ids, read
from models.simulation.world import World

LABEL = "simulated"
"""What everything that comes from here is called."""


@dataclass(frozen=True, slots=True)
class SimulatedRegion:
    """A simulated region.

    Attributes
    ----------
    tables : mapping of str to DataFrame
        Canonical tables of the data dictionary, as an office would hold them on ``config.as_of``; identifiers begin with ``SIM``.
    truth : DataFrame
        Sealed: one row a referral made, with its true chances, propensity, bias, and the latent values of its member. Tests read it;
        training code must not.
    latent : DataFrame
        Sealed: one row a member, with true skills and wishes.
    config, seed, label
        What it was made from, and the word ``simulated``.
    """

    tables: Mapping[str, pd.DataFrame]
    truth: pd.DataFrame
    latent: pd.DataFrame
    config: RegionConfig
    seed: int
    label: str = LABEL


def simulate_region(config: RegionConfig | None = None, seed: int = 0) -> SimulatedRegion:
    """Simulate a region under its caseworkers up to ``config.as_of``; same configuration and seed, same bytes."""
    config = config or RegionConfig()
    world = lived(config, seed)
    return SimulatedRegion(tables=tables(world), truth=_truth(world), latent=_latent(world), config=config, seed=seed)


def lived(config: RegionConfig, seed: int) -> World:
    """Return a world that lived its history under its caseworkers and stands on ``config.as_of``; a replay goes on from there."""
    world = World.build(config, seed)
    while world.day < world.truth.days.today:
        world.step(caseworkers if config.logged else nobody)
    return world


def nobody(world: World) -> Proposals:
    """Propose nothing."""
    none = np.zeros(0, dtype=np.int64)
    return Proposals.of(none, none)


def tables(world: World, *, live_only: bool = False, recent: int = 0) -> dict[str, pd.DataFrame]:
    """Return the office's tables on the day the world stands on; ``live_only`` keeps what a night needs to plan, with the settled
    households and closed posts of the last ``recent`` working days, and leaves suitability untold."""
    office = read(world, live_only=live_only, recent=recent)
    spells = office_people.path_spells(office)
    households = office_people.households(office)
    members = office_people.members(office, spells)
    positions = office_posts.positions(office)
    found = {
        "regions": office_posts.regions(office),
        "households": households,
        "members": members,
        "assessments": office_people.assessments(office, spells),
        "employers": office_posts.employers(office),
        "positions": positions,
        "referrals": office_cases.referrals(
            office, None if live_only else office_cases.pairs_on_file(office, members, positions)
        ),
        "placements": office_cases.placements(office),
        "promises": office_cases.promises(office),
    }
    if not live_only:
        found |= {
            "agencies": office_posts.agencies(office),
            "caseworkers": office_posts.caseworkers(office),
            "locks": empty(TABLES["locks"]),
            "pairings": office_cases.pairings(office, households),
            "contacts": office_cases.contacts(office, households),
            "path_records": office_people.path_records(office, spells),
        }
    return {name: found[name] for name in TABLES if name in found}


def _truth(world: World) -> pd.DataFrame:
    log, truth = world.referrals, world.truth
    member, post, day = log.column("member"), log.column("post"), log.column("day")
    odds = truth.odds(member, post, day)
    return pd.DataFrame({
        "referral_id": ids("R", np.arange(len(log))),
        "member_id": ids("M", member),
        "position_id": ids("P", post),
        "p_success": odds.success,
        "p_attends": odds.attends,
        "p_taken": odds.taken,
        "p_accepts": odds.accepts,
        "gap": odds.gap,
        "minutes": odds.minutes,
        "employer_bias": odds.bias,
        "barred": odds.barred,
        "propensity": log.column("propensity"),
        "fate": log.column("fate"),
        "ended_as": log.column("ended_as"),
        "ability": truth.people.ability[member],
        "label": LABEL,
    })  # fmt: skip


def _latent(world: World) -> pd.DataFrame:
    people = world.truth.people
    rows = np.flatnonzero(people.member_arrives <= world.day)
    skills = {f"true_{name}": people.skills[rows, k] for k, name in enumerate(DIMENSIONS)}
    return pd.DataFrame({
        "member_id": ids("M", rows),
        "ability": people.ability[rows],
        "field": np.array(FIELDS, dtype=object)[people.trade_field[rows]],
        "care": people.care[rows],
        "picky": people.picky[rows],
        "reservation_fen": people.reservation[rows],
        "commute_limit": people.commute_limit[rows],
        "reach": people.reach[rows],
        **skills,
        "label": LABEL,
    })  # fmt: skip
