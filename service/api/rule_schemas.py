"""What the rules' routes take and give: files, clocks, requests, counters, steps, flags; rows are read from the data dictionary."""

from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from matching.vocabulary import ContactKind, HouseholdStatus, Justified, PathStage
from service.api.access import ApprovalOut
from service.schemas import Out, ReasonOut, row_model

PromiseRow = row_model("promises", "PromiseRow")
PlacementRow = row_model("placements", "PlacementRow")
PathRecordRow = row_model("path_records", "PathRecordRow")
NoticeRow = row_model("notices", "NoticeRow")
AppealRow = row_model("appeals", "AppealRow")
PostRow = row_model("positions", "PostRow")

Code = Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$")


class In(BaseModel):
    """Body of a request; a field nobody knows is refused."""

    model_config = ConfigDict(extra="forbid")


class ClockOut(Out):
    """A member's clock today: the gross day never moves, the net day is put off by paused days; null where no clock runs."""

    member_id: str
    household_id: str
    started_on: date | None
    due_on: date | None = Field(description="last day, gross")
    due_net_on: date | None = Field(description="last day with the paused days on top")
    days_left: int | None = Field(description="net; negative when past")
    days_left_gross: int | None
    state: str
    calendar_known: bool


class PathOut(Out):
    """Where a member stands on the service path and the stage proposed next; null stays."""

    member_id: str
    stage: str
    entered_on: date
    days_in_stage: int
    referrals: int
    sessions: int
    assessed: int
    working: bool
    days_in_work: int | None
    next_stage: str | None
    reason: str


class WelfareOut(Out):
    """Standing with public-welfare posts: times, term, whether another may begin and why."""

    member_id: str
    times: int
    term_ends_on: date | None
    to_retirement: bool
    other_offers: int
    may_take: bool
    verdict: str


class OffersOut(Out):
    """Suitable offers made, rounds of them, and rounds the office still owes."""

    member_id: str
    offers: int
    rounds: int
    rounds_owed: int
    done: bool


class StandingOut(Out):
    """One member of the file."""

    member_id: str
    clock: ClockOut
    path: PathOut
    refusals: list[ReasonOut] = Field(description="one counter a regime in force")
    welfare: WelfareOut
    welfare_place: int = Field(description="place in the regulated order for public-welfare posts, 0 first")
    offers: OffersOut
    may_apply: list[ReasonOut] = Field(description="categories the record speaks for; a person decides")
    entitlements: list[ReasonOut]


class StateOut(Out):
    """The household's state derived from its members' jobs, with days lost on the way; null is not known."""

    household_id: str
    status: HouseholdStatus
    employed_members: int
    employed_unverified: int
    working_since: date | None
    lost_on: date | None
    days_in_work: int | None
    stable_on: date | None
    closes_on: date | None
    dibao_review_on: date | None
    dibao_review_due: bool
    days_before_recognition: int | None
    days_to_first_referral: int | None
    days_to_work: int | None


class TaskOut(Out):
    """One thing a person has to do."""

    household_id: str
    member_id: str | None
    object_id: str
    due_on: date | None = Field(description="null: as soon as it can be")
    reason: ReasonOut


class HouseholdOut(Out):
    """A household's file as recorded; subsistence allowance, hardship and household registration are read elsewhere."""

    household_id: str
    file_no: str
    region_code: str
    area_kind: str
    discovered_on: date | None
    recognised_on: date | None
    recognition_basis: str | None
    paired_caseworker_id: str | None
    status: HouseholdStatus
    closed_on: date | None


class HouseholdFileOut(Out):
    """One household, one file."""

    household: HouseholdOut
    state: StateOut
    promises: list[PromiseRow]  # type: ignore[valid-type]
    warning: ReasonOut | None
    decide_by: date | None = Field(description="last working day to decide on recognition")
    review_until: date | None = Field(description="last day to ask for a review of a refusal")
    members: list[StandingOut]
    milestones: list[dict[str, Any]] = Field(description="each placement: days in work, stable_30, stable_90, …")
    tasks: list[TaskOut]
    approvals: list[ApprovalOut] = Field(description="what waits for a second person")


class FileStepIn(In):
    """A step of the file that was decided elsewhere."""

    to: HouseholdStatus
    on: date | None = Field(None, description="day it holds from; today when left out")
    reason: str | None = Field(None, max_length=64)
    basis: str | None = Field(None, max_length=200, description="basis of recognition")


