"""What an operator watches of an office: the last night, what waits for a second person, what imports refused, who scores. Nobody's data."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from matching.errors import ModelRefused
from service.storage.schema import approvals, refused_rows
from service.storage.transactions import Reader
from service.wiring import Office


@dataclass(frozen=True, slots=True)
class LastNight:
    """The last night that ended: seconds from its beginning to its end, proposals written, proven distance from the best plan, when."""

    seconds: float
    proposals: int
    unplaced: int
    gap: float | None
    ended_at: float


@dataclass(frozen=True, slots=True)
class OfficeFigures:
    """Figures of the whole record. ``model_version`` is None when the version in charge was refused."""

    night: LastNight | None
    nights_running: int
    waiting: Mapping[str, int]
    refused_cells: int
    model_version: str | None
    store_version: int


def office_figures(office: Office) -> OfficeFigures:
    """Return the figures as the record stands now."""
    try:
        model: str | None = office.scorer().version
    except ModelRefused:
        model = None
    with office.store.reading() as record:
        runs = record.read("runs", kind="nightly", state=["done", "running"])
        waiting = (
            sa.select(approvals.c.kind, sa.func.count().label("n"))
            .where(approvals.c.state == "proposed")
            .group_by(approvals.c.kind)
        )
        return OfficeFigures(
            night=last_night(record), nights_running=int((runs["state"] == "running").sum()),
            waiting={r["kind"]: int(r["n"]) for r in record.execute(waiting).mappings()},
            refused_cells=int(record.execute(sa.select(sa.func.count()).select_from(refused_rows)).scalar_one()),
            model_version=model, store_version=office.store.version(),
        )  # fmt: skip


def last_night(record: Reader) -> LastNight | None:
    """Return the last night that ended; None before the first."""
    done = record.read("runs", kind="nightly", state="done").sort_values("finished_at", kind="stable")
    if done.empty:
        return None
    run = done.iloc[-1]
    told: dict[str, Any] = json.loads(run["summary"])
    began, ended = (datetime.fromisoformat(run[name]).timestamp() for name in ("started_at", "finished_at"))
    return LastNight(max(0.0, ended - began), told["referrals"], told["unplaced"], told.get("gap"), ended)
