"""The live index: after any changes of the store it is what a fresh reading would be, field by field."""

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from matching.eligibility import position_gates
from matching.features import alone
from matching.pair_columns import Experience
from matching.tables import TABLES, check
from matching.tokens import TokenColumn
from service.index_reading import index_of
from service.index_tables import whole_record
from service.storage.feed import MOST
from service.use_cases.rank import rank_member
from tests.service.conftest import add
from tests.service.region import DAY, HONGQIAO, MEMBERS, POSITIONS, SHAMIAN


def fresh(office):
    with office.store.reading() as reader:
        return index_of(whole_record(reader), reader.change(), DAY, office.policy(DAY))


def told(value):
    """Return an index, or a part of one, as plain values that do not depend on how code sets are numbered."""
    if isinstance(value, TokenColumn):
        return [(value.sets[c], value.expanded[c]) for c in value.codes]
    if isinstance(value, Experience):
        names = {k: t for t, k in value.tokens.items()}
        row, token = np.divmod(value.keys, max(len(names), 1))
        return sorted((int(r), names[int(k)], float(m)) for r, k, m in zip(row, token, value.months, strict=True))
    return value.tolist() if value.dtype == object else value


def assert_same(live, want):
    for side in ("members", "positions"):
        mine, theirs = getattr(live.pairing, side), getattr(want.pairing, side)
        for name in type(theirs).__dataclass_fields__:
            np.testing.assert_equal(told(getattr(mine, name)), told(getattr(theirs, name)), err_msg=f"{side}.{name}")
    assert_of_posts_same(live.pairing, want.pairing)
    for name in ("members", "positions", "clocks", "desk", "households", "employers", "places", "worklist"):
        pd.testing.assert_frame_equal(getattr(live, name), getattr(want, name), obj=name, check_freq=False)
    for name in ("planning_days", "held", "room", "shut"):
        np.testing.assert_array_equal(getattr(live, name), getattr(want, name), err_msg=name)
    pairs = [sorted(zip(m.members, m.positions, m.what.tolist(), strict=True)) for m in (live.marks, want.marks)]
    assert pairs[0] == pairs[1] and list(live.marks.members) == sorted(live.marks.members)
    assert (live.version, live.as_of, live.simulated) == (want.version, want.as_of, want.simulated)


def assert_of_posts_same(mine, theirs):
    """What was worked out about posts before a change is carried over it and is what it would be anew."""
    for found in (lambda pairing: pairing.of_posts(alone), position_gates):
        np.testing.assert_array_equal(found(mine), found(theirs))


def row(table, **values):
    return check(TABLES[table], pd.DataFrame([values])).require()


def change(tx, kind, k, n):
    """One thing an office does; ``k`` and ``n`` choose whom it concerns and what it says."""
    someone, post = f"M{k % 6 + 1}", f"P{k % 9 + 1}"
    home = next(m["household_id"] for m in MEMBERS if m["member_id"] == someone)
    day = DAY - timedelta(days=n % 30)
    match kind:
        case "corrected":
            tx.update(
                "members",
                {"member_id": someone},
                {"wage_floor": 200_000 + n, "experience": f"4080{n % 9}:{n + 1}", "wanted_occupations": f"4010{n % 7}"},
            )
        case "filled":
            tx.update(
                "positions",
                {"position_id": post},
                {"openings_left": n % 2, "status": ("open", "filled", "paused")[n % 3]},
            )
        case "post":
            tx.upsert(
                "positions",
                row(
                    "positions",
                    **{
                        **POSITIONS[1],
                        **HONGQIAO,
                        "position_id": f"{'NPA'[n % 3]}{k}",
                        "required_certificates": f"electrician@{n % 5 + 1}",
                        "night": bool(n % 2),
                    },
                ),
            )
        case "person":
            tx.upsert(
                "members",
                row(
                    "members",
                    **{
                        **MEMBERS[0],
                        **SHAMIAN,
                        "member_id": f"{'NMA'[n % 3]}{k}",
                        "household_id": home,
                        "experience": {f"5{n % 10}201": n},
                    },
                ),
            )
        case "employer":
            tx.update("employers", {"employer_id": f"E{k % 2 + 1}"}, {"blacklisted": bool(n % 2)})
        case "referred":
            tx.upsert(
                "referrals",
                row(
                    "referrals",
                    referral_id=f"R{k}",
                    member_id=someone,
                    position_id=post,
                    created_on=day,
                    source=("night", "caseworker")[n % 2],
                    suitability="ok",
                    state=("draft", "declined", "closed")[n % 3],
                    outcome_on=None if n % 3 == 0 else DAY,
                ),
            )
        case "locked":
            tx.upsert(
                "locks",
                row(
                    "locks",
                    lock_id=f"L{k}",
                    kind=("exclude", "pin")[n % 2],
                    member_id=None if n % 5 == 0 else someone,
                    position_id=post,
                    made_by="K",
                    made_on=day,
                    reason_code="other",
                ),
            )
        case "clock":
            tx.update(
                "promises", {"promise_id": f"C{k % 4 + 1}"}, {"paused_days": n % 9, "state": ("running", "void")[n % 2]}
            )
        case "household":
            tx.update(
                "households",
                {"household_id": home},
                {"status": ("in_service", "one_employed")[n % 2], "file_no": f"F{n}"},
            )
        case "moved":
            tx.update("members", {"member_id": someone}, {"household_id": f"H{n % 4 + 1}"})
        case "assessed":
            tx.upsert(
                "assessments",
                row(
                    "assessments",
                    member_id=someone,
                    assessed_on=day,
                    dimension="physical_stamina",
                    score=float(n),
                    mode="test",
                ),
            )
        case "seen":
            tx.upsert(
                "contacts", row("contacts", contact_id=f"K{k}", household_id=home, contacted_on=day, kind="phone")
            )
        case "placed":
            tx.upsert(
                "placements",
                row(
                    "placements",
                    placement_id=f"W{k}",
                    member_id=someone,
                    kind="PUBLIC_WELFARE",
                    started_on=day - timedelta(days=400),
                    ended_on=day - timedelta(days=30),
                ),
            )
        case _:
            tx.update("regions", {"region_code": "440103001"}, {"name_en": f"Place {n}"})  # fmt: skip


