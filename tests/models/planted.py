"""Planted referral worlds: the truth is known, so what the ranker finds can be held against it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True, slots=True)
class World:
    """Features, the true chance of a start, what happened, and when."""

    X: pd.DataFrame
    chance: np.ndarray
    event: np.ndarray
    days: np.ndarray
    groups: np.ndarray


def plant(n: int = 4000, seed: int = 0, per_group: int = 20) -> World:
    """A world where skill helps, commute hurts, haste hastens, and noise does nothing; 10 % of skill is unknown."""
    rng = np.random.default_rng(seed)
    skill, commute, haste, noise = rng.normal(size=(4, n))
    chance = 1 / (1 + np.exp(-(1.2 * skill - 0.9 * commute - 0.8)))
    event = (rng.random(n) < chance).astype(int)
    start = np.ceil(rng.lognormal(1.6 - 0.6 * haste, 0.6))
    close = np.ceil(rng.lognormal(2.2, 0.5, n))
    seen = np.where(rng.random(n) < 0.1, np.nan, skill)
    X = pd.DataFrame({"skill": seen, "commute": commute, "haste": haste, "noise": noise, "constant": 1.0})
    return World(X, chance, event, np.where(event == 1, start, close), np.arange(n) // per_group)
