"""Ranking one member stays well ahead of what would be written first, in the same run; a ratio, never a wall clock."""

from time import perf_counter

import numpy as np
import pandas as pd

from matching.baseline import BaselineScorer
from matching.encoding import encode_members, encode_positions
from matching.pairing import Pairing
from matching.policy.load import load_policy
from matching.ranking import rank
from service.cli_bench_online import Naive
from tests.service.region import DAY, tables

LEAST = 8.0
"""How many times faster it must be; more than that is for `make bench`, on a quiet machine."""


def median_seconds(times, work):
    taken = []
    for _ in range(times):
        began = perf_counter()
        work()
        taken.append(perf_counter() - began)
    return float(np.median(taken))


def test_a_list_of_thirty_thousand_posts_is_several_times_faster_than_merging_and_scoring_them_all():
    found, policy = tables(), load_policy("440000", DAY)
    posts = found["positions"][found["positions"]["status"] == "open"]
    posts = pd.concat(
        [posts.assign(position_id=posts["position_id"] + f"-{k}") for k in range(3_750)], ignore_index=True
    )
    members = encode_members(found["members"], found["assessments"], DAY, policy)
    pairing = Pairing(members, encode_positions(posts, found["employers"], DAY, policy))
    naive = Naive(found["members"], posts)
    ours = median_seconds(7, lambda: rank(pairing, 0, BaselineScorer(), 20.0, policy))
    assert median_seconds(3, lambda: naive.top("M1")) / ours >= LEAST
