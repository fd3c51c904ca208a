"""What comes in and goes out at the door; columns of the data dictionary are read from it, not retyped."""

from collections.abc import Collection
from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, create_model

from matching.reasons import Fact, Verdict
from matching.tables import REQUIRED, TABLES, Column, Kind
from matching.vocabulary import Justified, PositionKind, ReferralState

Identifier = Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$")

_TYPES: dict[Kind, Any] = {
    Kind.ID: str, Kind.TEXT: str, Kind.CODE: str, Kind.MONTH: str, Kind.DATE: date, Kind.INT: int, Kind.MONEY: int,
    Kind.FLOAT: float, Kind.BOOL: bool, Kind.SET: list[str] | str, Kind.MAP: dict[str, float] | str,
}  # fmt: skip


def row_model(table: str, name: str, *, optional: Collection[str] = ()) -> type[BaseModel]:
    """Return the model of one row of a table; ``optional`` names required columns that may be left out here."""
    fields: dict[str, Any] = {}
    for column in TABLES[table].columns:
        may_miss = not column.required or column.name in optional
        kind = _TYPES[column.kind]
        fields[column.name] = (kind | None if may_miss else kind, Field(None if may_miss else ..., **_limits(column)))
    return create_model(
        name, __config__=ConfigDict(extra="allow"), __doc__=TABLES[table].meaning.capitalize() + ".", **fields
    )


def _limits(column: Column) -> dict[str, Any]:
    unit = f" ({column.unit})" if column.unit else ""
    out: dict[str, Any] = {"description": column.meaning + unit}
    if column.kind in (Kind.INT, Kind.MONEY, Kind.FLOAT):
        out |= {"ge": column.low, "le": column.high}
    if column.codes is not None and column.kind is Kind.CODE:
        out["json_schema_extra"] = {"enum": [*sorted(column.codes), *([] if column.default is REQUIRED else [None])]}
    return out


MemberRow = row_model(
    "members", "InlineMember", optional=("member_id", "household_id", "registered_on", "willing", "region_code")
)
PositionRow = row_model(
    "positions",
    "InlinePosition",
    optional=("employer_id", "title", "posted_on", "openings_total", "openings_left", "region_code"),
)
AssessmentRow = row_model("assessments", "InlineAssessment", optional=("member_id", "assessed_on"))
EmployerRow = row_model("employers", "InlineEmployer", optional=("name", "region_code"))


