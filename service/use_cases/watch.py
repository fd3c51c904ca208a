"""How the version in charge fares since it was put there, whether officers' departures from its lists did better, and both as metrics."""

import json
import os
import tempfile
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from models.registry_watch import overrides as override_report
from models.registry_watch import watch_in_charge
from service.storage.store import TRAINING_TABLES
from service.wiring import Office

OVERRIDE_COLUMNS = {
    "members": ("member_id", "household_id"),
    "referrals": (
        "referral_id", "member_id", "position_id", "created_on", "source", "state", "started_on", "outcome_on", "p_placed",
    ),
    "promises": ("household_id", "started_on", "due_on"),
    "suggestions": ("suggestion_id", "run_id", "member_id", "position_id", "rank", "p_placed", "shown_on"),
    "locks": ("member_id", "position_id", "kind", "reason_code"),
}  # fmt: skip
"""What the override report looks at: of a list not what its scores rest on."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One value for a monitoring system, as Prometheus names things: a gauge with its help text and labels."""

    name: str
    help: str
    value: float
    labels: dict[str, str] = field(default_factory=dict)


def watch(office: Office, *, since: date | None = None, fresh: bool = False) -> dict[str, Any]:
    """Return drift of inputs and calibration by week since the promotion, with alarms; see ``models.watch``.

    The answer of a day is made once and kept in the office's folder, unless it is asked ``fresh``; other beginnings (``since``) and callers
    who see some regions only get theirs made when they ask, and it is not kept. NotReady while there is no usable referral.
    """
    path, version = _kept_at(office), office.scorer().version
    own = since is not None or bool(office.regions)
    kept = None if own or fresh else _read(path)
    if kept is not None and (kept["version"], kept["as_of"]) == (version, office.today().isoformat()):
        return kept
    tables = office.store.snapshot(TRAINING_TABLES)
    found = watch_in_charge(office.registry, tables, office.today(), office.settings.region_code, since=since)
    if not own:
        _write(path, found)
    return found


def overrides(office: Office) -> dict[str, Any]:
    """Return whether officers who departed from the list shown did better than it, by the reason they gave; never by officer."""
    with office.store.reading() as record:
        tables = {name: record.seen(name, columns) for name, columns in OVERRIDE_COLUMNS.items()}
        issued = record.seen("journal", columns=["seq", "object_id", "reason"], action="referral.issued")
    pair, pins = ["member_id", "position_id"], tables["locks"][tables["locks"]["kind"] == "pin"]
    pinned = tables["referrals"][["referral_id", *pair]].merge(pins.drop_duplicates(pair, keep="last"), on=pair)
    stated = issued.dropna(subset=["reason"])
    reasons = dict(zip(pinned["referral_id"], pinned["reason_code"], strict=True))
    reasons |= dict(zip(stated["object_id"], stated["reason"], strict=True))
    return override_report(tables, office.today(), reasons)


def figures(office: Office) -> list[Figure]:
    """Return what a monitoring system should see: what answers, and the last watch. Reads a small file; never computes."""
    found = [Figure("onemonth_model_info", "Version that answers.", 1.0, {"version": office.scorer().version})]
    kept = _read(_kept_at(office))
    if kept is None:
        return found
    age = (office.today() - date.fromisoformat(kept["as_of"])).days
    found += [
        Figure("onemonth_model_watch_age_days", "Days since the last watch.", float(age)),
        Figure("onemonth_model_alarms", "Alarms of the last watch.", float(len(kept["alarms"]))),
        Figure(
            "onemonth_model_referrals_since", "Referrals since the version was put in charge.", float(kept["referrals"])
        ),
    ]
    psi_help, gap_help = (
        "Population stability index of an input, last four weeks.",
        "Predicted minus observed share of starts.",
    )
    found += [
        Figure("onemonth_model_input_psi", psi_help, row["psi"], {"feature": row["feature"]}) for row in kept["inputs"]
    ]
    found += [
        Figure("onemonth_model_calibration_gap", gap_help, h["gap"][0], {"days": days})
        for days, h in kept["overall"].items() if h["n"]
    ]  # fmt: skip
    return found


def _kept_at(office: Office) -> Path:
    return office.settings.home / "watch.json"


def _read(path: Path) -> dict[str, Any] | None:
    if not path.exists():
        return None
    kept: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return kept


def _write(path: Path, found: dict[str, Any]) -> None:
    """Write in one step: a reader sees the old answer or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".watch-", dir=path.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(found, file, ensure_ascii=False, allow_nan=False)
    Path(name).replace(path)
