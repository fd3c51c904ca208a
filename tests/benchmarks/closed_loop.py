"""A stranger's loop: a toy town that knows the engine by its seams only, plans with it night after night and brings the outcomes.

Built unlike the product's own simulation: people and posts are a handful of text columns, places are districts without coordinates, there is
no table of regions, employers, assessments or promises, identifiers are free text, and chances hang on a trade and a district that both
sides share. Run it as a program to compare the engine with greedy choice on the same luck:

    python -m tests.benchmarks.closed_loop --days 45 --seeds 3
"""

import argparse
import zlib
from datetime import date, timedelta

import numpy as np
import pandas as pd

from matching.baseline import BaselineScorer
from matching.nightly import NightState, plan_night
from matching.policy.load import load_policy
from models.train import TrainConfig, train

FIRST = date(2026, 3, 2)
TRADES = ("40102", "40802", "61105", "30101")
DISTRICTS = ("440103", "440104", "440105")
ENDS = ("rejected", "declined", "no_show")
PROMISE_DAYS = 30


def luck(*keys):
    """Return a number in [0, 1) that hangs on the keys alone: the same pair meets the same fate under every policy."""
    return zlib.crc32("|".join(map(str, keys)).encode()) / 2**32


class Town:
    """People, posts and what came of referrals, as rows a stranger would keep."""

    def __init__(self, seed, a_day=(2.0, 1.6), days=60):
        rng = np.random.default_rng(seed)
        self.seed, self.day = seed, 0
        self.people, self.posts, self.referrals, self.placements = [], [], [], []
        self.plan = [(rng.poisson(a_day[0]), rng.poisson(a_day[1])) for _ in range(days)]
        self.rng, self.met = rng, {}

    @property
    def today(self):
        return FIRST + timedelta(days=self.day)

    def arrive(self):
        households, posts = self.plan[self.day]
        for _ in range(households):
            home = f"家庭 #{len(self.people)}/{self.seed}"
            for k in range(int(self.rng.integers(1, 3))):
                skill, place = self.rng.integers(0, len(TRADES)), self.rng.integers(0, len(DISTRICTS))
                self.people.append({
                    "member_id": f"人 {len(self.people)}-{k}", "household_id": home, "education": "junior", "willing": True, "registered_on": self.today,
                    "flexibility_declared": True, "flexibility_declared_on": self.today, "willing_confirmed_on": self.today,
                    "employment_state": "unemployed", "experience": {TRADES[skill]: 36}, "region_code": DISTRICTS[place],
                })  # fmt: skip
        for _ in range(posts):
            welfare = self.rng.random() < 0.2
            trade, place = self.rng.integers(0, len(TRADES)), self.rng.integers(0, len(DISTRICTS))
            self.posts.append({
                "position_id": f"post:{len(self.posts):d}", "employer_id": "?", "kind": "PUBLIC_WELFARE" if welfare else "EMPLOYER", "title": "x",
                "occupation_code": TRADES[trade], "region_code": DISTRICTS[place], "openings_total": 1, "openings_left": 1, "wage_min": 300_000,
                "wage_max": 300_000, "posted_on": self.today, "status": "open",
            })  # fmt: skip

    def chance(self, person, post):
        same = post["occupation_code"] in person["experience"]
        near = post["region_code"] == person["region_code"]
        return {"PUBLIC_WELFARE": 0.45, "EMPLOYER": 0.08}[post["kind"]] + 0.3 * same + 0.1 * near

    def come_about(self):
        """Let referrals that are due end, and outsiders take openings."""
        people = {p["member_id"]: p for p in self.people}
        posts = {p["position_id"]: p for p in self.posts}
        for r in self.referrals:
            if r["state"] != "issued" or r["due"] > self.day:
                continue
            person, post = people[r["member_id"]], posts[r["position_id"]]
            key = (self.seed, r["member_id"], r["position_id"])
            r["outcome_on"] = self.today
            if person["employment_state"] == "employed" or not post["openings_left"]:
                r["state"], r["reason_side"] = (
                    ("revoked", "member") if post["openings_left"] else ("filled", "employer")
                )
            elif luck("fate", *key) < self.chance(person, post):
                r["state"], r["started_on"] = "started", self.today
                post["openings_left"] -= 1
                person["employment_state"] = "employed"
                self.met.setdefault(person["household_id"], self.day)
                self.placements.append({
                    "placement_id": f"j{len(self.placements)}", "referral_id": r["referral_id"], "member_id": r["member_id"],
                    "position_id": r["position_id"], "kind": post["kind"], "started_on": self.today,
                })  # fmt: skip
            else:
                r["state"] = ENDS[int(luck("end", *key) * 3)]
                r["reason_side"] = "employer" if r["state"] == "rejected" else "member"
        for post in self.posts:
            if post["openings_left"] and luck("outsider", self.seed, post["position_id"], self.day) < 0.03:
                post["openings_left"] = 0
            if not post["openings_left"]:
                post["status"] = "filled"

    def tables(self):
        """Return what the stranger has: five tables, with the columns he keeps."""
        homes = {p["household_id"]: p for p in self.people}
        worked = {p["household_id"] for p in self.people if p["employment_state"] == "employed"}
        rows = [
            {"household_id": h, "file_no": h, "region_code": p["region_code"], "recognised_on": p["registered_on"],
             "status": "one_employed" if h in worked else "in_service"}
            for h, p in homes.items()
        ]  # fmt: skip
        referrals = [{k: v for k, v in r.items() if k != "due"} for r in self.referrals]
        found = {
            "households": rows, "members": self.people, "positions": self.posts, "referrals": referrals, "placements": self.placements,
        }  # fmt: skip
        return {name: pd.DataFrame(table) for name, table in found.items() if table}

    def refer(self, pairs):
        for member, post in pairs:
            wait = 2 + int(8 * luck("wait", self.seed, member, post))
            self.referrals.append({
                "referral_id": f"r{len(self.referrals)}", "member_id": member, "position_id": post, "created_on": self.today, "state": "issued",
                "source": "night", "reason_side": None, "outcome_on": None, "started_on": None, "due": self.day + wait,
            })  # fmt: skip

    def kept(self, until):
        """Return the share of households of the first days that had a job within the promise."""
        first = {p["household_id"]: (p["registered_on"] - FIRST).days for p in self.people}
        due = {h: d for h, d in first.items() if d + PROMISE_DAYS <= until}
        return np.mean([self.met.get(h, 10**6) <= d + PROMISE_DAYS for h, d in due.items()]) if due else float("nan")


