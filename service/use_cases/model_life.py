"""Versions of the ranker: what there is, what answers, who decided; put one in charge, take it back, let one run in the shadow."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from matching.baseline import BaselineScorer
from matching.errors import BadInput, NotFound
from models.registry_history import shadow_of
from service.clock import local_now
from service.shadow import shadow_report
from service.wiring import Office


def versions(office: Office) -> dict[str, Any]:
    """Return every version, newest last, what answers, and what runs in the shadow."""
    history = office.registry.history()
    return {"items": office.registry.list(), "production": office.registry.production(), "shadow": shadow_of(history)}


def version(office: Office, name: str) -> dict[str, Any]:
    """Return a version's manifest, evaluation, history and cards. NotFound when there is none."""
    cards = {language: office.registry.card(name, language) for language in ("zh", "en")}
    return {"version": name, **office.registry.show(name), "cards": cards}


def compare(office: Office, first: str | None = None, second: str | None = None) -> dict[str, Any]:
    """Return the second version's figures minus the first's; left out, what answers (or the one before) and the newest."""
    return office.registry.compare(*_pair(office, first, second))


def history(office: Office) -> list[dict[str, Any]]:
    """Return what was registered, put in charge, taken back and run in the shadow: when, by whom, approved by whom, and why."""
    return office.registry.history()


@dataclass(frozen=True, slots=True)
class Term:
    """A stretch in which one version answered: from when, until when (None: it still does), who decided, who approved, and why."""

    version: str
    since: str
    until: str | None
    by: str
    approved_by: str | None
    why: str | None


def terms(office: Office) -> tuple[Term, ...]:
    """Return what was in production when, oldest first, each with who put it there; before the first it was the baseline."""
    moves = [e for e in office.registry.history() if e["event"] in ("promoted", "rolled_back")]
    ends = [*(e["at"] for e in moves[1:]), None][: len(moves)]
    return tuple(
        Term(
            str(e["version"] if e["event"] == "promoted" else e["to"] or BaselineScorer.version), e["at"], end, e["by"], e.get("approved_by"),
            e.get("override") or e.get("why"),
        )
        for e, end in zip(moves, ends, strict=True)
    )  # fmt: skip


def promote(
    office: Office, name: str | None = None, *, by: str, approved_by: str | None = None, override: str | None = None
) -> dict[str, Any]:
    """Put a version in charge (the newest when left out) and return its gates.

    Conflict when a gate fails without ``override``; an override needs a second person. BadInput when the second person is the first.
    """
    chosen = name or newest(office)
    _refuse_alone(override, approved_by)
    gates = office.registry.promote(
        chosen, by=by, at=local_now().isoformat(), override=override, approved_by=approved_by
    )
    after = {"version": chosen, "approved_by": approved_by, "failed_gates": gates["failed"]}
    _journal(office, "model.promoted", chosen, by, after, override)
    return {"version": chosen, "gates": gates}


def rollback(office: Office, *, by: str, approved_by: str | None = None, why: str | None = None) -> dict[str, Any]:
    """Put what was in charge before in charge again, the baseline if nothing was; return what was left and what answers now."""
    found = office.registry.rollback(by=by, at=local_now().isoformat(), why=why, approved_by=approved_by)
    _journal(office, "model.rolled_back", str(found["left"]), by, {**found, "approved_by": approved_by}, why)
    return found


def set_shadow(office: Office, name: str | None, *, by: str) -> dict[str, Any]:
    """Let a version score beside the one in charge from the next list on; None ends it."""
    office.registry.shadow(name, by=by, at=local_now().isoformat())
    _journal(office, "model.shadowed", name or "none", by, {"shadow": name}, None)
    return {"shadow": name}


def shadow(office: Office, name: str | None = None) -> dict[str, Any]:
    """Return what the version in the shadow, or a named one, would have shown differently. NotFound when none runs and none is named."""
    running = shadow_of(office.registry.history())
    chosen = name or running
    if chosen is None:
        raise NotFound("no version runs in the shadow; name one, or start one with `onemonth models shadow`")
    if chosen not in {row["version"] for row in office.registry.list()}:
        raise NotFound(f"no version {chosen} in the registry; see the list of versions")
    return {"running": running, **shadow_report(office.shadow.folder, chosen)}


def newest(office: Office) -> str:
    """Return the version registered last. NotFound when there is none."""
    rows = office.registry.list()
    if not rows:
        raise NotFound("no version is stored; train one with `onemonth train`")
    return str(rows[-1]["version"])


def _pair(office: Office, first: str | None, second: str | None) -> tuple[str, str]:
    two = second or newest(office)
    if first is not None:
        return first, two
    now = office.registry.production()
    others = [str(row["version"]) for row in office.registry.list() if row["version"] != two]
    if now is not None and now != two:
        return now, two
    return (others[-1] if others else two), two


def _refuse_alone(override: str | None, approved_by: str | None) -> None:
    if override is not None and approved_by is None:
        raise BadInput("expected a second person to approve an override of the gates, found none; ask a colleague")


def _journal(office: Office, action: str, of: str, by: str, after: Mapping[str, object], reason: str | None) -> None:
    with office.store.write() as tx:
        tx.journal(
            actor=by, role=office.role, action=action, object_type="models", object_id=of, before=None, after=dict(after), reason=reason,
            request_id=None,
        )  # fmt: skip
