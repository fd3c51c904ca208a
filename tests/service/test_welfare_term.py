"""The counter bars a public-welfare post to whom the night bars it, with the same reason: term, lifetime, category, offers owed."""

from datetime import timedelta

import pytest

from matching.eligibility import Gate, bit
from matching.nightly_scene import NightState, scene_of
from matching.reasons import Verdict
from service.storage.store import EXPORTED
from service.use_cases.explain import explain
from service.use_cases.household import casefile
from service.use_cases.next_step import why_none
from service.use_cases.rank import rank_member, rank_position
from service.use_cases.refer import refer
from service.use_cases.refusals import Ineligible
from service.use_cases.welfare_term import barred_members, barred_posts
from service.web.wording import Wording
from tests.service.conftest import add
from tests.service.region import DAY


def had(member_id, began, ended=None):
    on = {"started_on": DAY - timedelta(days=began), "ended_on": None if ended is None else DAY - timedelta(days=ended)}
    return {
        "placement_id": f"X{member_id}{began}", "member_id": member_id, "kind": "PUBLIC_WELFARE", **on, "evidence": "contract",
        "verified_on": on["started_on"],
    }  # fmt: skip


TERM = bit(Gate.GATE_PW_TERM)
JOBS = {
    "runs": (had("M1", 100), "期限到"),
    "began today": (had("M1", 0), "期限到"),
    "offers are owed": (had("M1", 900, 300), "应先推荐过 3 个"),
}


@pytest.mark.parametrize(("job", "said"), JOBS.values(), ids=JOBS)
def test_a_welfare_post_is_on_no_list_of_who_may_not_begin_one_and_the_page_says_what_bars(office, job, said):
    assert "P1" in {x.position_id for x in rank_member(office, "M1", limit=20).items}
    assert "M1" in {x.member_id for x in rank_position(office, "P1").items}
    others = {x.member_id for x in rank_position(office, "P1").items} - {"M1"}
    add(office, "placements", [job])
    listing = rank_member(office, "M1", limit=20)
    assert listing.items and "P1" not in {x.position_id for x in listing.items} and listing.blocked["GATE_PW_TERM"] == 1
    assert {x.member_id for x in rank_position(office, "P1").items} == others
    found = explain(office, "M1", "P1")
    assert (found.verdict, [r.code for r in found.reasons]) == (Verdict.NOT_MET, ["GATE_PW_TERM"])
    assert said in Wording("zh").reason(found.reasons[0])
    assert why_none(office, "M1").blocked["GATE_PW_TERM"] == 1
    [mine] = [m for m in casefile(office, "H1").members if m.row["member_id"] == "M1"]
    assert mine.eligible == listing.eligible and mine.best.position_id == listing.items[0].position_id
    with pytest.raises(Ineligible) as refused:
        refer(office, "M1", "P1")
    assert [r.code for r in refused.value.reasons] == ["GATE_PW_TERM"]


def offered(k, member_id, position_id):
    return {
        "referral_id": f"R{k}{member_id}", "member_id": member_id, "position_id": position_id, "state": "declined", "suitability": "ok",
        "created_on": DAY - timedelta(days=20 + k), "outcome_on": DAY - timedelta(days=19 + k),
    }  # fmt: skip


def test_counter_and_night_bar_the_same_members(office):
    """M2 is in a term; M3 and M4 had one that ended, M4 was offered enough since; M6 is of no category that lets one be repeated."""
    add(office, "placements", [had("M2", 100), *(had(m, 900, 300) for m in ("M3", "M4", "M6"))])
    add(office, "referrals", [offered(k, "M4", post) for k, post in enumerate(("P2", "P3", "P8"))])
    index, state = office.now(), NightState(DAY, **office.store.snapshot(EXPORTED))
    scene = scene_of(state, office.policy(DAY))
    post = index.position_row("P1")
    barred = {m for m in index.members.index if barred_posts(office, index, index.member_row(m))[post] & TERM}
    by_post = barred_members(office, index, post)
    assert barred == {"M2", "M3", "M6"}
    assert barred == {m for k, m in enumerate(index.members.index) if by_post[k] & TERM}
    assert barred == set(scene.pairing.members.ids[scene.spent])
