"""A record of several small cities, more than one shard wide where the tests ask for it, and the night run as a process of its own."""

import hashlib
import os
import subprocess
import sys
from datetime import date

import numpy as np
import pandas as pd

from matching.tables import TABLES, check
from service.settings import Settings
from service.wiring import open_store
from tests.matching.people import household, member, position

DAY = date(2026, 6, 10)
CITIES = (("440103", 113.24, 23.12), ("440604", 113.12, 23.02))
SMALL_SHARDS = "import matching.night_shards as s; s.WHOLE, s.LEAST = 4, 4; from service.cli import main; main()"
"""The command line with shards of four members, so that a small record has several."""


def tables(each=4, posts=4):
    """Return two cities that reach each other, with ``each`` members and ``posts`` posts a city."""
    rng = np.random.default_rng(5)
    people, jobs, homes, clocks = [], [], [], []
    for c, (region, lng, lat) in enumerate(CITIES):
        for k in range(each):
            people.append(
                member(
                    member_id=f"M{c}{k:02}", household_id=f"H{c}{k // 2:02}", region_code=region, commute_limit_minutes=100,
                    longitude=lng + 0.05 * rng.random(), latitude=lat + 0.05 * rng.random(), wage_floor=240_000 + 9_000 * k,
                )
            )  # fmt: skip
        for k in range(posts):
            jobs.append(
                position(
                    position_id=f"P{c}{k:02}", region_code=region, kind="PUBLIC_WELFARE" if k % 3 == 0 else "EMPLOYER",
                    longitude=lng + 0.05 * rng.random(), latitude=lat + 0.05 * rng.random(), openings_left=1, openings_total=1,
                    home_based=k == 3, wage_min=280_000 + 7_000 * k,
                )
            )  # fmt: skip
        for k in range((each + 1) // 2):
            homes.append(household(household_id=f"H{c}{k:02}", file_no=f"F{c}{k}", region_code=region))
            clocks.append(
                {
                    "promise_id": f"X{c}{k}",
                    "household_id": f"H{c}{k:02}",
                    "started_on": date(2026, 5, 20 + k),
                    "due_on": date(2026, 6, 20 + k),
                }
            )
    rows = {
        "households": homes,
        "members": people,
        "positions": jobs,
        "promises": clocks,
        "employers": [{"employer_id": "E1", "name": "示例公司", "region_code": "440103"}],
    }
    return {n: check(TABLES[n], pd.DataFrame(r)).require() for n, r in rows.items()}


def filled(settings):
    """Put the record where the settings say."""
    with open_store(settings) as store, store.write() as tx:
        for name in ("households", "members", "employers", "positions", "promises"):
            tx.insert(name, tables()[name])


def environment(settings, **more):
    """Return the environment a process needs to work on this record."""
    url = {} if settings.database_url is None else {"ONEMONTH_DATABASE_URL": settings.database_url}
    return os.environ | {"ONEMONTH_HOME": str(settings.home), "OMP_NUM_THREADS": "1", **url, **more}


def start(settings, **more):
    """Start a night in a process of its own."""
    command = [sys.executable, "-c", SMALL_SHARDS, "nightly", "--as-of", DAY.isoformat(), "--json"]
    return subprocess.Popen(
        command, env=environment(settings, **more), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def written(settings):
    """Return everything a night leaves for people, as one hash and the rows themselves."""
    with open_store(settings) as store:
        referrals = store.read("referrals")
        runs = store.read("runs", columns=["run_id", "state", "summary", "fingerprint"])
    text = referrals.to_csv(index=False) + runs.to_csv(index=False)
    return hashlib.sha256(text.encode()).hexdigest(), referrals, runs


def settings_of(folder, url=None):
    """Return settings for a record in a folder, or at an address."""
    return Settings(home=folder, database_url=url)