class Out(BaseModel):
    """Answer of the service."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())


class ReasonOut(Out):
    """A reason: its code, the facts its sentence quotes, and its share of the score in log-odds."""

    code: str
    facts: dict[str, Fact]
    weight: float


class Item(Out):
    """One ranked post. ``problems`` are what speaks against it; ``unknowns`` what has to be asked first."""

    position_id: str
    rank: int
    score: float
    p_placed: float = Field(description="P(starts work within the days left)", ge=0, le=1)
    p_stays: float = Field(description="P(still employed 90 days after the start | started)", ge=0, le=1)
    chance: str = Field(description="low, mid or high: the band p_placed falls in")
    reasons: list[ReasonOut]
    problems: list[ReasonOut]
    unknowns: list[ReasonOut]
    entitlements: list[ReasonOut] = Field(
        description="what the placement would bring, with the policy row; never part of the score"
    )
    kind: str
    title: str
    region_code: str
    openings_left: int
    open_referrals: int
    effective_pay_fen: int | None = Field(
        description="wage plus what the worker is paid on top, fen a month; null is unknown"
    )
    commute_minutes: float | None = Field(description="estimated way to work; null is unknown")
    confirmed_days_ago: int | None = Field(description="days since the employer last confirmed it; null is unknown")


class RankingOut(Out):
    """Ranked posts of one member, with what they rest on."""

    member_id: str
    as_of: date
    days_left: int | None = Field(description="net days left on the promise; null when no clock runs")
    model_version: str = Field(description="model that scored, or `baseline`")
    considered: int = Field(description="open posts looked at")
    eligible: int = Field(description="posts nothing stood against")
    blocked: dict[str, int] = Field(description="rule → posts it ruled out")
    items: list[Item]


class InlineRankingOut(Out):
    """Ranked posts of a member another system sent."""

    member_id: str
    as_of: date
    days_left: int | None
    model_version: str
    considered: int
    eligible: int
    blocked: dict[str, int]
    items: list[Item]
    nearest_change: list[ReasonOut] = Field(description="what would open the most posts to the member")
    ignored: list[str] = Field(
        description="fields that were sent and are not of the data dictionary; not read, not kept"
    )


class MemberItem(Out):
    """One suitable member for a post."""

    member_id: str
    household_id: str
    rank: int
    score: float
    p_placed: float = Field(ge=0, le=1)
    p_stays: float = Field(ge=0, le=1)
    days_left: int | None
    reasons: list[ReasonOut]
    problems: list[ReasonOut]
    unknowns: list[ReasonOut]


class ReverseOut(Out):
    """Members to whom one post may be proposed, best first."""

    position_id: str
    as_of: date
    model_version: str
    considered: int
    eligible: int
    blocked: dict[str, int]
    items: list[MemberItem]


class ExplanationOut(Out):
    """Why, why not, what is unknown, and the smallest change that would open the post."""

    member_id: str
    position_id: str
    verdict: Verdict
    reasons: list[ReasonOut]
    problems: list[ReasonOut]
    unknowns: list[ReasonOut]
    nearest_change: list[ReasonOut]
    p_placed: float | None
    p_stays: float | None
    model_version: str


class WorklistItem(Out):
    """One member on the worklist."""

    member_id: str
    household_id: str
    file_no: str
    region_code: str
    days_left: int | None
    days_left_gross: int | None
    due_on: date | None
    open_referrals: int
    last_referred_on: date | None
    last_contact_on: date | None
    reachable: str
    path_stage: str
    household_chance: float | None = Field(
        description="P(at least one open referral of the household leads to a start in time); null without an estimate"
    )
    risk: str | None = Field(description="low, mid or high: the band household_chance falls in")
    next_due_on: date | None = Field(description="day the next contact is due")
    slips_due: int = Field(description="letters out past their last day without a slip")
    blocker: str | None = Field(description="what stands in the way, the first that applies")


class WorklistOut(Out):
    """Members with a running promise, most urgent first."""

    as_of: date
    total: int
    overdue: int
    urgent: int = Field(description="0 to 7 days left")
    without_referral: int
    unreachable: int
    next: str | None = Field(description="pass it as `after` for the next page; null on the last")
    items: list[WorklistItem]


class RankIn(BaseModel):
    """A member and posts of another system; nothing of it is stored."""

    member: MemberRow  # type: ignore[valid-type]
    positions: list[PositionRow] = Field(min_length=1, max_length=1000)  # type: ignore[valid-type]
    assessments: list[AssessmentRow] = Field([], max_length=500)  # type: ignore[valid-type]
    employers: list[EmployerRow] = Field([], max_length=1000)  # type: ignore[valid-type]
    days_left: int = Field(30, ge=0, le=366)
    limit: int = Field(5, ge=1, le=1000)
    as_of: date | None = Field(None, description="day the facts are read on; today when left out")
    region_code: str | None = Field(
        None, description="region whose policy rules; the office's when left out", pattern=r"^\d{6,9}$"
    )


class ReferralIn(BaseModel):
    """A referral a human decided on."""

    model_config = ConfigDict(extra="forbid")
    member_id: str = Identifier
    position_id: str = Identifier
    reason: str | None = Field(
        None, pattern=r"^[A-Z][A-Z0-9_]{0,39}$", description="code of why the officer departs from the list shown"
    )


class TransitionIn(BaseModel):
    """What became of a referral."""

    model_config = ConfigDict(extra="forbid")
    to: ReferralState
    reason: str | None = Field(None, max_length=64)
    refusal_justified: Justified | None = None
    outcome_on: date | None = None
    started_on: date | None = Field(None, description="first day of work; required for `started`")
    evidence: str | None = Field(None, description="what proves the start: contract, registration, insurance, …")
    wage: int | None = Field(None, ge=0, le=1_000_000_00, description="wage agreed, fen a month")


class ReferralOut(Out):
    """One referral as it stands."""

    referral_id: str
    member_id: str
    position_id: str
    created_on: date
    source: str
    state: str
    may_become: list[str]
    reason: str | None
    reason_side: str | None
    refusal_justified: str | None
    suitability: str
    outcome_on: date | None
    started_on: date | None
    model_version: str | None
    p_placed: float | None
    p_stays: float | None
    rank_shown: int | None


class ReferralsOut(Out):
    """A page of referrals."""

    items: list[ReferralOut]
    next: str | None


class PostOut(Out):
    """One open post."""

    position_id: str
    kind: PositionKind
    title: str
    occupation_code: str
    region_code: str
    openings_left: int
    open_referrals: int
    wage_min: int
    wage_max: int


class PostsOut(Out):
    """A page of open posts."""

    items: list[PostOut]
    next: str | None


class HealthOut(Out):
    """Whether the process lives, or is ready to serve."""

    status: str
    model_version: str | None = None
    store_version: int | None = None


class Problem(BaseModel):
    """A problem document (RFC 9457)."""

    model_config = ConfigDict(extra="allow")
    type: str
    title: str
    status: int
    detail: str
    instance: str
    request_id: str | None = None
    errors: list[dict[str, str]] | None = None
    reasons: list[ReasonOut] | None = None
    nearest_change: list[ReasonOut] | None = None
