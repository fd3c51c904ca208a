"""The exchange tables: the same columns in the store, in a night's state, in training and in an office's files."""

from collections.abc import Iterable
from enum import StrEnum

from matching import vocabulary as v
from matching.tables.schema import REQUIRED, Column, Kind, Table


def _codes(codes: type[StrEnum] | Iterable[str] | None) -> frozenset[str] | None:
    return None if codes is None else frozenset(str(getattr(c, "value", c)) for c in codes)


def col(
    name: str,
    kind: str,
    meaning: str,
    *,
    null: bool = False,
    default: object = REQUIRED,
    unit: str = "",
    low: float | None = None,
    high: float | None = None,
    codes: type[StrEnum] | Iterable[str] | None = None,
    ref: str | None = None,
) -> Column:
    """State a column; sets and maps are empty where a file does not have them."""
    if kind in ("set", "map") and default is REQUIRED:
        default = ""
    return Column(name, Kind(kind), meaning, null, default, unit, low, high, _codes(codes), ref)


def _lng_lat() -> tuple[Column, Column]:
    return (
        col(
            "longitude",
            "float",
            "longitude of the street centroid or workplace",
            null=True,
            unit="degree",
            low=73,
            high=136,
        ),
        col(
            "latitude",
            "float",
            "latitude of the street centroid or workplace",
            null=True,
            unit="degree",
            low=3,
            high=54,
        ),
    )


REGIONS = Table("regions", "administrative regions with the dates they were valid", ("region_code",), (
    col("region_code", "code", "GB/T 2260 code, 6 digits; 9 for a street or town"),
    col("name_zh", "text", "Chinese name"),
    col("name_en", "text", "English name", null=True),
    col("parent_code", "code", "code of the region above", null=True),
    col("level", "code", "level", codes=v.RegionLevel),
    *_lng_lat(),
    col("valid_from", "date", "first day the code was valid", null=True),
    col("valid_to", "date", "last day the code was valid", null=True),
))  # fmt: skip

HOUSEHOLDS = Table("households", "households; one household, one file (一家一册)", ("household_id",), (
    col("household_id", "id", "household"),
    col("file_no", "text", "file number printed on the contact card"),
    col("region_code", "code", "residence, street where known"),
    col("hukou_region_code", "code", "region of household registration; audit only", null=True),
    col("area_kind", "code", "urban or rural", codes=v.AreaKind, default="urban"),
    col("discovered_on", "date", "day the office learned of the household", null=True),
    col("recognised_on", "date", "day of recognition, decided elsewhere", null=True),
    col("recognition_basis", "text", "basis of recognition", null=True),
    col("dibao_status", "code", "subsistence allowance", codes=v.DibaoStatus, default="none"),
    col("hardship_level", "int", "hardship by a written local table", null=True, low=0, high=3),
    col("paired_caseworker_id", "id", "paired caseworker", null=True),
    col("status", "code", "state of the file", codes=v.HouseholdStatus, default="recognised"),
    col("closed_on", "date", "day the file was closed", null=True),
))  # fmt: skip

MEMBERS = Table("members", "members of households; no names, no identity numbers", ("member_id",), (
    col("member_id", "id", "member"),
    col("household_id", "id", "household", ref="households"),
    col("relation", "code", "relation to the head", codes=v.Relation, default="other"),
    col("birth_month", "month", "month of birth; legal gates and categories only", null=True),
    col("sex", "code", "sex; categories, statutory gates and audit only", codes=v.Sex, default="unknown"),
    col("education", "code", "highest education", codes=v.Education),
    col("certificates", "set", "certificates, code@level"),
    col("experience", "map", "occupation code → months", unit="month"),
    col("categories", "set", "hard-to-employ categories; restricted"),
    col("disability_level", "int", "disability level, 1 is the most severe; restricted", null=True, low=1, high=4),
    col("functional_limits", "set", "what the member must not or cannot do (open list; known ones in the vocabulary)"),
    col("accommodations_needed", "set", "accommodations the member needs"),
    col("willing", "bool", "wishes to work"),
    col("willing_confirmed_on", "date", "day the wish was last confirmed", null=True),
    col("flexibility_declared", "bool", "declared not picky about posts (不挑不拣)", default=False),
    col("flexibility_declared_on", "date", "day of that declaration", null=True),
    col("registered_on", "date", "day of registration as jobseeker"),
    col("available_from", "date", "first day the member can start", null=True),
    col("wanted_occupations", "set", "occupation codes wanted"),
    col("excluded_tasks", "set", "task tags the member excludes"),
    col("wage_floor", "money", "lowest acceptable wage", null=True, unit="fen/month", low=0, high=100_000_00),
    col("commute_limit_minutes", "int", "longest acceptable way to work", null=True, unit="minute", low=0, high=300),
    col("accepted_regions", "set", "region codes accepted; empty means no restriction"),
    col("kinds_ok", "set", "kinds of post accepted; empty means all", codes=v.PositionKind),
    col("earliest_start", "int", "earliest start of work", null=True, low=0, high=1440, unit="minute of day"),
    col("latest_end", "int", "latest end of work", null=True, low=0, high=1440, unit="minute of day"),
    col("max_hours_week", "float", "longest working week", null=True, unit="hour/week", low=0, high=168),
    col("night_ok", "bool", "night work possible", null=True),
    col("reachable", "code", "can the office reach the member", codes=v.Reachable, default="ok"),
    col("employment_state", "code", "what the member does today", codes=v.EmploymentState, default="unemployed"),
    col("unemployed_since", "date", "start of unemployment; audit only", null=True),
    col("path_stage", "code", "stage of the service path", codes=v.PathStage, default="BASIC"),
    col("region_code", "code", "residence, street where known"),
    *_lng_lat(),
))  # fmt: skip

