"""What the reports answer over the interface."""

from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from service.schemas import Out

Kind = Literal["monthly", "quarterly", "zero_stock", "shares", "posts", "timeliness"]
Level = Literal["city", "district", "street"]


class CorrectionOut(Out):
    """A figure that was published and reads otherwise in a later revision."""

    part: str
    row: str
    column: str
    was: Any
    now: Any


class BulletinOut(Out):
    """A bulletin as published, or a draft with revision 0."""

    bulletin_id: str
    kind: Kind
    period: str
    level: Level
    scope: str = Field(description="heads of region codes it speaks of, or `whole`")
    revision: int
    figures: dict[str, list[dict[str, Any]]] = Field(description="part → rows")
    sha256: str
    published_by: str
    published_at: str
    note: str
    corrections: list[CorrectionOut]


class BulletinsOut(Out):
    """Published bulletins, newest period first."""

    items: list[BulletinOut]


class BulletinIn(BaseModel):
    """Which bulletin to publish; a correction says why in ``note``."""

    model_config = ConfigDict(extra="forbid")
    kind: Kind
    period: str = Field(max_length=7, description="2026-05, 2026Q2 or 2026")
    level: Level = "district"
    note: str = Field("", max_length=2000)


class ProgressOut(Out):
    """How far a programme has come."""

    placed: int
    target: int
    workdays_gone: int
    workdays_left: int
    pace: float
    pace_needed: float | None


class DashboardOut(Out):
    """The region at a glance; ``months`` oldest first, the last one up to today."""

    as_of: date
    stock: int
    months: list[dict[str, Any]]
    ages: list[tuple[int, int | None, int]] = Field(description="days from, days to, households")
    welfare_openings: int
    welfare_used: int
    programme: ProgressOut | None
