"""Small hand-made members, posts and records for tests of the core; every value a person can follow."""

from datetime import date

import numpy as np
import pandas as pd

from matching.encoding import encode_members, encode_positions
from matching.pairing import Pairing
from matching.policy.load import load_policy
from matching.tables import TABLES, check, empty

TODAY = date(2026, 6, 10)

MEMBER = {
    "member_id": "M1", "household_id": "H1", "relation": "head", "birth_month": "1980-05", "sex": "F", "education": "junior",
    "willing": True, "willing_confirmed_on": date(2026, 6, 1), "flexibility_declared": True,
    "flexibility_declared_on": date(2026, 6, 1), "registered_on": date(2026, 5, 20), "commute_limit_minutes": 40,
    "wage_floor": 250_000, "night_ok": False, "region_code": "440103", "longitude": 113.24, "latitude": 23.12,
}  # fmt: skip

POSITION = {
    "position_id": "P1", "employer_id": "E1", "kind": "EMPLOYER", "title": "包装工", "occupation_code": "61804",
    "region_code": "440103", "longitude": 113.25, "latitude": 23.13, "openings_total": 2, "openings_left": 2,
    "wage_min": 300_000, "wage_max": 340_000, "contract_months": 12, "hours_week": 40, "posted_on": date(2026, 6, 1),
    "last_confirmed_on": date(2026, 6, 8), "verified_on": date(2026, 6, 1), "review_state": "verified", "status": "open",
}  # fmt: skip

HOUSEHOLD = {
    "household_id": "H1", "file_no": "F1", "region_code": "440103", "recognised_on": date(2026, 5, 25), "status": "in_service",
}  # fmt: skip


def table(name: str, *rows: dict) -> pd.DataFrame:
    """Return a canonical table of these rows."""
    return check(TABLES[name], pd.DataFrame(list(rows))).require() if rows else empty(TABLES[name])


def member(**changes) -> dict:
    """Return a member row."""
    return {**MEMBER, **changes}


def position(**changes) -> dict:
    """Return a post row."""
    return {**POSITION, **changes}


def household(**changes) -> dict:
    """Return a household row."""
    return {**HOUSEHOLD, **changes}


def pairing(
    members: list[dict],
    positions: list[dict],
    *,
    assessments=(),
    placements=(),
    households=(),
    employers=(),
    pending=None,
) -> Pairing:
    """Return members beside posts on ``TODAY``."""
    policy = load_policy("440000", TODAY)
    return Pairing(
        encode_members(
            table("members", *members), table("assessments", *assessments), TODAY, policy,
            placements=table("placements", *placements), households=table("households", *households),
        ),
        encode_positions(
            table("positions", *positions), table("employers", *employers), TODAY, policy,
            pending=None if pending is None else np.array(pending),
        ),
    )  # fmt: skip
