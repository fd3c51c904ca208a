"""A region with a planted truth: demo data, recovery tests, closed-loop replay. Everything that comes from here is simulated."""

from models.simulation.config import SCENARIOS, RegionConfig
from models.simulation.dirt import with_bad_rows
from models.simulation.region import LABEL, SimulatedRegion, lived, simulate_region, tables
from models.simulation.world import Policy, World

__all__ = [
    "LABEL",
    "SCENARIOS",
    "Policy",
    "RegionConfig",
    "SimulatedRegion",
    "World",
    "lived",
    "simulate_region",
    "tables",
    "with_bad_rows",
]
