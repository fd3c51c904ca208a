"""The recommendation letter of a referral: only what the employer needs, with the slip that comes back."""

from dataclasses import dataclass
from datetime import date

from matching.deadlines import letter_valid_until
from matching.errors import Conflict, NotFound
from service.storage.vault import Identity
from service.use_cases.rows import only
from service.wiring import Office

PRINTABLE = frozenset({"draft", "issued", "attended", "offered", "accepted", "no_slip"})
"""States in which a letter may be printed; one that is over is history."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter as it is printed; a part nobody has told is None and left as a line to fill in by hand. No category, no identity number."""

    number: str
    member_id: str
    household_id: str
    position_id: str
    issued_on: date
    valid_until: date
    title: str
    kind: str
    employer: str
    region_code: str
    wage_min: int
    wage_max: int
    caseworker: str
    name: str | None
    phone: str | None


def letter(office: Office, referral_id: str, *, request_id: str | None = None) -> Letter:
    """Return the letter of a referral; name and phone come from the vault where its key is set, and that reading is journalled.

    NotFound without the referral, Conflict when it is over.
    """
    found = office.store.read("referrals", referral_id=referral_id)
    if found.empty:
        raise NotFound(f"no referral {referral_id!r} in the record; check the number")
    row = only(found)
    if row["state"] not in PRINTABLE:
        raise Conflict(f"referral {referral_id} is {row['state']}; a letter is printed of an open referral only")
    post = only(office.store.read("positions", position_id=row["position_id"]))
    employer = only(office.store.read("employers", employer_id=post["employer_id"]))
    member = only(office.store.read("members", ["member_id", "household_id"], member_id=row["member_id"]))
    issued_on = row["created_on"]
    assert isinstance(issued_on, date)
    who = identity_of(office, str(row["member_id"]), "letter", request_id)
    return Letter(
        number=referral_id, member_id=str(row["member_id"]), household_id=str(member["household_id"]), position_id=str(row["position_id"]),
        issued_on=issued_on, valid_until=letter_valid_until(issued_on, office.policy(issued_on)), title=str(post["title"]),
        kind=str(post["kind"]), employer=str(employer["name"]), region_code=str(post["region_code"]), wage_min=int(str(post["wage_min"])),
        wage_max=int(str(post["wage_max"])), caseworker=str(row["caseworker_id"] or office.actor), name=who.name, phone=who.phone,
    )  # fmt: skip


def identity_of(office: Office, member_id: str, reason: str, request_id: str | None = None) -> Identity:
    """Return who a member is as far as the vault tells; nothing where the vault has no key or holds nothing of the member."""
    if office.store.vault is None:
        return Identity()
    told = office.store.identity(member_id, actor=office.actor, role=office.role, reason=reason, request_id=request_id)
    return told or Identity()