class PromiseIn(In):
    """What is asked of a second person: the coded reason; the member only for a clock of that member alone."""

    reason: str = Code
    member_id: str | None = Field(None, max_length=64)
    words: str = Field("", max_length=1000, description="for the one who decides")


class ClockIn(In):
    """Whose clock; the household's when left out."""

    member_id: str | None = Field(None, max_length=64)


class CauseIn(ClockIn):
    """The coded cause of a broken promise."""

    cause: str = Code


class TallyOut(Out):
    """One regime's counter with what counts, what does not and why, and the policy row it rests on."""

    regime: str
    counting: str
    counted: int
    limit: int
    reached: bool
    counted_ids: list[str]
    not_counted: dict[str, str] = Field(description="referral → why it does not count")
    reason: ReasonOut
    policy_id: str
    source: str


class AnswersOut(Out):
    """A member's answers to offers under every regime."""

    member_id: str
    log: list[dict[str, Any]] = Field(description="referral_id, answered_on, refused, counts, why_not; oldest first")
    tallies: list[TallyOut]
    offers: int
    rounds: int
    rounds_owed: int = Field(description="rounds of offers owed before no wish to work may be assumed")
    appeals: list[AppealRow]  # type: ignore[valid-type]


class JudgementIn(In):
    """Whether a refusal was justified, decided by the person acting."""

    justified: Justified


class RefusalOut(Out):
    """A refusal as it stands."""

    referral_id: str
    member_id: str
    state: str
    reason: str | None
    suitability: str
    refusal_justified: str | None


class NoticeIn(In):
    """What a member was told."""

    item: str = Field(pattern=r"^(refusal|void|machine_assisted|privacy|breach|appeal|pause)$")
    object_id: str | None = Field(None, max_length=64)
    channel: ContactKind = ContactKind.OFFICE


class AppealIn(In):
    """What a member disagrees with."""

    about: str = Field(pattern=r"^(ranking|refusal_count|status|data|suitability|clock)$")
    object_id: str | None = Field(None, max_length=64)
    text: str | None = Field(None, max_length=4000)


class AppealDecisionIn(In):
    """How an appeal was decided."""

    decision: str = Field(pattern=r"^(upheld|rejected|partly)$")


class NextStepOut(Out):
    """The next step proposed, what to assess first and the course that opens most, each with its number of openings."""

    member_id: str
    stage: str
    days_in_stage: int
    referrals: int
    assessed: int
    next_stage: str | None
    reason: ReasonOut
    assess_first: list[ReasonOut]
    training: ReasonOut | None
    reachable_posts: int


class StageIn(In):
    """A stage to move to, and why."""

    to: PathStage
    reason: str = Code
    seen: PathStage | None = Field(None, description="the stage the member was seen in; 412 where it is another by now")


class WhyNoneOut(Out):
    """Why a member's list is what it is."""

    member_id: str
    considered: int
    eligible: int
    unknown: int = Field(description="eligible posts of which something has still to be asked")
    blocked: dict[str, int] = Field(description="rule → posts it stands against")
    alone: dict[str, int] = Field(description="rule → posts nothing else stands against")
    nearest_change: list[ReasonOut]


class JobIn(In):
    """A job found without a referral."""

    kind: str = Code
    started_on: date
    evidence: str = Field("none", max_length=64)
    position_id: str | None = Field(None, max_length=64)
    contract_months: int | None = Field(None, ge=0, le=600)
    wage: int | None = Field(None, ge=0, le=1_000_000_00, description="fen a month")


class EvidenceIn(In):
    """What proves a job."""

    evidence: str = Code


class JobEndIn(In):
    """The last day of a job and why it ended."""

    ended_on: date
    reason: str = Code


class FlagOut(Out):
    """A fact a supervisor should look at."""

    object_type: str
    object_id: str
    member_id: str
    reason: ReasonOut


class FlagsOut(Out):
    """Findings of the checks on public-welfare placements."""

    items: list[FlagOut]


class SharesOut(Out):
    """Shares asked of employers; null is not known. The consequence is decided by Finance."""

    required: list[dict[str, Any]]
    dispatch: list[dict[str, Any]]


class FindingOut(Out):
    """One finding on a post."""

    position_id: str
    code: str
    quarantine: bool
    field: str = Field(description="column in which it was seen; the one to change")
    found: str


class FindingsOut(Out):
    """Findings on a post, by code."""

    items: list[FindingOut]


class ReviewIn(In):
    """What a post officer decided."""

    state: str = Field(pattern=r"^(verified|quarantined)$")
    reason: str = Code
