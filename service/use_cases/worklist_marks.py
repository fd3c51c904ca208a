"""What the worklist says of the members it shows beside their clock: the chance their referrals give, the next step due, what blocks them.

Read for the rows of one page only, by key.
"""

import math
from collections.abc import Iterable
from datetime import date, timedelta

import pandas as pd

from matching.vocabulary import OPEN_REFERRAL_STATES, Reachable
from service.index import Index
from service.use_cases.chance import chance_band
from service.use_cases.rows import records
from service.wiring import Office

Row = dict[str, object]

BLOCKERS = ("UNREACHABLE", "SLIP_OVERDUE", "WISH_UNCONFIRMED", "NOT_DECLARED", "NO_REFERRAL")
"""What stands in the way, the first that applies: nobody can be reached; the slip of every letter is overdue; the wish to work has to be
confirmed again; the declaration of not being picky is missing; nothing is proposed."""


def marked(office: Office, index: Index, rows: list[Row]) -> list[Row]:
    """Return the rows of a page with ``household_chance`` and its band ``risk`` (chance that at least one of the household's open
    referrals leads to a start in time; None without any), ``next_due_on`` (next contact), ``slips_due`` (count) and ``blocker`` (code or
    None)."""
    households = sorted({str(r["household_id"]) for r in rows})
    people = index.members[index.members["household_id"].isin(households)]
    member_ids = people.index.tolist()
    referrals = office.store.read(
        "referrals", ["referral_id", "member_id", "state", "created_on", "p_placed"], member_id=member_ids,
        state=[*sorted(OPEN_REFERRAL_STATES), "no_slip"],
    )  # fmt: skip
    home = {str(m): str(h) for m, h in people["household_id"].items()}
    chances = _chances(referrals, home)
    due = _next_due(office, households)
    last_day = _last_day(office)
    wish = index.members["willing_confirmed_on"]
    declared = index.members["flexibility_declared"]
    late = index.as_of - timedelta(days=index.policy.whole("contact.willing_confirm_days"))
    out = []
    for row in rows:
        number = str(row["member_id"])
        mine = referrals[referrals["member_id"] == number]
        overdue = mine[mine["state"].isin(["issued", "no_slip"]) & (mine["created_on"] < last_day)]
        chance = chances.get(str(row["household_id"]))
        confirmed = wish.loc[number]
        blocker = next((code for code, holds in (
            ("UNREACHABLE", row["reachable"] == Reachable.UNREACHABLE), ("SLIP_OVERDUE", 0 < len(mine) == len(overdue)),
            ("WISH_UNCONFIRMED", not pd.isna(confirmed) and confirmed < pd.Timestamp(late)),
            ("NOT_DECLARED", not declared.loc[number]), ("NO_REFERRAL", mine.empty),
        ) if holds), None)  # fmt: skip
        out.append({**row, "household_chance": chance, "risk": None if chance is None else chance_band(chance),
                    "next_due_on": due.get(str(row["household_id"])), "slips_due": len(overdue), "blocker": blocker})  # fmt: skip
    return out


def members_with_slips_due(office: Office) -> set[str]:
    """Return the members of whom a letter is out past its last day without a slip."""
    out = office.store.read("referrals", ["member_id", "created_on"], state=["issued", "no_slip"])
    return set(out.loc[out["created_on"] < _last_day(office), "member_id"])


def at_least_one(chances: Iterable[float]) -> float:
    """Return the chance that at least one of independent chances comes true."""
    return 1.0 - math.exp(sum(math.log1p(-min(max(p, 0.0), 0.999)) for p in chances))


def _chances(referrals: pd.DataFrame, home: dict[str, str]) -> dict[str, float]:
    known = referrals[referrals["p_placed"].notna() & (referrals["state"] != "no_slip")]
    groups: dict[str, list[float]] = {}
    for member_id, p in zip(known["member_id"], known["p_placed"], strict=True):
        groups.setdefault(home[member_id], []).append(float(p))
    return {household: at_least_one(ps) for household, ps in groups.items()}


def _next_due(office: Office, households: list[str]) -> dict[str, date]:
    """Return household → the day the next contact is due, by the latest contact that set one."""
    contacts = office.store.read(
        "contacts", ["household_id", "contact_id", "contacted_on", "next_due_on"], household_id=households
    )
    last = contacts.sort_values(["contacted_on", "contact_id"]).drop_duplicates("household_id", keep="last")
    return {str(r["household_id"]): r["next_due_on"] for r in records(last) if isinstance(r["next_due_on"], date)}


def _last_day(office: Office) -> pd.Timestamp:
    today = office.today()
    return pd.Timestamp(today - timedelta(days=office.policy(today).whole("referral.valid_days")))
