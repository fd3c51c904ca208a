"""What comes next for a member: the stage proposed, what to assess first, which course opens most; and why there is no post at all."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from matching.eligibility import Gate, verdicts
from matching.errors import NotFound
from matching.path import best_training, path_table, step_path, telling_dimensions
from matching.reasons import Reason
from matching.unblock import nearest_changes
from service.index import Index
from service.use_cases.entries import path_number
from service.use_cases.readings import note_reading
from service.use_cases.refusals import Stale
from service.use_cases.rows import journalled, only
from service.use_cases.welfare_term import barred_posts, with_term
from service.wiring import Office

_LEARNED = (Gate.GATE_SKILL, Gate.GATE_CERT)
"""Gates a course can open; a post is in reach when nothing else stands against it."""


@dataclass(frozen=True, slots=True)
class NextStep:
    """Where a member stands on the path and what is proposed; ``assess_first`` and ``training`` name the openings they bear on."""

    member_id: str
    stage: str
    days_in_stage: int
    referrals: int
    assessed: int
    next_stage: str | None
    reason: Reason
    assess_first: tuple[Reason, ...]
    training: Reason | None
    reachable_posts: int


def next_step(office: Office, member_id: str) -> NextStep:
    """Propose a member's next step on the service path; the promise clock does not wait for it. NotFound without the member."""
    index = office.now()
    i = index.member_row(member_id)
    pj = _reachable(index, i)
    p, m = index.pairing.positions, index.pairing.members
    openings = p.openings_left[pj]
    wanted = [frozenset(p.certificates.sets[int(c)]) for c in p.certificates.codes[pj]]
    held = frozenset(m.certificates.expanded[int(m.certificates.codes[i])])
    training = best_training(p.need[pj], m.skills[i], openings, wanted, held)
    row = _path_row(office, index, i, training is not None)
    note_reading(office, "members", member_id, "next step")
    return NextStep(
        member_id, str(row["stage"]), int(str(row["days_in_stage"])), int(str(row["referrals"])), int(str(row["assessed"])),
        None if row["next_stage"] is None else str(row["next_stage"]), Reason(str(row["reason"]), {"stage": str(row["stage"])}),
        telling_dimensions(p.need[pj], m.skills[i], openings), training, len(pj),
    )  # fmt: skip


def _reachable(index: Index, i: int) -> np.ndarray:
    """Return the rows of open posts that nothing but a skill or a certificate may keep from the member."""
    pairing = index.pairing
    pj = np.arange(len(pairing.positions))
    blocked = verdicts(pairing, index.policy, np.full(len(pj), i), pj).blocked
    learned = np.uint32(sum(1 << g for g in _LEARNED))
    return np.flatnonzero((blocked & ~learned) == 0)


def _path_row(office: Office, index: Index, i: int, gap: bool) -> dict[str, object]:
    member_id = str(index.members.index[i])
    member = office.store.read("members", member_id=member_id)
    read = {
        n: office.store.read(n, member_id=member_id)
        for n in ("path_records", "referrals", "assessments", "trainings", "placements")
    }
    place = index.policy.at(str(member["region_code"].iloc[0])[:6])
    return only(
        path_table(
            member, read["path_records"], read["referrals"], read["assessments"], read["trainings"], read["placements"],
            index.as_of, place, gaps=np.array([gap]),
        )
    )  # fmt: skip


def take_step(
    office: Office, member_id: str, to: str, reason: str, *, seen: str | None = None, request_id: str | None = None
) -> Mapping[str, object]:
    """Move a member to another stage of the path and return the record of it; stages may be skipped, and the reason is kept.

    ``seen`` is the stage the person saw the member in. With it the step that was the last one taken is returned as it is, and Stale is raised
    where somebody else moved the member meanwhile. NotFound without the member, Conflict when the path does not lead there, BadInput for a
    stage nobody knows.
    """
    today = pd.Timestamp(office.today())
    with office.store.write() as tx:
        frame = tx.seen("members", member_id=member_id)
        if frame.empty:
            raise NotFound(f"no member {member_id!r} in the record; check the number")
        records = tx.read("path_records", member_id=member_id)
        last = records.sort_values(["entered_on", "path_record_id"]).tail(1)
        stage = str(last["stage"].iloc[0] if len(last) else frame["path_stage"].iloc[0])
        if seen is not None and seen != stage:
            if stage == to and len(last) and last["entry_reason"].iloc[0] == reason:
                return only(last)
            raise Stale(f"member {member_id} was in {seen} when you looked and is in {stage} now; look again")
        step_path(stage, to)
        if len(last):
            done = {"left_on": today, "exit": "placed" if to == "FOLLOWUP" else "next"}
            tx.update("path_records", {"path_record_id": last["path_record_id"].iloc[0]}, done, where={"left_on": None})
        row = {
            "path_record_id": path_number(member_id, len(records) + 1), "member_id": member_id, "stage": to, "entered_on": today, "left_on": None,
            "entry_reason": reason, "exit": None, "provider_id": None, "sessions": 0,
        }  # fmt: skip
        tx.insert("path_records", [row])
        tx.update("members", {"member_id": member_id}, {"path_stage": to})
        tx.journal(
            actor=office.actor, role=office.role, action="path.entered", object_type="path_records", object_id=str(row["path_record_id"]),
            before={"stage": stage}, after=journalled(row), reason=reason, request_id=request_id,
        )  # fmt: skip
        return only(tx.read("path_records", path_record_id=row["path_record_id"]))


@dataclass(frozen=True, slots=True)
class WhyNone:
    """Why a member's list is what it is: posts looked at, posts left, rule → posts it rules out, and the changes that would open most."""

    member_id: str
    considered: int
    eligible: int
    unknown: int
    blocked: Mapping[str, int]
    alone: Mapping[str, int]
    nearest_change: tuple[Reason, ...]


def why_none(office: Office, member_id: str) -> WhyNone:
    """Answer "why has this member no posts at all?" in one call: every open post judged, every rule counted. NotFound without the member.

    ``blocked`` counts a post under each rule that stands against it, ``alone`` only where no other does; ``unknown`` eligible posts of
    which something has still to be asked.
    """
    index = office.now()
    i = index.member_row(member_id)
    pairing, taken = index.pairing, barred_posts(office, index, i)
    pj = np.arange(len(pairing.positions))
    found = verdicts(pairing, index.policy, np.full(len(pj), i), pj)
    blocked = found.blocked | taken
    single = (blocked != 0) & (blocked & (blocked - np.uint32(1)) == 0)
    note_reading(office, "members", member_id, "why none")
    return WhyNone(
        member_id, len(pj), int((blocked == 0).sum()), int(((blocked == 0) & (found.unknown != 0)).sum()), _counts(blocked),
        _counts(blocked[single]), with_term(office, member_id, nearest_changes(pairing, index.policy, i, extra=taken)),
    )  # fmt: skip


def _counts(bits: np.ndarray) -> dict[str, int]:
    return {g.name: n for g in Gate if (n := int((bits >> np.uint32(g) & np.uint32(1)).sum()))}
