"""The closed lists of the trade: English name in code, stable code in data; labels live in the service's catalogues."""

from enum import StrEnum


class RegionLevel(StrEnum):
    """Level of a region of GB/T 2260."""

    PROVINCE = "province"
    CITY = "city"
    DISTRICT = "district"
    STREET = "street"


class AreaKind(StrEnum):
    """Urban or rural address of a household."""

    URBAN = "urban"
    RURAL = "rural"


class DibaoStatus(StrEnum):
    """State of the subsistence allowance (低保), told by Civil Affairs."""

    NONE = "none"
    APPLIED = "applied"
    RECEIVING = "receiving"
    CLOSING = "closing"
    CLOSED = "closed"


class HouseholdStatus(StrEnum):
    """Life of a household's file."""

    DISCOVERED = "discovered"
    APPLIED = "applied"
    RECOGNISED = "recognised"
    IN_SERVICE = "in_service"
    ONE_EMPLOYED = "one_employed"
    STABLE = "stable"
    CLOSED = "closed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    ENDED = "ended"
    MOVED = "moved"


class Relation(StrEnum):
    """Relation of a member to the head of the household."""

    HEAD = "head"
    SPOUSE = "spouse"
    CHILD = "child"
    PARENT = "parent"
    SIBLING = "sibling"
    OTHER = "other"


class Sex(StrEnum):
    """Sex as registered; used for statutory computation and fairness audit only."""

    FEMALE = "F"
    MALE = "M"
    UNKNOWN = "unknown"


class Education(StrEnum):
    """Education levels, in rising order."""

    PRIMARY = "primary"
    JUNIOR = "junior"
    SENIOR_OR_VOCATIONAL = "senior_or_vocational"
    COLLEGE = "college"
    BACHELOR_UP = "bachelor_up"


EDUCATION_RANK = {level.value: rank for rank, level in enumerate(Education)}
"""Education code → 0 (primary) … 4 (bachelor and above)."""


class FunctionalLimit(StrEnum):
    """What a member must not or cannot do at work, told with consent."""

    NO_HEAVY_LIFT = "no_heavy_lift"
    NO_LONG_STANDING = "no_long_standing"
    NO_HEIGHT = "no_height"
    NO_NIGHT = "no_night"
    NO_CHEMICAL = "no_chemical"
    LOW_VISION = "low_vision"
    LOW_HEARING = "low_hearing"
    SEAT_ONLY = "seat_only"
    NO_CROWD = "no_crowd"


class Reachable(StrEnum):
    """Whether the office can reach the member."""

    OK = "ok"
    UNSURE = "unsure"
    UNREACHABLE = "unreachable"


class EmploymentState(StrEnum):
    """What the member does today."""

    UNEMPLOYED = "unemployed"
    EMPLOYED = "employed"
    SELF_EMPLOYED = "self_employed"
    FLEXIBLE = "flexible"
    TRAINING = "training"
    INACTIVE = "inactive"
    MOVED = "moved"


SEEKING = frozenset({EmploymentState.UNEMPLOYED.value, EmploymentState.TRAINING.value})
"""Employment states in which a post may be proposed."""

WORKING = frozenset(
    {EmploymentState.EMPLOYED.value, EmploymentState.SELF_EMPLOYED.value, EmploymentState.FLEXIBLE.value}
)
"""Employment states that count as a job."""


class PathStage(StrEnum):
    """The seven stages of the service path ("路径"就业服务), in order."""

    BASIC = "BASIC"
    JOBSEARCH = "JOBSEARCH"
    EXPERT = "EXPERT"
    ASSESS = "ASSESS"
    SKILL_TRAIN = "SKILL_TRAIN"
    TARGET_TRAIN = "TARGET_TRAIN"
    FOLLOWUP = "FOLLOWUP"


class Dimension(StrEnum):
    """The twelve assessed dimensions, 0–100."""

    PHYSICAL_STAMINA = "physical_stamina"
    FINGER_DEXTERITY = "finger_dexterity"
    MANUAL_DEXTERITY = "manual_dexterity"
    MOTOR_COORDINATION = "motor_coordination"
    DETAIL_PERCEPTION = "detail_perception"
    CLERICAL_PERCEPTION = "clerical_perception"
    VERBAL = "verbal"
    NUMERACY = "numeracy"
    SPATIAL = "spatial"
    LEARNING = "learning"
    SERVICE_ORIENTATION = "service_orientation"
    DIGITAL = "digital"


DIMENSIONS = tuple(d.value for d in Dimension)
"""Dimension codes in their fixed order; skill matrices have this column order."""


