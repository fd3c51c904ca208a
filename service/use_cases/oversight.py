"""What a supervisor is shown: facts about welfare placements, shares asked of employers, findings on posts. Nothing is blocked silently."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from matching.abuse import Finding, WelfareRecord, welfare_findings
from matching.errors import BadInput, NotFound
from matching.post_review import review_posts
from matching.quotas import dispatch_share_table, required_share_table
from service.use_cases.rows import only, records
from service.wiring import Office

Row = Mapping[str, object]


def flags(office: Office, *, region: str = "") -> list[Finding]:
    """Return every finding of the checks on public-welfare placements today, for members of a region; facts, never a verdict."""
    names = ("members", "positions", "referrals", "placements", "caseworkers")
    with office.store.reading() as reader:
        tables, addresses = {name: reader.seen(name) for name in names}, reader.same_addresses()
    record = WelfareRecord(**tables, shared_addresses=addresses)
    found = welfare_findings(record, office.today(), office.policy(office.today()))
    here = set(tables["members"].loc[tables["members"]["region_code"].str.startswith(region), "member_id"])
    return [f for f in found if not f.member_id or f.member_id in here]


@dataclass(frozen=True, slots=True)
class Shares:
    """Shares the law asks: hard-to-employ staff of institutions, dispatched staff at user units; reported, decided elsewhere."""

    required: tuple[Row, ...]
    dispatch: tuple[Row, ...]


def shares(office: Office, *, region: str = "") -> Shares:
    """Return how far employers of a region are from the shares asked of them."""
    tables = office.store.snapshot(("employers", "positions", "placements"))
    policy = office.policy(office.today())
    mine = tables["employers"]["region_code"].str.startswith(region)
    here = set(tables["employers"].loc[mine, "employer_id"])
    asked = required_share_table(tables["employers"][mine].reset_index(drop=True), policy)
    sent = dispatch_share_table(tables["employers"], tables["positions"], tables["placements"], office.today(), policy)
    return Shares(tuple(records(asked)), tuple(records(sent[sent["employer_id"].isin(here)])))


def post_findings(office: Office, position_id: str) -> list[dict[str, object]]:
    """Return what a post officer should see of a post: wishes no law allows, rules of its kind it does not meet. NotFound without it."""
    return records(review_posts(_post(office, position_id), office.policy(office.today())))


def clear_post(
    office: Office, position_id: str, state: str, reason: str, *, request_id: str | None = None
) -> dict[str, object]:
    """Record what a post officer decided of a post, ``verified`` or ``quarantined``, with the reason, and return the post."""
    if state not in ("verified", "quarantined"):
        raise BadInput(f"state: expected verified or quarantined, found {state}")
    before = only(_post(office, position_id))
    today = pd.Timestamp(office.today())
    values = {"review_state": state, "verified_on": today if state == "verified" else before["verified_on"]}
    with office.store.write() as tx:
        tx.update("positions", {"position_id": position_id}, values)
        tx.journal(
            actor=office.actor, role=office.role, action=f"position.{state}", object_type="positions", object_id=position_id,
            before={"review_state": before["review_state"]}, after={"review_state": state}, reason=reason, request_id=request_id,
        )  # fmt: skip
        return only(tx.read("positions", position_id=position_id))


def _post(office: Office, position_id: str) -> pd.DataFrame:
    post = office.store.read("positions", position_id=position_id)
    if post.empty:
        raise NotFound(f"no post {position_id!r} in the record; check the identifier")
    return post