ASSESSMENTS = Table("assessments", "one assessed dimension of one member on one day", ("member_id", "assessed_on", "instrument", "dimension"), (
    col("member_id", "id", "member", ref="members"),
    col("assessed_on", "date", "day of assessment"),
    col("stage", "code", "stage of the path it was made in", null=True, codes=v.PathStage),
    col("instrument", "text", "instrument", default="unspecified"),
    col("mode", "code", "how the value was obtained", codes=v.AssessmentMode, default="caseworker"),
    col("dimension", "code", "assessed dimension", codes=v.Dimension),
    col("score", "float", "score", low=0, high=100),
    col("standard_error", "float", "standard error of the score", null=True, low=0, high=100),
    col("assessor_id", "id", "who assessed", null=True),
    col("expires_on", "date", "last day the value counts", null=True),
), last_wins=True)  # fmt: skip

EMPLOYERS = Table("employers", "employing units", ("employer_id",), (
    col("employer_id", "id", "employer"),
    col("name", "text", "name"),
    col("type", "code", "kind of unit", codes=v.EmployerType, default="enterprise"),
    col("region_code", "code", "seat"),
    col("industry", "code", "industry, GB/T 4754", null=True),
    col("blacklisted", "bool", "barred from receiving referrals", default=False),
    col("headcount", "int", "staff", null=True, low=0),
    col("required_share", "float", "required share of hard-to-employ staff", null=True, low=0, high=1),
    col("hard_to_employ_count", "int", "hard-to-employ staff", null=True, low=0),
))  # fmt: skip

POSITIONS = Table("positions", "posts of every kind", ("position_id",), (
    col("position_id", "id", "post"),
    col("employer_id", "id", "employer (the agency for dispatch)", ref="employers"),
    col("user_unit_id", "id", "user unit of a dispatch post", null=True),
    col("kind", "code", "kind of post", codes=v.PositionKind),
    col("pw_subtype", "code", "subtype of a public-welfare post (open list; known ones in the vocabulary)", null=True),
    col("title", "text", "title as declared"),
    col("duties", "text", "duties and wishes as declared, in the employer's words; read by people and by review, never ranked by", null=True),
    col("occupation_code", "code", "occupation, GB/T 6565"),
    col("region_code", "code", "workplace"),
    *_lng_lat(),
    col("home_based", "bool", "worked at home", default=False),
    col("openings_total", "int", "openings declared", low=0, high=100_000),
    col("openings_left", "int", "openings not yet filled", low=0, high=100_000),
    col("wage_min", "money", "lowest wage offered", unit="fen/month", low=0, high=1_000_000_00),
    col("wage_max", "money", "highest wage offered", unit="fen/month", low=0, high=1_000_000_00),
    col("wage_type", "code", "how it is paid", codes=v.WageType, default="monthly"),
    col("contract_months", "int", "length of the contract", null=True, unit="month", low=0, high=600),
    col("insured", "set", "insurances paid", codes=v.Insurance),
    col("hours_week", "float", "working week", unit="hour/week", low=0, high=168, default=40.0),
    col("shift_start", "int", "start of the shift", null=True, low=0, high=1440, unit="minute of day"),
    col("shift_end", "int", "end of the shift", null=True, low=0, high=1440, unit="minute of day"),
    col("night", "bool", "includes night work", default=False),
    col("min_education", "code", "lowest education required", null=True, codes=v.Education),
    col("required_certificates", "set", "certificates required, code@level"),
    col("required_skills", "map", "dimension → level required", codes=v.Dimension, low=0, high=100),
    col("essential_skills", "set", "dimensions that are essential", codes=v.Dimension),
    col("experience_months", "int", "experience required in the occupation", null=True, unit="month", low=0, high=600),
    col("lift_kg", "float", "heaviest load", null=True, unit="kg", low=0, high=500),
    col("standing", "bool", "long standing", default=False),
    col("height", "bool", "work at height", default=False),
    col("chemical", "bool", "contact with chemicals", default=False),
    col("customer_contact", "bool", "contact with customers", default=False),
    col("excluded_task_tags", "set", "task tags members may exclude"),
    col("accommodations_offered", "set", "accommodations offered"),
    col("reserved_categories", "set", "hard-to-employ categories the post is reserved for"),
    col("training_provided", "bool", "training is given", default=False),
    col("declared_on", "date", "day it was declared to the service", null=True),
    col("verified_on", "date", "day the office verified it", null=True),
    col("last_confirmed_on", "date", "day the employer last confirmed it", null=True),
    col("posted_on", "date", "day it was posted"),
    col("valid_until", "date", "last day it is valid", null=True),
    col("review_state", "code", "what review found", codes=v.ReviewState, default="received"),
    col("status", "code", "whether people may be sent", codes=v.PositionStatus, default="open"),
))  # fmt: skip

