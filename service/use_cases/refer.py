"""Refer a member to a post: one decision of a person, one transaction, one entry in the journal."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from matching.columns import texts
from matching.eligibility import decide
from matching.errors import Conflict, NotFound
from matching.nightly_scene import heard, untouched
from matching.policy.load import PolicyBook
from matching.reasons import Verdict
from matching.splicing import find
from matching.vocabulary import OPEN_REFERRAL_STATES
from matching.welfare import WELFARE
from service.index import Index
from service.index_reading import room
from service.storage.transactions import Transaction
from service.use_cases.entries import identifier
from service.use_cases.explain import Explanation, explanation
from service.use_cases.morning import PLACE_TAKEN
from service.use_cases.passing_over import require_order
from service.use_cases.refusals import Ineligible, KeyReused, NoOpening, NoSlot
from service.use_cases.rows import journalled, only
from service.use_cases.welfare_term import require_term
from service.wiring import Office


def refer(
    office: Office, member_id: str, position_id: str, *, key: str | None = None, reason: str | None = None, request_id: str | None = None
) -> Mapping[str, object]:  # fmt: skip
    """Refer a member to a post and return the referral; a proposal the night made for the pair is issued rather than doubled.

    A proposal that is issued becomes an offer of today: its letter is valid from today, and its suitability is that of today.
    ``reason`` is why the officer departs from the list shown, as a code; the override report reads it. The same ``key`` again returns the same referral and changes nothing. Ineligible, NoOpening or NoSlot when it cannot be done,
    KeyReused when the key belongs to another pair.
    """
    wish = _Wish(member_id, position_id, key, identifier("R", office.actor, key), key or request_id)
    earlier = _replayed(office.store.read, wish)
    if earlier is not None:
        return earlier
    index = office.now()
    i = index.member_row(member_id)
    if not index.is_open(position_id):
        raise _why_shut(office, position_id)
    j = index.position_row(position_id)
    found = explanation(office, index, i, j)
    if found.verdict is Verdict.NOT_MET:
        earlier = _replayed(office.store.read, wish)  # the same key may have won while this call was looking
        if earlier is not None:
            return earlier
        outside = decide(index.pairing, index.policy, i, j).verdict is not Verdict.NOT_MET
        raise _refused(wish, found, _term_told(office, member_id) if outside else None)
    with office.store.write() as tx:
        earlier = _replayed(tx.read, wish)
        if earlier is not None:
            return earlier
        require_term(office, tx, member_id, str(index.positions["kind"].loc[position_id]))
        require_order(office, tx, index, i, j)
        draft = _claim(tx, office, wish, index)
        row = _row(office, wish, found, index, tx)
        if draft is None:
            tx.insert("referrals", [row])
        else:
            row = {name: row[name] for name in _OF_THE_DAY}
            tx.update("referrals", {"referral_id": draft}, row, where={"state": "draft"})
        issued = draft or wish.referral_id
        tx.journal(
            actor=office.actor, role=office.role, action="referral.issued", object_type="referrals", object_id=issued,
            before=None if draft is None else {"state": "draft"}, after=journalled(row), reason=reason, request_id=wish.request_id,
        )  # fmt: skip
        return only(tx.read("referrals", referral_id=issued))


_OF_THE_DAY = ("state", "caseworker_id", "created_on", "suitability")
"""What a proposal takes from the day it is issued on; the chance it was planned with stays."""


@dataclass(frozen=True, slots=True)
class _Wish:
    member_id: str
    position_id: str
    key: str | None
    referral_id: str
    request_id: str | None


def _replayed(read: Callable[..., pd.DataFrame], wish: _Wish) -> Mapping[str, object] | None:
    """Return the referral the same key made before; None when it made none."""
    if wish.key is None:
        return None
    earlier = read("referrals", referral_id=wish.referral_id)
    if earlier.empty:
        entries = read("journal", request_id=wish.key, action="referral.issued")
        earlier = read("referrals", referral_id=str(entries["object_id"].iloc[0])) if len(entries) else earlier
    if earlier.empty:
        return None
    row = only(earlier)
    if (row["member_id"], row["position_id"]) != (wish.member_id, wish.position_id):
        raise KeyReused("this idempotency key made another referral; use a new key for each decision")
    return row


def _term_told(office: Office, member_id: str) -> str | None:
    """Return in words why the member may not begin a public-welfare post today; None where the member may."""
    with office.store.reading() as reader:
        try:
            require_term(office, reader, member_id, WELFARE)
        except Conflict as why:
            return str(why)
    return None


def _refused(wish: _Wish, found: Explanation, term: str | None) -> Conflict:
    if all(r.code == "GATE_CLOSED" for r in found.reasons):
        return NoOpening(
            f"post {wish.position_id}: no opening is left that an open referral does not hold; choose another post"
        )
    text = f"post {wish.position_id} may not be proposed to member {wish.member_id}: rules not met: {len(found.reasons)}; see reasons"
    alone = all(r.code == "GATE_PW_TERM" for r in found.reasons)
    return Ineligible(term if alone and term else text, found.reasons, found.nearest_change)


def _why_shut(office: Office, position_id: str) -> Exception:
    post = office.store.read("positions", position_id=position_id)
    if post.empty:
        return NotFound(f"no post {position_id!r} in the record; check the identifier")
    status, left = post["status"].iloc[0], post["openings_left"].iloc[0]
    return NoOpening(f"post {position_id} is {status} with {left} openings left; choose another post")


def _claim(tx: Transaction, office: Office, wish: _Wish, index: Index) -> str | None:
    """Make sure the post has room and the member a slot, as the record stands inside this transaction; return the night's own proposal of the pair."""
    mine = _open(tx.read("referrals", member_id=wish.member_id))
    there = _open(tx.read("referrals", position_id=wish.position_id))
    same = mine[mine["position_id"] == wish.position_id]
    if (same["state"] != "draft").any():
        raise Conflict(
            f"member {wish.member_id} is already referred to post {wish.position_id}; record that outcome first"
        )
    _claim_place(tx, office, there[there["member_id"] != wish.member_id], wish, index)
    others = mine[heard(mine, index.as_of, index.policy) & (mine["position_id"] != wish.position_id).to_numpy()]
    _claim_slot(tx, office, others, wish, index.policy)
    return str(same["referral_id"].iloc[0]) if len(same) else None


