"""Bulletins: drawn up from the record, frozen when published; what the record says later stands beside them as corrections."""

import hashlib
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pandas as pd
import sqlalchemy as sa

from matching.errors import BadInput, Conflict, NotFound
from matching.household import household_table
from matching.policy.load import PolicyBook
from matching.quotas import required_share_table
from matching.regions import load_regions
from matching.reports import (
    Period,
    assistance_bulletin,
    breach_causes,
    pairing_bulletin,
    placements_by_kind,
    post_use,
    timeliness,
    zero_spells,
    zero_stock_list,
)
from service.clock import stamp
from service.storage.schema import bulletins
from service.use_cases.rows import records
from service.wiring import Office

Figures = Mapping[str, list[dict[str, Any]]]
"""Part of a bulletin → its rows as plain values."""

WHOLE = "whole"
"""Scope of a bulletin of everything the office serves."""


@dataclass(frozen=True, slots=True)
class Correction:
    """A figure that was published and reads otherwise today: ``was`` or ``now`` is None where the row is not there."""

    part: str
    row: str
    column: str
    was: Any
    now: Any


@dataclass(frozen=True, slots=True)
class Bulletin:
    """A bulletin as published, or as it would be published today (``bulletin_id`` empty, ``revision`` 0)."""

    bulletin_id: str
    kind: str
    period: str
    level: str
    scope: str
    revision: int
    figures: Figures
    sha256: str
    published_by: str
    published_at: str
    note: str
    corrections: tuple[Correction, ...] = ()


Maker = Callable[[Mapping[str, pd.DataFrame], Period, str, PolicyBook], dict[str, pd.DataFrame]]


def _monthly(t: Mapping[str, pd.DataFrame], period: Period, level: str, policy: PolicyBook) -> dict[str, pd.DataFrame]:
    return {"main": pairing_bulletin(t["households"], t["members"], t["pairings"], t["contacts"], period, level)}


def _quarterly(
    t: Mapping[str, pd.DataFrame], period: Period, level: str, policy: PolicyBook
) -> dict[str, pd.DataFrame]:
    spells = _spells(t, policy)
    return {
        "main": assistance_bulletin(t, spells, period, policy, level),
        "kinds": placements_by_kind(t, period),
        "causes": breach_causes(t, period),
    }


def _zero_stock(
    t: Mapping[str, pd.DataFrame], period: Period, level: str, policy: PolicyBook
) -> dict[str, pd.DataFrame]:
    regions = load_regions()
    known = regions.loc[regions["level"] == level, "region_code"].tolist() if level in ("city", "district") else None
    return {"main": zero_stock_list(_spells(t, policy), period, level, known)}


def _shares(t: Mapping[str, pd.DataFrame], period: Period, level: str, policy: PolicyBook) -> dict[str, pd.DataFrame]:
    names = t["employers"].set_index("employer_id")["name"]
    found = required_share_table(t["employers"], policy)
    found.insert(1, "name", found["employer_id"].map(names))
    return {"main": found}


def _posts(t: Mapping[str, pd.DataFrame], period: Period, level: str, policy: PolicyBook) -> dict[str, pd.DataFrame]:
    return {"main": post_use(t["positions"], t["referrals"], t["placements"], period)}


def _timeliness(
    t: Mapping[str, pd.DataFrame], period: Period, level: str, policy: PolicyBook
) -> dict[str, pd.DataFrame]:
    lived = household_table(t["households"], t["members"], t["placements"], t["referrals"], policy.as_of, policy)
    return {"main": timeliness(t["households"], lived, period, level)}


_PEOPLE = ("households", "members", "placements")

KINDS: Mapping[str, tuple[Maker, tuple[str, ...]]] = {
    "monthly": (_monthly, ("households", "members", "pairings", "contacts")),
    "quarterly": (_quarterly, (*_PEOPLE, "promises", "positions", "trainings", "appeals")),
    "zero_stock": (_zero_stock, _PEOPLE),
    "shares": (_shares, ("employers",)),
    "posts": (_posts, ("positions", "referrals", "placements")),
    "timeliness": (_timeliness, (*_PEOPLE, "referrals")),
}
"""Kind of bulletin → how its figures are drawn up, and the tables they are drawn from."""

KEYS = ("area", "employer_id", "position_id")
"""Columns that say which row of a bulletin a figure belongs to, with the codes beside them."""


def _spells(tables: Mapping[str, pd.DataFrame], policy: PolicyBook) -> pd.DataFrame:
    return zero_spells(tables["households"], tables["members"], tables["placements"], policy.as_of, policy)


def draft(office: Office, kind: str, period: str, level: str = "district") -> Bulletin:
    """Draw a bulletin up from the record as it stands, with what differs from the one published last, if any; a period that is not over
    yet goes up to today."""
    span, today = _checked(kind, period), office.today()
    make, reads = KINDS[kind]
    span = replace(span, last=max(span.first, min(span.last, today)))
    parts = make(office.store.snapshot(reads), span, level, office.policy(max(today, span.last)))
    figures = {name: [_row(r) for r in records(frame)] for name, frame in parts.items()}
    last = _latest(office, kind, span.label, level)
    found = Bulletin("", kind, span.label, level, _scope(office), 0, figures, _digest(figures), "", "", "")
    if last is None:
        return found
    return _with_corrections(found, last.figures, figures)