KINDS = (
    "corrected", "filled", "post", "person", "employer", "referred", "locked", "clock", "household", "moved", "assessed", "seen", "placed", "region",
)  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2])
def test_after_any_changes_the_live_index_is_a_fresh_one_field_by_field(office, seed):
    rng = np.random.default_rng(seed)
    office.now()
    for _ in range(8):
        before = office.now()
        with office.store.write() as tx:
            for kind in rng.choice(KINDS, size=rng.integers(1, 5)):
                change(tx, kind, int(rng.integers(40)), int(rng.integers(60)))
        assert_same(office.now(), fresh(office))
        assert before.version < office.now().version


def test_every_kind_of_change_alone_reaches_the_index(office):
    office.now()
    for kind in KINDS:
        with office.store.write() as tx:
            change(tx, kind, 3, 7)
        assert_same(office.now(), fresh(office))


def test_what_does_not_rest_on_a_table_that_was_written_is_the_same_as_before(office):
    before = office.now()
    with office.store.write() as tx:
        change(tx, "seen", 3, 7)
    called = office.now()
    assert all(
        getattr(called, name) is getattr(before, name) for name in ("pairing", "members", "clocks", "marks", "held")
    )
    assert not called.desk["last_contact_on"].equals(before.desk["last_contact_on"])
    with office.store.write() as tx:
        change(tx, "referred", 3, 6)
    sent = office.now()
    assert sent.pairing.members is before.pairing.members and sent.positions is before.positions
    assert sent.pairing.positions.pending.sum() == before.pairing.positions.pending.sum()  # a proposal of the night
    assert sent.held.sum() == before.held.sum() + 1
    assert_same(sent, fresh(office))


def test_a_person_taken_out_of_the_record_is_on_no_list_any_more(office):
    assert MEMBERS[0]["member_id"] in office.now().members.index
    with office.store.write() as tx:
        for name in (
            "referrals",
            "placements",
            "assessments",
            "suggestions",
            "promises",
            "locks",
            "contacts",
            "members",
        ):
            tx.delete(name, member_id=MEMBERS[0]["member_id"])
    assert MEMBERS[0]["member_id"] not in office.now().members.index
    assert_same(office.now(), fresh(office))


def test_a_reading_does_not_change_under_who_holds_it(office):
    held = office.now()
    i, j = held.member_row("M1"), held.position_row("P2")
    floor, left = held.pairing.members.wage_floor[i], held.pairing.positions.openings_left[j]
    with office.store.write() as tx:
        tx.update("members", {"member_id": "M1"}, {"wage_floor": 260_000})
        tx.update("positions", {"position_id": "P2"}, {"openings_left": 1})
    assert office.now().pairing.positions.openings_left[j] == 1 and left == 2
    assert held.pairing.members.wage_floor[i] == floor and held.pairing.positions.openings_left[j] == left


def test_a_new_post_a_filled_post_and_a_corrected_value_are_in_the_next_list(office):
    first = {x.position_id for x in rank_member(office, "M1").items}
    add(office, "positions", [{**POSITIONS[0], "position_id": "P0", "title": "新岗"}])
    assert {x.position_id for x in rank_member(office, "M1").items} == first | {"P0"}
    with office.store.write() as tx:
        tx.update("positions", {"position_id": "P0"}, {"status": "filled", "openings_left": 0})
    assert {x.position_id for x in rank_member(office, "M1").items} == first
    with office.store.write() as tx:
        tx.update("members", {"member_id": "M1"}, {"commute_limit_minutes": 5})
    assert "P2" in first and "P2" not in {x.position_id for x in rank_member(office, "M1").items}


def test_a_write_that_touches_very_many_is_read_afresh_and_what_nobody_follows_is_not_read_at_all(office):
    before = office.now()
    rank_member(office, "M1")
    assert office.now() is before
    add(office, "positions", [{**POSITIONS[0], "position_id": f"Q{k:04}"} for k in range(MOST + 1)])
    with office.store.reading() as reader:
        assert reader.touched_since(before.version) is None
    assert_same(office.now(), fresh(office))
