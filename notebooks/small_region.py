"""The small simulated region the notebooks look at, and what is learned from it, made once a kernel."""

from dataclasses import dataclass, replace
from datetime import date
from functools import cache

import matplotlib.pyplot as plt
import numpy as np

from matching.policy.load import PolicyBook, load_policy
from models.datasets import TrainingFrame, training_frame
from models.record import CheckedTables, checked_tables
from models.simulation import SCENARIOS, SimulatedRegion, simulate_region
from models.splits import temporal_split
from models.train import TrainConfig, fit
from models.trained import TrainedRanker

CONFIG = TrainConfig(weighting="none", max_rounds=40, n_threads=1)
"""Fewer rounds than a real training takes, one thread: quick and the same everywhere."""

INK, SOFT, WARM, COOL = "#1f2d3d", "#9aa5b1", "#c8553d", "#2a6f97"


@dataclass(frozen=True, slots=True)
class Study:
    """One region with its split in time: what the candidate learned from, and what it never saw."""

    region: SimulatedRegion
    tables: CheckedTables
    frame: TrainingFrame
    past: TrainingFrame
    test: TrainingFrame
    late: TrainingFrame
    candidate: TrainedRanker
    policy: PolicyBook
    follow_up_days: int


@cache
def study() -> Study:
    """Return the region, its training rows split in time, and a candidate trained on the earlier part."""
    region = simulate_region(replace(SCENARIOS["base"], history_days=300), 0)
    policy = load_policy("440000", date(2026, 6, 10))
    tables = checked_tables(region.tables)
    frame = training_frame(tables, policy)
    split = temporal_split(frame)
    past = frame.take(split.train).known_on(split.test_from - np.timedelta64(1, "D"))
    learned = np.isin(frame.household_id.astype(str), np.unique(past.household_id.astype(str)))
    late = frame.take(np.flatnonzero((frame.created_on >= split.test_from) & ~learned))
    return Study(
        region, tables, frame, past, frame.take(split.test), late, fit(past, CONFIG), policy, split.follow_up_days
    )


def plain_style() -> None:
    """Set the look every figure shares."""
    plt.rcParams.update({
        "figure.figsize": (9, 4.2), "figure.dpi": 90, "axes.spines.top": False, "axes.spines.right": False, "axes.edgecolor": SOFT,
        "axes.labelcolor": INK, "axes.titlelocation": "left", "axes.titleweight": "bold", "xtick.color": INK, "ytick.color": INK, "font.size": 10,
        "legend.frameon": False, "figure.constrained_layout.use": True,
    })  # fmt: skip


def simulated(axes) -> None:
    """Write on a figure that its people do not exist."""
    axes.figure.text(0.995, 0.995, "SIMULATED", ha="right", va="top", color=WARM, fontsize=8, weight="bold")


def intervals(axes, names, found, *, colour=COOL, zero=None) -> None:
    """Draw [estimate, low, high] as a dot on a line, one row a name, the first on top."""
    y = np.arange(len(names))[::-1]
    for at, (middle, low, high) in zip(y, found, strict=True):
        axes.plot([low, high], [at, at], color=colour, lw=2, alpha=0.5, solid_capstyle="round")
        axes.plot(middle, at, "o", color=colour, ms=6)
    axes.set_yticks(y, names)
    axes.set_ylim(-0.7, len(names) - 0.3)
    if zero is not None:
        axes.axvline(zero, color=SOFT, lw=1)