class AssessmentMode(StrEnum):
    """How a skill value was obtained."""

    SELF = "self"
    CASEWORKER = "caseworker"
    TEST = "test"
    EMPLOYER_TRIAL = "employer_trial"


class EmployerType(StrEnum):
    """Kind of employing unit."""

    ENTERPRISE = "enterprise"
    INDIVIDUAL_BUSINESS = "individual_business"
    GOVERNMENT = "government"
    PUBLIC_INSTITUTION = "public_institution"
    SOCIAL_ORG = "social_org"
    DISPATCH_AGENCY = "dispatch_agency"


class PositionKind(StrEnum):
    """Kind of post."""

    EMPLOYER = "EMPLOYER"
    PUBLIC_WELFARE = "PUBLIC_WELFARE"
    DISPATCH = "DISPATCH"
    COMMUNITY_BASE = "COMMUNITY_BASE"
    FLEXIBLE = "FLEXIBLE"
    TRAINEE = "TRAINEE"


POSITION_KINDS = tuple(k.value for k in PositionKind)
"""Position kinds in their fixed order."""


class WageType(StrEnum):
    """How a wage is paid; amounts are always fen a month."""

    MONTHLY = "monthly"
    HOURLY = "hourly"
    PIECE = "piece"


class Insurance(StrEnum):
    """The five social insurances (五险)."""

    PENSION = "pension"
    UNEMPLOYMENT = "unemployment"
    MEDICAL = "medical"
    WORK_INJURY = "work_injury"
    MATERNITY = "maternity"


class ReviewState(StrEnum):
    """What the post officer found on entry."""

    RECEIVED = "received"
    QUARANTINED = "quarantined"
    VERIFIED = "verified"


class PositionStatus(StrEnum):
    """Whether people may be sent to a post."""

    OPEN = "open"
    PAUSED = "paused"
    FILLED = "filled"
    EXPIRED = "expired"
    CLOSED = "closed"
    STALE = "stale"


class ReferralSource(StrEnum):
    """Where a referral came from."""

    NIGHT = "night"
    CASEWORKER = "caseworker"
    FAIR = "fair"
    DIRECT_TRAIN = "direct_train"
    SELF = "self"


class Suitability(StrEnum):
    """Suitability (适当) of an offer on the day it was made."""

    OK = "ok"
    FAILED = "failed"
    UNKNOWN = "unknown"


class ReferralState(StrEnum):
    """State of a referral."""

    DRAFT = "draft"
    ISSUED = "issued"
    ATTENDED = "attended"
    NO_SHOW = "no_show"
    OFFERED = "offered"
    REJECTED = "rejected"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    STARTED = "started"
    CLOSED = "closed"
    REVOKED = "revoked"
    EXPIRED = "expired"
    FILLED = "filled"
    NO_SLIP = "no_slip"


OPEN_REFERRAL_STATES = frozenset({"draft", "issued", "attended", "offered", "accepted"})
"""Referral states that hold a place at the post and a slot of the member."""

RESULT_OWED = (OPEN_REFERRAL_STATES - {"draft"}) | {"no_slip"}
"""States of a letter that is out and of which nobody has said yet how it ended, or that work has begun."""

REFERRAL_STEPS: dict[str, frozenset[str]] = {
    "draft": frozenset({"issued", "revoked", "expired", "filled"}),
    "issued": frozenset({"attended", "no_show", "rejected", "declined", "revoked", "expired", "filled", "no_slip"}),
    "no_slip": frozenset({"attended", "no_show", "rejected", "declined", "started", "revoked"}),
    "attended": frozenset({"offered", "rejected", "declined", "revoked", "expired", "filled"}),
    "offered": frozenset({"accepted", "declined", "revoked", "expired", "filled"}),
    "accepted": frozenset({"started", "declined", "revoked", "expired", "filled"}),
    "started": frozenset({"closed"}),
}
"""Allowed steps of a referral: state → states that may follow; a state that is absent is final."""


class RefusalReason(StrEnum):
    """Reasons a member gives for not taking an offer."""

    HEALTH = "HEALTH"
    CARE = "CARE"
    COMMUTE_OVER_LIMIT = "COMMUTE_OVER_LIMIT"
    BELOW_MIN_WAGE = "BELOW_MIN_WAGE"
    SCHEDULE_CLASH = "SCHEDULE_CLASH"
    POST_DIFFERS = "POST_DIFFERS"
    EMPLOYER_VIOLATION = "EMPLOYER_VIOLATION"
    SAFETY = "SAFETY"
    CUSTOM = "CUSTOM"
    FOUND_OTHER = "FOUND_OTHER"
    WAGE = "WAGE"
    TASK_DISLIKE = "TASK_DISLIKE"
    NIGHT_SHIFT = "NIGHT_SHIFT"
    HEAVY_TASK = "HEAVY_TASK"
    STIGMA = "STIGMA"
    NONE_GIVEN = "NONE_GIVEN"