def publish(
    office: Office, kind: str, period: str, level: str = "district", *, note: str = "", request_id: str | None = None
) -> Bulletin:
    """Freeze a bulletin; a later one of the same period becomes a new revision that lists what it corrects.

    BadInput for a period that is not over, or a correction without a note; Conflict when nothing changed since the last revision.
    """
    span = _checked(kind, period)
    if span.last >= office.today():
        raise BadInput(f"period {span.label} ends on {span.last}; a bulletin is published once it is over")
    found = draft(office, kind, period, level)
    last = _latest(office, kind, span.label, level)
    if last is not None and last.sha256 == found.sha256:
        raise Conflict(f"{kind} {span.label} was published as revision {last.revision} and nothing has changed since")
    if last is not None and not note.strip():
        raise BadInput("note: a correction says why the published figures change; write it for those who read it")
    revision = 1 if last is None else last.revision + 1
    row = {
        "bulletin_id": f"B{uuid.uuid4().hex[:20]}", "kind": kind, "period": span.label, "level": level, "scope": found.scope, "revision": revision,
        "figures": _written(found.figures), "sha256": found.sha256,
        "published_by": office.actor, "published_at": stamp(), "note": note.strip(),
    }  # fmt: skip
    with office.store.write() as tx:
        tx.execute(bulletins.insert(), row)
        tx.journal(
            actor=office.actor, role=office.role, action="bulletin.published", object_type="bulletins", object_id=str(row["bulletin_id"]),
            before=None if last is None else {"bulletin_id": last.bulletin_id, "sha256": last.sha256},
            after={k: row[k] for k in ("kind", "period", "level", "revision", "sha256")}, reason=note.strip() or None, request_id=request_id,
        )  # fmt: skip
    return bulletin(office, str(row["bulletin_id"]))


def bulletin(office: Office, bulletin_id: str) -> Bulletin:
    """Return a published bulletin as it was published, with what it corrected; NotFound outside the caller's scope."""
    rows = list(_published(office, bulletins.c.bulletin_id == bulletin_id))
    if not rows:
        raise NotFound(f"no bulletin {bulletin_id!r} in the record; check the identifier")
    [found] = rows
    if found.revision == 1:
        return found
    before = _published(
        office, _same(found.kind, found.period, found.level, found.scope), bulletins.c.revision == found.revision - 1
    )
    return _with_corrections(found, before[0].figures, found.figures)


def later_revision(office: Office, found: Bulletin) -> Bulletin | None:
    """Return the newest revision of a bulletin that corrects it, None when it stands."""
    newest = _published(office, _same(found.kind, found.period, found.level, found.scope))[0]
    return newest if newest.revision > found.revision else None


def published(office: Office) -> tuple[Bulletin, ...]:
    """Return what was published in the caller's scope, newest period first."""
    return tuple(_published(office))


def _checked(kind: str, period: str) -> Period:
    if kind not in KINDS:
        raise BadInput(f"kind: expected one of {', '.join(KINDS)}, found {kind!r}")
    span = Period.of(period)
    if kind == "monthly" and len(span.label) != 7:
        raise BadInput(f"period: expected a month such as 2026-05 for the monthly bulletin, found {period!r}")
    return span


def _scope(office: Office) -> str:
    return ";".join(sorted(office.regions)) or WHOLE


def _same(kind: str, period: str, level: str, scope: str) -> sa.ColumnElement[bool]:
    return sa.and_(
        bulletins.c.kind == kind, bulletins.c.period == period, bulletins.c.level == level, bulletins.c.scope == scope
    )


def _published(office: Office, *conditions: sa.ColumnElement[bool]) -> list[Bulletin]:
    order = (
        bulletins.c.period.desc(),
        bulletins.c.kind,
        bulletins.c.level,
        bulletins.c.scope,
        bulletins.c.revision.desc(),
    )
    with office.store.engine.connect() as connection:
        rows = connection.execute(sa.select(bulletins).where(*conditions).order_by(*order)).mappings().all()
    return [Bulletin(**{**row, "figures": json.loads(row["figures"])}) for row in rows if _inside(row["scope"], office)]


def _inside(scope: str, office: Office) -> bool:
    """Whether a caller's regions hold everything a bulletin speaks of."""
    return not office.regions or (
        scope != WHOLE and all(head.startswith(tuple(office.regions)) for head in scope.split(";"))
    )


def _latest(office: Office, kind: str, period: str, level: str) -> Bulletin | None:
    found = _published(office, _same(kind, period, level, _scope(office)))
    return found[0] if found else None


def _row(row: Mapping[str, object]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name, value in row.items():
        out[name] = (
            value.isoformat() if isinstance(value, date) else round(value, 6) if isinstance(value, float) else value
        )
    return out


def _written(figures: Figures) -> str:
    """Return the figures as they are stored: parts, rows and columns in their order."""
    return json.dumps(figures, ensure_ascii=False)


def _digest(figures: Figures) -> str:
    return hashlib.sha256(_written(figures).encode()).hexdigest()


def _with_corrections(found: Bulletin, was: Figures, now: Figures) -> Bulletin:
    return Bulletin(**{name: getattr(found, name) for name in Bulletin.__slots__ if name != "corrections"}, corrections=corrections(was, now))  # fmt: skip


def corrections(was: Figures, now: Figures) -> tuple[Correction, ...]:
    """Return every figure that differs between two bulletins of the same kind and period."""
    out = []
    for part in sorted({*was, *now}):
        before, after = (_by_key(rows.get(part, [])) for rows in (was, now))
        for key in sorted({*before, *after}):
            old, new = before.get(key, {}), after.get(key, {})
            out += [
                Correction(part, key, column, old.get(column), new.get(column))
                for column in dict.fromkeys((*old, *new))
                if old.get(column) != new.get(column)
            ]
    return tuple(out)


def _by_key(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    named = [name for name in (*KEYS, "kind", "state", "cause") if rows and name in rows[0]]
    return {" · ".join(str(row[name]) for name in named): row for row in rows}
