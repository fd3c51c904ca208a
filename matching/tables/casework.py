"""The tables around the matching itself: staff, contacts, path, training, appeals, runs."""

from matching import vocabulary as v
from matching.tables.dictionary import col
from matching.tables.schema import Table

AGENCIES = Table("agencies", "public employment agencies, training bodies, dispatch units", ("agency_id",), (
    col("agency_id", "id", "agency"),
    col("name", "text", "name"),
    col("kind", "code", "kind", codes=("pes", "introduction", "street", "training", "dispatch"), default="street"),
    col("region_code", "code", "region it serves"),
))  # fmt: skip

CASEWORKERS = Table("caseworkers", "employment-assistance staff", ("caseworker_id",), (
    col("caseworker_id", "id", "staff number"),
    col("agency_id", "id", "agency", ref="agencies"),
    col("region_scope", "set", "region codes the person serves"),
    col("role", "code", "role", codes=v.Role, default="caseworker"),
    col("active", "bool", "in service", default=True),
    col("max_households", "int", "households one person may be paired with", null=True, low=0),
    col("declared_relatives", "set", "member ids the person is related to; conflict-of-interest check"),
))  # fmt: skip

PAIRINGS = Table("pairings", "which caseworker helps which household (结对帮扶)", ("pairing_id",), (
    col("pairing_id", "id", "pairing"),
    col("caseworker_id", "id", "caseworker", ref="caseworkers"),
    col("household_id", "id", "household", ref="households"),
    col("started_on", "date", "first day"),
    col("ended_on", "date", "last day", null=True),
))  # fmt: skip

CONTACTS = Table("contacts", "home visits, calls and meetings", ("contact_id",), (
    col("contact_id", "id", "contact"),
    col("household_id", "id", "household", ref="households"),
    col("member_id", "id", "member", null=True, ref="members"),
    col("kind", "code", "kind", codes=v.ContactKind),
    col("contacted_on", "date", "day"),
    col("caseworker_id", "id", "who", null=True),
    col("result", "code", "result", codes=("reached", "no_answer", "wrong_number", "message_left", "visited"), default="reached"),
    col("note", "text", "note", null=True),
    col("next_due_on", "date", "next contact due", null=True),
))  # fmt: skip

PATH_RECORDS = Table("path_records", "stages of the service path a member went through", ("path_record_id",), (
    col("path_record_id", "id", "record"),
    col("member_id", "id", "member", ref="members"),
    col("stage", "code", "stage", codes=v.PathStage),
    col("entered_on", "date", "day of entry"),
    col("left_on", "date", "day of leaving", null=True),
    col("entry_reason", "text", "why it was entered", null=True),
    col("exit", "code", "how it ended", null=True, codes=("placed", "next", "withdrawn", "void")),
    col("provider_id", "id", "agency that gave it", null=True),
    col("sessions", "int", "sessions attended", default=0, low=0),
))  # fmt: skip

TRAININGS = Table("trainings", "training a member was offered or took", ("training_id",), (
    col("training_id", "id", "training"),
    col("member_id", "id", "member", ref="members"),
    col("kind", "code", "kind", codes=("skill", "startup", "certification", "targeted")),
    col("course", "text", "course"),
    col("grants", "set", "certificates (code@level) or dimensions it teaches"),
    col("started_on", "date", "first day", null=True),
    col("completed_on", "date", "day of completion", null=True),
    col("state", "code", "state", codes=("offered", "running", "completed", "dropped"), default="offered"),
    col("free", "bool", "free of charge", default=True),
))  # fmt: skip

ENTITLEMENT_USES = Table("entitlement_uses", "subsidies and entitlements that were used", ("use_id",), (
    col("use_id", "id", "use"),
    col("policy_id", "text", "policy row it rests on"),
    col("member_id", "id", "member", null=True, ref="members"),
    col("employer_id", "id", "employer", null=True, ref="employers"),
    col("placement_id", "id", "placement", null=True, ref="placements"),
    col("used_on", "date", "day"),
    col("amount", "money", "amount", null=True, unit="fen", low=0),
))  # fmt: skip

