"""What members answered to offers: the counters of each regime, judged by a named person, told to the member, open to appeal."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from matching.deadlines import appeal_due
from matching.errors import BadInput, Conflict, NotFound
from matching.offers import offer_duty_table
from matching.refusals import Tally, refusal_log, tallies
from matching.vocabulary import JUSTIFIED_BY_RULE, ContactKind, Justified
from service.exchange.personal import hidden
from service.storage.transactions import Transaction
from service.use_cases.entries import enter, identifier
from service.use_cases.readings import note_reading
from service.use_cases.rows import journalled, only, records
from service.wiring import Office

Row = Mapping[str, object]
ABOUT = ("ranking", "refusal_count", "status", "data", "suitability", "clock")
"""What an appeal may be about."""

_ABOUT_OFFERS = ("refusal_count", "suitability")


@dataclass(frozen=True, slots=True)
class Answers:
    """Where a member stands: every answer given, each regime's counter with the row it rests on, and what the office still owes."""

    member_id: str
    log: tuple[Row, ...]
    tallies: tuple[Tally, ...]
    offers: int
    rounds: int
    rounds_owed: int
    appeals: tuple[Row, ...]


def answers(office: Office, member_id: str) -> Answers:
    """Return a member's answers and counters today; a counter is for the caseworker's eyes, nothing follows by itself.

    The reading is an entry in the journal.
    """
    member = office.store.read("members", member_id=member_id)
    if member.empty:
        raise NotFound(f"no member {member_id!r} in the record; check the number")
    today, place = office.today(), office.policy(office.today()).at(str(member["region_code"].iloc[0])[:6])
    referrals, notices, appeals = (
        office.store.read(name, member_id=member_id) for name in ("referrals", "notices", "appeals")
    )
    log = refusal_log(referrals, notices, appeals, today)
    duty = only(offer_duty_table(member, referrals, today, place))
    note_reading(office, "members", member_id, "answers")
    return Answers(
        member_id, tuple(records(log)), tallies(member_id, log, today, place), int(str(duty["offers"])), int(str(duty["rounds"])),
        int(str(duty["rounds_owed"])), tuple(records(appeals)),
    )  # fmt: skip


def judge(
    office: Office, referral_id: str, justified: Justified, *, request_id: str | None = None
) -> dict[str, object]:
    """Record whether a refusal was justified, decided by the person acting, and return the referral; the judgement can be changed.

    What the member was told of another judgement is withdrawn: a changed one counts only after it is told anew. NotFound without the referral, Conflict when it was not declined, BadInput where the reason is justified by rule and ``no`` is asked.
    """
    with office.store.write() as tx:
        row = _declined(tx, referral_id)
        if row["reason"] in JUSTIFIED_BY_RULE and justified is not Justified.YES:
            raise BadInput(f"justified: reason {row['reason']} is justified by rule; expected yes, found {justified}")
        values = {"refusal_justified": justified.value}
        tx.update("referrals", {"referral_id": referral_id}, values, where={"state": "declined"})
        tx.journal(
            actor=office.actor, role=office.role, action="refusal.judged", object_type="referrals", object_id=referral_id,
            before={"refusal_justified": row["refusal_justified"]}, after=values, reason=str(row["reason"]), request_id=request_id,
        )  # fmt: skip
        if row["refusal_justified"] != justified.value:
            _withdraw_notices(tx, office, referral_id, request_id)
        return {**row, **values}


def _withdraw_notices(tx: Transaction, office: Office, referral_id: str, request_id: str | None) -> None:
    values = {"withdrawn_on": pd.Timestamp(office.today())}
    for notice in records(tx.read("notices", item="refusal", object_id=referral_id, withdrawn_on=None)):
        tx.update("notices", {"notice_id": notice["notice_id"]}, values)
        _journal(tx, office, "notice.withdrawn", "notices", str(notice["notice_id"]), values, request_id)


@dataclass(frozen=True, slots=True)
class Told:
    """What a member was told: the item (refusal, void, ...), the record it is about, the channel."""

    item: str
    object_id: str | None = None
    channel: str = ContactKind.OFFICE.value


def tell(
    office: Office, member_id: str, told: Told, *, key: str | None = None, request_id: str | None = None
) -> dict[str, object]:  # fmt: skip
    """Record that a member was told something today and return the notice; a refusal counts only after this.

    The same ``key`` again returns the same notice. Conflict for a refusal nobody has judged: there is nothing to tell yet.
    """
    with office.store.write() as tx:
        _member(tx, member_id)
        row: dict[str, object] = {
            "notice_id": identifier("N", office.actor, key), "member_id": member_id, "item": told.item, "object_id": told.object_id,
            "version": "1", "given_on": pd.Timestamp(office.today()), "withdrawn_on": None, "channel": told.channel,
        }  # fmt: skip
        if told.item == "refusal":
            refusal = _declined(tx, str(told.object_id))
            _require_own(refusal, member_id, "a refusal")
            if refusal["refusal_justified"] not in (Justified.YES, Justified.NO):
                raise Conflict(
                    f"refusal {told.object_id} is not judged yet; say whether it had good reason, then tell it"
                )
        return enter(tx, office, "notices", row, "notice.given", by_day=("given_on",), request_id=request_id)