def _open(referrals: pd.DataFrame) -> pd.DataFrame:
    return referrals[referrals["state"].isin(OPEN_REFERRAL_STATES)]


def _claim_place(tx: Transaction, office: Office, others: pd.DataFrame, wish: _Wish, index: Index) -> None:
    """Make room at the post: the night's untouched proposals of those with the most days left give way; NoOpening when they are too few.

    At a public-welfare post none does, for its place goes by the regulated order.
    """
    post = tx.read("positions", position_id=wish.position_id)
    places = int(room(post, index.policy).sum()) if post["status"].eq("open").all() else 0
    surplus = int(heard(others, index.as_of, index.policy).sum()) + 1 - places
    if surplus <= 0:
        return
    night = others[untouched(others)] if post["kind"].iloc[0] != WELFARE else others.iloc[:0]
    if places <= 0 or len(night) < surplus:
        raise NoOpening(f"post {wish.position_id}: all {places} places are held by open referrals; choose another post")
    row = find(index.pairing.members.ids, texts(night, "member_id"))[1]
    least = night.assign(days=-index.planning_days[row]).sort_values(["days", "p_placed", "referral_id"])
    _give_way(tx, office, least["referral_id"].iloc[:surplus], PLACE_TAKEN, wish)


def _claim_slot(tx: Transaction, office: Office, others: pd.DataFrame, wish: _Wish, policy: PolicyBook) -> None:
    """A person's choice goes before the night's: the weakest untouched proposal makes room; NoSlot when there is none."""
    slots = policy.whole("night.max_open_referrals")
    if len(others) < slots:
        return
    night = others[untouched(others)].sort_values(["p_placed", "referral_id"])
    if night.empty:
        raise NoSlot(
            f"member {wish.member_id} holds {len(others)} open referrals of {slots} allowed; record an outcome first"
        )
    _give_way(tx, office, night["referral_id"].iloc[:1], "OTHER_CHOSEN", wish)


def _give_way(tx: Transaction, office: Office, proposals: Iterable[str], reason: str, wish: _Wish) -> None:
    values = {
        "state": "revoked",
        "reason": reason,
        "reason_side": "agency",
        "outcome_on": pd.Timestamp(office.today()),
    }
    for referral_id in proposals:
        tx.update("referrals", {"referral_id": referral_id}, values, where={"state": "draft"})
        tx.journal(
            actor=office.actor, role=office.role, action="referral.revoked", object_type="referrals", object_id=referral_id,
            before={"state": "draft"}, after=journalled(values), reason=reason, request_id=wish.request_id,
        )  # fmt: skip


def _row(office: Office, wish: _Wish, found: Explanation, index: Index, tx: Transaction) -> dict[str, object]:
    shown = tx.read(
        "suggestions", columns=["rank", "shown_on"], member_id=wish.member_id, position_id=wish.position_id, run_id=None
    )
    rank = int(shown.sort_values("shown_on", kind="stable")["rank"].iloc[-1]) if len(shown) else None
    return {
        "referral_id": wish.referral_id, "member_id": wish.member_id, "position_id": wish.position_id,
        "created_on": pd.Timestamp(index.as_of), "source": "caseworker", "caseworker_id": office.actor,
        "model_version": found.model_version, "p_placed": found.p_placed, "p_stays": found.p_stays, "rank_shown": rank,
        "suitability": "ok" if found.verdict is Verdict.MET else "unknown", "state": "issued",
    }  # fmt: skip
