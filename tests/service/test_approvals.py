"""Steps that need two people."""

from dataclasses import replace

import pytest

from matching.errors import BadInput, Conflict, NotFound
from matching.vocabulary import Role
from service.security.matrix import matrix
from service.security.refusals import NotAllowed
from service.use_cases.approval_kinds import KINDS
from service.use_cases.approvals import Kind, approval, decide, listed, propose
from service.use_cases.rows import only


def _check(tx, office, household_id, payload):
    found = tx.seen("households", ["region_code"], household_id=household_id)
    if found.empty:
        raise NotFound(f"no household {household_id!r}")
    return str(found["region_code"].iloc[0])


def _perform(tx, office, found):
    values = {"hardship_level": found.payload["level"]}
    if tx.update("households", {"household_id": found.object_id}, values) != 1:
        raise Conflict("gone")


HARDSHIP = Kind(
    "household.hardship", "households", frozenset({Role.CASEWORKER}), frozenset({Role.SUPERVISOR}), _check, _perform
)
ALL = {HARDSHIP.name: HARDSHIP}


def person(office, actor, role, regions=()):
    return replace(office, actor=actor, role=role, regions=regions, store=office.store.limited_to(regions))


@pytest.fixture
def li(office):
    return person(office, "li", "caseworker")


@pytest.fixture
def chen(office):
    return person(office, "chen", "supervisor")


def level(office):
    return only(office.store.read("households", household_id="H1"))["hardship_level"]


def test_nothing_happens_until_a_second_person_approves_and_then_once(office, li, chen):
    made = propose(li, HARDSHIP, "H1", {"level": 3}, "no income since May")
    assert (made.state, made.region_code, level(office) != 3) == ("proposed", "440103001", True)
    done = decide(chen, ALL, made.approval_id, approve=True, answer="seen the papers")
    assert (done.state, done.proposed_by, done.decided_by, level(office)) == ("approved", "li", "chen", 3)
    with pytest.raises(Conflict):
        decide(chen, ALL, made.approval_id, approve=False, answer="")
    assert office.store.read("journal")["action"].tolist() == ["approval.proposed", "approval.approved"]


def test_nobody_decides_what_they_proposed_whatever_their_role(office, li):
    made = propose(li, HARDSHIP, "H1", {"level": 3}, "why")
    for same in (li, person(office, "li", "supervisor")):
        with pytest.raises(NotAllowed):
            decide(same, ALL, made.approval_id, approve=True, answer="")
    assert approval(li, made.approval_id).state == "proposed"


def test_the_role_decides_who_may_propose_and_who_may_decide(office, li, chen):
    with pytest.raises(NotAllowed):
        propose(chen, HARDSHIP, "H1", {"level": 3}, "why")
    made = propose(li, HARDSHIP, "H1", {"level": 3}, "why")
    with pytest.raises(NotAllowed):
        decide(person(office, "wang", "caseworker"), ALL, made.approval_id, approve=True, answer="")


def test_a_refusal_changes_nothing_and_the_step_may_be_proposed_again(office, li, chen):
    made = propose(li, HARDSHIP, "H1", {"level": 3}, "why")
    with pytest.raises(Conflict):
        propose(li, HARDSHIP, "H1", {"level": 2}, "twice")
    assert decide(chen, ALL, made.approval_id, approve=False, answer="not shown").state == "refused"
    assert level(office) != 3
    assert propose(li, HARDSHIP, "H1", {"level": 2}, "with papers").state == "proposed"


def test_a_step_that_fails_leaves_the_proposal_as_it_was(office, li, chen):
    made = propose(li, HARDSHIP, "H1", {"level": 3}, "why")

    def fails(tx, office, found):
        tx.update("households", {"household_id": "H1"}, {"hardship_level": 1})
        raise Conflict("somebody was faster")

    with pytest.raises(Conflict, match="faster"):
        decide(chen, {HARDSHIP.name: replace(HARDSHIP, perform=fails)}, made.approval_id, approve=True, answer="")
    assert approval(chen, made.approval_id).state == "proposed"
    assert level(office) != 1


def test_another_region_neither_sees_nor_decides_it(office, li):
    made = propose(li, HARDSHIP, "H1", {"level": 3}, "why")
    other = person(office, "zhou", "supervisor", ("440183",))
    assert listed(other) == ([], None)
    with pytest.raises(NotFound):
        decide(other, ALL, made.approval_id, approve=True, answer="")
    with pytest.raises(NotFound):
        propose(person(office, "xu", "caseworker", ("440183",)), HARDSHIP, "H2", {"level": 3}, "why")
    assert [a.approval_id for a in listed(person(office, "he", "supervisor", ("4401",)))[0]] == [made.approval_id]


def test_a_reason_is_asked_for(li):
    with pytest.raises(BadInput, match="reason"):
        propose(li, HARDSHIP, "H1", {"level": 3}, "  ")


def test_an_office_without_accounts_has_one_actor_and_decides_alone(office):
    made = propose(office, HARDSHIP, "H1", {"level": 3}, "why")
    assert decide(office, ALL, made.approval_id, approve=True, answer="").decided_by == "office"


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda k: k.name)
def test_whoever_may_propose_or_decide_a_kind_may_call_the_operation(kind):
    assert kind.proposers <= matrix().operations["post_approval"]
    assert kind.deciders <= matrix().operations["post_decision"]
    assert kind.deciders <= matrix().operations["get_approvals"]


def test_a_proposal_that_cannot_be_is_refused_over_the_interface(client):
    answer = client.post("/api/v1/approvals", json={"kind": "no.such", "object_id": "x", "reason": "why"})
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid")
    answer = client.post("/api/v1/approvals", json={"kind": "model.promotion", "object_id": "v9", "reason": "why"})
    assert answer.status_code == 404
    assert client.get("/api/v1/approvals").json() == {"items": [], "next": None}
