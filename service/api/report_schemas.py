"""What the reports answer over the interface."""

from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from service.schemas import Out, ReasonOut

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
    target: int | None = Field(description="people the programme promises work, null where the place has none")
    years: int | None = Field(description="years the programme runs")
    programme: ProgressOut | None = Field(description="null where policy names no first day")


class HeldOut(Out):
    """A member who holds nothing after the night, why, and what would open posts."""

    member_id: str
    code: str
    facts: dict[str, Any]
    nearest: list[ReasonOut]


class BreakingOut(Out):
    """A household whose promise is likely to break."""

    household_id: str
    file_no: str
    region_code: str
    due_on: date | None
    days_left: int
    chance: float = Field(ge=0, le=1, description="that somebody starts work in time")
    open_referrals: int
    blocker: str
    blocking: dict[str, int] = Field(description="gate → posts in reach it stands against")
    unplaced: list[HeldOut]


class OpeningOut(Out):
    """What one more opening of a kind in a district is worth, in promises kept."""

    kind: str
    region_code: str
    worth: float


class OutlookOut(Out):
    """What the last night foresaw: a page of the promises likely to break, the first due first."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())
    run_id: str
    as_of: date
    model_version: str
    households: int
    expected: float = Field(description="promises expected to be kept")
    blockers: dict[str, int]
    items: list[BreakingOut]
    matching: int
    next: str | None
    openings: list[OpeningOut]
    regions: list[str]
