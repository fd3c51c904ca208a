"""What a cell of the matrix asks: the objects behind each parameter, the forms of the pages, and how a call is made of an operation.

A new path parameter needs its object here, a new form its fields; the test of the matrix fails until it has them.
"""

import json
import re

from fastapi.routing import APIRoute

from service.app import ROUTERS

HOME, ELSEWHERE = ("440103",), ("440183",)
"""The region the objects are in, and one where nobody lives."""

PERSONAL = {
    "member_id": "M1",
    "household_id": "H1",
    "referral_id": "R-home",
    "approval_id": "A-home",
    "lock_id": "X-home",
    "appeal_id": "B-home",
    "placement_id": "L-home",
    "bulletin_id": "Z-home",
    "upload_id": "Uhome",
}
"""Parameters that name somebody, or something about somebody, of ``HOME``."""

SHARED = {
    "position_id": "P2",
    "slug": "conflict",
    "job_fair_id": "F-any",
    "version": "v0001",
    "upload_id": "Uany",
    "table": "positions",
}
"""Parameters that name what every region may see."""

ABSENT = {name: f"{value[0]}absent" for name, value in PERSONAL.items()}

QUERY = {
    "get_referrals": {"member_id": "M1"},
    "get_journal": {"household_id": "H1"},
    "get_restricted": {"reason": "eligibility"},
}
"""Questions that name somebody outside the path."""

BODIES = {"post_notice": {"object_id": "R-home"}, "post_appeal": {"object_id": "R-home"}}
"""Operation → what its example body names of the test's region."""

NOTHING_YET = {
    "get_outlook": 404,
    "get_model_version": 404,
    "model_page": 404,
    "promotion_form": 404,
    "get_model_comparison": 404,
    "get_model_shadow": 404,
    "run_form": 404,
    "post_import_run": 404,
    "get_import_preview": 404,
}
"""Operation → what a caller who is let in is told while no version is stored, or the file itself is gone."""

POST = {
    "title": "包装工", "kind": "EMPLOYER", "occupation_code": "69901", "region_code": "440103001", "openings_total": "1", "wage_min": "3000",
    "wage_max": "3500", "wage_type": "monthly", "hours_week": "40",
}  # fmt: skip

FORMS = {
    "switch_language": {"to": "zh"}, "login_form": {"name": "ghost", "password": "nothing of the kind"}, "logout_form": {}, "password_form": {"old": "nothing of the kind", "new": "still nothing of it"},
    "refer_form": {"position_id": "P2", "token": "cell-token"}, "outcome_form": {"to": "attended"},
    "lock_form": {"kind": "exclude", "position_id": "P3", "reason_code": "MEMBER_WISH", "token": "cell-token"}, "lift_form": {},
    "correct_form": {"etag": "none"}, "assess_form": {"physical_stamina": "50"}, "appeal_form": {"about": "data", "token": "cell-token"},
    "machine_form": {"to": "off", "token": "cell-token"}, "slip_form": {"result": "no_show"}, "decision_form": {"decision": "upheld"},
    "contact_form": {"kind": "phone", "result": "reached", "token": "cell-token"}, "household_form": {"etag": "none", "dibao_status": "none"},
    "register_form": {"token": "cell-token", "region_code": "440103001", "m1.relation": "head", "m1.fields": ["education", "willing"],
                      "m1.education": "junior", "m1.willing": "yes"},
    "fair_form": {"token": "cell-token", "held_on": "2026-11-20", "region_code": "440103001", "place": "广场", "position_id": "P2"},
    "desk_suggest_form": {"title": "包装工"}, "desk_new_form": {**POST, "employer": "E1", "token": "cell-token"}, "desk_correct_form": {**POST, "etag": "none"},
    "desk_review_form": {"state": "verified", "reason": "corrected"}, "desk_step_form": {"step": "confirm"},
    "import_form": {}, "mapping_form": {"table": "positions"}, "run_form": {}, "discard_form": {},
    "promise_form": {"step": "pause", "reason": "illness"},
    "publish_form": {"kind": "monthly", "period": "2026-10"}, "approval_form": {"approve": "no"},
    "evidence_form": {"reason": "inspection"}, "stage_form": {"seen": "BASIC", "to": "ASSESS", "reason": "OTHER"},
    "job_form": {"kind": "self_employed", "started_on": "2026-11-01", "evidence": "licence", "token": "cell-token"}, "proof_form": {"evidence": "contract"},
    "job_end_form": {"ended_on": "2026-11-02", "reason": "quit"}, "judgement_form": {"justified": "no"}, "cause_form": {"cause": "data"},
    "told_form": {"item": "refusal", "object_id": "R-home", "channel": "office", "token": "cell-token"}, "file_step_form": {"to": "withdrawn"}, "promotion_form": {"reason": "better"}, "rollback_form": {"reason": "worse"}, "training_form": {},
}  # fmt: skip

PEOPLE = re.compile(r"\b(M[1-6]|H[1-4]|R-home|A-home|X-home|B-home|L-home|Z-home|Uhome|荔湾-00\d)\b")
"""What names somebody of the test's region."""


def operations(api):
    """Yield (name, method, path, JSON body or None, form or None) of every operation of the interface and every page."""
    for path, methods in api["paths"].items():
        for method, operation in methods.items():
            yield operation["operationId"], method, path, _body(operation), None
    for router in ROUTERS:
        for route in router.routes:
            if isinstance(route, APIRoute) and not route.include_in_schema:
                for method in sorted(route.methods):
                    form = FORMS[route.name] if method == "POST" else None
                    yield route.name, method.lower(), route.path, None, form


def _body(operation):
    if "requestBody" not in operation:
        return None
    content = operation["requestBody"]["content"]
    if "application/json" not in content:
        return None
    examples = content["application/json"]["examples"]
    return next(iter(examples.values()))["value"]


def parameters(path, body):
    """Return the names of people a call carries, in its path or its body."""
    return set(re.findall(r"{(\w+)}", path)) | (set(body) if body else set())


def personal(name, path, body):
    """Whether a call names somebody; a file is sent in under a name of the caller's own."""
    return name != "put_import_file" and bool((parameters(path, body) | set(QUERY.get(name, ()))) & set(PERSONAL))


def call(client, name, method, path, body, form, people=PERSONAL):
    """Make the call of an operation about these people; returns the answer and its text without what was sent."""
    values = {**SHARED, **people}
    for parameter in re.findall(r"{(\w+)}", path):
        path = path.replace("{" + parameter + "}", values[parameter])
    own = {**values, **(BODIES.get(name, {}) if people is PERSONAL else {})}
    sent = None if body is None else {k: own.get(k, v) for k, v in body.items()}
    query = {k: people.get(k, v) for k, v in QUERY.get(name, {}).items()}
    answer = client.request(method, path, json=sent, data=form, params=query, follow_redirects=False)
    return answer, echoless(answer, people)


def echoless(answer, people):
    """Return an answer's text with the caller's own words taken out, so that what is left is what the service told."""
    text = answer.text.replace(answer.headers["x-request-id"], "<request>")
    for name, value in people.items():
        text = re.sub(rf"(?<![\w-]){re.escape(value)}(?![\w-])", f"<{name}>", text)
    if answer.headers.get("content-type", "").startswith("application/json"):
        json.loads(answer.text)
    return text
