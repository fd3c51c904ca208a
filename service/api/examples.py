"""Examples of the OpenAPI document; tests send each one."""

from typing import Any

_MEMBER = {
    "member_id": "A1", "education": "junior", "region_code": "440103001", "longitude": 113.24, "latitude": 23.12,
    "experience": {"40201": 18}, "wage_floor": 230000, "commute_limit_minutes": 60, "night_ok": False,
    "flexibility_declared": True,
}  # fmt: skip
_POST = {
    "position_id": "B1", "kind": "EMPLOYER", "occupation_code": "40201", "region_code": "440103002", "longitude": 113.25,
    "latitude": 23.13, "wage_min": 260000, "wage_max": 320000, "insured": ["medical", "pension", "work_injury"],
}  # fmt: skip

EXAMPLES: dict[str, dict[str, Any]] = {
    "rank": {"one post": {"value": {"member": _MEMBER, "positions": [_POST], "days_left": 12, "limit": 5}}},
    "referral": {"refer": {"value": {"member_id": "M1", "position_id": "P1"}}},
    "transition": {
        "attended": {"value": {"to": "attended"}},
        "declined": {"value": {"to": "declined", "reason": "CARE"}},
        "rejected": {"value": {"to": "rejected", "reason": "SKILL"}},
        "started": {"value": {"to": "started", "started_on": "2026-11-02", "evidence": "contract", "wage": 280000}},
    },
    "file-step": {"recognised": {"value": {"to": "recognised", "on": "2026-11-01", "basis": "hukou_booklet"}}},
    "pause": {"ill": {"value": {"reason": "illness"}}},
    "void": {"moved": {"value": {"reason": "moved"}}},
    "reinstate": {"appeal": {"value": {"reason": "appeal"}}},
    "clock": {"household": {"value": {}}},
    "cause": {"no post": {"value": {"cause": "no_suitable_post"}}},
    "judgement": {"not justified": {"value": {"justified": "no"}}},
    "notice": {"refusal": {"value": {"item": "refusal", "object_id": "R1", "channel": "office"}}},
    "appeal": {"count": {"value": {"about": "refusal_count", "object_id": "R1"}}},
    "appeal-decision": {"upheld": {"value": {"decision": "upheld"}}},
    "stage": {"assess": {"value": {"to": "ASSESS", "reason": "not_placed"}}},
    "job": {"own": {"value": {"kind": "self_employed", "started_on": "2026-11-02", "evidence": "licence"}}},
    "evidence": {"contract": {"value": {"evidence": "contract"}}},
    "job-end": {"left": {"value": {"ended_on": "2026-11-02", "reason": "dismissed"}}},
    "evidence-pack": {"inspection": {"value": {"reason": "yearly inspection"}}},
    "bulletin": {"monthly": {"value": {"kind": "monthly", "period": "2026-10"}}},
    "review": {"let through": {"value": {"state": "verified", "reason": "wish_dropped"}}},
}
"""Operation → named request bodies."""
