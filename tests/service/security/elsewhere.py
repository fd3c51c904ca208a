"""A whole life of service in a region far from the tests' own: what a caller who does not see it must never learn, not by a count either."""

from service.storage.schema import approvals, bulletins, uploads
from tests.service.conftest import add
from tests.service.region import FAR

FAR_CODE = FAR["region_code"]

_HOUSEHOLD = {"area_kind": "urban", "dibao_status": "none", "discovered_on": "2026-09-01", "region_code": FAR_CODE}

HOUSEHOLDS = [
    {
        **_HOUSEHOLD,
        "household_id": "FARH1",
        "file_no": "增城-001",
        "recognised_on": "2026-09-05",
        "status": "in_service",
    },
    {
        **_HOUSEHOLD,
        "household_id": "FARH2",
        "file_no": "增城-002",
        "recognised_on": "2026-09-06",
        "status": "one_employed",
    },
    {
        **_HOUSEHOLD,
        "household_id": "FARH3",
        "file_no": "增城-003",
        "recognised_on": "2026-10-20",
        "status": "in_service",
    },
    {**_HOUSEHOLD, "household_id": "FARH4", "file_no": "增城-004", "status": "discovered"},
]

MEMBERS = [
    {**FAR, "member_id": f"FARM{n}", "household_id": f"FARH{n}", "relation": "head", "birth_month": "1979-03", "sex": sex, "willing": True,
     "registered_on": "2026-09-06", "flexibility_declared": True, "education": "primary", "categories": "zero_employment;disabled",
     "functional_limits": "no_heavy_lift", "night_ok": False}
    for n, sex in ((1, "F"), (2, "M"), (3, "F"), (4, "M"))
]  # fmt: skip

PROMISES = [
    {"promise_id": "FARC1", "household_id": "FARH1", "started_on": "2026-09-08", "due_on": "2026-10-08", "state": "breached",
     "breached_on": "2026-10-09", "breach_cause": "no_post"},
    {"promise_id": "FARC2", "household_id": "FARH2", "started_on": "2026-09-08", "due_on": "2026-10-08", "state": "met", "met_on": "2026-09-20"},
    {"promise_id": "FARC3", "household_id": "FARH3", "started_on": "2026-10-22", "due_on": "2026-11-22", "state": "paused",
     "paused_since": "2026-10-28", "pause_reason": "illness"},
]  # fmt: skip

_REFERRAL = {"position_id": "P6", "source": "caseworker", "caseworker_id": "far-caseworker", "suitability": "ok"}

REFERRALS = [
    {**_REFERRAL, "referral_id": "FARR1", "member_id": "FARM1", "created_on": "2026-09-12", "state": "declined", "reason": "WAGE",
     "reason_side": "member", "refusal_justified": "no", "outcome_on": "2026-09-15"},
    {**_REFERRAL, "referral_id": "FARR2", "member_id": "FARM2", "created_on": "2026-09-12", "state": "started", "outcome_on": "2026-09-20",
     "started_on": "2026-09-20"},
    {**_REFERRAL, "referral_id": "FARR3", "member_id": "FARM3", "created_on": "2026-10-24", "state": "no_show", "outcome_on": "2026-10-26"},
    {**_REFERRAL, "referral_id": "FARR4", "member_id": "FARM1", "created_on": "2026-10-30", "state": "issued"},
    {**_REFERRAL, "referral_id": "FARR5", "member_id": "FARM3", "created_on": "2026-10-30", "source": "night", "caseworker_id": None,
     "state": "draft", "p_placed": 0.4, "p_stays": 0.7},
]  # fmt: skip