def engine(scorer):
    """Return the engine as a stranger calls it."""

    def choose(town):
        state = NightState(town.today, **town.tables())
        plan = plan_night(state, scorer, load_policy("440100", town.today), rng=np.random.default_rng(town.day))
        assert plan.certificate.feasible
        return list(zip(plan.referrals["member_id"], plan.referrals["position_id"], strict=True))

    return choose


def greedy(scorer):
    """Return greedy choice over the engine's own scores: the best pair first, three a member, two a post, one a welfare post."""
    from matching.candidates import short_lists
    from matching.nightly_scene import scene_of

    def choose(town):
        policy = load_policy("440100", town.today)
        scene = scene_of(NightState(town.today, **town.tables()), policy)
        found = short_lists(scene.pairing, scorer, policy, scene.horizon, taken=scene.taken, rows=scene.rows)
        p, m = scene.pairing.positions, scene.pairing.members
        room = p.openings_left * np.where(p.kind == 1, 1, 2) - np.bincount(scene.standing["pj"], minlength=len(p))
        slots = 3 - np.bincount(scene.standing["mi"], minlength=len(m))
        pairs = []
        for k in np.argsort(-found.utility, kind="stable"):
            i, j = found.member[k], found.position[k]
            if room[j] > 0 and slots[i] > 0:
                room[j], slots[i] = room[j] - 1, slots[i] - 1
                pairs.append((m.ids[i], p.ids[j]))
        return pairs

    return choose


def live(town, choose, days):
    """Live a town for so many days under a choice of referrals."""
    for day in range(days):
        town.day = day
        town.come_about()
        town.arrive()
        if town.people and town.posts:
            town.refer(choose(town))
    return town


def compare(days, seed):
    """Return promise kept by policy; the learned scorer is trained on the town's own first half under the baseline."""
    found = {"onemonth": engine(BaselineScorer()), "greedy": greedy(BaselineScorer())}
    shares = {name: live(Town(seed, days=days), choose, days).kept(days) for name, choose in found.items()}
    before = live(Town(seed + 1000, days=days), engine(BaselineScorer()), days)
    scorer = train(before.tables(), TrainConfig(weighting="none", n_threads=1))
    shares["onemonth_trained"] = live(Town(seed, days=days), engine(scorer), days).kept(days)
    return shares


if __name__ == "__main__":
    asked = argparse.ArgumentParser()
    asked.add_argument("--days", type=int, default=60)
    asked.add_argument("--seeds", type=int, default=3)
    told = asked.parse_args()
    rows = pd.DataFrame([compare(told.days, s) for s in range(told.seeds)])
    print(rows.round(3).to_string(), "\n", rows.mean().round(3).to_dict())
