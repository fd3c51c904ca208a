"""A stranger plans night after night by the seams alone: odd identifiers, missing tables, nullable columns; the engine keeps its word."""

from collections import Counter

from matching.baseline import BaselineScorer
from tests.benchmarks.closed_loop import Town, engine, live

DAYS = 9


def test_a_stranger_s_town_is_planned_every_night_within_room_and_slots_and_nobody_is_sent_twice():
    choose, nights = engine(BaselineScorer()), []

    def watched(town):
        pairs = choose(town)
        open_ = [r for r in town.referrals if r["state"] == "issued"]
        posts = {p["position_id"]: p for p in town.posts}
        holds = Counter(r["member_id"] for r in open_) + Counter(m for m, _ in pairs)
        load = Counter(r["position_id"] for r in open_) + Counter(p for _, p in pairs)
        assert max(holds.values(), default=0) <= 3
        assert all(load[p] <= (1 if posts[p]["kind"] == "PUBLIC_WELFARE" else 2) for _, p in pairs)
        assert not {(r["member_id"], r["position_id"]) for r in town.referrals} & set(pairs)
        nights.append(len(pairs))
        return pairs

    town = live(Town(1, days=DAYS), watched, DAYS)
    assert sum(nights) > 10 and len(town.placements) >= 1 and len(town.met) >= 1
