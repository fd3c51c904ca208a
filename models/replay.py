"""Closed loop: the same simulated region lived on under each policy with the same luck, and what came of it. Everything is simulated."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t

from matching.arrays import Floats
from matching.errors import BadInput
from matching.forecast import reliability
from models.replay_foresight import Foresight
from models.replay_hindsight import fluid_bound, hindsight
from models.replay_measures import Measures, cohort_of, kept, measures_of
from models.replay_policies import Engine, OneByOne, by_lot, by_score
from models.simulation import LABEL, SCENARIOS, Policy, World, lived, tables
from models.simulation.caseworker import caseworkers
from models.simulation.config import SIMULATED_HOUSEHOLD
from models.train import TrainConfig, train

SUPPLIES = ("scarce", "base", "slack")
POLICIES = ("onemonth", "first_come", "greedy", "random", "hindsight")

PROMISE_DAYS = 36
"""Calendar days lived on after the last arrival that counts, so that every promise falls due."""

WORKDAYS = 5 / 7

Progress = Callable[[str, float, float], None]


@dataclass(frozen=True, slots=True)
class ReplayConfig:
    """What to replay.

    ``days`` calendar days whose arrivals count; ``members`` how many people come in that time, about; ``supply`` one of ``SUPPLIES``;
    ``seeds`` regions from ``seed`` on; ``history_days`` logged before, all that training sees.
    """

    days: int = 60
    members: int = 150
    seed: int = 0
    seeds: int = 1
    supply: str = "base"
    history_days: int = 300
    policies: tuple[str, ...] = POLICIES

    def __post_init__(self) -> None:
        if self.supply not in SUPPLIES:
            raise BadInput(f"supply: expected one of {', '.join(SUPPLIES)}, found {self.supply!r}")
        if min(self.days, self.members, self.seeds) < 1:
            raise BadInput("days, members and seeds: expected at least 1 each; replay at least one day with somebody")
        if strange := sorted(set(self.policies) - set(POLICIES)):
            raise BadInput(f"policies: expected some of {', '.join(POLICIES)}, found {', '.join(strange)}")


@dataclass(frozen=True, slots=True)
class Lived:
    """One seed: measures by policy, the forecast beside what happened, the bound, the openings there were for each household."""

    measures: Mapping[str, Measures]
    kept: Mapping[str, Floats]
    bound: float
    openings_per_household: float
    foreseen: pd.DataFrame


def replay(config: ReplayConfig, progress: Progress | None = None) -> dict[str, Any]:
    """Live every seed under every policy and return what the command line prints."""
    runs = []
    for k in range(config.seeds):
        runs.append(replay_seed(config, config.seed + k, progress))
        if progress is not None:
            progress("replay", k + 1, config.seeds)
    return summary(config, runs)


def replay_seed(config: ReplayConfig, seed: int, progress: Progress | None = None) -> Lived:
    """Live one region's history under its caseworkers, learn from its log, and live on under each policy."""
    start = _region(config, seed)
    end = start.truth.days.index(np.array([_after(start, config.days + PROMISE_DAYS)]))[0] - 1
    last = start.truth.days.index(np.array([_after(start, config.days + 1)]))[0] - 1
    cohort = cohort_of(start, start.day + 1, int(last))
    measures, good, foresight = {}, {}, Foresight()
    for name, policy in _policies(config, start, seed, foresight).items():
        world = start.fork()
        while world.day < end:
            world.step(policy)
            if progress is not None:
                progress(name, world.day - start.day, end - start.day)
        measures[name], good[name] = measures_of(world, cohort, start.day), kept(world, cohort).astype(float)
    posts = start.truth.posts
    come = (posts.day > start.day) & (posts.day <= last) & ~posts.broken
    arrive = start.truth.people.arrives
    households = max(int(((arrive > start.day) & (arrive <= last)).sum()), 1)
    bound = fluid_bound(start, cohort.households, cohort.due_day)
    foreseen = foresight.beside(cohort, good.get("onemonth", np.zeros(len(cohort.households))) > 0)
    return Lived(measures, good, bound, float(posts.openings[come].sum()) / households, foreseen)