JOB_FAIRS = Table("job_fairs", "fairs for public-welfare posts in the community", ("job_fair_id",), (
    col("job_fair_id", "id", "fair"),
    col("held_on", "date", "day"),
    col("region_code", "code", "region"),
    col("place", "text", "place"),
    col("position_ids", "set", "posts shown"),
))  # fmt: skip

APPEALS = Table("appeals", "appeals and disagreements", ("appeal_id",), (
    col("appeal_id", "id", "appeal"),
    col("member_id", "id", "member", ref="members"),
    col("about", "code", "about what", codes=("ranking", "refusal_count", "status", "data", "suitability", "clock")),
    col("object_id", "id", "record appealed against", null=True),
    col("filed_on", "date", "day filed"),
    col("due_on", "date", "last day to answer"),
    col("decided_on", "date", "day decided", null=True),
    col("decision", "code", "decision", null=True, codes=("upheld", "rejected", "partly")),
    col("decided_by", "id", "who decided", null=True),
    col("text", "text", "words of the member", null=True),
))  # fmt: skip

NOTICES = Table("notices", "what a member was told, and when", ("notice_id",), (
    col("notice_id", "id", "notice"),
    col("member_id", "id", "member", ref="members"),
    col("item", "code", "about what", codes=("refusal", "void", "machine_assisted", "privacy", "breach", "appeal", "pause")),
    col("object_id", "id", "record it is about", null=True),
    col("version", "text", "version of the text", default="1"),
    col("given_on", "date", "day given"),
    col("withdrawn_on", "date", "day withdrawn", null=True),
    col("channel", "code", "channel", codes=v.ContactKind, default="office"),
))  # fmt: skip

RUNS = Table("runs", "nightly and other runs", ("run_id",), (
    col("run_id", "id", "run"),
    col("kind", "code", "kind", codes=("nightly", "online", "backtest"), default="nightly"),
    col("as_of", "date", "day planned for"),
    col("model_version", "text", "model that scored"),
    col("policy_version", "text", "policy tables in force"),
    col("fingerprint", "text", "hash of the snapshot the run read"),
    col("seed", "int", "seed", default=0, low=0),
    col("state", "code", "state", codes=("running", "done", "failed"), default="running"),
    col("started_at", "text", "ISO time with offset"),
    col("finished_at", "text", "ISO time with offset", null=True),
    col("summary", "text", "figures of the run as JSON", null=True),
))  # fmt: skip

SUGGESTIONS = Table("suggestions", "what a run or a list showed, with what it rested on", ("suggestion_id",), (
    col("suggestion_id", "id", "suggestion"),
    col("run_id", "id", "run", null=True, ref="runs"),
    col("member_id", "id", "member", ref="members"),
    col("position_id", "id", "post", ref="positions"),
    col("rank", "int", "rank", low=1),
    col("score", "float", "score that ordered"),
    col("p_placed", "float", "probability of starting in time", low=0, high=1),
    col("p_stays", "float", "probability of staying 90 days", low=0, high=1),
    col("model_version", "text", "model"),
    col("reasons", "text", "reason codes with facts and weights as JSON", default="[]"),
    col("problems", "text", "negative reasons as JSON", default="[]"),
    col("unknowns", "text", "what is not known as JSON", default="[]"),
    col("features_hash", "text", "hash of the inputs as they stood", null=True),
    col("features", "text", "the inputs themselves in the model's order, float32 in base64; their hash is features_hash", null=True),
    col("shown_on", "date", "day shown"),
    col("action", "code", "what was done", codes=("none", "referred", "hidden", "pinned"), default="none"),
))  # fmt: skip

JOURNAL = Table("journal", "append-only record of who did what", ("seq",), (
    col("seq", "int", "sequence number", low=1),
    col("at", "text", "ISO time with offset"),
    col("actor", "text", "account or run"),
    col("role", "text", "role at the time"),
    col("action", "text", "action"),
    col("object_type", "text", "table or thing"),
    col("object_id", "text", "identifier"),
    col("before", "text", "state before as JSON", null=True),
    col("after", "text", "state after as JSON", null=True),
    col("reason", "text", "coded reason", null=True),
    col("request_id", "text", "request", null=True),
    col("prev_hash", "text", "hash of the entry before"),
    col("hash", "text", "hash of this entry"),
))  # fmt: skip
