"""What the worklist says of the members it shows beside their clock: the chance their referrals give, the next step due, what blocks them.

Read for the rows of one page only, by key.
"""

import math
from collections.abc import Iterable, Mapping
from datetime import date, timedelta

import numpy as np

from matching.columns import days, texts
from matching.vocabulary import OPEN_REFERRAL_STATES, RESULT_OWED, Reachable
from service.index import Index
from service.use_cases.chance import chance_band
from service.use_cases.rows import at, records
from service.wiring import Office

Row = dict[str, object]

BLOCKERS = ("UNREACHABLE", "SLIP_OVERDUE", "WISH_UNCONFIRMED", "NOT_DECLARED", "NO_REFERRAL")
"""What stands in the way, the first that applies: nobody can be reached; the slip of every letter is overdue; the wish to work has to be
confirmed again; the declaration of not being picky is missing; nothing is proposed."""


_OF_REFERRALS = ("referral_id", "member_id", "state", "created_on", "p_placed")
_HELD = (*sorted(OPEN_REFERRAL_STATES), "no_slip")


def marked(office: Office, index: Index, rows: list[Row]) -> list[Row]:
    """Return the rows of a page with ``household_chance`` and its band ``risk`` (chance that at least one of the household's open
    referrals leads to a start in time; None without any), ``next_due_on`` (next contact), ``slips_due`` (count) and ``blocker`` (code or
    None)."""
    households = sorted({str(r["household_id"]) for r in rows})
    pairing = index.pairing.members
    wanted = set(households)
    home = {m: h for m, h in zip(pairing.ids, pairing.household_ids, strict=True) if h in wanted}
    mine: dict[str, list[Row]] = {}
    for referral in records(office.store.read("referrals", _OF_REFERRALS, member_id=list(home), state=_HELD)):
        mine.setdefault(str(referral["member_id"]), []).append(referral)
    chances, due, last_day = _chances(mine, home), _next_due(office, households), _last_day(office)
    late = index.as_of - timedelta(days=index.policy.whole("contact.willing_confirm_days"))
    places = [index.member_row(str(row["member_id"])) for row in rows]
    people = at(index.members[["willing_confirmed_on", "flexibility_declared"]], places)
    out = []
    for row, person in zip(rows, people, strict=True):
        held = mine.get(str(row["member_id"]), [])
        overdue = [r for r in held if r["state"] in RESULT_OWED and _before(r["created_on"], last_day)]
        chance = chances.get(str(row["household_id"]))
        blocker = next((code for code, holds in (
            ("UNREACHABLE", row["reachable"] == Reachable.UNREACHABLE), ("SLIP_OVERDUE", 0 < len(held) == len(overdue)),
            ("WISH_UNCONFIRMED", _before(person["willing_confirmed_on"], late)),
            ("NOT_DECLARED", not person["flexibility_declared"]), ("NO_REFERRAL", not held),
        ) if holds), None)  # fmt: skip
        out.append({**row, "household_chance": chance, "risk": None if chance is None else chance_band(chance),
                    "next_due_on": due.get(str(row["household_id"])), "slips_due": len(overdue), "blocker": blocker})  # fmt: skip
    return out


def _before(day: object, other: date) -> bool:
    return isinstance(day, date) and day < other


def members_with_slips_due(office: Office) -> set[str]:
    """Return the members of whom a letter is past its last day and nobody has told its result."""
    out = office.store.read("referrals", ["member_id", "created_on"], state=sorted(RESULT_OWED))
    return set(texts(out, "member_id")[days(out, "created_on") < np.datetime64(_last_day(office), "D")])


def at_least_one(chances: Iterable[float]) -> float:
    """Return the chance that at least one of independent chances comes true."""
    return 1.0 - math.exp(sum(math.log1p(-min(max(p, 0.0), 0.999)) for p in chances))


def _chances(mine: Mapping[str, list[Row]], home: Mapping[str, str]) -> dict[str, float]:
    groups: dict[str, list[float]] = {}
    for member_id, held in mine.items():
        known = [float(str(r["p_placed"])) for r in held if r["p_placed"] is not None and r["state"] != "no_slip"]
        if known:
            groups.setdefault(home[member_id], []).extend(known)
    return {household: at_least_one(ps) for household, ps in groups.items()}


def _next_due(office: Office, households: list[str]) -> dict[str, date]:
    """Return household → the day the next contact is due, by the latest contact that set one."""
    contacts = office.store.read(
        "contacts", ["household_id", "contact_id", "contacted_on", "next_due_on"], household_id=households
    )
    newest = sorted(records(contacts), key=lambda c: (str(c["contacted_on"]), str(c["contact_id"])))
    last = {str(c["household_id"]): c["next_due_on"] for c in newest}
    return {household: day for household, day in last.items() if isinstance(day, date)}


def _last_day(office: Office) -> date:
    today = office.today()
    return today - timedelta(days=office.policy(today).whole("referral.valid_days"))