def _policies(config: ReplayConfig, start: World, seed: int, foresight: Foresight) -> dict[str, Policy]:
    scorer = train(tables(start), TrainConfig(random_state=seed, weighting="none", n_threads=1))
    every: dict[str, Policy] = {
        "onemonth": Engine(scorer, seed, foresight.note),
        "first_come": caseworkers,
        "greedy": OneByOne(scorer, by_score),
        "random": OneByOne(scorer, by_lot),
        "hindsight": hindsight,
    }
    return {name: every[name] for name in config.policies}


def _region(config: ReplayConfig, seed: int) -> World:
    a_day = config.members / SIMULATED_HOUSEHOLD / (config.days * WORKDAYS)
    return lived(
        replace(
            SCENARIOS[config.supply],
            households_per_city_day=a_day,
            history_days=config.history_days,
            horizon_days=config.days + PROMISE_DAYS + 1,
        ),
        seed,
    )


def _after(world: World, days: int) -> np.datetime64:
    return np.datetime64(world.truth.days.as_of, "D") + np.timedelta64(days, "D")


def summary(config: ReplayConfig, runs: list[Lived]) -> dict[str, Any]:
    """Return means over seeds with 95 % intervals, paired differences to ``onemonth``, the bound, what was forecast, and the label."""
    out: dict[str, Any] = {
        "label": LABEL, "supply": config.supply, "days": config.days, "members": config.members, "seed": config.seed, "seeds": len(runs),
        "households": int(sum(len(next(iter(r.kept.values()))) for r in runs)),
        "openings_per_household": float(np.mean([r.openings_per_household for r in runs])),
        "fluid_bound": float(np.mean([r.bound for r in runs])), "policies": {},
    }  # fmt: skip
    for name in config.policies:
        found = [r.measures[name] for r in runs]
        figures = {k: _average([m.as_dict()[k] for m in found]) for k in found[0].as_dict()}
        figures["promise_kept_interval"] = interval(np.array([m.promise_kept for m in found]))
        if name != "onemonth" and "onemonth" in config.policies:
            figures["onemonth_minus"] = _difference(runs, name, None)
            figures["onemonth_minus_hard"] = _difference(runs, name, "hard")
        out["policies"][name] = figures
    ours, best = (out["policies"].get(n, {}).get("promise_kept") for n in ("onemonth", "hindsight"))
    out["share_of_hindsight"] = ours / best if ours is not None and best else None
    foreseen = pd.concat([r.foreseen for r in runs])
    out["forecast"] = reliability(foreseen["chance"].to_numpy(dtype=float), foreseen["kept"].to_numpy(dtype=float))
    return out


def _difference(runs: list[Lived], name: str, stratum: str | None) -> list[float | None]:
    def value(m: Measures) -> float:
        """Return the share of promises kept in one run, of all or of the stratum."""
        return m.promise_kept if stratum is None else m.by_stratum[stratum]

    each = np.array([value(r.measures["onemonth"]) - value(r.measures[name]) for r in runs])
    return [float(np.nanmean(each)), *interval(each)]


def interval(values: Floats) -> list[float | None]:
    """Return the ends of the 95 % interval of a mean over seeds (Student's t); nulls for fewer than two."""
    known = values[~np.isnan(values)]
    if len(known) < 2:
        return [None, None]
    half = float(t.ppf(0.975, len(known) - 1) * known.std(ddof=1) / np.sqrt(len(known)))
    return [float(known.mean()) - half, float(known.mean()) + half]


def _average(values: list[Any]) -> Any:
    """Return the mean over seeds; of mappings, key by key; null where a figure is unknown everywhere."""
    if isinstance(values[0], Mapping):
        keys = sorted({k for v in values for k in v})
        return {k: _average([v.get(k) for v in values]) for k in keys}
    known = [float(v) for v in values if v is not None and not np.isnan(float(v))]
    return float(np.mean(known)) if known else None
