"""A member may switch the learned order off; the written rule then orders the list, and it says so."""

import numpy as np

from matching.baseline import BaselineScorer
from matching.columns import Columns, Table, days, texts
from matching.errors import NotFound
from matching.scoring import Scorer
from service.storage.transactions import Reader
from service.use_cases.entries import enter, identifier
from service.use_cases.rows import only
from service.wiring import Office

ITEM = "machine_assisted"
"""The notice that tells a member of the machine; withdrawn, it says that the member does not want it."""


def scorer_for(office: Office, member_id: str, notices: Table | None = None) -> Scorer:
    """Return what orders a member's posts: the written rule where the member switched the machine off.

    ``notices`` are rows of that table that hold the member's, where they are read already.
    """
    return BaselineScorer() if switched_off(office, member_id, notices) else office.scorer()


def switched_off(office: Office, member_id: str, notices: Table | None = None) -> bool:
    """Whether the member does not want a learned order; ``notices`` as in ``scorer_for``."""
    if notices is None:
        with office.store.reading() as reader:
            notices = told_of_it(reader, member_id)
    told = (texts(notices, "member_id") == member_id) & (texts(notices, "item") == ITEM)
    return bool((~np.isnat(days(notices, "withdrawn_on"))[told]).any())


def told_of_it(reader: Reader, member_id: str) -> Columns:
    """Return the rows of the notices that say whether the member wants a learned order."""
    return reader.few("notices", ("member_id", "item", "withdrawn_on"), member_id=member_id, item=ITEM)


def switch_machine(office: Office, member_id: str, on: bool, *, key: str | None = None) -> bool:
    """Keep the member's choice and return whether the machine is on; the same choice again changes nothing. NotFound without the member."""
    today = office.today()
    with office.store.write() as tx:
        if tx.seen("members", ["member_id"], member_id=member_id).empty:
            raise NotFound(f"no member {member_id!r} in the record; check the identifier")
        notices = tx.read("notices", member_id=member_id, item=ITEM)
        if on == (not notices["withdrawn_on"].notna().any()):
            return on
        if notices.empty:
            row = {
                "notice_id": identifier("N", office.actor, key),
                "member_id": member_id,
                "item": ITEM,
                "given_on": today,
            }
            notice_id = str(enter(tx, office, "notices", row, "notice.given", request_id=key)["notice_id"])
        else:
            marked = notices[notices["withdrawn_on"].notna()] if on else notices.tail(1)
            notice_id = str(only(marked.head(1))["notice_id"])
        tx.update("notices", {"notice_id": notice_id}, {"withdrawn_on": None if on else today})
        tx.journal(
            actor=office.actor, role=office.role, action=f"machine.{'on' if on else 'off'}", object_type="members", object_id=member_id,
            before={"on": not on}, after={"on": on}, reason=None, request_id=key,
        )  # fmt: skip
        return on