TABLES = {
    "agencies": [{"agency_id": "FARA", "name": "增城工作站", "kind": "street", "region_code": FAR_CODE}],
    "caseworkers": [{"caseworker_id": "far-caseworker", "agency_id": "FARA", "region_scope": "440183", "role": "caseworker", "max_households": 3}],
    "households": HOUSEHOLDS,
    "members": MEMBERS,
    "assessments": [
        {"member_id": "FARM1", "assessed_on": "2026-09-10", "dimension": "physical_stamina", "score": 40, "mode": "test"}
    ],
    "promises": PROMISES,
    "referrals": REFERRALS,
    "placements": [
        {"placement_id": "FARL1", "referral_id": "FARR2", "member_id": "FARM2", "position_id": "P6", "kind": "EMPLOYER", "started_on": "2026-09-20",
         "evidence": "contract", "verified_on": "2026-09-28"},
        {"placement_id": "FARL2", "member_id": "FARM3", "kind": "EMPLOYER", "started_on": "2026-06-01", "evidence": "contract",
         "ended_on": "2026-07-15", "end_reason": "quit"},
    ],
    "contacts": [
        {"contact_id": "FARK1", "household_id": "FARH1", "member_id": "FARM1", "kind": "home_visit", "contacted_on": "2026-10-27",
         "caseworker_id": "far-caseworker", "result": "reached", "next_due_on": "2026-11-02"},
    ],
    "path_records": [{"path_record_id": "FARW1", "member_id": "FARM1", "stage": "BASIC", "entered_on": "2026-09-08", "sessions": 1}],
    "pairings": [{"pairing_id": "FARG1", "caseworker_id": "far-caseworker", "household_id": "FARH1", "started_on": "2026-09-08"}],
    "locks": [
        {"lock_id": "FARX1", "kind": "exclude", "member_id": "FARM1", "position_id": "P9", "reason_code": "OTHER", "made_by": "far-caseworker",
         "made_on": "2026-10-01"},
    ],
    "appeals": [
        {"appeal_id": "FARB1", "member_id": "FARM1", "about": "data", "filed_on": "2026-10-01", "due_on": "2026-10-16"},
        {"appeal_id": "FARB2", "member_id": "FARM3", "about": "data", "filed_on": "2026-10-01", "due_on": "2026-10-16", "decided_on": "2026-10-10",
         "decision": "upheld", "decided_by": "far-caseworker"},
    ],
    "notices": [
        {"notice_id": "FARN1", "member_id": "FARM1", "item": "refusal", "object_id": "FARR1", "version": "1", "given_on": "2026-09-16",
         "channel": "office"},
    ],
    "suggestions": [
        {"suggestion_id": "FARS1", "member_id": "FARM1", "position_id": "P2", "rank": 1, "score": 0.4, "p_placed": 0.5, "p_stays": 0.8,
         "model_version": "rule-1", "reasons": "[]", "problems": "[]", "unknowns": "[]", "shown_on": "2026-10-20", "action": "hidden"},
    ],
}  # fmt: skip


def add_elsewhere(office):
    """Write all of it, and a step, a bulletin and a file that are of that region alone; nothing of it touches an open post."""
    for table, rows in TABLES.items():
        add(office, table, rows)
    at = "2026-10-08T09:00:00+08:00"
    with office.store.write() as tx:
        tx.execute(approvals.insert(), {
            "approval_id": "FARQ1", "kind": "promise.pause", "object_type": "promises", "object_id": "FARC1", "region_code": FAR_CODE,
            "payload": "{}", "reason": "illness", "state": "proposed", "proposed_by": "far-caseworker", "proposed_at": at,
        })  # fmt: skip
        tx.execute(bulletins.insert(), {
            "bulletin_id": "FARZ1", "kind": "shares", "period": "2026-09", "level": "district", "scope": "440183", "revision": 1,
            "figures": '{"main": []}', "sha256": "0" * 64, "published_by": "far-supervisor", "published_at": at, "note": "",
        })  # fmt: skip
        tx.execute(uploads.insert(), {
            "upload_id": "FARU1", "actor": "far-caseworker", "scope": "440183", "name": "far.xlsx", "size": 1, "sha256": "0" * 64,
            "table_name": None, "state": "done", "report": '{"sheets": []}', "made_at": at, "ended_at": at,
        })  # fmt: skip
        tx.journal(
            actor="far-caseworker", role="caseworker", action="referral.issued", object_type="referrals", object_id="FARR4", before=None,
            after={"member_id": "FARM1"}, reason=None, request_id="far",
        )  # fmt: skip
