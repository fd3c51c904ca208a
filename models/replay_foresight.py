"""Does the engine's own forecast come true? What its nights said of each promise, beside what came of it. Everything is simulated."""

from dataclasses import dataclass, field

import pandas as pd

from matching.arrays import Bools
from matching.nightly import NightPlan
from models.replay_measures import Cohort
from models.replay_policies import row_numbers
from models.simulation import World

MARKS = (28, 21, 14, 7)
"""Days left at which a promise's forecast is taken: the first night at or below each, so that a promise is counted at most once a mark."""


@dataclass(slots=True)
class Foresight:
    """Takes note of every night's forecast while a world is lived on."""

    nights: list[pd.DataFrame] = field(default_factory=list)

    def note(self, world: World, plan: NightPlan) -> None:
        """Keep what a night said of the promises that were open."""
        self.nights.append(plan.forecast[["household_id", "days_left", "chance"]].assign(day=world.day))

    def beside(self, cohort: Cohort, kept: Bools) -> pd.DataFrame:
        """Return ``mark chance kept``, a promise of the cohort and a mark a row, for promises that were still open then."""
        if not self.nights:
            return pd.DataFrame({"mark": [], "chance": [], "kept": []})
        said = pd.concat(self.nights, ignore_index=True).dropna(subset=["days_left", "chance"])
        said["household"] = row_numbers(said["household_id"].to_numpy(dtype=object))
        said = said.merge(pd.DataFrame({"household": cohort.households, "kept": kept}), on="household").sort_values(
            "day"
        )
        parts = [
            said[(said["days_left"] <= mark) & (said["days_left"] > mark - 7)]
            .drop_duplicates("household")
            .assign(mark=mark)
            for mark in MARKS
        ]
        return pd.concat(parts, ignore_index=True)[["mark", "chance", "kept"]]
