"""What a post officer is shown of a post, and what the officer decides of it."""

import pandas as pd

from matching.errors import BadInput, Conflict, NotFound
from matching.post_entry import review_entries
from service.storage.transactions import Reader
from service.use_cases.rows import only, records
from service.wiring import Office

CORRECTED = ("corrected", "wish_dropped")
"""Reasons of a release that say the finding is gone; any other says that an officer judged it to be none."""

RELEASES = (*CORRECTED, "not_a_condition", "explained")
"""Coded reasons of a release."""


def post_findings(office: Office, position_id: str) -> list[dict[str, object]]:
    """Return what a post officer should see of a post: wishes no law allows, rules it does not meet, what it leaves out, its double.
    NotFound without it."""
    with office.store.reading() as reader:
        return findings(reader, office, _post(reader, position_id))


def findings(reader: Reader, office: Office, post: pd.DataFrame) -> list[dict[str, object]]:
    """Return the findings on posts (rows of the table) as the record stands."""
    others = reader.read("positions", employer_id=sorted(set(post["employer_id"])))
    return records(review_entries(post, others, office.policy(office.today())))


def holding(found: list[dict[str, object]]) -> list[str]:
    """Return the codes that hold a post back, each once."""
    return sorted({str(f["code"]) for f in found if f["quarantine"]})


def clear_post(
    office: Office, position_id: str, state: str, reason: str, *, request_id: str | None = None
) -> dict[str, object]:
    """Record what a post officer decided of a post, ``verified`` or ``quarantined``, with the reason, and return the post.

    Conflict for a release as corrected of a post that still says what held it back.
    """
    if state not in ("verified", "quarantined"):
        raise BadInput(f"state: expected verified or quarantined, found {state}")
    today = pd.Timestamp(office.today())
    with office.store.write() as tx:
        frame = _post(tx, position_id)
        before, found = only(frame), findings(tx, office, frame)
        if state == "verified" and reason in CORRECTED and holding(found):
            raise Conflict(
                f"post {position_id} still has {', '.join(holding(found))}; correct it first, or say why it is none"
            )
        values = {"review_state": state, "verified_on": today if state == "verified" else before["verified_on"]}
        tx.update("positions", {"position_id": position_id}, values)
        tx.journal(
            actor=office.actor, role=office.role, action=f"position.{state}", object_type="positions", object_id=position_id,
            before={"review_state": before["review_state"]}, after={"review_state": state, "findings": holding(found)}, reason=reason,
            request_id=request_id,
        )  # fmt: skip
        return only(tx.read("positions", position_id=position_id))


def _post(reader: Reader, position_id: str) -> pd.DataFrame:
    post = reader.read("positions", position_id=position_id)
    if post.empty:
        raise NotFound(f"no post {position_id!r} in the record; check the identifier")
    return post
