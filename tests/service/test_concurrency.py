"""Several people at once: the last opening goes to exactly one."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pandas as pd
import pytest

from tests.service.conftest import add
from tests.service.region import DAY, MEMBERS, SHAMIAN

THREADS = 16


@pytest.fixture
def office(office_on_either_store):
    return office_on_either_store


def crowd(office):
    """Add as many members as there are callers, all eligible for the one public-welfare opening."""
    rows = [{**MEMBERS[0], "member_id": f"X{k:02d}", "household_id": "H1", **SHAMIAN} for k in range(THREADS)]
    add(office, "members", rows)
    return [r["member_id"] for r in rows]


def at_once(calls):
    gate = Barrier(len(calls))

    def run(call):
        gate.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def post(client, member, position, key=None):
    headers = {} if key is None else {"Idempotency-Key": key}
    return lambda: client.post(
        "/api/v1/referrals", json={"member_id": member, "position_id": position}, headers=headers
    )


def test_of_sixteen_who_ask_for_the_last_opening_exactly_one_gets_it(client, office):
    answers = at_once([post(client, member, "P1") for member in crowd(office)])
    assert sorted(a.status_code for a in answers) == [201] + [409] * (THREADS - 1)
    assert {a.json()["type"] for a in answers if a.status_code == 409} == {"/problems/no-opening"}
    assert len(office.store.read("referrals")) == 1
    assert office.store.read("journal")["action"].tolist() == ["referral.issued"]


def test_the_same_key_from_sixteen_callers_makes_one_referral(client, office):
    answers = at_once([post(client, "M1", "P1", "key-00000009")] * THREADS)
    assert {a.status_code for a in answers} == {201}
    assert len({a.json()["referral_id"] for a in answers}) == 1
    assert len(office.store.read("referrals")) == 1


def test_two_who_start_on_the_last_opening_do_not_both_get_it(client, office):
    members = crowd(office)[:2]
    rows = [
        {
            "referral_id": f"R{m}",
            "member_id": m,
            "position_id": "P1",
            "created_on": pd.Timestamp(DAY),
            "state": "accepted",
        }
        for m in members
    ]
    add(office, "referrals", rows)
    body = {"to": "started", "started_on": DAY.isoformat()}
    answers = at_once([lambda m=m: client.post(f"/api/v1/referrals/R{m}/transitions", json=body) for m in members])
    assert sorted(a.status_code for a in answers) == [200, 409]
    assert office.store.read("positions", position_id="P1")["openings_left"].tolist() == [0]
    assert len(office.store.read("placements")) == 1