@dataclass(frozen=True, slots=True)
class Complaint:
    """What a member disagrees with, and in which words."""

    about: str
    object_id: str | None = None
    text: str | None = None


def appeal(
    office: Office, member_id: str, complaint: Complaint, *, key: str | None = None, request_id: str | None = None
) -> dict[str, object]:  # fmt: skip
    """File an appeal and return it with the last day to answer; a counted refusal does not count while it stands.

    About the count or suitability it may name a referral of the member's, else it is about all of them. The same ``key`` again returns the
    same appeal. The words keep no identity or phone number. NotFound without the member or the referral named, BadInput for another's.
    """
    if complaint.about not in ABOUT:
        raise BadInput(f"about: expected one of {', '.join(ABOUT)}, found {complaint.about}")
    today = office.today()
    with office.store.write() as tx:
        region = str(_member(tx, member_id)["region_code"])
        if complaint.about in _ABOUT_OFFERS and complaint.object_id is not None:
            _require_own(_referral(tx, complaint.object_id), member_id, "a referral")
        row: dict[str, object] = {
            "appeal_id": identifier("P", office.actor, key), "member_id": member_id, "about": complaint.about, "object_id": complaint.object_id,
            "filed_on": pd.Timestamp(today), "due_on": pd.Timestamp(appeal_due(today, office.policy(today).at(region[:6]))),
            "text": hidden(complaint.text) if complaint.text else None,
        }  # fmt: skip
        return enter(
            tx,
            office,
            "appeals",
            row,
            "appeal.filed",
            untold=("text",),
            by_day=("filed_on", "due_on"),
            request_id=request_id or key,
        )


def decide_appeal(office: Office, appeal_id: str, decision: str, *, request_id: str | None = None) -> dict[str, object]:
    """Decide an appeal (upheld, rejected, partly) and return it; one upheld takes the refusal out of every counter.

    One upheld in part takes out none: who decides judges each refusal it is about anew. NotFound without the appeal, Conflict when it is
    decided already.
    """
    if decision not in ("upheld", "rejected", "partly"):
        raise BadInput(f"decision: expected upheld, rejected or partly, found {decision}")
    with office.store.write() as tx:
        frame = tx.seen("appeals", appeal_id=appeal_id)
        if frame.empty:
            raise NotFound(f"no appeal {appeal_id!r} in the record; check the number")
        if frame["decision"].notna().any():
            raise Conflict(f"appeal {appeal_id} was decided already: {frame['decision'].iloc[0]}")
        values = {"decision": decision, "decided_by": office.actor, "decided_on": pd.Timestamp(office.today())}
        tx.update("appeals", {"appeal_id": appeal_id}, values, where={"decision": None})
        _journal(tx, office, f"appeal.{decision}", "appeals", appeal_id, values, request_id)
        return only(tx.read("appeals", appeal_id=appeal_id))


def _member(tx: Transaction, member_id: str) -> dict[str, object]:
    frame = tx.seen("members", member_id=member_id)
    if frame.empty:
        raise NotFound(f"no member {member_id!r} in the record; check the number")
    return only(frame)


def _referral(tx: Transaction, referral_id: str) -> dict[str, object]:
    frame = tx.seen("referrals", referral_id=referral_id)
    if frame.empty:
        raise NotFound(f"no referral {referral_id!r} in the record; check the number")
    return only(frame)


def _require_own(row: Row, member_id: str, what: str) -> None:
    if row["member_id"] != member_id:
        raise BadInput(f"object_id: expected {what} of member {member_id}, found {row['referral_id']}")


def _declined(tx: Transaction, referral_id: str) -> dict[str, object]:
    row = _referral(tx, referral_id)
    if row["state"] != "declined":
        raise Conflict(f"referral {referral_id} is {row['state']}; expected one the member declined")
    return row


def _journal(
    tx: Transaction, office: Office, action: str, table: str, key: str, after: Row, request_id: str | None
) -> None:
    tx.journal(
        actor=office.actor, role=office.role, action=action, object_type=table, object_id=key, before=None, after=journalled(after),
        reason=None, request_id=request_id,
    )  # fmt: skip
