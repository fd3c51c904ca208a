"""The door through which the service asks how the version in charge fares: watch and override report, as plain values for JSON.

The learning libraries are opened when a question is asked, not when the service starts.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from models.registry import Registry
from models.registry_history import in_charge_since

DAYS_WITHOUT_PROMOTION = 84
"""How far back the baseline is watched while nothing was ever promoted."""


def watch_in_charge(
    registry: Registry, tables: Mapping[str, pd.DataFrame], as_of: date, region_code: str, *, since: date | None = None
) -> dict[str, Any]:
    """Return how the version in charge has done since it was put there (or since ``since``), by week, with alarms.

    NotReady when there is no usable referral; ModelRefused when the version in charge is not what the registry wrote.
    """
    from matching.policy.load import load_policy
    from models.datasets import training_frame
    from models.plain import plain
    from models.watch import watch

    scorer = registry.current_scorer()
    day = since or _day(in_charge_since(registry.history())) or as_of - timedelta(days=DAYS_WITHOUT_PROMOTION)
    frame = training_frame(tables, load_policy(region_code, as_of), as_of)
    learned = getattr(scorer, "evidence", {}).get("to")
    found: dict[str, Any] = plain(watch(scorer, frame, np.datetime64(day, "D")))
    if learned is not None and str(day) <= learned:
        found["notes"].append("LEARNED_FROM_SOME")
    return {"version": scorer.version, "as_of": as_of.isoformat(), "learned_until": learned, **found}


def overrides(tables: Mapping[str, pd.DataFrame], as_of: date, reasons: Mapping[str, str]) -> dict[str, Any]:
    """Return whether officers who departed from the list did better than it; see ``models.overrides``."""
    from models.overrides import override_report
    from models.plain import plain

    found: dict[str, Any] = plain(override_report(tables, as_of, reasons))
    return found


def _day(at: str | None) -> date | None:
    return None if at is None else datetime.fromisoformat(at).date()
