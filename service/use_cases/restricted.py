"""Restricted facts of a member (domain model, section 5.2): read one person at a time, for a reason, with an entry in the journal."""

from matching.errors import NotFound
from service.security.refusals import NotAllowed
from service.use_cases.rows import only
from service.wiring import Office


def restricted_facts(
    office: Office, member_id: str, reason: str, *, request_id: str | None = None
) -> dict[str, object]:
    """Return the restricted columns (``table.column`` → value) the caller may read here, of one member and their household.

    NotAllowed when the matrix gives the caller none; NotFound without such a member. The journal gets the names, never the values.
    """
    if not office.reads:
        raise NotAllowed(f"role {office.role} may read no restricted column here")
    with office.store.write() as tx:
        members = tx.seen("members", member_id=member_id)
        if members.empty:
            raise NotFound(f"no member {member_id!r} in the record; check the identifier")
        member = only(members)
        rows = {"members": member, "households": only(tx.read("households", household_id=member["household_id"]))}
        found = {name: rows[name.split(".")[0]][name.split(".")[1]] for name in sorted(office.reads)}
        tx.journal(
            actor=office.actor, role=office.role, action="restricted.read", object_type="members", object_id=member_id,
            after={"columns": sorted(found)}, reason=reason, request_id=request_id,
        )  # fmt: skip
    return found