JUSTIFIED_BY_RULE = frozenset(
    {"HEALTH", "CARE", "COMMUTE_OVER_LIMIT", "BELOW_MIN_WAGE", "SCHEDULE_CLASH", "POST_DIFFERS",
     "EMPLOYER_VIOLATION", "SAFETY", "CUSTOM", "FOUND_OTHER"}
)  # fmt: skip
"""Refusal reasons that never count against a member."""


class EmployerRejection(StrEnum):
    """Reasons an employer gives for not hiring."""

    SKILL = "SKILL"
    CERT = "CERT"
    EXPERIENCE = "EXPERIENCE"
    PHYSICAL = "PHYSICAL"
    AGE = "AGE"
    SEX = "SEX"
    HUKOU = "HUKOU"
    INTERVIEW = "INTERVIEW"
    FULL = "FULL"


STARRED_REJECTIONS = frozenset({"AGE", "SEX", "HUKOU"})
"""Rejections that flag the employer for inspection; dropped from training, never a feature."""


class ReasonSide(StrEnum):
    """On whose side a referral ended."""

    MEMBER = "member"
    EMPLOYER = "employer"
    AGENCY = "agency"


class Justified(StrEnum):
    """Whether a named human found a refusal justified."""

    YES = "yes"
    NO = "no"
    UNDECIDED = "undecided"


class Evidence(StrEnum):
    """What proves a placement."""

    CONTRACT = "contract"
    REGISTRATION = "registration"
    INSURANCE = "insurance"
    LICENCE = "licence"
    AGREEMENT = "agreement"
    VISIT = "visit"
    NONE = "none"


class PromiseScope(StrEnum):
    """Whose clock it is."""

    HOUSEHOLD = "household"
    MEMBER = "member"


class PromiseState(StrEnum):
    """State of a promise clock."""

    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    MET_LATE = "met_late"
    BREACHED = "breached"
    VOID = "void"
    REOPENED = "reopened"


class LockKind(StrEnum):
    """A human decision the night obeys."""

    PIN = "pin"
    EXCLUDE = "exclude"
    HOLD = "hold"
    PROMISED = "promised"


class Priority(StrEnum):
    """Tier of a household for staff time and scarce posts; never an input of a member's own ranking."""

    P0 = "P0"
    P1 = "P1"
    P2 = "P2"
    P3 = "P3"


class ContactKind(StrEnum):
    """How the office was in touch."""

    HOME_VISIT = "home_visit"
    PHONE = "phone"
    SMS = "sms"
    OFFICE = "office"
    FAIR = "fair"


class Role(StrEnum):
    """What an account may do."""

    CASEWORKER = "caseworker"
    SUPERVISOR = "supervisor"
    ANALYST = "analyst"
    AUDITOR = "auditor"
    POST_OFFICER = "post_officer"
    ADMIN = "admin"
    SERVICE = "service"


class PublicWelfareSubtype(StrEnum):
    """Subtypes of public-welfare posts."""

    GOV_LOGISTICS = "gov_logistics"
    GOV_PROJECT_AUXILIARY = "gov_project_auxiliary"
    ASSISTANT = "assistant"
    CLEANING = "cleaning"
    GREENING = "greening"
    SECURITY = "security"
    COMMUNITY_SERVICE = "community_service"
    RURAL_CLEANING = "rural_cleaning"
    RURAL_ROAD = "rural_road"
    RURAL_FOREST = "rural_forest"
    RURAL_SERVICE = "rural_service"


class HardshipCategory(StrEnum):
    """Categories of hard-to-employ people (就业困难人员), Guangdong 2023; the last three of the restricted group are never printed."""

    OLDER = "older"
    DISABLED = "disabled"
    DIBAO = "dibao"
    ZERO_EMPLOYMENT = "zero_employment"
    RURAL_ZERO_TRANSFER = "rural_zero_transfer"
    LANDLESS = "landless"
    LONG_UNEMPLOYED = "long_unemployed"
    VETERAN = "veteran"
    CARER = "carer"
    GRADUATE = "graduate"
    REHABILITATED = "rehabilitated"
    RELEASED = "released"
    RECOVERED = "recovered"
