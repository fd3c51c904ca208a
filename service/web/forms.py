"""Which form of a reason's sentence fits its facts, and which list a coded fact belongs to."""

from collections.abc import Callable, Mapping

from matching.reasons import Fact, Reason

Facts = Mapping[str, Fact]

_FORMS: Mapping[str, Callable[[Facts], str]] = {
    "SKILL": lambda f: (
        "" if f.get("dimension") is not None else "untested" if _number(f.get("asked")) > 0 else "none_asked"
    ),
    "COMMUTE": lambda f: "home" if f.get("home_based") else "unknown" if f.get("commute_minutes") is None else "",
    "GATE_PW_TERM": lambda f: str(f.get("verdict", "")).lower(),
    "UNBLOCK_PW_TERM": lambda f: str(f.get("verdict", "")).lower(),
    "WAGE": lambda f: "no_floor" if f.get("floor_fen") is None else "",
    "EXPERIENCE": lambda f: "" if f.get("months_same") else "field" if f.get("months_field") else "none",
    "WISH": lambda f: "wanted" if f.get("wanted") else "other" if f.get("told") else "untold",
    "CERTIFICATE": lambda f: "" if f.get("needed") else "none_needed",
    "SCHEDULE": lambda f: "day" if not f.get("night") else "unasked" if f.get("night_ok") is None else "night",
    "TRAINING": lambda f: "given" if f.get("training_provided") else "missing",
    "FLEXIBLE": lambda f: "declared" if f.get("flexible") else "undeclared",
    "REACHABLE": lambda f: {1.0: "ok", 0.5: "unsure"}.get(_number(f.get("reachable")), "unreachable"),
    "AVAILABLE": lambda f: "later" if _number(f.get("days")) > 0 else "now",
}

_LISTS: Mapping[tuple[str, str], str] = {
    ("EDUCATION", "have"): "education_rank",
    ("EDUCATION", "need"): "education_rank",
    ("CERT", "missing"): "certificate",
    ("CERTIFICATE", "needed"): "certificate",
    ("HEALTH", "limits"): "functional_limit",
    ("RESERVED", "reserved"): "category",
    ("TASK", "excluded"): "task",
    ("TASK_ANSWER_APPEAL", "about"): "appeal",
    ("ABUSE_CONCENTRATION", "district"): "region_code",
}

_RENAMED: Mapping[tuple[str, str], str] = {
    ("KIND", "accepted"): "accepted_kinds",
    ("REGION", "accepted"): "accepted_regions",
    ("ACCOMMODATION", "needed"): "needed_accommodations",
    ("TASK_JUDGE_REFUSAL", "reason"): "refusal",
    ("TASK_TELL_REFUSAL", "reason"): "refusal",
    ("TASK_TELL_VOID", "reason"): "clock_reason",
}
"""Facts whose name says too little on its own → the name the sentence quotes."""

LISTS: Mapping[str, str] = {
    "accepted_kinds": "kind", "needed_accommodations": "accommodation", "dimensions": "dimension",
    "functional_limits": "functional_limit", "unknown": "condition", "occupations": "occupation", "stage": "path_stage",
    "gates": "gate", "course": "dimension", "missing": "start_day",
}  # fmt: skip
"""Fact name → list of labels, where it is not the name itself."""

CLOCK_TIMES = frozenset({"shift_start", "shift_end", "earliest_start", "latest_end"})
"""Facts that are minutes of the day."""

PLACES = frozenset({"region_code", "accepted_regions"})
"""Facts that are region codes."""


def form(reason: Reason) -> str:
    """Return the form of sentence the facts ask for: a name of its own, else ``for`` or ``against`` by the weight."""
    if reason.code.startswith("ENTITLEMENT_"):
        return "unknown" if reason.facts.get("verdict") == "unknown" else "for"
    choose = _FORMS.get(reason.code)
    special = "" if choose is None else choose(reason.facts)
    return special or ("against" if reason.weight < 0 else "for")


def quoted(reason: Reason) -> dict[str, tuple[str, Fact]]:
    """Return name quoted → (list of labels or the name itself, value) for each fact."""
    stem = reason.code.partition("_")[2] if reason.code.startswith(("GATE_", "UNKNOWN_", "UNBLOCK_")) else reason.code
    out = {}
    for name, value in reason.facts.items():
        shown = _RENAMED.get((stem, name), name)
        out[shown] = (_LISTS.get((stem, name), LISTS.get(shown, shown)), value)
    return out


def _number(value: Fact) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0
