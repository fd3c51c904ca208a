"""Posts the desk takes in and corrects: what is found on them holds them back at once, and every change is judged again."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from matching.coherence import incoherent
from matching.errors import BadInput, NotFound
from matching.vocabulary import ReviewState
from service.exchange.personal import hidden
from service.storage.transactions import Transaction
from service.use_cases.corrections import MAY_CORRECT, correct_within
from service.use_cases.entries import checked, enter, identifier, unsaid
from service.use_cases.post_review import findings, holding
from service.use_cases.rows import only
from service.wiring import Office

_TEXTS = ("title", "duties")


@dataclass(frozen=True, slots=True)
class Unit:
    """The employer of a new post: its number or its name as the record has it, else what a new unit is."""

    number_or_name: str
    type: str = "enterprise"
    region_code: str | None = None


def register_post(
    office: Office, unit: Unit, values: Mapping[str, Any], *, key: str | None = None
) -> dict[str, object]:
    """Enter a post, with its employer where it is new, and return it; the same ``key`` again changes nothing.

    It waits for its verification, and is held back where anything is found. TableError for a value that cannot be, BadInput for a
    column the desk does not fill or an employer that cannot be told.
    """
    strange = sorted(set(values) - set(MAY_CORRECT["positions"]) | {"openings_left"} & set(values))
    if strange:
        raise BadInput(f"positions: {', '.join(strange)} is not filled in here; leave it out")
    position_id, today = identifier("P", office.actor, key), office.today()
    told = {k: _text(k, v) for k, v in values.items() if v is not None and v != ""}
    total = told.get("openings_total", 1)
    with office.store.write() as tx:
        employer_id = _employer(tx, office, unit, str(told.get("region_code") or ""), key)
        row = {
            "declared_on": today if told.get("kind") == "PUBLIC_WELFARE" else None, "openings_total": total, **told,
            "position_id": position_id, "employer_id": employer_id, "openings_left": total, "posted_on": today,
            "last_confirmed_on": today, "review_state": ReviewState.RECEIVED.value, "status": "open",
        }  # fmt: skip
        known = tx.read("positions", position_id=position_id)
        if len(known):
            row |= {k: v for k, v in only(known).items() if k in ("review_state", "openings_left", "posted_on", "status", "last_confirmed_on")}  # fmt: skip
        _require_coherent(row)
        enter(tx, office, "positions", row, "position.registered", by_day=unsaid(told, "declared_on"), request_id=key)
        return _judged(tx, office, position_id, key)


def correct_post(
    office: Office, position_id: str, values: Mapping[str, Any], *, seen: str, request_id: str | None = None
) -> dict[str, object]:
    """Correct values of a post and return it; ``seen`` is the ``etag`` of the row the person was looking at. More openings are more
    openings left. What a correction brings in holds the post back like what it came with.

    NotFound without it, Stale when somebody changed it meanwhile, BadInput for fewer openings than are taken.
    """
    if "openings_left" in values:
        raise BadInput("openings_left: follows from the openings and who was placed; correct openings_total")
    with office.store.write() as tx:
        frame = tx.read("positions", position_id=position_id)
        if frame.empty:
            raise NotFound(f"no post {position_id!r} in the record; check the identifier")
        before = only(frame)
        told = {k: _text(k, v) for k, v in values.items()}
        told |= _openings(before, told)
        held = set(holding(findings(tx, office, frame)))
        _require_coherent({**before, **told})
        correct_within(tx, office, "positions", position_id, told, seen=seen, request_id=request_id)
        return _judged(
            tx, office, position_id, request_id, known=held if before["review_state"] == "verified" else set()
        )


def employer_of(tx: Transaction, number_or_name: str) -> str | None:
    """Return the number of the unit that has this number or this name; None for nobody, BadInput where several have the name."""
    wanted = _plain(number_or_name)
    names = tx.read("employers", ["employer_id", "name"])
    ids = names["employer_id"].tolist()
    if number_or_name.strip() in ids:
        return number_or_name.strip()
    same = [i for i, name in zip(ids, names["name"], strict=True) if _plain(name) == wanted]
    if len(same) > 1:
        raise BadInput(f"employer: expected one unit of this name, found {', '.join(same[:5])}; give its number")
    return same[0] if same else None


def _employer(tx: Transaction, office: Office, unit: Unit, region: str, key: str | None) -> str:
    if not _plain(unit.number_or_name):
        raise BadInput("employer: expected a number or a name, found nothing")
    known = employer_of(tx, unit.number_or_name)
    if known is not None:
        return known
    row = {
        "employer_id": identifier("E", office.actor, key), "name": hidden(unit.number_or_name.strip()), "type": unit.type,
        "region_code": unit.region_code or region,
    }  # fmt: skip
    return str(enter(tx, office, "employers", row, "employer.registered", request_id=key)["employer_id"])


def _judged(
    tx: Transaction, office: Office, position_id: str, request_id: str | None, known: set[str] | None = None
) -> dict[str, object]:
    """Hold a post back for what is found on it and was not ``known`` before; return it as it stands."""
    frame = tx.read("positions", position_id=position_id)
    post, found = only(frame), holding(findings(tx, office, frame))
    if post["review_state"] == ReviewState.QUARANTINED or not set(found) - (known or set()):
        return post
    tx.update("positions", {"position_id": position_id}, {"review_state": ReviewState.QUARANTINED.value})
    tx.journal(
        actor=office.actor, role=office.role, action="position.quarantined", object_type="positions", object_id=position_id,
        before={"review_state": post["review_state"]}, after={"review_state": "quarantined", "findings": found}, reason=found[0],
        request_id=request_id,
    )  # fmt: skip
    return only(tx.read("positions", position_id=position_id))


def _require_coherent(row: Mapping[str, Any]) -> None:
    wrong = incoherent({"positions": pd.DataFrame([checked("positions", row)])})
    if len(wrong):
        first = wrong.iloc[0]
        raise BadInput(f"{first['column']}: expected {first['expected']}, found {first['found']}")


def _openings(before: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, object]:
    if values.get("openings_total") in (None, before["openings_total"]):
        return {}
    try:
        left = int(before["openings_left"]) + int(values["openings_total"]) - int(before["openings_total"])
    except (TypeError, ValueError):
        return {}  # the door names what cannot be a number
    if left < 0:
        taken = before["openings_total"] - before["openings_left"]
        raise BadInput(
            f"openings_total: expected at least the {taken} that are taken, found {values['openings_total']}"
        )
    return {"openings_left": left}


def _text(name: str, value: object) -> object:
    return hidden(value) if name in _TEXTS and isinstance(value, str) else value


def _plain(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).split()).lower()