REFERRALS = Table("referrals", "referrals of a member to a post", ("referral_id",), (
    col("referral_id", "id", "referral"),
    col("member_id", "id", "member", ref="members"),
    col("position_id", "id", "post", ref="positions"),
    col("created_on", "date", "day of the referral"),
    col("source", "code", "where it came from", codes=v.ReferralSource, default="caseworker"),
    col("caseworker_id", "id", "who referred", null=True),
    col("model_version", "text", "model shown at the time", null=True),
    col("run_id", "id", "night that proposed it", null=True),
    col("p_placed", "float", "probability shown of starting in time", null=True, low=0, high=1),
    col("p_stays", "float", "probability shown of staying 90 days", null=True, low=0, high=1),
    col("rank_shown", "int", "rank in the list shown", null=True, low=1),
    col("propensity", "float", "probability with which the logging policy proposed it", null=True, low=0, high=1),
    col("suitability", "code", "suitability on the day", codes=v.Suitability, default="unknown"),
    col("state", "code", "state", codes=v.ReferralState, default="issued"),
    col("reason", "text", "coded reason of the end", null=True),
    col("reason_side", "code", "side that ended it", null=True, codes=v.ReasonSide),
    col("refusal_justified", "code", "found justified by a named human", null=True, codes=v.Justified),
    col("outcome_on", "date", "day of the outcome", null=True),
    col("started_on", "date", "first day of work", null=True),
))  # fmt: skip

PLACEMENTS = Table("placements", "jobs that began, with or without a referral", ("placement_id",), (
    col("placement_id", "id", "placement"),
    col("referral_id", "id", "referral it came from", null=True, ref="referrals"),
    col("member_id", "id", "member", ref="members"),
    col("position_id", "id", "post", null=True, ref="positions"),
    col("kind", "code", "kind of post or self-employment", codes=(*v.POSITION_KINDS, "self_employed")),
    col("started_on", "date", "first day of work"),
    col("contract_months", "int", "length of the contract", null=True, unit="month", low=0, high=600),
    col("wage", "money", "wage", null=True, unit="fen/month", low=0, high=1_000_000_00),
    col("evidence", "code", "what proves it", codes=v.Evidence, default="none"),
    col("verified_on", "date", "day it was verified", null=True),
    col("ended_on", "date", "last day of work", null=True),
    col("end_reason", "text", "why it ended", null=True),
))  # fmt: skip

PROMISES = Table("promises", "promise clocks of households and members", ("promise_id",), (
    col("promise_id", "id", "promise"),
    col("household_id", "id", "household", ref="households"),
    col("member_id", "id", "member of a member clock", null=True, ref="members"),
    col("scope", "code", "whose clock", codes=v.PromiseScope, default="household"),
    col("started_on", "date", "day the clock started (not counted)"),
    col("due_on", "date", "last day of the promise"),
    col("state", "code", "state", codes=v.PromiseState, default="running"),
    col("paused_days", "int", "days paused so far", unit="day", low=0, high=3660, default=0),
    col("met_on", "date", "first day of the job that met it", null=True),
    col("void_reason", "text", "coded reason it was voided", null=True),
    col("breach_cause", "text", "coded cause of the breach", null=True),
    col("paused_since", "date", "first day of the pause that runs", null=True),
    col("pause_reason", "text", "coded reason of the pause that runs", null=True),
    col("breached_on", "date", "first day after the last day of a broken promise; stays when late evidence corrects it", null=True),
    col("reopens_id", "id", "promise that was kept by a job which soon ended", null=True),
    col("voided_on", "date", "day from which it is void", null=True),
))  # fmt: skip

LOCKS = Table("locks", "human decisions the night obeys", ("lock_id",), (
    col("lock_id", "id", "lock"),
    col("kind", "code", "kind", codes=v.LockKind),
    col("member_id", "id", "member it binds", null=True, ref="members"),
    col("position_id", "id", "post it binds", null=True, ref="positions"),
    col("reason_code", "text", "coded reason"),
    col("reason_text", "text", "words of the officer", null=True),
    col("made_by", "id", "officer"),
    col("made_on", "date", "day"),
    col("expires_on", "date", "last day it binds", null=True),
))  # fmt: skip
