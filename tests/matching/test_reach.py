"""Which posts are looked at for whom: those in reach, and nothing at all where there are none."""

import numpy as np

from matching.reach import blocks
from tests.matching.people import member, pairing, position


def test_a_member_whom_no_post_is_near_enough_is_looked_at_with_none():
    pair = pairing([member(commute_limit_minutes=5)], [position(longitude=116.4, latitude=39.9)])
    found = list(blocks(pair, np.arange(1)))
    assert all(not block.near.any() for block in found)


def test_a_post_next_door_is_in_reach_of_the_shortest_limit():
    pair = pairing([member(commute_limit_minutes=10)], [position(longitude=113.24, latitude=23.12)])
    [block] = blocks(pair, np.arange(1))
    assert block.near.all()
