"""May this member begin another public-welfare post? Asked once more when a person refers, with everything the record knows."""

from matching.errors import Conflict
from matching.welfare import WELFARE, welfare_term_table
from service.storage.store import Transaction
from service.use_cases.rows import only
from service.wiring import Office

_WHY = {
    "IN_TERM": "a public-welfare placement runs until {term_ends_on}",
    "LIFETIME_USED": "{times} public-welfare placements were had, all that are usual in a life",
    "NO_REPEAT_CATEGORY": "no category of the member allows a second public-welfare placement",
    "OFFERS_OWED": "{other_offers} posts of other kinds were offered since the last one ended; offer more before a second one",
}


def require_term(office: Office, tx: Transaction, member_id: str, kind: str) -> None:
    """Raise Conflict when the member may not begin a public-welfare post today; other kinds pass."""
    if kind != WELFARE:
        return
    member = tx.read("members", member_id=member_id)
    referrals = tx.read("referrals", member_id=member_id)
    posts = tx.read("positions", position_id=sorted(set(referrals["position_id"])))
    place = office.policy(office.today()).at(str(member["region_code"].iloc[0])[:6])
    jobs = tx.read("placements", member_id=member_id)
    standing = only(welfare_term_table(member, jobs, referrals, posts, office.today(), place))
    if not standing["may_take"]:
        raise Conflict(f"member {member_id}: {_WHY[str(standing['verdict'])].format(**standing)}")
